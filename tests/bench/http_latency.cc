// http_latency RUNS PORT... < paths: for each path the median latency of each server, in
// microseconds, of alternating requests to servers on 127.0.0.1 over one connection each, from the
// first byte sent to the last received. In C++, because what a client itself does counts for all.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

namespace {

[[noreturn]] void Fail(const std::string& what) {
  std::fprintf(stderr, "error: %s\n", what.c_str());
  std::exit(1);
}

class Client {
 public:
  explicit Client(int port) : port_(port), socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(port));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
      Fail("cannot connect to port " + std::to_string(port));
    }
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    buffer_.resize(std::size_t{64} << 20);
  }
  ~Client() { ::close(socket_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  double Microseconds(const std::string& path) {
    const std::string request =
        "GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port_) + "\r\n\r\n";
    const auto start = std::chrono::steady_clock::now();
    if (::send(socket_, request.data(), request.size(), 0) !=
        static_cast<ssize_t>(request.size())) {
      Fail("cannot send");
    }
    Receive(path);
    return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start)
        .count();
  }

 private:
  std::string_view Take(std::size_t had) {
    const ssize_t got = ::recv(socket_, buffer_.data() + had, buffer_.size() - had, 0);
    if (got <= 0) Fail("the server hung up");
    return {buffer_.data(), had + static_cast<std::size_t>(got)};
  }

  void Receive(const std::string& path) {
    std::string_view text;
    std::size_t body = std::string_view::npos;
    while (body == std::string_view::npos) {
      text = Take(text.size());
      body = text.find("\r\n\r\n");
    }
    const std::string_view head = text.substr(0, body);
    body += 4;
    if (head.find(" 200 ") != 8) Fail(path + ": " + std::string(head));
    constexpr std::string_view kLength = "Content-Length: ";
    if (const std::size_t at = head.find(kLength); at != std::string_view::npos) {
      const std::size_t end = body + std::strtoull(head.data() + at + kLength.size(), nullptr, 10);
      while (text.size() < end) text = Take(text.size());
    } else {
      while (!text.ends_with("\r\n0\r\n\r\n")) text = Take(text.size());
    }
  }

  const int port_;
  const int socket_;
  std::vector<char> buffer_;
};

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) Fail("usage: http_latency RUNS PORT... < paths");
  const int runs = std::atoi(argv[1]);
  std::deque<Client> clients;
  for (int i = 2; i < argc; ++i) clients.emplace_back(std::atoi(argv[i]));
  for (std::string path; std::getline(std::cin, path);) {
    std::vector<std::vector<double>> took(clients.size());
    for (int run = 0; run < runs; ++run) {
      for (std::size_t i = 0; i < clients.size(); ++i) {
        took[i].push_back(clients[i].Microseconds(path));
      }
    }
    for (std::vector<double>& of_one : took) std::printf("%.1f ", Median(std::move(of_one)));
    std::printf("\n");
    std::fflush(stdout);
  }
}
