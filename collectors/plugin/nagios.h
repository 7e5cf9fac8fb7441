#pragma once
// What a Nagios plugin says: its exit status and performance data.
// Format: Monitoring Plugins Development Guidelines, "Performance data".

#include <string_view>

#include "base/result.h"
#include "metrics/writer.h"

namespace tocsin::plugin {

/// Adds nagios_status and nagios_perfdata of the check. Units are converted to seconds, bytes and
/// ratios; a value of `U` (unknown) is left out. Errors: kMalformed for an exit status over 3,
/// kLimit for more than 1,000 values.
Status AddNagios(std::string_view output, int exit_status, std::string_view check, FamilySink& out);

}  // namespace tocsin::plugin
