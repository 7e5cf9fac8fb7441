#pragma once
// The catalog entries of this folder, one a file.

#include "collectors/collector.h"

namespace tocsin {

extern const CatalogEntry kAccessLogCollector;
extern const CatalogEntry kOtlpCollector;
extern const CatalogEntry kProbeCollector;
extern const CatalogEntry kStatsdCollector;

}  // namespace tocsin
