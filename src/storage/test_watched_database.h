// SPDX-License-Identifier: Apache-2.0
//
// A database for tests that can be away, and that counts what is written.
//
// Thread:  as Database; `away` is set while nobody asks.
#pragma once

#include <atomic>

#include "storage/database.h"

namespace gatehouse::storage {

class WatchedDatabase final : public Database {
 public:
  explicit WatchedDatabase(Database& inner) : inner_(inner) {}

  enum class Away : std::uint8_t { no, for_writes, altogether };
  Away away = Away::no;
  // Transactions that were begun to write.
  std::atomic<int> writes{0};

  std::optional<std::string> dialect(std::string_view definition) const override {
    return inner_.dialect(definition);
  }
  Result<> alone(const std::function<Result<>()>& body) override { return inner_.alone(body); }

 protected:
  Result<> transact(Mode mode, const Body& body) override {
    if (mode == Mode::write) ++writes;
    if (away == Away::altogether || (away == Away::for_writes && mode == Mode::write)) {
      return fail(ErrorCode::unavailable, "The database is away");
    }
    return (inner_.*&Door::transact)(mode, body);
  }

 private:
  struct Door : Database {
    using Database::transact;
  };

  Database& inner_;
};

}  // namespace gatehouse::storage
