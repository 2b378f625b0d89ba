// SPDX-License-Identifier: Apache-2.0
#include "publisher/announcer.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <thread>

#include "bus/local_bus.h"
#include "core/text.h"
#include "model/hint.h"
#include "rest/test_portal.h"
#include "storage/apis/policy_store.h"
#include "storage/test_databases.h"

namespace gatehouse::publisher {
namespace {

using model::ChangeKind;
using storage::Transaction;

// What was said on one subject.
class Listener {
 public:
  Listener(bus::Bus& bus, const std::string& subject)
      : subscription_(bus.subscribe(subject, [this](std::string_view message) {
          const std::lock_guard lock(mutex_);
          heard_.push_back(parse_json_object(message).value());
          told_.notify_all();
        })) {}

  // Waits for the message after the last one that was taken.
  json::object next() {
    std::unique_lock lock(mutex_);
    const bool told =
        told_.wait_for(lock, std::chrono::seconds(10), [this] { return taken_ < heard_.size(); });
    EXPECT_TRUE(told);
    return told ? heard_[taken_++] : json::object();
  }
  std::size_t count() const {
    const std::lock_guard lock(mutex_);
    return heard_.size();
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable told_;
  std::vector<json::object> heard_;
  std::size_t taken_ = 0;
  std::unique_ptr<bus::Subscription> subscription_;
};

class AnnouncerTest : public ::testing::TestWithParam<storage::TestEngine> {
 protected:
  AnnouncerTest()
      : databases_(
            [this](std::uint64_t) {
              if (tells_) announcer_->committed();
            },
            GetParam()),
        feed_(databases_.all(), clock_, "issuer") {}

  enum class Commits : std::uint8_t { told, untold };
  void start(Commits commits = Commits::told) {
    // A look between a commit and the word of it would tell the number alone.
    const auto look_every = commits == Commits::told
                                ? std::chrono::milliseconds(std::chrono::hours(1))
                                : std::chrono::milliseconds(20);
    announcer_ = std::make_unique<Announcer>(databases_.all(), feed_, bus_, look_every);
    ASSERT_TRUE(announcer_->start());
    tells_ = commits == Commits::told;
  }
  // A gateway of these environments has asked.
  void ask(const std::string& environments) {
    http::Request request;
    request.method = "GET";
    request.target = request.path = "/internal/data/v1/snapshot";
    request.query = "environments=" + environments;
    EXPECT_EQ(feed_.handle(request).status, 200);
  }
  void write(const std::function<void(Transaction&)>& body) {
    const Result<> done = databases_.api_manager().write([&](Transaction& transaction) -> Result<> {
      body(transaction);
      return {};
    });
    ASSERT_TRUE(done) << done.error().message << done.error().detail;
  }
  void change(int times = 1, const model::Change& what = {ChangeKind::policy, 1, "gone", {}, {}}) {
    write([&](Transaction& transaction) {
      for (int i = 0; i < times; ++i) transaction.changed(what);
    });
  }
  std::uint64_t head() { return databases_.api_manager().read(storage::change_head)->number; }

