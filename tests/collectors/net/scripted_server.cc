#include "tests/collectors/net/scripted_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <mutex>
#include <set>
#include <thread>

namespace tocsin::net {
namespace {

/// Loopback, with the kernel's choice of a port.
int Listen(std::uint16_t& port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  EXPECT_EQ(::listen(fd, 512), 0);
  socklen_t size = sizeof address;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  port = ntohs(address.sin_port);
  return fd;
}

int ListenUnix(const std::string& path) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  ::unlink(path.c_str());
  EXPECT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0) << path;
  EXPECT_EQ(::listen(fd, 512), 0);
  return fd;
}

}  // namespace

struct ScriptedServer::State {
  std::vector<Act> script;
  int listener = -1;
  std::atomic<bool> stopping{false};
  mutable std::mutex mutex;
  std::set<int> open;  // connections that are being served
  int connections = 0;
  std::string received;
  std::vector<std::thread> threads;

  void Accept();
  void Serve(int fd);
  template <class From>
  bool Receive(From& connection, std::string& pending);
};

namespace {

/// The answer to the first request in `pending`, which is taken out; null if there is none.
const std::string* TakeAnswer(const std::vector<std::pair<std::string, std::string>>& answers,
                              std::string& pending) {
  const std::string* first = nullptr;
  std::size_t first_at = std::string::npos;
  std::size_t end = 0;
  for (const auto& [request, answer] : answers) {
    const std::size_t at = pending.find(request);
    if (at >= first_at) continue;
    first_at = at;
    first = &answer;
    end = at + request.size();
  }
  pending.erase(0, end);
  return first;
}

/// One connection, in clear or by TLS.
class Connection {
 public:
  explicit Connection(int fd) : fd_(fd) {}
  ~Connection() {
    SSL_free(ssl_);
    SSL_CTX_free(context_);
  }
  bool StartTls(const std::string& file) {
    context_ = SSL_CTX_new(TLS_server_method());
    const std::string path = CertificateFile(file);
    EXPECT_EQ(SSL_CTX_use_certificate_chain_file(context_, path.c_str()), 1);
    EXPECT_EQ(SSL_CTX_use_PrivateKey_file(context_, path.c_str(), SSL_FILETYPE_PEM), 1);
    ssl_ = SSL_new(context_);
    SSL_set_fd(ssl_, fd_);
    return SSL_accept(ssl_) == 1;
  }
  long Read(char* data, std::size_t room) {
    return ssl_ ? SSL_read(ssl_, data, static_cast<int>(room)) : ::recv(fd_, data, room, 0);
  }
  bool Write(std::string_view bytes) {
    while (!bytes.empty()) {
      const long n = ssl_ ? SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()))
                          : ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
  }

 private:
  int fd_;
  SSL_CTX* context_ = nullptr;
  SSL* ssl_ = nullptr;
};

}  // namespace

template <class From>
bool ScriptedServer::State::Receive(From& connection, std::string& pending) {
  std::array<char, 4096> buffer{};
  const long n = connection.Read(buffer.data(), buffer.size());
  if (n <= 0) return false;
  pending.append(buffer.data(), static_cast<std::size_t>(n));
  const std::lock_guard lock(mutex);
  received.append(buffer.data(), static_cast<std::size_t>(n));
  return true;
}

void ScriptedServer::State::Serve(int fd) {
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  Connection connection(fd);
  std::string pending;
  for (std::size_t i = 0; i < script.size(); ++i) {
    const Act& act = script[i];
    switch (act.kind) {
      case Act::Kind::kExpect: {
        std::size_t at = 0;
        while ((at = pending.find(act.text)) == std::string::npos) {
          if (!Receive(connection, pending)) return;
        }
        pending.erase(0, at + act.text.size());
        break;
      }
      case Act::Kind::kSend:
        if (!connection.Write(act.text)) return;
        break;
      case Act::Kind::kDrip:
        for (const char c : act.text) {
          if (!connection.Write({&c, 1})) return;
        }
        break;
      case Act::Kind::kEndless:
        while (!stopping && connection.Write(act.text)) {
        }
        return;
      case Act::Kind::kTls:
        if (!connection.StartTls(act.text)) return;
        break;
      case Act::Kind::kHang: {
        pollfd hung{fd, POLLRDHUP, 0};
        ::poll(&hung, 1, -1);
        return;
      }
      case Act::Kind::kReset: {
        const linger now{1, 0};
        ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
        return;
      }
      case Act::Kind::kAnswers:
        while (const auto* answer = TakeAnswer(act.answers, pending)) {
          if (!connection.Write(*answer)) return;
        }
        if (!Receive(connection, pending)) return;
        --i;
        break;
      case Act::Kind::kAgain:
        i = static_cast<std::size_t>(-1);
        break;
    }
  }
}

void ScriptedServer::State::Accept() {
  while (!stopping) {
    const int fd = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) break;
    const std::lock_guard lock(mutex);
    ++connections;
    open.insert(fd);
    threads.emplace_back([this, fd] {
      Serve(fd);
      const std::lock_guard done(mutex);
      open.erase(fd);
      ::close(fd);
    });
  }
}

ScriptedServer::ScriptedServer(std::vector<Act> script, std::string path)
    : state_(std::make_shared<State>()) {
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes to clients that have gone
  state_->script = std::move(script);
  state_->listener = path.empty() ? Listen(port_) : ListenUnix(path);
  state_->threads.reserve(4096);
  state_->threads.emplace_back([state = state_.get()] { state->Accept(); });
}

ScriptedServer::~ScriptedServer() {
  state_->stopping = true;
  ::shutdown(state_->listener, SHUT_RDWR);
  state_->threads.front().join();  // no connection is added from here on
  {
    const std::lock_guard lock(state_->mutex);
    for (const int fd : state_->open) ::shutdown(fd, SHUT_RDWR);
  }
  for (std::size_t i = 1; i < state_->threads.size(); ++i) state_->threads[i].join();
  ::close(state_->listener);
}

std::string ScriptedServer::Url(std::string_view scheme) const {
  return std::string(scheme) + "://127.0.0.1:" + std::to_string(port_);
}

int ScriptedServer::connections() const {
  const std::lock_guard lock(state_->mutex);
  return state_->connections;
}

std::string ScriptedServer::received() const {
  const std::lock_guard lock(state_->mutex);
  return state_->received;
}

std::uint16_t DeadPort() {
  std::uint16_t port = 0;
  ::close(Listen(port));
  return port;
}

std::string CertificateFile(std::string_view name) {
  return std::string(TOCSIN_SOURCE_DIR "/tests/collectors/net/certs/").append(name);
}

}  // namespace tocsin::net
