#pragma once
// Where an HTTP probe goes.

#include <string>
#include <string_view>

#include "base/result.h"

namespace tocsin::probe {

struct TargetUrl {
  std::string scheme;       // "http", "https"
  std::string host;         // without brackets
  std::string port;         // empty: the scheme's own
  std::string unix_socket;  // instead of host and port, whose host is then "localhost"
  std::string user_password;
  std::string path_and_query;  // begins with '/' or '?', or is empty

  /// "example.com:8080"
  std::string Authority() const;
  /// The URL without user, password and fragment.
  std::string Text() const;
};

/// Reads "http://…", "https://…", what lacks a scheme (then http), and unix sockets as nginx writes
/// them: "http://unix:/run/app.sock:/path". Errors: kInvalid.
Result<TargetUrl> ParseTargetUrl(std::string_view target);

/// A target as it may be shown: "https://user:xxxxx@host/" of one with a password, which is how Go
/// redacts URLs.
std::string RedactedTarget(std::string_view target);

}  // namespace tocsin::probe
