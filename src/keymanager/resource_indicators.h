// SPDX-License-Identifier: Apache-2.0
//
// For which resources a token is asked, and which of those it may have.
//
// Thread:  pure functions.
// Source:  RFC 8707, section 2; RFC 8693, section 2.1.
#pragma once

#include <string>
#include <vector>

#include "keymanager/form.h"

namespace gatehouse::keymanager {

inline constexpr std::size_t resources_max = 16;

// The values of `resource`, and of `audience` of a token exchange (a name that may be anything),
// each once. Error: invalid_target, for one that is no absolute URI or has a fragment, or too many.
Result<std::vector<std::string>> resources_of(const Form& form);

// What of `granted` was asked for; all of it without a wish, and the wish itself when the grant is
// not bound to resources. Error: invalid_target, for one that was not granted.
Result<std::vector<std::string>> narrowed_audiences(std::vector<std::string> asked,
                                                    std::vector<std::string> granted);

}  // namespace gatehouse::keymanager
