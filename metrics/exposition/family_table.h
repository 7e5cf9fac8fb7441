#pragma once
// Which families an exposition has declared so far, and which one a sample name belongs to.
// Internal to the parser.

#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "metrics/exposition/parse.h"

namespace tocsin::exposition {

class FamilyTable {
 public:
  struct State {
    bool has_type = false;
    bool has_help = false;
    bool has_unit = false;
    bool has_samples = false;
    bool gauge_histogram = false;
    bool gauge_histogram_bucket = false;  // a sample name of one
    std::string_view declared;            // the name as HELP, TYPE and UNIT have it
  };

  /// `families` and `texts` outlive the table.
  FamilyTable(Format format, std::vector<ParsedFamily>& families, std::deque<std::string>& texts)
      : format_(format), families_(families), texts_(texts) {}

  /// The family of that declared name, made if there is none. `name` outlives the table.
  std::uint32_t Declare(std::string_view name);
  void SetType(std::uint32_t family, std::string_view word);

  struct Match {
    std::uint32_t family;
    Suffix suffix;
  };
  /// The family that a sample called `name` belongs to, made (kUnknown) if none is declared.
  Match Resolve(std::string_view name);

  State& state(std::uint32_t family) { return states_[family]; }
  ParsedFamily& family(std::uint32_t family) { return families_[family]; }
  const ParsedFamily& family(std::uint32_t family) const { return families_[family]; }
  std::size_t size() const { return states_.size(); }

  /// Keeps a text for as long as the table's texts live.
  std::string_view Keep(std::string_view text) { return texts_.emplace_back(text); }

  static bool IsType(Format format, std::string_view word);
  /// The words that may stand in a TYPE line.
  static std::span<const std::string_view> TypeWords(Format format);

 private:
  bool FindWithSuffix(std::string_view name, Match& match);

  Format format_;
  std::vector<ParsedFamily>& families_;
  std::deque<std::string>& texts_;
  std::vector<State> states_;
  std::unordered_map<std::string_view, std::uint32_t> by_name_;
  std::string_view last_name_;  // samples of one name mostly come together
  Match last_match_{};
};

}  // namespace tocsin::exposition
