#include "metrics/regex.h"

#include <re2/re2.h>

namespace tocsin {

std::unique_ptr<const re2::RE2> CompileRegex(std::string_view pattern, RegexOptions options) {
  re2::RE2::Options re2_options;
  re2_options.set_log_errors(false);
  re2_options.set_dot_nl(options.dot == DotNewline::kYes);
  re2_options.set_max_mem(options.max_memory);
  return std::make_unique<const re2::RE2>(re2::StringPiece(pattern.data(), pattern.size()),
                                          re2_options);
}

}  // namespace tocsin
