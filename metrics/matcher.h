#pragma once
// Label matchers as PromQL selectors have them. Used by the store, PromQL and routing.

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "metrics/labels.h"

namespace tocsin {

class AnchoredRegex;
enum class DotNewline;

enum class MatchOp { kEqual, kNotEqual, kRegex, kNotRegex };

/// "=", "!=", "=~", "!~".
std::string_view MatchOpText(MatchOp op);

/// One condition on one label; an absent label counts as "". Immutable, cheap to copy, may be
/// shared between threads. Regular expressions are RE2's, fully anchored, `.` matches newlines.
class Matcher {
 public:
  /// Errors: kInvalid for a bad regular expression, in RE2's words.
  static Result<Matcher> Make(MatchOp op, std::string name, std::string value);
  /// A matcher that cannot fail: kEqual or kNotEqual.
  static Matcher Equal(std::string name, std::string value);
  /// The same with Prometheus 2's regular expressions, whose `.` does not match a newline.
  Matcher WithoutDotNewline() const;

  MatchOp op() const { return op_; }
  const std::string& name() const { return name_; }
  const std::string& value() const { return value_; }

  bool Matches(std::string_view value) const;
  bool Matches(const Labels& labels) const { return Matches(labels.Get(name_)); }
  /// True if a series without the label matches.
  bool MatchesEmpty() const { return Matches(std::string_view{}); }

  /// `name=~"value"`.
  std::string ToString() const;

 private:
  Matcher(MatchOp op, std::string name, std::string value);

  MatchOp op_;
  std::string name_;
  std::string value_;
  DotNewline dot_;
  std::shared_ptr<const AnchoredRegex> regex_;
};

}  // namespace tocsin
