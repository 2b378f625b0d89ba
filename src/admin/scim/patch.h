// SPDX-License-Identifier: Apache-2.0
//
// Applies the operations of a SCIM PATCH to the JSON of a resource; which of its attributes can be
// written is decided when the outcome is read.
//
// Operations count without regard to case, and "True" and "False" as flags where a flag was:
// directories that many people use send them like that.
//
// Thread:  pure functions.
// Source:  RFC 7644, section 3.5.2.
#pragma once

#include "core/error.h"
#include "core/json.h"

namespace gatehouse::admin {

inline constexpr std::size_t patch_operations_max = 1'000;

// `body` is the whole request. On an error the resource is as far as the operations before went.
// Error: invalid_argument with `detail` the SCIM type: invalidSyntax, invalidPath, noTarget,
// invalidFilter or invalidValue.
Result<> apply_patch(const json::object& body, json::object& resource);

}  // namespace gatehouse::admin
