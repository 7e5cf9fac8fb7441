#include "rules/template/humanize.h"

#include <array>
#include <cmath>
#include <span>

#include "base/format.h"
#include "base/parse.h"
#include "rules/template/fmt.h"
#include "rules/template/types.h"

namespace tocsin::tmpl {
namespace {

using Prefixes = std::array<std::string_view, 8>;
constexpr Prefixes kLarge{"k", "M", "G", "T", "P", "E", "Z", "Y"};
constexpr Prefixes kLarge1024{"ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"};
constexpr Prefixes kSmall{"m", "u", "n", "p", "f", "a", "z", "y"};

std::string ScaledDown(double value, double unit, const Prefixes& prefixes) {
  std::string_view prefix;
  for (const std::string_view next : prefixes) {
    if (std::fabs(value) < unit) break;
    prefix = next;
    value /= unit;
  }
  return FourDigits(value).append(prefix);
}

std::string ScaledUp(double value) {
  std::string_view prefix;
  for (const std::string_view next : kSmall) {
    if (std::fabs(value) >= 1) break;
    prefix = next;
    value *= 1000;
  }
  return FourDigits(value).append(prefix);
}

/// Go's conversion on amd64: what does not fit is the least int64.
std::int64_t ToInt64(double value) {
  constexpr double kTooLarge = 9223372036854775808.0;
  if (value >= -kTooLarge && value < kTooLarge) return static_cast<std::int64_t>(value);
  return std::numeric_limits<std::int64_t>::min();
}

}  // namespace

std::string Humanize(double value) {
  if (value == 0 || !std::isfinite(value)) return FourDigits(value);
  return std::fabs(value) >= 1 ? ScaledDown(value, 1000, kLarge) : ScaledUp(value);
}

std::string Humanize1024(double value) {
  if (std::fabs(value) <= 1 || !std::isfinite(value)) return FourDigits(value);
  return ScaledDown(value, 1024, kLarge1024);
}

std::string HumanizeDuration(double seconds) {
  if (!std::isfinite(seconds)) return FourDigits(seconds);
  if (seconds == 0) return FourDigits(seconds) + "s";
  if (std::fabs(seconds) < 1) return ScaledUp(seconds) + "s";
  const std::string sign = seconds < 0 ? "-" : "";
  seconds = std::fabs(seconds);
  const std::int64_t whole = ToInt64(seconds);
  const std::int64_t days = whole / 86400;
  const std::int64_t hours = whole / 3600 % 24;
  const std::int64_t minutes = whole / 60 % 60;
  const std::string rest = std::to_string(minutes) + "m " + std::to_string(whole % 60) + "s";
  if (days != 0) {
    return sign + std::to_string(days) + "d " + std::to_string(hours) + "h " + rest;
  }
  if (hours != 0) return sign + std::to_string(hours) + "h " + rest;
  if (minutes != 0) return sign + rest;
  return sign + FourDigits(seconds) + "s";
}

std::string HumanizePercentage(double ratio) { return FourDigits(ratio * 100) + "%"; }

Result<Time> TimeOfSeconds(double seconds_value) {
  const double nanos = seconds_value * 1e9;
  if (!(nanos >= -9223372036854775808.0 && nanos <= 9223372036854775807.0)) {
    return Error{Errc::kInvalid, FormatGoFloat(seconds_value) +
                                     " cannot be represented as a nanoseconds timestamp since it "
                                     "overflows int64"};
  }
  return Time::From(FromMillis(ToInt64(nanos) / 1'000'000));
}

Result<double> ToNumber(const Value& value) {
  switch (value.kind()) {
    case Kind::kFloat:
      return value.AsFloat();
    case Kind::kInt:
      return static_cast<double>(value.AsInt());
    case Kind::kDuration:
      return static_cast<double>(value.AsDuration().nanos) / 1e9;
    case Kind::kString:
      if (value.type() == &kStringType) {
        if (const auto number = ParseDouble(value.AsString())) return *number;
        return Error{Errc::kInvalid, "\"" + std::string(value.AsString()) + "\" is not a number"};
      }
      break;
    default:
      break;
  }
  return Error{Errc::kInvalid, "can't convert " + std::string(value.type_name()) + " to a number"};
}

}  // namespace tocsin::tmpl
