// SPDX-License-Identifier: Apache-2.0
#include "app/secrets.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "core/text.h"

namespace gatehouse::app {

namespace {

tl::unexpected<Error> broken(const std::string& file) {
  return fail(ErrorCode::unavailable, fmt::format("{}: {}", file, std::strerror(errno)));
}

// The content of a file that nobody else may read.
Result<std::string> read_private(const std::string& file, std::string_view what) {
  struct stat status{};
  if (::stat(file.c_str(), &status) != 0) return broken(file);
  if ((status.st_mode & 0077) != 0) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("{}: others may read the {}; run: chmod 600 {}", file, what, file));
  }
  std::ifstream input(file, std::ios::binary);
  return std::string((std::istreambuf_iterator<char>(input)), {});
}

// A new file beside it with the content, on the disk; what somebody has left there is not trusted.
Result<std::string> write_beside(const std::string& file, const std::string& content) {
  std::string next = file + ".next";
  ::unlink(next.c_str());
  const int descriptor =
      ::open(next.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (descriptor < 0) return broken(next);
  const bool written =
      ::write(descriptor, content.data(), content.size()) == static_cast<ssize_t>(content.size()) &&
      ::fsync(descriptor) == 0;
  ::close(descriptor);
  if (!written) return broken(next);
  return next;
}

}  // namespace

Result<> write_secret(const std::string& file, const std::string& content) {
  GH_TRY(next, write_beside(file, content));
  if (::rename(next.c_str(), file.c_str()) != 0) return broken(file);
  return {};
}

Result<> make_secret(const std::string& file, const std::string& content) {
  GH_TRY(next, write_beside(file, content));
  const bool made = ::link(next.c_str(), file.c_str()) == 0;
  const int reason = errno;
  ::unlink(next.c_str());
  if (made) return {};
  if (reason == EEXIST) return fail(ErrorCode::conflict, file + " is there already");
  errno = reason;
  return broken(file);
}

Result<std::string> load_or_make_key(const std::string& file, Random& random) {
  struct stat status{};
  if (::stat(file.c_str(), &status) != 0 && errno == ENOENT) {
    const Result<> made = make_secret(file, random.bytes(key_size));
    if (!made && made.error().code != ErrorCode::conflict) return tl::unexpected(made.error());
  }
  return load_key(file);
}

Result<std::string> load_key(const std::string& file) {
  GH_TRY(key, read_private(file, "cluster key"));
  if (key.size() != key_size) {
    return fail(
        ErrorCode::invalid_argument,
        fmt::format("{}: a cluster key has {} bytes, this has {}", file, key_size, key.size()));
  }
  return key;
}

Result<std::string> read_credential(const std::string& file) {
  GH_TRY(credential, read_private(file, "node's credential"));
  const std::size_t end = credential.find_last_not_of(" \t\r\n");
  return credential.substr(0, end == std::string::npos ? 0 : end + 1);
}

Result<std::string> read_first_line(const std::string& file) {
  std::ifstream input(file);
  std::string line;
  if (!input || !std::getline(input, line)) {
    return fail(ErrorCode::unavailable, fmt::format("{} cannot be read", file));
  }
  if (!line.empty() && line.back() == '\r') line.pop_back();
  return line;
}

std::string random_password(Random& random) {
  constexpr std::string_view alphabet = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
  std::string password;
  while (password.size() < 20) {
    const std::uint64_t number = random.number() >> 32;
    // Whole multiples only, so that each character is equally likely.
    if (number < (1ULL << 32) / alphabet.size() * alphabet.size()) {
      password += alphabet[number % alphabet.size()];
    }
  }
  return password;
}

}  // namespace gatehouse::app
