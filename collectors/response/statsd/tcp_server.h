#pragma once
// StatsD over TCP: lines, each ended by a newline, on connections that stay open.

#include <poll.h>

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "collectors/response/statsd/shared_table.h"

namespace tocsin::statsd {

struct TcpLimits {
  std::size_t connections = 256;
  milliseconds idle{600'000};
};

/// Listens and serves on the thread of whoever polls. What a connection holds is the beginning of a
/// line, kMaxLine bytes at most; a longer line ends the connection, as statsd_exporter does it.
class TcpServer {
 public:
  /// Errors: kInvalid, kIo.
  static Result<std::unique_ptr<TcpServer>> Listen(const std::vector<std::string>& addresses,
                                                   const TcpLimits& limits, SharedTable& table);
  ~TcpServer();
  TcpServer(const TcpServer&) = delete;
  TcpServer& operator=(const TcpServer&) = delete;

  std::vector<std::uint16_t> Ports() const;

  /// Adds what is to be waited for.
  void AddWaits(std::vector<pollfd>& waits) const;
  /// Serves what AddWaits() added last, in the same order, as poll(2) left it. `buffer` is scratch,
  /// larger than kMaxLine.
  void Serve(std::span<const pollfd> waits, std::span<char> buffer);
  /// Once in a while: ends connections that nothing came from for too long before `now`.
  void MoveTo(MonoTime now);

 private:
  struct Connection {
    int fd;
    std::string rest;  // of a line that has not ended
    MonoTime last_news;
  };
  enum class End { kNone, kClosed, kBroken, kTooLong };

  TcpServer(const TcpLimits& limits, SharedTable& table) : limits_(limits), table_(table) {}
  void Accept(int listener);
  End Read(Connection& connection, std::span<char> buffer);
  End TakeLines(std::string_view text, std::string& rest);
  void Sweep();

  const TcpLimits limits_;
  SharedTable& table_;
  std::vector<int> listeners_;
  std::vector<Connection> connections_;
  bool paused_ = false;  // no descriptor was left to accept with
  MonoTime now_{};
};

}  // namespace tocsin::statsd
