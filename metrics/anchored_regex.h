#pragma once
// The regular expressions of matchers. Most are names, lists of names, or names with .* in them:
// those are compared as text, in a fraction of what RE2 takes to compile them.

#include <array>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "metrics/regex.h"

namespace tocsin {

/// Alternatives of literals with `.*` and `.+` between them.
class WildcardPattern {
 public:
  /// False if `regex` is anything else, or long; then the pattern matches nothing.
  bool Read(std::string_view regex);
  /// Whether all of `text` is matched. What stands for `.` must be ASCII, and no newline, for RE2
  /// to be of the same opinion.
  bool Matches(std::string_view text) const;
  bool HasGaps() const { return has_gaps_; }

 private:
  struct Piece {
    std::string literal;    // may be empty
    bool gap = false;       // anything may stand before it …
    bool nonempty = false;  // … but something must
  };
  using Alternative = std::vector<Piece>;

  bool ReadPieces(std::string_view regex);
  static bool MatchesOne(const Alternative& pieces, std::string_view text);

  std::vector<Alternative> alternatives_;
  bool has_gaps_ = false;
};

/// A regular expression in RE2's syntax, fully anchored. Thread-safe.
class AnchoredRegex {
 public:
  /// Errors: kInvalid, in RE2's words.
  static Result<std::shared_ptr<const AnchoredRegex>> Make(std::string pattern);
  explicit AnchoredRegex(std::string pattern);
  ~AnchoredRegex();

  bool Matches(std::string_view text, DotNewline dot) const;

 private:
  const re2::RE2& Compiled(DotNewline dot) const;

  const std::string pattern_;
  WildcardPattern wildcards_;
  bool is_wildcards_;
  // By DotNewline, each compiled when it is first needed.
  mutable std::array<std::once_flag, 2> once_;
  mutable std::array<std::unique_ptr<const re2::RE2>, 2> compiled_;
};

}  // namespace tocsin
