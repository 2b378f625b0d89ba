// SPDX-License-Identifier: Apache-2.0
#include "gateway/revocations.h"

#include <algorithm>

#include "core/text.h"

namespace gatehouse::gateway {

namespace {

std::string key_of(std::string_view kind, std::string_view value) {
  return std::string(kind) + ":" + std::string(value);
}

}  // namespace

std::optional<Sha256> sha256_from_hex(std::string_view text) {
  Sha256 hash{};
  if (text.size() != hash.size() * 2) return std::nullopt;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!is_hex_digit(text[i])) return std::nullopt;
    const char c = ascii_lower(text[i]);
    const auto digit = static_cast<std::byte>(is_digit(c) ? c - '0' : c - 'a' + 10);
    hash[i / 2] = i % 2 == 0 ? digit << 4 : hash[i / 2] | digit;
  }
  return hash;
}

void Revocations::add(const model::Revocation& revocation, Instant now) {
  Entry& entry = entries_[key_of(revocation.kind, revocation.value)];
  entry.number = std::max(entry.number, revocation.number);
  entry.issued_before = std::max(entry.issued_before, revocation.issued_before);
  entry.kept_until = std::max({entry.kept_until, revocation.expires_at, now + kept_min});
  number_ = std::max(number_, revocation.number);
  sweep(now);
}

bool Revocations::has(std::string_view kind, std::string_view value, Instant issued_at,
                      std::uint64_t after) const {
  if (value.empty()) return false;
  const auto found = entries_.find(key_of(kind, value));
  if (found == entries_.end() || found->second.number <= after) return false;
  return kind == "token" || issued_at <= found->second.issued_before;
}

Revoked Revocations::check(const Sha256& hash, const Token& token, std::uint64_t after) const {
  if (entries_.empty() || number_ <= after) return Revoked::no;
  if (has("token", to_hex(to_bytes(hash)), token.issued_at, after) ||
      has("token", token.jti, token.issued_at, after) ||
      has("family", token.family, token.issued_at, after) ||
      has("client", token.client_id, token.issued_at, after) ||
      has("user", token.user_id, token.issued_at, after)) {
    return Revoked::yes;
  }
  if (!token.user_id.empty() &&
      has("user_client", model::user_and_client(token.user_id, token.client_id), token.issued_at,
          after)) {
    return Revoked::yes;
  }
  // What another key manager's token may do is nothing that a tenant here gives.
  const bool ours = token.key_manager.empty();
  const auto tenant_changed = [&](model::TenantNumber tenant) {
    return ours && tenant != 0 &&
           has("tenant_changed", std::to_string(tenant), token.issued_at, after);
  };
  const bool changed = has("user_changed", token.user_id, token.issued_at, after) ||
                       tenant_changed(token.tenant) || tenant_changed(token.user_tenant);
  return changed ? Revoked::ask_again : Revoked::no;
}

bool Revocations::means(const model::Revocation& revocation, std::string_view hash_hex,
                        const Token& token) {
  if (revocation.value.empty()) return false;
  if (revocation.kind == "token") {
    return revocation.value == hash_hex || revocation.value == token.jti;
  }
  if (token.issued_at > revocation.issued_before) return false;
  if (revocation.kind == "family") return revocation.value == token.family;
  if (revocation.kind == "client") return revocation.value == token.client_id;
  if (revocation.kind == "user_client") {
    return revocation.value == model::user_and_client(token.user_id, token.client_id);
  }
  if (revocation.kind == "user" || revocation.kind == "user_changed") {
    return revocation.value == token.user_id;
  }
  if (revocation.kind == "tenant_changed") {
    if (!token.key_manager.empty()) return false;
    return revocation.value == std::to_string(token.tenant) ||
           (token.user_tenant != 0 && revocation.value == std::to_string(token.user_tenant));
  }
  return false;
}

void Revocations::sweep(Instant now) {
  if (now < swept_at_ + kept_min) return;
  swept_at_ = now;
  boost::unordered::erase_if(entries_,
                             [now](const auto& item) { return item.second.kept_until < now; });
}

}  // namespace gatehouse::gateway
