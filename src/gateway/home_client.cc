// SPDX-License-Identifier: Apache-2.0
#include "gateway/home_client.h"

#include <cstring>

namespace gatehouse::gateway {

std::size_t home_number(const Sha256& hash, std::size_t count) {
  std::uint64_t bits = 0;
  static_assert(sizeof(Sha256) >= 2 * sizeof bits);
  std::memcpy(&bits, hash.data() + sizeof bits, sizeof bits);
  return bits % count;
}

net::Task<Result<Token>> HomeClient::resolve(std::string_view token, const Sha256& hash,
                                             model::TenantNumber tenant) {
  const QuestionPointer question = ask(token, {hash, tenant}, Wanted::known);
  if (!question) co_return fail(ErrorCode::exhausted, "Too many tokens wait for the key manager");
  const Tick deadline = parts_.loop.tick() + KeyResolver::timeout;
  while (!question->answer) {
    const bool told = co_await question->answered.wait_until(deadline);
    if (!told && !question->answer) {
      co_return fail(ErrorCode::unavailable, "The key manager does not answer",
                     "it takes too long");
    }
  }
  co_return Result<Token>(*question->answer);
}

void HomeClient::recheck(std::string_view token, const Sha256& hash) {
  if (ask(token, {hash, 0}, Wanted::fresh)) return;
  if (Token* known = parts_.tokens.find(hash)) known->rechecking = false;
}

HomeClient::QuestionPointer HomeClient::ask(std::string_view token, const TokenInTenant& key,
                                            Wanted wanted) {
  const auto found = questions_.find(key);
  if (found != questions_.end()) return found->second;
  if (questions_.size() >= KeyResolver::questions_max) return nullptr;
  auto question = std::make_shared<Question>(parts_.loop, token);
  questions_.emplace(key, question);
  send(*question, key, wanted);
  return question;
}

void HomeClient::send(const Question& question, const TokenInTenant& key, Wanted wanted) {
  TokenHome& home = parts_.home_of(key.hash);
  TokenHome::Question asked{question.token, key.hash, wanted, key.tenant};
  if (&home.loop() == &parts_.loop) {
    return home.ask(std::move(asked),
                    [this, key](Result<Token> answer) { settle(key, std::move(answer)); });
  }
  home.loop().post([this, &home, asked = std::move(asked)]() mutable {
    const TokenInTenant its_key{asked.hash, asked.tenant};
    home.ask(std::move(asked), [this, its_key](Result<Token> answer) {
      parts_.loop.post([this, its_key, answer = std::move(answer)]() mutable {
        settle(its_key, std::move(answer));
      });
    });
  });
}

void HomeClient::settle(const TokenInTenant& key, Result<Token> answer) {
  if (!answer) {
    // It may be checked again by the next call that finds it old.
    if (Token* token = parts_.tokens.find(key.hash)) token->rechecking = false;
    return finish(key, std::move(answer));
  }
  if (answer->state == TokenState::active) {
    switch (parts_.revocations.check(key.hash, *answer, answer->revocation)) {
      case Revoked::no: break;
      case Revoked::ask_again: {
        const QuestionPointer question = questions_.at(key);
        if (++question->attempts < KeyResolver::attempts_max) {
          return send(*question, key, Wanted::verdict);
        }
        return finish(key, fail(ErrorCode::unavailable, "The key manager does not answer",
                                "its answers are older than its revocations"));
      }
      case Revoked::yes: parts_.tokens.erase(key.hash); return finish(key, Token{});
    }
  }
  if (parts_.rules.enabled) {
    parts_.tokens.put(key.hash, *answer);
  } else {
    parts_.tokens.erase(key.hash);
  }
  finish(key, std::move(answer));
}

void HomeClient::finish(const TokenInTenant& key, Result<Token> answer) {
  const auto found = questions_.find(key);
  const QuestionPointer question = found->second;
  questions_.erase(found);
  question->answer.emplace(std::move(answer));
  question->answered.notify_all();
}

}  // namespace gatehouse::gateway
