#include "collectors/dbus.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/hex.h"

namespace tocsin {
namespace {

constexpr timeval kAnswerWithin{2, 0};
constexpr std::size_t kMaxMessageBytes = std::size_t{16} << 20;
/// Answers to other calls and signals that may come before ours.
constexpr int kMaxOtherMessages = 1000;

/// Of the D-Bus specification, "Message Format".
enum MessageType : std::uint8_t { kMethodCall = 1, kMethodReturn = 2, kError = 3 };
enum HeaderField : std::uint8_t {
  kPath = 1,
  kInterface = 2,
  kMember = 3,
  kErrorName = 4,
  kReplySerial = 5,
  kDestination = 6,
  kSignature = 8,
};

/// The fixed part of a header: endianness, type, flags, version, body bytes, serial, field bytes.
constexpr std::size_t kFixedHeaderBytes = 16;

std::size_t Padded(std::size_t size) { return (size + 7) & ~std::size_t{7}; }

std::uint32_t LoadUint32(std::string_view bytes, std::size_t at) {
  std::uint32_t value = 0;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

/// Writes one message; everything is aligned to its own size from the message's start.
class MessageWriter {
 public:
  explicit MessageWriter(std::string& out) : out_(out) { out_.clear(); }

  void Byte(std::uint8_t value) { out_ += static_cast<char>(value); }
  void Uint32(std::uint32_t value) {
    Align(4);
    out_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  void String(std::string_view text) {
    Uint32(static_cast<std::uint32_t>(text.size()));
    out_.append(text).push_back('\0');
  }
  void Signature(std::string_view text) {
    Byte(static_cast<std::uint8_t>(text.size()));
    out_.append(text).push_back('\0');
  }
  void Field(HeaderField field, std::string_view type, std::string_view value) {
    Align(8);
    Byte(field);
    Signature(type);
    if (type == "g") {
      Signature(value);
    } else {
      String(value);
    }
  }
  void Align(std::size_t to) {
    while (out_.size() % to != 0) out_ += '\0';
  }
  void PatchUint32(std::size_t at, std::size_t value) {
    const auto narrow = static_cast<std::uint32_t>(value);
    std::memcpy(out_.data() + at, &narrow, sizeof narrow);
  }
  std::size_t size() const { return out_.size(); }

 private:
  std::string& out_;
};

void WriteCall(const DbusCall& call, std::uint32_t serial, std::string& out) {
  constexpr std::size_t kBodyBytesAt = 4;
  constexpr std::size_t kFieldBytesAt = 12;
  MessageWriter message(out);
  message.Byte('l');
  message.Byte(kMethodCall);
  message.Byte(0);
  message.Byte(1);
  message.Uint32(0);
  message.Uint32(serial);
  message.Uint32(0);
  message.Field(kPath, "o", call.path);
  message.Field(kInterface, "s", call.interface);
  message.Field(kMember, "s", call.member);
  message.Field(kDestination, "s", call.destination);
  if (!call.arguments.empty()) {
    message.Field(kSignature, "g", std::string(call.arguments.size(), 's'));
  }
  message.PatchUint32(kFieldBytesAt, message.size() - kFixedHeaderBytes);
  message.Align(8);
  const std::size_t body = message.size();
  for (const std::string_view argument : call.arguments) message.String(argument);
  message.PatchUint32(kBodyBytesAt, message.size() - body);
}

/// What of a header tells whose answer it is.
struct Header {
  std::uint32_t reply_serial = 0;
  std::string_view error_name;
};

/// `fields` starts at a multiple of eight bytes from the message's start.
Header ParseFields(std::string_view fields) {
  Header header;
  DbusReader reader(fields);
  while (reader.NextStruct()) {
    const auto field = reader.StructByte();
    if (!field) break;
    if (*field == kReplySerial && reader.EnterVariant("u")) {
      header.reply_serial = reader.Uint32().value_or(0);
    } else if (*field == kErrorName && reader.EnterVariant("s")) {
      header.error_name = reader.String().value_or("");
    } else if (!reader.SkipVariant()) {
      break;
    }
  }
  return header;
}

Error ConnectError(const std::string& path, int error) {
  const bool absent = error == ENOENT || error == ECONNREFUSED || error == EACCES ||
                      error == EPERM || error == EAFNOSUPPORT || error == ENOTDIR;
  return {absent ? Errc::kUnsupported : Errc::kIo, path + ": " + std::strerror(error)};
}

class SocketDbus final : public DbusConnection {
 public:
  explicit SocketDbus(std::vector<std::string> sockets) : sockets_(std::move(sockets)) {}
  ~SocketDbus() override { Close(); }

  Result<std::string_view> Call(const DbusCall& call) override {
    if (fd_ < 0) TRY(Connect());
    auto answer = Exchange(call);
    // After a broken or late answer the stream cannot be trusted.
    if (!answer && answer.error().code() != Errc::kNotFound && !service_refused_) Close();
    return answer;
  }

 private:
  Status Connect() {
    Error last{Errc::kUnsupported, "no D-Bus socket"};
    for (const std::string& path : sockets_) {
      Status status = ConnectTo(path);
      if (status) return status;
      last = std::move(status).error();
      Close();
    }
    return last;
  }

  Status ConnectTo(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) return ConnectError(path, ENOENT);
    path.copy(address.sun_path, path.size());
    fd_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd_ < 0) return ConnectError(path, errno);
    if (::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &kAnswerWithin, sizeof kAnswerWithin) != 0 ||
        ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &kAnswerWithin, sizeof kAnswerWithin) != 0 ||
        ::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      return ConnectError(path, errno);
    }
    TRY(Authenticate());
    if (path.ends_with("/private")) return Unit{};
    const auto hello = Exchange(
        {"org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "Hello", {}});
    return hello ? Status(Unit{}) : Status(hello.error());
  }

  /// The kernel vouches for who we are: EXTERNAL with our user id, in hexadecimal digits of its
  /// decimal ones.
  Status Authenticate() {
    std::string request(1, '\0');
    request += "AUTH EXTERNAL ";
    AppendHex(std::to_string(::geteuid()), request);
    request += "\r\n";
    TRY(Send(request));
    std::string line;
    while (!line.ends_with("\r\n")) {
      char c = 0;
      TRY(Receive(&c, 1));
      line += c;
      if (line.size() > 1024) return Error{Errc::kIo, "D-Bus: an endless greeting"};
    }
    if (!line.starts_with("OK ")) return Error{Errc::kUnsupported, "D-Bus: we are not let in"};
    return Send("BEGIN\r\n");
  }

  Result<std::string_view> Exchange(const DbusCall& call) {
    service_refused_ = false;
    WriteCall(call, ++serial_, request_);
    TRY(Send(request_));
    for (int i = 0; i < kMaxOtherMessages; ++i) {
      TRY(ReceiveMessage());
      const std::size_t field_bytes = LoadUint32(message_, 12);
      const Header header =
          ParseFields(std::string_view(message_).substr(kFixedHeaderBytes, field_bytes));
      if (header.reply_serial != serial_) continue;
      const std::string_view body =
          std::string_view(message_).substr(Padded(kFixedHeaderBytes + field_bytes));
      if (message_[1] == kMethodReturn) return body;
      service_refused_ = true;
      return ServiceError(header.error_name, body);
    }
    return Error{Errc::kIo, "D-Bus: no answer among many messages"};
  }

  static Error ServiceError(std::string_view name, std::string_view body) {
    const bool absent = name.find("Unknown") != std::string_view::npos ||
                        name.find("NoSuch") != std::string_view::npos ||
                        name.find("NotFound") != std::string_view::npos;
    const bool denied = name.ends_with("AccessDenied") || name.ends_with("ServiceUnknown") ||
                        name.ends_with("NameHasNoOwner") ||
                        name.find(".Spawn.") != std::string_view::npos;
    std::string message(name);
    if (const auto text = DbusReader(body).String()) message.append(": ").append(*text);
    return {denied ? Errc::kUnsupported : absent ? Errc::kNotFound : Errc::kIo, message};
  }

  Status ReceiveMessage() {
    message_.resize(kFixedHeaderBytes);
    TRY(Receive(message_.data(), kFixedHeaderBytes));
    if (message_[0] != 'l') return Error{Errc::kIo, "D-Bus: a message in another byte order"};
    const std::size_t body_bytes = LoadUint32(message_, 4);
    const std::size_t field_bytes = LoadUint32(message_, 12);
    if (body_bytes > kMaxMessageBytes || field_bytes > kMaxMessageBytes) {
      return Error{Errc::kLimit, "D-Bus: a message larger than 16 MB"};
    }
    const std::size_t rest =
        Padded(kFixedHeaderBytes + field_bytes) - kFixedHeaderBytes + body_bytes;
    message_.resize(kFixedHeaderBytes + rest);
    return Receive(message_.data() + kFixedHeaderBytes, rest);
  }

  Status Send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return TransferError(n < 0 ? errno : ECONNRESET);
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return Unit{};
  }

