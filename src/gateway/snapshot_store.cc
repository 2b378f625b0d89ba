// SPDX-License-Identifier: Apache-2.0
#include "gateway/snapshot_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <thread>

#include "core/log.h"
#include "core/text.h"
#include "gateway/journal_lines.h"
#include "model/change.h"
#include "model/snapshot_lines.h"

namespace gatehouse::gateway {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t journal_bytes_min = 1024 * 1024;  // below it a new base gains nothing

bool take_revocation(const json::object& object, std::vector<model::Revocation>& revocations) {
  const json::object* text = object_at(object, "revocation");
  if (text == nullptr) return false;
  const auto revocation = model::revocation_from(*text);
  if (revocation) revocations.push_back(*revocation);
  return revocation.has_value();
}

// The numbers of the files of a kind in the folder, the newest first.
std::vector<std::uint64_t> numbers_of(const std::string& folder, std::string_view kind,
                                      std::string_view extension) {
  std::vector<std::uint64_t> numbers;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string stem = entry.path().stem().string();
    if (!stem.starts_with(kind) || entry.path().extension() != extension) continue;
    const auto number = parse_number(std::string_view(stem).substr(kind.size()));
    if (number) numbers.push_back(*number);
  }
  std::sort(numbers.rbegin(), numbers.rend());
  return numbers;
}

constexpr std::string_view bases = "base-";
constexpr std::string_view journals = "journal-";
constexpr std::string_view in_use = ".jsonl";
constexpr std::string_view damaged = ".damaged";

// Others go first: nobody waits for a base.
void step_back() {
  constexpr int niceness = 10;
  ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), niceness);
}

}  // namespace

struct SnapshotStore::Base {
  std::shared_ptr<const Snapshot> snapshot;
  std::vector<model::Revocation> revocations;
  std::size_t kinds = 0;  // how many its writer knew; 0: it does not say
};

struct SnapshotStore::Writing {
  std::uint64_t number;
  std::shared_ptr<const Snapshot> snapshot;
  std::vector<model::Revocation> revocations;
  std::atomic<bool> given_up = false;
  std::atomic<bool> done = false;  // the next two are written before
  std::size_t bytes = 0;
  int reason = 0;  // errno; 0: it is whole
  std::thread thread;
};

SnapshotStore::SnapshotStore(std::string folder) : folder_(std::move(folder)) {
  std::error_code error;
  fs::create_directories(folder_, error);
  if (error) log_warning("Snapshot folder {}: {}", folder_, error.message());
  // What a crash has left half-written.
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_, error)) {
    if (entry.path().extension() == ".part") fs::remove(entry.path(), error);
  }
}

SnapshotStore::~SnapshotStore() {
  give_up_base();
  sync();
  if (journal_ >= 0) ::close(journal_);
}

std::string SnapshotStore::path(const char* kind, std::uint64_t number) const {
  return fmt::format("{}/{}-{}.jsonl", folder_, kind, number);
}

SnapshotStore::Loaded SnapshotStore::load(const Snapshot& empty) {
  const std::vector<std::uint64_t> numbers = numbers_of(folder_, bases, in_use);
  for (const auto& used :
       {numbers, numbers_of(folder_, journals, in_use), numbers_of(folder_, bases, damaged)}) {
    if (!used.empty()) newest_ = std::max(newest_, used.front());
  }
  for (const std::uint64_t number : numbers) {
    auto base = read_base(number, empty);
    if (!base) {
      set_aside(number);
      continue;
    }
    Loaded loaded{std::move(base->snapshot), std::move(base->revocations),
                  base->kinds != model::change_kinds()};
    read_journals(number, loaded);
    return loaded;
  }
  return {};
}

// Whole only with its last line, which counts the others.
std::optional<SnapshotStore::Base> SnapshotStore::read_base(std::uint64_t number,
                                                            const Snapshot& empty) {
  Base base;
  Snapshot::Filling filling(empty);
  model::SnapshotLines lines(
      [&](std::string_view kind, const json::object& value) { filling.add(kind, value); });
  const bool whole = read_lines(path("base", number), [&](const json::object& line) {
    if (const json::object* end = object_at(line, "end")) {
      base.kinds = static_cast<std::size_t>(number_or(*end, "kinds", 0));
    }
    return take_revocation(line, base.revocations) || lines.add(line);
  });
  if (!whole || !lines.end()) return std::nullopt;
  base.snapshot = filling.finish(*lines.end());
  std::error_code error;
  base_bytes_ = fs::file_size(path("base", number), error);
  return base;
}

void SnapshotStore::set_aside(std::uint64_t base) {
  log_error("Snapshot {} is damaged and set aside; the one before stands in", path("base", base));
  const std::string from = path("base", base);
  std::error_code error;
  fs::rename(from, fs::path(from).replace_extension(damaged), error);
  if (error) log_error("{}: {}", from, error.message());
}

