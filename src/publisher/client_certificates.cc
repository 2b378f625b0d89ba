// SPDX-License-Identifier: Apache-2.0
//
// /apis/{apiId}/client-certs/{keyType}: certificates by which clients call an API, each with the
// subscription policy that limits it. /apis/{apiId}/client-certificates are those for production.
// They count at once, for whatever revision is deployed.
#include "core/text.h"
#include "publisher/api_writes.h"
#include "publisher/certificate_view.h"
#include "publisher/publisher.h"
#include "rest/problems.h"
#include "storage/apis/certificate_store.h"
#include "storage/apis/policy_store.h"

namespace gatehouse::publisher {

namespace {

using storage::ClientCertificate;
using storage::ClientCertificateStore;
using storage::Transaction;

constexpr std::int64_t certificates_max = 200;  // of an API

json::object metadata(const ClientCertificate& certificate) {
  return {{"alias", certificate.alias}, {"apiId", certificate.api_id}, {"tier", certificate.tier}};
}

Result<model::KeyType> key_type_of(const rest::Call& call) {
  const auto found = call.path.find("keyType");
  if (found == call.path.end()) return model::KeyType::production;
  return model::parse_key_type(found->second);
}

Result<> need_tier(Transaction& transaction, model::TenantNumber tenant, const std::string& tier) {
  GH_TRY(known,
         storage::PolicyStore(transaction, tenant).has(model::PolicyLevel::subscription, tier));
  if (known) return {};
  return rest::refuse_because(rest::policy_name_invalid,
                              fmt::format("There is no subscription policy named '{}'", tier));
}

// Gateways hear of the API again, wherever it is deployed.
Result<> changed(Transaction& transaction, model::TenantNumber tenant, const std::string& api_id) {
  GH_TRY(environments, storage::DeploymentStore(transaction, tenant).environments_of(api_id));
  return announce(transaction, tenant, api_id, std::move(environments));
}

}  // namespace

Result<storage::ApiRow> Publisher::find_to_change(const rest::Call& call) {
  GH_TRY(api, find(call.caller, call.path_value("apiId")));
  GH_CHECK(check_may_change(call.caller, api));
  return api;
}

Result<ClientCertificate> Publisher::find_client_certificate(const rest::Call& call,
                                                             const storage::ApiRow& api) {
  GH_TRY(key_type, key_type_of(call));
  return api_manager_.read([&](Transaction& transaction) {
    return ClientCertificateStore(transaction, call.caller.tenant)
        .find({api.id, key_type, call.path_value("alias")});
  });
}

// GET …?alias: by alias.
Result<rest::Reply> Publisher::list_client_certificates(const rest::Call& call) {
  GH_TRY(api, find(call.caller, call.path_value("apiId")));
  GH_TRY(key_type, key_type_of(call));
  const rest::Page page = call.page();
  GH_TRY(listed, api_manager_.read([&](Transaction& transaction) {
    return ClientCertificateStore(transaction, call.caller.tenant)
        .list({api.id, key_type, call.query_or("alias", "")},
              storage::Window{page.offset, page.limit});
  }));
  json::array list;
  for (const ClientCertificate& item : listed.items) list.push_back(metadata(item));
  return certificate_page(std::move(list), listed.total, call);
}

// POST … (multipart: certificate, alias, tier).
//   400  no certificate, an expired one, or no such subscription policy
//   409  the alias is taken, or the API has the certificate
Result<rest::Reply> Publisher::add_client_certificate(const rest::Call& call) {
  GH_TRY(api, find_to_change(call));
  GH_TRY(key_type, key_type_of(call));
  GH_TRY(uploaded, uploaded_certificate(call, clock_.now()));
  const json::object& body = call.object();
  const ClientCertificate certificate{
      text_or(body, "alias", ""), api.id,      key_type, text_or(body, "tier", ""), uploaded.pem,
      uploaded.thumbprint,        clock_.now()};
  const Result<> stored = api_manager_.write([&](Transaction& transaction) -> Result<> {
    GH_CHECK(need_tier(transaction, call.caller.tenant, certificate.tier));
    ClientCertificateStore certificates(transaction, call.caller.tenant);
    GH_TRY(all, certificates.of_api(api.id));
    if (static_cast<std::int64_t>(all.size()) >= certificates_max) {
      return fail(ErrorCode::invalid_argument, "The API has too many certificates");
    }
    GH_CHECK(certificates.insert(certificate));
    return changed(transaction, call.caller.tenant, api.id);
  });
  GH_CHECK(stored);
  return certificate_added(metadata(certificate),
                           call.resource + "/" + percent_encode(certificate.alias));
}

Result<rest::Reply> Publisher::get_client_certificate(const rest::Call& call) {
  GH_TRY(api, find(call.caller, call.path_value("apiId")));
  GH_TRY(certificate, find_client_certificate(call, api));
  return certificate_info(certificate.certificate, clock_.now());
}

// PUT …/{alias} (multipart: certificate, tier; one of them may be left out).
Result<rest::Reply> Publisher::update_client_certificate(const rest::Call& call) {
  GH_TRY(api, find_to_change(call));
  GH_TRY(certificate, find_client_certificate(call, api));
  if (call.part("certificate") != nullptr) {
    GH_TRY(uploaded, uploaded_certificate(call, clock_.now()));
    certificate.certificate = uploaded.pem;
    certificate.thumbprint = uploaded.thumbprint;
  }
  certificate.tier = text_or(call.object(), "tier", certificate.tier);
  const Result<> stored = api_manager_.write([&](Transaction& transaction) -> Result<> {
    GH_CHECK(need_tier(transaction, call.caller.tenant, certificate.tier));
    GH_CHECK(ClientCertificateStore(transaction, call.caller.tenant).update(certificate));
    return changed(transaction, call.caller.tenant, certificate.api_id);
  });
  GH_CHECK(stored);
  return certificate_added(metadata(certificate), call.resource);
}

Result<rest::Reply> Publisher::delete_client_certificate(const rest::Call& call) {
  GH_TRY(api, find_to_change(call));
  GH_TRY(certificate, find_client_certificate(call, api));
  const Result<> removed = api_manager_.write([&](Transaction& transaction) -> Result<> {
    GH_CHECK(ClientCertificateStore(transaction, call.caller.tenant).remove(certificate.alias));
    return changed(transaction, call.caller.tenant, certificate.api_id);
  });
  GH_CHECK(removed);
  return rest::Reply{};
}

Result<rest::Reply> Publisher::get_client_certificate_file(const rest::Call& call) {
  GH_TRY(api, find(call.caller, call.path_value("apiId")));
  GH_TRY(certificate, find_client_certificate(call, api));
  return certificate_file(std::move(certificate.certificate));
}

}  // namespace gatehouse::publisher
