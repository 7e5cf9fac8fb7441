#pragma once
#include <span>
#include <string_view>

#include "collectors/collector.h"

namespace tocsin {

/// Every collector there is, sorted by name. Drives the scheduler, flags, tests and documentation.
std::span<const CatalogEntry> CollectorCatalog();

/// The entry called `name`, or null.
const CatalogEntry* FindCollector(std::string_view name);

/// True if all it reads comes through HostFs; the others speak to services or run programs.
bool ReadsHostFiles(const CatalogEntry& entry);

}  // namespace tocsin
