// SPDX-License-Identifier: Apache-2.0
#include "keymanager/client_keys.h"

#include <algorithm>

#include "core/log.h"
#include "core/text.h"

namespace gatehouse::keymanager {

namespace {

tl::unexpected<Error> not_there(std::string detail) {
  return fail(ErrorCode::not_found, "There is no such key", std::move(detail));
}

}  // namespace

Result<ClientKeySet> client_key_set_from(const json::object& jwks) {
  GH_TRY(keys, jose::KeySet::from_json(jwks));
  ClientKeySet set{.keys = std::move(keys), .certificates = {}};
  for (const json::value& key : *array_at(jwks, "keys")) {
    if (!key.is_object()) continue;
    const std::vector<std::string> chain = texts_of(key.get_object(), "x5c");
    if (chain.empty()) continue;
    Result<std::string> certificate = from_base64(chain.front());
    if (certificate) set.certificates.push_back(*std::move(certificate));
  }
  return set;
}

Result<ClientKeys::Shared> ClientKeys::find(const json::object& registered, const Wanted& wanted) {
  const std::string url = text_or(registered, "jwks_uri", "");
  if (!url.empty()) return find_fetched(url, wanted);
  const json::object* jwks = object_at(registered, "jwks");
  if (jwks == nullptr) return not_there("no keys are registered");
  Result<ClientKeySet> set = client_key_set_from(*jwks);
  if (!set || !wanted(*set)) return not_there("not among the registered keys");
  return std::make_shared<const ClientKeySet>(*std::move(set));
}

std::size_t ClientKeys::remembered() {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

int ClientKeys::blocked() {
  const std::lock_guard lock(mutex_);
  return blocked_;
}

Result<ClientKeys::Shared> ClientKeys::find_fetched(const std::string& url, const Wanted& wanted) {
  bool waited = false;
  std::unique_lock lock(mutex_);
  while (true) {
    const Instant now = clock_.now();
    Entry& entry = entry_of(url, now);
    const Step step = next_step(entry, wanted, now);
    if (step == Step::serve) return entry.keys;
    // Who has waited has seen what there is now.
    if (step == Step::refuse || (step == Step::wait && waited)) {
      return not_there("not among the keys of " + url);
    }
    if (blocked_ >= blocked_max) {
      return fail(ErrorCode::unavailable, "Try again in a moment", "waiting for keys of clients");
    }
    ++blocked_;
    if (step == Step::ask) {
      entry.running = true;
      lock.unlock();
      const Result<Shared> answer = read(url);
      lock.lock();
      take(url, answer, clock_.now());
      read_.notify_all();
    } else {
      waited = true;
      read_.wait(lock, [&] {
        const auto found = entries_.find(url);
        return found == entries_.end() || !found->second.running;
      });
    }
    --blocked_;
  }
}

ClientKeys::Entry& ClientKeys::entry_of(const std::string& url, Instant now) {
  if (entries_.size() >= entries_max && !entries_.contains(url)) {
    // Those under way number `blocked_max` at most, so another one is always there to go.
    const auto oldest =
        std::min_element(entries_.begin(), entries_.end(), [](const auto& a, const auto& b) {
          if (a.second.running != b.second.running) return b.second.running;
          return a.second.used_at < b.second.used_at;
        });
    entries_.erase(oldest);
  }
  Entry& entry = entries_[url];
  entry.used_at = now;
  return entry;
}

ClientKeys::Step ClientKeys::next_step(const Entry& entry, const Wanted& wanted,
                                       Instant now) const {
  const bool has = entry.keys != nullptr && wanted(*entry.keys);
  if (has && now < entry.read_at + fresh) return Step::serve;
  const bool usable = has && now < entry.read_at + stale_max;
  // Keys that still serve are read again by one thread, and nobody waits for it.
  if (entry.running) return usable ? Step::serve : Step::wait;
  if (now >= entry.next && (!usable || blocked_ < blocked_max)) return Step::ask;
  return usable ? Step::serve : Step::refuse;
}

void ClientKeys::take(const std::string& url, const Result<Shared>& answer, Instant now) {
  Entry& entry = entries_.at(url);
  entry.running = false;
  if (answer) {
    entry.keys = *answer;
    entry.read_at = now;
    entry.next = now + interval;
    entry.rest = Entry().rest;
    return;
  }
  log_warning("Keys of a client: {} {}", answer.error().message, answer.error().detail);
  entry.next = now + entry.rest;
  entry.rest = std::min<std::chrono::seconds>(entry.rest * 2, rest_max);
}

Result<ClientKeys::Shared> ClientKeys::read(const std::string& url) const {
  const auto wrong = [&](const char* why) { return fail(ErrorCode::unavailable, why, url); };
  GH_TRY(response, fetcher_.get(url, deadline_));
  if (response.status != 200) return wrong("The key set is not there");
  if (response.body.size() > body_bytes_max) return wrong("The key set is too large");
  const Result<json::object> object = parse_json_object(response.body);
  if (!object) return wrong("The key set is not JSON");
  GH_TRY(set, client_key_set_from(*object));
  return std::make_shared<const ClientKeySet>(std::move(set));
}

}  // namespace gatehouse::keymanager
