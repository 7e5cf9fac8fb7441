#pragma once
// The catalog entry of this folder.

#include "collectors/collector.h"

namespace tocsin {

extern const CatalogEntry kCgroupCollector;

}  // namespace tocsin
