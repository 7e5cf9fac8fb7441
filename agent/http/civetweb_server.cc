#include "agent/http/civetweb_server.h"

#include <civetweb.h>
#include <dlfcn.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <exception>
#include <future>
#include <thread>

#include "agent/http/civetweb_request.h"
#include "agent/http/socket_io.h"
#include "base/log.h"
#include "base/mutex.h"

/// Stands before the C library's, for every library that asks for a stack of its own size: Debian's
/// civetweb gives its threads 100 KB, which no option changes. Handlers on them parse what clients
/// send, nested as deep as the parsers allow, and need what std::thread has. What of it a thread
/// never touches costs no memory.
extern "C" __attribute__((visibility("default"))) int pthread_attr_setstacksize(
    pthread_attr_t* attributes, std::size_t bytes) noexcept {
  constexpr std::size_t kFullStack = std::size_t{8} << 20;
  static const auto next = reinterpret_cast<int (*)(pthread_attr_t*, std::size_t)>(
      dlsym(RTLD_NEXT, "pthread_attr_setstacksize"));
  return next ? next(attributes, std::max(bytes, kFullStack)) : ENOSYS;
}

namespace tocsin::http {
namespace {

/// Room for a header that is too large, so that it can be told so. Beyond it civetweb calls a
/// request malformed.
constexpr const char* kCivetwebBuffer = "32768";

/// How long a client may go on sending what was refused before it is cut off; none, if its header
/// was not even one.
constexpr milliseconds kRefusedBodyTime{500};
constexpr milliseconds kMalformedTime{0};

/// What the server's threads use; outlives them, also when stopping them takes too long.
struct Shared {
  Handler handler;
  ServerLimits limits;
  SystemClock clock;
  std::atomic<bool> started = false;
  std::atomic<bool> stopping = false;
  Mutex mutex;
  std::string start_error GUARDED_BY(mutex);
};

/// The socket of a connection, kept as civetweb's user data: found once a connection.
int SocketOf(mg_connection* connection, const mg_request_info& info) {
  const auto known =
      static_cast<int>(reinterpret_cast<std::intptr_t>(mg_get_user_connection_data(connection)));
  if (known > 0) return known - 1;
  const int found = FindConnection(info.remote_addr, info.remote_port, info.server_port);
  mg_set_user_connection_data(connection, reinterpret_cast<void*>(std::intptr_t{found} + 1));
  return found;
}

/// One request and its answer.
class Exchange {
 public:
  Exchange(Shared& shared, mg_connection* connection, int socket)
      : shared_(shared), connection_(connection), socket_(socket) {}

  /// The status that was sent.
  int Run(const mg_request_info& info) {
    CivetwebRequest read;
    if (auto refusal = ReadRequest(info, shared_.limits, read)) return Refuse(*refusal, {});
    Request& request = read.request;
    const CheckedRequest checked = CheckRequest(request, read.version, shared_.limits);
    if (checked.refusal) return Refuse(*checked.refusal, request.method);
    std::string body;
    if (checked.body_bytes > 0) {
      if (checked.expects_continue && !SendContinue()) return Close(408);
      if (!ReadBody(checked.body_bytes, body)) {
        return Refuse(TextResponse(408, "408 the body did not arrive in time"), request.method);
      }
      request.body = body;
    }
    const Response response = shared_.handler(request);
    const bool keep = checked.keep_alive && !shared_.stopping.load(std::memory_order_relaxed);
    if (!keep) mg_disable_connection_keep_alive(connection_);
    if (!Send(response, keep, request.method)) return Close(response.status);
    return response.status;
  }

  /// Answers without looking at what else the client sends.
  int Refuse(const Response& response, std::string_view method,
             milliseconds linger = kRefusedBodyTime) {
    if (Send(response, false, method)) CloseGently(socket_, linger);
    return Close(response.status);
  }

 private:
  int Close(int status) {
    mg_disable_connection_keep_alive(connection_);
    shutdown(socket_, SHUT_RDWR);  // else civetweb waits for the rest of what it did not read
    return status;
  }

  bool Send(const Response& response, bool keep_alive, std::string_view method) {
    const std::string head = ResponseHead(response, keep_alive, shared_.clock.Wall());
    const bool bodiless = method == "HEAD" || response.status == 204 || response.status == 304;
    return SendAll(socket_, head, bodiless ? std::string_view() : response.Body(),
                   shared_.clock.Mono() + shared_.limits.response_timeout);
  }

