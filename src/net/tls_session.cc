// SPDX-License-Identifier: Apache-2.0
#include "net/tls_session.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "net/address.h"

namespace gatehouse::net {

namespace {

constexpr std::size_t record_max = 16 * 1024;

// --- The socket as OpenSSL sees it -----------------------------------------------------------

Socket& socket_of(BIO* bio) { return *static_cast<Socket*>(BIO_get_data(bio)); }

int report(BIO* bio, Progress progress, int retry) {
  BIO_clear_retry_flags(bio);
  if (progress.state == Progress::State::moved) return static_cast<int>(progress.bytes);
  if (progress.state == Progress::State::blocked)
    BIO_set_flags(bio, retry | BIO_FLAGS_SHOULD_RETRY);
  return -1;
}

int read_socket(BIO* bio, char* buffer, int size) {
  const std::span<char> bytes(buffer, static_cast<std::size_t>(size));
  return report(bio, socket_of(bio).read(bytes), BIO_FLAGS_READ);
}

int write_socket(BIO* bio, const char* buffer, int size) {
  const iovec piece{const_cast<char*>(buffer), static_cast<std::size_t>(size)};
  return report(bio, socket_of(bio).write(std::span(&piece, 1)), BIO_FLAGS_WRITE);
}

long control_socket(BIO* bio, int command, long, void*) {
  if (command == BIO_CTRL_EOF) return socket_of(bio).hung_up() ? 1 : 0;
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

BIO_METHOD* make_socket_method() {
  BIO_METHOD* method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "gatehouse");
  BIO_meth_set_read(method, read_socket);
  BIO_meth_set_write(method, write_socket);
  BIO_meth_set_ctrl(method, control_socket);
  return method;
}

SSL* make_session(SSL_CTX* context, Socket& socket) {
  static BIO_METHOD* const method = make_socket_method();
  SSL* ssl = SSL_new(context);
  BIO* bio = BIO_new(method);
  GH_ASSERT(ssl && bio);
  BIO_set_data(bio, &socket);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl, bio, bio);
  return ssl;
}

std::string last_error() {
  const unsigned long code = ERR_peek_last_error();
  if (code == 0) return "the peer cut the connection";
  std::array<char, 256> text{};
  ERR_error_string_n(code, text.data(), text.size());
  return text.data();
}

}  // namespace

TlsSession::TlsSession(Socket& socket, std::shared_ptr<const TlsServer> server)
    : socket_(socket), server_(std::move(server)) {
  ssl_ = make_session(server_->context(), socket_);
  SSL_set_accept_state(ssl_);
}

TlsSession::TlsSession(Socket& socket, std::shared_ptr<const TlsClient> client,
                       const std::string& server_name)
    : socket_(socket), client_(std::move(client)) {
  ssl_ = make_session(client_->context(), socket_);
  SSL_set_connect_state(ssl_);
  if (Address::parse(server_name)) {
    GH_ASSERT(X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_), server_name.c_str()) == 1);
    return;
  }
  SSL_set_hostflags(ssl_, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  // A name that cannot be set cannot be verified: the handshake must not succeed without it.
  const bool named = !server_name.empty() && SSL_set1_host(ssl_, server_name.c_str()) == 1 &&
                     SSL_set_tlsext_host_name(ssl_, server_name.c_str()) == 1;
  if (!named) failure_ = "the name of the server cannot be verified";
}

TlsSession::~TlsSession() { SSL_free(ssl_); }

Progress TlsSession::handshake() {
  if (!failure_.empty()) return Progress::failed();
  ERR_clear_error();
  const int outcome = SSL_do_handshake(ssl_);
  return outcome == 1 ? Progress::moved(0) : explain(outcome);
}

Progress TlsSession::read(std::span<char> buffer) {
  ERR_clear_error();
  std::size_t bytes = 0;
  const int outcome = SSL_read_ex(ssl_, buffer.data(), buffer.size(), &bytes);
  return outcome == 1 ? Progress::moved(bytes) : explain(outcome);
}

// Small pieces share a record: head and body of an answer leave as one.
Progress TlsSession::write(std::span<const iovec> pieces) {
  if (pieces.empty()) return Progress::moved(0);
  std::array<char, record_max> record;
  const char* bytes = static_cast<const char*>(pieces.front().iov_base);
  std::size_t size = pieces.front().iov_len;
  if (pieces.size() > 1 && size < record.size()) {
    size = 0;
    for (const iovec& piece : pieces) {
      const std::size_t part = std::min(piece.iov_len, record.size() - size);
      if (part > 0) std::memcpy(record.data() + size, piece.iov_base, part);
      size += part;
    }
    bytes = record.data();
  }
  if (size == 0) return Progress::moved(0);
  ERR_clear_error();
  std::size_t written = 0;
  const int outcome = SSL_write_ex(ssl_, bytes, size, &written);
  return outcome == 1 ? Progress::moved(written) : explain(outcome);
}

Progress TlsSession::explain(int outcome) {
  const int reason = SSL_get_error(ssl_, outcome);
  wants_to_write_ = reason == SSL_ERROR_WANT_WRITE;
  if (reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE) return Progress::blocked();
  if (reason == SSL_ERROR_ZERO_RETURN) return Progress::moved(0);
  const bool socket_broke = reason == SSL_ERROR_SYSCALL && socket_.error() != 0;
  if (failure_.empty() && !socket_broke) {
    const long verified = SSL_get_verify_result(ssl_);
    failure_ = client_ && client_->trust() != TlsClient::Trust::insecure && verified != X509_V_OK
                   ? X509_verify_cert_error_string(verified)
                   : last_error();
  }
  return Progress::failed();
}

void TlsSession::say_goodbye() {
  if (!failure_.empty() || !SSL_is_init_finished(ssl_) ||
      (SSL_get_shutdown(ssl_) & SSL_SENT_SHUTDOWN)) {
    return;
  }
  ERR_clear_error();
  SSL_shutdown(ssl_);
}

bool TlsSession::is_quiet() {
  char byte;
  std::size_t bytes = 0;
  ERR_clear_error();
  const int outcome = SSL_peek_ex(ssl_, &byte, 1, &bytes);
  return outcome != 1 && SSL_get_error(ssl_, outcome) == SSL_ERROR_WANT_READ;
}

bool TlsSession::may_read() {
  return SSL_is_init_finished(ssl_) ? !is_quiet() : socket_.readable();
}

std::string_view TlsSession::alpn() const {
  const unsigned char* name = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl_, &name, &size);
  return {reinterpret_cast<const char*>(name), size};
}

std::string_view TlsSession::server_name() const {
  const char* name = SSL_get_servername(ssl_, TLSEXT_NAMETYPE_host_name);
  return name ? name : std::string_view();
}

std::string_view TlsSession::version() const { return SSL_get_version(ssl_); }

std::string TlsSession::peer_certificate() const {
  X509* certificate = SSL_get0_peer_certificate(ssl_);
  if (certificate == nullptr) return {};
  unsigned char* bytes = nullptr;
  const int size = i2d_X509(certificate, &bytes);
  if (size <= 0) return {};
  std::string der(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
  OPENSSL_free(bytes);
  return der;
}

}  // namespace gatehouse::net
