#pragma once
// The catalog entries of this folder, one a file.

#include "collectors/collector.h"

namespace tocsin {

extern const CatalogEntry kExecCollector;
extern const CatalogEntry kHttpJsonCollector;
extern const CatalogEntry kPluginCollector;
extern const CatalogEntry kScrapeCollector;
extern const CatalogEntry kSharedObjectCollector;

}  // namespace tocsin
