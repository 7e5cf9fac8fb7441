#pragma once
#include "collectors/collector.h"

namespace tocsin {

extern const CatalogEntry kQueueDirectoryCollector;

}  // namespace tocsin
