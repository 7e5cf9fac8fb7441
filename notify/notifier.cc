#include "notify/notifier.h"

#include "notify/text.h"

namespace tocsin::notify {

Verdict Notifier::Judge(const Result<Answer>& answer, WallTime now) const {
  return JudgeHttp(answer, now);
}

Verdict JudgeError(const Error& error) {
  using Kind = Verdict::Kind;
  switch (error.code()) {
    case Errc::kTimeout:
      return {Kind::kRetry, {}, "timeout", error.message()};
    case Errc::kUnsupported:
      return {Kind::kRetry, {}, "unsupported", error.message()};
    case Errc::kInvalid:
      return {Kind::kRejected, {}, "invalid", error.message()};
    default:
      return {Kind::kRetry, {}, "network", error.message()};
  }
}

Verdict JudgeHttp(const Result<Answer>& answer, WallTime now) {
  using Kind = Verdict::Kind;
  if (!answer) return JudgeError(answer.error());
  const int status = answer->status;
  if (status >= 200 && status < 300) return {};
  std::string detail = "status " + std::to_string(status);
  if (const std::string body = OneLine(answer->body, 200); !body.empty()) detail += ": " + body;
  const auto wish = ParseRetryAfter(answer->retry_after, now);
  if (status == 429) return {Kind::kRetry, wish, "rate_limited", std::move(detail)};
  if (status == 408) return {Kind::kRetry, wish, "timeout", std::move(detail)};
  if (status >= 500) return {Kind::kRetry, wish, "status_5xx", std::move(detail)};
  if (status >= 300 && status < 400) return {Kind::kRetry, {}, "redirect", std::move(detail)};
  return {Kind::kRejected, {}, "status_4xx", std::move(detail)};
}

}  // namespace tocsin::notify