  bool SendContinue() {
    return SendAll(socket_, "HTTP/1.1 100 Continue\r\n\r\n", {},
                   shared_.clock.Mono() + shared_.limits.response_timeout);
  }

  /// civetweb has the body's beginning in its buffer and does not say how much; beyond that it
  /// waits for every byte asked for, each with a time of its own. So ask for what the kernel has,
  /// or for one.
  bool ReadBody(std::size_t size, std::string& body) {
    const MonoTime deadline = shared_.clock.Mono() + shared_.limits.body_timeout;
    std::array<char, 4096> piece;
    while (body.size() < size) {
      const std::size_t want = std::min(
          {size - body.size(), std::max<std::size_t>(ReadableBytes(socket_), 1), piece.size()});
      const int got = mg_read(connection_, piece.data(), want);
      if (got <= 0 || shared_.clock.Mono() >= deadline) return false;
      body.append(piece.data(), static_cast<std::size_t>(got));
    }
    return true;
  }

  Shared& shared_;
  mg_connection* connection_;
  int socket_;
};

/// A thread serves one connection until that ends. To a client that asks again as soon as it has an
/// answer, waking this thread each time would cost several times what the request does.
struct LastAnswer {
  int socket = -1;
  MonoTime at{};
};
thread_local LastAnswer last_answer;
constexpr std::chrono::microseconds kQuickClient{500};
constexpr std::chrono::microseconds kSpin{100};

int OnRequest(mg_connection* connection) {
  const mg_request_info* info = mg_get_request_info(connection);
  auto& shared = *static_cast<Shared*>(mg_get_user_data(mg_get_context(connection)));
  const int socket = SocketOf(connection, *info);
  if (socket < 0) {
    LogError("http: the socket of a connection was not found", {{"remote", info->remote_addr}});
    mg_disable_connection_keep_alive(connection);
    return 500;
  }
  try {
    const bool asks_at_once =
        last_answer.socket == socket && shared.clock.Mono() - last_answer.at < kQuickClient;
    const int status = Exchange(shared, connection, socket).Run(*info);
    last_answer = {socket, shared.clock.Mono()};
    if (asks_at_once) SpinUntilReadable(socket, last_answer.at + kSpin);
    return status;
  } catch (const std::exception& e) {  // must not pass through civetweb, which is C
    LogError("http: a request failed", {{"remote", info->remote_addr}, {"error", e.what()}});
    mg_disable_connection_keep_alive(connection);
    shutdown(socket, SHUT_RDWR);
    return 500;
  }
}

/// What civetweb itself refuses: all of it is malformed, came too slowly or did not fit its buffer.
int OnError(mg_connection* connection, int civetweb_status, const char*) {
  constexpr int kAnswered = 0;
  const int status = civetweb_status == 505 ? 505 : 400;
  mg_disable_connection_keep_alive(connection);
  const mg_request_info* info = mg_get_request_info(connection);
  const int socket = info ? SocketOf(connection, *info) : -1;
  if (socket < 0) return kAnswered;
  auto& shared = *static_cast<Shared*>(mg_get_user_data(mg_get_context(connection)));
  const std::string line = std::to_string(status) + ' ' + std::string(StatusText(status));
  Exchange(shared, connection, socket).Refuse(TextResponse(status, line), {}, kMalformedTime);
  return kAnswered;
}

int OnLog(const mg_connection* connection, const char* message) {
  const mg_context* const context = mg_get_context(connection);
  auto* const shared = context ? static_cast<Shared*>(mg_get_user_data(context)) : nullptr;
  if (!shared) return 1;
  if (shared->started) {
    LogDebug("http: " + std::string(message));
    return 1;
  }
  const MutexLock lock(shared->mutex);
  if (shared->start_error.empty()) shared->start_error = message;  // the first is the cause
  return 1;                                                        // logged
}

constexpr milliseconds kPokeInterval{10};

/// Connects and hangs up.
void Poke(const std::string& address) {
  const auto to = ParseListenAddress(address);
  const int fd = to ? ConnectTo(*to) : -1;
  if (fd >= 0) close(fd);
}

class CivetwebServer final : public Server {
 public:
  CivetwebServer(std::shared_ptr<Shared> shared, mg_context* context,
                 std::vector<std::string> addresses)
      : shared_(std::move(shared)), context_(context), addresses_(std::move(addresses)) {}
  ~CivetwebServer() override { Stop(shared_->limits.response_timeout); }

