// SPDX-License-Identifier: Apache-2.0
#include "gateway/api.h"

#include "core/log.h"
#include "gateway/hash.h"

namespace gatehouse::gateway {

namespace {

constexpr std::string_view unlimited = "Unlimited";
constexpr std::string_view version_place = "{version}";

bool has(const std::vector<std::string>& list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

}  // namespace

PolicyName::PolicyName(model::TenantNumber of_tenant, model::PolicyLevel at, std::string called)
    : tenant(of_tenant), level(at), name(called == unlimited ? "" : std::move(called)) {
  hash = hash_of(hash_of(name),
                 static_cast<std::uint64_t>(tenant) * 4 + static_cast<std::uint64_t>(level));
}

Result<Backend> parse_backend(std::string_view url, const TlsTrust& trust) {
  GH_TRY(origin, http::Origin::parse(url, trust));
  url.remove_prefix(url.find("://") + 3);
  url = url.substr(0, url.find_first_of("?#"));
  std::string base_path(url.substr(std::min(url.find('/'), url.size())));
  while (base_path.ends_with('/')) base_path.pop_back();
  return Backend{std::move(origin), std::move(base_path)};
}

// What is trusted at the backend of this URL.
static TlsTrust trust_at(const std::string& url, const model::DeployedApi& api,
                         BackendTrust& trust) {
  std::vector<std::string> certificates;
  for (const model::BackendCertificate& each : api.backend_certificates) {
    if (each.url == url) certificates.push_back(each.pem);
  }
  auto wider = trust.with(std::move(certificates));
  if (wider) return *wider;
  log_warning("API {} {}: {}: {}", api.name, api.version, wider.error().message, url);
  return trust.everywhere();
}

static Backends parse_backends(const model::DeployedApi& api, const model::DeployedEndpoints& from,
                               BackendTrust& trust) {
  Backends backends;
  backends.timeout = std::chrono::milliseconds(from.timeout_ms);
  for (const std::string& url : from.urls) {
    Result<Backend> backend = parse_backend(url, trust_at(url, api, trust));
    if (backend) {
      backends.list.push_back(*std::move(backend));
    } else {
      log_warning("API {} {}: {}: {}", api.name, api.version, backend.error().message, url);
    }
  }
  return backends;
}

Api::Api(model::DeployedApi api, BackendTrust& trust, std::uint32_t& next_number)
    : deployed(std::move(api)),
      id_hash(hash_of(deployed.id)),
      production_key(limits::key_of("backend:" + deployed.id + ":PRODUCTION")),
      sandbox_key(limits::key_of("backend:" + deployed.id + ":SANDBOX")),
      production_(parse_backends(deployed, deployed.production, trust)),
      sandbox_(parse_backends(deployed, deployed.sandbox, trust)) {
  token_field_ = FieldName(deployed.authorization_header);
  key_field_ = FieldName(deployed.api_key_header);
  takes_api_key_ = has(deployed.security_schemes, "api_key");
  takes_certificate_ = has(deployed.security_schemes, "mutualssl");
  takes_oauth_ =
      has(deployed.security_schemes, "oauth2") || !(takes_api_key_ || takes_certificate_);
  const bool takes_credential = takes_oauth_ || takes_api_key_;
  needs_certificate_ = takes_certificate_ &&
                       (has(deployed.security_schemes, "mutualssl_mandatory") || !takes_credential);
  needs_credential_ =
      !takes_certificate_ ||
      (has(deployed.security_schemes, "oauth_basic_auth_api_key_mandatory") && takes_credential);
  if (takes_certificate_) {
    for (const model::ApiCertificate& each : deployed.client_certificates) {
      const std::string name = "certificate:" + deployed.id + ":" + each.thumbprint;
      certificates_.push_back(
          {each, PolicyName(deployed.tenant, model::PolicyLevel::subscription, each.policy),
           limits::key_of(name), limits::key_of("burst:" + name)});
    }
  }
  has_api_policy_ = !deployed.api_policy.empty();
  operations_.reserve(deployed.operations.size());
  for (const model::DeployedOperation& from : deployed.operations) {
    Operation operation;
    operation.verb = from.verb;
    operation.target = from.target;
    operation.auth = from.auth;
    operation.scopes = from.scopes;
    operation.policy = PolicyName(deployed.tenant, model::PolicyLevel::api,
                                  has_api_policy_ ? deployed.api_policy : from.policy);
    operation.limit_key = limits::key_of(has_api_policy_ ? "api:" + deployed.id
                                                         : "resource:" + deployed.id + ":" +
                                                               from.target + ":" + from.verb);
    operation.number = next_number++;
    tree_.add(from.target, from.verb, static_cast<TemplateTree::Index>(operations_.size()));
    operations_.push_back(std::move(operation));
  }
}

const Certificate* Api::certificate(std::string_view thumbprint, Instant now) const {
  if (thumbprint.empty()) return nullptr;
  for (const Certificate& each : certificates_) {
    if (each.known.thumbprint != thumbprint) continue;
    const bool holds = each.known.not_before <= now && now < each.known.not_after;
    return holds ? &each : nullptr;
  }
  return nullptr;
}

bool Api::takes_key_manager(std::string_view name) const {
  if (deployed.key_managers.empty()) return true;
  return has(deployed.key_managers, name.empty() ? model::resident_key_manager : name);
}

const Operation* Api::find(std::string_view path, std::string_view verb) const {
  const TemplateTree::Index index = tree_.find(path, verb);
  return index == TemplateTree::none ? nullptr : &operations_[index];
}

std::vector<std::string> Api::contexts() const {
  std::string context = deployed.context;
  if (!context.starts_with('/')) context.insert(0, 1, '/');
  while (context.ends_with('/')) context.pop_back();
  const std::string tenant = "/t/" + deployed.tenant_domain;
  if (deployed.tenant != model::first_tenant && !context.starts_with(tenant + "/")) {
    context.insert(0, tenant);
  }
  std::string with_version = context;
  std::string without = context;
  const std::size_t place = context.find(version_place);
  if (place == std::string::npos) {
    with_version += "/" + deployed.version;
  } else {
    with_version.replace(place, version_place.size(), deployed.version);
    // The slash before it goes, too.
    without.erase(place == 0 ? 0 : place - 1, version_place.size() + 1);
  }
  std::vector<std::string> contexts{std::move(with_version)};
  if (deployed.is_default_version) contexts.push_back(std::move(without));
  return contexts;
}

}  // namespace gatehouse::gateway
