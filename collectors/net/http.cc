#include "collectors/net/http.h"

#include <sys/epoll.h>

#include <algorithm>
#include <cassert>
#include <unordered_map>
#include <utility>

#include "base/outgoing/curl_easy.h"
#include "base/parse.h"
#include "base/utf8.h"
#include "collectors/net/tls_library.h"

namespace tocsin::net {
namespace {

using outgoing::CurlEasy;
using outgoing::CurlLibrary;

constexpr long kKeptConnections = 256;
constexpr std::size_t kMaxHeaderBytes = 64 << 10;

Reason ReasonOf(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
      return Reason::kResolve;
    case CURLE_COULDNT_CONNECT:
      return Reason::kConnect;
    case CURLE_OPERATION_TIMEDOUT:
      return Reason::kTimeout;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_SHUTDOWN_FAILED:
      return Reason::kTls;
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_PARTIAL_FILE:
      return Reason::kClosed;
    case CURLE_OUT_OF_MEMORY:
    case CURLE_FAILED_INIT:
    case CURLE_URL_MALFORMAT:
    case CURLE_UNKNOWN_OPTION:
    case CURLE_NOT_BUILT_IN:
    case CURLE_INTERFACE_FAILED:
      return Reason::kLocal;
    default:
      return Reason::kProtocol;
  }
}

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return lower;
}

struct Exchange {
  explicit Exchange(const CurlLibrary& curl) : easy(curl) {}

