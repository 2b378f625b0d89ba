// SPDX-License-Identifier: Apache-2.0
#include "traffic/owner.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <mutex>

#include "bus/local_bus.h"
#include "core/random.h"

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

class OwnerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    SystemRandom random;
    folder_ = std::filesystem::temp_directory_path() /
              ("gatehouse-owner-" + std::to_string(random.number()));
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  OwnerOptions options() const { return {.journal_file = (folder_ / "limits.journal").string()}; }

  std::filesystem::path folder_;
  FakeClock clock_{from_ms(1'800'000'000'000)};
  bus::LocalBus bus_;
  const limits::Key key_ = limits::key_of("application:1");
  const limits::Limit limit_{limits::LimitKind::window, 20, milliseconds(60'000)};
};

TEST_F(OwnerTest, ACleanRestartForgetsNothingAndLosesNothing) {
  {
    Owner owner(bus_, clock_, options());
    ASSERT_TRUE(owner.start());
    Holder holder(bus_, "a");
    EXPECT_EQ(holder.ask(key_, limit_, 12), 12U);
    owner.stop();
  }
  Owner owner(bus_, clock_, options());
  ASSERT_TRUE(owner.start());
  Holder holder(bus_, "b");
  EXPECT_EQ(holder.ask(key_, limit_, 12), 8U);
}

TEST_F(OwnerTest, ACrashNeverGrantsTwice) {
  {
    Owner owner(bus_, clock_, options());
    ASSERT_TRUE(owner.start());
    Holder holder(bus_, "a");
    EXPECT_EQ(holder.ask(key_, limit_, 12), 12U);
    // What stands on the disk now is what a crash would leave.
    std::filesystem::copy(options().journal_file, folder_ / "crashed");
    owner.stop();
  }
  std::filesystem::rename(folder_ / "crashed", options().journal_file);
  {
    std::ofstream(options().journal_file, std::ios::app | std::ios::binary) << "torn record";
  }
  Owner owner(bus_, clock_, options());
  ASSERT_TRUE(owner.start());
  Holder holder(bus_, "b");
  EXPECT_EQ(holder.ask(key_, limit_, 12), 8U);
  const limits::Limit second{limits::LimitKind::window, 5, milliseconds(1000)};
  EXPECT_EQ(holder.ask(limits::key_of("burst:1"), second, 1), 0U);  // closed until the next second
}

TEST_F(OwnerTest, ANewWindowBeginsAfresh) {
  Owner owner(bus_, clock_, options());
  ASSERT_TRUE(owner.start());
  Holder holder(bus_, "a");
  EXPECT_EQ(holder.ask(key_, limit_, 30), 20U);
  clock_.advance(milliseconds(60'000));
  EXPECT_EQ(holder.ask(key_, limit_, 30), 20U);
}

}  // namespace
}  // namespace gatehouse::traffic
