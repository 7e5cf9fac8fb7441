#pragma once
// The catalog entries of this folder, one a file.

#include "collectors/collector.h"

namespace tocsin {

extern const CatalogEntry kArpCollector;
extern const CatalogEntry kBcacheCollector;
extern const CatalogEntry kBondingCollector;
extern const CatalogEntry kBtrfsCollector;
extern const CatalogEntry kBuddyinfoCollector;
extern const CatalogEntry kCgroupsCollector;
extern const CatalogEntry kConntrackCollector;
extern const CatalogEntry kCpuCollector;
extern const CatalogEntry kCpufreqCollector;
extern const CatalogEntry kDiskstatsCollector;
extern const CatalogEntry kDmiCollector;
extern const CatalogEntry kDrbdCollector;
extern const CatalogEntry kEdacCollector;
extern const CatalogEntry kEntropyCollector;
extern const CatalogEntry kEthtoolCollector;
extern const CatalogEntry kFibrechannelCollector;
extern const CatalogEntry kFilefdCollector;
extern const CatalogEntry kFilesystemCollector;
extern const CatalogEntry kHwmonCollector;
extern const CatalogEntry kInfinibandCollector;
extern const CatalogEntry kInterruptsCollector;
extern const CatalogEntry kIpvsCollector;
extern const CatalogEntry kKsmdCollector;
extern const CatalogEntry kLnstatCollector;
extern const CatalogEntry kLoadavgCollector;
extern const CatalogEntry kMdadmCollector;
extern const CatalogEntry kMeminfoCollector;
extern const CatalogEntry kMeminfoNumaCollector;
extern const CatalogEntry kMountstatsCollector;
extern const CatalogEntry kNetclassCollector;
extern const CatalogEntry kNetdevCollector;
extern const CatalogEntry kNetstatCollector;
extern const CatalogEntry kNetworkRouteCollector;
extern const CatalogEntry kNfsCollector;
extern const CatalogEntry kNfsdCollector;
extern const CatalogEntry kNvmeCollector;
extern const CatalogEntry kOsCollector;
extern const CatalogEntry kPowersupplyclassCollector;
extern const CatalogEntry kPressureCollector;
extern const CatalogEntry kProcessesCollector;
extern const CatalogEntry kQdiscCollector;
extern const CatalogEntry kRaplCollector;
extern const CatalogEntry kSchedstatCollector;
extern const CatalogEntry kSelinuxCollector;
extern const CatalogEntry kSlabinfoCollector;
extern const CatalogEntry kSockstatCollector;
extern const CatalogEntry kSoftnetCollector;
extern const CatalogEntry kStatCollector;
extern const CatalogEntry kSysctlCollector;
extern const CatalogEntry kSystemdCollector;
extern const CatalogEntry kTapestatsCollector;
extern const CatalogEntry kTcpstatCollector;
extern const CatalogEntry kTextfileCollector;
extern const CatalogEntry kThermalZoneCollector;
extern const CatalogEntry kTimeCollector;
extern const CatalogEntry kTimexCollector;
extern const CatalogEntry kUdpQueuesCollector;
extern const CatalogEntry kUnameCollector;
extern const CatalogEntry kVmstatCollector;
extern const CatalogEntry kWifiCollector;
extern const CatalogEntry kXfsCollector;
extern const CatalogEntry kZfsCollector;
extern const CatalogEntry kZoneinfoCollector;

}  // namespace tocsin
