#pragma once
// Why an exchange with a target failed: an enumerated reason, which becomes a label, and a sentence
// for the log.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace tocsin::net {

enum class Reason : std::uint8_t {
  kResolve,   // the name has no address, or no name server answered
  kConnect,   // refused, unreachable, no such socket
  kTimeout,   // a deadline passed
  kTls,       // no handshake, or a certificate that does not hold
  kAuth,      // the target wants other credentials
  kClosed,    // ended or reset before the answer was whole
  kProtocol,  // the answer is not what the protocol says
  kTooLarge,  // the answer is larger than allowed
  kRedirect,  // led elsewhere, too often or where it may not
  kStatus,    // an HTTP status that is no success
  kRefused,   // the target understood and said no
  kContent,   // a valid answer whose contents are not what was asked for
  kLocal,     // this host: no descriptor, no library, no memory
};
inline constexpr std::size_t kReasonCount = 13;

/// "resolve", "connect" …: the value of the label `reason`.
constexpr std::string_view ReasonText(Reason reason) {
  constexpr std::array<std::string_view, kReasonCount> kTexts{
      "resolve",   "connect",  "timeout", "tls",     "auth",    "closed", "protocol",
      "too_large", "redirect", "status",  "refused", "content", "local"};
  return kTexts[static_cast<std::size_t>(reason)];
}

struct Failure {
  Reason reason;
  /// One line, without secrets; what the target sent stands in it escaped and cut.
  std::string message;
};

}  // namespace tocsin::net
