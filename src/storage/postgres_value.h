// SPDX-License-Identifier: Apache-2.0
//
// Values of PostgreSQL's binary format as ours: text, bytes, and every integral type as a 64-bit
// integer, sums of them included, which PostgreSQL makes decimal.
//
// Thread:  pure functions.
// Source:  PostgreSQL 15, "send" functions of the types; src/backend/utils/adt/numeric.c.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "storage/database.h"

namespace gatehouse::storage {

// Nothing, for a type that no column of ours has or a number that is no 64-bit integer.
std::optional<Parameter::Value> postgres_value(std::uint32_t type, std::string_view bytes);

}  // namespace gatehouse::storage
