// SPDX-License-Identifier: Apache-2.0
#include "storage/postgres_url.h"

#include <libpq-fe.h>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "core/text.h"

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
  parsed.set_name();
  if (!password.empty()) parsed.add_default("password", password);
  parsed.add_default("client_encoding", "UTF8");
  parsed.add_default("fallback_application_name", "gatehouse");
  parsed.add_default("target_session_attrs", "read-write");
  parsed.add_default("connect_timeout", "3");
  parsed.add_default("keepalives_idle", "30");
  parsed.add_default("tcp_user_timeout", "15000");
  return parsed;
}

PostgresUrl PostgresUrl::as(const std::string& user, const std::string& password) const {
  PostgresUrl other = *this;
  std::erase_if(other.parameters_, [](const auto& parameter) {
    return parameter.first == "user" || parameter.first == "password";
  });
  other.parameters_.emplace_back("user", user);
  if (!password.empty()) other.parameters_.emplace_back("password", password);
  return other;
}

// A list that is shorter than that of the hosts has one entry, which is everybody's.
std::vector<PostgresUrl> PostgresUrl::servers() const {
  constexpr std::array<std::string_view, 3> lists{"host", "hostaddr", "port"};
  std::size_t count = 1;
  for (const std::string_view list : lists) {
    count = std::max(count, split(parameter(list), ',').size());
  }
  std::vector<PostgresUrl> servers(count, *this);
  for (std::size_t i = 0; i < count; ++i) {
    for (auto& [keyword, value] : servers[i].parameters_) {
      if (std::ranges::find(lists, keyword) == lists.end()) continue;
      const std::string all = std::exchange(value, {});
      const std::vector<std::string_view> entries = split(all, ',');
      value = entries.size() > i ? entries[i] : entries.back();
    }
    servers[i].set_name();
  }
  return servers;
}

std::chrono::seconds PostgresUrl::connect_timeout() const {
  const auto given = parse_number(parameter("connect_timeout"));
  return std::chrono::seconds(given && *given > 0 ? std::min<std::uint64_t>(*given, 60) : 60);
}

void PostgresUrl::set_name() {
  const std::string host = parameter("host");
  name_ = fmt::format("{} at {}", parameter("dbname"), host.empty() ? "localhost" : host);
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
