#include "base/outgoing/http_client.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/outgoing/curl_library.h"
#include "base/parse.h"
#include "base/utf8.h"

namespace tocsin::outgoing {

/// libcurl with its multi handle.
class HttpClient::Library {
 public:
  explicit Library(const CurlLibrary& curl) : curl_(curl), multi_(curl.multi_init()) {
    curl_.multi_setopt(multi_, CURLMOPT_MAXCONNECTS, 16L);  // idle ones kept for the next request
  }
  ~Library() { curl_.multi_cleanup(multi_); }
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;

  const CurlLibrary& operator*() const { return curl_; }
  const CurlLibrary* operator->() const { return &curl_; }
  CURLM* multi() const { return multi_; }

 private:
  const CurlLibrary& curl_;
  CURLM* multi_;
};

/// One request and what has come back of it. libcurl holds pointers into it: it never moves.
struct HttpClient::Exchange {
  Exchange(const CurlLibrary& library, std::uint64_t request_id)
      : curl(library), id(request_id), handle(library.easy_init()) {}
  ~Exchange() {
    curl.easy_cleanup(handle);
    curl.slist_free_all(list);
    curl.slist_free_all(connect_to);
  }
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  template <class Value>
  void Set(CURLoption option, Value value) {
    options_ok = options_ok && curl.easy_setopt(handle, option, value) == CURLE_OK;
  }
  void Set(CURLoption option, const std::string& value) { Set(option, value.c_str()); }
  void Append(const std::string& line) {
    if (curl_slist* longer = curl.slist_append(list, line.c_str())) list = longer;
  }

  static std::size_t OnBody(char* data, std::size_t size, std::size_t count, void* self) {
    auto& exchange = *static_cast<Exchange*>(self);
    const std::size_t room = exchange.max_answer_bytes - exchange.answer.body.size();
    exchange.answer.body.append(data, std::min(room, size * count));
    return size * count > room ? 0 : size * count;  // 0 ends the transfer
  }

  static std::size_t OnHeader(char* data, std::size_t size, std::size_t count, void* self) {
    constexpr std::string_view kName = "retry-after:";
    auto& exchange = *static_cast<Exchange*>(self);
    const std::string_view line(data, size * count);
    if (line.starts_with("HTTP/")) exchange.answer.retry_after.clear();
    if (line == "\r\n" || line == "\n") exchange.headers_complete = true;
    if (line.size() > kName.size() && strncasecmp(data, kName.data(), kName.size()) == 0) {
      exchange.answer.retry_after = std::string(Trim(line.substr(kName.size())));
    }
    return size * count;
  }

  static std::size_t OnUpload(char* data, std::size_t size, std::size_t count, void* self) {
    auto& exchange = *static_cast<Exchange*>(self);
    const std::size_t n = std::min(size * count, exchange.body.size() - exchange.uploaded);
    std::memcpy(data, exchange.body.data() + exchange.uploaded, n);
    exchange.uploaded += n;
    return n;
  }

  const CurlLibrary& curl;
  std::uint64_t id;
  CURL* handle;
  curl_slist* list = nullptr;  // HTTP headers, or recipients
  curl_slist* connect_to = nullptr;
  bool options_ok = true;
  bool mail = false;
  bool headers_complete = false;
  std::size_t max_answer_bytes = 0;
  std::string body;
  std::size_t uploaded = 0;
  Answer answer;
  std::array<char, CURL_ERROR_SIZE> error{};
};

namespace {

bool HasLineBreak(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
}

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
  const auto colon = authority.rfind(':');
  const bool has_port = colon != std::string_view::npos && colon > authority.rfind(']') + 1;
  parts.host = has_port ? authority.substr(0, colon) : authority;
  parts.port = has_port                     ? authority.substr(colon + 1)
               : parts.scheme == "https://" ? std::string_view("443")
                                            : std::string_view("80");
  return parts;
}

Errc CodeOf(CURLcode code) {
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return Errc::kTimeout;
    case CURLE_URL_MALFORMAT:
      return Errc::kInvalid;
    default:
      return Errc::kIo;
  }
}

}  // namespace

HttpClient::HttpClient() = default;

HttpClient::~HttpClient() {
  for (const auto& [handle, exchange] : running_) {
    (*library_)->multi_remove_handle(library_->multi(), handle);
  }
}

void HttpClient::Fail(std::uint64_t id, Error error) {
  completed_.push_back({id, std::move(error)});
}

