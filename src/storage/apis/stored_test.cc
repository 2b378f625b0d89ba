// SPDX-License-Identifier: Apache-2.0
//
// Every store that keeps rows of tenants: what one tenant does, the other neither sees nor loses.
#include "storage/apis/stored.h"

#include <gtest/gtest.h>

#include "storage/apis/api_key_store.h"
#include "storage/apis/api_scope_store.h"
#include "storage/apis/api_store.h"
#include "storage/apis/application_store.h"
#include "storage/apis/client_store.h"
#include "storage/apis/consent_store.h"
#include "storage/apis/deployment_store.h"
#include "storage/apis/environment_store.h"
#include "storage/apis/key_manager_store.h"
#include "storage/apis/key_mapping_store.h"
#include "storage/apis/lifecycle_store.h"
#include "storage/apis/policy_store.h"
#include "storage/apis/revision_store.h"
#include "storage/apis/revocation_store.h"
#include "storage/apis/search_store.h"
#include "storage/apis/signing_key_store.h"
#include "storage/apis/subscription_store.h"
#include "storage/apis/token_store.h"
#include "storage/apis/trusted_issuer_store.h"
#include "storage/apis/usage_store.h"
#include "storage/apis/used_proof_store.h"
#include "storage/test_databases.h"
#include "storage/users/profile_store.h"
#include "storage/users/role_store.h"
#include "storage/users/second_factor_store.h"
#include "storage/users/user_store.h"

