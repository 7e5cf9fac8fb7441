#pragma once
// What people and Prometheus are shown: metrics of one probe, debug pages, the list of the last.

#include <string>

#include "base/result.h"
#include "collectors/response/probe/history.h"

namespace tocsin::probe {

/// In the text format 0.0.4.
std::string MetricsPage(const ProbeResult& result);
/// Log, metrics and module of a probe, as text.
std::string DebugPage(const HistoryEntry& entry);
/// The last failures, then the last successes, as HTML.
std::string HistoryPage(const History& history);

/// Seconds of the header X-Prometheus-Scrape-Timeout-Seconds and what a module allows, as
/// blackbox_exporter reckons: half a second is left for the answer. Errors: kInvalid.
Result<milliseconds> ProbeTimeout(std::string_view header, milliseconds module_timeout);

}  // namespace tocsin::probe
