// SPDX-License-Identifier: Apache-2.0
#include "storage/dialect.h"

#include "core/text.h"

namespace gatehouse::storage {

namespace {

constexpr std::string_view partitioned = "PARTITION BY";
constexpr std::string_view partition = "PARTITION OF";
constexpr std::string_view function = "CREATE FUNCTION";

bool is_word(char c) {
  return is_digit(c) || c == '_' || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z');
}

std::string_view in_postgres(std::string_view word) {
  if (word == "BLOB") return "BYTEA";
  if (word == "TEXT") return "TEXT COLLATE \"C\"";
  return word;
}

bool defines_columns(std::string_view statement) {
  return statement.starts_with("CREATE TABLE") || statement.starts_with("ALTER TABLE");
}

}  // namespace

std::optional<std::string> sqlite_dialect(std::string_view definition) {
  if (definition.starts_with(function)) return std::nullopt;
  if (!definition.starts_with("CREATE TABLE")) return std::string(definition);
  if (definition.find(partition) != definition.npos) return std::nullopt;
  const std::size_t end = definition.find(partitioned);
  std::string table(trim(definition.substr(0, end)));
  if (end == definition.npos) return table;
  const std::string_view list = definition.substr(definition.find('(', end) + 1);
  const std::string column = ", " + std::string(list.substr(0, list.find(')'))) + ")";
  const std::size_t place = table.find(column, table.find("PRIMARY KEY"));
  if (place != table.npos) table.replace(place, column.size(), ")");
  return table;
}

// Texts in quotes stand in no definition of ours, so every word is a word of SQL.
std::string postgres_dialect(std::string_view definition) {
  if (!defines_columns(definition)) return std::string(definition);
  std::string translated;
  while (!definition.empty()) {
    std::size_t length = 0;
    while (length < definition.size() && is_word(definition[length])) ++length;
    if (length > 0) {
      translated += in_postgres(definition.substr(0, length));
    } else {
      translated += definition[length++];
    }
    definition.remove_prefix(length);
  }
  return translated;
}

}  // namespace gatehouse::storage
