// SPDX-License-Identifier: Apache-2.0
#include "gateway/relay.h"

#include <gtest/gtest.h>

#include <future>

#include "gateway/test_websocket.h"
#include "gateway/test_world.h"
#include "net/stream_pair.h"

namespace gatehouse::gateway {
namespace {

using http::CloseCode;

// A relay between two connections, whose other ends the test holds.
class RelayTest : public ::testing::Test {
 protected:
  void begin(std::chrono::milliseconds idle = std::chrono::minutes(1)) {
    relay_ = std::make_unique<Relay>(
        Relay::Sides{*client_.server, std::move(backend_.client), {"early", text_frame("first")}},
        idle);
    group_.spawn(run());
  }
  net::Task<> run() {
    co_await relay_->run();
    // As http::Connection leaves a client.
    client_.server->shutdown_write();
    std::string unheard;
    if (client_.server->is_open()) co_await read_all(*client_.server, unheard);
    client_.server.reset();
    over_ = true;
    told_.notify_one();
  }
  // Everything that the client has got once the relay is over.
  std::string rest_for_client() {
    std::string all;
    loop_.run_until_done(read_all(*client_.client, all));
    client_.client.reset();
    loop_.run_until_done(wait());
    return all;
  }
  net::Task<> read_all(net::Stream& stream, std::string& all) {
    std::array<char, 4'096> buffer;
    for (;;) {
      const Result<std::size_t> read = co_await stream.read_some(buffer);
      if (!read || *read == 0) co_return;
      all.append(buffer.data(), *read);
    }
  }
  net::Task<> wait() {
    while (!over_) co_await told_.wait_until(net::never);
  }
  // The next bytes that one side gets.
  std::string read(net::Stream& stream, std::size_t size) {
    std::string all;
    loop_.run_until_done(read_some(stream, size, all));
    return all;
  }
  net::Task<> read_some(net::Stream& stream, std::size_t size, std::string& all) {
    std::array<char, 4'096> buffer;
    while (all.size() < size) {
      const std::span<char> room(buffer.data(), std::min(buffer.size(), size - all.size()));
      const Result<std::size_t> got = co_await stream.read_some(room);
      if (!got || *got == 0) co_return;
      all.append(buffer.data(), *got);
    }
  }
  // The same text again and again, until nothing was taken for a hundred looks: that nothing will
  // be taken, no event tells.
  static constexpr std::chrono::milliseconds look_time{1};
  static constexpr std::size_t far_too_much = 64 * 1024 * 1024;  // for all buffers together
  net::Task<> write_what_is_taken(net::Stream& stream, const std::string& text,
                                  std::size_t& written) {
    std::string many;
    while (many.size() < 64 * 1024) many += text;
    for (int looks = 0; looks < 100 && written < far_too_much;) {
      const std::string_view rest = std::string_view(many).substr(written % text.size());
      const net::Progress progress = stream.try_write(rest);
      const bool moved = progress.state == net::Progress::State::moved && progress.bytes > 0;
      if (moved) written += progress.bytes;
      looks = moved ? 0 : looks + 1;
      if (!moved) co_await loop_.sleep_for(look_time);
    }
  }
  static void write(net::Stream& stream, std::string_view bytes) {
    ASSERT_EQ(stream.try_write(bytes).bytes, bytes.size());
  }

