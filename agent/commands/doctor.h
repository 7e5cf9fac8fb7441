#pragma once
// `tocsin doctor`: what holds the host up now, asked of the agent; or did in a history.

#include <optional>
#include <string>

#include "base/result.h"

namespace tocsin {

struct DoctorArguments {
  std::string url = "http://127.0.0.1:9909";
  std::optional<std::string> file;  // OpenMetrics with timestamps, instead of an agent
  std::optional<std::string> time;  // of a history: when [its last sample]
};

int ConsultDoctor(const DoctorArguments& arguments);

/// The report about a history. Errors: kMalformed, kInvalid; those of evaluation.
Result<std::string> DiagnoseHistory(std::string_view text, std::string_view name,
                                    const std::optional<std::string>& time);

}  // namespace tocsin