  Status Receive(char* to, std::size_t size) {
    while (size > 0) {
      const ssize_t n = ::recv(fd_, to, size, 0);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return TransferError(n < 0 ? errno : ECONNRESET);
      to += n;
      size -= static_cast<std::size_t>(n);
    }
    return Unit{};
  }

  static Error TransferError(int error) {
    return {error == EAGAIN ? Errc::kTimeout : Errc::kIo,
            std::string("D-Bus: ") + std::strerror(error)};
  }

  void Close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

  const std::vector<std::string> sockets_;
  int fd_ = -1;
  std::uint32_t serial_ = 0;
  bool service_refused_ = false;  // the last answer was a whole one, saying no
  std::string request_;
  std::string message_;
};

}  // namespace

std::unique_ptr<DbusConnection> MakeDbusConnection(std::vector<std::string> sockets) {
  return std::make_unique<SocketDbus>(std::move(sockets));
}

std::optional<std::uint32_t> DbusReader::Uint32() {
  if (!Align(4)) return std::nullopt;
  const auto bytes = Take(4);
  return bytes ? std::optional(LoadUint32(*bytes, 0)) : std::nullopt;
}

std::optional<std::uint64_t> DbusReader::Uint64() {
  if (!Align(8)) return std::nullopt;
  const auto bytes = Take(8);
  if (!bytes) return std::nullopt;
  std::uint64_t value = 0;
  std::memcpy(&value, bytes->data(), sizeof value);
  return value;
}

