// SPDX-License-Identifier: Apache-2.0
#include "keymanager/foreign/provider_clients.h"

#include <algorithm>

#include "core/digest.h"
#include "core/log.h"
#include "core/text.h"

namespace gatehouse::keymanager {

namespace {

using storage::KeyManagerRow;
using storage::Transaction;

constexpr std::string_view token_sealed_as = "key_manager registration";
constexpr std::string_view record_sealed_as = "provider client";
constexpr std::uint32_t cannot = 901405;

tl::unexpected<Error> refuse(std::string why, std::string detail = "") {
  return fail(ErrorCode::invalid_argument, std::move(why), std::move(detail), cannot);
}

bool has_grant(const std::vector<std::string>& grants, std::string_view grant) {
  return std::ranges::find(grants, grant) != grants.end();
}

// Those of the wish that the server has; it may say nothing of what it has.
std::vector<std::string> grants_for(const KeyManagerRow& provider, const ClientRequest& request) {
  const std::vector<std::string> available = texts_of(provider.document, "availableGrantTypes");
  std::vector<std::string> grants = request.grant_types;
  if (!available.empty()) {
    std::erase_if(grants, [&](const std::string& grant) { return !has_grant(available, grant); });
  }
  return grants;
}

// RFC 7591, section 2.
Result<json::object> metadata_of(const KeyManagerRow& provider, const ClientRequest& request) {
  const std::vector<std::string> grants = grants_for(provider, request);
  if (grants.empty()) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("{} has none of the grant types of these keys", provider.name));
  }
  json::object metadata;
  metadata["client_name"] = request.name;
  metadata["grant_types"] = gatehouse::to_json(grants);
  metadata["response_types"] =
      has_grant(grants, "authorization_code") ? json::array{"code"} : json::array();
  metadata["redirect_uris"] = gatehouse::to_json(request.callback_urls);
  metadata["token_endpoint_auth_method"] = "client_secret_basic";
  return metadata;
}

// RFC 7591, section 3.2.2, as far as the server keeps to it.
std::string words_of(const http::Response& response) {
  const Result<json::object> body = parse_json_object(response.body);
  const json::object none;
  const json::object& said = body ? *body : none;
  return text_or(said, "error_description",
                 text_or(said, "error", fmt::format("status {}", response.status)));
}

bool is_gone(int status) { return status == 401 || status == 404 || status == 410; }

}  // namespace

ProviderClients::ProviderClients(const Resources& resources)
    : apis_(resources.apis),
      clock_(resources.clock),
      random_(resources.random),
      fetcher_(resources.fetcher),
      sealer_(resources.sealer) {}

Result<KeyManagerRow> ProviderClients::provider(model::TenantNumber tenant,
                                                const std::string& name) {
  GH_TRY(row, apis_.read([&](Transaction& transaction) {
    return storage::KeyManagerStore(transaction, tenant).find_usable(name);
  }));
  if (!row.enabled) {
    return fail(ErrorCode::invalid_argument, "The key manager is switched off", name, 901406);
  }
  return row;
}

bool ProviderClients::enter(const std::string& provider_id) {
  const std::lock_guard lock(mutex_);
  if (asking_ >= asking_max || !circuits_[provider_id].enter(clock_.now())) return false;
  ++asking_;
  return true;
}

void ProviderClients::leave(const std::string& provider_id, Outcome outcome) {
  const std::lock_guard lock(mutex_);
  --asking_;
  circuits_[provider_id].leave(outcome, clock_.now());
}

// An answer that blames the caller is one; what it says is the caller's affair.
Result<http::Response> ProviderClients::ask(const KeyManagerRow& provider,
                                            const Question& question) {
  http::Request request = http::make_request(question.method, "");
  if (!question.body.empty()) {
    request.body = json::serialize(question.body);
    request.headers.add("Content-Type", "application/json");
  }
  request.headers.add("Accept", "application/json");
  if (!question.token.empty()) request.headers.add("Authorization", "Bearer " + question.token);
  if (!enter(provider.id)) {
    return fail(ErrorCode::unavailable,
                fmt::format("{} does not answer at present", provider.name));
  }
  Result<http::Response> response = fetcher_.fetch(question.url, std::move(request), deadline);
  const bool answered =
      response ? response->status < 500 : response.error().code != ErrorCode::unavailable;
  leave(provider.id, answered ? Outcome::answered : Outcome::failed);
  if (!answered) {
    return fail(ErrorCode::unavailable, fmt::format("{} does not answer", provider.name),
                response ? fmt::format("status {}", response->status) : response.error().message);
  }
  return response;
}

