// SPDX-License-Identifier: Apache-2.0
//
// One request on its way through the gateway: what is known of it so far, and what comes of it.
//
// Stages read and write it; `serve` owns one per connection and makes it ready again for each
// request. Groups below are named after who fills them.
//
// Thread:  belongs to one event loop.
// Memory:  reused from request to request, so a warm one allocates nothing. Views point into the
//          head, which stays in place until the exchange is over.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/digest.h"
#include "gateway/fault.h"
#include "gateway/snapshot.h"
#include "gateway/token_cache.h"
#include "http/head.h"
#include "limits/lease_table.h"
#include "net/address.h"

namespace gatehouse::gateway {

// What a stage says: go on, answer now (`fault`, or `answer_status` of its own), or call it again
// once the need is met.
enum class Flow : std::uint8_t {
  proceed,
  answer,
  need_credential,  // ask the key manager about `credential`, then `verdict` is set
  need_permit,      // ask the owners of the limits in `permit`
};

enum class Credential : std::uint8_t { none, token, api_key, test_key, certificate };

struct Exchange {
  // --- serve: the request
  const http::RequestHead* head = nullptr;
  std::string_view path;  // canonical
  const Snapshot* snapshot = nullptr;
  std::uint64_t snapshot_number = 0;  // of those that the worker has adopted; 0: it has none
  net::Address client;
  bool tls = false;
  bool tls_before_proxy = false;       // a trusted proxy says so
  std::string certificate_thumbprint;  // of the client's certificate, as cnf.x5t#S256 has it
  Tick arrived{};
  Tick turn{};  // of the loop, when stages are called
  Instant now{};

  // --- serve: the route. `operation` is null when the path or the verb is not the API's
  const Api* api = nullptr;
  std::string_view rest;  // of the path, after the context
  const Operation* operation = nullptr;
  bool judged_before = false;  // it is under way: the proof of possession has been used

  // --- upgrade
  bool websocket = false;  // the client asks for one

  // --- authenticate
  Credential credential_kind = Credential::none;
  std::string_view credential;  // the token as the client sent it
  Sha256 credential_hash{};
  // A connection says one token again and again: it is hashed once.
  std::string hashed;
  // Valid until the next wait: in the cache, or in `verdict`.
  Token* token = nullptr;
  model::TenantNumber asked_for = 0;  // whose key managers may know it; 0: ours alone
  std::unique_ptr<Token> verdict;     // what the key manager said, when nothing remembers it
  bool key_manager_failed = false;    // it did not answer
  bool recheck = false;               // what is remembered is old: ask without waiting
  const ApiKey* api_key = nullptr;
  const Certificate* certificate = nullptr;  // that opened the API by itself
  bool api_key_in_query = false;
  bool dpop = false;  // the token came in the scheme DPoP

  // --- authorise
  Standing standing;

  // --- endpoint
  const Backends* backends = nullptr;

  // --- throttle
  struct Demanded {
    FaultCode code{};
    const Policy* policy = nullptr;  // null: the backend's own maximum
    limits::Limit limit;
  };
  limits::Permit permit;
  std::array<Demanded, limits::Permit::demands_max> demanded;
  bool permit_asked = false;         // `permit` has been filled
  bool permit_unanswered = false;    // the owners did not answer in time
  std::size_t passed_unlimited = 0;  // limits whose silent owners let it pass without a permit

  // --- what comes of it
  Fault fault;
  int answer_status = 0;  // of an answer that is no fault: a preflight
  std::string fields;     // of the answer, beside its own: CORS, Allow; lines with CRLF

  // Ready for the next request; keeps its memory.
  void begin(const http::RequestHead& its_head);

  // Ends with a fault.
  Flow fail(FaultCode code, std::uint16_t status = 0) {
    fault.code = code;
    fault.status = status;
    return Flow::answer;
  }
  // Whether the client knows the address of this request as https.
  bool secure() const { return tls || tls_before_proxy; }
  bool failed() const { return fault.code != FaultCode{}; }
};

}  // namespace gatehouse::gateway
