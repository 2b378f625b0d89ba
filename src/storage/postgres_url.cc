// SPDX-License-Identifier: Apache-2.0
#include "storage/postgres_url.h"

#include <libpq-fe.h>

#include <memory>

namespace gatehouse::storage {

Result<PostgresUrl> PostgresUrl::parse(const std::string& url, const std::string& password) {
  // libpq's own message may quote the part with the password, so it is not passed on.
  const std::unique_ptr<PQconninfoOption, void (*)(PQconninfoOption*)> options(
      PQconninfoParse(url.c_str(), nullptr), &PQconninfoFree);
  if (!options) {
    return fail(ErrorCode::invalid_argument,
                "The URL of a PostgreSQL database cannot be read: use "
                "\"postgres://USER@HOST/DATABASE?PARAMETER=VALUE\" with parameters of libpq; "
                "special characters in a user or password as %XX");
  }
  PostgresUrl parsed;
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
    if (option->val != nullptr) parsed.parameters_.emplace_back(option->keyword, option->val);
  }
  if (parsed.parameter("dbname").empty()) {
    return fail(ErrorCode::invalid_argument,
                "The URL of a PostgreSQL database names no database: "
                "\"postgres://USER@HOST/DATABASE\"");
  }
  parsed.name_ =
      fmt::format("{} at {}", parsed.parameter("dbname"),
                  parsed.parameter("host").empty() ? "localhost" : parsed.parameter("host"));
  if (!password.empty()) parsed.add_default("password", password);
  parsed.add_default("client_encoding", "UTF8");
  parsed.add_default("fallback_application_name", server_name);
  parsed.add_default("target_session_attrs", "read-write");
  parsed.add_default("connect_timeout", "3");
  parsed.add_default("keepalives_idle", "30");
  parsed.add_default("tcp_user_timeout", "15000");
  return parsed;
}

std::string PostgresUrl::parameter(std::string_view keyword) const {
  for (const auto& [name, value] : parameters_) {
    if (name == keyword) return value;
  }
  return "";
}

void PostgresUrl::add_default(std::string_view keyword, std::string_view value) {
  if (parameter(keyword).empty()) parameters_.emplace_back(keyword, value);
}

}  // namespace gatehouse::storage
