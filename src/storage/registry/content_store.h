// SPDX-License-Identifier: Apache-2.0
//
// Immutable contents of one tenant, named by the SHA-256 of their bytes: definitions, documents,
// thumbnails. Table reg_content of the registry database.
//
// A content is kept first; the api_manager row that names its hash commits the operation. What a
// failure in between leaves behind, and what is named no longer, goes with the sweep once it is 24
// hours old. Keeping a content again makes it young again, so the sweep cannot take it from under
// an operation that is about to name it.
//
// Thread:  as the transaction.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <unordered_set>

#include "core/clock.h"
#include "core/error.h"
#include "model/change.h"
#include "storage/database.h"

namespace gatehouse::storage {

struct Content {
  std::string hash;  // 64 lower-case hexadecimal digits
  std::string media_type;
  std::string bytes;
};

// Names the bytes: outside of any transaction, for hashing takes its time.
Content content_of(std::string bytes, std::string media_type);

class ContentStore {
 public:
  ContentStore(Transaction& transaction, model::TenantNumber tenant)
      : transaction_(transaction), tenant_(tenant) {}

  // Idempotent: bytes that are there stay as they are, with their first media type.
  Result<> put(const Content& content, Instant now);

  // Error: not_found.
  Result<Content> find(std::string_view hash) const;

  // When the content was last put; nothing if it is not there.
  Result<std::optional<Instant>> put_at(std::string_view hash) const;

  // Deletes what was put before `until` and is not in `named`, at most `sweep_max`; returns how
  // many. Fewer than `sweep_max`: nothing is left to delete.
  Result<std::size_t> sweep(const std::unordered_set<std::string>& named, Instant until);

  static constexpr std::size_t sweep_max = 256;

 private:
  Transaction& transaction_;
  const model::TenantNumber tenant_;
};

inline constexpr std::chrono::hours unnamed_age_max{24};

// Puts a content and returns its hash once it is durable; what was put within the last hour costs
// no write.
Result<std::string> keep_content(Database& registry, model::TenantNumber tenant,
                                 const Content& content, const Clock& clock);

// Sweeps a tenant. `named` is read from api_manager before the call.
Result<std::size_t> sweep_contents(Database& registry, model::TenantNumber tenant,
                                   const std::unordered_set<std::string>& named,
                                   const Clock& clock);

}  // namespace gatehouse::storage
