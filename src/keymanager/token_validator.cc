// SPDX-License-Identifier: Apache-2.0
#include "keymanager/token_validator.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "core/digest.h"
#include "jose/claims.h"
#include "jose/opaque_token.h"
#include "keymanager/access_claims.h"
#include "storage/apis/client_store.h"
#include "storage/apis/revocation_store.h"
#include "storage/apis/token_store.h"

namespace gatehouse::keymanager {

namespace {

using model::Validation;
using storage::Transaction;

constexpr std::size_t json_bytes_usual = 512;  // of one validation

Validation inactive(std::uint32_t code) {
  Validation validation;
  validation.code = code;
  return validation;
}

void add_details(Validation& validation, TokenDetails details) {
  validation.key_thumbprint = std::move(details.key_thumbprint);
  validation.certificate_thumbprint = std::move(details.certificate_thumbprint);
  validation.audiences = std::move(details.audiences);
  validation.actor = std::move(details.actor);
  validation.user_tenant = details.user_tenant;
}

}  // namespace

// A token that must be looked up, and where its answer goes.
struct TokenValidator::Question {
  const std::string& token;
  std::string hash;
  std::size_t place;
  std::optional<AccessClaims> claims;  // of a JWT whose signature and times hold
};

TokenValidator::TokenValidator(const Resources& resources, const Options& options,
                               const SigningKeys& keys, const Directory& directory,
                               const ScopePolicy& scopes)
    : apis_(resources.apis),
      clock_(resources.clock),
      keys_(keys),
      directory_(directory),
      scopes_(scopes),
      issuer_(options.issuer),
      validations_(resources.metrics.counter("gatehouse_key_validations_total", "",
                                             "Tokens that the key manager was asked about")),
      reads_(resources.metrics.counter("gatehouse_key_validation_reads_total", "",
                                       "Tokens that were looked up in the database")),
      hits_(resources.metrics.counter("gatehouse_key_validation_hits_total", "",
                                      "Tokens that the key manager remembered")) {
  if (options.key_cache == KeyCacheMode::on) {
    cache_.emplace(resources.clock, options.key_cache_lifetime);
  }
}

Result<Validation> TokenValidator::validate_one(const std::string& token) {
  GH_TRY(answer, validate({token}));
  return std::move(answer.list.front());
}

std::optional<TokenValidator::Answer> TokenValidator::remembered(
    const std::vector<std::string>& tokens) {
  if (!cache_ || tokens.empty()) return std::nullopt;
  Answer answer;
  for (const std::string& token : tokens) {
    std::optional<KeyCache::Found> found = cache_->find(to_bytes(sha256(token)));
    if (!found) return std::nullopt;
    const bool first = answer.list.empty();
    answer.revocation = first ? found->revocation : std::min(answer.revocation, found->revocation);
    answer.list.push_back(std::move(found->validation));
  }
  validations_.add(tokens.size());
  hits_.add(tokens.size());
  return answer;
}

std::optional<std::string> TokenValidator::remembered_json(const std::vector<std::string>& tokens) {
  if (!cache_ || tokens.empty()) return std::nullopt;
  std::string list;
  list.reserve(tokens.size() * json_bytes_usual);
  std::uint64_t revocation = std::numeric_limits<std::uint64_t>::max();
  for (const std::string& token : tokens) {
    if (!list.empty()) list += ',';
    const Sha256 hash = sha256(token);
    const auto known =
        cache_->append_json({reinterpret_cast<const char*>(hash.data()), hash.size()}, list);
    if (!known) return std::nullopt;
    revocation = std::min(revocation, *known);
  }
  validations_.add(tokens.size());
  hits_.add(tokens.size());
  return fmt::format(R"({{"revocation":{},"list":[{}]}})", revocation, list);
}

Result<TokenValidator::Answer> TokenValidator::validate(const std::vector<std::string>& tokens) {
  if (std::optional<Answer> all = remembered(tokens)) return *std::move(all);
  validations_.add(tokens.size());
  reads_.add(tokens.size());
  Answer answer;
  answer.list.resize(tokens.size());
  std::vector<Question> questions;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    Question question{tokens[i], to_bytes(sha256(tokens[i])), i, {}};
    Validation& validation = answer.list[i];
    validation = inactive(jose::invalid_credentials);
    if (jose::looks_like_jwt(tokens[i])) {
      const Result<jose::Jwt> jwt = jose::verify(tokens[i], keys_.current()->published);
      if (!jwt || jwt->type != access_token_type) continue;
      const Result<jose::Lifetime> lifetime =
          jose::check_claims(jwt->claims, {.issuer = issuer_, .now = clock_.now()});
      if (!lifetime) {
        validation.code = lifetime.error().number;
        continue;
      }
      question.claims = access_claims_from(jwt->claims);
      question.claims->issued_at = lifetime->issued_at;
      question.claims->expires_at = lifetime->expires_at;
    }
    questions.push_back(std::move(question));
  }
  GH_CHECK(read_tokens(questions, answer));
  for (const Question& question : questions) {
    Validation& validation = answer.list[question.place];
    if (validation.active && !validation.user_id.empty()) GH_CHECK(check_user(validation));
    if (validation.active && cache_) cache_->put(question.hash, answer.revocation, validation);
  }
  return answer;
}

