#pragma once
// Why a probe failed: an enumerated reason, which becomes a label, and a sentence for people.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "collectors/net/failure.h"

namespace tocsin::probe {

/// What the network can do to an exchange, and what the module expected and did not get.
enum class Reason : std::uint8_t {
  kResolve,     // the name has no address, or no name server answered
  kConnect,     // refused, unreachable, no such socket
  kTimeout,     // the time was up
  kTls,         // no handshake, or a certificate that does not hold
  kClosed,      // ended or reset before the answer was whole
  kProtocol,    // the answer is not what the protocol says
  kTooLarge,    // the answer is larger than allowed
  kRedirect,    // too many, or to where it may not lead
  kAuth,        // HTTP 401, 403 or 407 where they are not expected; no token
  kStatus,      // another unexpected HTTP or gRPC status
  kVersion,     // an HTTP version that is not allowed
  kHeader,      // a header does not match
  kBody,        // the body does not match
  kEncoding,    // the body is not compressed as expected
  kTlsPresent,  // fail_if_ssl
  kTlsMissing,  // fail_if_not_ssl
  kExpect,      // query_response: no line matched
  kRcode,       // a DNS response code that is not valid
  kRecords,     // DNS records that do not match
  kNotServing,  // gRPC health: anything but SERVING
  kTarget,      // the target itself cannot be understood
  kLocal,       // this host: no descriptor, no permission, no library
};
inline constexpr std::size_t kReasonCount = 22;

/// "resolve", "connect" …: the value of the label `reason`.
constexpr std::string_view ReasonText(Reason reason) {
  constexpr std::array<std::string_view, kReasonCount> kTexts{
      "resolve",   "connect",     "timeout",     "tls",         "closed",  "protocol",
      "too_large", "redirect",    "auth",        "status",      "version", "header",
      "body",      "encoding",    "tls_present", "tls_missing", "expect",  "rcode",
      "records",   "not_serving", "target",      "local"};
  return kTexts[static_cast<std::size_t>(reason)];
}

struct Failure {
  Reason reason;
  std::string message;  // one line, without secrets
};

Failure FromNet(const net::Failure& failure);

}  // namespace tocsin::probe
