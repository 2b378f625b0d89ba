// SPDX-License-Identifier: Apache-2.0
//
// Files of JSON lines, each behind the CRC-32 of its text, so that a torn or damaged end is seen:
// how a gateway keeps what it knows.
//
//   0a1b2c3d {"kind":"api",…}
//
// Thread:  any; these block on the disk.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "core/json.h"

namespace gatehouse::gateway {

std::string line_of(const json::object& object);

// Reads lines until one is damaged or `take` refuses it; true when every byte of the file was
// taken.
bool read_lines(const std::string& file, const std::function<bool(const json::object&)>& take);

bool write_all(int file, std::string_view bytes);
// Replaces the file by one of these bytes, or leaves it as it is: written beside it, synced, then
// renamed.
bool replace_file(const std::string& file, std::string_view bytes);
void sync_folder(const std::string& folder);

}  // namespace gatehouse::gateway
