// SPDX-License-Identifier: Apache-2.0
//
// An API as a worker serves it: what the feed says, made ready so that a request parses, joins and
// hashes nothing.
//
// Thread:  immutable.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/backend_trust.h"
#include "gateway/template_tree.h"
#include "http/field.h"
#include "http/upstream.h"
#include "limits/limit.h"
#include "model/snapshot.h"

namespace gatehouse::gateway {

// The name of a policy with its hash; `none`: nothing is limited.
struct PolicyName {
  PolicyName() = default;
  PolicyName(model::TenantNumber tenant, model::PolicyLevel level, std::string name);

  bool none() const { return name.empty(); }

  model::TenantNumber tenant = model::first_tenant;
  model::PolicyLevel level = model::PolicyLevel::api;
  std::string name;  // empty for "Unlimited", too
  std::uint64_t hash = 0;
};

struct Operation {
  std::string verb;
  std::string target;  // its template
  model::AuthType auth = model::AuthType::any;
  std::vector<std::string> scopes;
  PolicyName policy;         // of the operation, unless the API has one
  limits::Key limit_key;     // of the operation, or of the API
  std::uint32_t number = 0;  // names it in usage; given anew whenever the API changes
};

// A header field that an API names, found by its id where it has one.
struct FieldName {
  FieldName() = default;
  explicit FieldName(std::string name) : text(std::move(name)), id(http::field_id(text)) {}

  bool has_id() const { return id != http::FieldId::other && id != http::FieldId::twin; }

  std::string text;
  http::FieldId id = http::FieldId::other;
};

// One address behind an API.
struct Backend {
  http::Origin origin;
  std::string base_path;  // "" or "/base", no slash at the end
};

// A client's certificate, made ready.
struct Certificate {
  model::ApiCertificate known;
  PolicyName policy;
  limits::Key quota_key;
  limits::Key burst_key;
};

// Error: invalid_argument, when `url` is not "http[s]://host[:port][/base]", or `trust` is null and
// the scheme needs it.
Result<Backend> parse_backend(std::string_view url, const TlsTrust& trust);

struct Backends {
  std::vector<Backend> list;
  std::chrono::milliseconds timeout{30'000};
};

class Api {
 public:
  // `next_number` gives the operations their numbers and moves on. An endpoint whose URL is broken
  // is left out and logged.
  Api(model::DeployedApi deployed, BackendTrust& trust, std::uint32_t& next_number);

  // The operation that serves `path` (what follows the context), or null.
  const Operation* find(std::string_view path, std::string_view verb) const;
  std::vector<std::string> verbs_of(std::string_view path) const { return tree_.verbs_of(path); }

  // Where it is reached: with its version, and without when it is the default one. Those of other
  // tenants begin with /t/<domain>.
  std::vector<std::string> contexts() const;

  const Backends& backends(model::KeyType type) const {
    return type == model::KeyType::production ? production_ : sandbox_;
  }
  // Where the token and the API key are, if the API takes such.
  const FieldName& token_field() const { return token_field_; }
  const FieldName& key_field() const { return key_field_; }
  bool takes_oauth() const { return takes_oauth_; }
  bool takes_api_key() const { return takes_api_key_; }
  // Whether it may be called by a client's certificate alone, and whether one must be shown.
  bool takes_certificate() const { return takes_certificate_; }
  bool needs_certificate() const { return needs_certificate_; }
  // Whether a credential of the request is needed, whatever certificate comes with it.
  bool needs_credential() const { return needs_credential_; }
  // Those by which it is called; null for another one, or before or after its time.
  const Certificate* certificate(std::string_view thumbprint, Instant now) const;
  bool has_api_policy() const { return has_api_policy_; }
  // Whether tokens of this key manager open it; the empty name is our own.
  bool takes_key_manager(std::string_view name) const;

  const model::DeployedApi deployed;
  const std::uint64_t id_hash;
  // Limits of calls per second to the backends.
  const limits::Key production_key;
  const limits::Key sandbox_key;

 private:
  std::vector<Operation> operations_;
  TemplateTree tree_;
  Backends production_;
  Backends sandbox_;
  FieldName token_field_;
  FieldName key_field_;
  bool takes_oauth_ = true;
  bool takes_api_key_ = false;
  bool takes_certificate_ = false;
  bool needs_certificate_ = false;
  bool needs_credential_ = true;
  std::vector<Certificate> certificates_;
  bool has_api_policy_ = false;
};

}  // namespace gatehouse::gateway
