// SPDX-License-Identifier: Apache-2.0
#include "net/listener.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "net/connect.h"

namespace gatehouse::net {
namespace {

using namespace std::chrono_literals;

using Streams = std::vector<std::unique_ptr<Stream>>;

Listener::Acceptor keep_in(Streams& streams) {
  return [&streams](std::unique_ptr<Stream> stream) { streams.push_back(std::move(stream)); };
}

Task<Result<std::unique_ptr<Stream>>> dial(Loop& loop, std::uint16_t port) {
  const Endpoint endpoint = Endpoint::loopback(port);
  const ConnectOptions options{.deadline = loop.tick() + 5s, .tls = nullptr, .server_name = ""};
  co_return co_await connect(loop, std::span(&endpoint, 1), options);
}

Task<> until_accepted(Loop& loop, const Streams& streams, std::size_t count) {
  while (streams.size() < count) co_await loop.sleep_for(1ms);
}

TEST(Listener, AcceptsOnAnyFreePortAndNamesThePeer) {
  Loop loop;
  Streams accepted;
  auto listener = Listener::open(loop, {.endpoint = Endpoint::any(0)}, keep_in(accepted));
  ASSERT_TRUE(listener) << listener.error().detail;
  const auto stream = loop.run_until_done(dial(loop, (*listener)->port()));
  ASSERT_TRUE(stream) << stream.error().detail;
  loop.run_until_done(until_accepted(loop, accepted, 1));
  EXPECT_EQ(accepted[0]->peer(), (*stream)->local());
  EXPECT_EQ(accepted[0]->peer().address, Address::loopback());
}

TEST(Listener, SaysWhichPortIsTakenUnlessItJoins) {
  Loop loop;
  Streams accepted;
  auto first = Listener::open(loop, {.endpoint = Endpoint::any(0)}, keep_in(accepted));
  ASSERT_TRUE(first);
  const Endpoint same = Endpoint::any((*first)->port());
  const auto second = Listener::open(loop, {.endpoint = same}, keep_in(accepted));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::unavailable);
  EXPECT_EQ(second.error().message, "Port " + std::to_string(same.port) + " is taken");
  const Listener::Options joining{.endpoint = same, .claim = Listener::Claim::join};
  EXPECT_TRUE(Listener::open(loop, joining, keep_in(accepted)));
  first->reset();
  EXPECT_TRUE(Listener::open(loop, {.endpoint = same}, keep_in(accepted)));
}

TEST(Listener, RefusesAnAddressThatIsNotOurs) {
  Loop loop;
  Streams accepted;
  const Endpoint foreign{*Address::parse("192.0.2.1"), 0};
  const auto listener = Listener::open(loop, {.endpoint = foreign}, keep_in(accepted));
  ASSERT_FALSE(listener);
  EXPECT_EQ(listener.error().code, ErrorCode::invalid_argument);
}

TEST(Listener, LetsConnectionsWaitWhileItIsPaused) {
  Loop loop;
  Streams accepted;
  auto listener = Listener::open(loop, {.endpoint = Endpoint::loopback(0)}, keep_in(accepted));
  ASSERT_TRUE(listener);
  (*listener)->pause();
  Streams dialled;
  for (int i = 0; i < 3; ++i) {
    auto stream = loop.run_until_done(dial(loop, (*listener)->port()));
    ASSERT_TRUE(stream);
    dialled.push_back(*std::move(stream));
  }
  EXPECT_TRUE(accepted.empty());
  (*listener)->resume();
  loop.run_until_done(until_accepted(loop, accepted, 3));
}

TEST(Listener, HandsOverWhatWaitsWhenItStops) {
  Loop loop;
  Streams accepted;
  auto listener = Listener::open(loop, {.endpoint = Endpoint::loopback(0)}, keep_in(accepted));
  ASSERT_TRUE(listener);
  const std::uint16_t port = (*listener)->port();
  (*listener)->pause();
  Streams dialled;
  for (int i = 0; i < 100; ++i) {
    auto stream = loop.run_until_done(dial(loop, port));
    ASSERT_TRUE(stream);
    dialled.push_back(*std::move(stream));
  }
  (*listener)->stop();
  EXPECT_EQ(accepted.size(), 100U);
  const auto refused = loop.run_until_done(dial(loop, port));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::unavailable);
}

