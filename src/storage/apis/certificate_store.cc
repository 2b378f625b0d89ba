// SPDX-License-Identifier: Apache-2.0
#include "storage/apis/certificate_store.h"

namespace gatehouse::storage {

namespace {

tl::unexpected<Error> not_there(std::string_view alias) {
  return fail(ErrorCode::not_found, "No such certificate", std::string(alias), 909040);
}

tl::unexpected<Error> taken(const std::string& alias) {
  return fail(ErrorCode::conflict, "The alias or the certificate is taken", alias, 909041);
}

EndpointCertificate endpoint_certificate(const Row& row) {
  return {row.text(0), row.text(1), row.text(2), row.instant(3)};
}

Result<ClientCertificate> client_certificate(const Row& row) {
  GH_TRY(key_type, model::parse_key_type(row.text(2)));
  return ClientCertificate{row.text(0), row.text(1), key_type,      row.text(3),
                           row.text(4), row.text(5), row.instant(6)};
}

Result<std::vector<ClientCertificate>> client_certificates(const std::vector<Row>& rows) {
  std::vector<ClientCertificate> certificates;
  for (const Row& row : rows) {
    GH_TRY(certificate, client_certificate(row));
    certificates.push_back(std::move(certificate));
  }
  return certificates;
}

}  // namespace

Result<EndpointCertificate> EndpointCertificateStore::find(std::string_view alias) const {
  GH_TRY(row, transaction_.query_one("SELECT alias, endpoint, certificate, created_at_ms "
                                     "FROM am_endpoint_certificate "
                                     "WHERE tenant_id = $1 AND alias = $2",
                                     tenant_, alias));
  if (!row) return not_there(alias);
  return endpoint_certificate(*row);
}

Result<Listed<EndpointCertificate>> EndpointCertificateStore::list(const Query& query,
                                                                   const Window& window) const {
  GH_TRY(counted, transaction_.query("SELECT COUNT(*) FROM am_endpoint_certificate "
                                     "WHERE tenant_id = $1 AND ($2 = '' OR alias = $2) "
                                     "AND ($3 = '' OR endpoint = $3)",
                                     tenant_, query.alias, query.endpoint));
  GH_TRY(rows,
         transaction_.query("SELECT alias, endpoint, certificate, created_at_ms "
                            "FROM am_endpoint_certificate WHERE tenant_id = $1 "
                            "AND ($2 = '' OR alias = $2) AND ($3 = '' OR endpoint = $3) "
                            "ORDER BY alias LIMIT $4 OFFSET $5",
                            tenant_, query.alias, query.endpoint, window.limit, window.offset));
  Listed<EndpointCertificate> listed;
  listed.total = counted.front().number(0);
  for (const Row& row : rows) listed.items.push_back(endpoint_certificate(row));
  return listed;
}

Result<> EndpointCertificateStore::insert(const EndpointCertificate& certificate) {
  GH_TRY(same, list({certificate.alias, ""}, Window{0, 1}));
  if (same.total > 0) return taken(certificate.alias);
  GH_CHECK(transaction_.execute(
      "INSERT INTO am_endpoint_certificate (tenant_id, alias, endpoint, certificate, "
      "created_at_ms) VALUES ($1, $2, $3, $4, $5)",
      tenant_, certificate.alias, certificate.endpoint, certificate.certificate,
      certificate.created_at));
  return {};
}

Result<> EndpointCertificateStore::replace(std::string_view alias, const std::string& certificate) {
  GH_CHECK(
      transaction_.execute("UPDATE am_endpoint_certificate SET certificate = $3 "
                           "WHERE tenant_id = $1 AND alias = $2",
                           tenant_, alias, certificate));
  return {};
}

Result<> EndpointCertificateStore::remove(std::string_view alias) {
  GH_CHECK(transaction_.execute(
      "DELETE FROM am_endpoint_certificate WHERE tenant_id = $1 AND alias = $2", tenant_, alias));
  return {};
}

Result<ClientCertificate> ClientCertificateStore::find(const Which& which) const {
  GH_TRY(listed, list(which, Window{0, 1}));
  if (which.alias.empty() || listed.items.empty()) return not_there(which.alias);
  return std::move(listed.items.front());
}

Result<Listed<ClientCertificate>> ClientCertificateStore::list(const Which& which,
                                                               const Window& window) const {
  const std::string_view key_type = model::to_text(which.key_type);
  GH_TRY(counted, transaction_.query("SELECT COUNT(*) FROM am_client_certificate "
                                     "WHERE tenant_id = $1 AND api_id = $2 AND key_type = $3 "
                                     "AND ($4 = '' OR alias = $4)",
                                     tenant_, which.api_id, key_type, which.alias));
  GH_TRY(rows, transaction_.query("SELECT alias, api_id, key_type, tier, certificate, thumbprint, "
                                  "created_at_ms FROM am_client_certificate "
                                  "WHERE tenant_id = $1 AND api_id = $2 AND key_type = $3 "
                                  "AND ($4 = '' OR alias = $4) ORDER BY alias LIMIT $5 OFFSET $6",
                                  tenant_, which.api_id, key_type, which.alias, window.limit,
                                  window.offset));
  Listed<ClientCertificate> listed;
  listed.total = counted.front().number(0);
  GH_TRY(items, client_certificates(rows));
  listed.items = std::move(items);
  return listed;
}

Result<std::vector<std::string>> ClientCertificateStore::users_of_policy(
    std::string_view policy) const {
  GH_TRY(rows, transaction_.query("SELECT alias FROM am_client_certificate "
                                  "WHERE tenant_id = $1 AND tier = $2 ORDER BY alias LIMIT 10",
                                  tenant_, policy));
  std::vector<std::string> aliases;
  for (const Row& row : rows) aliases.push_back(row.text(0));
  return aliases;
}

Result<std::vector<ClientCertificate>> ClientCertificateStore::of_api(
    std::string_view api_id) const {
  GH_TRY(rows, transaction_.query("SELECT alias, api_id, key_type, tier, certificate, thumbprint, "
                                  "created_at_ms FROM am_client_certificate "
                                  "WHERE tenant_id = $1 AND api_id = $2 ORDER BY alias",
                                  tenant_, api_id));
  return client_certificates(rows);
}

Result<> ClientCertificateStore::refuse_second(const ClientCertificate& certificate) const {
  GH_TRY(same, of_api(certificate.api_id));
  for (const ClientCertificate& other : same) {
    if (other.thumbprint == certificate.thumbprint && other.alias != certificate.alias) {
      return taken(other.alias);
    }
  }
  return {};
}

Result<> ClientCertificateStore::insert(const ClientCertificate& certificate) {
  GH_CHECK(refuse_second(certificate));
  GH_TRY(same, transaction_.query("SELECT alias FROM am_client_certificate "
                                  "WHERE tenant_id = $1 AND alias = $2",
                                  tenant_, certificate.alias));
  if (!same.empty()) return taken(certificate.alias);
  GH_CHECK(transaction_.execute(
      "INSERT INTO am_client_certificate (tenant_id, alias, api_id, key_type, tier, certificate, "
      "thumbprint, created_at_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
      tenant_, certificate.alias, certificate.api_id, model::to_text(certificate.key_type),
      certificate.tier, certificate.certificate, certificate.thumbprint, certificate.created_at));
  return {};
}

Result<> ClientCertificateStore::update(const ClientCertificate& certificate) {
  GH_CHECK(refuse_second(certificate));
  GH_CHECK(transaction_.execute(
      "UPDATE am_client_certificate SET tier = $3, certificate = $4, thumbprint = $5 "
      "WHERE tenant_id = $1 AND alias = $2",
      tenant_, certificate.alias, certificate.tier, certificate.certificate,
      certificate.thumbprint));
  return {};
}

Result<> ClientCertificateStore::remove(std::string_view alias) {
  GH_CHECK(transaction_.execute(
      "DELETE FROM am_client_certificate WHERE tenant_id = $1 AND alias = $2", tenant_, alias));
  return {};
}

}  // namespace gatehouse::storage
