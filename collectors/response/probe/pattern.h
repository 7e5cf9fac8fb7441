#pragma once
// A regular expression of a module, compiled when the file is read.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace re2 {
class RE2;
}

namespace tocsin::probe {

/// RE2, not anchored. Immutable, cheap to copy.
class Pattern {
 public:
  /// Errors: kInvalid in RE2's words.
  static Result<Pattern> Make(std::string_view text);

  const std::string& text() const;
  bool Finds(std::string_view subject) const;

  /// The groups of the first match in `subject`, the whole match first; empty if there is none.
  /// Views into `subject`; a group that took no part is null.
  std::vector<std::string_view> Match(std::string_view subject) const;

  /// `text` with $1, ${1}, $name and ${name} replaced by what `groups` (of Match) hold, and $$ by a
  /// dollar sign; unknown groups stand for nothing.
  std::string Expand(std::string_view text, const std::vector<std::string_view>& groups) const;

 private:
  explicit Pattern(std::shared_ptr<const re2::RE2> regex) : regex_(std::move(regex)) {}
  std::string_view Group(std::string_view name, const std::vector<std::string_view>& groups) const;

  std::shared_ptr<const re2::RE2> regex_;
};

}  // namespace tocsin::probe
