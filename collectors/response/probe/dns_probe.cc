// The dns prober: one question over UDP, TCP or TLS, and verdicts on the answer.

#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <random>

#include "collectors/net/stream.h"
#include "collectors/response/probe/dns_message.h"
#include "collectors/response/probe/dns_names.h"
#include "collectors/response/probe/expectations.h"
#include "collectors/response/probe/probe_base.h"
#include "collectors/response/probe/socket.h"
#include "collectors/response/probe/target_url.h"

namespace tocsin::probe {
namespace {

constexpr std::size_t kMaxMessage = 64 << 10;
constexpr std::size_t kLoggedRecords = 10;

class DnsProbe final : public ProbeBase, net::StreamUser {
 public:
  DnsProbe(net::Network& network, ProbeJob job, ProbeDone done)
      : ProbeBase(network, std::move(job), std::move(done)),
        watcher_(network.loop()),
        stream_(network, *this) {
    result_.facts = DnsFacts{};
  }

 private:
  const DnsModule& dns() const { return module().dns; }
  DnsFacts& facts() { return std::get<DnsFacts>(result_.facts); }

  void Begin() override {
    if (dns().query_type == dns_type::kSoa) wants_serial_ = true;
    auto target = SplitHostPort(job_.target);
    if (!target)
      return Fail(Reason::kTarget,
                  "expected host or host:port, not " + RedactedTarget(job_.target));
    if (target->port.empty()) target->port = dns().transport == DnsTransport::kTls ? "853" : "53";
    const auto port = ParsePort(target->port);
    if (!port) return Fail(Reason::kTarget, "not a port: " + target->port);
    host_ = target->host;
    Resolve(host_, dns().ip, facts().resolve_seconds, [this, p = *port](const net::Address& a) {
      const DnsQuestion question{static_cast<std::uint16_t>(std::random_device{}()),
                                 dns().query_name, dns().query_type, dns().query_class,
                                 dns().recursion_desired};
      id_ = question.id;
      query_ = BuildDnsQuery(question);
      started_ = loop().Now();
      Log("asking " + dns().query_name + " " + DnsTypeName(dns().query_type));
      dns().transport == DnsTransport::kUdp ? AskByUdp(a.WithPort(p)) : Connect(a.Ip(), p);
    });
  }

  // UDP.

  void AskByUdp(const net::Address& to) {
    if (!socket_.Open(to.family(), SOCK_DGRAM, 0)) {
      return Fail(Reason::kLocal, std::strerror(errno));
    }
    if (!socket_.BindTo(to.family(), dns().source_ip)) {
      return Fail(Reason::kLocal, "source_ip_address: " + std::string(std::strerror(errno)));
    }
    // Connected: only the server's answers come, and "port unreachable" is told.
    if (::connect(socket_.fd(), reinterpret_cast<const sockaddr*>(&to.storage), to.size) != 0) {
      return Fail(Reason::kConnect, std::strerror(errno));
    }
    if (!watcher_.Set(socket_.fd(), EPOLLIN, [this](std::uint32_t) { ReadUdp(); })) {
      return Fail(Reason::kLocal, "the socket cannot be watched");
    }
    Asked();
    if (::send(socket_.fd(), query_.data(), query_.size(), MSG_NOSIGNAL) < 0) {
      Fail(Reason::kConnect, std::strerror(errno));
    }
  }

  void ReadUdp() {
    std::array<char, kMaxMessage> buffer;
    const ssize_t n = ::recv(socket_.fd(), buffer.data(), buffer.size(), 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n < 0) return Fail(Reason::kConnect, std::strerror(errno));
    const std::string_view message(buffer.data(), static_cast<std::size_t>(n));
    // A late answer to somebody else's question, or a forged one.
    const std::string_view id = std::string_view(query_).substr(0, 2);
    if (message.substr(0, 2) != id) return Log("an answer with another id is left aside");
    Judge(message);
  }

  // TCP and TLS: each message behind its length.

  void Connect(const std::string& ip, std::uint16_t port) {
    net::StreamOptions options;
    options.to = {.host = ip, .port = port, .path = {}};
    options.source_ip = dns().source_ip;
    options.deadline = deadline();
    options.max_unread = kMaxMessage + 2;
    if (dns().transport == DnsTransport::kTls) {
      options.tls = dns().tls;
      if (options.tls->server_name.empty()) options.tls->server_name = host_;
    }
    stream_.Connect(std::move(options));
  }

  void OnConnected() override {
    Asked();
    stream_.SetDeadline(deadline());
    const auto size = static_cast<unsigned>(query_.size());
    const std::array<char, 2> length{static_cast<char>(size >> 8), static_cast<char>(size & 255)};
    stream_.Write(std::string(length.data(), length.size()) + query_);
  }

  std::size_t OnData(std::string_view unread) override {
    if (unread.size() < 2) return 0;
    const std::size_t size = static_cast<std::size_t>(static_cast<unsigned char>(unread[0])) << 8 |
                             static_cast<unsigned char>(unread[1]);
    if (unread.size() < size + 2) return 0;
    const std::size_t all = unread.size();
    const std::string message(unread.substr(2, size));  // closing the stream ends `unread`
    Judge(message);
    return all;
  }

  void OnEnd(const net::Failure& failure) override { Finish(FromNet(failure)); }

  // Both.

  void Asked() {
    facts().connect_seconds = SecondsSince(started_);
    asked_ = loop().Now();
  }

  void Judge(std::string_view message) {
    facts().request_seconds = SecondsSince(*asked_);
    asked_.reset();
    const auto answer = ParseDnsAnswer(message);
    if (!answer) return Fail(Reason::kProtocol, answer.error().message());
    if (!answer->is_response || answer->id != id_) {
      return Fail(Reason::kProtocol, "not an answer to the question");
    }
    facts().query_succeeded = true;
    facts().answers = answer->answer.size();
    facts().authorities = answer->authority.size();
    facts().additionals = answer->additional.size();
    if (wants_serial_) facts().serial = 0;
    for (const DnsRecord& record : answer->answer) {
      if (wants_serial_ && record.serial) facts().serial = *record.serial;
    }
    Log("answer: " + DnsRcodeName(answer->rcode) + (answer->truncated ? ", truncated" : ""));
    for (std::size_t i = 0; i < std::min(answer->answer.size(), kLoggedRecords); ++i) {
      Log("record: " + answer->answer[i].text);
    }
    Finish(CheckDnsAnswer(dns(), *answer));
  }

  void End() override {
    if (asked_) facts().request_seconds = SecondsSince(*asked_);
    watcher_.Clear();
    socket_.Close();
    stream_.Close();
  }

  std::string host_;
  std::string query_;
  std::uint16_t id_ = 0;
  bool wants_serial_ = false;
  MonoTime started_{};
  std::optional<MonoTime> asked_;  // while the answer is awaited
  Socket socket_;                  // outlives the watcher
  net::Watcher watcher_;
  net::Stream stream_;
};

}  // namespace

std::unique_ptr<Probe> MakeDnsProbe(net::Network& network, ProbeJob job, ProbeDone done) {
  return std::make_unique<DnsProbe>(network, std::move(job), std::move(done));
}

}  // namespace tocsin::probe