std::optional<std::string_view> DbusReader::String() {
  const auto size = Uint32();
  if (!size) return std::nullopt;
  const auto text = Take(*size);
  return text && Take(1) ? text : std::nullopt;
}

std::optional<std::string_view> DbusReader::Signature() {
  const auto size = StructByte();
  if (!size) return std::nullopt;
  const auto text = Take(*size);
  return text && Take(1) ? text : std::nullopt;
}

std::optional<std::uint8_t> DbusReader::StructByte() {
  const auto byte = Take(1);
  return byte ? std::optional(static_cast<std::uint8_t>(byte->front())) : std::nullopt;
}

bool DbusReader::EnterVariant(std::string_view type) {
  const std::size_t before = at_;
  if (Signature() == type) return true;
  at_ = before;
  return false;
}

bool DbusReader::SkipVariant() {
  const auto type = Signature();
  if (type == "s" || type == "o") return String().has_value();
  if (type == "u") return Uint32().has_value();
  if (type == "g") return Signature().has_value();
  return false;
}

bool DbusReader::EnterArrayOfStructs() {
  const auto bytes = Uint32();
  if (!bytes || !Align(8) || *bytes > body_.size() - at_) return false;
  array_end_ = at_ + *bytes;
  return true;
}

bool DbusReader::Align(std::size_t to) {
  const std::size_t aligned = (at_ + to - 1) / to * to;
  if (aligned > end()) return false;
  at_ = aligned;
  return true;
}

std::optional<std::string_view> DbusReader::Take(std::size_t size) {
  if (at_ > end() || size > end() - at_) return std::nullopt;
  const std::string_view taken = body_.substr(at_, size);
  at_ += size;
  return taken;
}

}  // namespace tocsin
