// SPDX-License-Identifier: Apache-2.0
//
// Asks the home workers about tokens that this worker does not remember.
//
// A question is posted to the loop of the token's home (gateway/token_home.h), and its answer is
// posted back. An answer that a revocation overtook on its way is not believed: it carries the
// number of the newest revocation that the key manager had seen, and what this worker knows beyond
// it overrules it.
//
// Thread:  belongs to one event loop. It and all homes outlive every run() of their loops, so what
//          is posted between them is either called while both stand, or never.
#pragma once

#include "gateway/token_home.h"

namespace gatehouse::gateway {

class HomeClient {
 public:
  struct Parts {
    net::Loop& loop;
    // The home of a token: the same one for every worker of the node.
    std::function<TokenHome&(const Sha256&)> home_of;
    TokenCache& tokens;
    const Revocations& revocations;
    const CacheRules& rules;
  };
  explicit HomeClient(const Parts& parts) : parts_(parts) {}
  HomeClient(const HomeClient&) = delete;
  HomeClient& operator=(const HomeClient&) = delete;

  // Who `token` stands for; it is remembered by then, if anything is. Both arguments live until
  // the task ends.
  // Error: unavailable, when the key manager was needed and does not answer; exhausted, when too
  // many ask.
  // `tenant`: whose key managers may have issued the token; 0: only our own can have.
  net::Task<Result<Token>> resolve(std::string_view token, const Sha256& hash,
                                   model::TenantNumber tenant = 0);

  // Asks without anybody waiting; what is remembered stays if there is no answer.
  void recheck(std::string_view token, const Sha256& hash);

 private:
  struct Question {
    Question(net::Loop& loop, std::string_view text) : token(text), answered(loop) {}
    std::string token;
    unsigned attempts = 0;
    std::optional<Result<Token>> answer;
    net::Condition answered;
  };
  using QuestionPointer = std::shared_ptr<Question>;

  QuestionPointer ask(std::string_view token, const TokenInTenant& key, Wanted wanted);
  void send(const Question& question, const TokenInTenant& key, Wanted wanted);
  void settle(const TokenInTenant& key, Result<Token> answer);
  void finish(const TokenInTenant& key, Result<Token> answer);

  const Parts parts_;
  boost::unordered_flat_map<TokenInTenant, QuestionPointer, TokenInTenant::Hash> questions_;
};

// Which of `count` homes is a token's. It reads other bits of the hash than the tables do.
std::size_t home_number(const Sha256& hash, std::size_t count);

}  // namespace gatehouse::gateway
