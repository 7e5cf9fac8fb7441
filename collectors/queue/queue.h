#pragma once
#include "collectors/collector.h"

namespace tocsin {

extern const CatalogEntry kKafkaCollector;
extern const CatalogEntry kPostgresqlCollector;
extern const CatalogEntry kQueueDirectoryCollector;
extern const CatalogEntry kRabbitmqCollector;
extern const CatalogEntry kRedisQueuesCollector;

}  // namespace tocsin
