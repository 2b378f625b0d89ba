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

// An object lives in memory that the next line reuses: a copy is assigned to an object of other
// storage. Reads lines until one is damaged or `take` refuses it; true when every byte of the file
// was taken.
bool read_lines(const std::string& file, const std::function<bool(const json::object&)>& take);

bool write_all(int file, std::string_view bytes);

// Replaces a file, or leaves it as it is: what is added stands beside it until it is synced and
// renamed.
class Replacement {
 public:
  explicit Replacement(std::string file);
  // Without commit(), what was added goes.
  ~Replacement();
  Replacement(const Replacement&) = delete;
  Replacement& operator=(const Replacement&) = delete;

  // Kept in memory up to a megabyte, then written.
  void add(std::string_view bytes);
  // False, with errno, when anything went wrong since the beginning.
  bool commit();
  std::size_t size() const { return size_; }

 private:
  void write();

  const std::string file_;
  const std::string temporary_;
  int descriptor_;
  int reason_ = 0;  // errno of the first failure
  std::string pending_;
  std::size_t size_ = 0;
};

bool replace_file(const std::string& file, std::string_view bytes);
void sync_folder(const std::string& folder);

}  // namespace gatehouse::gateway
