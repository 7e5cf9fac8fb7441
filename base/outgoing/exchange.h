#pragma once
// What leaves the process and what comes back: HTTP, mail, programs.

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace tocsin::outgoing {

struct TlsOptions {
  std::string ca_file;      // empty: the system's authorities
  std::string cert_file;    // client certificate, PEM
  std::string key_file;     // its key, PEM
  std::string server_name;  // checked instead of the host of the URL
  bool insecure_skip_verify = false;
  bool tls13_only = false;  // otherwise 1.2 and later
};

/// What any exchange over the network may cost.
struct ExchangeLimits {
  milliseconds connect_timeout{5'000};
  milliseconds total_timeout{15'000};  // from the start to the last byte of the answer
  std::size_t max_answer_bytes = 64 << 10;
};

struct Header {
  std::string name;
  std::string value;
};

/// An HTTP request. Redirects are never followed; only http:// and https:// are spoken.
/// `headers`, `user_password` and the URL's query may hold secrets: they are never logged.
struct HttpRequest {
  std::string method = "POST";
  std::string url;
  std::vector<Header> headers;
  std::string body;
  std::string user_password;  // "user:password" for Basic authentication, or empty
  std::string proxy;          // URL, or empty: none, whatever the environment says
  TlsOptions tls;
  ExchangeLimits limits;
};

/// One mail, by SMTP.
struct MailRequest {
  /// kStartTlsIfOffered checks no certificate.
  enum class Security { kNone, kStartTlsIfOffered, kStartTlsRequired, kTls };

  std::string host;
  std::uint16_t port = 25;
  std::string hello = "localhost";  // what EHLO says
  std::string user;
  std::string password;
  std::string identity;  // whom to act for, where that is not `user`
  /// Of SASL, that may be used: "PLAIN" … Empty: what libcurl likes best of what is offered, which
  /// may be a Kerberos that nobody has set up.
  std::vector<std::string> mechanisms;
  std::string from;  // addresses alone, without names
  std::vector<std::string> to;
  std::string message;  // headers and body, CRLF lines
  Security security = Security::kStartTlsRequired;
  TlsOptions tls;
  ExchangeLimits limits;
};

/// A program, started without a shell and with nothing inherited but stdin, stdout and stderr.
struct ExecRequest {
  std::string program;  // absolute path
  std::vector<std::string> arguments;
  std::vector<std::string> environment;  // "NAME=value", all that the program sees
  std::string input;                     // its stdin
  milliseconds timeout{15'000};          // then its whole process group is killed
  std::size_t max_output_bytes = 4 << 10;
};

using Request = std::variant<HttpRequest, MailRequest, ExecRequest>;

/// HTTP: status, Retry-After, body. Mail: the last SMTP code. Exec: exit status (128 + n when ended
/// by signal n), body is what it wrote.
struct Answer {
  int status = 0;
  std::string retry_after;
  std::string body;  // cut at max_answer_bytes
};

/// Errors of an exchange that had no answer: kTimeout, kIo (network, name, TLS), kLimit (an answer
/// larger than allowed), kUnsupported (this host cannot send that way at all).
struct Completion {
  std::uint64_t id;
  Result<Answer> answer;
};

}  // namespace tocsin::outgoing