  static std::size_t OnBody(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t OnHeader(char* data, std::size_t size, std::size_t count, void* self);
  static int OnConnected(void* self, char*, char*, int, int);

  Status SetOptions(HttpCall& call);
  HttpOutcome Finish();
  template <class Value>
  Value Info(CURLINFO info) const {
    Value value{};
    easy.curl().easy_getinfo(easy.handle(), info, &value);
    return value;
  }
  HttpPhases Phases() const;

  CurlEasy easy;
  std::size_t max_body = 0;
  std::size_t header_bytes = 0;
  bool too_large = false;
  HttpReply reply;
  CURLcode code = CURLE_OK;  // once libcurl has ended it
};

std::size_t Exchange::OnBody(char* data, std::size_t size, std::size_t count, void* self) {
  auto& exchange = *static_cast<Exchange*>(self);
  const std::size_t room = exchange.max_body - exchange.reply.body.size();
  exchange.reply.body.append(data, std::min(room, size * count));
  exchange.too_large = size * count > room;
  return exchange.too_large ? 0 : size * count;  // 0 ends the transfer
}

std::size_t Exchange::OnHeader(char* data, std::size_t size, std::size_t count, void* self) {
  auto& exchange = *static_cast<Exchange*>(self);
  const std::string_view line = Trim(std::string_view(data, size * count));
  exchange.header_bytes += size * count;
  if (exchange.header_bytes > kMaxHeaderBytes) {
    exchange.too_large = true;
    return 0;
  }
  if (line.starts_with("HTTP/")) {  // after a "100 Continue" or a proxy's answer, the next one
    exchange.reply.headers.clear();
    exchange.reply.version = line.substr(5, line.find(' ') - 5);
    return size * count;
  }
  const auto colon = line.find(':');
  if (colon != std::string_view::npos) {
    exchange.reply.headers.push_back(
        {LowerCase(line.substr(0, colon)), std::string(Trim(line.substr(colon + 1)))});
  }
  return size * count;
}

/// Called with the connection open and its handshake done, before the request goes out.
int Exchange::OnConnected(void* self, char*, char*, int, int) {
  auto& exchange = *static_cast<Exchange*>(self);
  const auto* session = exchange.Info<const curl_tlssessioninfo*>(CURLINFO_TLS_SSL_PTR);
  if (session && session->backend == CURLSSLBACKEND_OPENSSL && session->internals) {
    if (const auto tls = TlsLibrary::Load()) {
      exchange.reply.tls = InspectPeer(**tls, static_cast<const SSL*>(session->internals));
    }
  }
  return CURL_PREREQFUNC_OK;
}

Status Exchange::SetOptions(HttpCall& call) {
  const outgoing::HttpRequest& request = call.request;
  max_body = request.limits.max_answer_bytes;
  easy.SetCommon(request.limits, request.tls);
  easy.Set(CURLOPT_WRITEFUNCTION, &OnBody);
  easy.Set(CURLOPT_WRITEDATA, this);
  easy.Set(CURLOPT_HEADERFUNCTION, &OnHeader);
  easy.Set(CURLOPT_HEADERDATA, this);
  if (call.inspect_tls) {
    easy.Set(CURLOPT_PREREQFUNCTION, &OnConnected);
    easy.Set(CURLOPT_PREREQDATA, this);
  }
  if (call.accept_compressed) easy.Set(CURLOPT_ACCEPT_ENCODING, "");
  if (call.ip_version == IpVersion::kOnly4) {
    easy.Set(CURLOPT_IPRESOLVE, static_cast<long>(CURL_IPRESOLVE_V4));
  } else if (call.ip_version == IpVersion::kOnly6) {
    easy.Set(CURLOPT_IPRESOLVE, static_cast<long>(CURL_IPRESOLVE_V6));
  }
  if (!call.source_ip.empty()) easy.Set(CURLOPT_INTERFACE, "host!" + call.source_ip);
  if (call.fresh_connection) {
    easy.Set(CURLOPT_FRESH_CONNECT, 1L);
    easy.Set(CURLOPT_FORBID_REUSE, 1L);
  }
  const long version = call.version == HttpVersion::kHttp1   ? CURL_HTTP_VERSION_1_1
                       : call.version == HttpVersion::kHttp2 ? CURL_HTTP_VERSION_2TLS
                       : call.version == HttpVersion::kHttp2PriorKnowledge
                           ? CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE
                           : CURL_HTTP_VERSION_NONE;
  easy.Set(CURLOPT_HTTP_VERSION, version);
  TRY(easy.SetHttp(call.request, {call.connect_ip, call.unix_socket}));
  if (easy.options_ok()) return Unit{};
  return Error{Errc::kUnsupported, "libcurl.so.4 refuses an option: is it too old?"};
}

HttpPhases Exchange::Phases() const {
  const auto at = [&](CURLINFO info) {
    return nanoseconds(std::chrono::microseconds(Info<curl_off_t>(info)));
  };
  const nanoseconds none{0};
  const nanoseconds resolved = at(CURLINFO_NAMELOOKUP_TIME_T);
  const nanoseconds connected = at(CURLINFO_CONNECT_TIME_T);
  const nanoseconds secured = at(CURLINFO_APPCONNECT_TIME_T);
  const nanoseconds ready = at(CURLINFO_PRETRANSFER_TIME_T);
  const nanoseconds first_byte = at(CURLINFO_STARTTRANSFER_TIME_T);
  const nanoseconds end = at(CURLINFO_TOTAL_TIME_T);
  HttpPhases phases;
  if (Info<long>(CURLINFO_NUM_CONNECTS) > 0) {
    phases.resolve = resolved;
    phases.connect = std::max(connected - resolved, none);
    phases.tls = std::max(secured - connected, none);
  }
  if (first_byte > none) {
    phases.processing = std::max(first_byte - ready, none);
    phases.transfer = std::max(end - first_byte, none);
  }
  return phases;
}

HttpOutcome Exchange::Finish() {
  HttpOutcome outcome;
  reply.status = static_cast<int>(Info<long>(CURLINFO_RESPONSE_CODE));
  reply.content_length = Info<curl_off_t>(CURLINFO_CONTENT_LENGTH_DOWNLOAD_T);
  if (const char* ip = Info<const char*>(CURLINFO_PRIMARY_IP)) reply.ip = ip;
  if (const char* url = Info<const char*>(CURLINFO_REDIRECT_URL)) reply.redirect_url = url;
  reply.phases = Phases();
  if (too_large) {
    outcome.failure = Failure{Reason::kTooLarge,
                              "the answer is larger than " + std::to_string(max_body) + " bytes"};
  } else if (code != CURLE_OK) {
    outcome.failure = Failure{ReasonOf(code), easy.Why(code)};
  }
  outcome.reply = std::move(reply);
  return outcome;
}

/// A request that has not been answered for.
struct Pending {
  std::function<void(HttpOutcome)> done;
  std::unique_ptr<Exchange> exchange;  // null after a failed start
  std::optional<Failure> failure;
};

}  // namespace

const std::string* HttpReply::Header(std::string_view name) const {
  const auto found = std::find_if(headers.begin(), headers.end(),
                                  [&](const outgoing::Header& h) { return h.name == name; });
  return found == headers.end() ? nullptr : &found->value;
}

struct HttpPool::State : std::enable_shared_from_this<HttpPool::State> {
  explicit State(Loop& its_loop) : loop(its_loop), timer(its_loop) {}
  ~State();

  static int OnSocket(CURL*, curl_socket_t fd, int what, void* self, void*);
  static int OnTimer(CURLM*, long timeout_ms, void* self);

  Status Open();
  Status Begin(std::uint64_t id, HttpCall& call, Pending& pending);
  void Detach(const Pending& pending);
  void Watch(curl_socket_t fd, int what);
  void Act(curl_socket_t fd, int events);
  void Complete(std::uint64_t id);

  Loop& loop;
  const CurlLibrary* curl = nullptr;
  CURLM* multi = nullptr;
  Timer timer;
  std::unordered_map<curl_socket_t, std::unique_ptr<Watcher>> watchers;
  std::unordered_map<std::uint64_t, Pending> running;
  std::unordered_map<CURL*, std::uint64_t> ids;  // of those that libcurl has
  std::uint64_t next_id = 1;
};

HttpPool::State::~State() {
  for (const auto& [handle, id] : ids) curl->multi_remove_handle(multi, handle);
  running.clear();
  if (multi) curl->multi_cleanup(multi);
}

