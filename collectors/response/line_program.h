#pragma once
// What LinePattern executes, and how it is made from a regular expression.

#include <bitset>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tocsin {

/// Bytes that a class of an expression takes. Those from 0x80 on stand for all characters past
/// ASCII: either all of them are in or none.
using LineByteSet = std::bitset<256>;

struct LineStep {
  enum class Kind : std::uint8_t {
    kText,   // the bytes `text`
    kRun,    // `min` to `max` bytes of a set
    kSave,   // the position, under `slot`
    kSplit,  // goes on at `to`, and if that fails at `otherwise`
    kJump,   // goes on at `to`
    kBegin,  // only at the beginning of the line
    kEnd,    // only at its end
    kMatch,
  };
  static constexpr std::uint32_t kUnlimited = std::numeric_limits<std::uint32_t>::max();

  Kind kind = Kind::kMatch;
  bool lazy = false;     // kRun: rather few bytes than many
  bool certain = false;  // kRun: what follows fits nowhere but behind the longest run
  int stop = -1;         // kRun: the only byte that is not in the set, if it is one
  std::uint32_t min = 0;
  std::uint32_t max = 0;
  std::uint32_t slot = 0;  // of group n: 2n and 2n + 1
  std::uint32_t to = 0;    // later than this step, as is `otherwise`
  std::uint32_t otherwise = 0;
  std::uint32_t set = 0;    // kRun: number of its set
  std::uint32_t first = 0;  // number of the set of bytes one of which comes next here
  std::string text;
};

struct LineProgram {
  std::vector<LineStep> steps;  // the last one is kMatch
  std::vector<LineByteSet> sets;
  bool ascii_only = false;  // says nothing of lines with other characters
};

/// The steps of an expression that RE2 takes; nothing if it has anything else than ASCII
/// characters, classes, groups, alternatives and anchors, or repeats something other than one
/// character or class (a group may be optional). Only named groups are saved.
std::optional<LineProgram> CompileLineProgram(std::string_view expression);

}  // namespace tocsin
