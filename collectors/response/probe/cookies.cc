#include "collectors/response/probe/cookies.h"

#include <algorithm>

#include "base/ascii.h"
#include "base/parse.h"

namespace tocsin::probe {
namespace {

constexpr std::size_t kMaxCookies = 50;
constexpr std::size_t kMaxBytes = 4'096;  // of one

/// Takes the text up to `separator` off the front.
std::string_view TakeUntil(std::string_view& text, char separator) {
  const std::size_t end = std::min(text.find(separator), text.size());
  const std::string_view part = Trim(text.substr(0, end));
  text.remove_prefix(std::min(end + 1, text.size()));
  return part;
}

bool IsUnder(std::string_view host, std::string_view domain) {
  if (EqualsIgnoringCase(host, domain)) return true;
  return host.size() > domain.size() && host[host.size() - domain.size() - 1] == '.' &&
         EqualsIgnoringCase(host.substr(host.size() - domain.size()), domain);
}

/// RFC 6265, 5.1.4.
bool PathMatches(std::string_view path, std::string_view of_cookie) {
  return path.starts_with(of_cookie) &&
         (of_cookie.ends_with('/') || path == of_cookie || path.substr(of_cookie.size(), 1) == "/");
}

}  // namespace

void Cookies::Take(std::string_view host, std::string_view set_cookie) {
  if (set_cookie.size() > kMaxBytes || cookies_.size() >= kMaxCookies) return;
  std::string_view pair = TakeUntil(set_cookie, ';');
  Cookie cookie;
  cookie.name = TakeUntil(pair, '=');
  cookie.value = pair;
  cookie.domain = host;
  while (!set_cookie.empty()) {
    std::string_view value = TakeUntil(set_cookie, ';');
    const std::string_view name = TakeUntil(value, '=');
    if (EqualsIgnoringCase(name, "secure")) cookie.secure = true;
    if (EqualsIgnoringCase(name, "path") && value.starts_with('/')) cookie.path = value;
    if (EqualsIgnoringCase(name, "domain") && !value.empty()) {
      cookie.domain = value.substr(value.starts_with('.') ? 1 : 0);
      cookie.host_only = false;
    }
  }
  // A domain without a dot is everybody's.
  const bool others = !IsUnder(host, cookie.domain) ||
                      (!cookie.host_only && !EqualsIgnoringCase(host, cookie.domain) &&
                       cookie.domain.find('.') == std::string::npos);
  if (cookie.name.empty() || others) return;
  std::erase_if(cookies_, [&](const Cookie& old) {
    return old.name == cookie.name && old.domain == cookie.domain && old.path == cookie.path;
  });
  cookies_.push_back(std::move(cookie));
}

std::string Cookies::For(std::string_view host, std::string_view path, bool secure) const {
  std::string header;
  for (const Cookie& cookie : cookies_) {
    const bool here =
        cookie.host_only ? EqualsIgnoringCase(host, cookie.domain) : IsUnder(host, cookie.domain);
    if (!here || (cookie.secure && !secure) || !PathMatches(path, cookie.path)) continue;
    header.append(header.empty() ? "" : "; ").append(cookie.name).append("=").append(cookie.value);
  }
  return header;
}

}  // namespace tocsin::probe
