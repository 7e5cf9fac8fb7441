#pragma once
// The catalog entries of this folder, one a file.

#include "collectors/collector.h"

namespace tocsin {

extern const CatalogEntry kLoadavgCollector;

}  // namespace tocsin
