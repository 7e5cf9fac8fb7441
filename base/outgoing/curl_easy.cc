#include "base/outgoing/curl_easy.h"

#include <strings.h>

#include <algorithm>

#include "base/parse.h"
#include "base/utf8.h"

namespace tocsin::outgoing {
namespace {

/// A URL taken apart as far as connecting needs it.
struct UrlParts {
  std::string_view scheme;  // with "://"
  std::string_view host;    // with the brackets of an IPv6 address
  std::string_view port;    // the scheme's own if the URL has none
  std::string_view rest;
};

UrlParts SplitUrl(std::string_view url) {
  UrlParts parts;
  parts.scheme = url.substr(0, url.find("://") + 3);
  url.remove_prefix(parts.scheme.size());
  std::string_view authority = url.substr(0, url.find_first_of("/?#"));
  parts.rest = url.substr(authority.size());
  authority.remove_prefix(authority.rfind('@') + 1);  // npos + 1 is 0
  const auto colon = authority.rfind(':');
  const bool has_port = colon != std::string_view::npos && colon > authority.rfind(']') + 1;
  parts.host = has_port ? authority.substr(0, colon) : authority;
  parts.port = has_port                     ? authority.substr(colon + 1)
               : parts.scheme == "https://" ? std::string_view("443")
                                            : std::string_view("80");
  return parts;
}

std::string InBrackets(const std::string& ip) {
  return ip.find(':') == std::string::npos ? ip : "[" + ip + "]";
}

}  // namespace

bool HasLineBreak(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
}

CurlEasy::~CurlEasy() {
  curl_.easy_cleanup(handle_);
  curl_.slist_free_all(list_);
  curl_.slist_free_all(connect_to_);
}

void CurlEasy::Append(const std::string& line) {
  if (curl_slist* longer = curl_.slist_append(list_, line.c_str())) list_ = longer;
}

void CurlEasy::SetCommon(const ExchangeLimits& limits, const TlsOptions& tls) {
  Set(CURLOPT_ERRORBUFFER, error_.data());
  Set(CURLOPT_NOSIGNAL, 1L);
  // Otherwise closing a handle waits for a name server that does not answer.
  Set(CURLOPT_QUICK_EXIT, 1L);
  Set(CURLOPT_TIMEOUT_MS, static_cast<long>(limits.total_timeout.count()));
  Set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(limits.connect_timeout.count()));
  Set(CURLOPT_FOLLOWLOCATION, 0L);
  Set(CURLOPT_SSLVERSION,
      static_cast<long>(tls.tls13_only ? CURL_SSLVERSION_TLSv1_3 : CURL_SSLVERSION_TLSv1_2));
  Set(CURLOPT_SSL_VERIFYPEER, tls.insecure_skip_verify ? 0L : 1L);
  Set(CURLOPT_SSL_VERIFYHOST, tls.insecure_skip_verify ? 0L : 2L);
  if (!tls.ca_file.empty()) Set(CURLOPT_CAINFO, tls.ca_file);
  if (!tls.cert_file.empty()) Set(CURLOPT_SSLCERT, tls.cert_file);
  if (!tls.key_file.empty()) Set(CURLOPT_SSLKEY, tls.key_file);
}

/// libcurl checks certificates against the URL's host: for another name, the URL gets that name,
/// and the connection goes where the URL said.
void CurlEasy::SetUrl(const HttpRequest& request, const HttpRoute& route) {
  const std::string& name = request.tls.server_name;
  if (!route.unix_socket.empty()) Set(CURLOPT_UNIX_SOCKET_PATH, route.unix_socket);
  if (name.empty() && route.ip.empty()) return Set(CURLOPT_URL, request.url);
  const UrlParts url = SplitUrl(request.url);
  const std::string port(url.port);
  const std::string to = route.ip.empty() ? std::string(url.host) : InBrackets(route.ip);
  const std::string checked = name.empty() ? std::string(url.host) : name;
  connect_to_ = curl_.slist_append(nullptr, (checked + ":" + port + ":" + to + ":" + port).c_str());
  Set(CURLOPT_CONNECT_TO, connect_to_);
  if (name.empty()) return Set(CURLOPT_URL, request.url);
  Set(CURLOPT_URL, std::string(url.scheme) + name + ":" + port + std::string(url.rest));
  Append("Host: " + std::string(url.host) + ":" + port);
}

Status CurlEasy::SetHttp(HttpRequest& request, const HttpRoute& route) {
  const bool injected =
      HasLineBreak(request.url) ||
      std::any_of(request.headers.begin(), request.headers.end(),
                  [](const Header& h) { return HasLineBreak(h.name) || HasLineBreak(h.value); });
  if (injected) return Error{Errc::kInvalid, "a URL or header with a line break in it"};
  body_ = std::move(request.body);
  Set(CURLOPT_PROTOCOLS_STR, "http,https");
  SetUrl(request, route);
  Set(CURLOPT_PROXY, request.proxy);
  Set(CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BASIC));
  if (!request.user_password.empty()) Set(CURLOPT_USERPWD, request.user_password);
  if (request.method == "GET" && body_.empty()) {
    Set(CURLOPT_HTTPGET, 1L);
  } else if (request.method == "HEAD") {
    Set(CURLOPT_NOBODY, 1L);
  } else {
    Set(CURLOPT_POST, 1L);
    Set(CURLOPT_CUSTOMREQUEST, request.method);
    Set(CURLOPT_POSTFIELDS, body_.c_str());
    Set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body_.size()));
  }
  Append("Expect:");  // no waiting for "100 Continue"
  const auto has = [&](const char* name) {
    return std::any_of(request.headers.begin(), request.headers.end(),
                       [&](const Header& h) { return ::strcasecmp(h.name.c_str(), name) == 0; });
  };
  if (!has("User-Agent")) Append("User-Agent: Tocsin");
  if (!has("Content-Type")) Append("Content-Type:");  // libcurl takes every body for a form
  for (const Header& header : request.headers) {
    Append(header.value.empty() ? header.name + ";" : header.name + ": " + header.value);
  }
  Set(CURLOPT_HTTPHEADER, list_);
  return Unit{};
}

std::string CurlEasy::Why(CURLcode code) const {
  return OneLine(error_[0] ? error_.data() : curl_.easy_strerror(code), 200);
}

}  // namespace tocsin::outgoing
