#pragma once
// What drivers of network cards tell by ioctl(2).

#include <linux/ethtool.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace tocsin {

/// Asks the driver of a network device. Every call gives an errno: 0 if it went well, EOPNOTSUPP if
/// the driver does not tell. One thread at a time.
class EthtoolSource {
 public:
  virtual ~EthtoolSource() = default;
  virtual int ReadDriver(const std::string& device, ethtool_drvinfo& driver) = 0;
  /// The link modes that fit into 32 bits.
  virtual int ReadLink(const std::string& device, ethtool_cmd& link) = 0;
  /// The names of as many statistics as ethtool_drvinfo::n_stats says.
  virtual int ReadStatisticNames(const std::string& device, std::uint32_t count,
                                 std::vector<std::string>& names) = 0;
  /// Their values; takes no heap once `values` has that size.
  virtual int ReadStatistics(const std::string& device, std::uint32_t count,
                             std::vector<std::uint64_t>& values) = 0;
};

/// The kernel's own.
std::unique_ptr<EthtoolSource> MakeEthtoolSource();

}  // namespace tocsin
