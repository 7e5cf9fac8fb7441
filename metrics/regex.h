#pragma once
#include <cstdint>
#include <memory>
#include <string_view>

namespace re2 {
class RE2;
}

namespace tocsin {

/// Whether `.` matches a newline: Prometheus 3 says yes, 2 no.
enum class DotNewline { kYes, kNo };

struct RegexOptions {
  DotNewline dot = DotNewline::kNo;
  std::int64_t max_memory = 1 << 20;  // bytes, of the expression and its automata
};

/// RE2 without its log: whether `pattern` is an expression is for the caller to ask, by ok().
std::unique_ptr<const re2::RE2> CompileRegex(std::string_view pattern, RegexOptions options = {});

}  // namespace tocsin
