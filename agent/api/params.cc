#include "agent/api/params.h"

#include <cmath>
#include <string>

#include "base/parse.h"
#include "base/time_text.h"

namespace tocsin::api {
namespace {

// Prometheus's own bounds: math.MinInt64/1000 seconds and back.
constexpr double kMaxSeconds = 9.2e15;

std::string Quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

}  // namespace

Result<std::int64_t> ParseTimeParam(std::string_view text) {
  if (const auto unix_seconds = ParseDouble(text);
      unix_seconds && std::fabs(*unix_seconds) < kMaxSeconds) {
    return static_cast<std::int64_t>(std::round(*unix_seconds * 1000));
  }
  if (const auto time = ParseRfc3339(text)) return ToMillis(*time);
  return Error{Errc::kInvalid, "cannot parse " + Quoted(text) + " to a valid timestamp"};
}

Result<std::int64_t> ParseDurationParam(std::string_view text) {
  if (const auto in_seconds = ParseDouble(text);
      in_seconds && std::fabs(*in_seconds) < kMaxSeconds) {
    return static_cast<std::int64_t>(*in_seconds * 1000);
  }
  if (const auto duration = ParseDuration(text)) return duration->count();
  return Error{Errc::kInvalid, "cannot parse " + Quoted(text) + " to a valid duration"};
}

Result<std::int64_t> TimeParam(const http::Form& form, std::string_view name,
                               std::int64_t fallback) {
  const std::string_view text = form.Get(name);
  return text.empty() ? Result<std::int64_t>(fallback) : ParseTimeParam(text);
}

Result<std::uint64_t> LimitParam(const http::Form& form, std::string_view name) {
  const std::string_view text = form.Get(name);
  if (text.empty()) return std::uint64_t{0};
  if (const auto limit = ParseInt<std::uint64_t>(text)) return *limit;
  return Error{Errc::kInvalid, "limit must be a whole number from 0"};
}

}  // namespace tocsin::api
