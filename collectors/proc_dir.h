#pragma once
// The processes of a proc file system, read at the price of one openat(2) a file.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/function_ref.h"
#include "collectors/host_fs.h"

namespace tocsin {

/// Paths are relative to the proc file system ("12/stat"). Its descriptor stays open; nothing takes
/// heap in a steady round. One thread at a time.
class ProcDir {
 public:
  virtual ~ProcDir() = default;

  /// Calls `visit` for each process (each entry whose name is a number) in the kernel's order, from
  /// where the last call stopped, until `visit` returns false: that process then comes first in the
  /// next call. True if it came to the end; the next call begins anew. Errors: kNotFound, kIo.
  virtual Result<bool> ForEach(FunctionRef<bool(std::uint32_t pid)> visit) = 0;

  /// The text of a file, as much of it as `buffer` holds, valid as long as that. `error` is an
  /// errno: ENOENT or ESRCH for a process that has ended.
  virtual RawRead Read(const char* path, std::span<char> buffer) = 0;

  /// The numbers among the names of a directory. False if it cannot be listed.
  virtual bool List(const char* path, std::vector<std::uint32_t>& numbers) = 0;

  /// How many entries a directory has, from its size where the kernel says so (descriptors of a
  /// process since Linux 6.2). Nothing if it cannot be told.
  virtual std::optional<std::uint64_t> Count(const char* path) = 0;
};

/// The real one, at `path`, which need not exist yet.
std::unique_ptr<ProcDir> MakeProcDir(std::string path);

}  // namespace tocsin