Result<> TokenValidator::read_tokens(std::vector<Question>& questions, Answer& answer) {
  return apis_.read([&](Transaction& transaction) -> Result<> {
    GH_TRY(newest, storage::RevocationStore(transaction).newest());
    answer.revocation = newest;
    for (const Question& question : questions) {
      GH_CHECK(read_one(transaction, question, answer.list[question.place]));
    }
    return {};
  });
}

Result<> TokenValidator::read_one(Transaction& transaction, const Question& question,
                                  Validation& validation) const {
  return question.claims ? read_jwt(transaction, question, validation)
                         : read_opaque(transaction, question, validation);
}

Result<> TokenValidator::read_opaque(Transaction& transaction, const Question& question,
                                     Validation& validation) const {
  const std::optional<Instant> end =
      jose::opaque_token_end(jose::OpaqueKind::access, question.token);
  if (!end) return {};
  const Instant now = clock_.now();
  // Its checksum and its hour say that it was ours once.
  if (*end <= now) validation.code = jose::access_token_expired;
  GH_TRY(token, storage::TokenStore(transaction).find(question.hash, *end));
  if (!token || token->kind != storage::TokenKind::access) return {};
  validation = {.active = token->expires_at > now,
                .code = token->expires_at > now ? 0 : jose::access_token_expired,
                .tenant = token->tenant,
                .client_id = token->client_id,
                .user_id = token->user_id,
                .user = "",
                .family = token->family,
                .scopes = std::move(token->scopes),
                .issued_at = token->issued_at,
                .expires_at = token->expires_at,
                .key_manager = "",
                .remember_s = 0};
  add_details(validation, token_details_from(token->details));
  // A user's tokens are removed with him where he is at home; these lie in another tenant.
  if (validation.user_tenant == 0) return {};
  GH_TRY(revoked, storage::RevocationStore(transaction)
                      .covers(storage::names_of(*token, validation.user_tenant)));
  if (revoked) validation = inactive(jose::invalid_credentials);
  return {};
}

Result<> TokenValidator::read_jwt(Transaction& transaction, const Question& question,
                                  Validation& validation) const {
  const AccessClaims& claims = *question.claims;
  const Result<storage::Client> client = storage::ClientStore(transaction).find(claims.client_id);
  if (!client && client.error().code != ErrorCode::not_found) {
    return tl::unexpected<Error>(client.error());
  }
  if (!client || !client->active) return {};
  GH_TRY(revoked, storage::RevocationStore(transaction)
                      .covers({.tenant = client->tenant,
                               .token = claims.jti,
                               .family = claims.family,
                               .client_id = claims.client_id,
                               .user_id = claims.user_id,
                               .issued_at = claims.issued_at,
                               .user_tenant = claims.details.user_tenant}));
  if (revoked) return {};
  validation = {.active = true,
                .code = 0,
                .tenant = client->tenant,
                .client_id = claims.client_id,
                .user_id = claims.user_id,
                .user = "",
                .family = claims.family,
                .scopes = claims.scopes,
                .issued_at = claims.issued_at,
                .expires_at = claims.expires_at,
                .key_manager = "",
                .remember_s = 0};
  add_details(validation, claims.details);
  return {};
}

Result<> TokenValidator::check_user(Validation& validation) const {
  const Result<Account> account = directory_.by_id(validation.tenant_of_user(), validation.user_id);
  if (!account && account.error().code != ErrorCode::not_found) {
    return tl::unexpected<Error>(account.error());
  }
  if (!account || !account->active()) {
    validation = inactive(jose::invalid_credentials);
    return {};
  }
  validation.user = account->user.name;
  GH_TRY(scopes, scopes_.allowed(user_holder(validation.tenant, *account), validation.scopes));
  validation.scopes = std::move(scopes);
  return {};
}

}  // namespace gatehouse::keymanager
