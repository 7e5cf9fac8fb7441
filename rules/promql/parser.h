#pragma once
// Text to syntax tree. Safe on any input: size and nesting are bounded, errors carry a position.
// Thread-safe.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "metrics/matcher.h"
#include "rules/promql/ast.h"

namespace tocsin::promql {

struct ParseOptions {
  /// Parentheses, calls, subqueries and chained operators nested deeper than this are refused.
  std::size_t max_depth = 200;
  std::size_t max_bytes = 100'000;
};

/// Where and why a text was refused.
struct ParseError {
  std::string message;  // without position: `unexpected end of input`
  PosRange pos;         // bytes; may stand at the end of the text
  std::size_t line = 1;
  std::size_t column = 1;  // bytes from the start of the line, from 1
  /// The line at fault with a caret line under it.
  std::string Caret(std::string_view text) const;
};

/// Errors: kInvalid, worded as Prometheus words them: `1:5: parse error: unexpected …`. If `where`
/// is given it is filled with the parts.
Result<ExprPtr> ParseExpr(std::string_view text, const ParseOptions& options = {},
                          ParseError* where = nullptr);

/// A selector as match[] has it, `up{job="x"}`: no offset, no range. Errors as ParseExpr; one whose
/// matchers all match the empty string is refused.
Result<std::vector<Matcher>> ParseSelector(std::string_view text, ParseError* where = nullptr);

}  // namespace tocsin::promql
