// The icmp prober: echo requests over an unprivileged ping socket, or a raw one where that is not
// allowed.

#include <netinet/in.h>
#include <netinet/ip.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <random>

#include "collectors/response/probe/icmp_packet.h"
#include "collectors/response/probe/probe_base.h"
#include "collectors/response/probe/socket.h"

namespace tocsin::probe {
namespace {

constexpr std::string_view kPayload = "Prometheus Blackbox Exporter";
/// Between the echo requests of one probe.
constexpr milliseconds kPause{100};
/// How long a reply may take before it counts as lost, once a later one has come.
constexpr milliseconds kPatience{1'000};

std::uint16_t RandomWord() { return static_cast<std::uint16_t>(std::random_device{}()); }

class IcmpProbe final : public ProbeBase {
 public:
  IcmpProbe(net::Network& network, ProbeJob job, ProbeDone done)
      : ProbeBase(network, std::move(job), std::move(done)),
        watcher_(network.loop()),
        next_(network.loop()),
        patience_(network.loop()) {
    result_.facts = IcmpFacts{};
  }

 private:
  const IcmpModule& icmp() const { return module().icmp; }
  IcmpFacts& facts() { return std::get<IcmpFacts>(result_.facts); }
  bool is_v6() const { return to_.family() == AF_INET6; }
  IcmpVersion version() const { return is_v6() ? IcmpVersion::k6 : IcmpVersion::k4; }

  void Begin() override {
    Resolve(job_.target, icmp().ip, facts().resolve_seconds, [this](const net::Address& address) {
      to_ = address;
      SetUp();
    });
  }

  void SetUp() {
    const MonoTime start = loop().Now();
    if (auto opened = OpenSocket(); !opened) {
      return Fail(Reason::kLocal, opened.error().message());
    }
    const bool watched =
        watcher_.Set(socket_.fd(), EPOLLIN, [this](std::uint32_t) { ReadReplies(); });
    if (!watched) return Fail(Reason::kLocal, "the socket cannot be watched");
    payload_ = kPayload;
    if (icmp().payload_size > 0) payload_.resize(icmp().payload_size, '\0');
    first_sequence_ = RandomWord();
    id_ = RandomWord();
    facts().setup_seconds = SecondsSince(start);
    Log(raw_ ? "raw socket" : "ping socket");
    SendNext();
  }

  Status OpenSocket() {
    const int family = to_.family();
    const int protocol = is_v6() ? int{IPPROTO_ICMPV6} : int{IPPROTO_ICMP};
    raw_ = !socket_.Open(family, SOCK_DGRAM, protocol);
    if (raw_ && !socket_.Open(family, SOCK_RAW, protocol)) {
      return Error{Errc::kIo, std::string("no ping socket (net.ipv4.ping_group_range) and no raw "
                                          "one (CAP_NET_RAW): ") +
                                  std::strerror(errno)};
    }
    const bool set = is_v6() ? socket_.Set(IPPROTO_IPV6, IPV6_UNICAST_HOPS, icmp().ttl) &&
                                   socket_.Set(IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1)
                             : socket_.Set(IPPROTO_IP, IP_TTL, icmp().ttl) &&
                                   socket_.Set(IPPROTO_IP, IP_RECVTTL, 1);
    if (!set) return Error{Errc::kIo, std::string("ttl: ") + std::strerror(errno)};
    if (icmp().dont_fragment && !is_v6()) {
      if (!socket_.Set(IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO)) {
        return Error{Errc::kIo, std::string("dont_fragment: ") + std::strerror(errno)};
      }
    }
    // "Time exceeded" and "unreachable" then end the probe at once.
    (void)socket_.Set(is_v6() ? int{IPPROTO_IPV6} : int{IPPROTO_IP},
                      is_v6() ? IPV6_RECVERR : IP_RECVERR, 1);
    if (socket_.BindTo(family, icmp().source_ip)) return Unit{};
    return Error{Errc::kIo, "source_ip_address: " + std::string(std::strerror(errno))};
  }

  void SendNext() {
    const auto index = facts().sent;
    const IcmpEcho echo{id_, static_cast<std::uint16_t>(first_sequence_ + index), payload_};
    const std::string packet = BuildEchoRequest(version(), echo);
    sent_at_.push_back(loop().Now());
    ++facts().sent;
    rtts_.emplace_back();
    const net::Address to = to_.WithPort(0);
    const ssize_t n = ::sendto(socket_.fd(), packet.data(), packet.size(), MSG_NOSIGNAL,
                               reinterpret_cast<const sockaddr*>(&to.storage), to.size);
    if (n < 0 && errno != EAGAIN) {
      return Fail(errno == EMSGSIZE ? Reason::kTooLarge : Reason::kConnect, std::strerror(errno));
    }
    if (facts().sent < static_cast<std::size_t>(job_.pings)) {
      next_.Set(loop().Now() + kPause, [this] { SendNext(); });
    }
  }

  void ReadReplies() {
    std::array<char, 64 << 10> buffer;
    std::array<char, 256> control;
    while (true) {
      sockaddr_storage from{};
      iovec data{buffer.data(), buffer.size()};
      msghdr message{};
      message.msg_name = &from;
      message.msg_namelen = sizeof from;
      message.msg_iov = &data;
      message.msg_iovlen = 1;
      message.msg_control = control.data();
      message.msg_controllen = control.size();
      const ssize_t n = ::recvmsg(socket_.fd(), &message, 0);
      if (n < 0 && (errno == EAGAIN || errno == EINTR)) break;
      if (n < 0) return OnError(errno);
      if (!IsFromTarget(from)) continue;
      Take(std::string_view(buffer.data(), static_cast<std::size_t>(n)), message);
    }
    Settle();
  }

  bool IsFromTarget(const sockaddr_storage& from) const {
    if (from.ss_family != to_.family()) return false;
    if (is_v6()) {
      const auto& a = reinterpret_cast<const sockaddr_in6&>(from);
      const auto& b = reinterpret_cast<const sockaddr_in6&>(to_.storage);
      return std::memcmp(&a.sin6_addr, &b.sin6_addr, sizeof a.sin6_addr) == 0;
    }
    return reinterpret_cast<const sockaddr_in&>(from).sin_addr.s_addr ==
           reinterpret_cast<const sockaddr_in&>(to_.storage).sin_addr.s_addr;
  }

  void Take(std::string_view packet, const msghdr& message) {
    if (raw_ && !is_v6()) packet = WithoutIpv4Header(packet);
    const auto reply = ParseEchoReply(version(), packet);
    // The kernel gives ping sockets an id of its own.
    if (!reply || (raw_ && reply->id != id_) || reply->payload != payload_) return;
    const auto index = static_cast<std::uint16_t>(reply->sequence - first_sequence_);
    if (index >= rtts_.size() || rtts_[index]) return;  // not ours, or a duplicate
    rtts_[index] = SecondsSince(sent_at_[index]);
    if (const auto hops = HopLimit(message)) facts().hop_limit = *hops;
  }

  static std::optional<int> HopLimit(const msghdr& message) {
    for (const cmsghdr* c = CMSG_FIRSTHDR(&message); c;
         c = CMSG_NXTHDR(const_cast<msghdr*>(&message), const_cast<cmsghdr*>(c))) {
      const bool v4 = c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TTL;
      const bool v6 = c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_HOPLIMIT;
      if (!v4 && !v6) continue;
      int hops = 0;
      std::memcpy(&hops, CMSG_DATA(c), sizeof hops);
      return hops;
    }
    return std::nullopt;
  }

  /// An ICMP error came back for one of the requests; it stays queued until it is read.
  void OnError(int error) {
    std::array<char, 512> buffer;
    msghdr message{};
    message.msg_control = buffer.data();
    message.msg_controllen = buffer.size();
    (void)::recvmsg(socket_.fd(), &message, MSG_ERRQUEUE);
    last_error_ = std::strerror(error);
    Log("ICMP error: " + last_error_);
    if (job_.pings == 1) Fail(Reason::kConnect, last_error_);
  }

  /// Ends the probe once every reply is there, or is not to be expected any more.
  void Settle() {
    const auto replies =
        std::count_if(rtts_.begin(), rtts_.end(), [](const auto& rtt) { return rtt.has_value(); });
    const bool all_sent = rtts_.size() == static_cast<std::size_t>(job_.pings);
    if (all_sent && static_cast<std::size_t>(replies) == rtts_.size()) return Finish(std::nullopt);
    if (all_sent && rtts_.back() && !patience_.IsSet()) {
      patience_.Set(loop().Now() + kPatience, [this] { Finish(std::nullopt); });
    }
  }

  void End() override {
    watcher_.Clear();
    next_.Cancel();
    patience_.Cancel();
    socket_.Close();
    for (const auto& rtt : rtts_) {
      if (rtt) facts().rtts.push_back(*rtt);
    }
    if (!facts().rtts.empty()) facts().rtt_seconds = facts().rtts.front();
  }

  net::Address to_;
  Socket socket_;
  bool raw_ = false;
  net::Watcher watcher_;
  net::Timer next_;
  net::Timer patience_;
  std::string payload_;
  std::uint16_t id_ = 0;
  std::uint16_t first_sequence_ = 0;
  std::vector<MonoTime> sent_at_;
  std::vector<std::optional<double>> rtts_;
  std::string last_error_;
};

}  // namespace

std::unique_ptr<Probe> MakeIcmpProbe(net::Network& network, ProbeJob job, ProbeDone done) {
  return std::make_unique<IcmpProbe>(network, std::move(job), std::move(done));
}

}  // namespace tocsin::probe
