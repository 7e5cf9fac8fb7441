#pragma once
// What Prometheus's and Alertmanager's function tables have in common.

#include <string>
#include <string_view>

#include "rules/template/humanize.h"
#include "rules/template/types.h"
#include "rules/template/unicode.h"

namespace tocsin::tmpl {

Result<Value> CallMatch(const Call& call);
Result<Value> CallReReplaceAll(const Call& call);
Result<Value> CallSafeHtml(const Call& call);

inline constexpr Param kThreeStrings[] = {Param::kString, Param::kString, Param::kString};
inline constexpr std::span<const Param> kOneString(kThreeStrings, 1);
inline constexpr std::span<const Param> kTwoStrings(kThreeStrings, 2);

inline constexpr Function kMatchFunction{"match", kTwoStrings, false, CallMatch};
inline constexpr Function kReReplaceAllFunction{"reReplaceAll", kThreeStrings, false,
                                                CallReReplaceAll};
inline constexpr Function kSafeHtmlFunction{"safeHtml", kOneString, false, CallSafeHtml};

/// A function of a number in any of the forms templates have for it.
template <std::string (*kHumanize)(double)>
Result<Value> HumanizeCall(const Call& call) {
  TRY_ASSIGN(const double number, ToNumber(call.args[0]));
  return Value::String(kHumanize(number));
}

/// A function from text to text.
template <std::string (*kFunction)(std::string_view)>
Result<Value> TextCall(const Call& call) {
  return Value::String(kFunction(call.args[0].AsString()));
}

}  // namespace tocsin::tmpl
