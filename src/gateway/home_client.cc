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
  const QuestionPointer question = ask(token, hash, Wanted::known, tenant);
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
  if (ask(token, hash, Wanted::fresh, 0)) return;
  if (Token* known = parts_.tokens.find(hash)) known->rechecking = false;
}

HomeClient::QuestionPointer HomeClient::ask(std::string_view token, const Sha256& hash,
                                            Wanted wanted, model::TenantNumber tenant) {
  const auto found = questions_.find(hash);
  if (found != questions_.end()) return found->second;
  if (questions_.size() >= KeyResolver::questions_max) return nullptr;
  auto question = std::make_shared<Question>(parts_.loop, token, tenant);
  questions_.emplace(hash, question);
  send(*question, hash, wanted);
  return question;
}

void HomeClient::send(const Question& question, const Sha256& hash, Wanted wanted) {
  TokenHome& home = parts_.home_of(hash);
  TokenHome::Question asked{question.token, hash, wanted, question.tenant};
  if (&home.loop() == &parts_.loop) {
    return home.ask(std::move(asked),
                    [this, hash](Result<Token> answer) { settle(hash, std::move(answer)); });
  }
  home.loop().post([this, &home, asked = std::move(asked)]() mutable {
    const Sha256 its_hash = asked.hash;
    home.ask(std::move(asked), [this, its_hash](Result<Token> answer) {
      parts_.loop.post([this, its_hash, answer = std::move(answer)]() mutable {
        settle(its_hash, std::move(answer));
      });
    });
  });
}

void HomeClient::settle(const Sha256& hash, Result<Token> answer) {
  if (!answer) {
    // It may be checked again by the next call that finds it old.
    if (Token* token = parts_.tokens.find(hash)) token->rechecking = false;
    return finish(hash, std::move(answer));
  }
  if (answer->state == TokenState::active) {
    switch (parts_.revocations.check(hash, *answer, answer->revocation)) {
      case Revoked::no: break;
      case Revoked::ask_again: {
        const QuestionPointer question = questions_.at(hash);
        if (++question->attempts < KeyResolver::attempts_max) {
          return send(*question, hash, Wanted::verdict);
        }
        return finish(hash, fail(ErrorCode::unavailable, "The key manager does not answer",
                                 "its answers are older than its revocations"));
      }
      case Revoked::yes: parts_.tokens.erase(hash); return finish(hash, Token{});
    }
  }
  if (parts_.rules.enabled) {
    parts_.tokens.put(hash, *answer);
  } else {
    parts_.tokens.erase(hash);
  }
  finish(hash, std::move(answer));
}

void HomeClient::finish(const Sha256& hash, Result<Token> answer) {
  const auto found = questions_.find(hash);
  const QuestionPointer question = found->second;
  questions_.erase(found);
  question->answer.emplace(std::move(answer));
  question->answered.notify_all();
}

}  // namespace gatehouse::gateway
