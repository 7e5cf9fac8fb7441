#pragma once
// Regular expressions of the kind that describe a line of a log, matched faster than RE2 does it.

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "collectors/response/line_program.h"

namespace tocsin {

/// What RE2 (UTF-8, no options) finds in a line by an expression, found by trying in Perl's order.
/// Where RE2 takes each byte through an automaton, this looks for the next quote or blank. It gives
/// up rather than take long: RE2 has to decide then. Allocates nothing after construction. One
/// thread at a time.
class LinePattern {
 public:
  enum class Answer { kMatch, kNoMatch, kUndecided };

  explicit LinePattern(LineProgram program);
  LinePattern(const LinePattern&) = delete;
  LinePattern& operator=(const LinePattern&) = delete;

  /// Looks for the leftmost match in a line. Of a match, `groups`, by number, gets the named groups
  /// that took part; the others become null. It has at least a place for each named group.
  Answer Search(std::string_view line, std::span<std::string_view> groups);

 private:
  /// What is done when a try fails.
  struct Choice {
    enum class Kind : std::uint8_t { kStep, kShorter, kLonger, kRestore };
    Kind kind;
    std::uint32_t step;  // to go on at; kRestore: a slot
    const char* at;
    const char* limit;  // kShorter: not before it; kLonger: not behind it
  };
  using Table = std::array<bool, 256>;

  Answer TryAt(std::string_view line, const char* at);
  const char* EndOfRun(const LineStep& step, const char* at, const char* end) const;
  /// The next position where a try can go on that ended in failure; null if there is none.
  const char* NextChoice(const char* end, std::uint32_t& step);
  bool CanGoOn(std::uint32_t step, const char* at, const char* end) const;

  const LineProgram program_;
  const std::vector<Table> tables_;        // of the program's sets
  const LineStep* leading_run_ = nullptr;  // an unlimited one that each match begins with
  const char* begin_ = nullptr;
  std::vector<Choice> choices_;
  std::vector<const char*> slots_;
  std::size_t work_left_ = 0;
};

}  // namespace tocsin
