#include "base/outgoing/http_client.h"

#include <algorithm>
#include <cstring>

#include "base/outgoing/curl_easy.h"
#include "base/parse.h"

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
  Exchange(const CurlLibrary& library, std::uint64_t request_id) : easy(library), id(request_id) {}

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
    const std::string& body = exchange.easy.body();
    const std::size_t n = std::min(size * count, body.size() - exchange.uploaded);
    std::memcpy(data, body.data() + exchange.uploaded, n);
    exchange.uploaded += n;
    return n;
  }

  CurlEasy easy;
  std::uint64_t id;
  bool mail = false;
  bool headers_complete = false;
  std::size_t max_answer_bytes = 0;
  std::size_t uploaded = 0;
  Answer answer;
};

namespace {

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
  if (!exchange->easy.handle()) {
    Fail(id, Error{Errc::kIo, "libcurl has no memory for another request"});
    return nullptr;
  }
  exchange->max_answer_bytes = limits.max_answer_bytes;
  CurlEasy& easy = exchange->easy;
  easy.SetCommon(limits, tls);
  easy.Set(CURLOPT_WRITEFUNCTION, &Exchange::OnBody);
  easy.Set(CURLOPT_WRITEDATA, exchange.get());
  easy.Set(CURLOPT_HEADERFUNCTION, &Exchange::OnHeader);
  easy.Set(CURLOPT_HEADERDATA, exchange.get());
  return exchange.release();
}

void HttpClient::Submit(std::unique_ptr<Exchange> exchange) {
  if (!exchange->easy.options_ok()) {
    Fail(exchange->id,
         Error{Errc::kUnsupported, "libcurl.so.4 is too old: 7.85 or later is needed"});
    return;
  }
  CURL* handle = exchange->easy.handle();
  if ((*library_)->multi_add_handle(library_->multi(), handle) != CURLM_OK) {
    Fail(exchange->id, Error{Errc::kIo, "libcurl does not take another request"});
    return;
  }
  running_.emplace(handle, std::move(exchange));
}

void HttpClient::Start(std::uint64_t id, HttpRequest request, const std::string& unix_socket) {
  std::unique_ptr<Exchange> exchange(Begin(id, request.limits, request.tls));
  if (!exchange) return;
  const HttpRoute route{.ip = {}, .unix_socket = unix_socket};
  if (Status set = exchange->easy.SetHttp(request, route); !set) {
    return Fail(id, std::move(set).error());
  }
  Submit(std::move(exchange));
}

void HttpClient::Start(std::uint64_t id, MailRequest request) {
  bool injected = HasLineBreak(request.from) || HasLineBreak(request.hello) ||
                  HasLineBreak(request.host) || HasLineBreak(request.user);
  for (const std::string& address : request.to) injected = injected || HasLineBreak(address);
  if (injected) {
    return Fail(id, Error{Errc::kInvalid, "a mail address or host with a line break in it"});
  }
  using Security = MailRequest::Security;
  // Whoever could show another certificate could as well leave out the offer: to check it would
  // keep nobody out, but mail from servers whose certificate is of their own making.
  if (request.security == Security::kStartTlsIfOffered) request.tls.insecure_skip_verify = true;
  std::unique_ptr<Exchange> exchange(Begin(id, request.limits, request.tls));
  if (!exchange) return;
  const bool tls_from_start = request.security == Security::kTls;
  const long use_ssl = request.security == Security::kNone                ? CURLUSESSL_NONE
                       : request.security == Security::kStartTlsIfOffered ? CURLUSESSL_TRY
                                                                          : CURLUSESSL_ALL;
  exchange->mail = true;
  CurlEasy& easy = exchange->easy;
  easy.set_body(std::move(request.message));
  easy.Set(CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  easy.Set(CURLOPT_PROXY, "");
  easy.Set(CURLOPT_URL, (tls_from_start ? "smtps://" : "smtp://") + request.host + ":" +
                            std::to_string(request.port) + "/" + request.hello);
  easy.Set(CURLOPT_USE_SSL, use_ssl);
  if (!request.user.empty()) {
    easy.Set(CURLOPT_USERNAME, request.user);
    easy.Set(CURLOPT_PASSWORD, request.password);
    std::string options;
    for (const std::string& mechanism : request.mechanisms) {
      options += (options.empty() ? "AUTH=" : ";AUTH=") + mechanism;
    }
    if (!options.empty()) easy.Set(CURLOPT_LOGIN_OPTIONS, options);
    if (!request.identity.empty()) easy.Set(CURLOPT_SASL_AUTHZID, request.identity);
  }
  easy.Set(CURLOPT_MAIL_FROM, "<" + request.from + ">");
  for (const std::string& address : request.to) easy.Append("<" + address + ">");
  easy.Set(CURLOPT_MAIL_RCPT, easy.list());
  easy.Set(CURLOPT_UPLOAD, 1L);
  easy.Set(CURLOPT_READFUNCTION, &Exchange::OnUpload);
  easy.Set(CURLOPT_READDATA, exchange.get());
  easy.Set(CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(easy.body().size()));
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
    Fail(exchange->id, Error{CodeOf(code), exchange->easy.Why(code)});
  }
}

void HttpClient::Collect(std::vector<Completion>& out) {
  std::move(completed_.begin(), completed_.end(), std::back_inserter(out));
  completed_.clear();
}

}  // namespace tocsin::outgoing
