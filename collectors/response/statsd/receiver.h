#pragma once
// The sockets that StatsD clients send to, and the thread that empties them.

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "collectors/response/statsd/tcp_server.h"

namespace tocsin::statsd {

struct ReceiverOptions {
  std::vector<std::string> udp;  // "127.0.0.1:9125", "[::1]:8125", ":8125" (every address)
  std::string unixgram;          // a path, or empty
  std::uint32_t unixgram_mode = 0722;
  std::size_t receive_buffer = 8 << 20;  // asked of the kernel for each datagram socket
  std::vector<std::string> tcp;          // as `udp`
  TcpLimits tcp_limits;
};

class Receiver {
 public:
  /// Binds the sockets and starts the thread "tocsin-statsd". A socket left at the path of the unix
  /// socket by one that is gone is replaced. Errors: kIo (an address in use, no permission).
  static Result<std::unique_ptr<Receiver>> Start(const ReceiverOptions& options,
                                                 SharedTable& table);
  /// Stops and joins the thread, closes the sockets and removes the unix socket.
  ~Receiver();
  Receiver(const Receiver&) = delete;
  Receiver& operator=(const Receiver&) = delete;

  /// Datagrams that the kernel threw away because a socket's buffer was full.
  std::uint64_t KernelDrops() const;
  /// The smallest buffer that the kernel gave to a socket.
  std::size_t ReceiveBufferBytes() const;
  /// Where the UDP sockets are bound: the ports where 0 was asked for.
  std::vector<std::uint16_t> Ports() const;
  std::vector<std::uint16_t> TcpPorts() const;
  /// Tells the thread the time, by which it ends idle connections.
  void MoveTo(MonoTime now);

 private:
  struct Socket {
    int fd;
    Listener listener;
  };
  struct Batch;

  explicit Receiver(SharedTable& table) : table_(table) {}
  Status BindUdp(const std::string& address, std::size_t buffer);
  Status BindUnix(const std::string& path, std::uint32_t mode, std::size_t buffer);
  void Run();
  void Drain(const Socket& socket, Batch& batch);
  void Wake() const;

  SharedTable& table_;
  std::vector<Socket> sockets_;
  std::string unix_path_;
  std::unique_ptr<TcpServer> tcp_;  // null without; the thread's
  int wake_ = -1;                   // an eventfd
  std::atomic<bool> stopping_ = false;
  std::atomic<MonoTime> now_ = MonoTime{};
  std::thread thread_;
};

}  // namespace tocsin::statsd
