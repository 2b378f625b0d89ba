// SPDX-License-Identifier: Apache-2.0
#include "net/tls.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <array>
#include <atomic>
#include <string_view>

#include "core/pem_password.h"

namespace gatehouse::net {

namespace {

// What both sides have in common: versions, cipher suites with forward secrecy, small idle buffers.
ssl_ctx_st* make_context(const ssl_method_st* method) {
  ssl_ctx_st* context = SSL_CTX_new(method);
  GH_ASSERT(context);
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20");
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_default_passwd_cb(context, no_pem_password);
  SSL_CTX_set_read_ahead(context, 1);  // one system call per record instead of two
  return context;
}

std::string on_the_wire(const std::vector<std::string>& names) {
  std::string wire;
  for (const std::string& name : names) {
    GH_ASSERT(!name.empty() && name.size() < 256);
    wire += static_cast<char>(name.size());
    wire += name;
  }
  return wire;
}

tl::unexpected<Error> refuse(std::string message) {
  std::array<char, 256> reason{};
  ERR_error_string_n(ERR_get_error(), reason.data(), reason.size());
  ERR_clear_error();
  return fail(ErrorCode::invalid_argument, std::move(message), reason.data());
}

Result<> use(ssl_ctx_st* context, const CertificateFiles& files) {
  ERR_clear_error();
  if (SSL_CTX_use_certificate_chain_file(context, files.certificate.c_str()) != 1) {
    return refuse("Cannot use the certificate " + files.certificate);
  }
  if (SSL_CTX_use_PrivateKey_file(context, files.key.c_str(), SSL_FILETYPE_PEM) != 1) {
    return refuse("Cannot use the private key " + files.key);
  }
  return {};
}

// No common protocol ends the handshake: a client that speaks another one must not reach us.
int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* size,
                    const unsigned char* offered, unsigned offered_size, void* argument) {
  const std::string& ours = static_cast<const TlsServer*>(argument)->alpn();
  unsigned char* agreed = nullptr;
  const int outcome =
      SSL_select_next_proto(&agreed, size, reinterpret_cast<const unsigned char*>(ours.data()),
                            static_cast<unsigned>(ours.size()), offered, offered_size);
  *chosen = agreed;
  return outcome == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

// The authorities that are trusted there, without reading them again: a certificate in memory may
// be in many stores.
void share_trusted(ssl_ctx_st* from, ssl_ctx_st* to) {
  X509_STORE* const known = SSL_CTX_get_cert_store(from);
  X509_STORE* const store = SSL_CTX_get_cert_store(to);
  X509_STORE_lock(known);  // a connection may be looking up another one
  const STACK_OF(X509_OBJECT)* const objects = X509_STORE_get0_objects(known);
  for (int i = 0; i < sk_X509_OBJECT_num(objects); ++i) {
    X509* const certificate = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(objects, i));
    if (certificate != nullptr) X509_STORE_add_cert(store, certificate);
  }
  X509_STORE_unlock(known);
}

// A certificate counts by itself, not only as the authority of others.
Result<> add_trusted(ssl_ctx_st* context, const std::string& pem) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> bytes(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free);
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(
      PEM_read_bio_X509(bytes.get(), nullptr, no_pem_password, nullptr), &X509_free);
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  if (certificate == nullptr || X509_STORE_add_cert(store, certificate.get()) != 1) {
    return refuse("Cannot use a certificate that is to be trusted");
  }
  X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
  return {};
}

// Lets every certificate in; OpenSSL has checked by then that the client holds its key.
int accept_any(int, X509_STORE_CTX*) { return 1; }

}  // namespace

Result<std::shared_ptr<const TlsServer>> TlsServer::open(const Options& options) {
  std::shared_ptr<TlsServer> server(new TlsServer);
  server->context_ = make_context(TLS_server_method());
  server->alpn_ = on_the_wire(options.alpn);
  GH_CHECK(use(server->context_, options.files));
  SSL_CTX_set_options(server->context_, SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_num_tickets(server->context_, 1);
  constexpr std::string_view sessions = "gatehouse";
  SSL_CTX_set_session_id_context(server->context_,
                                 reinterpret_cast<const unsigned char*>(sessions.data()),
                                 static_cast<unsigned>(sessions.size()));
  if (options.client_certificates == ClientCertificates::asked) {
    SSL_CTX_set_verify(server->context_, SSL_VERIFY_PEER, accept_any);
  }
  if (!server->alpn_.empty()) {
    SSL_CTX_set_alpn_select_cb(server->context_, choose_protocol, server.get());
  }
  return server;
}

TlsServer::~TlsServer() { SSL_CTX_free(context_); }

TlsClient::TlsClient(Options options)
    : options_(std::move(options)), number_([] {
        static std::atomic<std::uint64_t> made = 0;
        return ++made;
      }()) {}

Result<std::shared_ptr<const TlsClient>> TlsClient::also_trusting(
    std::vector<std::string> certificates) const {
  Options options = options_;
  for (std::string& pem : certificates) options.certificates.push_back(std::move(pem));
  return make(options, context_);
}

Result<std::shared_ptr<const TlsClient>> TlsClient::open(const Options& options) {
  return make(options, nullptr);
}

Result<std::shared_ptr<const TlsClient>> TlsClient::make(const Options& options, ssl_ctx_st* like) {
  std::shared_ptr<TlsClient> client(new TlsClient(options));
  client->context_ = make_context(TLS_client_method());
  if (options.trust != Trust::insecure) {
    SSL_CTX_set_verify(client->context_, SSL_VERIFY_PEER, nullptr);
  }
  const bool read = like == nullptr;
  if (!read) {
    share_trusted(like, client->context_);
    // Those that are looked up by their names when they are needed.
    if (options.trust == Trust::system) SSL_CTX_set_default_verify_dir(client->context_);
  }
  if (read && options.trust == Trust::system &&
      SSL_CTX_set_default_verify_paths(client->context_) != 1) {
    return refuse("Cannot read the certificate authorities of this machine");
  }
  if (read && options.trust == Trust::file &&
      SSL_CTX_load_verify_file(client->context_, options.ca_file.c_str()) != 1) {
    return refuse("Cannot use the certificate authorities in " + options.ca_file);
  }
  for (const std::string& pem : options.certificates) GH_CHECK(add_trusted(client->context_, pem));
  if (!options.files.certificate.empty()) GH_CHECK(use(client->context_, options.files));
  const std::string alpn = on_the_wire(options.alpn);
  SSL_CTX_set_alpn_protos(client->context_, reinterpret_cast<const unsigned char*>(alpn.data()),
                          static_cast<unsigned>(alpn.size()));
  return client;
}

TlsClient::~TlsClient() { SSL_CTX_free(context_); }

}  // namespace gatehouse::net
