#pragma once
#include "collectors/collector.h"

namespace tocsin {

extern const CatalogEntry kProcessCollector;

}  // namespace tocsin
