#pragma once
// The catalog entries of this folder, one a file.

#include "collectors/collector.h"

namespace tocsin {

extern const CatalogEntry kLoadavgCollector;
extern const CatalogEntry kNetdevCollector;
extern const CatalogEntry kNetstatCollector;
extern const CatalogEntry kPressureCollector;
extern const CatalogEntry kSchedstatCollector;
extern const CatalogEntry kSockstatCollector;
extern const CatalogEntry kSoftnetCollector;
extern const CatalogEntry kStatCollector;
extern const CatalogEntry kTextfileCollector;
extern const CatalogEntry kThermalZoneCollector;
extern const CatalogEntry kTimeCollector;
extern const CatalogEntry kTimexCollector;
extern const CatalogEntry kUdpQueuesCollector;
extern const CatalogEntry kUnameCollector;
extern const CatalogEntry kVmstatCollector;

}  // namespace tocsin
