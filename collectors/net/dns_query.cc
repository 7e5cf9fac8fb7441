#include "collectors/net/dns_query.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "base/file.h"
#include "base/parse.h"
#include "collectors/response/probe/dns_message.h"
#include "collectors/response/probe/dns_names.h"

namespace tocsin::net {
namespace {

constexpr seconds kPatience{2};
constexpr std::size_t kRounds = 2;
constexpr std::size_t kMaxServers = 3;  // as the system's resolver has it
constexpr std::uint16_t kDnsPort = 53;
constexpr std::uint16_t kNoSuchName = 3;
constexpr std::size_t kMaxResolvConf = 64 << 10;
/// What Prometheus asks for too: some seventy records, where 512 bytes hold eight.
constexpr std::size_t kUdpBytes = 4'096;

std::optional<Address> MakeAddress(const std::string& ip, std::uint16_t port) {
  Address address;
  auto& v4 = reinterpret_cast<sockaddr_in&>(address.storage);
  auto& v6 = reinterpret_cast<sockaddr_in6&>(address.storage);
  if (::inet_pton(AF_INET, ip.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    address.size = sizeof(sockaddr_in);
    return address;
  }
  if (::inet_pton(AF_INET6, ip.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    address.size = sizeof(sockaddr_in6);
    return address;
  }
  return std::nullopt;
}

/// The fields of a record's text: name, TTL, class, type, and its data in one.
std::optional<SrvRecord> ParseRecord(std::string_view text) {
  for (int i = 0; i < 4; ++i) TakeField(text);
  const auto priority = ParseInt<std::uint16_t>(TakeField(text));
  const auto weight = ParseInt<std::uint16_t>(TakeField(text));
  const auto port = ParseInt<std::uint16_t>(TakeField(text));
  std::string_view host = TakeField(text);
  if (host.ends_with('.')) host.remove_suffix(1);
  if (!priority || !weight || !port || host.empty()) return std::nullopt;
  return SrvRecord{*priority, *weight, *port, std::string(host)};
}

}  // namespace

Result<std::vector<SrvRecord>> ReadSrvAnswer(std::string_view message, std::uint16_t id) {
  TRY_ASSIGN(const probe::DnsAnswer answer, probe::ParseDnsAnswer(message));
  if (!answer.is_response || answer.id != id) {
    return Error{Errc::kMalformed, "not the answer to what was asked"};
  }
  std::vector<SrvRecord> records;
  if (answer.rcode == kNoSuchName) return records;
  if (answer.rcode != 0) {
    return Error{Errc::kIo, "the name server says " + probe::DnsRcodeName(answer.rcode)};
  }
  if (answer.truncated) return Error{Errc::kLimit, "the name server cut its answer"};
  for (const probe::DnsRecord& record : answer.answer) {
    if (record.type != probe::dns_type::kSrv) continue;
    // A host of "." alone: the service is decidedly not there (RFC 2782).
    if (auto parsed = ParseRecord(record.text)) records.push_back(*std::move(parsed));
  }
  return records;
}

Result<Address> ParseServerAddress(std::string_view text) {
  const Error invalid{Errc::kInvalid, "\"" + std::string(text) +
                                          "\" is no address of a name server (192.0.2.1:53)"};
  std::string ip(text);
  std::uint16_t port = kDnsPort;
  const auto colon = text.rfind(':');
  const bool has_port = colon != std::string_view::npos &&
                        (text.find(':') == colon || text.substr(0, colon).ends_with(']'));
  if (has_port) {
    const auto number = ParseInt<std::uint16_t>(text.substr(colon + 1));
    if (!number || *number == 0) return invalid;
    port = *number;
    ip = text.substr(0, colon);
  }
  if (ip.starts_with('[') && ip.ends_with(']')) ip = ip.substr(1, ip.size() - 2);
  const auto address = MakeAddress(ip, port);
  if (!address) return invalid;
  return *address;
}

std::vector<Address> SystemNameServers() {
  std::vector<Address> servers;
  if (const auto text = ReadWholeFile("/etc/resolv.conf", kMaxResolvConf)) {
    std::string_view rest = *text;
    while (!rest.empty() && servers.size() < kMaxServers) {
      std::string_view line = TakeLine(rest);
      if (TakeField(line) != "nameserver") continue;
      if (auto server = MakeAddress(std::string(TakeField(line)), kDnsPort)) {
        servers.push_back(*server);
      }
    }
  }
  if (servers.empty()) servers.push_back(*MakeAddress("127.0.0.1", kDnsPort));
  return servers;
}

SrvQuery::SrvQuery(Loop& loop, std::string name, std::vector<Address> servers, Done done)
    : loop_(loop),
      name_(std::move(name)),
      servers_(std::move(servers)),
      done_(std::move(done)),
      watcher_(loop),
      timer_(loop) {
  timer_.Set(loop.Now(), [this] { TryNext(); });
}

SrvQuery::~SrvQuery() { CloseSocket(); }

void SrvQuery::TryNext() {
  while (tried_ < servers_.size() * kRounds) {
    const Address& server = servers_[tried_++ % servers_.size()];
    if (auto asked = Ask(server); !asked) {
      last_error_ = std::move(asked).error();
      continue;
    }
    timer_.Set(loop_.Now() + kPatience, [this] {
      last_error_ = Error{Errc::kTimeout, "no name server answered in time"};
      TryNext();
    });
    return;
  }
  CloseSocket();
  const Done done = std::exchange(done_, nullptr);
  done(last_error_);
}

Status SrvQuery::Ask(const Address& server) {
  CloseSocket();
  static_cast<void>(::getrandom(&query_id_, sizeof query_id_, 0));
  probe::DnsQuestion question;
  question.id = query_id_;
  question.name = name_;
  question.type = probe::dns_type::kSrv;
  // A server that knows nothing of EDNS0 says FORMERR: the second round asks without.
  if (tried_ <= servers_.size()) question.udp_bytes = kUdpBytes;
  const std::string query = probe::BuildDnsQuery(question);
  fd_ = ::socket(server.family(), SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  // Connected: what others send is not received, and a closed port is told of.
  if (fd_ < 0 || ::connect(fd_, reinterpret_cast<const sockaddr*>(&server.storage), server.size) ||
      ::send(fd_, query.data(), query.size(), 0) < 0 ||
      !watcher_.Set(fd_, EPOLLIN, [this](std::uint32_t) { Receive(); })) {
    return Error{Errc::kIo, "name server " + server.Ip() + ": " + std::strerror(errno)};
  }
  return Unit{};
}

void SrvQuery::Receive() {
  std::array<char, kUdpBytes> buffer;
  const ssize_t n = ::recv(fd_, buffer.data(), buffer.size(), 0);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n < 0) {
    last_error_ = Error{Errc::kIo, std::string("name server: ") + std::strerror(errno)};
    return TryNext();
  }
  auto records =
      ReadSrvAnswer(std::string_view(buffer.data(), static_cast<std::size_t>(n)), query_id_);
  if (!records) {
    last_error_ = records.error();
    // What is not the answer may be followed by it.
    if (last_error_.code() == Errc::kMalformed) return;
    return TryNext();
  }
  timer_.Cancel();
  CloseSocket();
  const Done done = std::exchange(done_, nullptr);
  done(std::move(records));
}

void SrvQuery::CloseSocket() {
  watcher_.Clear();
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

}  // namespace tocsin::net