  net::Loop loop_;
  net::StreamPair client_{loop_};
  net::StreamPair backend_{loop_};
  std::unique_ptr<Relay> relay_;
  bool over_ = false;
  net::Condition told_{loop_};
  net::TaskGroup group_;
};

TEST_F(RelayTest, CarriesWhatCameEarlyAndWhatComes) {
  begin();
  EXPECT_EQ(read(*backend_.server, 5), "early");
  EXPECT_EQ(read(*client_.client, 7), text_frame("first"));
  write(*client_.client, "up");
  EXPECT_EQ(read(*backend_.server, 2), "up");
  write(*backend_.server, text_frame("down"));
  EXPECT_EQ(read(*client_.client, 6), text_frame("down"));
  EXPECT_EQ(relay_->bytes_from_client(), 7U);
  EXPECT_EQ(relay_->bytes_from_backend(), 13U);
}

TEST_F(RelayTest, EndsBetweenTwoFramesWithACloseFrame) {
  begin();
  read(*client_.client, 7);
  relay_->end(CloseCode::policy_violation);
  write(*client_.client, "too late");
  EXPECT_EQ(rest_for_client(), close_bytes(CloseCode::policy_violation));
  EXPECT_EQ(read(*backend_.server, 100), "early");
  EXPECT_EQ(relay_->bytes_from_client(), 5U);
}

TEST_F(RelayTest, LetsAFrameThatHasBegunEndAndDropsTheNext) {
  begin();
  read(*client_.client, 7);
  const std::string frame = text_frame("a long message");
  write(*backend_.server, std::string_view(frame).substr(0, 5));
  EXPECT_EQ(read(*client_.client, 5), frame.substr(0, 5));
  relay_->end(CloseCode::policy_violation);
  // Sockets are served before timers, so these are there in time.
  write(*backend_.server, frame.substr(5) + text_frame("the next"));
  EXPECT_EQ(rest_for_client(), frame.substr(5) + close_bytes(CloseCode::policy_violation));
}

TEST_F(RelayTest, CutsAFrameThatDoesNotEnd) {
  begin();
  read(*client_.client, 7);
  write(*backend_.server, text_frame("half").substr(0, 3));
  read(*client_.client, 3);
  relay_->end(CloseCode::policy_violation);
  EXPECT_EQ(rest_for_client(), "");
}

TEST_F(RelayTest, SaysNothingAfterTheBackendsOwnCloseFrame) {
  begin();
  read(*client_.client, 7);
  write(*backend_.server, close_bytes(CloseCode::going_away));
  EXPECT_EQ(read(*client_.client, 4), close_bytes(CloseCode::going_away));
  relay_->end(CloseCode::policy_violation);
  EXPECT_EQ(rest_for_client(), "");
}

TEST_F(RelayTest, LeavesASilentOneAsIfGoingAway) {
  begin(std::chrono::milliseconds(100));
  EXPECT_EQ(rest_for_client(), text_frame("first") + close_bytes(CloseCode::going_away));
}

TEST_F(RelayTest, EndsWithEitherSide) {
  begin();
  read(*client_.client, 7);
  backend_.server->close();
  EXPECT_EQ(rest_for_client(), "");
}

TEST_F(RelayTest, TellsTheBackendThatTheClientHasGone) {
  begin();
  client_.client->shutdown_write();
  std::string all;
  loop_.run_until_done(read_all(*backend_.server, all));
  EXPECT_EQ(all, "early");
  write(*backend_.server, text_frame("last"));
  backend_.server.reset();
  EXPECT_EQ(rest_for_client(), text_frame("first") + text_frame("last"));
}

// While one side reads nothing, the other can send what the buffers on the way hold, and waits;
// nothing of it is lost.
TEST_F(RelayTest, ASlowSideHoldsUpTheOther) {
  begin();
  const std::string frame = text_frame(std::string(100, 'x'));
  std::size_t up = 0;
  loop_.run_until_done(write_what_is_taken(*client_.client, frame, up));
  EXPECT_LT(up, far_too_much);
  std::size_t down = 0;
  loop_.run_until_done(write_what_is_taken(*backend_.server, frame, down));
  EXPECT_LT(down, far_too_much);
  std::string all = read(*backend_.server, 5 + up);
  EXPECT_EQ(all.size(), 5 + up);
  EXPECT_TRUE(all.ends_with(frame.substr(0, up % frame.size()))) << up % frame.size();
  all = read(*client_.client, 7 + down);
  EXPECT_EQ(all.size(), 7 + down);
  EXPECT_TRUE(all.ends_with(frame.substr(0, down % frame.size()))) << down % frame.size();
}

// --- Through a gateway

class WebSocketTest : public ::testing::Test {
 protected:
  using Script = std::function<void(TestSocket& socket)>;

