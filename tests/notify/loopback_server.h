#pragma once
// An HTTP server on a free loopback port that does what a test tells it, well behaved or not.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace tocsin::notify {

/// One connection is served by one thread; `respond` writes whatever it likes.
class LoopbackServer {
 public:
  class Connection {
   public:
    Connection(int fd, const std::atomic<bool>& stop) : fd_(fd), stop_(stop) {}
    std::string request;  // headers and body as received
    /// False once the peer is gone.
    bool Send(std::string_view text) {
      while (!text.empty()) {
        const auto n = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
        if (n <= 0) return false;
        text.remove_prefix(static_cast<std::size_t>(n));
      }
      return true;
    }
    /// Blocks until the peer closes or the server stops.
    void Hang() {
      char c = 0;
      while (!stop_ && ::recv(fd_, &c, 1, 0) > 0) {
      }
    }
    bool stopping() const { return stop_; }

   private:
    int fd_;
    const std::atomic<bool>& stop_;
  };
  using Respond = std::function<void(Connection&)>;

  explicit LoopbackServer(Respond respond) : respond_(std::move(respond)) {
    fd_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ::bind(fd_, reinterpret_cast<sockaddr*>(&address), size);
    ::listen(fd_, 64);
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { Accept(); });
  }
  ~LoopbackServer() {
    stop_ = true;
    ::shutdown(fd_, SHUT_RDWR);
    acceptor_.join();
    {
      const std::scoped_lock lock(mutex_);
      for (const int client : clients_) ::shutdown(client, SHUT_RDWR);
    }
    for (std::thread& t : threads_) t.join();
    for (const int client : clients_) ::close(client);
    ::close(fd_);
  }
  LoopbackServer(const LoopbackServer&) = delete;
  LoopbackServer& operator=(const LoopbackServer&) = delete;

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  int port() const { return port_; }
  int requests() const { return requests_; }

 private:
  void Accept() {
    for (;;) {
      const int client = ::accept(fd_, nullptr, nullptr);
      if (client < 0) return;
      const std::scoped_lock lock(mutex_);
      clients_.push_back(client);
      threads_.emplace_back([this, client] { Serve(client); });
    }
  }
  void Serve(int client) {
    Connection connection(client, stop_);
    std::size_t need = std::string::npos;
    char buffer[4096];
    while (connection.request.size() < need) {
      const auto n = ::recv(client, buffer, sizeof buffer, 0);
      if (n <= 0) return;
      connection.request.append(buffer, static_cast<std::size_t>(n));
      const auto end = connection.request.find("\r\n\r\n");
      if (end == std::string::npos) continue;
      const auto length = connection.request.find("Content-Length: ");
      need = end + 4 + (length < end ? std::stoul(connection.request.substr(length + 16)) : 0);
    }
    ++requests_;
    respond_(connection);
    ::shutdown(client, SHUT_RDWR);
  }

  Respond respond_;
  int fd_;
  int port_ = 0;
  std::atomic<bool> stop_{false};
  std::atomic<int> requests_{0};
  std::mutex mutex_;
  std::vector<int> clients_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

}  // namespace tocsin::notify
