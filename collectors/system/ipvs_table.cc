#include "collectors/system/ipvs_table.h"

#include <arpa/inet.h>

#include <array>

#include "base/parse.h"
#include "collectors/source.h"

namespace tocsin {
namespace {

constexpr std::size_t kIpv4Length = 8;  // of hexadecimal digits
constexpr std::size_t kPortLength = 4;

Result<std::string> Ipv4Text(std::string_view hex) {
  const auto address = ParseInt<std::uint32_t>(hex, 16);
  if (!address) return MalformedText("net/ip_vs", "an IPv4 address", hex);
  const in_addr in{htonl(*address)};
  std::array<char, INET_ADDRSTRLEN> text;
  ::inet_ntop(AF_INET, &in, text.data(), text.size());
  return std::string(text.data());
}

Result<std::string> Ipv6Text(std::string_view address) {
  in6_addr in{};
  std::array<char, INET6_ADDRSTRLEN> text;
  if (::inet_pton(AF_INET6, std::string(address).c_str(), &in) != 1) {
    return MalformedText("net/ip_vs", "an IPv6 address", address);
  }
  ::inet_ntop(AF_INET6, &in, text.data(), text.size());
  return std::string(text.data());
}

}  // namespace

Result<IpvsTotals> ParseIpvsTotals(std::string_view text) {
  TakeLine(text);
  TakeLine(text);
  std::string_view line = TakeLine(text);
  IpvsTotals totals{};
  for (std::uint64_t* total :
       {&totals.connections, &totals.incoming_packets, &totals.outgoing_packets,
        &totals.incoming_bytes, &totals.outgoing_bytes}) {
    const std::string_view field = TakeField(line);
    const auto value = ParseInt<std::uint64_t>(field, 16);
    if (!value) return MalformedText("net/ip_vs_stats", "five hexadecimal numbers", field);
    *total = *value;
  }
  return totals;
}

Status ParseIpvsBackends(std::string_view text, std::vector<IpvsBackend>& backends) {
  backends.clear();
  IpvsBackend service{};
  while (!text.empty()) {
    std::string_view line = TakeLine(text);
    const std::string_view first = TakeField(line);
    const std::string_view second = TakeField(line);
    if (first == "TCP" || first == "UDP" || first == "SCTP") {
      service = {};
      service.protocol = first;
      service.local = second;
    } else if (first == "FWM") {
      service = {};
      service.protocol = first;
      service.mark = second;
    } else if (first == "->" && second != "RemoteAddress:Port") {
      IpvsBackend backend = service;
      backend.remote = second;
      TakeField(line);  // how packets are forwarded
      for (std::uint64_t* number : {&backend.weight, &backend.active, &backend.inactive}) {
        const std::string_view field = TakeField(line);
        const auto value = ParseInt<std::uint64_t>(field);
        if (!value) return MalformedText("net/ip_vs", "weight and connections", field);
        *number = *value;
      }
      backends.push_back(backend);
    }
  }
  return Unit{};
}

Result<IpvsEndpoint> ParseIpvsEndpoint(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return MalformedText("net/ip_vs", "address:port", text);
  const std::string_view port_text = text.substr(colon + 1);
  const auto port = ParseInt<std::uint16_t>(port_text, 16);
  if (!port || port_text.size() != kPortLength) {
    return MalformedText("net/ip_vs", "a hexadecimal port", text);
  }
  IpvsEndpoint endpoint{{}, std::to_string(*port)};
  const std::string_view address = text.substr(0, colon);
  if (address.starts_with('[') && address.ends_with(']') && address.size() > 2) {
    TRY_ASSIGN(endpoint.address, Ipv6Text(address.substr(1, address.size() - 2)));
  } else if (address.size() == kIpv4Length) {
    TRY_ASSIGN(endpoint.address, Ipv4Text(address));
  } else {
    return MalformedText("net/ip_vs", "an address", text);
  }
  return endpoint;
}

}  // namespace tocsin
