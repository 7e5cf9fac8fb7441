#pragma once
// The fields of an access log, whatever the layout around them.

#include <optional>
#include <string_view>

#include "collectors/response/access_record.h"

namespace tocsin {

/// What a field of a line is.
enum class AccessField : std::uint8_t {
  kSkip,
  kRequest,  // "GET /path?query HTTP/1.1"
  kMethod,
  kTarget,  // a path with or without query, or a whole URL
  kStatus,
  kBytes,
  kSeconds,
  kMilliseconds,
  kMicroseconds,
  kNanoseconds,
};

/// Seconds a unit of a time field is; 0 for other fields.
constexpr double SecondsOf(AccessField field) {
  switch (field) {
    case AccessField::kSeconds:
      return 1;
    case AccessField::kMilliseconds:
      return 1e-3;
    case AccessField::kMicroseconds:
      return 1e-6;
    case AccessField::kNanoseconds:
      return 1e-9;
    default:
      return 0;
  }
}

/// The field that settings and groups of regular expressions call so; nothing if it is unknown.
std::optional<AccessField> AccessFieldNamed(std::string_view name);
/// All of those names, for messages.
inline constexpr std::string_view kAccessFieldNames =
    "request, method, path, url, status, bytes, seconds, milliseconds, microseconds, nanoseconds";

/// Puts the text of a field into `record`. "-" stands for an absent number; several times with
/// commas or colons between them, as nginx writes those of several upstreams, are added up.
LineProblem SetAccessField(AccessField field, std::string_view text, AccessRecord& record);

/// The same of a field that is a number, not text.
LineProblem SetAccessNumber(AccessField field, double number, AccessRecord& record);

/// A number without sign and exponent, as servers write durations. Faster than ParseDouble, which
/// reads what this does not.
std::optional<double> ParsePlainDecimal(std::string_view text);

/// The path of a request target: of "/a?b" and "http://host/a#b" it is "/a".
std::string_view PathOfTarget(std::string_view target);

}  // namespace tocsin
