// SPDX-License-Identifier: Apache-2.0
//
// Which node a certificate belongs to, and what that node may read: one that the cluster's
// authority issued, that holds now, that is not on its revocation list, and whose DNS name is on
// our list of nodes.
//
// A verdict is remembered for a minute, so that a node which asks a thousand times a second costs
// one verification of a chain; a refusal is not remembered.
//
// Thread:  any; a mutex is held for a look-up, never while verifying.
// Memory:  at most `remembered_max` verdicts of about 200 bytes.
// Cost:    one SHA-256 of the certificate, when it is remembered.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "http/message.h"
#include "keymanager/authorities.h"

namespace gatehouse::keymanager {

class NodeCertificates {
 public:
  static constexpr std::chrono::seconds remembered_for{60};
  static constexpr std::size_t remembered_max = 4096;

  struct Options {
    Authorities::Files files;
    // "NAME@ENVIRONMENT", or NAME for the default one. NAME is whole ("gw-1.example.org"), or has
    // "*." for one label of any name ("*.gw.example.org"). All that fit a certificate add up.
    std::vector<std::string> names;
  };

  // Knows nobody until load().
  NodeCertificates(Options options, const Clock& clock)
      : options_(std::move(options)), clock_(clock) {}

  // Reads the files, again if need be; what was remembered is forgotten.
  // Error: invalid_argument, naming the file; then the ones before stay in force.
  Result<> load();

  // The node, when a verdict is remembered: no chain is verified. For threads that must not wait.
  std::optional<http::KnownNode> remembered(std::string_view certificate);
  // The node of a certificate in DER.
  // Error: unauthenticated; the detail says why it is not believed.
  Result<http::KnownNode> check(std::string_view certificate);

 private:
  struct Verdict {
    http::KnownNode node;
    Instant until;
  };

  std::optional<http::KnownNode> recall_locked(const std::string& key, Instant now) const;
  Result<Verdict> judge(const Authorities& authorities, std::string_view certificate,
                        Instant now) const;

  const Options options_;
  const Clock& clock_;

  std::mutex mutex_;
  // Guarded by mutex_.
  std::shared_ptr<const Authorities> authorities_;
  std::unordered_map<std::string, Verdict> remembered_;  // by SHA-256
};

}  // namespace gatehouse::keymanager
