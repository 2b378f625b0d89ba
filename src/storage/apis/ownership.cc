// SPDX-License-Identifier: Apache-2.0
#include "storage/apis/ownership.h"

#include "model/snapshot.h"
#include "storage/apis/api_key_store.h"
#include "storage/apis/api_query.h"
#include "storage/apis/deployment_store.h"
#include "storage/apis/search_store.h"

namespace gatehouse::storage {

namespace {

constexpr int names_tried_max = 1'000;

std::vector<std::string> first_column(const std::vector<Row>& rows) {
  std::vector<std::string> texts;
  for (const Row& row : rows) texts.push_back(row.text(0));
  return texts;
}

SearchTerms terms_of_provider(const std::string& name) {
  SearchTerms terms;
  terms.add_mark(provider_mark(name));
  terms.add_words(name, 2);
  return terms;
}

}  // namespace

Result<Ownership::InUse> Ownership::in_use(const std::string& owner_id, std::int64_t limit) const {
  GH_TRY(apis, transaction_.query("SELECT name FROM am_api WHERE tenant_id = $1 "
                                  "AND provider_id = $2 ORDER BY name, id LIMIT $3",
                                  tenant_, owner_id, limit));
  GH_TRY(applications,
         transaction_.query("SELECT p.name FROM am_application p WHERE p.tenant_id = $1 "
                            "AND p.owner_id = $2 AND EXISTS (SELECT 1 FROM am_subscription s "
                            "WHERE s.tenant_id = p.tenant_id AND s.application_id = p.id) "
                            "ORDER BY p.name, p.id LIMIT $3",
                            tenant_, owner_id, limit));
  return InUse{first_column(apis), first_column(applications)};
}

Result<std::vector<ApplicationRow>> Ownership::applications_of(const std::string& owner_id) const {
  ApplicationQuery query;
  query.owner_id = owner_id;
  GH_TRY(listed, ApplicationStore(transaction_, tenant_).list(query, Window{0, INT64_MAX}));
  return std::move(listed.items);
}

Result<std::vector<std::string>> Ownership::free_clients_of(const std::string& owner_id) const {
  GH_TRY(rows,
         transaction_.query("SELECT c.client_id FROM am_client c WHERE c.tenant_id = $1 "
                            "AND c.owner_id = $2 AND NOT EXISTS (SELECT 1 FROM am_key_mapping m "
                            "WHERE m.tenant_id = c.tenant_id AND m.client_id = c.client_id "
                            "AND m.key_manager = $3) ORDER BY c.client_id",
                            tenant_, owner_id, model::resident_key_manager));
  return first_column(rows);
}

Result<> Ownership::rename(const Owner& owner, Instant now) {
  GH_CHECK(pass_apis(owner.id, owner, now));
  GH_TRY(applications, applications_of(owner.id));
  for (ApplicationRow& application : applications) {
    if (text_or(application.document, "owner", "") == owner.name) continue;
    application.document["owner"] = owner.name;
    application.updated_at = now;
    GH_CHECK(ApplicationStore(transaction_, tenant_).update(application));
    transaction_.changed({model::ChangeKind::application, tenant_, application.id, {}, {}});
  }
  return {};
}

Result<> Ownership::pass_apis(const std::string& from_id, const Owner& to, Instant now) {
  GH_TRY(rows, transaction_.query("SELECT id FROM am_api WHERE tenant_id = $1 AND provider_id = $2",
                                  tenant_, from_id));
  for (const Row& row : rows) {
    GH_TRY(api, ApiStore(transaction_, tenant_).find(row.text(0)));
    if (from_id == to.id && text_or(api.document, "provider", "") == to.name) continue;
    api.updated_at = now;
    GH_CHECK(pass_api(std::move(api), to));
  }
  return {};
}

Result<> Ownership::pass_api(ApiRow api, const Owner& to) {
  const std::string before = text_or(api.document, "provider", "");
  api.provider_id = to.id;
  api.document["provider"] = to.name;
  GH_CHECK(ApiStore(transaction_, tenant_).update(api));
  GH_CHECK(pass_revisions(api.id, to));
  GH_CHECK(rename_in_search(api, before, to));
  GH_TRY(environments, DeploymentStore(transaction_, tenant_).environments_of(api.id));
  transaction_.changed({model::ChangeKind::api, tenant_, api.id, environments, environments});
  return {};
}

// A revision is immutable in what it does; whose it is, is no part of that.
Result<> Ownership::pass_revisions(const std::string& api_id, const Owner& to) {
  GH_TRY(rows, transaction_.query("SELECT id, document FROM am_revision "
                                  "WHERE tenant_id = $1 AND api_id = $2",
                                  tenant_, api_id));
  for (const Row& row : rows) {
    GH_TRY(document, stored_document(row.text(1)));
    document["provider"] = to.name;
    GH_CHECK(transaction_.execute(
        "UPDATE am_revision SET document = $3 WHERE tenant_id = $1 AND id = $2", tenant_,
        row.text(0), json::serialize(document)));
  }
  return {};
}

Result<> Ownership::rename_in_search(const ApiRow& api, const std::string& before,
                                     const Owner& to) {
  const SearchTerms gone = terms_of_provider(before);
  for (const auto& [term, weight] : gone.all()) {
    GH_CHECK(
        transaction_.execute("DELETE FROM am_search_term WHERE tenant_id = $1 "
                             "AND object_id = $2 AND term = $3",
                             tenant_, api.id, term));
  }
  // Words that the API itself has beside its provider's name come back.
  SearchTerms come = terms_of_provider(to.name);
  come.add_words(api.name, 8);
  come.add_words(text_or(api.document, "displayName", ""), 8);
  come.add_words(api.context, 4);
  for (const auto& [term, weight] : come.all()) {
    GH_CHECK(transaction_.execute(
        "INSERT INTO am_search_term (tenant_id, term, object_id, weight) VALUES ($1, $2, $3, $4) "
        "ON CONFLICT DO NOTHING",
        tenant_, term, api.id, weight));
  }
  return {};
}

Result<ApplicationRow> Ownership::pass_application(ApplicationRow application, const Owner& to,
                                                   Instant now) {
  ApplicationStore store(transaction_, tenant_);
  const std::string name = application.name;
  for (int number = 2; number < names_tried_max; ++number) {
    ApplicationQuery query;
    query.owner_id = to.id;
    query.name = application.name;
    GH_TRY(same, store.list(query, Window{0, 1}));
    if (same.total == 0) break;
    application.name = fmt::format("{} {}", name, number);
  }
  application.owner_id = to.id;
  application.document["owner"] = to.name;
  application.document["name"] = application.name;
  application.updated_at = now;
  GH_CHECK(store.update(application));
  GH_CHECK(ApiKeyStore(transaction_, tenant_).give(application.id, to.id));
  transaction_.changed({model::ChangeKind::application, tenant_, application.id, {}, {}});
  return application;
}

Result<> Ownership::pass_client(std::string_view client_id, const Owner& to) {
  GH_CHECK(
      transaction_.execute("UPDATE am_client SET owner_id = $3 "
                           "WHERE tenant_id = $1 AND client_id = $2",
                           tenant_, client_id, to.id));
  return {};
}

}  // namespace gatehouse::storage
