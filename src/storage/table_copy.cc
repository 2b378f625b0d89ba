// SPDX-License-Identifier: Apache-2.0
#include "storage/table_copy.h"

#include <future>
#include <map>

#include "core/text.h"
#include "storage/migration.h"

namespace gatehouse::storage {

namespace {

constexpr std::int64_t page_bytes = 8 << 20;
constexpr std::int64_t page_rows_max = 4'096;
constexpr std::int64_t first_page_rows = 16;
// Of one statement. Each size is a statement of its own, so there are two.
constexpr std::size_t insert_rows = 64;

constexpr std::string_view sqlite_columns =
    "SELECT m.name, c.name, c.pk, c.type FROM sqlite_master m JOIN pragma_table_info(m.name) c "
    "WHERE m.type = 'table' AND substr(m.name, 1, 7) <> 'sqlite_' ORDER BY m.name, c.cid";
// The positions of a key count from 0.
constexpr std::string_view postgres_columns =
    "SELECT c.relname, a.attname, "
    "COALESCE(array_position(CAST(i.indkey AS int2[]), a.attnum) + 1, 0), "
    "format_type(a.atttypid, NULL) "
    "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
    "JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 "
    "LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary "
    "WHERE n.nspname = current_schema() AND NOT a.attisdropped "
    "AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY c.relname, a.attnum";

// As migrations or PostgreSQL write it.
Result<Column::Type> parse_type(std::string_view text) {
  if (text == "BIGINT" || text == "bigint") return Column::Type::number;
  if (text == "TEXT" || text == "text") return Column::Type::text;
  if (text == "BLOB" || text == "bytea") return Column::Type::bytes;
  return fail(ErrorCode::internal, "Internal error", fmt::format("a column of type {}", text));
}

// "$3, $4".
std::string places(std::size_t first, std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    text += fmt::format("{}${}", i == 0 ? "" : ", ", first + i);
  }
  return text;
}

// The rows behind a key, or the first ones.
std::string page_sql(const Table& table, bool first) {
  const std::string key = table.key_list();
  const std::size_t keys = first ? 0 : table.key.size();
  return fmt::format("SELECT {} FROM {}{} ORDER BY {} LIMIT ${}", table.column_list(), table.name,
                     first ? "" : fmt::format(" WHERE ({}) > ({})", key, places(1, keys)), key,
                     keys + 1);
}

std::string insert_sql(const Table& table, std::size_t rows) {
  std::string sql = fmt::format("INSERT INTO {} ({}) VALUES ", table.name, table.column_list());
  for (std::size_t row = 0; row < rows; ++row) {
    const std::size_t columns = table.columns.size();
    sql += fmt::format("{}({})", row == 0 ? "" : ", ", places(row * columns + 1, columns));
  }
  return sql;
}

void append_number(std::string& bytes, std::uint64_t number) {
  for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(number >> shift);
}

void append_value(std::string& bytes, const Row& row, std::size_t at, Column::Type type) {
  if (row.is_null(at)) {
    bytes += '0';
  } else if (type == Column::Type::number) {
    bytes += 'n';
    append_number(bytes, static_cast<std::uint64_t>(row.number(at)));
  } else {
    const std::string& text = type == Column::Type::text ? row.text(at) : row.bytes(at);
    bytes += 't';
    append_number(bytes, text.size());
    bytes += text;
  }
}

Parameter parameter_of(const Row& row, std::size_t at, Column::Type type) {
  if (row.is_null(at)) return std::nullopt;
  switch (type) {
    case Column::Type::number: return row.number(at);
    case Column::Type::text: return row.text(at);
    case Column::Type::bytes: return Bytes{row.bytes(at)};
  }
  GH_ASSERT_NOT_REACHED();
}

// Returns how many bytes the values have.
std::int64_t add(TableSum& sum, const Table& table, const Row& row) {
  std::string bytes = to_bytes(sum.digest);
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    append_value(bytes, row, i, table.columns[i].type);
  }
  sum.digest = sha256(bytes);
  ++sum.rows;
  return static_cast<std::int64_t>(bytes.size());
}

// What asks for the next page: its statement, and how many rows are about page_bytes.
class Cursor {
 public:
  explicit Cursor(const Table& table) : table_(table) {}

