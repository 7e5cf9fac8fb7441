#pragma once
// What is judged: the last buckets of one scale, oldest first.

#include <array>
#include <cstddef>
#include <limits>
#include <span>

#include "rules/trend/statistics.h"

namespace tocsin::trend {

struct Window {
  std::size_t size = 0;
  double width = 0;                           // seconds of a bucket
  std::array<double, kMaxTrendPoints> t;      // end of each, seconds since the end of the first
  std::array<double, kMaxTrendPoints> low;    // least value in it
  std::array<double, kMaxTrendPoints> tooth;  // greatest less least
  std::array<double, kMaxTrendPoints> work;   // mean work a second; NaN where unknown
  double record = 0;       // highest floor before the window; negative if there is none
  double since_start = 0;  // seconds from the series' first sample to the window's first bucket

  std::span<const double> times() const { return {t.data(), size}; }
  std::span<const double> floors() const { return {low.data(), size}; }
  std::span<const double> works() const { return {work.data(), size}; }
  double span() const { return t[size - 1]; }
  double first_floor() const { return low[0]; }
  double last_floor() const { return low[size - 1]; }
};

/// What else is known when a window is judged. NaN: unknown.
struct Context {
  double limit = 0;
  /// What older processes of the same program hold without growing.
  double settled = std::numeric_limits<double>::quiet_NaN();
  /// Growth of the floor a second before the window.
  double rate_before = std::numeric_limits<double>::quiet_NaN();
  /// The highest floor at times when as much work was done as now, before the window's second half.
  double floor_at_equal_work = std::numeric_limits<double>::quiet_NaN();
};

}  // namespace tocsin::trend
