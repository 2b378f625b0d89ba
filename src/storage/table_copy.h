// SPDX-License-Identifier: Apache-2.0
//
// The tables of a database, and their rows taken over into those of another one, engine by engine.
//
// Rows are read in the order of their primary keys, which is the same on both engines, some at a
// time. A digest stands for all of them in that order.
//
// Thread:  as the database and the transaction; copy_rows has a thread of its own to read ahead.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/digest.h"
#include "storage/database.h"

namespace gatehouse::storage {

struct Column {
  std::string name;
  enum class Type : std::uint8_t { number, text, bytes } type = Type::text;
};

struct Table {
  std::string name;
  std::vector<Column> columns;
  std::vector<std::size_t> key;  // of the primary key, positions in `columns`

  // "a, b".
  std::string column_list() const;
  std::string key_list() const;
};

bool is_postgresql(const Database& database);

// What tables hold, schema_migration excluded; partitions are rows of their table. By name.
Result<std::vector<Table>> tables_of(Database& database);

// Rows and their digest.
struct TableSum {
  std::int64_t rows = 0;
  Sha256 digest{};

  bool operator==(const TableSum&) const = default;
};
using RowsTold = std::function<void(std::int64_t rows)>;

// Writes every row of `from` into the table of the same name. Error: of either side.
Result<TableSum> copy_rows(Database& from, Transaction& to, const Table& table,
                           const RowsTold& told);

// Of the rows that the transaction sees.
Result<TableSum> sum_of(Transaction& transaction, const Table& table);

}  // namespace gatehouse::storage
