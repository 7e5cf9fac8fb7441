#pragma once
// Go's package fmt over Values: printf with all its verbs, flags and complaints, print, println.

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "rules/template/value.h"

namespace tocsin::tmpl {

// Errors: kLimit if the text would be longer than `limit`.

/// fmt.Sprintf. Mistakes in the format come out in the text, as Go writes them ("%!d(string=x)").
Result<std::string> Sprintf(std::string_view format, std::span<const Value> args,
                            std::size_t limit);
/// fmt.Sprint: blanks between operands of which neither is a string.
Result<std::string> Sprint(std::span<const Value> args, std::size_t limit);
/// fmt.Sprintln: blanks between all operands, a newline at the end.
Result<std::string> Sprintln(std::span<const Value> args, std::size_t limit);
/// What an action prints: as Sprint of one value, but "<no value>" for nil and structs without the
/// & of a pointer to them.
Result<std::string> Printed(const Value& value, std::size_t limit);

/// fmt.Sprintf("%.4g", value), which the humanize functions share.
std::string FourDigits(double value);

}  // namespace tocsin::tmpl
