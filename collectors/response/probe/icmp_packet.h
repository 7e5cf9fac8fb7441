#pragma once
// ICMP echo messages (RFC 792, RFC 4443), without an IP header.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tocsin::probe {

enum class IcmpVersion : std::uint8_t { k4, k6 };

struct IcmpEcho {
  std::uint16_t id = 0;
  std::uint16_t sequence = 0;
  std::string_view payload;
};

/// An echo request. The checksum of ICMPv6 is the kernel's to fill in.
std::string BuildEchoRequest(IcmpVersion version, const IcmpEcho& echo);

/// The echo reply in `packet`, or nothing if it is something else. Views into `packet`.
std::optional<IcmpEcho> ParseEchoReply(IcmpVersion version, std::string_view packet);

/// `packet` as a raw IPv4 socket gives it, without its IP header; empty if that is broken.
std::string_view WithoutIpv4Header(std::string_view packet);

}  // namespace tocsin::probe
