#pragma once
// What one line of an access log says, and what reads it.

#include <cmath>
#include <cstdint>
#include <string_view>

namespace tocsin {

struct AccessRecord {
  std::string_view method;        // as the client sent it: any text
  std::string_view path;          // without query, host and fragment; not decoded
  int status = 0;                 // 100 … 599
  double seconds = std::nan("");  // NaN where the log does not tell
  std::uint64_t bytes = 0;
};

/// Why a line counts for nothing.
enum class LineProblem : std::uint8_t {
  kNone,
  kFormat,  // it is not laid out as the settings say
  kStatus,  // no status code between 100 and 599
  kTime,    // the duration is no number, or negative
  kTooLong,
};
inline constexpr std::size_t kLineProblems = 5;

constexpr std::string_view LineProblemText(LineProblem problem) {
  constexpr std::string_view kTexts[kLineProblems] = {"", "format", "status", "time", "too_long"};
  return kTexts[static_cast<std::size_t>(problem)];
}

/// So many bytes after a line may be read (and are ignored): simdjson reads in blocks.
inline constexpr std::size_t kLinePadding = 64;

/// One layout of lines. One thread at a time.
class AccessLineParser {
 public:
  virtual ~AccessLineParser() = default;
  /// Reads `line` (without its newline). The views in `record` live as long as the line and until
  /// the next call; after a problem they mean nothing.
  virtual LineProblem Parse(std::string_view line, AccessRecord& record) = 0;
};

}  // namespace tocsin
