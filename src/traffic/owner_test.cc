// SPDX-License-Identifier: Apache-2.0
#include "traffic/owner.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <mutex>

#include "bus/local_bus.h"
#include "bus/local_keep.h"
#include "core/test_folder.h"

namespace gatehouse::traffic {
namespace {

using std::chrono::milliseconds;

// A holder that counts what it is granted and refused.
class Holder {
 public:
  Holder(bus::Bus& bus, std::string name)
      : bus_(bus),
        name_(std::move(name)),
        subscription_(bus.subscribe(limits::reply_subject(name_),
                                    [this](std::string_view bytes) { on_message(bytes); })) {}

  // Asks for one permit after the other, `count` times; returns how many were granted.
  std::uint64_t ask(const limits::Key& key, const limits::Limit& limit, int count) {
    std::uint64_t granted = 0;
    for (int i = 0; i < count; ++i) {
      limits::HolderMessage message{name_, {{key, limit, 1, 0}}, {}};
      bus_.publish(limits::subject_ask, limits::encode(message));
      std::unique_lock lock(mutex_);
      const bool came =
          answered_.wait_for(lock, std::chrono::seconds(10), [&] { return answers_ > 0; });
      if (!came) {
        ADD_FAILURE() << "no answer";
        return granted;
      }
      --answers_;
      granted += std::exchange(permits_, 0);
    }
    return granted;
  }

 private:
  void on_message(std::string_view bytes) {
    const auto message = limits::decode_owner_message(bytes);
    ASSERT_TRUE(message);
    for (const limits::Recall& recall : message->recalls) {
      limits::HolderMessage answer{name_, {}, {{recall.key, recall.window, 0}}};
      // The bus calls listeners under its lock, so the answer leaves from another thread.
      std::thread([this, answer] {
        bus_.publish(limits::subject_ask, limits::encode(answer));
      }).detach();
    }
    const std::lock_guard lock(mutex_);
    for (const limits::Grant& grant : message->grants) {
      permits_ += grant.permits;
      ++answers_;
    }
    answered_.notify_all();
  }

  bus::Bus& bus_;
  const std::string name_;
  std::mutex mutex_;
  std::condition_variable answered_;
  std::uint64_t permits_ = 0;
  int answers_ = 0;
  std::unique_ptr<bus::Subscription> subscription_;
};

// A process with a traffic manager, which keeps in the folder.
struct Process {
  Process(bus::Bus& bus, const std::filesystem::path& folder, const Clock& clock)
      : keep(folder.string(), clock), owner({bus, keep, clock, metrics}) {}

