// SPDX-License-Identifier: Apache-2.0
#include "gateway/key_resolver.h"

#include "core/log.h"

namespace gatehouse::gateway {

namespace {

tl::unexpected<Error> no_answer(std::string detail) {
  return fail(ErrorCode::unavailable, "The key manager does not answer", std::move(detail));
}

Token token_from(model::Validation validation, Tick now, std::uint64_t revocation) {
  Token token;
  token.checked_at = now;
  token.revocation = revocation;
  if (!validation.active) {
    const bool expired = validation.code == static_cast<std::uint32_t>(FaultCode::token_expired);
    token.state = expired ? TokenState::expired : TokenState::unknown;
    return token;
  }
  token.state = TokenState::active;
  token.tenant = validation.tenant;
  token.user_tenant = validation.user_tenant;
  token.client_id = std::move(validation.client_id);
  token.user_id = std::move(validation.user_id);
  token.user = std::move(validation.user);
  token.family = std::move(validation.family);
  token.scopes = std::move(validation.scopes);
  token.issued_at = validation.issued_at;
  token.expires_at = validation.expires_at;
  token.key_manager = std::move(validation.key_manager);
  token.remember = std::chrono::seconds(validation.remember_s);
  token.key_thumbprint = std::move(validation.key_thumbprint);
  token.certificate_thumbprint = std::move(validation.certificate_thumbprint);
  token.audiences = std::move(validation.audiences);
  return token;
}

struct Verdicts {
  std::uint64_t revocation = 0;
  std::vector<model::Validation> list;
};

Result<Verdicts> verdicts_from(const http::Response& response, std::size_t count) {
  if (response.status != 200) return no_answer("status " + std::to_string(response.status));
  GH_TRY(body, parse_json_object(response.body));
  const json::array* list = array_at(body, "list");
  if (list == nullptr || list->size() != count) return no_answer("a list of another length");
  Verdicts verdicts;
  verdicts.revocation = static_cast<std::uint64_t>(number_or(body, "revocation", 0));
  for (const json::value& element : *list) {
    if (!element.is_object()) return no_answer("a verdict that is no object");
    GH_TRY(validation, model::validation_from(element.get_object()));
    verdicts.list.push_back(std::move(validation));
  }
  return verdicts;
}

}  // namespace

net::Task<Result<Token>> KeyResolver::resolve(std::string_view token, const Sha256& hash,
                                              model::TenantNumber tenant) {
  const QuestionPointer question = ask(token, hash, tenant);
  if (!question) co_return fail(ErrorCode::exhausted, "Too many tokens wait for the key manager");
  const Tick deadline = parts_.loop.tick() + timeout;
  while (!question->answer) {
    const bool told = co_await question->answered.wait_until(deadline);
    if (!told && !question->answer) co_return no_answer("it takes too long");
  }
  co_return Result<Token>(*question->answer);
}

void KeyResolver::recheck(std::string_view token, const Sha256& hash) { ask(token, hash, 0); }

KeyResolver::QuestionPointer KeyResolver::ask(std::string_view token, const Sha256& hash,
                                              model::TenantNumber tenant) {
  const TokenInTenant key{hash, tenant};
  const auto found = questions_.find(key);
  if (found != questions_.end()) return found->second;
  if (questions_.size() >= questions_max) return nullptr;
  if (tenant != 0 && foreign_ >= foreign_max) return nullptr;
  const auto question = std::make_shared<Question>(parts_.loop, token, key);
  questions_.emplace(key, question);
  if (tenant != 0) {
    tasks_.spawn(send_one(question));
    return question;
  }
  waiting_.push_back(question);
  if (batches_ < batches_max) tasks_.spawn(send_batches());
  return question;
}

std::vector<KeyResolver::QuestionPointer> KeyResolver::take_batch() {
  const std::size_t size = std::min(waiting_.size(), batch_max);
  const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(size);
  std::vector<QuestionPointer> batch(std::make_move_iterator(waiting_.begin()),
                                     std::make_move_iterator(end));
  waiting_.erase(waiting_.begin(), end);
  return batch;
}

net::Task<> KeyResolver::send_batches() {
  ++batches_;
  co_await parts_.loop.yield();  // the rest of this turn may ask, too
  while (!waiting_.empty()) {
    const std::vector<QuestionPointer> batch = take_batch();
    json::array tokens;
    for (const QuestionPointer& question : batch) tokens.emplace_back(question->token);
    const http::Request request = http::make_request(
        "POST", "/internal/keys/v1/validate",
        json::serialize(json::object{{"tokens", std::move(tokens)}}), "application/json");
    const Result<http::Response> response = co_await parts_.key_manager.send(request, timeout);
    settle_all(batch, response);
  }
  --batches_;
}

net::Task<> KeyResolver::send_one(QuestionPointer question) {
  ++foreign_;
  const http::Request request =
      http::make_request("POST", "/internal/keys/v1/validate",
                         json::serialize(json::object{{"tokens", json::array{question->token}},
                                                      {"tenant", question->tenant}}),
                         "application/json");
  const Result<http::Response> response = co_await parts_.key_manager.send(request, timeout);
  --foreign_;
  const std::vector<QuestionPointer> batch{std::move(question)};
  settle_all(batch, response);
}

void KeyResolver::settle_all(const std::vector<QuestionPointer>& batch,
                             const Result<http::Response>& response) {
  Result<Verdicts> verdicts =
      response ? verdicts_from(*response, batch.size()) : Result<Verdicts>(no_answer(""));
  if (!verdicts) {
    parts_.failures.add();
    log_warning("Key manager: {}", response ? verdicts.error().detail : response.error().message);
    for (const QuestionPointer& question : batch) {
      finish(question, tl::unexpected<Error>(verdicts.error()));
    }
    return;
  }
  for (std::size_t i = 0; i < batch.size(); ++i) {
    settle(batch[i],
           token_from(std::move(verdicts->list[i]), parts_.loop.tick(), verdicts->revocation));
  }
}

void KeyResolver::settle(const QuestionPointer& question, Result<Token> answer) {
  Token& token = *answer;
  if (token.state == TokenState::active) {
    switch (parts_.revocations.check(question->hash, token, token.revocation)) {
      case Revoked::no: break;
      case Revoked::ask_again:
        if (++question->attempts < attempts_max) {
          if (question->tenant != 0) {
            tasks_.spawn(send_one(question));
          } else {
            waiting_.push_back(question);
          }
          return;
        }
        return finish(question, no_answer("its answers are older than its revocations"));
      case Revoked::yes:
        parts_.tokens.erase(question->hash);
        answer = Token{};
        return finish(question, std::move(answer));
    }
  }
  if (parts_.rules.enabled) {
    parts_.tokens.put(question->hash, token);
    // Another server's are believed for a time that it sets itself, and by a name that may mean
    // another server later.
    if (token.state == TokenState::active && token.key_manager.empty() && parts_.learned) {
      parts_.learned(question->hash, token);
    }
  } else {
    parts_.tokens.erase(question->hash);
  }
  finish(question, std::move(answer));
}

void KeyResolver::finish(const QuestionPointer& question, Result<Token> answer) {
  questions_.erase({question->hash, question->tenant});
  question->answer.emplace(std::move(answer));
  question->answered.notify_all();
}

}  // namespace gatehouse::gateway
