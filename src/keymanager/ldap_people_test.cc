// SPDX-License-Identifier: Apache-2.0
#include "keymanager/ldap_people.h"

#include "keymanager/test_key_manager.h"
#include "storage/apis/application_store.h"
#include "storage/outbox.h"

namespace gatehouse::keymanager {
namespace {

using storage::Transaction;

class LdapPeopleTest : public ::testing::Test {
 protected:
  LdapPeopleTest() {
    settings_.group_roles = {{"cooks", "Internal/creator"}};
    settings_.default_roles = {"Internal/subscriber"};
  }

  LdapPeople::Origin origin() const { return {model::first_tenant, row_, settings_}; }
  static Person lena() {
    return {.external_id = "17",
            .name = "lena",
            .email = "lena@example.com",
            .groups = {"cooks"},
            .disabled = false};
  }
  Account account(const std::string& id) {
    return *Directory(server_.users()).by_id(model::first_tenant, id);
  }
  // How many transactions were begun to write since the last call.
  int writes() { return server_.users().writes.exchange(0); }

  // An application of the user; returns who it says its owner is.
  void own(const storage::User& user) {
    storage::ApplicationRow row;
    row.id = "app-1";
    row.owner_id = user.id;
    row.name = "one";
    row.document = {{"name", "one"}, {"owner", user.name}};
    ASSERT_TRUE(server_.apis().write([&](Transaction& transaction) {
      return storage::ApplicationStore(transaction, model::first_tenant).insert(row);
    }));
  }
  std::string owner() {
    return server_.apis()
        .read([](Transaction& transaction) {
          return storage::ApplicationStore(transaction, model::first_tenant).find("app-1");
        })
        ->owner();
  }
  Result<> drain() {
    return storage::drain_outbox(server_.users(), server_.apis(), server_.clock());
  }

  TestKeyManager server_;
  const storage::UserStoreRow row_{.id = "s1", .name = "people", .document = {}, .sealed = ""};
  storage::LdapSettings settings_;
  LdapPeople people_{server_.resources()};
};

struct ChangeCase {
  const char* name;
  void (*change)(Person& person);
  int writes;
};

TEST_F(LdapPeopleTest, AreWrittenOnlyWhereTheyDiffer) {
  const auto made = people_.adopt(origin(), lena());
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(
      account(made->id).roles,
      (std::vector<std::string>{"Internal/creator", "Internal/everyone", "Internal/subscriber"}));
  Person person = lena();
  const auto same = [](Person&) {};
  const ChangeCase rows[] = {
      {"nothing", same, 0},
      {"email", [](Person& it) { it.email = "lena@example.org"; }, 1},
      {"nothing_since", same, 0},
      {"groups", [](Person& it) { it.groups.clear(); }, 1},
      {"name", [](Person& it) { it.name = "lena.b"; }, 1},
      {"a_name_of_somebody_else", [](Person& it) { it.name = "admin"; }, 0},
  };
  for (const ChangeCase& row : rows) {
    row.change(person);
    writes();
    ASSERT_TRUE(people_.follow(origin(), person, made->id)) << row.name;
    EXPECT_EQ(writes(), row.writes) << row.name;
    // A login finds what was followed.
    ASSERT_TRUE(people_.adopt(origin(), person)) << row.name;
    EXPECT_EQ(writes(), 0) << row.name;
  }
  const Account after = account(made->id);
  EXPECT_EQ(after.user.name, "lena.b");
  EXPECT_EQ(after.user.email, "lena@example.org");
  EXPECT_EQ(after.roles, (std::vector<std::string>{"Internal/everyone", "Internal/subscriber"}));
}

TEST_F(LdapPeopleTest, WhoHadDepartedAreBack) {
  const auto made = people_.adopt(origin(), lena());
  ASSERT_TRUE(*people_.depart(model::first_tenant, made->id));
  EXPECT_FALSE(account(made->id).active());
  ASSERT_TRUE(people_.follow(origin(), lena(), made->id));
  EXPECT_TRUE(account(made->id).active());
}

// A crash, or another database that is away, only delays what the owned things say.
TEST_F(LdapPeopleTest, TakeANameWithWhatTheyOwnOrNotAtAll) {
  const auto made = people_.adopt(origin(), lena());
  own(*made);
  server_.add_user("lena.b", {});
  Person person = lena();
  person.name = "lena.b";
  ASSERT_TRUE(people_.follow(origin(), person, made->id));
  ASSERT_TRUE(drain());
  EXPECT_EQ(account(made->id).user.name, "lena");
  EXPECT_EQ(owner(), "lena");

  person.name = "lena.c";
  server_.apis().away = storage::WatchedDatabase::Away::for_writes;
  ASSERT_TRUE(people_.follow(origin(), person, made->id));
  EXPECT_FALSE(drain());
  EXPECT_EQ(account(made->id).user.name, "lena.c");
  server_.apis().away = storage::WatchedDatabase::Away::no;
  EXPECT_EQ(owner(), "lena");
  ASSERT_TRUE(drain());
  EXPECT_EQ(owner(), "lena.c");
}

}  // namespace
}  // namespace gatehouse::keymanager
