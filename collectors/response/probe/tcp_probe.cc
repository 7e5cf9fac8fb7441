// The tcp prober: connects, then talks as query_response says, line by line.

#include <utility>

#include "base/utf8.h"
#include "collectors/net/stream.h"
#include "collectors/response/probe/probe_base.h"
#include "collectors/response/probe/target_url.h"

namespace tocsin::probe {
namespace {

/// As Go's bufio.Scanner.
constexpr std::size_t kMaxLine = 64 << 10;
/// Of all that one probe reads.
constexpr std::size_t kMaxTotal = 1 << 20;
constexpr std::string_view kUnixPrefix = "unix:";

class TcpProbe final : public ProbeBase, net::StreamUser {
 public:
  TcpProbe(net::Network& network, ProbeJob job, ProbeDone done)
      : ProbeBase(network, std::move(job), std::move(done)),
        tls_start_(network.loop()),
        stream_(network, *this) {
    result_.facts = TcpFacts{};
  }

 private:
  const TcpModule& tcp() const { return module().tcp; }
  TcpFacts& facts() { return std::get<TcpFacts>(result_.facts); }

  void Begin() override {
    if (job_.target.starts_with(kUnixPrefix)) {
      host_ = job_.hostname;
      return Connect({.host = {}, .port = 0, .path = UnixPath(job_.target)});
    }
    const auto target = SplitHostPort(job_.target);
    const auto port = target ? ParsePort(target->port) : std::nullopt;
    if (!port || target->host.empty()) {
      return Fail(Reason::kTarget,
                  "expected host:port or unix:/path, not " + RedactedTarget(job_.target));
    }
    host_ = job_.hostname.empty() ? target->host : job_.hostname;
    Resolve(target->host, tcp().ip, lookup_seconds_, [this, p = *port](const net::Address& a) {
      Connect({.host = a.Ip(), .port = p, .path = {}});
    });
  }

  static std::string UnixPath(std::string_view target) {
    target.remove_prefix(kUnixPrefix.size());
    if (target.starts_with("//")) target.remove_prefix(2);
    return std::string(target);
  }

  void Connect(net::Endpoint to) {
    net::StreamOptions options;
    options.to = std::move(to);
    options.source_ip = tcp().source_ip;
    options.deadline = deadline();
    options.max_unread = kMaxLine;
    if (tcp().tls) options.tls = Tls();
    Log("connecting to " + options.to.Text() + (tcp().tls ? " with TLS" : ""));
    stream_.Connect(std::move(options));
  }

  outgoing::TlsOptions Tls() const {
    outgoing::TlsOptions tls = tcp().tls_options;
    if (tls.server_name.empty()) tls.server_name = host_;
    return tls;
  }

  void OnConnected() override {
    connected_ = true;
    stream_.SetDeadline(deadline());
    if (const auto& peer = stream_.tls_peer()) result_.tls = FactsOf(*peer);
    Log(result_.tls ? "connected, " + result_.tls->version : "connected");
    MoveOn();
  }

  /// Goes through the steps as far as what was received allows. The probe may be gone then.
  void MoveOn() {
    while (step_ < tcp().steps.size()) {
      const QueryResponse& step = tcp().steps[step_];
      std::string send = step.send;
      if (step.expect) {
        const auto line = TakeLine();
        if (!line) return ended_ ? FailExpect(step) : void();
        if (!Matches(step, *line, send)) continue;
      }
      ++step_;
      if (ended_ && (!send.empty() || step.starttls)) {
        return Fail(Reason::kClosed, "the other side closed before all was said");
      }
      if (!send.empty()) {
        Log("sending: " + send);
        stream_.Write(send + "\n");
      }
      if (step.starttls) return StartTls();
    }
    Finish(std::nullopt);
  }

  std::optional<std::string> TakeLine() {
    const std::size_t newline = received_.find('\n', next_line_);
    if (newline == std::string::npos) return std::nullopt;
    std::string line = received_.substr(next_line_, newline - next_line_);
    next_line_ = newline + 1;
    if (line.ends_with('\r')) line.pop_back();
    return line;
  }

  bool Matches(const QueryResponse& step, const std::string& line, std::string& send) {
    const auto groups = step.expect->Match(line);
    Log((groups.empty() ? "passed over: " : "matched: ") + line);
    if (groups.empty()) {
      last_line_ = line.substr(0, 100);
      return false;
    }
    send = step.expect->Expand(step.send, groups);
    return true;
  }

  /// Later: within OnData() the stream still holds what is being taken.
  void StartTls() {
    Log("starting TLS");
    received_.clear();  // what came in clear after the line that matched does not count
    next_line_ = 0;
    tls_start_.Set(loop().Now(), [this] { stream_.StartTls(Tls()); });
  }

  std::size_t OnData(std::string_view unread) override {
    const std::size_t taken = unread.size();
    total_ += taken;
    if (tls_start_.IsSet()) return taken;
    received_.erase(0, std::exchange(next_line_, 0));
    received_ += unread;
    if (total_ > kMaxTotal ||
        (received_.size() > kMaxLine && received_.find('\n') == std::string::npos)) {
      Fail(Reason::kTooLarge, total_ > kMaxTotal ? "more than 1 MB, and no line that matched"
                                                 : "a line longer than 64 KB");
      return taken;
    }
    MoveOn();
    return taken;
  }

  void OnEnd(const net::Failure& failure) override {
    if (failure.reason != net::Reason::kClosed || !connected_ || tls_start_.IsSet()) {
      return Finish(FromNet(failure));
    }
    // The other side has said all it will; its last line may lack an end.
    ended_ = true;
    if (next_line_ < received_.size()) received_ += '\n';
    MoveOn();
  }

  void FailExpect(const QueryResponse& step) {
    facts().failed_regex = true;
    Fail(Reason::kExpect, "the other side closed and no line matched " + step.expect->text() +
                              ", the last was: " + last_line_);
  }

  void End() override { stream_.Close(); }

  double lookup_seconds_ = 0;
  std::string host_;  // for TLS
  std::size_t step_ = 0;
  bool connected_ = false;
  bool ended_ = false;
  std::size_t total_ = 0;
  std::string received_;
  std::size_t next_line_ = 0;  // in received_: what is before it has been looked at
  std::string last_line_;
  net::Timer tls_start_;
  net::Stream stream_;
};

}  // namespace

std::unique_ptr<Probe> MakeTcpProbe(net::Network& network, ProbeJob job, ProbeDone done) {
  return std::make_unique<TcpProbe>(network, std::move(job), std::move(done));
}

}  // namespace tocsin::probe
