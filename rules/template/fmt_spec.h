#pragma once
// How one operand is to be printed, and the printing of Go's basic kinds.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tocsin::tmpl {

/// The flags, width and precision of one verb.
struct FormatSpec {
  bool plus = false;
  bool minus = false;
  bool sharp = false;
  bool space = false;
  bool zero = false;
  bool plus_v = false;   // %+v: field names
  bool sharp_v = false;  // %#v: Go syntax
  std::optional<std::size_t> width = {};
  std::optional<std::size_t> precision = {};
};

// Each appends to `out`. Verbs are those of package fmt that fit the kind; callers have checked.
void FormatBool(bool value, const FormatSpec& spec, std::string& out);
void FormatInteger(std::int64_t value, char verb, const FormatSpec& spec, std::string& out);
void FormatFloat(double value, char verb, const FormatSpec& spec, std::string& out);
void FormatString(std::string_view value, char verb, const FormatSpec& spec, std::string& out);

}  // namespace tocsin::tmpl
