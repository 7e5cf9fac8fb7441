#include "collectors/response/probe/icmp_packet.h"

namespace tocsin::probe {
namespace {

constexpr std::size_t kEchoHeader = 8;
constexpr std::size_t kMinIpv4Header = 20;

unsigned ByteAt(std::string_view bytes, std::size_t i) {
  return static_cast<unsigned char>(bytes[i]);
}

std::uint16_t WordAt(std::string_view bytes, std::size_t i) {
  return static_cast<std::uint16_t>(ByteAt(bytes, i) << 8 | ByteAt(bytes, i + 1));
}

void PutWord(std::string& bytes, std::size_t i, std::uint16_t value) {
  bytes[i] = static_cast<char>(value >> 8);
  bytes[i + 1] = static_cast<char>(value & 0xff);
}

/// RFC 1071.
std::uint16_t Checksum(std::string_view bytes) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) sum += WordAt(bytes, i);
  if (bytes.size() % 2 == 1) sum += ByteAt(bytes, bytes.size() - 1) << 8;
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

}  // namespace

std::string BuildEchoRequest(IcmpVersion version, const IcmpEcho& echo) {
  constexpr char kRequest4 = 8;
  constexpr auto kRequest6 = static_cast<char>(128);
  std::string packet(kEchoHeader, '\0');
  packet[0] = version == IcmpVersion::k4 ? kRequest4 : kRequest6;
  PutWord(packet, 4, echo.id);
  PutWord(packet, 6, echo.sequence);
  packet += echo.payload;
  if (version == IcmpVersion::k4) PutWord(packet, 2, Checksum(packet));
  return packet;
}

std::optional<IcmpEcho> ParseEchoReply(IcmpVersion version, std::string_view packet) {
  constexpr unsigned kReply4 = 0;
  constexpr unsigned kReply6 = 129;
  if (packet.size() < kEchoHeader) return std::nullopt;
  if (ByteAt(packet, 0) != (version == IcmpVersion::k4 ? kReply4 : kReply6)) return std::nullopt;
  if (ByteAt(packet, 1) != 0) return std::nullopt;
  return IcmpEcho{WordAt(packet, 4), WordAt(packet, 6), packet.substr(kEchoHeader)};
}

std::string_view WithoutIpv4Header(std::string_view packet) {
  if (packet.size() < kMinIpv4Header) return {};
  const std::size_t header = (ByteAt(packet, 0) & 15) * 4;
  if (header < kMinIpv4Header || header > packet.size()) return {};
  return packet.substr(header);
}

}  // namespace tocsin::probe
