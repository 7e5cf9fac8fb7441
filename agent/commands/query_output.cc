#include "agent/commands/query_output.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string_view>
#include <vector>

#include "agent/api/result_json.h"
#include "base/time_text.h"

namespace tocsin {
namespace {

constexpr std::size_t kChartRows = 8;
/// A column is filled from below in eighths of a row.
constexpr std::array<std::string_view, 9> kBlocks{" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};

void AppendAligned(const std::vector<std::pair<std::string, std::string>>& rows, std::string& out) {
  std::size_t width = 0;
  for (const auto& [left, right] : rows) width = std::max(width, left.size());
  for (const auto& [left, right] : rows) {
    out.append(left).append(width - left.size() + 2, ' ').append(right).append("\n");
  }
}

struct Bounds {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();
};

Bounds BoundsOf(const std::vector<Sample>& samples) {
  Bounds bounds;
  for (const Sample& sample : samples) {
    if (!std::isfinite(sample.value)) continue;
    bounds.low = std::min(bounds.low, sample.value);
    bounds.high = std::max(bounds.high, sample.value);
  }
  return bounds;
}

/// The last finite value that falls into each of `width` columns; NaN for a column without one.
std::vector<double> Columns(const std::vector<Sample>& samples, std::size_t width,
                            std::int64_t start_ms, std::int64_t end_ms) {
  std::vector<double> columns(width, std::nan(""));
  const double span = static_cast<double>(std::max<std::int64_t>(end_ms - start_ms, 1));
  for (const Sample& sample : samples) {
    if (!std::isfinite(sample.value)) continue;
    const double at = static_cast<double>(sample.t_ms - start_ms) / span;
    columns[static_cast<std::size_t>(at * static_cast<double>(width - 1))] = sample.value;
  }
  return columns;
}

void AppendChart(const promql::MatrixSeries& series, std::size_t width, std::int64_t start_ms,
                 std::int64_t end_ms, std::string& out) {
  const Bounds bounds = BoundsOf(series.samples);
  out.append(series.labels.ToString()).append("\n");
  if (bounds.low > bounds.high) {
    out += "  no finite values\n";
    return;
  }
  const std::vector<double> columns = Columns(series.samples, width, start_ms, end_ms);
  const double span = bounds.high - bounds.low;
  for (std::size_t row = kChartRows; row-- > 0;) {
    out += "  ";
    for (const double value : columns) {
      if (std::isnan(value)) {
        out += ' ';
        continue;
      }
      // At least one eighth, so that the lowest value can be told from no value.
      const double share = span > 0 ? (value - bounds.low) / span : 0.5;
      const auto eighths = static_cast<std::size_t>(std::lround(share * (kChartRows * 8 - 1))) + 1;
      const std::size_t below = row * 8;
      out += kBlocks[eighths <= below ? 0 : std::min<std::size_t>(eighths - below, 8)];
    }
    if (row == kChartRows - 1) out.append(" ").append(api::FormatSampleValue(bounds.high));
    if (row == 0) out.append(" ").append(api::FormatSampleValue(bounds.low));
    out += '\n';
  }
}

}  // namespace

std::string ResultTable(const promql::QueryResult& result) {
  std::vector<std::pair<std::string, std::string>> rows;
  switch (result.type) {
    case promql::ValueType::kScalar:
      return api::FormatSampleValue(result.scalar) + "\n";
    case promql::ValueType::kString:
      return result.string + "\n";
    case promql::ValueType::kVector:
      for (const promql::VectorSample& sample : result.vector) {
        rows.emplace_back(sample.labels.ToString(), api::FormatSampleValue(sample.value));
      }
      break;
    case promql::ValueType::kMatrix:
      for (const promql::MatrixSeries& series : result.matrix) {
        rows.emplace_back(series.labels.ToString(), "");
        for (const Sample& sample : series.samples) {
          rows.emplace_back("  " + Rfc3339(FromMillis(sample.t_ms)),
                            api::FormatSampleValue(sample.value));
        }
      }
      break;
  }
  if (rows.empty()) return "no series\n";
  std::string out;
  AppendAligned(rows, out);
  return out;
}

std::string ResultChart(const promql::QueryResult& result, std::size_t width) {
  if (result.type != promql::ValueType::kMatrix || result.matrix.empty()) {
    return ResultTable(result);
  }
  std::int64_t start_ms = std::numeric_limits<std::int64_t>::max();
  std::int64_t end_ms = std::numeric_limits<std::int64_t>::min();
  for (const promql::MatrixSeries& series : result.matrix) {
    start_ms = std::min(start_ms, series.samples.front().t_ms);
    end_ms = std::max(end_ms, series.samples.back().t_ms);
  }
  std::string out;
  for (const promql::MatrixSeries& series : result.matrix) {
    AppendChart(series, std::max<std::size_t>(width, 2), start_ms, end_ms, out);
  }
  out.append("  ").append(Rfc3339(FromMillis(start_ms))).append(" … ");
  out.append(Rfc3339(FromMillis(end_ms))).append("\n");
  return out;
}

}  // namespace tocsin
