#pragma once
// Netlink conversations: one request, many answers, without heap in a steady round.

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string_view>
#include <type_traits>

#include "base/function_ref.h"
#include "base/result.h"

namespace tocsin {

/// A request without its header. `payload` lives until Start() returns.
struct NetlinkRequest {
  enum class Kind : std::uint8_t {
    kDump,  // all objects of a kind
    kAsk,   // one question, one answer
  };
  std::uint16_t type;
  Kind kind;
  std::string_view payload;
};

/// The bytes of a request's payload: a fixed header, then attributes. At most 128 bytes.
class NetlinkPayload {
 public:
  template <class Header>
  explicit NetlinkPayload(const Header& header) {
    static_assert(std::is_trivially_copyable_v<Header>);
    Append({reinterpret_cast<const char*>(&header), sizeof header});
  }

  NetlinkPayload& Attribute(std::uint16_t type, std::string_view value);
  NetlinkPayload& Attribute32(std::uint16_t type, std::uint32_t value) {
    return Attribute(type, {reinterpret_cast<const char*>(&value), sizeof value});
  }
  std::string_view bytes() const { return {bytes_.data(), size_}; }

 private:
  void Append(std::string_view part);

  std::array<char, 128> bytes_{};
  std::size_t size_ = 0;
};

/// A socket of one netlink protocol, opened at the first request and kept. One thread at a time.
class NetlinkSocket {
 public:
  virtual ~NetlinkSocket() = default;
  /// Sends `request`; forgets what is left of the last one. Errors: kUnsupported if this kernel or
  /// sandbox lacks the protocol, kIo.
  virtual Status Start(const NetlinkRequest& request) = 0;
  /// The next bunch of messages (see TakeMessage), valid until the next call; empty after the last
  /// one. Waits two seconds at most. Errors: kUnsupported if the kernel does not know the request,
  /// kNotFound if it knows no such object, kTimeout, kIo.
  virtual Result<std::string_view> Next() = 0;
};

/// The kernel's own.
std::unique_ptr<NetlinkSocket> MakeNetlinkSocket(int protocol);

struct NetlinkMessage {
  std::uint16_t type;
  std::string_view payload;
};

/// Takes the next message off the front of `batch`; nothing at its end, or where the rest is none.
std::optional<NetlinkMessage> TakeMessage(std::string_view& batch);

/// Asks, and gives each message of the answer to `visit`. Errors: of Start() and Next().
Status ForEachMessage(NetlinkSocket& socket, const NetlinkRequest& request,
                      FunctionRef<void(const NetlinkMessage&)> visit);

struct NetlinkAttribute {
  std::uint16_t type;  // without the flags "nested" and "network order"
  std::string_view value;
};

/// Takes the next attribute off the front of `attributes`, as TakeMessage does.
std::optional<NetlinkAttribute> TakeAttribute(std::string_view& attributes);

/// Takes a fixed header, with its padding, off the front of a message's payload.
template <class T>
std::optional<T> TakeHeader(std::string_view& payload) {
  static_assert(std::is_trivially_copyable_v<T>);
  if (payload.size() < sizeof(T)) return std::nullopt;
  T header;
  std::memcpy(&header, payload.data(), sizeof(T));
  const std::size_t padded = (sizeof(T) + 3) & ~std::size_t{3};
  payload.remove_prefix(std::min(padded, payload.size()));
  return header;
}

/// The value of an attribute as a T; what an older kernel does not fill in is zero, what a newer
/// one adds is ignored.
template <class T>
T ReadValue(std::string_view value) {
  static_assert(std::is_trivially_copyable_v<T>);
  T out{};
  if (!value.empty()) std::memcpy(&out, value.data(), std::min(sizeof(T), value.size()));
  return out;
}

/// The value of a string attribute, without its NUL.
inline std::string_view ReadText(std::string_view value) {
  return value.substr(0, value.find('\0'));
}

}  // namespace tocsin
