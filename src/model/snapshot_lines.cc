// SPDX-License-Identifier: Apache-2.0
#include "model/snapshot_lines.h"

#include <array>

#include "core/json_memory.h"

namespace gatehouse::model {

namespace {

constexpr std::size_t line_memory = 64 * 1024;  // enough for most lines

std::uint64_t count_in(const json::object& object, std::string_view name) {
  return static_cast<std::uint64_t>(number_or(object, name, 0));
}

}  // namespace

json::object snapshot_line(std::string_view kind, std::string_view id, json::object value) {
  return {{"kind", kind}, {"id", id}, {"value", std::move(value)}};
}

json::object last_snapshot_line(const FeedRange& range, std::size_t entries) {
  return {{"end", json::object{{"tag", range.tag},
                               {"number", range.to},
                               {"revocation", range.revocation},
                               {"entries", entries}}}};
}

bool SnapshotLines::add(const json::object& line) {
  if (end_) return false;
  if (const json::object* end = object_at(line, "end")) {
    if (number_or(*end, "entries", -1) != entries_) return false;
    FeedRange range;
    range.tag = text_or(*end, "tag", "");
    range.to = count_in(*end, "number");
    range.revocation = count_in(*end, "revocation");
    end_ = std::move(range);
    return true;
  }
  const json::object* value = object_at(line, "value");
  const json::value* kind = line.if_contains("kind");
  if (value == nullptr || kind == nullptr || !kind->is_string()) return false;
  take_(kind->get_string(), *value);
  ++entries_;
  return true;
}

Result<FeedRange> read_snapshot_lines(std::string_view text, const SnapshotLines::Take& take) {
  SnapshotLines lines(take);
  const auto memory = std::make_unique<std::array<unsigned char, line_memory>>();
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    json::monotonic_resource resource(memory->data(), memory->size());
    GH_TRY(line, parse_json_object_in(&resource, text.substr(0, end)));
    if (!lines.add(line)) {
      return fail(ErrorCode::invalid_argument, "Not a line of a snapshot",
                  std::string(text.substr(0, std::min<std::size_t>(end, 200))));
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (!lines.end()) return fail(ErrorCode::invalid_argument, "The snapshot has no end");
  return *lines.end();
}

}  // namespace gatehouse::model
