// SPDX-License-Identifier: Apache-2.0
#include "net/tls.h"

#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "core/test_folder.h"
#include "core/test_protected_pem.h"
#include "net/connect.h"
#include "net/listener.h"
#include "net/stream_pair.h"

namespace gatehouse::net {
namespace {

using namespace std::chrono_literals;

class Tls : public ::testing::Test {
 protected:
  Tls() {
    files_ = {(folder_.path() / "server.pem").string(), (folder_.path() / "server.key").string()};
    const Result<> made = make_self_signed(files_, "api.example.org");
    GH_ASSERT(made.has_value());
  }

  std::shared_ptr<const TlsServer> server(std::vector<std::string> alpn = {"h2", "http/1.1"}) {
    return *TlsServer::open({.files = files_, .alpn = std::move(alpn)});
  }
  std::shared_ptr<const TlsClient> client(TlsClient::Trust trust = TlsClient::Trust::file,
                                          std::vector<std::string> alpn = {"http/1.1"}) {
    return *TlsClient::open(
        {.trust = trust, .ca_file = files_.certificate, .files = {}, .alpn = std::move(alpn)});
  }

  TestFolder folder_;
  CertificateFiles files_;
  Loop loop_;
};

Task<> secure_aside(Stream& stream, std::shared_ptr<const TlsServer> server, Result<>& outcome) {
  Task<Result<>> handshake = stream.start_tls(std::move(server));
  outcome = co_await handshake;
}

struct Handshake {
  std::shared_ptr<const TlsServer> server;
  std::shared_ptr<const TlsClient> client;
  std::string name;
};

// Both outcomes: the client's, then the server's.
Task<std::pair<Result<>, Result<>>> secure(StreamPair& pair, const Handshake& handshake) {
  TaskGroup group;
  Result<> served = fail(ErrorCode::internal, "unfinished");
  pair.server->set_deadline(pair.server->loop().tick() + 5s);
  group.spawn(secure_aside(*pair.server, handshake.server, served));
  Task<Result<>> dialling = pair.client->start_tls(handshake.client, handshake.name);
  Result<> dialled = co_await dialling;
  if (!dialled) pair.client->close();
  while (group.size() > 0) co_await pair.client->loop().yield();
  co_return std::pair(std::move(dialled), std::move(served));
}

TEST_F(Tls, AgreesOnVersionProtocolAndName) {
  StreamPair pair(loop_);
  const Handshake handshake{server(), client(), "localhost"};
  const auto [dialled, served] = loop_.run_until_done(secure(pair, handshake));
  ASSERT_TRUE(dialled) << dialled.error().detail;
  ASSERT_TRUE(served) << served.error().detail;
  EXPECT_EQ(pair.server->tls_version(), "TLSv1.3");
  EXPECT_EQ(pair.server->alpn(), "http/1.1");
  EXPECT_EQ(pair.client->alpn(), "http/1.1");
  EXPECT_EQ(pair.server->server_name(), "localhost");
}

struct NameCase {
  const char* name;
  bool trusted;
};

TEST_F(Tls, VerifiesTheNameOfTheServer) {
  for (const NameCase& row :
       {NameCase{"localhost", true}, NameCase{"127.0.0.1", true}, NameCase{"::1", true},
        NameCase{"api.example.org", true}, NameCase{"other.example.org", false},
        NameCase{"127.0.0.2", false}, NameCase{"", false}}) {
    StreamPair pair(loop_);
    const Handshake handshake{server(), client(), row.name};
    const auto [dialled, served] = loop_.run_until_done(secure(pair, handshake));
    EXPECT_EQ(dialled.has_value(), row.trusted) << row.name;
    EXPECT_EQ(pair.client->failure() == Failure::none, row.trusted);
  }
}

TEST_F(Tls, TrustsNobodyUnknownUnlessToldTo) {
  StreamPair pair(loop_);
  const Handshake unknown{server(), client(TlsClient::Trust::system), "localhost"};
  const auto [refused, cut] = loop_.run_until_done(secure(pair, unknown));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::unavailable);
  EXPECT_NE(refused.error().detail.find("certificate"), std::string::npos);