  Result<std::vector<Row>> read(Transaction& transaction) const {
    std::vector<Parameter> parameters = last_key_;
    parameters.emplace_back(rows_);
    return transaction.run(page_sql(table_, last_key_.empty()), parameters);
  }
  // `page` is not empty, and has so many bytes.
  void move_behind(const std::vector<Row>& page, std::int64_t bytes) {
    last_key_.clear();
    for (const std::size_t column : table_.key) {
      last_key_.push_back(parameter_of(page.back(), column, table_.columns[column].type));
    }
    const std::int64_t each = std::max<std::int64_t>(bytes / std::ssize(page), 1);
    rows_ = std::clamp<std::int64_t>(page_bytes / each, 1, std::min(page_rows_max, 4 * rows_));
  }

 private:
  const Table& table_;
  std::vector<Parameter> last_key_;
  std::int64_t rows_ = first_page_rows;
};

Result<> insert(Transaction& to, const Table& table, const std::vector<Row>& page) {
  for (std::size_t at = 0; at < page.size();) {
    const std::size_t rows = page.size() - at < insert_rows ? 1 : insert_rows;
    std::vector<Parameter> parameters;
    parameters.reserve(rows * table.columns.size());
    for (std::size_t row = at; row < at + rows; ++row) {
      for (std::size_t i = 0; i < table.columns.size(); ++i) {
        parameters.push_back(parameter_of(page[row], i, table.columns[i].type));
      }
    }
    const std::string sql = insert_sql(table, rows);
    at += rows;
    if (at < page.size()) {
      to.post_update(sql, parameters);
    } else {
      // Waits for all of the page, so that no more than one is on its way.
      GH_CHECK(to.run_update(sql, parameters));
    }
  }
  return {};
}

}  // namespace

std::string Table::column_list() const {
  std::vector<std::string> names;
  for (const Column& column : columns) names.push_back(column.name);
  return join(names, ", ");
}

std::string Table::key_list() const {
  std::vector<std::string> names;
  for (const std::size_t column : key) names.push_back(columns[column].name);
  return join(names, ", ");
}

// The one that has partitions.
bool is_postgresql(const Database& database) {
  return database.dialect("CREATE TABLE a PARTITION OF b DEFAULT").has_value();
}

Result<std::vector<Table>> tables_of(Database& database) {
  const std::string_view sql = is_postgresql(database) ? postgres_columns : sqlite_columns;
  GH_TRY(rows, database.read([&](Transaction& transaction) { return transaction.query(sql); }));
  std::map<std::string, Table> tables;
  std::map<std::string, std::map<std::int64_t, std::size_t>> keys;
  for (const Row& row : rows) {
    if (row.text(0) == migration_table) continue;
    Table& table = tables[row.text(0)];
    table.name = row.text(0);
    if (row.number(2) > 0) keys[table.name][row.number(2)] = table.columns.size();
    GH_TRY(type, parse_type(row.text(3)));
    table.columns.push_back({row.text(1), type});
  }
  std::vector<Table> listed;
  for (auto& [name, table] : tables) {
    for (const auto& [position, column] : keys[name]) table.key.push_back(column);
    if (table.key.empty()) {
      return fail(ErrorCode::internal, "Internal error", name + " has no primary key");
    }
    listed.push_back(std::move(table));
  }
  return listed;
}

Result<TableSum> copy_rows(Database& from, Transaction& to, const Table& table,
                           const RowsTold& told) {
  Cursor cursor(table);
  TableSum sum;
  const auto ask = [&] {
    return std::async(std::launch::async, [&from, cursor] {
      return from.read([&](Transaction& transaction) { return cursor.read(transaction); });
    });
  };
  auto ahead = ask();
  for (;;) {
    GH_TRY(page, ahead.get());
    if (page.empty()) return sum;
    std::int64_t bytes = 0;
    for (const Row& row : page) bytes += add(sum, table, row);
    cursor.move_behind(page, bytes);
    ahead = ask();
    GH_CHECK(insert(to, table, page));
    told(sum.rows);
  }
}

Result<TableSum> sum_of(Transaction& transaction, const Table& table) {
  Cursor cursor(table);
  TableSum sum;
  for (;;) {
    GH_TRY(page, cursor.read(transaction));
    if (page.empty()) return sum;
    std::int64_t bytes = 0;
    for (const Row& row : page) bytes += add(sum, table, row);
    cursor.move_behind(page, bytes);
  }
}

}  // namespace gatehouse::storage
