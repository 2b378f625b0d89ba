// SPDX-License-Identifier: Apache-2.0
#include "storage/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace gatehouse::storage {

namespace {

// The process that holds the lock has written its number into the file.
std::string holder_of(int descriptor) {
  std::array<char, 16> text{};
  const ssize_t size = ::pread(descriptor, text.data(), text.size(), 0);
  return std::string(text.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
}

}  // namespace

Result<std::unique_ptr<FileLock>> FileLock::take(const std::filesystem::path& file) {
  const std::string path = file.string() + ".lock";
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) {
    return fail(ErrorCode::unavailable, fmt::format("{} cannot be made", path),
                std::strerror(errno));
  }
  std::unique_ptr<FileLock> lock(new FileLock(descriptor));
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    return fail(ErrorCode::unavailable,
                fmt::format("{} is in use by another process ({}): stop that one first, or use "
                            "another data directory",
                            file.string(), holder_of(descriptor)));
  }
  // Only a hint for people, so a full disk does not matter.
  const std::string process = std::to_string(::getpid());
  if (::ftruncate(descriptor, 0) == 0) {
    [[maybe_unused]] const ssize_t written =
        ::pwrite(descriptor, process.data(), process.size(), 0);
  }
  return lock;
}

FileLock::~FileLock() { ::close(descriptor_); }

}  // namespace gatehouse::storage
