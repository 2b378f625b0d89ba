// SPDX-License-Identifier: Apache-2.0
//
// The secrets that a node keeps as files of mode 0600 in its data directory.
//
// Thread:  the thread that starts the node.
#pragma once

#include <string>

#include "core/error.h"
#include "core/random.h"

namespace gatehouse::app {

inline constexpr std::size_t key_size = 32;

// A key of 32 bytes, as the cluster's or a gateway's; made when the file is absent.
// Error: invalid_argument, when the file is not a key or others may read it; unavailable.
Result<std::string> load_or_make_key(const std::string& file, Random& random);
// The same of a file that must be there.
Result<std::string> load_key(const std::string& file);

// A node's credential: the text of the file without the end of its line.
// Error: invalid_argument, when others may read the file; unavailable.
Result<std::string> read_credential(const std::string& file);

// The first line of a file. Error: unavailable, when it cannot be read.
Result<std::string> read_first_line(const std::string& file);

// Writes a file that only its owner may read; replaces one that is there.
Result<> write_secret(const std::string& file, const std::string& content);
// The same of one that is not there. Error: conflict, when it is.
Result<> make_secret(const std::string& file, const std::string& content);

// 20 letters and digits without look-alikes, 110 bits.
std::string random_password(Random& random);

}  // namespace gatehouse::app
