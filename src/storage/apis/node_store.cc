// SPDX-License-Identifier: Apache-2.0
#include "storage/apis/node_store.h"

#include "core/text.h"

namespace gatehouse::storage {

namespace {

// Names of profiles and environments hold no line feed.
constexpr std::string_view between = "\n";

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (const std::string_view line : split(text, between.front())) lines.emplace_back(line);
  return lines;
}

}  // namespace

Result<std::uint64_t> NodeStore::serial_min(std::string_view name) const {
  GH_TRY(row, transaction_.query_one("SELECT serial_min FROM am_node WHERE name = $1", name));
  return row ? static_cast<std::uint64_t>(row->number(0)) : 0;
}

Result<> NodeStore::revoke(std::string_view name) {
  GH_CHECK(
      transaction_.execute("INSERT INTO am_node (name, serial_min) VALUES ($1, 1) "
                           "ON CONFLICT (name) DO UPDATE SET serial_min = am_node.serial_min + 1",
                           name));
  GH_CHECK(
      transaction_.execute("DELETE FROM am_join_token WHERE node = $1 AND used_at_ms = 0", name));
  return {};
}

Result<std::vector<RevokedNode>> NodeStore::revoked() const {
  GH_TRY(rows, transaction_.query("SELECT name, serial_min FROM am_node ORDER BY name LIMIT $1",
                                  revoked_max));
  std::vector<RevokedNode> all;
  for (const Row& row : rows) {
    all.push_back({row.text(0), static_cast<std::uint64_t>(row.number(1))});
  }
  return all;
}

Result<> NodeStore::add_token(std::string_view token_hash, const JoiningNode& node,
                              Instant expires_at) {
  GH_CHECK(transaction_.execute(
      "INSERT INTO am_join_token (token_hash, node, profiles, environments, seal, expires_at_ms, "
      "used_at_ms) VALUES ($1, $2, $3, $4, $5, $6, 0)",
      token_hash, node.name, join(node.profiles, between), join(node.environments, between),
      node.seal, expires_at));
  return {};
}

Result<std::optional<JoiningNode>> NodeStore::use_token(std::string_view token_hash, Instant now) {
  GH_TRY(used,
         transaction_.execute("UPDATE am_join_token SET used_at_ms = $2 WHERE token_hash = $1 "
                              "AND used_at_ms = 0 AND expires_at_ms > $2",
                              token_hash, now));
  if (used == 0) return std::optional<JoiningNode>();
  GH_TRY(row, transaction_.query_one(
                  "SELECT node, profiles, environments, seal FROM am_join_token "
                  "WHERE token_hash = $1",
                  token_hash));
  if (!row) return std::optional<JoiningNode>();
  return std::optional<JoiningNode>(
      JoiningNode{row->text(0), lines_of(row->text(1)), lines_of(row->text(2)), row->text(3)});
}

Result<bool> NodeStore::has_token(std::string_view token_hash, Instant now) const {
  GH_TRY(row, transaction_.query_one("SELECT 1 FROM am_join_token WHERE token_hash = $1 "
                                     "AND used_at_ms = 0 AND expires_at_ms > $2",
                                     token_hash, now));
  return row.has_value();
}

Result<> NodeStore::forget_tokens(Instant until) {
  GH_CHECK(transaction_.execute("DELETE FROM am_join_token WHERE expires_at_ms < $1", until));
  return {};
}

}  // namespace gatehouse::storage
