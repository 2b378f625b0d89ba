// SPDX-License-Identifier: Apache-2.0
#include "net/stream.h"

#include <gtest/gtest.h>

#include <string>

#include "net/stream_pair.h"

namespace gatehouse::net {
namespace {

using namespace std::chrono_literals;

Task<std::string> read_all(Stream& stream) {
  std::string all;
  for (;;) {
    const std::span<char> buffer = stream.loop().scratch();
    const Result<std::size_t> read = co_await stream.read_some(buffer);
    if (!read) co_return "failed: " + read.error().message;
    if (*read == 0) co_return all;
    all.append(buffer.data(), *read);
  }
}

Task<Result<>> write_and_end(Stream& stream, const std::string& text) {
  const Result<> written = co_await stream.write_all(text);
  stream.shutdown_write();
  co_return written;
}

Task<> write_aside(Stream& stream, const std::string& text, int& done) {
  const Result<> written = co_await write_and_end(stream, text);
  if (written) ++done;
}

std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 31 + i / 251);
  return text;
}

Task<std::string> send_across(StreamPair& pair, const std::string& text) {
  TaskGroup group;
  int written = 0;
  group.spawn(write_aside(*pair.client, text, written));
  std::string all = co_await read_all(*pair.server);
  EXPECT_EQ(written, 1);
  co_return all;
}

class StreamSizes : public ::testing::TestWithParam<std::size_t> {};

TEST_P(StreamSizes, CarryEveryByteInOrder) {
  Loop loop;
  StreamPair pair(loop);
  const std::string text = pattern(GetParam());
  EXPECT_TRUE(loop.run_until_done(send_across(pair, text)) == text);
}

// 64 KiB is the scratch buffer: a read that fills it says nothing about what is left.
INSTANTIATE_TEST_SUITE_P(Bytes, StreamSizes,
                         ::testing::Values(0, 1, 65'535, 65'536, 65'537, 131'072, 20'000'000));

Task<> both_ways(StreamPair& pair, const std::string& up, const std::string& down) {
  TaskGroup group;
  int written = 0;
  group.spawn(write_aside(*pair.client, up, written));
  group.spawn(write_aside(*pair.server, down, written));
  const std::string at_server = co_await read_all(*pair.server);
  const std::string at_client = co_await read_all(*pair.client);
  EXPECT_TRUE(at_server == up);
  EXPECT_TRUE(at_client == down);
  EXPECT_EQ(written, 2);
}

TEST(Stream, ReadsWhileAnotherTaskWrites) {
  Loop loop;
  StreamPair pair(loop);
  const std::string up = pattern(5'000'000);
  const std::string down = pattern(3'000'000);
  loop.run_until_done(both_ways(pair, up, down));
}

Task<> half_close(StreamPair& pair) {
  pair.client->shutdown_write();
  const std::string end = co_await read_all(*pair.server);
  EXPECT_EQ(end, "");
  EXPECT_TRUE(pair.server->peer_closed());
  const std::string answer = "still here";
  const Result<> written = co_await write_and_end(*pair.server, answer);
  EXPECT_TRUE(written);
  const std::string read = co_await read_all(*pair.client);
  EXPECT_EQ(read, answer);
}

TEST(Stream, AnswersAfterThePeerHasSentItsLast) {
  Loop loop;
  StreamPair pair(loop);
  loop.run_until_done(half_close(pair));
}

Task<> pieces_in_order(StreamPair& pair) {
  std::string head = "head ";
  std::string body = pattern(4'000'000);
  std::string tail = " tail";
  std::array<iovec, 4> pieces{iovec{head.data(), head.size()}, iovec{nullptr, 0},
                              iovec{body.data(), body.size()}, iovec{tail.data(), tail.size()}};
  TaskGroup group;
  std::string all;
  auto read = [](Stream& stream, std::string& into) -> Task<> { into = co_await read_all(stream); };
  group.spawn(read(*pair.server, all));
  const Result<> written = co_await pair.client->write_all(pieces);
  EXPECT_TRUE(written);
  pair.client->shutdown_write();
  while (group.size() > 0) co_await pair.client->loop().sleep_for(1ms);
  EXPECT_TRUE(all == head + body + tail);
}

