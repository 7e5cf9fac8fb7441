#include "collectors/system/ethtool_name.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <map>

namespace tocsin {
namespace {

/// Statistics that most drivers have, with names and help of their own.
struct Common {
  std::string_view statistic;
  std::string_view name;
  std::string_view help;
};
constexpr std::array<Common, 7> kCommon{{
    {"rx_bytes", "received_bytes_total", "Network interface bytes received"},
    {"rx_dropped", "received_dropped_total", "Number of received frames dropped"},
    {"rx_errors", "received_errors_total", "Number of received frames with errors"},
    {"rx_packets", "received_packets_total", "Network interface packets received"},
    {"tx_bytes", "transmitted_bytes_total", "Network interface bytes sent"},
    {"tx_errors", "transmitted_errors_total", "Number of sent frames with errors"},
    {"tx_packets", "transmitted_packets_total", "Network interface packets sent"},
}};

const Common* FindCommon(std::string_view statistic) {
  const auto found = std::find_if(kCommon.begin(), kCommon.end(),
                                  [&](const Common& c) { return c.statistic == statistic; });
  return found == kCommon.end() ? nullptr : &*found;
}

}  // namespace

std::string EthtoolMetricName(std::string_view statistic) {
  constexpr std::string_view kPrefix = "node_ethtool_";
  if (const Common* const common = FindCommon(statistic)) {
    return std::string(kPrefix).append(common->name);
  }
  std::string name(statistic);
  RE2::GlobalReplace(&name, "_*[^0-9A-Za-z_]+_*", "_");
  std::transform(name.begin(), name.end(), name.begin(), [](char c) {
    return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  });
  name.erase(0, std::min(name.find_first_not_of('_'), name.size()));
  RE2::GlobalReplace(&name, "(^|_)rx(_|$)", "\\1received\\2");
  RE2::GlobalReplace(&name, "(^|_)tx(_|$)", "\\1transmitted\\2");
  return std::string(kPrefix).append(name);
}

std::vector<HostFamily> EthtoolFamilies(const std::vector<std::string>& names,
                                        const std::function<bool(std::string_view)>& keeps) {
  std::vector<HostFamily> families(names.size());
  std::map<std::string, int> uses;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i].empty() || !keeps(names[i])) continue;
    const Common* const common = FindCommon(names[i]);
    families[i] = {EthtoolMetricName(names[i]),
                   common ? std::string(common->help) : "Network interface " + names[i],
                   MetricType::kUnknown};
    ++uses[families[i].name];
  }
  for (HostFamily& family : families) {
    if (uses[family.name] > 1) family.name.clear();
  }
  return families;
}

}  // namespace tocsin
