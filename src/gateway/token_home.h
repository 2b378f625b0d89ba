// SPDX-License-Identifier: Apache-2.0
//
// What one worker knows of tokens on behalf of all: each token has a home worker, chosen by its
// hash, and only that one asks the key manager about it.
//
// The homes of a node share out one larger table. So a token that any worker has met is known to
// all, also while the key manager is away, and it is validated once for the node.
//
// Thread:  the home's loop; HomeClient brings questions of others there.
// Memory:  `tokens_max` entries of about 400 bytes, touched as they come.
#pragma once

#include "gateway/key_resolver.h"

namespace gatehouse::gateway {

// What an asking worker makes do with, the strictest last.
enum class Wanted : std::uint8_t {
  known,  // also what is old; it is then checked again in the background
  fresh,
  verdict,  // of the key manager, from now on
};

class TokenHome {
 public:
  struct Parts {
    net::Loop& loop;
    http::Client& key_manager;
    const Revocations& revocations;
    const CacheRules& rules;
    Counter& failures;  // batches that got no answer
    Counter& hits;      // questions that were answered from the table
    std::size_t tokens_max = 1'000;
    // Told of each token that our own key manager knows, if set.
    std::function<void(const Sha256&, const Token&)> learned = {};
  };
  struct Question {
    std::string token;
    Sha256 hash{};
    Wanted wanted = Wanted::known;
    // Whose key managers may have issued the token, as KeyResolver::resolve has it. What is known
    // here answers for our own key manager only: another tenant may trust other servers.
    model::TenantNumber tenant = 0;
  };
  // Error: as KeyResolver::resolve.
  using Reply = std::function<void(Result<Token>)>;

  explicit TokenHome(const Parts& parts);
  TokenHome(const TokenHome&) = delete;
  TokenHome& operator=(const TokenHome&) = delete;

  net::Loop& loop() const { return parts_.loop; }
  // Calls `reply` on this loop, perhaps before it returns; never if the home dies first.
  void ask(Question question, Reply reply);
  // What is remembered here; revocations take it away.
  TokenCache& tokens() { return tokens_; }

 private:
  struct Errand {
    Question question;
    Reply reply;
  };

  net::Task<> run(std::unique_ptr<Errand> errand);

  const Parts parts_;
  TokenCache tokens_;
  KeyResolver keys_;
  net::TaskGroup errands_;  // last: they use all of the above while they die
};

}  // namespace gatehouse::gateway