Result<ProviderClients::Record> ProviderClients::record_of(const Handle& handle) const {
  if (handle.registration.empty()) return Record{};
  GH_TRY(sealed, from_base64(handle.registration));
  GH_TRY(text, sealer_.open(sealed, record_sealed_as));
  GH_TRY(object, parse_json_object(text));
  return Record{.url = text_or(object, "url", ""),
                .token = text_or(object, "token", ""),
                .secret_hash = text_or(object, "secret_hash", "")};
}

// RFC 7591, section 3.2.1; RFC 7592, section 3: address and token may be others than before.
Result<ProviderClients::Made> ProviderClients::made_from(const http::Response& response,
                                                         const Record& before) const {
  GH_TRY(answer, parse_json_object(response.body));
  Made made{.client_id = text_or(answer, "client_id", ""),
            .secret = text_or(answer, "client_secret", ""),
            .registration = {}};
  if (made.client_id.empty()) {
    return fail(ErrorCode::unavailable, "The key manager named no client");
  }
  const json::object record{
      {"url", text_or(answer, "registration_client_uri", before.url)},
      {"token", text_or(answer, "registration_access_token", before.token)},
      {"secret_hash", made.secret.empty() ? before.secret_hash : sha256_hex(made.secret)}};
  made.registration = to_base64(sealer_.seal(json::serialize(record), record_sealed_as, random_));
  return made;
}

Result<ProviderClients::Made> ProviderClients::create(const std::string& key_manager,
                                                      const ClientRequest& request) {
  GH_TRY(row, provider(request.tenant, key_manager));
  if (!storage::makes_clients(row))
    return refuse("The key manager makes no OAuth clients", row.name);
  Question question{.method = "POST",
                    .url = text_or(row.document, "clientRegistrationEndpoint", ""),
                    .token = {},
                    .body = {}};
  GH_TRY(metadata, metadata_of(row, request));
  question.body = std::move(metadata);
  if (!row.registration_token.empty()) {
    GH_TRY(sealed, from_base64(row.registration_token));
    GH_TRY(token, sealer_.open(sealed, token_sealed_as));
    question.token = std::move(token);
  }
  GH_TRY(response, ask(row, question));
  if (response.status != 200 && response.status != 201) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("{} refuses to make the client: {}", row.name, words_of(response)));
  }
  return made_from(response, {});
}

// RFC 7592, section 2.2: everything that is not named is taken away, so all of it is.
Result<ProviderClients::Made> ProviderClients::update(const Handle& handle,
                                                      const ClientRequest& request) {
  GH_TRY(record, record_of(handle));
  GH_TRY(row, provider(handle.tenant, handle.key_manager));
  if (record.url.empty()) return refuse("The key manager lets nobody change a client", row.name);
  GH_TRY(metadata, metadata_of(row, request));
  metadata["client_id"] = handle.client_id;
  const Question question{
      .method = "PUT", .url = record.url, .token = record.token, .body = std::move(metadata)};
  GH_TRY(response, ask(row, question));
  if (response.status == 405 || response.status == 501) {
    return refuse("The key manager lets nobody change a client", row.name);
  }
  if (is_gone(response.status)) {
    return fail(ErrorCode::not_found, fmt::format("{} does not know the client", row.name),
                words_of(response));
  }
  if (response.status != 200) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("{} refuses the change: {}", row.name, words_of(response)));
  }
  GH_TRY(made, made_from(response, record));
  if (sha256_hex(made.secret) == record.secret_hash) made.secret.clear();
  return made;
}

Result<> ProviderClients::remove(const Handle& handle) {
  GH_TRY(record, record_of(handle));
  if (record.url.empty()) {
    log_info("client {} stays at {}, which lets nobody remove it", handle.client_id,
             handle.key_manager);
    return {};
  }
  GH_TRY(row, provider(handle.tenant, handle.key_manager));
  GH_TRY(response,
         ask(row, {.method = "DELETE", .url = record.url, .token = record.token, .body = {}}));
  if (response.status >= 300 && !is_gone(response.status)) {
    log_warning("client {} stays at {}: {}", handle.client_id, row.name, words_of(response));
  }
  return {};
}

}  // namespace gatehouse::keymanager
