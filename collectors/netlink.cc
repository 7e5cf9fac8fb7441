#include "collectors/netlink.h"

#include <linux/netlink.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cassert>
#include <cerrno>
#include <string>

namespace tocsin {
namespace {

/// The kernel fills dumps up to 32 KB a datagram when the reader's buffer allows.
constexpr std::size_t kBufferBytes = 32 << 10;
constexpr timeval kAnswerWithin{2, 0};

constexpr std::size_t Padded(std::size_t size) { return (size + 3) & ~std::size_t{3}; }

Error NetlinkError(int error) {
  Errc code = Errc::kIo;
  switch (error) {
    case EAFNOSUPPORT:  // no such protocol, or a sandbox without it
    case EPROTONOSUPPORT:
    case EPROTOTYPE:
    case EOPNOTSUPP:  // no such request
    case EINVAL:
      code = Errc::kUnsupported;
      break;
    case ENOENT:
    case ENODEV:
      code = Errc::kNotFound;
      break;
    case EAGAIN:
      code = Errc::kTimeout;
      break;
    default:
      break;
  }
  return {code, std::string("netlink: ") + std::strerror(error)};
}

class KernelNetlink final : public NetlinkSocket {
 public:
  explicit KernelNetlink(int protocol) : protocol_(protocol) {}
  ~KernelNetlink() override { Close(); }

  Status Start(const NetlinkRequest& request) override {
    // What is left in the socket of an unfinished answer would be taken for this one's.
    if (waiting_) Close();
    if (fd_ < 0) TRY(Open());
    nlmsghdr header{};
    header.nlmsg_len = static_cast<std::uint32_t>(sizeof header + request.payload.size());
    header.nlmsg_type = request.type;
    header.nlmsg_flags = static_cast<std::uint16_t>(
        NLM_F_REQUEST | (request.kind == NetlinkRequest::Kind::kDump ? NLM_F_DUMP : NLM_F_ACK));
    header.nlmsg_seq = ++sequence_;
    iovec parts[] = {{&header, sizeof header},
                     {const_cast<char*>(request.payload.data()), request.payload.size()}};
    sockaddr_nl kernel{};
    kernel.nl_family = AF_NETLINK;
    msghdr message{};
    message.msg_name = &kernel;
    message.msg_namelen = sizeof kernel;
    message.msg_iov = parts;
    message.msg_iovlen = 2;
    if (::sendmsg(fd_, &message, MSG_NOSIGNAL) < 0) return Fail(errno);
    waiting_ = true;
    return Unit{};
  }

  Result<std::string_view> Next() override {
    while (waiting_) {
      const ssize_t n = ::recv(fd_, buffer_.data(), buffer_.size(), 0);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return Fail(errno);
      if (n == 0) return Fail(ECONNRESET);
      TRY_ASSIGN(const std::size_t size, Judge({buffer_.data(), static_cast<std::size_t>(n)}));
      if (size > 0) return std::string_view(buffer_.data(), size);
    }
    return std::string_view{};
  }

 private:
  Status Open() {
    fd_ = ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol_);
    if (fd_ < 0) return NetlinkError(errno);
    sockaddr_nl self{};
    self.nl_family = AF_NETLINK;
    if (::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &kAnswerWithin, sizeof kAnswerWithin) != 0 ||
        ::bind(fd_, reinterpret_cast<sockaddr*>(&self), sizeof self) != 0) {
      return Fail(errno);
    }
    // Lets the kernel check and apply the filters of a dump; older ones do without.
    const int on = 1;
    ::setsockopt(fd_, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof on);
    buffer_.resize(kBufferBytes);
    return Unit{};
  }

  void Close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
    waiting_ = false;
  }

  Error Fail(int error) {
    Close();
    return NetlinkError(error);
  }

  /// How much of a datagram is data: all before the message that ends the answer.
  Result<std::size_t> Judge(std::string_view datagram) {
    std::size_t at = 0;
    while (datagram.size() - at >= sizeof(nlmsghdr)) {
      nlmsghdr header;
      std::memcpy(&header, datagram.data() + at, sizeof header);
      if (header.nlmsg_len < sizeof header || header.nlmsg_len > datagram.size() - at) break;
      if (header.nlmsg_seq != sequence_) return at;
      if (header.nlmsg_type == NLMSG_DONE) {
        waiting_ = false;
        return at;
      }
      if (header.nlmsg_type == NLMSG_ERROR) {
        const auto error = ReadValue<std::int32_t>(
            datagram.substr(at + sizeof header, header.nlmsg_len - sizeof header));
        waiting_ = false;
        if (error != 0) return NetlinkError(-error);
        return at;
      }
      at = std::min(at + Padded(header.nlmsg_len), datagram.size());
    }
    return at;
  }

  const int protocol_;
  int fd_ = -1;
  std::uint32_t sequence_ = 0;
  bool waiting_ = false;  // for the rest of an answer
  std::string buffer_;
};

}  // namespace

std::unique_ptr<NetlinkSocket> MakeNetlinkSocket(int protocol) {
  return std::make_unique<KernelNetlink>(protocol);
}

NetlinkPayload& NetlinkPayload::Attribute(std::uint16_t type, std::string_view value) {
  const nlattr header{static_cast<std::uint16_t>(sizeof(nlattr) + value.size()), type};
  Append({reinterpret_cast<const char*>(&header), sizeof header});
  Append(value);
  return *this;
}

void NetlinkPayload::Append(std::string_view part) {
  assert(size_ + Padded(part.size()) <= bytes_.size());
  std::memcpy(bytes_.data() + size_, part.data(), part.size());
  size_ += Padded(part.size());
}

std::optional<NetlinkMessage> TakeMessage(std::string_view& batch) {
  if (batch.size() < sizeof(nlmsghdr)) return std::nullopt;
  nlmsghdr header;
  std::memcpy(&header, batch.data(), sizeof header);
  if (header.nlmsg_len < sizeof header || header.nlmsg_len > batch.size()) return std::nullopt;
  const std::string_view payload = batch.substr(sizeof header, header.nlmsg_len - sizeof header);
  batch.remove_prefix(std::min(Padded(header.nlmsg_len), batch.size()));
  return NetlinkMessage{header.nlmsg_type, payload};
}

Status ForEachMessage(NetlinkSocket& socket, const NetlinkRequest& request,
                      FunctionRef<void(const NetlinkMessage&)> visit) {
  TRY(socket.Start(request));
  while (true) {
    TRY_ASSIGN(std::string_view batch, socket.Next());
    if (batch.empty()) return Unit{};
    while (const auto message = TakeMessage(batch)) visit(*message);
  }
}

std::optional<NetlinkAttribute> TakeAttribute(std::string_view& attributes) {
  if (attributes.size() < sizeof(nlattr)) return std::nullopt;
  nlattr header;
  std::memcpy(&header, attributes.data(), sizeof header);
  if (header.nla_len < sizeof header || header.nla_len > attributes.size()) return std::nullopt;
  const std::string_view value = attributes.substr(sizeof header, header.nla_len - sizeof header);
  attributes.remove_prefix(std::min(Padded(header.nla_len), attributes.size()));
  return NetlinkAttribute{static_cast<std::uint16_t>(header.nla_type & NLA_TYPE_MASK), value};
}

}  // namespace tocsin
