// SPDX-License-Identifier: Apache-2.0
//
// Who we are and whom we trust when a connection is encrypted: TLS 1.2 and 1.3, no renegotiation,
// no compression, stateless session tickets.
//
// A context is immutable. New certificates make a new context; connections keep the one they began
// with.
//
// Thread:  any, once made.
// Source:  RFC 8446, RFC 5246, RFC 7301 (ALPN), RFC 6066 (SNI).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/error.h"

struct ssl_ctx_st;

namespace gatehouse::net {

// A pair of PEM files: certificate (then its chain) and private key.
struct CertificateFiles {
  std::string certificate;
  std::string key;
};

// What a server wants to know of its clients. Whoever shows a certificate has proved that the key
// is his; whose it is, and whether it is trusted, the caller judges.
enum class ClientCertificates : std::uint8_t { ignored, asked };

class TlsServer {
 public:
  struct Options {
    CertificateFiles files;
    std::vector<std::string> alpn = {"http/1.1"};  // in the order of preference
    ClientCertificates client_certificates = ClientCertificates::ignored;
  };

  // Error: invalid_argument, naming the file that cannot be read or does not fit.
  static Result<std::shared_ptr<const TlsServer>> open(const Options& options);
  ~TlsServer();
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;

  ssl_ctx_st* context() const { return context_; }
  // The list as it stands on the wire: each name after its length.
  const std::string& alpn() const { return alpn_; }

 private:
  TlsServer() = default;

  ssl_ctx_st* context_ = nullptr;
  std::string alpn_;
};

class TlsClient {
 public:
  enum class Trust : std::uint8_t {
    system,    // the certificate authorities of the machine
    file,      // those of `ca_file` only
    insecure,  // anybody: the peer is not verified
  };
  struct Options {
    Trust trust = Trust::system;
    std::string ca_file;
    CertificateFiles files;  // shown when the server asks for a certificate; empty: none
    std::vector<std::string> alpn;
    // PEM, each one certificate: trusted besides, whoever issued them.
    std::vector<std::string> certificates{};
  };

  // Error: invalid_argument, naming the file that cannot be read or does not fit.
  static Result<std::shared_ptr<const TlsClient>> open(const Options& options);
  // The same with these certificates, too. Cost: about 30 KiB; the authorities are shared.
  Result<std::shared_ptr<const TlsClient>> also_trusting(
      std::vector<std::string> certificates) const;
  ~TlsClient();
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  ssl_ctx_st* context() const { return context_; }
  Trust trust() const { return options_.trust; }
  // Of no other one in this process, gone ones included.
  std::uint64_t number() const { return number_; }

 private:
  explicit TlsClient(Options options);
  // Trusts what `like` does, besides; null: what is read of `options`.
  static Result<std::shared_ptr<const TlsClient>> make(const Options& options, ssl_ctx_st* like);

  const Options options_;
  const std::uint64_t number_;
  ssl_ctx_st* context_ = nullptr;
};

// Writes a new key (EC P-256, mode 0600) and a certificate for `hostname`, localhost, 127.0.0.1 and
// ::1 that signs itself, valid for ten years. Existing files are replaced.
// Error: unavailable, when a file cannot be written.
Result<> make_self_signed(const CertificateFiles& files, const std::string& hostname);

}  // namespace gatehouse::net
