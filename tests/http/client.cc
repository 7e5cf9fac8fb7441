#include "tests/http/client.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>

namespace tocsin::http {
namespace {

/// A server that never answers fails a test instead of hanging it.
constexpr timeval kPatience{60, 0};

}  // namespace

std::string Reply::Header(std::string_view name) const {
  const std::string line = "\r\n" + std::string(name) + ": ";
  const auto at = head.find(line);
  if (at == std::string::npos) return "";
  const auto start = at + line.size();
  return head.substr(start, head.find("\r\n", start) - start);
}

Client::Client(const std::string& address, int receive_buffer) {
  sockaddr_storage to{};
  socklen_t size = 0;
  const auto colon = address.rfind(':');
  if (address.starts_with("unix:")) {
    auto& un = reinterpret_cast<sockaddr_un&>(to);
    un.sun_family = AF_UNIX;
    address.copy(un.sun_path, sizeof un.sun_path - 1, 5);
    size = sizeof un;
  } else if (address.starts_with('[')) {
    auto& in6 = reinterpret_cast<sockaddr_in6&>(to);
    in6.sin6_family = AF_INET6;
    in6.sin6_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(colon + 1))));
    inet_pton(AF_INET6, address.substr(1, colon - 2).c_str(), &in6.sin6_addr);
    size = sizeof in6;
  } else {
    auto& in = reinterpret_cast<sockaddr_in&>(to);
    in.sin_family = AF_INET;
    in.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(colon + 1))));
    inet_pton(AF_INET, address.substr(0, colon).c_str(), &in.sin_addr);
    size = sizeof in;
  }
  socket_ = socket(to.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
  if (receive_buffer > 0) {
    setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  }
  connected_ = connect(socket_, reinterpret_cast<const sockaddr*>(&to), size) == 0;
}

Client::~Client() { close(socket_); }

bool Client::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

void Client::Reset() {
  const linger at_once{1, 0};
  setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

bool Client::Fill() {
  std::array<char, 65536> piece;
  const ssize_t n = recv(socket_, piece.data(), piece.size(), 0);
  if (n > 0) buffer_.append(piece.data(), static_cast<std::size_t>(n));
  return n > 0;
}

Reply Client::Read(bool bodiless) {
  Reply reply;
  std::size_t end;
  while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
    if (!Fill()) return reply;
  }
  reply.head = buffer_.substr(0, end + 2);
  buffer_.erase(0, end + 4);
  const std::string length = reply.Header("Content-Length");
  const std::size_t size = bodiless || length.empty() ? 0 : std::stoul(length);
  while (buffer_.size() < size) {
    if (!Fill()) return reply;
  }
  reply.body = buffer_.substr(0, size);
  buffer_.erase(0, size);
  reply.status = std::stoi(reply.head.substr(9));
  return reply;
}

bool Client::Ended() { return buffer_.empty() && !Fill(); }

bool Client::WaitReadable(int milliseconds) {
  pollfd one{socket_, POLLIN, 0};
  return poll(&one, 1, milliseconds) > 0;
}

std::string Get(std::string_view path, std::string_view more_headers) {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: x\r\n" + std::string(more_headers) +
         "\r\n";
}

}  // namespace tocsin::http