Status HttpPool::State::Open() {
  if (multi) return Unit{};
  TRY_ASSIGN(curl, CurlLibrary::Load());
  multi = curl->multi_init();
  if (!multi) return Error{Errc::kIo, "libcurl has no memory"};
  curl->multi_setopt(multi, CURLMOPT_MAXCONNECTS, kKeptConnections);
  curl->multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, &OnSocket);
  curl->multi_setopt(multi, CURLMOPT_SOCKETDATA, this);
  curl->multi_setopt(multi, CURLMOPT_TIMERFUNCTION, &OnTimer);
  curl->multi_setopt(multi, CURLMOPT_TIMERDATA, this);
  return Unit{};
}

int HttpPool::State::OnSocket(CURL*, curl_socket_t fd, int what, void* self, void*) {
  static_cast<State*>(self)->Watch(fd, what);
  return 0;
}

int HttpPool::State::OnTimer(CURLM*, long timeout_ms, void* self) {
  auto& state = *static_cast<State*>(self);
  state.timer.Cancel();
  if (timeout_ms < 0) return 0;
  state.timer.Set(state.loop.Now() + milliseconds(timeout_ms),
                  [&state] { state.Act(CURL_SOCKET_TIMEOUT, 0); });
  return 0;
}

void HttpPool::State::Watch(curl_socket_t fd, int what) {
  if (what == CURL_POLL_REMOVE) {
    watchers.erase(fd);
    return;
  }
  const std::uint32_t events = (what & CURL_POLL_IN ? std::uint32_t{EPOLLIN} : 0) |
                               (what & CURL_POLL_OUT ? std::uint32_t{EPOLLOUT} : 0);
  auto& watcher = watchers[fd];
  if (watcher) return watcher->Change(events);
  watcher = std::make_unique<Watcher>(loop);
  const bool watched = watcher->Set(fd, events, [this, fd](std::uint32_t ready) {
    Act(fd, (ready & EPOLLIN ? CURL_CSELECT_IN : 0) | (ready & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
                (ready & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0));
  });
  if (!watched) watchers.erase(fd);  // the exchange ends by its timeout
}

void HttpPool::State::Act(curl_socket_t fd, int events) {
  int left = 0;
  curl->multi_socket_action(multi, fd, events, &left);
  std::vector<std::uint64_t> ended;
  while (const CURLMsg* message = curl->multi_info_read(multi, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const auto found = ids.find(message->easy_handle);
    if (found == ids.end()) continue;
    running.at(found->second).exchange->code = message->data.result;
    ended.push_back(found->second);
  }
  for (const std::uint64_t id : ended) Complete(id);
}

Status HttpPool::State::Begin(std::uint64_t id, HttpCall& call, Pending& pending) {
  TRY(Open());
  auto exchange = std::make_unique<Exchange>(*curl);
  CURL* const handle = exchange->easy.handle();
  if (!handle) return Error{Errc::kIo, "libcurl has no memory for another request"};
  TRY(exchange->SetOptions(call));
  if (curl->multi_add_handle(multi, handle) != CURLM_OK) {
    return Error{Errc::kIo, "libcurl does not take another request"};
  }
  ids.emplace(handle, id);
  pending.exchange = std::move(exchange);
  return Unit{};
}

void HttpPool::State::Detach(const Pending& pending) {
  if (!pending.exchange) return;
  CURL* const handle = pending.exchange->easy.handle();
  if (ids.erase(handle) > 0) curl->multi_remove_handle(multi, handle);
}

void HttpPool::State::Complete(std::uint64_t id) {
  const auto node = running.extract(id);
  if (node.empty()) return;  // cancelled by whoever was told before
  Pending& pending = node.mapped();
  HttpOutcome outcome;
  if (pending.exchange) outcome = pending.exchange->Finish();
  if (pending.failure) outcome.failure = std::move(pending.failure);
  Detach(pending);
  pending.done(std::move(outcome));
}

HttpPool::HttpPool(Loop& loop) : state_(std::make_shared<State>(loop)) {}
HttpPool::~HttpPool() = default;

std::uint64_t HttpPool::Start(HttpCall call, std::function<void(HttpOutcome)> done) {
  assert(state_->loop.IsLoopThread());
  const std::uint64_t id = state_->next_id++;
  Pending& pending = state_->running[id];
  pending.done = std::move(done);
  if (auto begun = state_->Begin(id, call, pending); !begun) {
    pending.failure = Failure{Reason::kLocal, begun.error().message()};
    state_->loop.Post([id, weak = std::weak_ptr(state_)] {
      if (const auto state = weak.lock()) state->Complete(id);
    });
  }
  return id;
}

void HttpPool::Cancel(std::uint64_t id) {
  const auto node = state_->running.extract(id);
  if (!node.empty()) state_->Detach(node.mapped());
}

}  // namespace tocsin::net
