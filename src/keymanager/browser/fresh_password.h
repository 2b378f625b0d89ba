// SPDX-License-Identifier: Apache-2.0
//
// The fields in which a fresh password is typed, twice.
//
// Thread:  pure functions.
#pragma once

#include "keymanager/browser/html.h"
#include "keymanager/form.h"

namespace gatehouse::keymanager {

// With the button that sends them.
Markup fresh_password_fields();

// Error: invalid_argument, when the two are not the same.
Result<std::string> fresh_password_from(const Form& form);

}  // namespace gatehouse::keymanager
