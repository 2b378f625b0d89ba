// SPDX-License-Identifier: Apache-2.0
//
// Numbers as the bytes that this machine keeps them in: for files and messages whose writers and
// readers are of one kind of machine.
//
// Thread:  pure functions.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>

namespace gatehouse {

template <std::integral Number>
void append_plain(std::string& bytes, Number number) {
  bytes.append(reinterpret_cast<const char*>(&number), sizeof number);
}

// `bytes` has a whole number at `at`.
template <std::integral Number>
Number plain_at(std::string_view bytes, std::size_t at) {
  Number number = 0;
  std::memcpy(&number, bytes.data() + at, sizeof number);
  return number;
}

}  // namespace gatehouse
