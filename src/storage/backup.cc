// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <unistd.h>

#include "core/id.h"
#include "storage/change_log.h"
#include "storage/database_files.h"
#include "storage/databases.h"
#include "storage/sqlite_database.h"

namespace gatehouse::storage {

namespace {

using std::filesystem::path;

tl::unexpected<Error> cannot(std::string_view what, const path& file, std::string detail) {
  return fail(ErrorCode::unavailable, fmt::format("{} cannot be {}", file.string(), what),
              std::move(detail));
}

// A name in a directory survives a power cut only once the directory is synced.
Result<> sync(const path& file) {
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  const bool synced = descriptor >= 0 && ::fsync(descriptor) == 0;
  if (descriptor >= 0) ::close(descriptor);
  if (!synced) return cannot("synced", file, std::strerror(errno));
  return {};
}

constexpr std::array<std::string_view, 3> journal_suffixes{"-wal", "-shm", "-journal"};

path beside(const path& file, std::string_view suffix) {
  return file.string() + std::string(suffix);
}

// The new file stands beside its place, whole and checked, before the old one goes.
constexpr std::string_view staged_suffix = ".restoring";

Result<> stage(const path& from, const path& copy) {
  std::error_code error;
  if (!std::filesystem::exists(from)) {
    return fail(ErrorCode::not_found, fmt::format("There is no {}", from.string()));
  }
  for (const std::string_view suffix : journal_suffixes) {
    std::filesystem::remove(beside(copy, suffix), error);
  }
  std::filesystem::copy_file(from, copy, std::filesystem::copy_options::overwrite_existing, error);
  if (error) return cannot("written", copy, error.message());
  constexpr auto ours = std::filesystem::perms::owner_read | std::filesystem::perms::owner_write;
  std::filesystem::permissions(copy, ours, error);
  return {};
}

// A write-ahead log of the former file would be replayed over the new one.
Result<> put_in_place(const path& target) {
  std::error_code error;
  for (const std::string_view suffix : journal_suffixes) {
    std::filesystem::remove(beside(target, suffix), error);
    if (error) return cannot("removed", beside(target, suffix), error.message());
  }
  const path copy = beside(target, staged_suffix);
  std::filesystem::rename(copy, target, error);
  if (error) return cannot("replaced", target, error.message());
  std::filesystem::remove(beside(copy, ".lock"), error);
  return sync(target.parent_path());
}

Result<> mark_unfinished(const DatabaseFiles& files) {
  const path marker = files.restore_marker();
  const int descriptor = ::open(marker.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) return cannot("made", marker, std::strerror(errno));
  ::close(descriptor);
  return sync(marker.parent_path());
}

Result<> copy_to(Database& database, const path& target) {
  return static_cast<SqliteDatabase&>(database).copy_to(target);
}

DatabaseFiles staged(const DatabaseFiles& files) {
  return {beside(files.user_manager, staged_suffix), beside(files.api_manager, staged_suffix),
          beside(files.registry, staged_suffix)};
}

}  // namespace

// Contents and users are written before the rows that name them, so they are copied after.
Result<> Databases::backup(const path& directory) {
  GH_CHECK(must_be_files(*files_));
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) return cannot("made", directory, error.message());
  const DatabaseFiles files = backup_files(directory);
  for (const path* const file : files.all()) {
    if (std::filesystem::exists(*file)) {
      return fail(ErrorCode::conflict, fmt::format("{} exists already", file->string()));
    }
  }
  GH_CHECK(copy_to(*api_manager_, files.api_manager));
  GH_CHECK(copy_to(*registry_, files.registry));
  GH_CHECK(copy_to(*user_manager_, files.user_manager));
  return sync(directory);
}

Result<> restore(const path& directory, const DatabaseOptions& options, const Clock& clock,
                 Random& random) {
  GH_TRY(files, database_files(options));
  GH_CHECK(must_be_files(files));
  const DatabaseFiles copies = staged(files);
  std::array<std::unique_ptr<FileLock>, 3> locks;
  for (std::size_t i = 0; i < locks.size(); ++i) {
    GH_TRY(lock, FileLock::take(*files.all()[i]));
    locks[i] = std::move(lock);
    GH_CHECK(stage(*backup_files(directory).all()[i], *copies.all()[i]));
  }
  {
    GH_TRY(databases, Databases::open_all(options, copies, Access::server, clock, random));
    const std::string tag = random_uuid(random);
    GH_CHECK(databases->api_manager().write(
        [&](Transaction& transaction) { return begin_another_history(transaction, tag); }));
  }
  for (const path* const copy : copies.all()) GH_CHECK(sync(*copy));
  GH_CHECK(mark_unfinished(files));
  for (const path* const file : files.all()) GH_CHECK(put_in_place(*file));
  std::error_code error;
  std::filesystem::remove(files.restore_marker(), error);
  if (error) return cannot("removed", files.restore_marker(), error.message());
  return {};
}

}  // namespace gatehouse::storage
