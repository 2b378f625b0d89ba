// SPDX-License-Identifier: Apache-2.0
#include "gateway/persistent_table.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "core/random.h"

namespace gatehouse::gateway {
namespace {

struct Thing {
  std::string name;
  int value;
};

// A hash with few values makes chains that use up all its bits.
std::uint64_t poor_hash(std::string_view name) {
  return name.empty() ? 0 : static_cast<std::uint64_t>(name[0] % 4) * 0x0100'0000'0000'0001ULL;
}

using Table = PersistentTable<Thing>;
using Plain = std::map<std::string, int>;

Plain contents(const Table& table) {
  Plain plain;
  table.for_each([&](const auto& thing) { plain[thing->name] = thing->value; });
  return plain;
}

TEST(PersistentTable, EveryVersionStaysWhatItWas) {
  SeededRandom random(7);
  std::vector<std::pair<Table, Plain>> versions{{}};
  for (Edit edit = 1; edit < 300; ++edit) {
    auto [table, plain] = versions.back();
    for (std::uint64_t change = random.number() % 8; change > 0; --change) {
      const std::string name(1 + random.number() % 2,
                             static_cast<char>('a' + static_cast<char>(random.number() % 20)));
      const auto has_name = [&](const Thing& thing) { return thing.name == name; };
      if (random.number() % 3 == 0) {
        table.erase(edit, poor_hash(name), has_name);
        plain.erase(name);
      } else {
        const int value = static_cast<int>(random.number() % 1000);
        table.set(edit, poor_hash(name), has_name,
                  std::make_shared<const Thing>(Thing{name, value}));
        plain[name] = value;
      }
    }
    versions.emplace_back(table, plain);
  }
  for (const auto& [table, plain] : versions) {
    EXPECT_EQ(contents(table), plain);
    EXPECT_EQ(table.size(), plain.size());
    for (const auto& [name, value] : plain) {
      const Thing* thing =
          table.find(poor_hash(name), [&](const Thing& there) { return there.name == name; });
      ASSERT_NE(thing, nullptr);
      EXPECT_EQ(thing->value, value);
    }
  }
}

}  // namespace
}  // namespace gatehouse::gateway
