// SPDX-License-Identifier: Apache-2.0
#include "gateway/snapshot_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "core/log.h"
#include "core/text.h"
#include "gateway/journal_lines.h"

namespace gatehouse::gateway {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t journal_bytes_min = 1024 * 1024;  // below it a new base gains nothing

struct Base {
  model::FeedRange range;
  std::vector<model::Revocation> revocations;
};

bool take_revocation(const json::object& object, std::vector<model::Revocation>& revocations) {
  const json::object* text = object_at(object, "revocation");
  if (text == nullptr) return false;
  const auto revocation = model::revocation_from(*text);
  if (revocation) revocations.push_back(*revocation);
  return revocation.has_value();
}

// Whole only with its last line, which counts the others.
std::optional<Base> read_base(const std::string& file) {
  Base base;
  bool ended = false;
  const bool whole = read_lines(file, [&](const json::object& object) {
    if (ended) return false;
    if (const json::object* end = object_at(object, "end")) {
      base.range.tag = text_or(*end, "tag", "");
      base.range.to = static_cast<std::uint64_t>(number_or(*end, "number", 0));
      base.range.revocation = static_cast<std::uint64_t>(number_or(*end, "revocation", 0));
      ended =
          number_or(*end, "entries", -1) == static_cast<std::int64_t>(base.range.upserts.size());
      return ended;
    }
    if (take_revocation(object, base.revocations)) return true;
    const json::object* value = object_at(object, "value");
    if (value == nullptr) return false;
    base.range.upserts.push_back({text_or(object, "kind", ""), text_or(object, "id", ""), *value});
    return true;
  });
  if (!whole || !ended) return std::nullopt;
  return base;
}

// The numbers of the bases in the folder, the newest first.
std::vector<std::uint64_t> bases_in(const std::string& folder) {
  std::vector<std::uint64_t> numbers;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with("base-") || entry.path().extension() != ".jsonl") continue;
    const auto number = parse_number(std::string_view(name).substr(5, name.size() - 11));
    if (number) numbers.push_back(*number);
  }
  std::sort(numbers.rbegin(), numbers.rend());
  return numbers;
}

std::string text_of(const Snapshot& snapshot, const std::vector<model::Revocation>& revocations) {
  const model::FeedRange range = snapshot.whole();
  std::string text;
  for (const model::FeedEntry& entry : range.upserts) {
    text += line_of({{"kind", entry.kind}, {"id", entry.id}, {"value", entry.value}});
  }
  for (const model::Revocation& revocation : revocations) {
    text += line_of({{"revocation", to_json(revocation)}});
  }
  text += line_of({{"end", json::object{{"tag", range.tag},
                                        {"number", range.to},
                                        {"revocation", range.revocation},
                                        {"entries", range.upserts.size()}}}});
  return text;
}

}  // namespace

SnapshotStore::SnapshotStore(std::string folder) : folder_(std::move(folder)) {
  std::error_code error;
  fs::create_directories(folder_, error);
  if (error) log_warning("Snapshot folder {}: {}", folder_, error.message());
}

SnapshotStore::~SnapshotStore() {
  sync();
  if (journal_ >= 0) ::close(journal_);
}

std::string SnapshotStore::path(const char* kind, std::uint64_t number) const {
  return fmt::format("{}/{}-{}.jsonl", folder_, kind, number);
}

SnapshotStore::Loaded SnapshotStore::load(const Snapshot& empty) {
  for (const std::uint64_t number : bases_in(folder_)) {
    base_ = std::max(base_, number);
    auto base = read_base(path("base", number));
    if (!base) {
      log_warning("Snapshot {} is damaged, an older one is tried", path("base", number));
      continue;
    }
    Loaded loaded{empty.replaced_by(base->range), std::move(base->revocations)};
    const bool whole = read_lines(path("journal", number), [&](const json::object& object) {
      if (take_revocation(object, loaded.revocations)) return true;
      const auto range = model::feed_range_from(object);
      if (!range || range->tag != loaded.snapshot->tag() ||
          range->from != loaded.snapshot->number()) {
        return false;
      }
      loaded.snapshot = loaded.snapshot->with(*range);
      return true;
    });
    if (!whole) {
      log_info("Journal {} is read up to number {}", path("journal", number),
               loaded.snapshot->number());
    }
    return loaded;
  }
  return {};
}

void SnapshotStore::append(const model::FeedRange& range) { append_line(to_json(range)); }

void SnapshotStore::append(const model::Revocation& revocation) {
  append_line({{"revocation", to_json(revocation)}});
}

void SnapshotStore::append_line(const json::object& object) {
  if (journal_ < 0) return;
  const std::string line = line_of(object);
  if (!write_all(journal_, line)) {
    log_error("Journal of the snapshot: {}; it ends here", std::strerror(errno));
    ::close(journal_);
    journal_ = -1;
    return;
  }
  journal_bytes_ += line.size();
  dirty_ = true;
}

void SnapshotStore::sync() {
  if (journal_ >= 0 && std::exchange(dirty_, false)) ::fdatasync(journal_);
}

bool SnapshotStore::wants_base() const {
  return journal_ < 0 || journal_bytes_ > std::max(base_bytes_, journal_bytes_min);
}

Result<> SnapshotStore::write_base(const Snapshot& snapshot,
                                   const std::vector<model::Revocation>& revocations) {
  const std::uint64_t number = base_ + 1;
  const std::string text = text_of(snapshot, revocations);
  if (!replace_file(path("base", number), text)) {
    return fail(ErrorCode::unavailable, "The snapshot cannot be written", std::strerror(errno));
  }
  base_bytes_ = text.size();
  GH_CHECK(open_journal(number));
  remove_old_bases();
  sync_folder(folder_);
  return {};
}

Result<> SnapshotStore::open_journal(std::uint64_t base) {
  base_ = base;
  if (journal_ >= 0) ::close(journal_);
  journal_ = ::open(path("journal", base).c_str(),
                    O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
  journal_bytes_ = 0;
  dirty_ = false;
  if (journal_ < 0) {
    return fail(ErrorCode::unavailable, "The journal cannot be opened", std::strerror(errno));
  }
  return {};
}

void SnapshotStore::remove_old_bases() {
  const std::vector<std::uint64_t> numbers = bases_in(folder_);
  for (std::size_t i = bases_kept; i < numbers.size(); ++i) {
    ::unlink(path("base", numbers[i]).c_str());
    ::unlink(path("journal", numbers[i]).c_str());
  }
}

}  // namespace gatehouse::gateway
