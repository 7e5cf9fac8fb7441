#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/row_cache.h"

namespace tocsin {

/// The exported name of a driver's statistic: "rx_bytes" is node_ethtool_received_bytes_total,
/// "tx-foo bar" node_ethtool_transmitted_foo_bar.
std::string EthtoolMetricName(std::string_view statistic);

/// How a driver's statistics are exported: the i-th family is of names[i]. Its name is empty for
/// those left out: not kept by `keeps`, or with the same exported name as another.
std::vector<HostFamily> EthtoolFamilies(const std::vector<std::string>& names,
                                        const std::function<bool(std::string_view)>& keeps);

}  // namespace tocsin