HttpClient::Exchange* HttpClient::Begin(std::uint64_t id, const ExchangeLimits& limits,
                                        const TlsOptions& tls) {
  if (!library_) {
    auto curl = CurlLibrary::Load();
    if (!curl) {
      Fail(id, std::move(curl).error());
      return nullptr;
    }
    library_ = std::make_unique<Library>(**curl);
  }
  auto exchange = std::make_unique<Exchange>(**library_, id);
  if (!exchange->handle) {
    Fail(id, Error{Errc::kIo, "libcurl has no memory for another request"});
    return nullptr;
  }
  exchange->max_answer_bytes = limits.max_answer_bytes;
  exchange->Set(CURLOPT_ERRORBUFFER, exchange->error.data());
  exchange->Set(CURLOPT_NOSIGNAL, 1L);
  // Otherwise closing a handle waits for a name server that does not answer.
  exchange->Set(CURLOPT_QUICK_EXIT, 1L);
  exchange->Set(CURLOPT_TIMEOUT_MS, static_cast<long>(limits.total_timeout.count()));
  exchange->Set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(limits.connect_timeout.count()));
  exchange->Set(CURLOPT_FOLLOWLOCATION, 0L);
  exchange->Set(CURLOPT_WRITEFUNCTION, &Exchange::OnBody);
  exchange->Set(CURLOPT_WRITEDATA, exchange.get());
  exchange->Set(CURLOPT_HEADERFUNCTION, &Exchange::OnHeader);
  exchange->Set(CURLOPT_HEADERDATA, exchange.get());
  exchange->Set(CURLOPT_SSLVERSION, static_cast<long>(tls.tls13_only ? CURL_SSLVERSION_TLSv1_3
                                                                     : CURL_SSLVERSION_TLSv1_2));
  exchange->Set(CURLOPT_SSL_VERIFYPEER, tls.insecure_skip_verify ? 0L : 1L);
  exchange->Set(CURLOPT_SSL_VERIFYHOST, tls.insecure_skip_verify ? 0L : 2L);
  if (!tls.ca_file.empty()) exchange->Set(CURLOPT_CAINFO, tls.ca_file);
  if (!tls.cert_file.empty()) exchange->Set(CURLOPT_SSLCERT, tls.cert_file);
  if (!tls.key_file.empty()) exchange->Set(CURLOPT_SSLKEY, tls.key_file);
  return exchange.release();
}

void HttpClient::Submit(std::unique_ptr<Exchange> exchange) {
  if (!exchange->options_ok) {
    Fail(exchange->id,
         Error{Errc::kUnsupported, "libcurl.so.4 is too old: 7.85 or later is needed"});
    return;
  }
  CURL* handle = exchange->handle;
  if ((*library_)->multi_add_handle(library_->multi(), handle) != CURLM_OK) {
    Fail(exchange->id, Error{Errc::kIo, "libcurl does not take another request"});
    return;
  }
  running_.emplace(handle, std::move(exchange));
}

/// libcurl checks certificates against the URL's host: for another name, the URL gets that name,
/// and the connection goes where the URL said.
void HttpClient::SetUrl(const HttpRequest& request, Exchange& exchange) {
  const std::string& name = request.tls.server_name;
  if (name.empty()) return exchange.Set(CURLOPT_URL, request.url);
  const UrlParts url = SplitUrl(request.url);
  const std::string port(url.port);
  exchange.connect_to = exchange.curl.slist_append(
      nullptr, (name + ":" + port + ":" + std::string(url.host) + ":" + port).c_str());
  exchange.Set(CURLOPT_CONNECT_TO, exchange.connect_to);
  exchange.Set(CURLOPT_URL, std::string(url.scheme) + name + ":" + port + std::string(url.rest));
  exchange.Append("Host: " + std::string(url.host) + ":" + port);
}

void HttpClient::Start(std::uint64_t id, HttpRequest request) {
  const bool injected =
      HasLineBreak(request.url) ||
      std::any_of(request.headers.begin(), request.headers.end(),
                  [](const Header& h) { return HasLineBreak(h.name) || HasLineBreak(h.value); });
  if (injected) {
    return Fail(id, Error{Errc::kInvalid, "a URL or header with a line break in it"});
  }
  std::unique_ptr<Exchange> exchange(Begin(id, request.limits, request.tls));
  if (!exchange) return;
  exchange->body = std::move(request.body);
  exchange->Set(CURLOPT_PROTOCOLS_STR, "http,https");
  SetUrl(request, *exchange);
  exchange->Set(CURLOPT_PROXY, request.proxy);
  exchange->Set(CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BASIC));
  if (!request.user_password.empty()) exchange->Set(CURLOPT_USERPWD, request.user_password);
  if (request.method == "GET") {
    exchange->Set(CURLOPT_HTTPGET, 1L);
  } else {
    exchange->Set(CURLOPT_POST, 1L);
    exchange->Set(CURLOPT_CUSTOMREQUEST, request.method);
    exchange->Set(CURLOPT_POSTFIELDS, exchange->body.c_str());
    exchange->Set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(exchange->body.size()));
  }
  exchange->Append("Expect:");  // no waiting for "100 Continue"
  exchange->Append("User-Agent: Tocsin");
  for (const Header& header : request.headers) {
    exchange->Append(header.value.empty() ? header.name + ";" : header.name + ": " + header.value);
  }
  exchange->Set(CURLOPT_HTTPHEADER, exchange->list);
  Submit(std::move(exchange));
}

