// SPDX-License-Identifier: Apache-2.0
//
// The statements of migrations as each engine has them. One text serves both; the differences are:
//
//   BLOB                            SQLite: as it is     PostgreSQL: BYTEA
//   TEXT                            SQLite: as it is     PostgreSQL: TEXT COLLATE "C", so that both
//                                                        order and compare by bytes
//   ... ) PARTITION BY LIST (c)     SQLite: left out,    PostgreSQL: as it is, and there every key
//                                   as `, c` of the      must name c. In SQLite it would make three
//                                   primary key is       searches of one.
//   CREATE TABLE a PARTITION OF b   SQLite: left out     PostgreSQL: as it is
//
// Thread:  pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace gatehouse::storage {

// Nothing, when SQLite needs no such statement.
std::optional<std::string> sqlite_dialect(std::string_view definition);

std::string postgres_dialect(std::string_view definition);

}  // namespace gatehouse::storage
