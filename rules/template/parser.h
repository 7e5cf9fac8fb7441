#pragma once
// Builds trees from a template's tokens.

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "rules/template/ast.h"
#include "rules/template/functions.h"
#include "rules/template/template.h"

namespace tocsin::tmpl {

inline constexpr std::size_t kMaxTemplateBytes = 1 << 20;

struct ParsedText {
  std::shared_ptr<const Tree> main;
  TreeMap definitions;
};

/// Errors: kInvalid, "NAME:LINE:COLUMN: …"; kLimit for a text over kMaxTemplateBytes.
Result<ParsedText> ParseText(std::string_view text, std::string tree_name,
                             const ParseOptions& options);

}  // namespace tocsin::tmpl
