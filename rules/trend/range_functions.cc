#include "rules/trend/range_functions.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "rules/trend/statistics.h"

namespace tocsin::trend {
namespace {

struct Point {
  double t;  // seconds since the first sample
  double y;
};

std::vector<Point> KnownPoints(std::span<const Sample> samples) {
  std::vector<Point> points;
  points.reserve(samples.size());
  for (const Sample& sample : samples) {
    if (!std::isfinite(sample.value)) continue;
    points.push_back(
        {static_cast<double>(sample.t_ms - samples.front().t_ms) / 1000, sample.value});
  }
  return points;
}

/// At most kMaxExactPoints points: neighbours are joined where there are more.
std::vector<Point> Thinned(std::vector<Point> points) {
  if (points.size() <= kMaxExactPoints) return points;
  std::vector<Point> joined;
  joined.reserve(kMaxExactPoints);
  std::vector<double> work;
  for (std::size_t group = 0; group < kMaxExactPoints; ++group) {
    const std::size_t begin = group * points.size() / kMaxExactPoints;
    const std::size_t end = (group + 1) * points.size() / kMaxExactPoints;
    work.clear();
    for (std::size_t i = begin; i < end; ++i) work.push_back(points[i].y);
    joined.push_back({0.5 * (points[begin].t + points[end - 1].t), MedianInPlace(work)});
  }
  return joined;
}

std::optional<double> MedianSlope(std::span<const Point> points) {
  if (points.size() < 2) return std::nullopt;
  std::vector<double> slopes;
  slopes.reserve(points.size() * (points.size() - 1) / 2);
  for (std::size_t i = 0; i < points.size(); ++i) {
    for (std::size_t j = i + 1; j < points.size(); ++j) {
      slopes.push_back((points[j].y - points[i].y) / (points[j].t - points[i].t));
    }
  }
  return MedianInPlace(slopes);
}

/// Sorts `values` and returns how many pairs stood in falling order.
std::uint64_t CountInversions(std::span<double> values, std::span<double> work) {
  if (values.size() < 2) return 0;
  const std::size_t half = values.size() / 2;
  const auto left = values.first(half);
  const auto right = values.subspan(half);
  std::uint64_t inversions =
      CountInversions(left, work.first(half)) + CountInversions(right, work.subspan(half));
  std::size_t i = 0;
  std::size_t j = 0;
  for (double& out : work) {
    const bool take_right = i == left.size() || (j < right.size() && right[j] < left[i]);
    if (take_right) inversions += left.size() - i;
    out = take_right ? right[j++] : left[i++];
  }
  std::copy(work.begin(), work.end(), values.begin());
  return inversions;
}

}  // namespace

std::optional<double> FloorOverTime(std::span<const Sample> samples, std::int64_t end_ms,
                                    std::int64_t bucket_ms) {
  if (bucket_ms <= 0) return std::nullopt;
  std::vector<double> minima;
  std::int64_t open = std::numeric_limits<std::int64_t>::min();
  for (const Sample& sample : samples) {
    if (!std::isfinite(sample.value)) continue;
    const std::int64_t bucket = (end_ms - sample.t_ms) / bucket_ms;
    if (minima.empty() || bucket != open) {
      minima.push_back(sample.value);
      open = bucket;
    } else {
      minima.back() = std::min(minima.back(), sample.value);
    }
  }
  if (minima.empty()) return std::nullopt;
  return MedianInPlace(minima);
}

std::optional<double> TheilSenSlope(std::span<const Sample> samples) {
  return MedianSlope(Thinned(KnownPoints(samples)));
}

std::optional<double> MannKendallTau(std::span<const Sample> samples) {
  std::vector<double> values;
  values.reserve(samples.size());
  for (const Sample& sample : samples) {
    if (std::isfinite(sample.value)) values.push_back(sample.value);
  }
  const auto n = static_cast<double>(values.size());
  if (values.size() < 2) return std::nullopt;
  std::vector<double> work(values.size());
  const auto falling = static_cast<double>(CountInversions(values, work));
  double tied = 0;  // pairs; the values are sorted now
  for (std::size_t i = 0, run = 0; i < values.size(); ++i) {
    run = i > 0 && values[i] == values[i - 1] ? run + 1 : 0;
    tied += static_cast<double>(run);
  }
  const double pairs = n * (n - 1) / 2;
  return (pairs - tied - 2 * falling) / pairs;
}

std::optional<double> TimeToReach(std::span<const Sample> samples, double limit) {
  const std::vector<Point> points = Thinned(KnownPoints(samples));
  const std::optional<double> slope = MedianSlope(points);
  if (!slope || !std::isfinite(*slope)) return std::nullopt;
  std::vector<double> levels;
  levels.reserve(points.size());
  for (const Point& point : points) levels.push_back(point.y - *slope * point.t);
  const double now = MedianInPlace(levels) + *slope * points.back().t;
  if (now >= limit) return 0.0;
  if (!(*slope > 0)) return std::numeric_limits<double>::infinity();
  return (limit - now) / *slope;
}

}  // namespace tocsin::trend