// Takes every descriptor of the process but `left`.
class NoDescriptors {
 public:
  explicit NoDescriptors(std::size_t left) {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    rlimit few = before_;
    few.rlim_cur = 128;
    ::setrlimit(RLIMIT_NOFILE, &few);
    for (int file; (file = ::open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0;) files_.push_back(file);
    for (; left > 0; --left) give_one();
  }
  ~NoDescriptors() {
    while (!files_.empty()) give_one();
    ::setrlimit(RLIMIT_NOFILE, &before_);
  }
  void give_one() {
    ::close(files_.back());
    files_.pop_back();
  }

 private:
  rlimit before_{};
  std::vector<int> files_;
};

Task<std::size_t> first_read(Stream& stream) {
  std::array<char, 1> buffer;
  stream.set_deadline(stream.loop().tick() + 5s);
  const Result<std::size_t> read = co_await stream.read_some(buffer);
  co_return read ? *read : 99;
}

TEST(Listener, ClosesWhatItHasNoDescriptorForAndRecovers) {
#if defined(__has_feature)
#if __has_feature(undefined_behavior_sanitizer)
  GTEST_SKIP() << "the sanitizer needs descriptors itself";
#endif
#endif
  Loop loop;
  Streams accepted;
  auto listener = Listener::open(loop, {.endpoint = Endpoint::loopback(0)}, keep_in(accepted));
  ASSERT_TRUE(listener);
  const std::uint16_t port = (*listener)->port();
  {
    NoDescriptors none(1);  // for the client's end
    const auto turned_away = loop.run_until_done(dial(loop, port));
    ASSERT_TRUE(turned_away) << turned_away.error().detail;
    EXPECT_EQ(loop.run_until_done(first_read(**turned_away)), 0U);
    EXPECT_TRUE(accepted.empty());
  }
  const auto stream = loop.run_until_done(dial(loop, port));
  ASSERT_TRUE(stream);
  loop.run_until_done(until_accepted(loop, accepted, 1));
}

Task<Result<std::unique_ptr<Stream>>> dial_in_order(Loop& loop, std::uint16_t closed,
                                                    std::uint16_t open) {
  const std::array<Endpoint, 2> endpoints{Endpoint::loopback(closed), Endpoint::loopback(open)};
  const ConnectOptions options{.deadline = loop.tick() + 5s, .tls = nullptr, .server_name = ""};
  co_return co_await connect(loop, endpoints, options);
}

TEST(Connect, GoesOnToTheNextAddress) {
  Loop loop;
  Streams accepted;
  auto listener = Listener::open(loop, {.endpoint = Endpoint::loopback(0)}, keep_in(accepted));
  auto gone = Listener::open(loop, {.endpoint = Endpoint::loopback(0)}, keep_in(accepted));
  ASSERT_TRUE(listener && gone);
  const std::uint16_t closed = (*gone)->port();
  (*gone)->stop();
  const auto stream = loop.run_until_done(dial_in_order(loop, closed, (*listener)->port()));
  ASSERT_TRUE(stream) << stream.error().detail;
  EXPECT_EQ((*stream)->peer().port, (*listener)->port());
}

// A full queue of a listener that never accepts leaves the handshake without an answer.
Task<Result<std::unique_ptr<Stream>>> dial_in_vain(Loop& loop, std::uint16_t port,
                                                   Streams& dialled) {
  const Endpoint endpoint = Endpoint::loopback(port);
  for (;;) {
    const ConnectOptions options{
        .deadline = loop.tick() + 100ms, .tls = nullptr, .server_name = ""};
    Result<std::unique_ptr<Stream>> stream =
        co_await connect(loop, std::span(&endpoint, 1), options);
    if (!stream || dialled.size() > 20) co_return stream;
    dialled.push_back(*std::move(stream));
  }
}

TEST(Connect, GivesUpAtItsDeadline) {
  Loop loop;
  Streams accepted;
  Streams dialled;
  const Listener::Options small{
      .endpoint = Endpoint::loopback(0), .claim = Listener::Claim::first, .backlog = 1};
  auto listener = Listener::open(loop, small, keep_in(accepted));
  ASSERT_TRUE(listener);
  (*listener)->pause();
  const auto stream = loop.run_until_done(dial_in_vain(loop, (*listener)->port(), dialled));
  ASSERT_FALSE(stream);
  EXPECT_NE(stream.error().detail.find("took too long"), std::string::npos);
}

}  // namespace
}  // namespace gatehouse::net
