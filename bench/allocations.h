// SPDX-License-Identifier: Apache-2.0
//
// Counts what a benchmark allocates: what is copied was allocated first.
//
// Thread:  each has its own count.
#pragma once

#include <cstddef>

namespace gatehouse {

// By this thread since it began.
std::size_t bytes_allocated();

}  // namespace gatehouse
