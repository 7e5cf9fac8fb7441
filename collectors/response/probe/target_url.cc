#include "collectors/response/probe/target_url.h"

#include <algorithm>

#include "base/percent.h"
#include "collectors/response/probe/probe_base.h"

namespace tocsin::probe {
namespace {

constexpr std::string_view kUnix = "unix:";

Error Bad(std::string_view target, std::string_view why) {
  return {Errc::kInvalid, "not a URL: " + RedactedTarget(target) + ": " + std::string(why)};
}

bool HasControl(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) <= ' ' || c == 0x7f) return true;
  }
  return false;
}

}  // namespace

std::string TargetUrl::Authority() const { return JoinHostPort(host, port); }

std::string TargetUrl::Text() const {
  std::string text = scheme + "://" + Authority();
  if (!path_and_query.starts_with('/')) text += '/';
  return text + path_and_query;
}

std::string RedactedTarget(std::string_view target) {
  const std::size_t scheme = target.find("://");
  const std::size_t begin = scheme == std::string_view::npos ? 0 : scheme + 3;
  const std::string_view authority =
      target.substr(begin, target.substr(begin).find_first_of("/?#"));
  const std::size_t at = authority.rfind('@');
  const std::size_t colon = authority.substr(0, at).find(':');
  if (at == std::string_view::npos || colon == std::string_view::npos) return std::string(target);
  std::string shown(target.substr(0, begin + colon + 1));
  return shown.append("xxxxx").append(target.substr(begin + at));
}

Result<TargetUrl> ParseTargetUrl(std::string_view target) {
  TargetUrl url;
  url.scheme = "http";
  std::string_view rest = target;
  for (const std::string_view scheme : {"http", "https"}) {
    if (rest.starts_with(scheme) && rest.substr(scheme.size()).starts_with("://")) {
      url.scheme = scheme;
      rest.remove_prefix(scheme.size() + 3);
      break;
    }
  }
  rest = rest.substr(0, rest.find('#'));
  if (HasControl(rest)) return Bad(target, "blanks or control characters");
  if (rest.starts_with(kUnix)) {
    rest.remove_prefix(kUnix.size());
    const std::size_t colon = std::min(rest.find(':'), rest.size());
    url.unix_socket = rest.substr(0, colon);
    url.host = "localhost";
    url.path_and_query = rest.substr(std::min(colon + 1, rest.size()));
    if (!url.unix_socket.starts_with('/')) return Bad(target, "expected unix:/path");
    return url;
  }
  std::string_view authority = rest.substr(0, rest.find_first_of("/?"));
  url.path_and_query = rest.substr(authority.size());
  if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) {
    url.user_password = PercentDecoded(authority.substr(0, at));
    authority.remove_prefix(at + 1);
  }
  const auto split = SplitHostPort(authority);
  if (!split || split->host.empty()) return Bad(target, "no host");
  if (!split->port.empty() && !ParsePort(split->port)) return Bad(target, "no such port");
  url.host = split->host;
  url.port = split->port;
  return url;
}

}  // namespace tocsin::probe