  StreamPair again(loop_);
  const Handshake insecure{server(), client(TlsClient::Trust::insecure), "whatever"};
  const auto [dialled, served] = loop_.run_until_done(secure(again, insecure));
  EXPECT_TRUE(dialled);
}

TEST_F(Tls, TrustsACertificateBesidesItsAuthorities) {
  const auto machine = *TlsClient::open(
      {.trust = TlsClient::Trust::system, .ca_file = {}, .files = {}, .alpn = {"http/1.1"}});
  std::ifstream file(files_.certificate);
  const std::string pem{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  const auto wider = machine->also_trusting({pem});
  ASSERT_TRUE(wider) << wider.error().message;
  EXPECT_NE((*wider)->number(), machine->number());
  const CertificateFiles others{files_.certificate + ".other", files_.key + ".other"};
  ASSERT_TRUE(make_self_signed(others, "other.example"));
  std::ifstream other_file(others.certificate);
  const std::string other{std::istreambuf_iterator<char>(other_file),
                          std::istreambuf_iterator<char>()};
  const struct {
    std::shared_ptr<const TlsClient> client;
    const char* name;
    bool trusted;
  } cases[] = {{machine, "localhost", false},
               {*wider, "localhost", true},
               {*machine->also_trusting({other}), "localhost", false},
               {*client()->also_trusting({other}), "localhost", true},
               {*(*wider)->also_trusting({other}), "localhost", true},
               {*wider, "elsewhere.example", false}};
  for (const auto& row : cases) {
    StreamPair pair(loop_);
    const Handshake handshake{server(), row.client, row.name};
    const auto [dialled, served] = loop_.run_until_done(secure(pair, handshake));
    EXPECT_EQ(dialled.has_value(), row.trusted) << row.name;
  }
  EXPECT_FALSE(machine->also_trusting({"no certificate"}));
}

TEST_F(Tls, AsksNobodyForThePassPhraseOfAFile) {
  const auto read = [](const std::string& path) {
    std::ifstream file(path);
    return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  };
  const auto write = [](const std::string& path, const std::string& text) {
    std::ofstream(path) << text;
  };
  const CertificateFiles hidden{files_.certificate + ".hidden", files_.key + ".hidden"};
  write(hidden.certificate, protected_pem(read(files_.certificate)));
  write(hidden.key, protected_pem(read(files_.key)));
  const auto machine = *TlsClient::open({});
  for (const CertificateFiles& files : {CertificateFiles{files_.certificate, hidden.key},
                                        CertificateFiles{hidden.certificate, files_.key}}) {
    const TestTerminal terminal;
    EXPECT_FALSE(TlsServer::open({.files = files}));
    EXPECT_FALSE(TlsClient::open({.ca_file = {}, .files = files, .alpn = {}}));
  }
  const TestTerminal terminal;
  EXPECT_FALSE(machine->also_trusting({read(hidden.certificate)}));
}

TEST_F(Tls, RefusesAClientThatSpeaksAnotherProtocol) {
  StreamPair pair(loop_);
  const Handshake handshake{server({"h2"}), client(TlsClient::Trust::file, {"ftp"}), "localhost"};
  const auto [dialled, served] = loop_.run_until_done(secure(pair, handshake));
  EXPECT_FALSE(dialled);
  EXPECT_FALSE(served);
}

TEST_F(Tls, RefusesVersionsBelow12) {
  const auto old = client();
  SSL_CTX_set_min_proto_version(old->context(), TLS1_VERSION);
  SSL_CTX_set_max_proto_version(old->context(), TLS1_1_VERSION);
  SSL_CTX_set_cipher_list(old->context(), "ALL:@SECLEVEL=0");
  StreamPair pair(loop_);
  const Handshake handshake{server(), old, "localhost"};
  const auto [dialled, served] = loop_.run_until_done(secure(pair, handshake));
  EXPECT_FALSE(dialled);
}

TEST_F(Tls, SpeaksVersion12) {
  const auto older = client();
  SSL_CTX_set_max_proto_version(older->context(), TLS1_2_VERSION);
  StreamPair pair(loop_);
  const Handshake handshake{server(), older, "localhost"};
  const auto [dialled, served] = loop_.run_until_done(secure(pair, handshake));
  ASSERT_TRUE(dialled);
  EXPECT_EQ(pair.client->tls_version(), "TLSv1.2");
}

Task<std::string> read_all(Stream& stream) {
  std::string all;
  for (;;) {
    const std::span<char> buffer = stream.loop().scratch();
    const Result<std::size_t> read = co_await stream.read_some(buffer);
    if (!read) co_return "failed: " + read.error().detail;
    if (*read == 0) co_return all;
    all.append(buffer.data(), *read);
  }
}

Task<> write_pieces(Stream& stream, std::string& head, std::string& body) {
  std::array<iovec, 2> pieces{iovec{head.data(), head.size()}, iovec{body.data(), body.size()}};
  const Result<> written = co_await stream.write_all(pieces);
  EXPECT_TRUE(written);
  stream.shutdown_write();
}

Task<> exchange(StreamPair& pair, const Handshake& handshake, std::size_t size) {
  const auto secured = co_await secure(pair, handshake);
  EXPECT_TRUE(secured.first && secured.second);
  std::string up(size, 'u');
  std::string down(size / 2, 'd');
  std::string head = "head";
  TaskGroup group;
  group.spawn(write_pieces(*pair.client, head, up));
  group.spawn(write_pieces(*pair.server, head, down));
  const std::string at_server = co_await read_all(*pair.server);
  const std::string at_client = co_await read_all(*pair.client);
  EXPECT_TRUE(at_server == head + up);
  EXPECT_TRUE(at_client == head + down);
}

TEST_F(Tls, CarriesEveryByteBothWaysThroughFullBuffers) {
  for (const std::size_t size : {0U, 2U, 16'380U, 16'384U, 100'000U, 8'000'000U}) {
    StreamPair pair(loop_);
    const Handshake handshake{server(), client(), "localhost"};
    loop_.run_until_done(exchange(pair, handshake, size));
  }
}

Task<> cut_without_goodbye(StreamPair& pair, const Handshake& handshake) {
  const auto secured = co_await secure(pair, handshake);
  EXPECT_TRUE(secured.first && secured.second);
  ::shutdown(pair.client->descriptor(), SHUT_WR);  // the end of TCP, not of TLS
  std::array<char, 16> buffer;
  const Result<std::size_t> read = co_await pair.server->read_some(buffer);
  EXPECT_FALSE(read);
}

TEST_F(Tls, TellsACutFromAnEnd) {
  StreamPair pair(loop_);
  const Handshake handshake{server(), client(), "localhost"};
  loop_.run_until_done(cut_without_goodbye(pair, handshake));
}

Task<> idle_after_answer(StreamPair& pair, const Handshake& handshake) {
  const auto secured = co_await secure(pair, handshake);
  EXPECT_TRUE(secured.first && secured.second);
  std::array<char, 16> buffer;
  const Result<> written = co_await pair.server->write_all("answer");
  EXPECT_TRUE(written);
  const Result<std::size_t> read = co_await pair.client->read_some(buffer);
  EXPECT_EQ(read.value_or(0), 6U);
  EXPECT_TRUE(pair.client->is_reusable());  // session tickets are no answer to anything
  EXPECT_EQ(pair.server->try_write("unasked").bytes, 7U);
  const Result<> arrived = co_await pair.client->wait_readable();
  EXPECT_TRUE(arrived);
  EXPECT_FALSE(pair.client->is_reusable());
}

TEST_F(Tls, KnowsAnIdleConnectionFromOneWithUnaskedBytes) {
  StreamPair pair(loop_);
  const Handshake handshake{server(), client(), "localhost"};
  loop_.run_until_done(idle_after_answer(pair, handshake));
}

Task<> garbage(StreamPair& pair, std::shared_ptr<const TlsServer> tls) {
  const Result<> written = co_await pair.client->write_all("GET / HTTP/1.1\r\n\r\n");
  EXPECT_TRUE(written);
  Task<Result<>> handshake = pair.server->start_tls(std::move(tls));
  const Result<> served = co_await handshake;
  EXPECT_FALSE(served);
  EXPECT_EQ(pair.server->failure(), Failure::tls);
}

TEST_F(Tls, RefusesPlainText) {
  StreamPair pair(loop_);
  loop_.run_until_done(garbage(pair, server()));
}

Task<> silence(StreamPair& pair, std::shared_ptr<const TlsServer> tls) {
  pair.server->set_deadline(pair.server->loop().tick() + 20ms);
  Task<Result<>> handshake = pair.server->start_tls(std::move(tls));
  const Result<> served = co_await handshake;
  EXPECT_FALSE(served);
  EXPECT_EQ(pair.server->failure(), Failure::timed_out);
}

TEST_F(Tls, EndsASilentHandshakeAtTheDeadline) {
  StreamPair pair(loop_);
  loop_.run_until_done(silence(pair, server()));
}

Task<> serve_one(std::unique_ptr<Stream> stream, std::shared_ptr<const TlsServer> tls) {
  Task<Result<>> handshake = stream->start_tls(std::move(tls));
  const Result<> secured = co_await handshake;
  if (!secured) co_return;
  const Result<> written = co_await stream->write_all("hello");
  EXPECT_TRUE(written);
}

Task<std::string> dial(Loop& loop, std::uint16_t port, std::shared_ptr<const TlsClient> tls) {
  const Endpoint endpoint = Endpoint::loopback(port);
  const ConnectOptions options{
      .deadline = loop.tick() + 5s, .tls = std::move(tls), .server_name = "localhost"};
  Result<std::unique_ptr<Stream>> stream = co_await connect(loop, std::span(&endpoint, 1), options);
  if (!stream) co_return stream.error().detail;
  co_return co_await read_all(**stream);
}

TEST_F(Tls, ConnectsThroughAListener) {
  TaskGroup connections;
  const auto tls = server();
  const auto accept = [&](std::unique_ptr<Stream> stream) {
    connections.spawn(serve_one(std::move(stream), tls));
  };
  const auto listener = Listener::open(loop_, {.endpoint = Endpoint::loopback(0)}, accept);
  ASSERT_TRUE(listener);
  EXPECT_EQ(loop_.run_until_done(dial(loop_, (*listener)->port(), client())), "hello");
}

TEST_F(Tls, KeepsTheSelfSignedKeyToItsOwner) {
  struct stat facts{};
  ASSERT_EQ(::stat(files_.key.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0600U);
}

TEST_F(Tls, NamesTheFileThatItCannotUse) {
  const CertificateFiles missing{files_.certificate, (folder_.path() / "none.key").string()};
  const auto opened = TlsServer::open({.files = missing, .alpn = {}});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(opened.error().message, "Cannot use the private key " + missing.key);
  const CertificateFiles nowhere{(folder_.path() / "none" / "a.pem").string(),
                                 (folder_.path() / "none" / "a.key").string()};
  EXPECT_FALSE(make_self_signed(nowhere, "localhost"));
}

// The certificate counts for who holds its key; a client without one is let in as well.
TEST_F(Tls, AsksClientsForACertificate) {
  const CertificateFiles mine{(folder_.path() / "client.pem").string(),
                              (folder_.path() / "client.key").string()};
  ASSERT_TRUE(make_self_signed(mine, "client"));
  const auto asking = *TlsServer::open(
      {.files = files_, .alpn = {"http/1.1"}, .client_certificates = ClientCertificates::asked});
  const auto shown = [&](const std::shared_ptr<const TlsServer>& by, const CertificateFiles& own) {
    StreamPair pair(loop_);
    const Handshake handshake{by,
                              *TlsClient::open({.trust = TlsClient::Trust::file,
                                                .ca_file = files_.certificate,
                                                .files = own,
                                                .alpn = {"http/1.1"}}),
                              "localhost"};
    const auto [dialled, served] = loop_.run_until_done(secure(pair, handshake));
    EXPECT_TRUE(dialled && served);
    return pair.server->peer_certificate();
  };
  const std::string certificate = shown(asking, mine);
  EXPECT_TRUE(certificate.starts_with("\x30\x82"));  // DER of a sequence
  EXPECT_EQ(shown(asking, mine), certificate);
  EXPECT_EQ(shown(asking, {}), "");
  EXPECT_EQ(shown(server(), mine), "");
}

}  // namespace
}  // namespace gatehouse::net
