// SPDX-License-Identifier: Apache-2.0
#include "fault_disk.h"

#include <algorithm>
#include <fstream>
#include <new>

#include "core/error.h"

namespace gatehouse::storage {

namespace {

constexpr std::size_t sector_bytes = 512;

// What SQLite takes for its file; the real file lies behind it in the same block.
struct Handle {
  sqlite3_file file;
  FaultDisk* disk;
  std::string* path;  // null for a temporary file
  bool syncs_folder;  // with its next sync, as SQLite's own file system does for journals

  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

Handle& handle_of(sqlite3_file* file) { return *reinterpret_cast<Handle*>(file); }
const sqlite3_io_methods& real_methods(sqlite3_file* file) {
  return *handle_of(file).real()->pMethods;
}
FaultDisk& disk_of(sqlite3_vfs* vfs) { return *static_cast<FaultDisk*>(vfs->pAppData); }

// Passes a call to the real file.
template <auto Method, typename... Arguments>
int pass(sqlite3_file* file, Arguments... arguments) {
  return (real_methods(file).*Method)(handle_of(file).real(), arguments...);
}

int close(sqlite3_file* file) {
  delete handle_of(file).path;
  return pass<&sqlite3_io_methods::xClose>(file);
}

int write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
  Handle& handle = handle_of(file);
  if (handle.path != nullptr) {
    const std::string_view text(static_cast<const char*>(bytes), static_cast<std::size_t>(size));
    const int code = handle.disk->note_write(*handle.path, offset, text);
    if (code != SQLITE_OK) return code;
  }
  return pass<&sqlite3_io_methods::xWrite>(file, bytes, size, offset);
}

int truncate(sqlite3_file* file, sqlite3_int64 size) {
  Handle& handle = handle_of(file);
  const int code =
      handle.path == nullptr ? SQLITE_OK : handle.disk->note_truncate(*handle.path, size);
  return code != SQLITE_OK ? code : pass<&sqlite3_io_methods::xTruncate>(file, size);
}

// The real file is not synced: the test's machine keeps its power.
int sync(sqlite3_file* file, int) {
  Handle& handle = handle_of(file);
  if (handle.path == nullptr) return SQLITE_OK;
  const int code = handle.disk->note_sync(*handle.path);
  if (code == SQLITE_OK && handle.syncs_folder) {
    handle.disk->note_folder_sync();
    handle.syncs_folder = false;
  }
  return code;
}

const sqlite3_io_methods methods = {
    .iVersion = 2,  // without memory mapping, which would hide writes
    .xClose = close,
    .xRead = pass<&sqlite3_io_methods::xRead, void*, int, sqlite3_int64>,
    .xWrite = write,
    .xTruncate = truncate,
    .xSync = sync,
    .xFileSize = pass<&sqlite3_io_methods::xFileSize, sqlite3_int64*>,
    .xLock = pass<&sqlite3_io_methods::xLock, int>,
    .xUnlock = pass<&sqlite3_io_methods::xUnlock, int>,
    .xCheckReservedLock = pass<&sqlite3_io_methods::xCheckReservedLock, int*>,
    .xFileControl = pass<&sqlite3_io_methods::xFileControl, int, void*>,
    .xSectorSize = pass<&sqlite3_io_methods::xSectorSize>,
    .xDeviceCharacteristics = pass<&sqlite3_io_methods::xDeviceCharacteristics>,
    .xShmMap = pass<&sqlite3_io_methods::xShmMap, int, int, int, void volatile**>,
    .xShmLock = pass<&sqlite3_io_methods::xShmLock, int, int, int>,
    .xShmBarrier =
        [](sqlite3_file* file) { real_methods(file).xShmBarrier(handle_of(file).real()); },
    .xShmUnmap = pass<&sqlite3_io_methods::xShmUnmap, int>,
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* flags_out) {
  constexpr int journals = SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL;
  FaultDisk& disk = disk_of(vfs);
  Handle& handle = *new (file) Handle{{nullptr}, &disk, nullptr, false};
  const int code = disk.base().xOpen(&disk.base(), name, handle.real(), flags, flags_out);
  if (code != SQLITE_OK) return code;
  if (name != nullptr && (flags & (journals | SQLITE_OPEN_MAIN_DB)) != 0) {
    sqlite3_int64 size = 0;
    handle.real()->pMethods->xFileSize(handle.real(), &size);
    handle.path = new std::string(name);
    handle.syncs_folder = (flags & SQLITE_OPEN_CREATE) != 0 && (flags & journals) != 0;
    disk.note_open(name, size);
  }
  handle.file.pMethods = &methods;
  return SQLITE_OK;
}

int remove(sqlite3_vfs* vfs, const char* name, int folder_synced) {
  FaultDisk& disk = disk_of(vfs);
  const int code = disk.note_delete(name, folder_synced != 0);
  return code != SQLITE_OK ? code : disk.base().xDelete(&disk.base(), name, 0);
}

}  // namespace

FaultDisk::FaultDisk() : base_(*sqlite3_vfs_find(nullptr)), vfs_(base_) {
  vfs_.zName = "fault-disk";
  vfs_.pAppData = this;
  vfs_.szOsFile = static_cast<int>(sizeof(Handle)) + base_.szOsFile;
  vfs_.pNext = nullptr;
  vfs_.xOpen = open;
  vfs_.xDelete = remove;
  GH_ASSERT(sqlite3_vfs_register(&vfs_, 1) == SQLITE_OK);
}

FaultDisk::~FaultDisk() {
  sqlite3_vfs_unregister(&vfs_);
  sqlite3_vfs_register(&base_, 1);
}

void FaultDisk::cut_power_after(std::uint64_t operations) {
  const std::lock_guard lock(mutex_);
  power_left_ = operations;
}

void FaultDisk::set_capacity(std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  capacity_ = bytes;
}

std::uint64_t FaultDisk::used() const {
  const std::lock_guard lock(mutex_);
  return used_;
}

// Whether there is power for one more operation.
bool FaultDisk::spend_power() {
  if (power_left_ == unlimited) return true;
  if (power_left_ > 0) --power_left_;
  return power_left_ > 0;
}

void FaultDisk::note_open(const std::string& path, std::int64_t size) {
  const std::lock_guard lock(mutex_);
  File& file = files_[path];
  if (!file.exists) file = File();
  used_ += static_cast<std::uint64_t>(size) - file.size;
  file.size = static_cast<std::uint64_t>(size);
}

int FaultDisk::note_write(const std::string& path, std::int64_t offset, std::string_view bytes) {
  const std::lock_guard lock(mutex_);
  if (power_left_ == 0) return SQLITE_IOERR_WRITE;
  File& file = files_[path];
  const std::uint64_t end = static_cast<std::uint64_t>(offset) + bytes.size();
  const std::uint64_t growth = end > file.size ? end - file.size : 0;
  if (used_ + growth > capacity_) return SQLITE_FULL;
  used_ += growth;
  file.size += growth;
  file.pending.push_back({offset, std::string(bytes), false});
  return spend_power() ? SQLITE_OK : SQLITE_IOERR_WRITE;
}

int FaultDisk::note_truncate(const std::string& path, std::int64_t size) {
  const std::lock_guard lock(mutex_);
  if (power_left_ == 0) return SQLITE_IOERR_TRUNCATE;
  File& file = files_[path];
  used_ += static_cast<std::uint64_t>(size) - file.size;
  file.size = static_cast<std::uint64_t>(size);
  file.pending.push_back({size, "", true});
  return spend_power() ? SQLITE_OK : SQLITE_IOERR_TRUNCATE;
}

int FaultDisk::note_sync(const std::string& path) {
  const std::lock_guard lock(mutex_);
  if (power_left_ == 0 || !spend_power()) return SQLITE_IOERR_FSYNC;
  File& file = files_[path];
  for (const Operation& operation : file.pending) apply(file.synced, operation);
  file.pending.clear();
  return SQLITE_OK;
}

void FaultDisk::note_folder_sync() {
  const std::lock_guard lock(mutex_);
  for (auto& [path, file] : files_) file.name_synced = file.exists;
}

int FaultDisk::note_delete(const std::string& path, bool folder_synced) {
  const std::lock_guard lock(mutex_);
  if (power_left_ == 0 || !spend_power()) return SQLITE_IOERR_DELETE;
  File& file = files_[path];
  used_ -= file.size;
  file.size = 0;
  file.exists = false;
  if (folder_synced) file.name_synced = false;
  return SQLITE_OK;
}

void FaultDisk::write_survivors(const std::filesystem::path& folder, Random& chance) const {
  const std::lock_guard lock(mutex_);
  for (const auto& [path, file] : files_) {
    // A name that was synced and still is there is certain; one that was neither is not.
    const bool certain = file.exists && file.name_synced;
    const bool possible = file.exists || file.name_synced;
    if (!certain && (!possible || chance.number() % 2 == 0)) continue;
    std::string content = file.synced;
    for (const Operation& operation : file.pending) {
      switch (chance.number() % 3) {
        case 0: break;
        case 1: apply(content, operation); break;
        default: apply_torn(content, operation, chance);
      }
    }
    std::ofstream(folder / std::filesystem::path(path).filename(), std::ios::binary) << content;
  }
}

void FaultDisk::apply(std::string& content, const Operation& operation) {
  const auto offset = static_cast<std::size_t>(operation.offset);
  if (operation.truncates) {
    content.resize(std::min(content.size(), offset));
    return;
  }
  content.resize(std::max(content.size(), offset + operation.bytes.size()));
  content.replace(offset, operation.bytes.size(), operation.bytes);
}

void FaultDisk::apply_torn(std::string& content, const Operation& operation, Random& chance) {
  if (operation.truncates) return;
  for (std::size_t at = 0; at < operation.bytes.size();) {
    const auto offset = static_cast<std::size_t>(operation.offset) + at;
    const std::size_t size =
        std::min(sector_bytes - offset % sector_bytes, operation.bytes.size() - at);
    if (chance.number() % 2 == 0) {
      apply(content, {static_cast<std::int64_t>(offset), operation.bytes.substr(at, size), false});
    }
    at += size;
  }
}

}  // namespace gatehouse::storage
