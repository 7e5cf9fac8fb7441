#pragma once
#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tocsin {

/// What errno says of a path: "path: why", kNotFound if there is none, kUnsupported if it is of a
/// kind that knows no such call, kIo otherwise.
Error FileError(const std::string& path, int error);

/// The whole of a file. Errors: kIo as "path: why", a folder among them; kLimit if it is larger
/// than `max_bytes`.
Result<std::string> ReadWholeFile(const std::string& path, std::size_t max_bytes);

/// Whether a file is there after a power cut as well, which takes a disk some milliseconds.
enum class FileSync { kNo, kYes };
/// Puts a file with mode 0600 at `path`, by way of `path`.new: there is always the old one or the
/// new one. Errors: kIo as "path: why".
Status ReplaceFile(const std::string& path, std::string_view bytes, FileSync sync);

}  // namespace tocsin
