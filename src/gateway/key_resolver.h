// SPDX-License-Identifier: Apache-2.0
//
// Asks the key manager about tokens that their home worker does not remember.
//
// Equal questions at one time are asked once. What is asked in one turn of the loop, or while
// `batches_max` batches are under way, goes in one batch of at most `batch_max` tokens: a quiet
// gateway does not wait, a busy one joins.
//
// A token that another server may have issued is asked about by itself, since that server may be
// slow or silent: nobody waits for an answer about somebody else's token.
//
// A verdict that was read before a revocation, and arrives after it, is not believed: the answer
// carries the number of the newest revocation its reader saw, and later ones that mean its token
// overrule it.
//
// Thread:  belongs to one event loop.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/metrics.h"
#include "gateway/pipeline.h"
#include "http/client.h"
#include "net/condition.h"
#include "net/loop.h"

namespace gatehouse::gateway {

class KeyResolver {
 public:
  // How often a verdict that came too late for a revocation is asked for anew.
  static constexpr unsigned attempts_max = 3;
  static constexpr std::size_t batch_max = 64;
  static constexpr std::size_t batches_max = 4;
  static constexpr std::size_t questions_max = 10'000;
  static constexpr std::size_t foreign_max = 256;  // asked about at one time
  static constexpr std::chrono::milliseconds timeout{3'000};

  struct Parts {
    net::Loop& loop;
    http::Client& key_manager;
    TokenCache& tokens;
    const Revocations& revocations;
    const CacheRules& rules;
    Counter& failures;  // batches that got no answer
    // Told of each token of our own key manager that is known, if set.
    std::function<void(const Sha256&, const Token&)> learned = {};
  };
  explicit KeyResolver(const Parts& parts) : parts_(parts) {}
  KeyResolver(const KeyResolver&) = delete;
  KeyResolver& operator=(const KeyResolver&) = delete;

  // What the key manager says of `token`; it is remembered by then, if anything is. Both arguments
  // live until the task ends.
  // Error: unavailable, when it does not answer; exhausted, when too many ask.
  // `tenant`: whose key managers may have issued the token; 0: only our own can have.
  net::Task<Result<Token>> resolve(std::string_view token, const Sha256& hash,
                                   model::TenantNumber tenant = 0);

  // Asks without anybody waiting; what is remembered stays if there is no answer.
  void recheck(std::string_view token, const Sha256& hash);

 private:
  struct Question {
    Question(net::Loop& loop, std::string_view text, const TokenInTenant& its_key)
        : token(text), hash(its_key.hash), tenant(its_key.tenant), answered(loop) {}
    std::string token;
    const Sha256 hash;
    const model::TenantNumber tenant;
    unsigned attempts = 0;
    std::optional<Result<Token>> answer;
    net::Condition answered;
  };
  using QuestionPointer = std::shared_ptr<Question>;

  QuestionPointer ask(std::string_view token, const Sha256& hash, model::TenantNumber tenant);
  net::Task<> send_one(QuestionPointer question);
  net::Task<> send_batches();
  std::vector<QuestionPointer> take_batch();
  void settle_all(const std::vector<QuestionPointer>& batch,
                  const Result<http::Response>& response);
  void settle(const QuestionPointer& question, Result<Token> answer);
  void finish(const QuestionPointer& question, Result<Token> answer);

  const Parts parts_;
  boost::unordered_flat_map<TokenInTenant, QuestionPointer, TokenInTenant::Hash> questions_;
  std::vector<QuestionPointer> waiting_;
  std::size_t batches_ = 0;
  std::size_t foreign_ = 0;
  net::TaskGroup tasks_;
};

}  // namespace gatehouse::gateway
