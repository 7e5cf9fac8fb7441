#pragma once
// Go's literals: strings, characters and numbers.

#include <optional>
#include <string>
#include <string_view>

#include "rules/template/ast.h"

namespace tocsin::tmpl {

/// strconv.Unquote of "…" or `…`, quotes included; nothing if it is not well-formed.
std::optional<std::string> Unquote(std::string_view literal);

/// A number as Go writes it ("0x1F", "1_000", "0b101", "017", "1e3", ".5").
std::optional<Number> ParseNumber(std::string_view literal);
/// A character with its quotes ('a', '\n', '世').
std::optional<Number> ParseCharacter(std::string_view literal);

}  // namespace tocsin::tmpl