  // The backend opens every WebSocket, then `script` goes on.
  void begin(Script script) { begin_answering(websocket_opening(), std::move(script)); }
  void begin_answering(std::string answer, Script script) {
    backend_ = std::make_unique<HeadBackend>(
        [this, answer = std::move(answer), script = std::move(script)](TestSocket& socket,
                                                                       const std::string& head) {
          {
            const std::lock_guard lock(mutex_);
            heads_.push_back(head);
          }
          socket.write(answer);
          script(socket);
        });
    world_.deploy(test_api("pizza", backend_->url()));
    world_.start();
    world_.catch_up();
    client_ = std::make_unique<TestClient>(world_.port());
  }
  std::vector<std::string> heads() {
    const std::lock_guard lock(mutex_);
    return heads_;
  }
  static std::string handshake(const std::string& target = "/pizza/1/chat",
                               const std::string& fields = "Authorization: Bearer good\r\n") {
    return "GET " + target + " HTTP/1.1\r\nHost: g\r\n" + websocket_handshake + fields + "\r\n";
  }
  // Opens one, and leaves what follows in unread().
  void open(const std::string& request = handshake()) {
    const TestMessage answer = client_->call(request);
    ASSERT_EQ(answer.status, 101) << answer.head << answer.body;
  }

  std::mutex mutex_;
  std::vector<std::string> heads_;
  std::unique_ptr<HeadBackend> backend_;
  TestWorld world_;
  std::unique_ptr<TestClient> client_;
};

const auto quiet = [](TestSocket& socket) {
  while (socket.read()) {
  }
};

TEST_F(WebSocketTest, AHandshakeIsPassedOnAndSoAreTheFrames) {
  begin([](TestSocket& socket) {
    while (socket.read()) {
      if (!socket.write(std::exchange(socket.unread(), {}))) return;
    }
  });
  const TestMessage answer = client_->call(
      handshake("/pizza/1/chat?room=1", "Authorization: Bearer good\r\nX-Kept: yes\r\n"));
  EXPECT_EQ(answer.status, 101);
  EXPECT_EQ(answer.field("Sec-WebSocket-Accept"), http::websocket_accept(websocket_key));
  EXPECT_EQ(answer.field("Upgrade"), "websocket");
  EXPECT_EQ(answer.field("Connection"), "Upgrade");
  EXPECT_NE(answer.field("activityid"), "(none)");

  const std::string head = heads().at(0);
  EXPECT_TRUE(head.starts_with("GET /chat?room=1 HTTP/1.1\r\n")) << head;
  EXPECT_NE(head.find("Connection: Upgrade\r\nUpgrade: websocket"), std::string::npos) << head;
  EXPECT_NE(head.find("Sec-WebSocket-Key: " + websocket_key), std::string::npos);
  EXPECT_NE(head.find("X-Kept: yes"), std::string::npos);
  EXPECT_EQ(head.find("Authorization"), std::string::npos);

  const std::string frame = text_frame("hello");
  client_->write(frame);
  EXPECT_EQ(read_bytes(*client_, frame.size()), frame);
}

TEST_F(WebSocketTest, FramesBehindTheHandshakeAreNotLost) {
  begin([](TestSocket& socket) {
    const std::string bytes = read_bytes(socket, 5);
    socket.write(text_frame(bytes));
  });
  open(handshake() + "early");
  EXPECT_EQ(read_bytes(*client_, 7), text_frame("early"));
}

TEST_F(WebSocketTest, ATokenMayComeInTheQueryAndGoesNoFurther) {
  begin(quiet);
  open(handshake("/pizza/1/chat?a=1&access_token=good&b=2", ""));
  EXPECT_TRUE(heads().at(0).starts_with("GET /chat?a=1&b=2 HTTP/1.1\r\n")) << heads().at(0);
}

TEST_F(WebSocketTest, AWrongTokenReachesNoBackend) {
  begin(quiet);
  for (const char* fields : {"", "Authorization: Bearer bad\r\n"}) {
    EXPECT_EQ(client_->call(handshake("/pizza/1/chat", fields)).status, 401);
  }
  EXPECT_TRUE(heads().empty());
}

TEST_F(WebSocketTest, ARefusalLeavesBothConnectionsInHttp) {
  begin_answering("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno", [](TestSocket&) {});
  // What a client takes for frames is its next request, and judged as one.
  client_->write(handshake() + "GET /pizza/1/other HTTP/1.1\r\nHost: g\r\n\r\n");
  const TestMessage answer = client_->read_answer();
  EXPECT_EQ(answer.status, 403);
  EXPECT_EQ(answer.body, "no");
  EXPECT_EQ(client_->read_answer().status, 401);
  EXPECT_EQ(client_->call(handshake()).status, 403);
  EXPECT_EQ(heads().size(), 2U);
}

TEST_F(WebSocketTest, ASwitchThatWasNotAskedForIsNoAnswer) {
  begin(quiet);
  for (const std::string& fields :
       {std::string(), std::string("Connection: Upgrade\r\nUpgrade: h2c\r\n")}) {
    const TestMessage answer = client_->call("GET /pizza/1/chat HTTP/1.1\r\nHost: g\r\n" + fields +
                                             "Authorization: Bearer good\r\n\r\n");
    EXPECT_EQ(answer.status, 502);
    EXPECT_NE(answer.body.find("101500"), std::string::npos) << answer.body;
  }
  for (const std::string& head : heads()) {
    EXPECT_EQ(head.find("Upgrade"), std::string::npos) << head;
    EXPECT_EQ(head.find("Sec-WebSocket"), std::string::npos) << head;
  }
}

TEST_F(WebSocketTest, ASwitchWithoutProofIsNoAnswer) {
  begin_answering(
      "HTTP/1.1 101 x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
      "Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n",
      quiet);
  EXPECT_EQ(client_->call(handshake()).status, 502);
  EXPECT_EQ(client_->call("GET /healthz HTTP/1.1\r\nHost: g\r\n\r\n").status, 200);
}

TEST_F(WebSocketTest, HandshakeFieldsMeanNothingWithoutAHandshake) {
  begin_answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", [](TestSocket&) {});
  client_->call(
      "GET /pizza/1/chat HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer good\r\n"
      "Sec-WebSocket-Key: " +
      websocket_key + "\r\nSec-WebSocket-Version: 13\r\nUpgrade: websocket\r\n\r\n");
  EXPECT_EQ(heads().at(0).find("Sec-WebSocket"), std::string::npos) << heads().at(0);
  EXPECT_EQ(heads().at(0).find("Upgrade"), std::string::npos) << heads().at(0);
}

TEST_F(WebSocketTest, ASilentOneIsClosed) {
  world_.options.websocket_idle = std::chrono::milliseconds(100);
  begin(quiet);
  open();
  EXPECT_EQ(client_->read_to_end(), close_bytes(CloseCode::going_away));
}

TEST_F(WebSocketTest, ADrainSendsItAway) {
  begin(quiet);
  open();
  world_.gateway->drain({std::chrono::milliseconds(0), std::chrono::milliseconds(0)});
  EXPECT_EQ(client_->read_to_end(), close_bytes(CloseCode::going_away));
}

TEST_F(WebSocketTest, IsCountedOnceWhenItEnds) {
  std::promise<void> may_end;
  begin([ended = may_end.get_future().share()](TestSocket& socket) {
    socket.write(text_frame("hello"));
    ended.wait();
    socket.write(text_frame("bye"));
    socket.shutdown();
  });
  open();
  read_bytes(*client_, text_frame("hello").size());
  // A call that came later and ended before: counts that have it have all that has ended.
  TestClient other(world_.port());
  EXPECT_EQ(other.call("GET /pizza/1/x HTTP/1.1\r\nHost: g\r\n\r\n").status, 401);
  while (world_.control_plane.calls("pizza", 4) == 0) std::this_thread::yield();
  EXPECT_EQ(world_.control_plane.calls("pizza", 1), 0U);
  may_end.set_value();
  EXPECT_EQ(client_->read_to_end(), text_frame("bye"));
  world_.gateway->stop();  // sends the last counts
  EXPECT_EQ(world_.control_plane.calls("pizza", 1), 1U);
}

}  // namespace
}  // namespace gatehouse::gateway
