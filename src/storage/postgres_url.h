// SPDX-License-Identifier: Apache-2.0
//
// The address of a PostgreSQL database: postgres://user@host1,host2/db?target_session_attrs=any, as
// libpq reads it, with every parameter that libpq knows. What the URL leaves out comes from libpq's
// environment (PGPASSFILE, ~/.pgpass) and from defaults of ours: a server that takes writes, a few
// seconds to connect, an end to silent peers.
//
// Thread:  plain values.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/error.h"

namespace gatehouse::storage {

class PostgresUrl {
 public:
  // What a server calls itself there, unless the URL says otherwise.
  static constexpr std::string_view server_name = "gatehouse";

  static bool is(std::string_view url) {
    return url.starts_with("postgres://") || url.starts_with("postgresql://");
  }
  // `password` is taken when the URL has none; it may be empty.
  // Error: invalid_argument; no message shows a password.
  static Result<PostgresUrl> parse(const std::string& url, const std::string& password = "");

  // libpq's parameters.
  const std::vector<std::pair<std::string, std::string>>& parameters() const { return parameters_; }
  // Host and database, for people.
  const std::string& name() const { return name_; }

  // Whether both mean the same tables, as far as the texts tell.
  friend bool operator==(const PostgresUrl& a, const PostgresUrl& b) {
    return a.parameters_ == b.parameters_;
  }

 private:
  std::string parameter(std::string_view keyword) const;
  void add_default(std::string_view keyword, std::string_view value);

  std::vector<std::pair<std::string, std::string>> parameters_;
  std::string name_;
};

}  // namespace gatehouse::storage
