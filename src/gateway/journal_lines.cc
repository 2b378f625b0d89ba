// SPDX-License-Identifier: Apache-2.0
#include "gateway/journal_lines.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <memory>
#include <optional>
#include <utility>

#include "core/digest.h"
#include "core/json_memory.h"

namespace gatehouse::gateway {

namespace {

constexpr std::size_t checksum_size = 8;
constexpr std::size_t piece_size = 1024 * 1024;     // of a file, at once
constexpr std::size_t line_memory = 64 * 1024;      // enough for most lines
constexpr std::size_t line_size_max = 1ULL << 30U;  // a range of very many things

bool is_whole(std::string_view line) {
  if (line.size() <= checksum_size + 1 || line[checksum_size] != ' ') return false;
  std::uint32_t checksum = 0;
  const auto read = std::from_chars(line.data(), line.data() + checksum_size, checksum, 16);
  return read.ptr == line.data() + checksum_size && read.ec == std::errc() &&
         checksum == crc32(line.substr(checksum_size + 1));
}

// Takes lines out of a file, a piece at a time.
class LineReader {
 public:
  explicit LineReader(const std::string& file)
      : descriptor_(::open(file.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~LineReader() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;

  // The next line, valid until the next call; nothing at the end, or before a line that has none.
  std::optional<std::string_view> next() {
    for (std::size_t looked = at_;;) {
      const std::size_t end = text_.find('\n', looked);
      if (end != std::string::npos) {
        const std::string_view line = std::string_view(text_).substr(at_, end - at_);
        at_ = end + 1;
        return line;
      }
      looked = text_.size() - at_;
      if (looked > line_size_max || !read_more()) return std::nullopt;
    }
  }
  // Every byte was taken.
  bool at_end() const { return ended_ && at_ == text_.size(); }

 private:
  bool read_more() {
    if (descriptor_ < 0) return false;
    text_.erase(0, at_);
    at_ = 0;
    const std::size_t size = text_.size();
    text_.resize(size + piece_size);
    const ssize_t got = ::read(descriptor_, text_.data() + size, piece_size);
    text_.resize(size + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    ended_ = got == 0;
    return got > 0 || (got < 0 && errno == EINTR);
  }

  const int descriptor_;
  std::string text_;
  std::size_t at_ = 0;  // what is before has been taken
  bool ended_ = false;
};

}  // namespace

std::string line_of(const json::object& object) {
  const std::string text = json::serialize(object);
  return fmt::format("{:08x} {}\n", crc32(text), text);
}

bool read_lines(const std::string& file, const std::function<bool(const json::object&)>& take) {
  LineReader lines(file);
  const auto memory = std::make_unique<std::array<unsigned char, line_memory>>();
  while (const auto line = lines.next()) {
    if (!is_whole(*line)) return false;
    json::monotonic_resource resource(memory->data(), memory->size());
    const Result<json::object> object =
        parse_json_object_in(&resource, line->substr(checksum_size + 1));
    if (!object || !take(*object)) return false;
  }
  return lines.at_end();
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

Replacement::Replacement(std::string file)
    : file_(std::move(file)),
      temporary_(file_ + ".part"),
      descriptor_(::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)) {
  if (descriptor_ < 0) reason_ = errno;
}

Replacement::~Replacement() {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  ::unlink(temporary_.c_str());
}

void Replacement::add(std::string_view bytes) {
  size_ += bytes.size();
  pending_ += bytes;
  if (pending_.size() >= piece_size) write();
}

void Replacement::write() {
  if (reason_ == 0 && !write_all(descriptor_, pending_)) reason_ = errno;
  pending_.clear();
}

bool Replacement::commit() {
  write();
  if (reason_ == 0 && ::fsync(descriptor_) != 0) reason_ = errno;
  if (reason_ == 0 && std::rename(temporary_.c_str(), file_.c_str()) != 0) reason_ = errno;
  if (reason_ == 0) ::close(std::exchange(descriptor_, -1));
  errno = reason_;
  return reason_ == 0;
}

bool replace_file(const std::string& file, std::string_view bytes) {
  Replacement replacement(file);
  replacement.add(bytes);
  return replacement.commit();
}

void sync_folder(const std::string& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  ::fsync(descriptor);
  ::close(descriptor);
}

}  // namespace gatehouse::gateway
