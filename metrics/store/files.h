#pragma once
// The store's only way to the disk, so that tests can cut it anywhere.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "metrics/store/bits.h"

namespace tocsin::store {

/// A file that is being written. Closed when it is destroyed. One thread at a time.
class AppendFile {
 public:
  virtual ~AppendFile() = default;
  /// Errors: kIo; then any part of the bytes may have been written.
  virtual Status Append(std::span<const std::uint8_t> bytes) = 0;
  /// Errors: kIo.
  virtual Status Truncate(std::uint64_t size) = 0;
  /// Returns when everything is on the device. Errors: kIo.
  virtual Status Sync() = 0;
};

/// Held until it is destroyed, or the process ends in whatever way.
class DirectoryLock {
 public:
  virtual ~DirectoryLock() = default;
};

struct FileEntry {
  std::string name;
  std::uint64_t bytes;
};

/// Thread-safe. Errors are kIo, with the path and errno's text.
class FileSystem {
 public:
  virtual ~FileSystem() = default;
  /// With its parents; it may be there already.
  virtual Status MakeDirectory(const std::string& path) = 0;
  /// Errors besides: kInvalid if another process (or this one) holds it.
  virtual Result<std::unique_ptr<DirectoryLock>> Lock(const std::string& directory) = 0;
  /// The regular files in it, in no order.
  virtual Result<std::vector<FileEntry>> List(const std::string& directory) = 0;
  /// Errors besides: kLimit if the file is larger.
  virtual Result<Bytes> Read(const std::string& path, std::size_t max_bytes) = 0;
  /// A new file; it must not exist.
  virtual Result<std::unique_ptr<AppendFile>> Create(const std::string& path) = 0;
  virtual Status Remove(const std::string& path) = 0;
};

/// The real one. Lives for ever.
FileSystem& PosixFiles();

}  // namespace tocsin::store