void HttpClient::Start(std::uint64_t id, MailRequest request) {
  bool injected = HasLineBreak(request.from) || HasLineBreak(request.hello) ||
                  HasLineBreak(request.host) || HasLineBreak(request.user);
  for (const std::string& address : request.to) injected = injected || HasLineBreak(address);
  if (injected) {
    return Fail(id, Error{Errc::kInvalid, "a mail address or host with a line break in it"});
  }
  std::unique_ptr<Exchange> exchange(Begin(id, request.limits, request.tls));
  if (!exchange) return;
  using Security = MailRequest::Security;
  const bool tls_from_start = request.security == Security::kTls;
  const long use_ssl = request.security == Security::kNone                ? CURLUSESSL_NONE
                       : request.security == Security::kStartTlsIfOffered ? CURLUSESSL_TRY
                                                                          : CURLUSESSL_ALL;
  exchange->mail = true;
  exchange->body = std::move(request.message);
  exchange->Set(CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  exchange->Set(CURLOPT_PROXY, "");
  exchange->Set(CURLOPT_URL, (tls_from_start ? "smtps://" : "smtp://") + request.host + ":" +
                                 std::to_string(request.port) + "/" + request.hello);
  exchange->Set(CURLOPT_USE_SSL, use_ssl);
  if (!request.user.empty()) {
    exchange->Set(CURLOPT_USERNAME, request.user);
    exchange->Set(CURLOPT_PASSWORD, request.password);
    if (!request.identity.empty()) exchange->Set(CURLOPT_SASL_AUTHZID, request.identity);
  }
  exchange->Set(CURLOPT_MAIL_FROM, "<" + request.from + ">");
  for (const std::string& address : request.to) exchange->Append("<" + address + ">");
  exchange->Set(CURLOPT_MAIL_RCPT, exchange->list);
  exchange->Set(CURLOPT_UPLOAD, 1L);
  exchange->Set(CURLOPT_READFUNCTION, &Exchange::OnUpload);
  exchange->Set(CURLOPT_READDATA, exchange.get());
  exchange->Set(CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(exchange->body.size()));
  Submit(std::move(exchange));
}

void HttpClient::Wait(std::span<pollfd> extra, milliseconds timeout) {
  const int wait_ms = completed_.empty() ? static_cast<int>(timeout.count()) : 0;
  if (!library_) {
    ::poll(extra.data(), static_cast<nfds_t>(extra.size()), wait_ms);
    return;
  }
  std::vector<curl_waitfd> fds;
  for (const pollfd& fd : extra) {
    // Of the two, only CURL_WAIT_POLLIN and _POLLOUT are asked for here.
    const int events =
        (fd.events & POLLIN ? CURL_WAIT_POLLIN : 0) | (fd.events & POLLOUT ? CURL_WAIT_POLLOUT : 0);
    fds.push_back({fd.fd, static_cast<short>(events), 0});
  }
  int running = 0;
  const CurlLibrary& curl = **library_;
  curl.multi_perform(library_->multi(), &running);
  Harvest();
  curl.multi_poll(library_->multi(), fds.data(), static_cast<unsigned>(fds.size()),
                  completed_.empty() ? wait_ms : 0, nullptr);
  curl.multi_perform(library_->multi(), &running);
  Harvest();
  ::poll(extra.data(), static_cast<nfds_t>(extra.size()), 0);  // libcurl reports no hang-ups
}

void HttpClient::Harvest() {
  const CurlLibrary& curl = **library_;
  int left = 0;
  while (const CURLMsg* message = curl.multi_info_read(library_->multi(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    CURL* const handle = message->easy_handle;
    const CURLcode code = message->data.result;
    const auto found = running_.find(handle);
    const std::unique_ptr<Exchange> exchange = std::move(found->second);
    running_.erase(found);
    curl.multi_remove_handle(library_->multi(), handle);
    long status = 0;
    curl.easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    exchange->answer.status = static_cast<int>(status);
    const bool decided = !exchange->mail && exchange->headers_complete && status >= 200;
    if (code == CURLE_OK || decided || (exchange->mail && status >= 400)) {
      completed_.push_back({exchange->id, std::move(exchange->answer)});
      continue;
    }
    const char* detail = exchange->error[0] ? exchange->error.data() : curl.easy_strerror(code);
    Fail(exchange->id, Error{CodeOf(code), OneLine(detail, 200)});
  }
}

void HttpClient::Collect(std::vector<Completion>& out) {
  std::move(completed_.begin(), completed_.end(), std::back_inserter(out));
  completed_.clear();
}

}  // namespace tocsin::outgoing
