// SPDX-License-Identifier: Apache-2.0
#include "keymanager/revocation_endpoint.h"

#include <map>

#include "core/digest.h"
#include "jose/opaque_token.h"
#include "keymanager/access_claims.h"
#include "keymanager/oauth_error.h"
#include "storage/apis/token_store.h"

namespace gatehouse::keymanager {

RevocationEndpoint::RevocationEndpoint(const Resources& resources,
                                       const ClientAuthentication& clients, const SigningKeys& keys,
                                       Revocations& revocations)
    : apis_(resources.apis), clients_(clients), keys_(keys), revocations_(revocations) {}

http::Response RevocationEndpoint::handle(const http::Request& request) {
  const http::Request* const only = &request;
  return std::move(handle_all({&only, 1}).front());
}

std::vector<http::Response> RevocationEndpoint::handle_all(
    std::span<const http::Request* const> requests) {
  std::vector<Question> questions(requests.size());
  SharedAuthentication clients(clients_);
  for (std::size_t i = 0; i < requests.size(); ++i) {
    questions[i].outcome = read_request(*requests[i], clients, questions[i]);
  }
  find_origins(questions);
  revoke(questions);
  std::vector<http::Response> answers;
  for (const Question& question : questions) {
    answers.push_back(question.outcome ? oauth_answer({})
                                       : oauth_response(question.outcome.error()));
  }
  return answers;
}

Result<> RevocationEndpoint::read_request(const http::Request& request,
                                          SharedAuthentication& clients, Question& question) {
  GH_TRY(form, Form::parse(request));
  GH_TRY(client, clients.authenticate(request, form));
  GH_TRY(token, form.required("token"));
  question.client = std::move(client);
  question.token = std::move(token);
  return {};
}

// An expired JWT is looked up as well: its family may have younger tokens.
void RevocationEndpoint::find_origins(std::vector<Question>& questions) const {
  std::vector<storage::TokenAsked> asked;
  std::map<std::string, std::vector<Question*>> askers;  // by hash
  for (Question& question : questions) {
    if (!question.outcome) continue;
    if (jose::looks_like_jwt(question.token)) {
      const Result<jose::Jwt> jwt = jose::verify(question.token, keys_.current()->published);
      if (!jwt || jwt->type != access_token_type) continue;
      const AccessClaims claims = access_claims_from(jwt->claims);
      question.origin = Origin{claims.client_id, claims.family};
      continue;
    }
    std::optional<Instant> end = jose::opaque_token_end(jose::OpaqueKind::access, question.token);
    if (!end) end = jose::opaque_token_end(jose::OpaqueKind::refresh, question.token);
    if (!end) continue;
    const std::string hash = to_bytes(sha256(question.token));
    std::vector<Question*>& same = askers[hash];
    if (same.empty()) asked.push_back({hash, *end});
    same.push_back(&question);
  }
  if (asked.empty()) return;
  const auto found = apis_.read([&](storage::Transaction& transaction) {
    return storage::TokenStore(transaction).find_all(asked);
  });
  for (std::size_t i = 0; i < asked.size(); ++i) {
    for (Question* const question : askers[asked[i].hash]) {
      if (!found) {
        question->outcome = tl::unexpected<Error>(found.error());
      } else if (const auto& stored = (*found)[i]) {
        question->origin = Origin{stored->client_id, stored->family};
      }
    }
  }
}

void RevocationEndpoint::revoke(std::vector<Question>& questions) {
  std::vector<Revocations::Family> families;
  std::vector<Question*> owners;
  for (Question& question : questions) {
    if (!question.outcome || !question.origin) continue;
    if (question.origin->client_id != question.client.client_id) {
      question.outcome = refuse(unauthorized_client, "The token was issued to another client");
      continue;
    }
    families.push_back({question.client, question.origin->family});
    owners.push_back(&question);
  }
  const std::vector<Result<>> done = revocations_.revoke_families(families);
  for (std::size_t i = 0; i < owners.size(); ++i) owners[i]->outcome = done[i];
}

}  // namespace gatehouse::keymanager
