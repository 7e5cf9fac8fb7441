#include "collectors/catalog.h"

#include <algorithm>
#include <array>

#include "collectors/cache/cache.h"
#include "collectors/cgroup/cgroup.h"
#include "collectors/plugin/plugins.h"
#include "collectors/process/process.h"
#include "collectors/queue/queue.h"
#include "collectors/response/response.h"
#include "collectors/system/system.h"

namespace tocsin {

std::span<const CatalogEntry> CollectorCatalog() {
  // One a line, so that additions merge.
  // clang-format off
  static const std::array kCatalog{
      kAccessLogCollector,
      kArpCollector,
      kBcacheCollector,
      kBondingCollector,
      kBtrfsCollector,
      kBuddyinfoCollector,
      kCgroupCollector,
      kCgroupsCollector,
      kConntrackCollector,
      kCpuCollector,
      kCpufreqCollector,
      kDiskstatsCollector,
      kDmiCollector,
      kDrbdCollector,
      kEdacCollector,
      kEntropyCollector,
      kEthtoolCollector,
      kExecCollector,
      kFibrechannelCollector,
      kFilefdCollector,
      kFilesystemCollector,
      kHttpJsonCollector,
      kHwmonCollector,
      kInfinibandCollector,
      kInterruptsCollector,
      kIpvsCollector,
      kKafkaCollector,
      kKsmdCollector,
      kLnstatCollector,
      kLoadavgCollector,
      kMdadmCollector,
      kMemcachedCollector,
      kMeminfoCollector,
      kMeminfoNumaCollector,
      kMountstatsCollector,
      kNetclassCollector,
      kNetdevCollector,
      kNetstatCollector,
      kNetworkRouteCollector,
      kNfsCollector,
      kNfsdCollector,
      kNvmeCollector,
      kOsCollector,
      kOtlpCollector,
      kPluginCollector,
      kPostgresqlCollector,
      kPowersupplyclassCollector,
      kPressureCollector,
      kProbeCollector,
      kProcessCollector,
      kProcessesCollector,
      kQdiscCollector,
      kQueueDirectoryCollector,
      kRabbitmqCollector,
      kRaplCollector,
      kRedisCollector,
      kRedisQueuesCollector,
      kSchedstatCollector,
      kScrapeCollector,
      kSelinuxCollector,
      kSharedObjectCollector,
      kSlabinfoCollector,
      kSockstatCollector,
      kSoftnetCollector,
      kStatCollector,
      kStatsdCollector,
      kSysctlCollector,
      kSystemdCollector,
      kTapestatsCollector,
      kTcpstatCollector,
      kTextfileCollector,
      kThermalZoneCollector,
      kTimeCollector,
      kTimexCollector,
      kUdpQueuesCollector,
      kUnameCollector,
      kVmstatCollector,
      kWifiCollector,
      kXfsCollector,
      kZfsCollector,
      kZoneinfoCollector,
  };
  // clang-format on
  return kCatalog;
}

const CatalogEntry* FindCollector(std::string_view name) {
  const auto catalog = CollectorCatalog();
  const auto found = std::find_if(catalog.begin(), catalog.end(),
                                  [&](const CatalogEntry& entry) { return entry.name == name; });
  return found == catalog.end() ? nullptr : &*found;
}

bool ReadsHostFiles(const CatalogEntry& entry) {
  return entry.room == "system" || entry.room == "process" || entry.room == "cgroup";
}

}  // namespace tocsin
