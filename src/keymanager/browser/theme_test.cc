// SPDX-License-Identifier: Apache-2.0
#include "keymanager/browser/theme.h"

#include <gtest/gtest.h>

#include <fstream>

#include "core/text.h"
#include "storage/test_databases.h"

namespace gatehouse::keymanager {
namespace {

class ThemesTest : public ::testing::Test {
 protected:
  void write(const std::string& file, const std::string& content) {
    std::filesystem::create_directories(folder_.path() / "shop.example");
    std::ofstream(folder_.path() / "shop.example" / file, std::ios::binary) << content;
  }
  Theme theme() const { return Themes(folder_.path().string()).of("shop.example"); }

  TestFolder folder_;
};

TEST_F(ThemesTest, HaveADefault) {
  for (const Theme& theme : {theme(), Themes("").of("shop.example")}) {
    EXPECT_EQ(theme.name, "Gatehouse");
    EXPECT_EQ(theme.style, "");
    EXPECT_EQ(theme.logo, "");
  }
}

TEST_F(ThemesTest, AreReadFromTheFolderOfTheDomain) {
  write("name.txt", " Shop \nsecond line");
  write("style.css", "h1{}");
  write("logo.png", "\x89PNG");
  EXPECT_EQ(theme().name, "Shop");
  EXPECT_EQ(theme().style, "h1{}");
  EXPECT_EQ(theme().logo, "data:image/png;base64," + to_base64("\x89PNG"));
  write("logo.svg", "<svg/>");
  EXPECT_EQ(theme().logo, "data:image/svg+xml;base64," + to_base64("<svg/>"));
}

TEST_F(ThemesTest, LeaveOutWhatWouldBreakAPage) {
  write("style.css", "h1{} </STYLE><script>");
  write("name.txt", "\xff\xfe");
  write("logo.svg", std::string(theme_bytes_max + 1, 'x'));
  EXPECT_EQ(theme().style, "");
  EXPECT_EQ(theme().name, "Gatehouse");
  EXPECT_EQ(theme().logo, "");
}

TEST_F(ThemesTest, DoNotLeaveTheirFolder) {
  write("name.txt", "Shop");
  const Themes inner((folder_.path() / "inner").string());
  for (const char* domain : {"../shop.example", "..", ".", "", "a/../../shop.example"}) {
    EXPECT_EQ(inner.of(domain).name, "Gatehouse") << domain;
  }
}

}  // namespace
}  // namespace gatehouse::keymanager
