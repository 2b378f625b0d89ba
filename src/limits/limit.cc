// SPDX-License-Identifier: Apache-2.0
#include "limits/limit.h"

#include <cstring>

#include "core/digest.h"

namespace gatehouse::limits {

Key key_of(std::string_view text) {
  const Sha256 digest = sha256(text);
  Key key;
  std::memcpy(&key.high, digest.data(), sizeof key.high);
  std::memcpy(&key.low, digest.data() + sizeof key.high, sizeof key.low);
  return key;
}

}  // namespace gatehouse::limits
