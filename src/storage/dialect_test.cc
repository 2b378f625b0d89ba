// SPDX-License-Identifier: Apache-2.0
#include "storage/dialect.h"

#include <gtest/gtest.h>

namespace gatehouse::storage {
namespace {

struct Definition {
  const char* name;
  const char* sql;
  std::optional<std::string> sqlite;
  const char* postgres;
};

class Dialect : public ::testing::TestWithParam<Definition> {};

TEST_P(Dialect, IsThatOfTheEngine) {
  EXPECT_EQ(sqlite_dialect(GetParam().sql), GetParam().sqlite);
  EXPECT_EQ(postgres_dialect(GetParam().sql), GetParam().postgres);
}

INSTANTIATE_TEST_SUITE_P(
    Statements, Dialect,
    ::testing::Values(Definition{"types", "CREATE TABLE t (a TEXT NOT NULL, TEXT_b BLOB)",
                                 "CREATE TABLE t (a TEXT NOT NULL, TEXT_b BLOB)",
                                 "CREATE TABLE t (a TEXT COLLATE \"C\" NOT NULL, TEXT_b BYTEA)"},
                      Definition{"added_column", "ALTER TABLE t ADD COLUMN c TEXT",
                                 "ALTER TABLE t ADD COLUMN c TEXT",
                                 "ALTER TABLE t ADD COLUMN c TEXT COLLATE \"C\""},
                      Definition{"partitioned",
                                 "CREATE TABLE t (\na BIGINT\n) PARTITION BY LIST (a)",
                                 "CREATE TABLE t (\na BIGINT\n)",
                                 "CREATE TABLE t (\na BIGINT\n) PARTITION BY LIST (a)"},
                      Definition{"partitioned_key",
                                 "CREATE TABLE t (a BLOB, p BIGINT, PRIMARY KEY (a, p)) "
                                 "PARTITION BY LIST (p)",
                                 "CREATE TABLE t (a BLOB, p BIGINT, PRIMARY KEY (a))",
                                 "CREATE TABLE t (a BYTEA, p BIGINT, PRIMARY KEY (a, p)) "
                                 "PARTITION BY LIST (p)"},
                      Definition{"partition", "CREATE TABLE t_0 PARTITION OF t FOR VALUES IN (0)",
                                 std::nullopt, "CREATE TABLE t_0 PARTITION OF t FOR VALUES IN (0)"},
                      Definition{"function", "CREATE FUNCTION f() RETURNS VOID AS $$ x $$",
                                 std::nullopt, "CREATE FUNCTION f() RETURNS VOID AS $$ x $$"},
                      Definition{"row", "INSERT INTO t VALUES ('TEXT')",
                                 "INSERT INTO t VALUES ('TEXT')", "INSERT INTO t VALUES ('TEXT')"}),
    [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace gatehouse::storage