  bus::LocalKeep keep;
  Metrics metrics;
  Owner owner;
};

class OwnerTest : public ::testing::Test {
 protected:
  const TestFolder test_folder_;
  const std::filesystem::path& folder_ = test_folder_.path();
  FakeClock clock_{from_ms(1'800'000'000'000)};
  bus::LocalBus bus_;
  const limits::Key key_ = limits::key_of("application:1");
  const limits::Limit limit_{limits::LimitKind::window, 20, milliseconds(60'000)};
};

TEST_F(OwnerTest, ACleanRestartForgetsNothingAndLosesNothing) {
  {
    Process process(bus_, folder_, clock_);
    ASSERT_TRUE(process.owner.start());
    Holder holder(bus_, "a");
    EXPECT_EQ(holder.ask(key_, limit_, 12), 12U);
    process.owner.stop();
  }
  Process process(bus_, folder_, clock_);
  ASSERT_TRUE(process.owner.start());
  Holder holder(bus_, "b");
  EXPECT_EQ(holder.ask(key_, limit_, 12), 8U);
}

TEST_F(OwnerTest, ACrashNeverGrantsTwice) {
  {
    Process process(bus_, folder_, clock_);
    ASSERT_TRUE(process.owner.start());
    Holder holder(bus_, "a");
    EXPECT_EQ(holder.ask(key_, limit_, 12), 12U);
    // What stands on the disk now is what a crash would leave.
    std::filesystem::copy(folder_ / "limits.journal", folder_ / "crashed");
    process.owner.stop();
  }
  std::filesystem::rename(folder_ / "crashed", folder_ / "limits.journal");
  {
    std::ofstream(folder_ / "limits.journal", std::ios::app | std::ios::binary) << "torn record";
  }
  Process process(bus_, folder_, clock_);
  ASSERT_TRUE(process.owner.start());
  Holder holder(bus_, "b");
  EXPECT_EQ(holder.ask(key_, limit_, 12), 8U);
  const limits::Limit second{limits::LimitKind::window, 5, milliseconds(1000)};
  EXPECT_EQ(holder.ask(limits::key_of("burst:1"), second, 1), 0U);  // closed until the next second
}

TEST_F(OwnerTest, ANewWindowBeginsAfresh) {
  Process process(bus_, folder_, clock_);
  ASSERT_TRUE(process.owner.start());
  Holder holder(bus_, "a");
  EXPECT_EQ(holder.ask(key_, limit_, 30), 20U);
  clock_.advance(milliseconds(60'000));
  EXPECT_EQ(holder.ask(key_, limit_, 30), 20U);
}

// What several processes keep together, each through a door that can be shut: whoever is behind it
// waits, as a process does that is paused.
class SharedKeep {
 public:
  explicit SharedKeep(const std::filesystem::path& folder, const Clock& clock)
      : keep_(folder.string(), clock) {}

  class Door final : public bus::Keep {
    template <typename Act>
    auto pass(Act act) {
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return open_; });
      }
      const std::lock_guard lock(shared_.mutex_);
      return act(shared_.keep_);
    }

   public:
    Door(SharedKeep& shared, bool is_shared) : shared_(shared), is_shared_(is_shared) {}

    // Records are written, and nobody knows it.
    void fail(bool fails) { fails_ = fails; }

    void shut() {
      const std::lock_guard lock(mutex_);
      open_ = false;
    }
    void open() {
      const std::lock_guard lock(mutex_);
      open_ = true;
      changed_.notify_all();
    }

    Result<std::vector<bus::Kept>> read(std::string_view log) override {
      return pass([&](bus::Keep& keep) { return keep.read(log); });
    }
    Result<std::uint64_t> append(std::string_view log, std::uint64_t after,
                                 std::string bytes) override {
      return pass([&](bus::Keep& keep) -> Result<std::uint64_t> {
        GH_TRY(number, keep.append(log, after, bytes));
        if (fails_) return gatehouse::fail(ErrorCode::unavailable, "It is not synced");
        return number;
      });
    }
    Result<> forget_before(std::string_view log, std::uint64_t number) override {
      return pass([&](bus::Keep& keep) { return keep.forget_before(log, number); });
    }
    milliseconds term() const override { return shared_.keep_.term(); }
    Result<std::uint64_t> take(std::string_view office) override {
      return pass([&](bus::Keep& keep) { return keep.take(office); });
    }
    Result<std::uint64_t> renew(std::string_view office, std::uint64_t held) override {
      return pass([&](bus::Keep& keep) { return keep.renew(office, held); });
    }
    Result<> leave(std::string_view office, std::uint64_t held) override {
      return pass([&](bus::Keep& keep) { return keep.leave(office, held); });
    }
    bool is_shared() const override { return is_shared_; }

   private:
    SharedKeep& shared_;
    std::mutex mutex_;
    std::condition_variable changed_;
    bool open_ = true;
    std::atomic<bool> fails_ = false;
    const bool is_shared_;
  };

 private:
  std::mutex mutex_;
  bus::LocalKeep keep_;
};

struct Node {
  Node(bus::Bus& bus, SharedKeep& shared, const Clock& clock, bool is_shared = true)
      : door(shared, is_shared), owner({bus, door, clock, metrics}, {.tick = milliseconds(1)}) {}
  ~Node() { door.open(); }

  SharedKeep::Door door;
  Metrics metrics;
  Owner owner;
};

class TwoOwners : public OwnerTest {
 protected:
  static bool leads(const Node& node) {
    for (int i = 0; i < 10'000 && !node.owner.is_leading(); ++i) {
      std::this_thread::sleep_for(milliseconds(1));  // an owner tells nobody
    }
    return node.owner.is_leading();
  }
  // Lets time pass in steps that an owner with an open door can follow.
  bool leads_after_a_term(const Node& node) {
    for (int i = 0; i < 100 && !node.owner.is_leading(); ++i) {
      clock_.advance(milliseconds(100));
      std::this_thread::sleep_for(milliseconds(10));
    }
    return node.owner.is_leading();
  }