TEST(Stream, WritesPiecesAsOne) {
  Loop loop;
  StreamPair pair(loop);
  loop.run_until_done(pieces_in_order(pair));
}

Task<> never_read(StreamPair& pair, std::size_t& taken) {
  const std::string text = pattern(100'000);
  for (;;) {
    const Progress progress = pair.client->try_write(text);
    if (progress.state != Progress::State::moved) break;
    taken += progress.bytes;
  }
  pair.client->set_deadline(pair.client->loop().tick() + 50ms);
  const Result<> written = co_await pair.client->write_all(text);
  EXPECT_FALSE(written);
  EXPECT_EQ(pair.client->failure(), Failure::timed_out);
}

TEST(Stream, StopsTakingBytesThatNobodyReads) {
  Loop loop;
  StreamPair pair(loop);
  std::size_t taken = 0;
  loop.run_until_done(never_read(pair, taken));
  EXPECT_GT(taken, 0U);
  EXPECT_LT(taken, 32U << 20);
}

Task<> read_past_deadline(StreamPair& pair) {
  Stream& stream = *pair.server;
  std::array<char, 16> buffer;
  const Tick due = stream.loop().tick() + 20ms;
  stream.set_deadline(due);
  Result<std::size_t> read = co_await stream.read_some(buffer);
  EXPECT_FALSE(read);
  EXPECT_GE(stream.loop().tick(), due);
  EXPECT_EQ(stream.failure(), Failure::timed_out);
  read = co_await stream.read_some(buffer);  // the deadline holds until a new one is set
  EXPECT_FALSE(read);
  stream.set_deadline(never);
  EXPECT_EQ(stream.failure(), Failure::none);
  const Result<> written = co_await pair.client->write_all("late");
  EXPECT_TRUE(written);
  read = co_await stream.read_some(buffer);
  EXPECT_EQ(read.value_or(0), 4U);
}

TEST(Stream, EndsAWaitAtItsDeadlineAndGoesOnWithANewOne) {
  Loop loop;
  StreamPair pair(loop);
  loop.run_until_done(read_past_deadline(pair));
}

Task<> expect_failure(Stream& stream, Failure failure, int& seen) {
  std::array<char, 16> buffer;
  const Result<std::size_t> read = co_await stream.read_some(buffer);
  EXPECT_FALSE(read);
  EXPECT_EQ(stream.failure(), failure);
  ++seen;
}

Task<> close_under_reader(StreamPair& pair) {
  TaskGroup group;
  int seen = 0;
  group.spawn(expect_failure(*pair.server, Failure::closed, seen));
  pair.server->close();
  EXPECT_EQ(seen, 0);  // it goes on later in the turn, not inside close()
  co_await pair.server->loop().yield();
  EXPECT_EQ(seen, 1);
  EXPECT_FALSE(pair.server->is_open());
  const Result<> written = co_await pair.server->write_all("into the void");
  EXPECT_FALSE(written);
}

TEST(Stream, ClosedHereWakesWhoWaits) {
  Loop loop;
  StreamPair pair(loop);
  loop.run_until_done(close_under_reader(pair));
}

// An unread byte makes the kernel answer a close with a reset.
Task<> reset_by_peer(StreamPair& pair) {
  const Result<> written = co_await pair.server->write_all("unread");
  EXPECT_TRUE(written);
  const Result<> arrived = co_await pair.client->wait_readable();
  EXPECT_TRUE(arrived);
  TaskGroup group;
  int seen = 0;
  group.spawn(expect_failure(*pair.server, Failure::broken, seen));
  pair.client.reset();
  while (seen == 0) co_await pair.server->loop().sleep_for(1ms);
  EXPECT_FALSE(pair.server->is_reusable());
}

TEST(Stream, ReportsAReset) {
  Loop loop;
  StreamPair pair(loop);
  loop.run_until_done(reset_by_peer(pair));
}

Task<> cancel_reader(StreamPair& pair) {
  int seen = 0;
  {
    TaskGroup group;
    group.spawn(expect_failure(*pair.server, Failure::none, seen));
  }
  std::array<char, 16> buffer;
  const Result<> written = co_await pair.client->write_all("for the next reader");
  EXPECT_TRUE(written);
  const Result<std::size_t> read = co_await pair.server->read_some(buffer);
  EXPECT_EQ(read.value_or(0), buffer.size());
  EXPECT_EQ(seen, 0);
}

TEST(Stream, ForgetsAReaderThatDiesWhileItWaits) {
  Loop loop;
  StreamPair pair(loop);
  loop.run_until_done(cancel_reader(pair));
}

Task<> destroy_each_other(std::unique_ptr<Stream>& mine, std::unique_ptr<TaskGroup>& other) {
  std::array<char, 16> buffer;
  const Result<std::size_t> read = co_await mine->read_some(buffer);
  EXPECT_TRUE(read);
  other.reset();
}

// Both streams have an event in one turn, and the first to go on destroys the second.
TEST(Stream, GetsNoEventAfterItsDeath) {
  Loop loop;
  StreamPair first(loop);
  StreamPair second(loop);
  auto one = std::make_unique<TaskGroup>();
  auto two = std::make_unique<TaskGroup>();
  {
    auto own = [](std::unique_ptr<Stream> stream, std::unique_ptr<TaskGroup>& other) -> Task<> {
      co_await destroy_each_other(stream, other);
    };
    one->spawn(own(std::move(first.server), two));
    two->spawn(own(std::move(second.server), one));
  }
  EXPECT_EQ(first.client->try_write("x").bytes, 1U);
  EXPECT_EQ(second.client->try_write("x").bytes, 1U);
  Timer stop(loop, [&] { loop.stop(); });
  stop.set(loop.tick() + 20ms);
  loop.run();
  EXPECT_NE(one == nullptr, two == nullptr);
}

Task<> judge_idle(StreamPair& pair) {
  Loop& loop = pair.client->loop();
  EXPECT_TRUE(pair.client->is_reusable());
  std::array<char, 4> four;
  const Result<> written = co_await pair.server->write_all("four");
  EXPECT_TRUE(written);
  const Result<std::size_t> read = co_await pair.client->read_some(four);
  EXPECT_EQ(read.value_or(0), 4U);
  EXPECT_TRUE(pair.client->is_reusable());  // a full buffer does not mean that more is there
  pair.server.reset();
  while (!pair.client->peer_closed()) co_await loop.sleep_for(1ms);
  EXPECT_FALSE(pair.client->is_reusable());
}

TEST(Stream, IsReusableWhileNothingCameUnasked) {
  Loop loop;
  StreamPair pair(loop);
  loop.run_until_done(judge_idle(pair));
}

Task<> pong(Stream& stream) {
  std::array<char, 8> buffer;
  for (;;) {
    const Result<std::size_t> read = co_await stream.read_some(buffer);
    if (!read || *read == 0) co_return;
    const Result<> written = co_await stream.write_all("p");
    if (!written) co_return;
  }
}

Task<> ping(Stream& stream, int rounds) {
  std::array<char, 8> buffer;
  for (int i = 0; i < rounds; ++i) {
    const Result<> written = co_await stream.write_all("p");
    EXPECT_TRUE(written);
    const Result<std::size_t> read = co_await stream.read_some(buffer);
    EXPECT_EQ(read.value_or(0), 1U);
  }
}

Task<> flood(Stream& stream, const std::string& block, const bool& enough) {
  Result<> written;
  while (!enough && written) written = co_await stream.write_all(block);
}

Task<> drain(Stream& stream) {
  Result<std::size_t> read = 1;
  while (read && *read > 0) read = co_await stream.read_some(stream.loop().scratch());
}

Task<> beside_a_flood(StreamPair& busy, StreamPair& quiet) {
  const std::string block = pattern(16'384);
  bool enough = false;
  TaskGroup group;
  group.spawn(drain(*busy.server));
  group.spawn(flood(*busy.client, block, enough));
  group.spawn(pong(*quiet.server));
  co_await ping(*quiet.client, 50);
  enough = true;
}

TEST(Stream, ThatIsAlwaysReadyLeavesTurnsToOthers) {
  Loop loop;
  StreamPair busy(loop);
  StreamPair quiet(loop);
  loop.run_until_done(beside_a_flood(busy, quiet));
}

}  // namespace
}  // namespace gatehouse::net
