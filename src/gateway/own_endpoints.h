// SPDX-License-Identifier: Apache-2.0
//
// What a gateway's ports answer beside APIs: health, and the token endpoints that it passes on to
// the key manager.
//
// Thread:  pure functions.
#pragma once

#include <string_view>

namespace gatehouse::gateway {

// The control plane refuses contexts that collide with these.
bool is_own_path(std::string_view path);

}  // namespace gatehouse::gateway
