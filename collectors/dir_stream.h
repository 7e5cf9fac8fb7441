#pragma once
// A directory read entry by entry, however large it is.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace tocsin {

/// What lies in a directory. Symbolic links are not followed.
struct DirEntry {
  enum class Kind : std::uint8_t { kFile, kDirectory, kOther };

  std::string_view name;  // valid until the next call
  Kind kind;
  nanoseconds mtime;  // since the Unix epoch
  std::uint64_t bytes;
};

/// Keeps one descriptor open. One thread at a time.
class DirStream {
 public:
  virtual ~DirStream() = default;

  /// The next entry without "." and "..", in the file system's own order; nothing at the end.
  /// Entries that vanish meanwhile are passed over. Errors: kIo.
  virtual Result<std::optional<DirEntry>> Next() = 0;

  /// A directory in this one. Errors: kNotFound; kIo, also if `name` is a symbolic link.
  virtual Result<std::unique_ptr<DirStream>> OpenChild(const std::string& name) const = 0;
};

/// The directory at `path`, which may be a symbolic link. Errors: kNotFound, kIo.
Result<std::unique_ptr<DirStream>> OpenDirStream(const std::string& path);

}  // namespace tocsin
