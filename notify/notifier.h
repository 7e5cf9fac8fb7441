#pragma once
// The contract of a receiver: messages become one request, and its answer becomes a verdict. A
// receiver knows neither queues nor retries nor time: those are the dispatcher's.

#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "notify/alert.h"
#include "notify/transport.h"

namespace tocsin::notify {

/// What an attempt came to.
struct Verdict {
  enum class Kind {
    kDelivered,
    kRetry,     // the same again later
    kRejected,  // the same again would be refused again
  };

  Kind kind = Kind::kDelivered;
  std::optional<milliseconds> retry_after;  // kRetry: the receiver's own wish
  std::string reason;                       // one word for a metric: "timeout", "status_5xx" …
  std::string detail;                       // for the log; holds no secret
  bool without_markup = false;              // kRetry: as plain text (Message::plain)
};

/// Immutable; used on the dispatcher's thread.
class Notifier {
 public:
  virtual ~Notifier() = default;

  /// How many messages one request may carry.
  virtual std::size_t max_batch() const { return 1; }

  /// One request for `batch` (1 … max_batch messages).
  /// Errors: kInvalid if these messages can never be sent (they are rejected); anything else, as an
  /// unreadable secret, is tried again.
  virtual Result<Request> Render(std::span<const Message> batch, WallTime now) const = 0;

  /// Default: JudgeHttp.
  virtual Verdict Judge(const Result<Answer>& answer, WallTime now) const;
};

/// 2xx is delivered. Retried: no answer, 5xx, 429, 408, and redirects, which are not followed but
/// may be a captive portal's. Anything else is rejected.
Verdict JudgeHttp(const Result<Answer>& answer, WallTime now);

/// The verdict on an exchange that had no answer.
Verdict JudgeError(const Error& error);

}  // namespace tocsin::notify
