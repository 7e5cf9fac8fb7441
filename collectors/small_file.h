#pragma once
// The files of sysfs that hold one value.

#include <optional>
#include <string>
#include <string_view>

#include "base/parse.h"
#include "collectors/host_fs.h"

namespace tocsin {

/// A number in the base that its prefix says: "0x1003" or "12".
template <std::integral T>
std::optional<T> ParsePrefixedInt(std::string_view text) {
  if (text.starts_with("0x")) return ParseInt<T>(text.substr(2), 16);
  return ParseInt<T>(text);
}

/// Reads one-value files without heap, keeping no descriptor. One thread at a time.
class SmallFiles {
 public:
  explicit SmallFiles(const HostFs& fs) : fs_(fs) {}

  /// The text without the blanks at both ends, valid until the next call; `error` is an errno.
  RawRead Read(const std::string& path) {
    const RawRead read = fs_.ReadInto(path, buffer_);
    return {read.error, Trim(read.text)};
  }
  /// The file's text, or nothing if it cannot be read.
  std::optional<std::string_view> Text(const std::string& path) {
    const RawRead read = Read(path);
    return read ? std::optional(read.text) : std::nullopt;
  }
  /// The file's decimal integer, or nothing if it cannot be read or is none.
  template <std::integral T = std::uint64_t>
  std::optional<T> Int(const std::string& path) {
    const RawRead read = Read(path);
    return read ? ParseInt<T>(read.text) : std::nullopt;
  }
  /// The same with the base that a prefix says.
  template <std::integral T = std::uint64_t>
  std::optional<T> PrefixedInt(const std::string& path) {
    const RawRead read = Read(path);
    return read ? ParsePrefixedInt<T>(read.text) : std::nullopt;
  }
  std::optional<double> Double(const std::string& path) {
    const RawRead read = Read(path);
    return read ? ParseDouble(read.text) : std::nullopt;
  }

 private:
  const HostFs& fs_;
  std::string buffer_;
};

}  // namespace tocsin
