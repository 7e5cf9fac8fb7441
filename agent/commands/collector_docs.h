#pragma once
// Documentation of the collectors, made from the catalog.

#include <string>

namespace tocsin {

/// A line a collector: name, on or off, interval, what it reads.
std::string CollectorTable();

/// docs/collectors.md: every collector with its flags and metrics. A test compares the file.
std::string CollectorMarkdown();

/// The same facts as a JSON array.
std::string CollectorJson();

}  // namespace tocsin
