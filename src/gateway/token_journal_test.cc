// SPDX-License-Identifier: Apache-2.0
#include "gateway/token_journal.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "core/test_folder.h"
#include "core/text.h"

namespace gatehouse::gateway {
namespace {

const Instant now = from_ms(1'800'000'000'000);

Sha256 name_of(const std::string& token) { return journal_hash("key", sha256(token)); }

Remembered remembered(const std::string& token, Instant expires_at = now + std::chrono::hours(1)) {
  Remembered entry;
  entry.hash = name_of(token);
  entry.checked_at = now - std::chrono::seconds(5);
  entry.token.state = TokenState::active;
  entry.token.tenant = 7;
  entry.token.user_tenant = 8;
  entry.token.client_id = "client of " + token;
  entry.token.user_id = "u1";
  entry.token.user = "ann";
  entry.token.family = "f1";
  entry.token.scopes = {"read", "order"};
  entry.token.issued_at = now - std::chrono::minutes(1);
  entry.token.expires_at = expires_at;
  entry.token.key_thumbprint = "jkt";
  entry.token.certificate_thumbprint = "x5t";
  entry.token.audiences = {"urn:a"};
  return entry;
}

class TokenJournalTest : public ::testing::Test {
 protected:
  std::shared_ptr<const RememberedTokens> load(Instant at = now) {
    return TokenJournal(folder_).load(at);
  }
  void write(std::vector<Remembered> learned) {
    TokenJournal journal(folder_);
    journal.load(now);
    journal.append(std::move(learned), now);
  }
  std::string text() const {
    std::ifstream in(folder_ + "/tokens.jsonl");
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  }

  const TestFolder place_;
  const std::string folder_ = place_.path();
};

TEST_F(TokenJournalTest, KnowsAfterARestartWhatItKnew) {
  EXPECT_TRUE(load()->empty());
  write({remembered("one"), remembered("two")});
  write({remembered("three")});
  const auto known = load();
  ASSERT_EQ(known->size(), 3U);
  const Remembered& one = known->at(name_of("one"));
  EXPECT_EQ(one.token.state, TokenState::active);
  EXPECT_EQ(one.token.tenant, 7);
  EXPECT_EQ(one.token.client_id, "client of one");
  EXPECT_EQ(one.token.user_id, "u1");
  EXPECT_EQ(one.token.user, "ann");
  EXPECT_EQ(one.token.family, "f1");
  EXPECT_EQ(one.token.scopes, (std::vector<std::string>{"read", "order"}));
  EXPECT_EQ(one.token.issued_at, now - std::chrono::minutes(1));
  EXPECT_EQ(one.token.expires_at, now + std::chrono::hours(1));
  // A token that was bound must not come back as one that anybody may bear.
  EXPECT_EQ(one.token.user_tenant, 8);
  EXPECT_EQ(one.token.key_thumbprint, "jkt");
  EXPECT_EQ(one.token.certificate_thumbprint, "x5t");
  EXPECT_EQ(one.token.audiences, (std::vector<std::string>{"urn:a"}));
  EXPECT_EQ(one.checked_at, now - std::chrono::seconds(5));
}

TEST_F(TokenJournalTest, NamesTokensByAKeyThatIsElsewhere) {
  write({remembered("secret")});
  const std::string written = text();
  EXPECT_EQ(written.find("\"secret\""), std::string::npos);
  EXPECT_EQ(written.find(sha256_hex("secret")), std::string::npos);
  EXPECT_NE(name_of("secret"), journal_hash("another key", sha256("secret")));
  const auto mode = std::filesystem::status(folder_ + "/tokens.jsonl").permissions();
  EXPECT_EQ(mode, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST_F(TokenJournalTest, TheLastWordOnATokenHolds) {
  write({remembered("one")});
  Remembered later = remembered("one");
  later.token.scopes = {"read"};
  write({later});
  EXPECT_EQ(load()->at(name_of("one")).token.scopes, std::vector<std::string>{"read"});
}

TEST_F(TokenJournalTest, ForgetsWhatHasExpired) {
  write({remembered("short", now + std::chrono::seconds(1)), remembered("long")});
  const auto known = load(now + std::chrono::seconds(1));
  EXPECT_EQ(known->size(), 1U);
  EXPECT_TRUE(known->contains(name_of("long")));
}

struct DamageCase {
  const char* name;
  std::size_t cut;    // bytes off the end
  const char* added;  // after that
  std::size_t known;
};

class Damaged : public TokenJournalTest, public ::testing::WithParamInterface<DamageCase> {};

TEST_P(Damaged, IsReadUpToItsFirstBrokenLineAndWrittenAnew) {
  for (const char* token : {"one", "two", "three"}) write({remembered(token)});
  const std::string whole = text();
  std::ofstream(folder_ + "/tokens.jsonl")
      << whole.substr(0, whole.size() - GetParam().cut) << GetParam().added;
  EXPECT_EQ(load()->size(), GetParam().known);
  write({remembered("four")});
  EXPECT_EQ(load()->size(), GetParam().known + 1);
}

INSTANTIATE_TEST_SUITE_P(Rules, Damaged,
                         ::testing::Values(DamageCase{"whole", 0, "", 3},
                                           DamageCase{"torn_line", 10, "", 2},
                                           DamageCase{"no_line_end", 1, "", 2},
                                           DamageCase{"garbage", 0, "00000000 {}\n", 3},
                                           DamageCase{"no_hash", 0, "a3a6bf43 {}\n", 3}),
                         [](const auto& row) { return std::string(row.param.name); });

// Refreshed again and again, the file does not grow without end.
TEST_F(TokenJournalTest, IsMadeAnewWhenMostOfItIsOld) {
  TokenJournal journal(folder_);
  journal.load(now);
  const std::vector<Remembered> same(1'000, remembered("one"));
  for (int i = 0; i < 25; ++i) journal.append(same, now);
  EXPECT_EQ(journal.size(), 1U);
  EXPECT_LT(std::filesystem::file_size(folder_ + "/tokens.jsonl"), 10'001 * 400U);
  EXPECT_EQ(load()->size(), 1U);
}

TEST_F(TokenJournalTest, HasRoomForSoManyTokensAndKeepsTheNewest) {
  TokenJournal journal(folder_);
  journal.load(now);
  std::vector<Remembered> many;
  Remembered entry = remembered("x");
  for (std::size_t i = 0; i < TokenJournal::tokens_max + 10; ++i) {
    entry.hash = sha256(std::to_string(i));
    entry.checked_at = now + std::chrono::milliseconds(i);
    many.push_back(entry);
  }
  journal.append(many, now);
  EXPECT_LE(journal.size(), TokenJournal::tokens_max);
  EXPECT_GT(journal.size(), TokenJournal::tokens_max * 9 / 10);
  const auto known = load();
  EXPECT_TRUE(known->contains(many.back().hash));
  EXPECT_FALSE(known->contains(many.front().hash));
}

}  // namespace
}  // namespace gatehouse::gateway
