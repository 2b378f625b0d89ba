// SPDX-License-Identifier: Apache-2.0
#include "gateway/journal_lines.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <optional>

#include "core/digest.h"

namespace gatehouse::gateway {

namespace {

constexpr std::size_t checksum_size = 8;

// The object of a line, or nothing when the line is damaged.
std::optional<json::object> object_of(std::string_view line) {
  if (line.size() <= checksum_size + 1 || line[checksum_size] != ' ') return std::nullopt;
  const std::string_view text = line.substr(checksum_size + 1);
  if (line.substr(0, checksum_size) != fmt::format("{:08x}", crc32(text))) return std::nullopt;
  auto object = parse_json_object(text);
  if (!object) return std::nullopt;
  return *std::move(object);
}

bool write_synced(const std::string& file, std::string_view bytes) {
  const int descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (descriptor < 0) return false;
  const bool done = write_all(descriptor, bytes) && ::fsync(descriptor) == 0;
  ::close(descriptor);
  return done;
}

}  // namespace

std::string line_of(const json::object& object) {
  const std::string text = json::serialize(object);
  return fmt::format("{:08x} {}\n", crc32(text), text);
}

bool read_lines(const std::string& file, const std::function<bool(const json::object&)>& take) {
  std::ifstream in(file, std::ios::binary);
  std::string line;
  while (std::getline(in, line)) {
    const auto object = in.eof() ? std::nullopt : object_of(line);
    if (!object || !take(*object)) return false;
  }
  return in.eof();
}

bool write_all(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

bool replace_file(const std::string& file, std::string_view bytes) {
  const std::string temporary = file + ".part";
  if (write_synced(temporary, bytes) && std::rename(temporary.c_str(), file.c_str()) == 0) {
    return true;
  }
  const int reason = errno;
  ::unlink(temporary.c_str());
  errno = reason;
  return false;
}

void sync_folder(const std::string& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  ::fsync(descriptor);
  ::close(descriptor);
}

}  // namespace gatehouse::gateway