  std::vector<std::string> addresses() const override { return addresses_; }

  bool Stop(milliseconds limit) override {
    if (!context_) return true;
    shared_->stopping = true;
    // mg_stop joins the workers, however long their handlers take.
    std::promise<void> promise;
    std::future<void> stopped = promise.get_future();
    std::thread stopper(
        [promise = std::move(promise), context = context_, keep = shared_]() mutable {
          mg_stop(context);
          mg_exit_library();
          promise.set_value();
        });
    context_ = nullptr;
    const MonoTime deadline = shared_->clock.Mono() + limit;
    // civetweb looks whether to stop when a connection comes, or every other second.
    while (stopped.wait_for(kPokeInterval) != std::future_status::ready) {
      if (shared_->clock.Mono() >= deadline) {
        stopper.detach();
        return false;
      }
      for (const std::string& address : addresses_) Poke(address);
    }
    stopper.join();
    return true;
  }

 private:
  std::shared_ptr<Shared> shared_;
  mg_context* context_;
  std::vector<std::string> addresses_;
};

std::string Milliseconds(milliseconds d) { return std::to_string(d.count()); }

std::vector<std::string> BoundAddresses(mg_context* context,
                                        const std::vector<ListenAddress>& asked) {
  std::vector<mg_server_port> ports(asked.size());
  const int n = mg_get_server_ports(context, static_cast<int>(ports.size()), ports.data());
  std::vector<std::string> bound;
  for (int i = 0; i < n; ++i) {
    const auto k = static_cast<std::size_t>(i);
    bound.push_back(asked[k].host + ':' + std::to_string(ports[k].port));
  }
  return bound;
}

}  // namespace

Result<std::unique_ptr<Server>> StartCivetweb(const ServerOptions& options, Handler handler) {
  std::vector<ListenAddress> addresses;
  std::string ports;
  for (const std::string& text : options.listen_addresses) {
    TRY_ASSIGN(addresses.emplace_back(), ParseListenAddress(text));
    if (addresses.back().kind != ListenAddress::Kind::kIpv4) {
      return Error{Errc::kInvalid, text + ": this door knows IPv4 only"};
    }
    ports.append(ports.empty() ? "" : ",").append(addresses.back().ToString());
  }
  if (addresses.empty()) return Error{Errc::kInvalid, "no listen address"};

  const std::string threads = std::to_string(options.threads);
  const std::string header_timeout = Milliseconds(options.limits.header_timeout);
  const std::string keep_alive_timeout = Milliseconds(options.limits.keep_alive_timeout);
  const std::array<const char*, 21> settings{"listening_ports",
                                             ports.c_str(),
                                             "num_threads",
                                             threads.c_str(),
                                             "enable_keep_alive",
                                             "yes",
                                             "keep_alive_timeout_ms",
                                             keep_alive_timeout.c_str(),
                                             "request_timeout_ms",
                                             header_timeout.c_str(),
                                             "max_request_size",
                                             kCivetwebBuffer,
                                             "decode_url",
                                             "no",
                                             "tcp_nodelay",
                                             "1",
                                             "listen_backlog",
                                             "1024",
                                             "enable_directory_listing",
                                             "no",
                                             nullptr};
  auto shared = std::make_shared<Shared>();
  shared->handler = std::move(handler);
  shared->limits = options.limits;

  mg_callbacks callbacks{};
  callbacks.begin_request = OnRequest;
  callbacks.http_error = OnError;
  callbacks.log_message = OnLog;
  mg_init_data init{};
  init.callbacks = &callbacks;
  init.user_data = shared.get();
  init.configuration_options = const_cast<const char**>(settings.data());
  std::array<char, 256> text{};
  mg_error_data error{};
  error.text = text.data();
  error.text_buffer_size = text.size();

  mg_init_library(0);
  mg_context* const context = mg_start2(&init, &error);
  if (!context) {
    mg_exit_library();
    const MutexLock lock(shared->mutex);
    const std::string why = shared->start_error.empty() ? text.data() : shared->start_error;
    return Error{Errc::kIo, "cannot listen on " + ports + ": " + why};
  }
  shared->started = true;
  return std::unique_ptr<Server>(
      std::make_unique<CivetwebServer>(shared, context, BoundAddresses(context, addresses)));
}

}  // namespace tocsin::http
