#pragma once
// What tests look for on a page of metrics.

#include <string>
#include <string_view>

#include "base/parse.h"

namespace tocsin {

/// The samples of a page, without what describes the families.
inline std::string SamplesOf(std::string_view page) {
  std::string samples;
  while (!page.empty()) {
    const std::string_view line = TakeLine(page);
    if (!line.starts_with('#')) samples.append(line) += '\n';
  }
  return samples;
}

/// The value of a series as it stands on the page, "absent" if it does not.
inline std::string ValueOf(const std::string& page, const std::string& series) {
  const std::string text = "\n" + page;
  const auto at = text.find("\n" + series + " ");
  if (at == std::string::npos) return "absent";
  const auto start = at + series.size() + 2;
  return text.substr(start, text.find('\n', start) - start);
}

/// How often a target has failed for that reason.
inline std::string Failures(const std::string& page, const std::string& collector,
                            const std::string& reason, const std::string& target) {
  return ValueOf(page, "tocsin_target_failures_total{collector=\"" + collector + "\",reason=\"" +
                           reason + "\",target=\"" + target + "\"}");
}

}  // namespace tocsin
