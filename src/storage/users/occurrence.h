// SPDX-License-Identifier: Apache-2.0
//
// When something happens and under which id the outbox holds it: time and chance stay outside of
// transactions.
//
// Thread:  a plain value.
#pragma once

#include <string>

#include "core/clock.h"

namespace gatehouse::storage {

struct Occurrence {
  std::string outbox_id;
  Instant at{};
};

}  // namespace gatehouse::storage
