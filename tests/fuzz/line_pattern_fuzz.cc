// Expressions that LinePattern takes find in a line what RE2 finds. Input: an expression, a
// newline, a line.

#include <re2/re2.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "base/parse.h"
#include "collectors/response/line_pattern.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace tocsin;
  constexpr std::size_t kMaxExpression = 200;
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const std::string_view expression = TakeLine(rest);
  const std::string line(rest);  // RE2 tells groups of a null text from others
  if (expression.size() > kMaxExpression) return 0;
  re2::RE2::Options options;
  options.set_log_errors(false);
  const re2::RE2 expected(re2::StringPiece(expression.data(), expression.size()), options);
  if (!expected.ok()) return 0;
  auto program = CompileLineProgram(expression);
  if (!program) return 0;
  LinePattern pattern(*std::move(program));

  const auto groups = static_cast<std::size_t>(expected.NumberOfCapturingGroups()) + 1;
  std::vector<re2::StringPiece> pieces(groups);
  std::vector<std::string_view> found(groups);
  const auto answer = pattern.Search(line, found);
  if (answer == LinePattern::Answer::kUndecided) return 0;
  const re2::StringPiece text(line.data(), line.size());
  const bool matches = expected.Match(text, 0, text.size(), re2::RE2::UNANCHORED, pieces.data(),
                                      static_cast<int>(groups));
  if (matches != (answer == LinePattern::Answer::kMatch)) std::abort();
  if (!matches) return 0;
  for (const auto& [number, name] : expected.CapturingGroupNames()) {
    const auto i = static_cast<std::size_t>(number);
    if (found[i].data() != pieces[i].data() || found[i].size() != pieces[i].size()) std::abort();
  }
  return 0;
}