  SystemClock clock_;
  std::atomic<bool> tells_ = false;  // of commits, once the announcer is there
  bus::LocalBus bus_;
  storage::TestDatabases databases_;
  Feed feed_;
  std::unique_ptr<Announcer> announcer_;
};

TEST_P(AnnouncerTest, ASmallChangeIsToldItselfAndThenItsNumber) {
  ask("Default");
  Listener contents(bus_, model::changes_subject({"Default"}));
  Listener numbers(bus_, std::string(bus::subject_changes));
  const std::uint64_t before = head();
  start();
  for (std::uint64_t i = 0; i < 3; ++i) {
    change();
    const model::FeedRange told = model::feed_range_from(contents.next()).value();
    EXPECT_EQ(told.from, before + i);
    EXPECT_EQ(told.to, before + i + 1);
    ASSERT_EQ(told.removals.size(), 1U);
    EXPECT_EQ(told.removals[0].id, "gone");
    const json::object hint = numbers.next();
    EXPECT_EQ(number_or(hint, "number", 0), static_cast<std::int64_t>(before + i + 1));
    EXPECT_EQ(number_or(hint, "previous", 0), static_cast<std::int64_t>(before + i));
  }
}

TEST_P(AnnouncerTest, MuchIsToldByItsNumberAlone) {
  ask("Default");
  Listener contents(bus_, model::changes_subject({"Default"}));
  Listener numbers(bus_, std::string(bus::subject_changes));
  start();
  change(101);
  EXPECT_EQ(number_or(numbers.next(), "number", 0), static_cast<std::int64_t>(head()));
  EXPECT_EQ(contents.count(), 0U);
}

TEST_P(AnnouncerTest, WhatAnotherProcessCommitsIsToldByItsNumber) {
  ask("Default");
  Listener contents(bus_, model::changes_subject({"Default"}));
  Listener numbers(bus_, std::string(bus::subject_changes));
  start(Commits::untold);
  change();
  EXPECT_EQ(number_or(numbers.next(), "number", 0), static_cast<std::int64_t>(head()));
  EXPECT_EQ(contents.count(), 0U);
}

TEST_P(AnnouncerTest, EachKindOfGatewayHearsOfItsOwnEnvironments) {
  ask("eu");
  ask("us");
  Listener eu(bus_, model::changes_subject({"eu"}));
  Listener us(bus_, model::changes_subject({"us"}));
  Listener others(bus_, model::changes_subject({"asia"}));
  Listener numbers(bus_, std::string(bus::subject_changes));
  start();
  change(1, {ChangeKind::api, 1, "leaving", {"eu"}, {}});
  EXPECT_EQ(model::feed_range_from(eu.next()).value().removals.size(), 1U);
  const model::FeedRange elsewhere = model::feed_range_from(us.next()).value();
  EXPECT_TRUE(elsewhere.removals.empty());
  EXPECT_EQ(elsewhere.to, head());  // contiguous, whatever was left out
  numbers.next();
  EXPECT_EQ(others.count(), 0U);
}

// Each commit counts a policy's name up and takes one number, so the name that goes with a number
// is known.
TEST_P(AnnouncerTest, ALaterCommitIsNeverToldUnderAnEarlierNumber) {
  ask("Default");
  storage::PolicyRow policy;
  policy.id = "counted";
  policy.name = "0";
  policy.document = json::object{{"policyName", "0"}};
  write([&](Transaction& transaction) {
    EXPECT_TRUE(storage::PolicyStore(transaction, 1).insert(policy));
  });
  Listener contents(bus_, model::changes_subject({"Default"}));
  const std::uint64_t before = head();
  start();
  constexpr std::uint64_t commits = 60;
  std::vector<std::thread> writers;
  for (int i = 0; i < 3; ++i) {
    writers.emplace_back([&] {
      for (std::uint64_t k = 0; k < commits / 3; ++k) {
        write([&](Transaction& transaction) {
          const auto row = transaction.query_one(
              "SELECT name FROM am_policy WHERE tenant_id = 1 AND id = 'counted'");
          if (!row || !*row) return;
          const std::uint64_t next = parse_number((*row)->text(0)).value_or(0) + 1;
          const auto done = transaction.execute(
              "UPDATE am_policy SET name = $1 WHERE tenant_id = 1 AND id = 'counted'",
              std::to_string(next));
          if (done) transaction.changed({ChangeKind::policy, 1, "counted", {}, {}});
        });
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  for (std::uint64_t stands = before; stands < before + commits;) {
    const model::FeedRange told = model::feed_range_from(contents.next()).value();
    ASSERT_LE(told.from, stands);
    ASSERT_EQ(told.upserts.size(), 1U);
    EXPECT_EQ(text_or(told.upserts[0].value, "name", ""), std::to_string(told.to - before));
    stands = told.to;
  }
}

INSTANTIATE_TEST_SUITE_P(Engines, AnnouncerTest,
                         ::testing::Values(storage::TestEngine::sqlite,
                                           storage::TestEngine::postgresql),
                         [](const auto& engine) { return to_text(engine.param); });

}  // namespace
}  // namespace gatehouse::publisher
