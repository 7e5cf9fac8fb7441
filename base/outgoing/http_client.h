#pragma once
// HTTP and SMTP by libcurl's multi interface: any number of exchanges on the caller's one thread.
// libcurl is loaded at the first Start(), not before.

#include <poll.h>

#include <map>
#include <memory>
#include <span>
#include <vector>

#include "base/outgoing/exchange.h"

namespace tocsin::outgoing {

/// Single-threaded. Every exchange ends: by its answer, its total timeout, or the destructor.
///
/// An HTTP answer counts once its status line and headers are there, even if its body is then cut
/// by the size cap or the timeout: the receiver has decided.
class HttpClient {
 public:
  HttpClient();
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  /// `unix_socket`: where to connect to, whatever host the URL names; empty: to that host.
  void Start(std::uint64_t id, HttpRequest request, const std::string& unix_socket = "");
  void Start(std::uint64_t id, MailRequest request);

  /// Waits for network events, events of `extra` (their revents are set) or `timeout`, then moves
  /// the exchanges on.
  void Wait(std::span<pollfd> extra, milliseconds timeout);

  /// Appends what has completed since the last call.
  void Collect(std::vector<Completion>& out);
  bool HasCompletions() const { return !completed_.empty(); }

 private:
  struct Exchange;
  class Library;
  Exchange* Begin(std::uint64_t id, const ExchangeLimits& limits, const TlsOptions& tls);
  void Submit(std::unique_ptr<Exchange> exchange);
  void Fail(std::uint64_t id, Error error);
  void Harvest();

  std::unique_ptr<Library> library_;                    // null until the first Start()
  std::map<void*, std::unique_ptr<Exchange>> running_;  // by libcurl handle
  std::vector<Completion> completed_;
};

}  // namespace tocsin::outgoing
