#pragma once
// What a leak rule knows of one series, as a value that can be stored and put back after a restart.
// Bytes: rules/FORMAT.md.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "metrics/labels.h"

namespace tocsin {

struct LeakRecord {
  // Which rule it belongs to.
  std::string file;
  std::string group;
  std::string rule_key;  // Rule::Key(), and which of the rules with that key

  Labels labels;
  std::string detector;                   // trend::Detector::Export()
  std::vector<std::int64_t> restarts_ms;  // of the last 24 h
  std::uint32_t times = 0;
  double restart = 0;  // the last value of restart:
  double settled = 0;
  double base = 0;
  std::int64_t seen_ms = 0;  // its last reading

  friend bool operator==(const LeakRecord&, const LeakRecord&) = default;
};

std::string EncodeLeaks(std::span<const LeakRecord> records);

/// Errors: kMalformed for bytes that EncodeLeaks has not written; kUnsupported for another version.
Result<std::vector<LeakRecord>> DecodeLeaks(std::string_view bytes);

}  // namespace tocsin
