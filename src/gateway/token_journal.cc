// SPDX-License-Identifier: Apache-2.0
#include "gateway/token_journal.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "core/log.h"
#include "core/text.h"
#include "gateway/journal_lines.h"
#include "gateway/revocations.h"

namespace gatehouse::gateway {

namespace {

constexpr std::size_t lines_min = 10'000;  // below it a new file gains nothing

json::object to_json(const Remembered& remembered) {
  const Token& token = remembered.token;
  return {{"hash", to_hex(to_bytes(remembered.hash))},
          {"tenant", token.tenant},
          {"user_tenant", token.user_tenant},
          {"client_id", token.client_id},
          {"user_id", token.user_id},
          {"user", token.user},
          {"family", token.family},
          {"scopes", gatehouse::to_json(token.scopes)},
          {"issued_at_ms", to_ms(token.issued_at)},
          {"expires_at_ms", to_ms(token.expires_at)},
          {"key_thumbprint", token.key_thumbprint},
          {"certificate_thumbprint", token.certificate_thumbprint},
          {"audiences", gatehouse::to_json(token.audiences)},
          {"checked_at_ms", to_ms(remembered.checked_at)}};
}

std::optional<Remembered> remembered_from(const json::object& object) {
  const auto hash = sha256_from_hex(text_or(object, "hash", ""));
  if (!hash) return std::nullopt;
  Remembered remembered;
  remembered.hash = *hash;
  Token& token = remembered.token;
  token.state = TokenState::active;
  token.tenant = number_or(object, "tenant", model::first_tenant);
  token.user_tenant = number_or(object, "user_tenant", 0);
  token.client_id = text_or(object, "client_id", "");
  token.user_id = text_or(object, "user_id", "");
  token.user = text_or(object, "user", "");
  token.family = text_or(object, "family", "");
  token.scopes = texts_of(object, "scopes");
  token.issued_at = from_ms(number_or(object, "issued_at_ms", 0));
  token.expires_at = from_ms(number_or(object, "expires_at_ms", 0));
  token.key_thumbprint = text_or(object, "key_thumbprint", "");
  token.certificate_thumbprint = text_or(object, "certificate_thumbprint", "");
  token.audiences = texts_of(object, "audiences");
  remembered.checked_at = from_ms(number_or(object, "checked_at_ms", 0));
  return remembered;
}

}  // namespace

Sha256 journal_hash(std::string_view key, const Sha256& token_hash) {
  return hmac_sha256(key, to_bytes(token_hash));
}

TokenJournal::TokenJournal(const std::string& folder) : file_(folder + "/tokens.jsonl") {}

TokenJournal::~TokenJournal() {
  if (journal_ >= 0) ::close(journal_);
}

std::shared_ptr<const RememberedTokens> TokenJournal::load(Instant now) {
  const bool whole = read_lines(file_, [&](const json::object& object) {
    auto remembered = remembered_from(object);
    if (!remembered) return false;
    const Sha256 hash = remembered->hash;
    tokens_.insert_or_assign(hash, *std::move(remembered));
    return true;
  });
  if (!whole && ::access(file_.c_str(), F_OK) == 0) {
    log_warning("{} is damaged at its end: {} tokens are known", file_, tokens_.size());
  }
  make_room(now);
  rewrite(now);
  return std::make_shared<const RememberedTokens>(tokens_);
}

void TokenJournal::append(std::vector<Remembered> learned, Instant now) {
  if (learned.empty()) return;
  std::string text;
  for (Remembered& remembered : learned) {
    text += line_of(to_json(remembered));
    const Sha256 hash = remembered.hash;
    tokens_.insert_or_assign(hash, std::move(remembered));
  }
  lines_ += learned.size();
  make_room(now);
  if (journal_ < 0 || lines_ > std::max(2 * tokens_.size(), lines_min)) return rewrite(now);
  if (write_all(journal_, text) && ::fdatasync(journal_) == 0) return;
  log_error("{}: {}; it is made anew", file_, std::strerror(errno));
  ::close(journal_);
  journal_ = -1;
}

void TokenJournal::rewrite(Instant now) {
  boost::unordered::erase_if(
      tokens_, [now](const auto& item) { return item.second.token.expires_at <= now; });
  std::string text;
  for (const auto& [hash, remembered] : tokens_) text += line_of(to_json(remembered));
  if (journal_ >= 0) ::close(journal_);
  journal_ = -1;
  if (!replace_file(file_, text)) {
    return log_error("{} cannot be written: {}", file_, std::strerror(errno));
  }
  journal_ = ::open(file_.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  lines_ = tokens_.size();
}

void TokenJournal::make_room(Instant now) {
  if (tokens_.size() <= tokens_max) return;
  boost::unordered::erase_if(
      tokens_, [now](const auto& item) { return item.second.token.expires_at <= now; });
  if (tokens_.size() <= tokens_max) return;
  std::vector<Instant> times;
  times.reserve(tokens_.size());
  for (const auto& [hash, remembered] : tokens_) times.push_back(remembered.checked_at);
  // A sixteenth more than must be, so that a full table is not searched each second.
  const std::size_t surplus = tokens_.size() - tokens_max + tokens_max / 16;
  const auto limit = times.begin() + static_cast<std::ptrdiff_t>(surplus);
  std::nth_element(times.begin(), limit, times.end());
  boost::unordered::erase_if(
      tokens_, [oldest = *limit](const auto& item) { return item.second.checked_at < oldest; });
}

}  // namespace gatehouse::gateway
