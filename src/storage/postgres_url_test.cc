// SPDX-License-Identifier: Apache-2.0
#include "storage/postgres_url.h"

#include <gtest/gtest.h>

namespace gatehouse::storage {
namespace {

struct UrlCase {
  const char* name;
  const char* url;
  const char* keyword;
  const char* value;  // null: the URL is refused
};

class Url : public ::testing::TestWithParam<UrlCase> {};

TEST_P(Url, IsReadAsLibpqReadsIt) {
  const auto url = PostgresUrl::parse(GetParam().url, "from the file");
  ASSERT_EQ(url.has_value(), GetParam().value != nullptr);
  if (!url) {
    EXPECT_EQ(url.error().code, ErrorCode::invalid_argument);
    EXPECT_EQ((url.error().message + url.error().detail).find("secret"), std::string::npos);
    return;
  }
  EXPECT_TRUE(PostgresUrl::is(GetParam().url));
  std::string found;
  for (const auto& [keyword, value] : url->parameters()) {
    if (keyword == GetParam().keyword) found = value;
  }
  EXPECT_EQ(found, GetParam().value);
  EXPECT_EQ(url->name().find("secret"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(
    Parameters, Url,
    ::testing::Values(
        UrlCase{"hosts", "postgres://u@a,b/d", "host", "a,b"},
        UrlCase{"long_scheme", "postgresql://u@a:5433/d", "port", "5433"},
        UrlCase{"schema", "postgres://u@a/d?options=-csearch_path%3Dx", "options",
                "-csearch_path=x"},
        UrlCase{"password", "postgres://u:secr%21t@a/d", "password", "secr!t"},
        UrlCase{"password_of_the_file", "postgres://u@a/d", "password", "from the file"},
        UrlCase{"takes_writes", "postgres://u@a,b/d", "target_session_attrs", "read-write"},
        UrlCase{"any_server", "postgres://u@a/d?target_session_attrs=any", "target_session_attrs",
                "any"},
        UrlCase{"patience", "postgres://u@a/d?connect_timeout=9", "connect_timeout", "9"},
        UrlCase{"no_database", "postgres://u:secret@a", "", nullptr},
        UrlCase{"unknown_parameter", "postgres://u:secret@a/d?colour=red", "", nullptr},
        UrlCase{"broken_code", "postgres://u:secret%zz@a/d", "", nullptr},
        UrlCase{"broken_host", "postgres://u:secret@[a/d", "", nullptr}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(PostgresUrls, EachHostOfSeveralIsAServer) {
  const auto names = [](const char* url) {
    std::string text;
    for (const PostgresUrl& server : PostgresUrl::parse(url)->servers()) {
      text += server.name();
      for (const auto& [keyword, value] : server.parameters()) {
        if (keyword == "port" && !value.empty()) text += ":" + value;
      }
      text += " ";
    }
    return text;
  };
  EXPECT_EQ(names("postgres://u@a/d"), "d at a ");
  EXPECT_EQ(names("postgres://u@a,b/d"), "d at a d at b ");
  EXPECT_EQ(names("postgres://u@a:1,b:2,c:3/d"), "d at a:1 d at b:2 d at c:3 ");
  EXPECT_EQ(names("postgres://u@/d?host=a,b&port=7"), "d at a:7 d at b:7 ");
}

}  // namespace
}  // namespace gatehouse::storage
