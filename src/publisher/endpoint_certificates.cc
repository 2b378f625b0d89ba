// SPDX-License-Identifier: Apache-2.0
//
// /endpoint-certificates: of backends that no authority vouches for. Whoever connects to such a
// backend trusts them besides the authorities of the machine; the name in the certificate counts
// all the same.
#include "core/text.h"
#include "publisher/api_document.h"
#include "publisher/certificate_view.h"
#include "publisher/deployed_api.h"
#include "publisher/endpoint_origin.h"
#include "publisher/publisher.h"
#include "rest/problems.h"
#include "storage/apis/certificate_store.h"

namespace gatehouse::publisher {

namespace {

using storage::EndpointCertificate;
using storage::EndpointCertificateStore;
using storage::Transaction;
using storage::Window;

constexpr std::int64_t certificates_max = 1000;  // of a tenant: its APIs carry them to gateways

json::object metadata(const EndpointCertificate& certificate) {
  return {{"alias", certificate.alias}, {"endpoint", certificate.endpoint}};
}

// Every API of the tenant goes to the gateways again: which of them use the endpoint, only their
// deployed revisions say.
void changed(Transaction& transaction, model::TenantNumber tenant) {
  transaction.changed({model::ChangeKind::tenant, tenant, fmt::format("{}", tenant), {}, {}});
}

bool uses(const storage::ApiRow& api, const std::string& origin) {
  const auto deployed = deployed_api(api.document);
  if (!deployed) return false;
  const std::vector<std::string> urls = urls_of(*deployed);
  return std::any_of(urls.begin(), urls.end(),
                     [&](const std::string& url) { return tls_origin(url) == origin; });
}

}  // namespace

Result<EndpointCertificate> Publisher::find_endpoint_certificate(const rest::Call& call) {
  return api_manager_.read([&](Transaction& transaction) {
    return EndpointCertificateStore(transaction, call.caller.tenant).find(call.path_value("alias"));
  });
}

// GET /endpoint-certificates?alias&endpoint: by alias.
Result<rest::Reply> Publisher::list_endpoint_certificates(const rest::Call& call) {
  const rest::Page page = call.page();
  GH_TRY(listed, api_manager_.read([&](Transaction& transaction) {
    return EndpointCertificateStore(transaction, call.caller.tenant)
        .list({call.query_or("alias", ""), call.query_or("endpoint", "")},
              Window{page.offset, page.limit});
  }));
  json::array list;
  for (const EndpointCertificate& item : listed.items) list.push_back(metadata(item));
  return certificate_page(std::move(list), listed.total, call);
}

// POST /endpoint-certificates (multipart: certificate, alias, endpoint).
//   400  no certificate, an expired one, or an endpoint without TLS
//   409  the alias is taken
Result<rest::Reply> Publisher::add_endpoint_certificate(const rest::Call& call) {
  GH_TRY(uploaded, uploaded_certificate(call, clock_.now()));
  const EndpointCertificate certificate{text_or(call.object(), "alias", ""),
                                        text_or(call.object(), "endpoint", ""), uploaded.pem,
                                        clock_.now()};
  if (tls_origin(certificate.endpoint).empty()) {
    return rest::refuse_because(rest::endpoint_url_invalid,
                                "'endpoint' is neither an https URL nor a host");
  }
  const Result<> stored = api_manager_.write([&](Transaction& transaction) -> Result<> {
    EndpointCertificateStore certificates(transaction, call.caller.tenant);
    GH_TRY(all, certificates.list({}, Window{0, 1}));
    if (all.total >= certificates_max) {
      return fail(ErrorCode::invalid_argument, "The tenant has too many certificates");
    }
    GH_CHECK(certificates.insert(certificate));
    changed(transaction, call.caller.tenant);
    return {};
  });
  GH_CHECK(stored);
  return certificate_added(metadata(certificate),
                           "/endpoint-certificates/" + percent_encode(certificate.alias));
}

Result<rest::Reply> Publisher::get_endpoint_certificate(const rest::Call& call) {
  GH_TRY(certificate, find_endpoint_certificate(call));
  return certificate_info(certificate.certificate, clock_.now());
}

// PUT /endpoint-certificates/{alias} (multipart: certificate): another one for the same endpoint.
Result<rest::Reply> Publisher::update_endpoint_certificate(const rest::Call& call) {
  GH_TRY(certificate, find_endpoint_certificate(call));
  GH_TRY(uploaded, uploaded_certificate(call, clock_.now()));
  const Result<> stored = api_manager_.write([&](Transaction& transaction) -> Result<> {
    GH_CHECK(EndpointCertificateStore(transaction, call.caller.tenant)
                 .replace(certificate.alias, uploaded.pem));
    changed(transaction, call.caller.tenant);
    return {};
  });
  GH_CHECK(stored);
  return certificate_added(metadata(certificate), call.resource);
}

Result<rest::Reply> Publisher::delete_endpoint_certificate(const rest::Call& call) {
  GH_TRY(certificate, find_endpoint_certificate(call));
  const Result<> removed = api_manager_.write([&](Transaction& transaction) -> Result<> {
    GH_CHECK(EndpointCertificateStore(transaction, call.caller.tenant).remove(certificate.alias));
    changed(transaction, call.caller.tenant);
    return {};
  });
  GH_CHECK(removed);
  return rest::Reply{};
}

Result<rest::Reply> Publisher::get_endpoint_certificate_file(const rest::Call& call) {
  GH_TRY(certificate, find_endpoint_certificate(call));
  return certificate_file(std::move(certificate.certificate));
}

// GET /endpoint-certificates/{alias}/usage: APIs whose working copies have a backend there and that
// the caller may see, by name and version.
Result<rest::Reply> Publisher::list_certificate_users(const rest::Call& call) {
  GH_TRY(certificate, find_endpoint_certificate(call));
  const std::string origin = tls_origin(certificate.endpoint);
  storage::ApiQuery query;
  query.audience = editor_audience(call.caller);
  GH_TRY(apis, api_manager_.read([&](Transaction& transaction) {
    return storage::ApiStore(transaction, call.caller.tenant).list(query, Window{0, INT64_MAX});
  }));
  const rest::Page page = call.page();
  std::int64_t total = 0;
  json::array list;
  for (const storage::ApiRow& api : apis.items) {
    if (!uses(api, origin)) continue;
    const std::int64_t place = total++;
    if (place < page.offset || place >= page.offset + page.limit) continue;
    list.push_back(json::object{{"id", api.id},
                                {"name", api.name},
                                {"context", api.context},
                                {"version", api.api_version},
                                {"provider", text_or(api.document, "provider", "")}});
  }
  return rest::ok(rest::page_of(std::move(list), total, call));
}

}  // namespace gatehouse::publisher
