// SPDX-License-Identifier: Apache-2.0
#include "gateway/token_home.h"

namespace gatehouse::gateway {

TokenHome::TokenHome(const Parts& parts)
    : parts_(parts),
      tokens_(parts.tokens_max),
      keys_({parts.loop, parts.key_manager, tokens_, parts.revocations, parts_.rules,
             parts.failures, parts.learned}) {}

void TokenHome::ask(Question question, Reply reply) {
  if (const Token* token = question.tenant == 0 ? tokens_.find(question.hash) : nullptr) {
    const Freshness is = freshness(*token, parts_.rules, parts_.loop.tick());
    const Wanted least = is == Freshness::old ? Wanted::known : Wanted::fresh;
    if (is != Freshness::useless && question.wanted <= least) {
      Result<Token> answer(*token);
      if (is == Freshness::old) keys_.recheck(question.token, question.hash);
      parts_.hits.add();
      return reply(std::move(answer));
    }
  }
  errands_.spawn(run(std::make_unique<Errand>(Errand{std::move(question), std::move(reply)})));
}

net::Task<> TokenHome::run(std::unique_ptr<Errand> errand) {
  const Question& question = errand->question;
  Result<Token> answer = co_await keys_.resolve(question.token, question.hash, question.tenant);
  errand->reply(std::move(answer));
}

}  // namespace gatehouse::gateway