bool SnapshotStore::read_journal(std::uint64_t number, Loaded& loaded) {
  return read_lines(path("journal", number), [&](const json::object& object) {
    if (take_revocation(object, loaded.revocations)) return true;
    const auto range = model::feed_range_from(object);
    if (!range || range->tag != loaded.snapshot->tag() ||
        range->from != loaded.snapshot->number()) {
      return false;
    }
    loaded.snapshot = loaded.snapshot->with(*range);
    return true;
  });
}

void SnapshotStore::read_journals(std::uint64_t base, Loaded& loaded) {
  std::vector<std::uint64_t> numbers = numbers_of(folder_, journals, in_use);
  std::erase_if(numbers, [base](std::uint64_t number) { return number < base; });
  std::reverse(numbers.begin(), numbers.end());
  for (const std::uint64_t number : numbers) {
    if (!read_journal(number, loaded)) {
      log_info("Journal {} is read up to number {}", path("journal", number),
               loaded.snapshot->number());
      return;
    }
    std::error_code error;
    journal_bytes_ += fs::file_size(path("journal", number), error);
  }
  if (numbers.empty() || numbers.back() != newest_) return;
  const Result<> opened = open_journal(newest_, O_APPEND);
  if (!opened) log_error("{}: {}", opened.error().message, opened.error().detail);
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
  if (writing_) return false;
  return failed_ || journal_ < 0 || journal_bytes_ > std::max(base_bytes_, journal_bytes_min);
}

Result<> SnapshotStore::begin_base(std::shared_ptr<const Snapshot> snapshot,
                                   std::vector<model::Revocation> revocations) {
  give_up_base();
  failed_ = false;
  GH_CHECK(open_journal(++newest_, O_TRUNC));
  sync_folder(folder_);
  writing_ = std::make_unique<Writing>();
  writing_->number = newest_;
  writing_->snapshot = std::move(snapshot);
  writing_->revocations = std::move(revocations);
  writing_->thread = std::thread([this, &writing = *writing_] { write(writing); });
  return {};
}

Result<> SnapshotStore::settle() {
  if (!writing_ || !writing_->done) return {};
  return finish_base();
}

Result<> SnapshotStore::finish_base() {
  if (!writing_) return {};
  writing_->thread.join();
  const std::unique_ptr<Writing> written = std::move(writing_);
  if (written->reason != 0) {
    failed_ = true;
    return fail(ErrorCode::unavailable, "The snapshot cannot be written",
                std::strerror(written->reason));
  }
  base_bytes_ = written->bytes;
  std::error_code error;
  journal_bytes_ = fs::file_size(path("journal", written->number), error);
  return {};
}

void SnapshotStore::give_up_base() {
  if (!writing_) return;
  writing_->given_up = true;
  writing_->thread.join();
  writing_.reset();
}

void SnapshotStore::write(Writing& writing) const {
  step_back();
  Replacement file(path("base", writing.number));
  std::size_t entries = 0;
  for (const model::Revocation& revocation : writing.revocations) {
    file.add(line_of({{"revocation", to_json(revocation)}}));
  }
  writing.snapshot->for_each([&](std::string_view kind, const std::string& id, json::object value) {
    file.add(line_of(model::snapshot_line(kind, id, std::move(value))));
    ++entries;
    return !writing.given_up;
  });
  model::FeedRange end;
  end.tag = writing.snapshot->tag();
  end.to = writing.snapshot->number();
  end.revocation = writing.snapshot->revocation();
  json::object last = model::last_snapshot_line(end, entries);
  last.at("end").as_object()["kinds"] = model::change_kinds();
  file.add(line_of(last));
  writing.bytes = file.size();
  if (!writing.given_up) {
    if (!file.commit()) writing.reason = errno;
    if (writing.reason == 0) remove_old_files();
    sync_folder(folder_);
  }
  writing.snapshot = nullptr;
  writing.done = true;
}

Result<> SnapshotStore::open_journal(std::uint64_t base, int flags) {
  sync();
  if (journal_ >= 0) ::close(journal_);
  journal_ = ::open(path("journal", base).c_str(),
                    O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | flags, 0600);
  dirty_ = false;
  if (journal_ < 0) {
    return fail(ErrorCode::unavailable, "The journal cannot be opened", std::strerror(errno));
  }
  return {};
}

// Of bases the last ones are kept, of journals those that go on from one of them.
void SnapshotStore::remove_old_files() const {
  const std::vector<std::uint64_t> kept = numbers_of(folder_, bases, in_use);
  for (std::size_t i = bases_kept; i < kept.size(); ++i) {
    ::unlink(path("base", kept[i]).c_str());
  }
  const std::uint64_t oldest = kept[std::min(bases_kept, kept.size()) - 1];
  for (const std::uint64_t number : numbers_of(folder_, journals, in_use)) {
    if (number < oldest) ::unlink(path("journal", number).c_str());
  }
  const std::vector<std::uint64_t> aside = numbers_of(folder_, bases, damaged);
  for (std::size_t i = bases_kept; i < aside.size(); ++i) {
    ::unlink(fmt::format("{}/{}{}{}", folder_, bases, aside[i], damaged).c_str());
  }
}

}  // namespace gatehouse::gateway
