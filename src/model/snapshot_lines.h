// SPDX-License-Identifier: Apache-2.0
//
// A whole snapshot as lines of JSON: as the feed sends it, and as a gateway keeps it on its disk. A
// million things are read and written one by one.
//
//   {"kind":"api","id":"…","value":{…}}
//   …
//   {"end":{"tag":"…","number":9,"revocation":3,"entries":1}}
//
// Thread:  plain functions and values.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "model/snapshot.h"

namespace gatehouse::model {

json::object snapshot_line(std::string_view kind, std::string_view id, json::object value);
// Of `range` what stands beside its lists; `entries`: how many lines came before.
json::object last_snapshot_line(const FeedRange& range, std::size_t entries);

class SnapshotLines {
 public:
  using Take = std::function<void(std::string_view kind, const json::object& value)>;

  // `take` is called for each thing.
  explicit SnapshotLines(Take take) : take_(std::move(take)) {}

  // False for what is no such line, for an end that counts otherwise, and for anything after it.
  bool add(const json::object& line);
  // The last line; nothing before it was added. A snapshot without it is not whole.
  const std::optional<FeedRange>& end() const { return end_; }

 private:
  const Take take_;
  std::int64_t entries_ = 0;
  std::optional<FeedRange> end_;
};

// All lines of `text`; returns what its end says. What `take` is given lives in memory that the
// next line reuses: a copy is assigned to an object of other storage, as read_fields does. Error:
// invalid_argument, when it is not whole.
Result<FeedRange> read_snapshot_lines(std::string_view text, const SnapshotLines::Take& take);

}  // namespace gatehouse::model
