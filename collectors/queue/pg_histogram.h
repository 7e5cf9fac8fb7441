#pragma once
// A histogram as postgres_exporter's queries give it, in four columns of a row. Pure.

#include <string_view>
#include <vector>

#include "base/result.h"

namespace tocsin {

struct PgHistogram {
  std::vector<double> bounds;      // rising, without +Inf
  std::vector<double> cumulative;  // of each bound
  double sum = 0;
  double count = 0;
};

/// The text of COLUMN (an array of bounds), COLUMN_bucket (an array of cumulative counts; what is
/// over on either side is left out), COLUMN_sum and COLUMN_count.
struct PgHistogramCells {
  std::string_view bounds;
  std::string_view buckets;
  std::string_view sum;
  std::string_view count;
};

/// Errors: kMalformed, saying which of them is wrong: no array of numbers or no number, more than
/// 1,000 bounds, bounds that do not rise, counts that fall.
Result<PgHistogram> ParsePgHistogram(const PgHistogramCells& cells);

}  // namespace tocsin