  SharedKeep shared_{folder_, clock_};
  Node first_{bus_, shared_, clock_};
  Node second_{bus_, shared_, clock_};
};

// As a disk that comes back: what was granted meanwhile stands in the next record.
TEST_F(OwnerTest, AJournalThatFailedGoesOnWithTheNextRecord) {
  {
    SharedKeep keep(folder_, clock_);
    Node node(bus_, keep, clock_, false);
    ASSERT_TRUE(node.owner.start());
    Holder holder(bus_, "a");
    EXPECT_EQ(holder.ask(key_, limit_, 5), 5U);
    node.door.fail(true);
    EXPECT_EQ(holder.ask(key_, limit_, 6), 6U);
    node.door.fail(false);
    EXPECT_EQ(holder.ask(limits::key_of("application:2"), limit_, 1), 1U);
    // What stands on the disk now is what a crash would leave.
    std::filesystem::copy(folder_ / "limits.journal", folder_ / "crashed");
    node.owner.stop();
  }
  std::filesystem::rename(folder_ / "crashed", folder_ / "limits.journal");
  Process process(bus_, folder_, clock_);
  ASSERT_TRUE(process.owner.start());
  Holder holder(bus_, "b");
  EXPECT_EQ(holder.ask(key_, limit_, 20), 9U);
}

TEST_F(TwoOwners, OnlyOneGrants) {
  ASSERT_TRUE(first_.owner.start());
  ASSERT_TRUE(leads(first_));
  ASSERT_TRUE(second_.owner.start());
  Holder holder(bus_, "a");
  EXPECT_EQ(holder.ask(key_, limit_, 30), 20U);
  EXPECT_FALSE(second_.owner.is_leading());
}

TEST_F(TwoOwners, ASuccessorGrantsWhatIsLeft) {
  ASSERT_TRUE(first_.owner.start());
  ASSERT_TRUE(leads(first_));
  ASSERT_TRUE(second_.owner.start());
  Holder holder(bus_, "a");
  EXPECT_EQ(holder.ask(key_, limit_, 12), 12U);
  first_.owner.stop();
  ASSERT_TRUE(leads_after_a_term(second_));
  EXPECT_EQ(holder.ask(key_, limit_, 12), 8U);
}

TEST_F(TwoOwners, ASuccessorOpensShortWindowsWithTheNextOne) {
  const limits::Limit a_second{limits::LimitKind::window, 20, milliseconds(1'000)};
  ASSERT_TRUE(first_.owner.start());
  ASSERT_TRUE(leads(first_));
  ASSERT_TRUE(second_.owner.start());
  Holder holder(bus_, "a");
  clock_.advance(milliseconds(1'000));
  EXPECT_EQ(holder.ask(key_, a_second, 20), 20U);
  first_.owner.stop();
  ASSERT_TRUE(leads_after_a_term(second_));
  EXPECT_EQ(holder.ask(key_, a_second, 20), 0U);
  clock_.advance(milliseconds(1'000));
  EXPECT_EQ(holder.ask(key_, a_second, 20), 20U);
}

TEST_F(TwoOwners, AnOwnerThatWasPausedGrantsNothingMore) {
  ASSERT_TRUE(first_.owner.start());
  ASSERT_TRUE(leads(first_));
  ASSERT_TRUE(second_.owner.start());
  Holder holder(bus_, "a");
  EXPECT_EQ(holder.ask(key_, limit_, 5), 5U);
  // It has taken an ask in, and is paused before what it reserves is written.
  first_.door.shut();
  bus_.publish(limits::subject_ask,
               limits::encode(limits::HolderMessage{"b", {{key_, limit_, 5, 0}}, {}}));
  ASSERT_TRUE(leads_after_a_term(second_));
  EXPECT_EQ(holder.ask(key_, limit_, 10), 10U);
  Holder waiting(bus_, "b");
  first_.door.open();
  for (int i = 0; i < 10'000 && first_.owner.is_leading(); ++i) {
    std::this_thread::sleep_for(milliseconds(1));
  }
  EXPECT_FALSE(first_.owner.is_leading());
  EXPECT_EQ(holder.ask(key_, limit_, 10), 5U);
  EXPECT_EQ(waiting.ask(key_, limit_, 1), 0U);
}

}  // namespace
}  // namespace gatehouse::traffic
