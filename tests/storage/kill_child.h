// SPDX-License-Identifier: Apache-2.0
//
// The process that a crash test kills: this test program again, started with "--child".
//
// Thread:  the parent's side belongs to one thread.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace gatehouse::storage {

// The child's side; `arguments` stand after "--child". Prints each acknowledged entry as a line.
//   writes FOLDER         200 entries by 8 threads
//   between FOLDER N      entries by 4 threads; the N-th kills the process between its two commits
int run_child(const std::vector<std::string>& arguments);

class Child {
 public:
  explicit Child(const std::vector<std::string>& arguments);
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child();

  // Reads on until there are `count` lines or the child has ended.
  void read_lines(std::size_t count);
  void kill();
  // Reads what is left and waits for the end; the signal that ended the child, or 0.
  int wait();

  const std::vector<std::string>& lines() const { return lines_; }

 private:
  bool read_more();

  pid_t process_ = -1;
  int output_ = -1;
  std::string unfinished_;
  std::vector<std::string> lines_;
};

}  // namespace gatehouse::storage