namespace gatehouse::storage {
namespace {

using model::TenantNumber;

constexpr Instant then = Instant(std::chrono::seconds(1'000));
const Occurrence occurrence_of_test{"o", then};

// What a store holds under the one name that both tenants use: the text that was put, or nothing.
using Held = std::optional<std::string>;

// A store by its actions on that name. `put` comes once for each tenant, with another text each.
struct StoreCase {
  const char* name;
  enum class Where { apis, users } where;
  std::function<Result<>(Transaction&, TenantNumber, const std::string& text)> put;
  std::function<Result<Held>(Transaction&, TenantNumber)> held;
  std::function<Result<>(Transaction&, TenantNumber)> remove;
};

// Nothing for not_found.
template <typename Row, typename Text>
Result<Held> held_of(const Result<Row>& found, Text text) {
  if (found) return Held(text(*found));
  if (found.error().code == ErrorCode::not_found) return Held();
  return tl::unexpected<Error>(found.error());
}

// What a list has, each by its text.
template <typename Rows, typename Text>
Result<Held> all_of(const Result<Rows>& rows, Text text) {
  if (!rows) return tl::unexpected<Error>(rows.error());
  std::vector<std::string> texts;
  for (const auto& row : *rows) texts.push_back(text(row));
  return texts.empty() ? Held() : Held(join(texts, ","));
}

std::string text_in(const json::object& document) { return text_or(document, "text", ""); }

std::vector<StoreCase> contents_of_apis() {
  constexpr auto apis = StoreCase::Where::apis;
  return {
      {"Api", apis,
       [](Transaction& t, TenantNumber tenant, const std::string& text) {
         ApiRow row;
         row.id = row.name = row.context = row.full_context = "x";
         row.document["text"] = text;
         return ApiStore(t, tenant).insert(row);
       },
       [](Transaction& t, TenantNumber tenant) {
         return held_of(ApiStore(t, tenant).find("x"),
                        [](const ApiRow& row) { return text_in(row.document); });
       },
       [](Transaction& t, TenantNumber tenant) { return ApiStore(t, tenant).remove("x"); }},
      {"ApisOfAContext", apis,
       [](Transaction& t, TenantNumber tenant, const std::string& text) {
         ApiRow row;
         row.id = text;
         row.name = row.context = row.full_context = "y";
         return ApiStore(t, tenant).insert(row);
       },
       [](Transaction& t, TenantNumber tenant) {
         return all_of(ApiStore(t, tenant).of_context("y"),
                       [](const ApiRow& row) { return row.id; });
       },
       [](Transaction& t, TenantNumber tenant) {
         return ApiStore(t, tenant).remove(tenant == 1 ? "one" : "two");
       }},
      {"ApiScopes", apis,
       [](Transaction& t, TenantNumber tenant, const std::string& text) {
         return ApiScopeStore(t, tenant).put("x", {{"x", "scope", {text}}});
       },
       [](Transaction& t, TenantNumber tenant) {
         return all_of(ApiScopeStore(t, tenant).find("scope"),
                       [](const ApiScope& scope) { return join(scope.roles, " "); });
       },
       [](Transaction& t, TenantNumber tenant) { return ApiScopeStore(t, tenant).put("x", {}); }},
      {"Deployments", apis,
       [](Transaction& t, TenantNumber tenant, const std::string& text) {
         return DeploymentStore(t, tenant).put({"x", "Default", text, "host", true, then});
       },
       [](Transaction& t, TenantNumber tenant) {
         return all_of(DeploymentStore(t, tenant).of_api("x"),
                       [](const DeploymentRow& row) { return row.revision_id; });
       },
       [](Transaction& t, TenantNumber tenant) {
         return DeploymentStore(t, tenant).remove_all("x");
       }},
  };
}

std::vector<StoreCase> history_of_apis() {
  constexpr auto apis = StoreCase::Where::apis;
  return {
      {"Lifecycle", apis,
       [](Transaction& t, TenantNumber tenant, const std::string& text) {
         return LifecycleStore(t, tenant).append({"x", "x", "", text, "u", then});
       },
       [](Transaction& t, TenantNumber tenant) {
         return all_of(LifecycleStore(t, tenant).list("x"),
                       [](const LifecycleEvent& event) { return event.state_after; });
       },
       [](Transaction& t, TenantNumber tenant) {
         return LifecycleStore(t, tenant).remove_all("x");
       }},
      {"Revisions", apis,
       [](Transaction& t, TenantNumber tenant, const std::string& text) {
         return RevisionStore(t, tenant).insert({"x", "x", 1, text, {}, "", "u", then});
       },
       [](Transaction& t, TenantNumber tenant) {
         return held_of(RevisionStore(t, tenant).find("x", "x"),
                        [](const RevisionRow& row) { return row.description; });
       },
       [](Transaction& t, TenantNumber tenant) {
         return RevisionStore(t, tenant).remove("x", "x");
       }},
      {"Search", apis,
       [](Transaction& t, TenantNumber tenant, const std::string& text) {
         SearchTerms terms;
         terms.add_words("word", 1);
         return SearchStore(t, tenant).put(text, terms);
       },
       [](Transaction& t, TenantNumber tenant) {
         return all_of(SearchStore(t, tenant).objects_with("word", 10),
                       [](const std::string& id) { return id; });
       },
       [](Transaction& t, TenantNumber tenant) {
         return SearchStore(t, tenant).remove(tenant == 1 ? "one" : "two");
       }},
      {"Usage", apis,
       [](Transaction& t, TenantNumber tenant, const std::string& text) {
         return UsageStore(t, tenant).add({.key = {.minute = then,
                                                   .api_id = "x",
                                                   .resource = "r",
                                                   .application_id = "a",
                                                   .key_type = "k"},
                                           .count = text == "one" ? 1 : 2});
       },
       [](Transaction& t, TenantNumber tenant) {
         UsageQuery query;
         query.from = then;
         query.to = then + std::chrono::hours(1);
         return all_of(UsageStore(t, tenant).list(query),
                       [](const UsageRow& row) { return row.count == 1 ? "one" : "two"; });
       },
       nullptr},
  };
}

std::vector<StoreCase> contents_of_applications() {
  constexpr auto apis = StoreCase::Where::apis;
  return {
      {"Application", apis,
       [](Transaction& t, TenantNumber tenant, const std::string& text) {
         ApplicationRow row;
         row.id = row.owner_id = row.name = "x";
         row.document["text"] = text;
         return ApplicationStore(t, tenant).insert(row);
       },
       [](Transaction& t, TenantNumber tenant) -> Result<Held> {
         GH_TRY(listed, ApplicationStore(t, tenant).list({.owner_id = "x", .name = "x"}, {}));
         GH_TRY(all, ApplicationStore(t, tenant).list({}, {}));
         if (all.total != listed.total) return Held("lists differ");
         return held_of(ApplicationStore(t, tenant).find("x"),
                        [](const ApplicationRow& row) { return text_in(row.document); });
       },
       [](Transaction& t, TenantNumber tenant) { return ApplicationStore(t, tenant).remove("x"); }},
      {"Subscription", apis,
       [](Transaction& t, TenantNumber tenant, const std::string& text) {
         return SubscriptionStore(t, tenant).insert(
             {"x", "api", "application", text, "UNBLOCKED", {}, 0, then, then});
       },
       [](Transaction& t, TenantNumber tenant) -> Result<Held> {
         const SubscriptionStore store(t, tenant);
         for (const SubscriptionQuery& query :
              {SubscriptionQuery{}, SubscriptionQuery{"api", "", "", ""},
               SubscriptionQuery{"", "application", "", "UNBLOCKED"}}) {
           GH_TRY(listed, store.list(query, {}));
           GH_TRY(all, store.count({}));
           if (listed.total != all) return Held("lists differ");
         }
         return held_of(store.find("x"), [](const SubscriptionRow& row) { return row.policy; });
       },
       [](Transaction& t, TenantNumber tenant) -> Result<> {
         GH_TRY(row, SubscriptionStore(t, tenant).find("x"));
         return SubscriptionStore(t, tenant).remove(row);
       }},
  };
}

std::vector<StoreCase> keys_of_applications() {
  constexpr auto apis = StoreCase::Where::apis;
  return {
      {"ApiKey", apis,
       [](Transaction& t, TenantNumber tenant, const std::string& text) {
         ApiKeyRow row;
         row.id = row.application_id = "x";
         row.hash = std::string(32, text.front());
         row.name = text;
         return ApiKeyStore(t, tenant).insert(row);
       },
       [](Transaction& t, TenantNumber tenant) {
         return held_of(ApiKeyStore(t, tenant).find("x"),
                        [](const ApiKeyRow& row) { return row.name; });
       },
       [](Transaction& t, TenantNumber tenant) { return ApiKeyStore(t, tenant).remove("x"); }},
      {"KeyMapping", apis,
       [](Transaction& t, TenantNumber tenant, const std::string& text) {
         return KeyMappingStore(t).insert({.tenant = tenant,
                                           .id = "x",
                                           .application_id = "x",
                                           .key_manager = "k",
                                           .client_id = text,
                                           .mode = "CREATED",
                                           .state = "APPROVED",
                                           .document = {}});
       },
       [](Transaction& t, TenantNumber tenant) -> Result<Held> {
         GH_TRY(listed, KeyMappingStore(t).list(tenant, "x"));
         if (listed.size() > 1) return Held("too many");
         return held_of(KeyMappingStore(t).find(tenant, "x"),
                        [](const KeyMapping& mapping) { return mapping.client_id; });
       },
       [](Transaction& t, TenantNumber tenant) -> Result<> {
         GH_TRY(mapping, KeyMappingStore(t).find(tenant, "x"));
         return KeyMappingStore(t).remove(mapping);
       }},
      {"Consent", apis,
       [](Transaction& t, TenantNumber tenant, const std::string& text) {
         return ConsentStore(t, tenant).put({"u", "c", {text}, then});
       },
       [](Transaction& t, TenantNumber tenant) -> Result<Held> {
         GH_TRY(consent, ConsentStore(t, tenant).find("u", "c"));
         return consent ? Held(join(consent->scopes, " ")) : Held();
       },
       nullptr},
  };
}

std::vector<StoreCase> contents_of_settings() {
  constexpr auto apis = StoreCase::Where::apis;
  return {
      {"Environment", apis,
       [](Transaction& t, TenantNumber tenant, const std::string& text) {
         return EnvironmentStore(t, tenant).insert({"x", "x", {{"text", text}}, 0, then});
       },
       [](Transaction& t, TenantNumber tenant) {
         return held_of(EnvironmentStore(t, tenant).find_by_name("x"),
                        [](const EnvironmentRow& row) { return text_in(row.document); });
       },
       [](Transaction& t, TenantNumber tenant) { return EnvironmentStore(t, tenant).remove("x"); }},
      {"KeyManager", apis,
       [](Transaction& t, TenantNumber tenant, const std::string& text) {
         KeyManagerRow row;
         row.tenant = tenant;
         row.id = row.name = "x";
         row.document["text"] = text;
         return KeyManagerStore(t, tenant).insert(row);
       },
       [](Transaction& t, TenantNumber tenant) {
         return held_of(KeyManagerStore(t, tenant).find_usable("x"),
                        [](const KeyManagerRow& row) { return text_in(row.document); });
       },
       [](Transaction& t, TenantNumber tenant) { return KeyManagerStore(t, tenant).remove("x"); }},
      {"Policy", apis,
       [](Transaction& t, TenantNumber tenant, const std::string& text) {
         PolicyRow row;
         row.id = row.name = "x";
         row.document["text"] = text;
         return PolicyStore(t, tenant).insert(row);
       },
       [](Transaction& t, TenantNumber tenant) {
         return held_of(PolicyStore(t, tenant).find_by_name(model::PolicyLevel::application, "x"),
                        [](const PolicyRow& row) { return text_in(row.document); });
       },
       [](Transaction& t, TenantNumber tenant) { return PolicyStore(t, tenant).remove("x"); }},
      {"TrustedIssuer", apis,
       [](Transaction& t, TenantNumber tenant, const std::string& text) {
         return TrustedIssuerStore(t, tenant).put({"x", {{"text", text}}});
       },
       [](Transaction& t, TenantNumber tenant) -> Result<Held> {
         GH_TRY(issuer, TrustedIssuerStore(t, tenant).find("x"));
         return issuer ? Held(text_in(issuer->document)) : Held();
       },
       [](Transaction& t, TenantNumber tenant) {
         return TrustedIssuerStore(t, tenant).remove("x");
       }},
  };
}

std::vector<StoreCase> contents_of_users() {
  constexpr auto users = StoreCase::Where::users;
  return {
      {"User", users,
       [](Transaction& t, TenantNumber tenant, const std::string& text) {
         return UserStore(t, tenant).insert(
             {.id = text, .name = "x", .password = "p", .created_at = then});
       },
       [](Transaction& t, TenantNumber tenant) {
         return held_of(UserStore(t, tenant).find_by_name("x"),
                        [](const User& user) { return user.id; });
       },
       [](Transaction& t, TenantNumber tenant) {
         return UserStore(t, tenant).remove(tenant == 1 ? "one" : "two", occurrence_of_test);
       }},
      {"Profile", users,
       [](Transaction& t, TenantNumber tenant, const std::string& text) {
         return ProfileStore(t, tenant).replace("u", {{"text", text}});
       },
       [](Transaction& t, TenantNumber tenant) -> Result<Held> {
         GH_TRY(document, ProfileStore(t, tenant).of("u"));
         return document.empty() ? Held() : Held(text_in(document));
       },
       [](Transaction& t, TenantNumber tenant) { return ProfileStore(t, tenant).remove("u"); }},
      {"Role", users,
       [](Transaction& t, TenantNumber tenant, const std::string& text) -> Result<> {
         RoleStore store(t, tenant);
         GH_CHECK(store.insert({text, false}));
         return store.set_scope("scope", {text});
       },
       [](Transaction& t, TenantNumber tenant) {
         return all_of(RoleStore(t, tenant).roles_of_scope("scope"),
                       [](const std::string& role) { return role; });
       },
       [](Transaction& t, TenantNumber tenant) -> Result<> {
         return RoleStore(t, tenant).set_scope("scope", {});
       }},
      {"SecondFactor", users,
       [](Transaction& t, TenantNumber tenant, const std::string& text) {
         return SecondFactorStore(t, tenant).put({"u", text, 0, then}, {std::string(32, 'h')});
       },
       [](Transaction& t, TenantNumber tenant) -> Result<Held> {
         GH_TRY(factor, SecondFactorStore(t, tenant).find("u"));
         GH_TRY(codes, SecondFactorStore(t, tenant).recovery_codes_left("u"));
         if (codes != (factor ? 1 : 0)) return Held("codes of another");
         return factor ? Held(factor->sealed) : Held();
       },
       [](Transaction& t, TenantNumber tenant) {
         return SecondFactorStore(t, tenant).remove("u");
       }},
  };
}

std::vector<StoreCase> all_stores() {
  std::vector<StoreCase> all;
  for (auto* const some : {&contents_of_apis, &history_of_apis, &contents_of_applications,
                           &keys_of_applications, &contents_of_settings, &contents_of_users}) {
    std::ranges::move(some(), std::back_inserter(all));
  }
  return all;
}

class TwoTenants : public ::testing::TestWithParam<TestEngine> {
 protected:
  Database& database(const StoreCase& store) {
    return store.where == StoreCase::Where::apis ? databases_.api_manager()
                                                 : databases_.user_manager();
  }
  Held held(const StoreCase& store, TenantNumber tenant) {
    const auto read = database(store).read(
        [&](Transaction& transaction) { return store.held(transaction, tenant); });
    EXPECT_TRUE(read) << read.error().message << read.error().detail;
    return read ? *read : Held("cannot be read");
  }
  void put(const StoreCase& store, TenantNumber tenant, const std::string& text) {
    const Result<> done = database(store).write(
        [&](Transaction& transaction) { return store.put(transaction, tenant, text); });
    EXPECT_TRUE(done) << done.error().message << done.error().detail;
  }

  TestDatabases databases_{GetParam()};
};

TEST_P(TwoTenants, NeitherSeeNorLoseWhatTheOtherKeepsUnderTheSameName) {
  for (const StoreCase& store : all_stores()) {
    SCOPED_TRACE(store.name);
    put(store, 1, "one");
    EXPECT_EQ(held(store, 2), Held());
    if (store.remove) {
      // Removing what only the other has is an error or nothing; it takes nothing away.
      static_cast<void>(
          database(store)
              .write([&](Transaction& transaction) { return store.remove(transaction, 2); })
              .has_value());
      EXPECT_EQ(held(store, 1), Held("one"));
    }
    put(store, 2, "two");
    EXPECT_EQ(held(store, 1), Held("one"));
    EXPECT_EQ(held(store, 2), Held("two"));
    if (!store.remove) continue;
    EXPECT_TRUE(database(store).write(
        [&](Transaction& transaction) { return store.remove(transaction, 2); }));
    EXPECT_EQ(held(store, 1), Held("one"));
    EXPECT_EQ(held(store, 2), Held());
  }
}

// Clients, tokens, proofs and revocations are found before their tenant is known; what is done to
// them names it.
TEST_P(TwoTenants, DoNothingToEachOthersClientsTokensAndProofs) {
  const auto done = databases_.api_manager().write([&](Transaction& transaction) -> Result<> {
    ClientStore clients(transaction);
    Client one;
    one.client_id = "c";
    GH_CHECK(clients.insert(one));
    GH_CHECK(clients.add_secret(one, {"s", "h", "", "", then, {}}, 5));
    Client stranger = one;
    stranger.tenant = 2;
    static_cast<void>(clients.remove_secrets(stranger).has_value());
    static_cast<void>(clients.remove_secret(stranger, "s").has_value());
    GH_TRY(secrets, clients.secrets(one));
    EXPECT_EQ(secrets.size(), 1U);
    GH_TRY(others, clients.secrets(stranger));
    EXPECT_TRUE(others.empty());

    TokenStore tokens(transaction);
    const StoredToken token{.hash = std::string(32, 't'),
                            .family = "f",
                            .client_id = "c",
                            .user_id = "u",
                            .issued_at = then,
                            .expires_at = then + std::chrono::hours(1)};
    tokens.insert(token);
    tokens.remove_families(2, std::vector<std::string>{"f"});
    tokens.remove_of_client(2, "c");
    tokens.remove_of_user(2, "u");
    tokens.remove_of({2, "c", "u"});
    StoredToken of_stranger = token;
    of_stranger.tenant = 2;
    GH_TRY(used, tokens.use(of_stranger, then));
    EXPECT_FALSE(used);
    const Instant end =
        std::chrono::floor<std::chrono::hours>(token.expires_at) + std::chrono::hours(1);
    GH_TRY(found, tokens.find(token.hash, end));
    EXPECT_TRUE(found && !found->used());

    UsedProofStore proofs(transaction);
    GH_TRY(first, proofs.use(1, "p", then));
    GH_TRY(second, proofs.use(2, "p", then));
    GH_TRY(again, proofs.use(2, "p", then));
    EXPECT_TRUE(first && second && !again);

    std::vector<model::Revocation> revoked{{0, 2, "family", "f", then, then}};
    GH_CHECK(RevocationStore(transaction).append(revoked));
    const TokenNames names{1, "t", "f", "c", "u", then};
    GH_TRY(covered, RevocationStore(transaction).covers(names));
    EXPECT_FALSE(covered);
    return {};
  });
  EXPECT_TRUE(done) << done.error().message << done.error().detail;
}

INSTANTIATE_TEST_SUITE_P(Engines, TwoTenants,
                         ::testing::Values(TestEngine::sqlite, TestEngine::postgresql),
                         [](const auto& engine) { return to_text(engine.param); });

}  // namespace
}  // namespace gatehouse::storage
