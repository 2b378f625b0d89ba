// SPDX-License-Identifier: Apache-2.0
#include "jose/key_set.h"

namespace gatehouse::jose {

Result<KeySet> KeySet::from_json(const json::object& set) {
  const json::array* keys = array_at(set, "keys");
  if (keys == nullptr) return fail(ErrorCode::invalid_argument, "The key set has no 'keys'");
  if (keys->size() > keys_max) return fail(ErrorCode::invalid_argument, "Too many keys");
  KeySet result;
  if (flag_or(set, "any_kid", false)) result.take_any_kid();
  for (const json::value& entry : *keys) {
    if (!entry.is_object()) continue;
    Result<PublicKey> key = PublicKey::from_jwk(entry.get_object());
    if (key) result.add(*std::move(key));
  }
  return result;
}

const PublicKey* KeySet::find(std::string_view kid, Algorithm algorithm) const {
  const PublicKey* found = nullptr;
  for (const PublicKey& key : keys_) {
    if (key.algorithm() != algorithm) continue;
    if (!kid.empty() && !any_kid_ && key.kid() != kid) continue;
    if (found != nullptr) return nullptr;
    found = &key;
  }
  return found;
}

json::object KeySet::to_json() const {
  json::array keys;
  for (const PublicKey& key : keys_) keys.push_back(key.to_jwk());
  return {{"keys", std::move(keys)}};
}

}  // namespace gatehouse::jose
