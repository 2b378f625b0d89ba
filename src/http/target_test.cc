// SPDX-License-Identifier: Apache-2.0
#include "http/target.h"

#include <gtest/gtest.h>

#include "core/random.h"
#include "core/text.h"

namespace gatehouse::http {
namespace {

constexpr std::string_view refused = "refused";

std::string normal(std::string_view path) {
  std::vector<char> room(3 * path.size() + 1);
  const Result<std::string_view> result = normalise_path(path, room);
  return std::string(result ? *result : refused);
}

// Attack class 6: every spelling of a path has one form, or none.
TEST(Path, HasOneForm) {
  struct Case {
    std::string_view path;
    std::string_view form;
  };
  constexpr Case cases[] = {
      {"", "/"},
      {"/", "/"},
      {"/a/b", "/a/b"},
      {"/a/b/", "/a/b/"},
      {"/A/b", "/A/b"},
      {"//admin", "/admin"},
      {"/a//b///c", "/a/b/c"},
      {"/a//", "/a/"},
      {"//", "/"},
      {"/.", "/"},
      {"/./a", "/a"},
      {"/a/./b", "/a/b"},
      {"/a/.", "/a/"},
      {"/a/../b", "/b"},
      {"/a/..", "/"},
      {"/a/b/..", "/a/"},
      {"/a/b/../../c", "/c"},
      {"/a//../b", "/b"},
      {"/%2e/a", "/a"},
      {"/a/%2e%2e/b", "/b"},
      {"/a/%2E%2e/b", "/b"},
      {"/a/.%2e/b", "/b"},
      {"/...", "/..."},
      {"/a./b..", "/a./b.."},
      {"/.well-known/x", "/.well-known/x"},
      {"/%61dmin", "/admin"},
      {"/%41%7a%30%2d%5f%7E", "/Az0-_~"},
      {"/a%20b", "/a%20b"},
      {"/caf%c3%a9", "/caf%C3%A9"},
      {"/%e2%82%ac/%F0%9F%8D%95", "/%E2%82%AC/%F0%9F%8D%95"},
      {"/a%3Ab%40c%24", "/a:b@c$"},
      {"/a:b@c!$&'()*,=", "/a:b@c!$&'()*,="},
      {"/a+b", "/a+b"},
      {"/a%2bb", "/a%2Bb"},
      {"/a%3fb", "/a%3Fb"},
      {"/a%23b", "/a%23b"},
      {"/a;v=1/b", "/a%3Bv=1/b"},
      {"/a%3bv=1", "/a%3Bv=1"},
      {"/13.3,52.5;13.4,52.6", "/13.3,52.5%3B13.4,52.6"},
      {"/a|b", "/a%7Cb"},
      {"/{id}/<x>/\"^`", "/%7Bid%7D/%3Cx%3E/%22%5E%60"},
      {"/[a]", "/%5Ba%5D"},
      {"/100%25", "/100%25"},
      {"/a%2520b", "/a%2520b"},
      {"/a%25zz", "/a%25zz"},
      {"a", refused},
      {"*", refused},
      {"/..", refused},
      {"/../a", refused},
      {"/a/../..", refused},
      {"/a/../../b", refused},
      {"/%2e%2e/a", refused},
      {"/a/%2e%2e/%2e%2e/b", refused},
      {"//..", refused},
      {"/./..", refused},
      {"/a\\b", refused},
      {"/a/..\\b", refused},
      {"/a%5cb", refused},
      {"/a%5Cb", refused},
      {"/a%2fb", refused},
      {"/a%2Fb", refused},
      {"/a/..%2fb", refused},
      {"/%2f", refused},
      {"/a%00", refused},
      {"/%00a", refused},
      {"/a%0d%0ab", refused},
      {"/a%09b", refused},
      {"/a%1f", refused},
      {"/a%7f", refused},
      {"/a%", refused},
      {"/a%2", refused},
      {"/a%zz", refused},
      {"/a%2g", refused},
      {"/a%%32e", refused},
      {"/a%u002e", refused},
      {"/%c0%ae%c0%ae/a", refused},
      {"/%c0%af", refused},
      {"/%c1%9c", refused},
      {"/%e0%80%ae", refused},
      {"/%e0%80%af", refused},
      {"/%f0%80%80%ae", refused},
      {"/%ed%a0%80", refused},
      {"/%f5%80%80%80", refused},
      {"/%ff", refused},
      {"/%e9", refused},
      {"/%c3", refused},
      {"/%c3/%a9", refused},
      {"/a b", refused},
      {"/a\tb", refused},
      {"/a\x01", refused},
      {"/\xc3\xa9", refused},
      {"/a#b", refused},
      {"/a?b", refused},
      {"/x#/admin", refused},
      {"/a/..;/b", refused},
      {"/a/..;x=1/b", refused},
      {"/a/.;/b", refused},
      {"/a/%2e%2e;/b", refused},
      {"/a/..%3b/b", refused},
      {"/;/admin", refused},
      {"/a/;x/b", refused},
      {"/%3b/admin", refused},
      {"/%252e%252e/a", refused},
      {"/a%252fb", refused},
      {"/a%255cb", refused},
      {"/a%2500", refused},
      {"/a%25252e", refused},
      {"/a%25%32%65", refused},
      {"/a%2%35%32e", refused},
      {"/a%253b", refused},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(normal(c.path), c.form) << c.path;
    if (c.form != refused) {
      EXPECT_EQ(normal(c.form), c.form) << c.path;
    }
  }
}

TEST(Path, ThatIsCanonicalIsNotCopied) {
  const std::string_view path = "/pizzashack/1.0.0/menu";
  EXPECT_EQ(normalise_path(path, {})->data(), path.data());
}

TEST(Path, IsDecodedAfterItIsNormal) {
  EXPECT_EQ(decode_path("/caf%C3%A9/a%20b/100%25"), "/caf\xc3\xa9/a b/100%");
  EXPECT_EQ(decode_path("/a%3Bb"), "/a;b");
}

// A path out of pieces that attacks are made of.
std::string mutated_path(Random& random) {
  constexpr std::string_view pieces[] = {
      "/",   "/",   "//",     ".",      "..",  "/..", "/.",     "%2e", "%2E",   "%2f",
      "%5c", "\\",  "admin",  "a",      "b",   ";",   "..;",    "%3b", "%25",   "%252e",
      "%32", "%65", "%c0%ae", "%c3%a9", "%00", "%20", "+",      "%2b", "|",     "{x}",
      "%",   "%2",  "#",      "?",      "~",   "%7e", "%e2%82", "%ac", "1.0.0", "@",
  };
  std::string path = "/";
  const std::uint64_t count = random.number() % 9;
  for (std::uint64_t i = 0; i < count; ++i) path += pieces[random.number() % std::size(pieces)];
  if (random.number() % 8 == 0)
    path[random.number() % path.size()] = static_cast<char>(random.number());
  return path;
}

// The promises that routes and policies stand on, for 10^5 mutated paths.
TEST(Path, KeepsItsPromisesForAnyInput) {
  SeededRandom random(20'240'607);
  std::size_t taken = 0;
  for (int round = 0; round < 100'000; ++round) {
    const std::string path = mutated_path(random);
    const std::string form = normal(path);
    if (form == refused) continue;
    ++taken;
    ASSERT_EQ(normal(form), form) << path;
    ASSERT_EQ(form.front(), '/') << path;
    ASSERT_EQ(form.find("//"), std::string::npos) << path;
    ASSERT_EQ(form.find(';'), std::string::npos) << path;
    const std::string text = decode_path(form);
    ASSERT_TRUE(is_utf8(text)) << path;
    ASSERT_EQ(text.find('\\'), std::string::npos) << path;
    // What the path means has the same segments as what is forwarded.
    ASSERT_EQ(std::count(text.begin(), text.end(), '/'), std::count(form.begin(), form.end(), '/'));
    const std::vector<std::string_view> segments = split(std::string_view(text).substr(1), '/');
    for (const std::string_view segment : segments) {
      const std::string_view name = segment.substr(0, segment.find(';'));
      ASSERT_NE(name, ".") << path;
      ASSERT_NE(name, "..") << path;
      for (const char c : segment) ASSERT_GE(static_cast<unsigned char>(c), 0x20) << path;
    }
  }
  EXPECT_GT(taken, 10'000U);
}

}  // namespace
}  // namespace gatehouse::http
