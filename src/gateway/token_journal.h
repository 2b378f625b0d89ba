// SPDX-License-Identifier: Apache-2.0
//
// What key managers said of tokens, on the gateway's own disk: a gateway that starts while none of
// them answers serves the callers that it knew.
//
// A token is named by the HMAC of its digest under a key that lies elsewhere, so the file alone
// tells nobody whether he has guessed one. It is asked only where a question had no answer; what
// was revoked, as far as the gateway knows, does not pass.
//
//   tokens.jsonl   {"hash","tenant","client_id",…,"expires_at_ms","checked_at_ms"}, a line for each
//                  validation; the last one of a hash holds
//
// Thread:  TokenJournal: one, which may block on the disk. RememberedTokens: immutable.
// Memory:  at most `tokens_max` entries of about 300 bytes; the ones checked longest ago go first.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <memory>
#include <string>
#include <vector>

#include "gateway/token_cache.h"

namespace gatehouse::gateway {

// The name of a token in the journal.
Sha256 journal_hash(std::string_view key, const Sha256& token_hash);

struct Remembered {
  Sha256 hash{};  // journal_hash
  Token token;
  Instant checked_at{};
};

using RememberedTokens = boost::unordered_flat_map<Sha256, Remembered, HashOfSha256>;

class TokenJournal {
 public:
  static constexpr std::size_t tokens_max = 100'000;

  // `folder` exists.
  explicit TokenJournal(const std::string& folder);
  ~TokenJournal();
  TokenJournal(const TokenJournal&) = delete;
  TokenJournal& operator=(const TokenJournal&) = delete;

  // What the file knows of tokens that have not expired, up to the first damaged line. Call first.
  std::shared_ptr<const RememberedTokens> load(Instant now);
  // Written and synced. After a failed write nothing is written until the file is made anew.
  void append(std::vector<Remembered> learned, Instant now);

  std::size_t size() const { return tokens_.size(); }

 private:
  void rewrite(Instant now);
  void make_room(Instant now);

  const std::string file_;
  int journal_ = -1;
  std::size_t lines_ = 0;  // in the file
  RememberedTokens tokens_;
};

}  // namespace gatehouse::gateway
