#pragma once
// One libcurl handle with what it points to: the options that every exchange has, set in one place.
// Only sources that speak to libcurl include this.

#include <curl/curl.h>

#include <array>
#include <string>
#include <string_view>

#include "base/outgoing/curl_library.h"
#include "base/outgoing/exchange.h"

namespace tocsin::outgoing {

/// Where an HTTP exchange connects to, if not where its URL says.
struct HttpRoute {
  std::string ip;           // this address instead of resolving the URL's host
  std::string unix_socket;  // this socket
};

/// libcurl holds pointers into it: it never moves. Single-threaded.
class CurlEasy {
 public:
  explicit CurlEasy(const CurlLibrary& curl) : curl_(curl), handle_(curl.easy_init()) {}
  ~CurlEasy();
  CurlEasy(const CurlEasy&) = delete;
  CurlEasy& operator=(const CurlEasy&) = delete;

  const CurlLibrary& curl() const { return curl_; }
  CURL* handle() const { return handle_; }  // null: no memory
  /// False once libcurl has refused an option, because it is too old.
  bool options_ok() const { return options_ok_; }

  template <class Value>
  void Set(CURLoption option, Value value) {
    options_ok_ = options_ok_ && curl_.easy_setopt(handle_, option, value) == CURLE_OK;
  }
  void Set(CURLoption option, const std::string& value) { Set(option, value.c_str()); }

  /// A line of the list that CURLOPT_HTTPHEADER or CURLOPT_MAIL_RCPT is given at the end.
  void Append(const std::string& line);
  curl_slist* list() const { return list_; }

  /// Limits, TLS, no redirects, no signals.
  void SetCommon(const ExchangeLimits& limits, const TlsOptions& tls);
  /// URL, method, headers, body and authentication. Takes the body out of `request`. Errors:
  /// kInvalid for line breaks in URL or headers.
  Status SetHttp(HttpRequest& request, const HttpRoute& route = {});

  const std::string& body() const { return body_; }
  void set_body(std::string body) { body_ = std::move(body); }
  /// What libcurl says of a failure, in one line.
  std::string Why(CURLcode code) const;

 private:
  void SetUrl(const HttpRequest& request, const HttpRoute& route);

  const CurlLibrary& curl_;
  CURL* const handle_;
  curl_slist* list_ = nullptr;
  curl_slist* connect_to_ = nullptr;
  bool options_ok_ = true;
  std::string body_;
  std::array<char, CURL_ERROR_SIZE> error_{};
};

/// True if `text` would end the line of a header or command that it stands in.
bool HasLineBreak(std::string_view text);

}  // namespace tocsin::outgoing
