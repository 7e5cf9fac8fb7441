#include "rules/trend/statistics.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>

namespace tocsin::trend {
namespace {

constexpr std::size_t kPairs = kMaxTrendPoints * (kMaxTrendPoints - 1) / 2;

/// The slopes of all pairs; returns how many.
std::size_t PairSlopes(std::span<const double> t, std::span<const double> y,
                       std::array<double, kPairs>& slopes) {
  assert(t.size() == y.size() && t.size() <= kMaxTrendPoints);
  std::size_t m = 0;
  for (std::size_t i = 0; i < t.size(); ++i) {
    for (std::size_t j = i + 1; j < t.size(); ++j) slopes[m++] = (y[j] - y[i]) / (t[j] - t[i]);
  }
  return m;
}

double Mean(std::span<const double> values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

}  // namespace

double MedianInPlace(std::span<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return 0.5 * (*std::max_element(values.begin(), middle) + *middle);
}

double KendallTau(std::span<const double> values) {
  assert(values.size() <= kMaxTrendPoints);
  if (values.size() < 2) return 0;
  // Floats compare twice as many at a time.
  std::array<float, kMaxTrendPoints> narrow;
  std::copy(values.begin(), values.end(), narrow.begin());
  const auto y = std::span(narrow).first(values.size());
  int sum = 0;
  for (std::size_t i = 0; i < y.size(); ++i) {
    int row = 0;
    for (std::size_t j = i + 1; j < y.size(); ++j) row += (y[j] > y[i]) - (y[j] < y[i]);
    sum += row;
  }
  const auto n = static_cast<double>(y.size());
  return sum / (n * (n - 1) / 2);
}

PairwiseTrend FitPairwise(std::span<const double> t, std::span<const double> y) {
  if (t.size() < 2) return {};
  std::array<double, kPairs> slopes;
  const std::size_t m = PairSlopes(t, y, slopes);
  const auto count = static_cast<double>(m);
  const auto n = static_cast<double>(t.size());
  const double spread = 1.96 * std::sqrt(n * (n - 1) * (2 * n + 5) / 18);
  const auto low_rank = static_cast<std::size_t>(std::max(0.0, (count - spread) / 2));
  const auto high_rank = std::min(m - 1, static_cast<std::size_t>((count + spread) / 2) + 1);
  const std::size_t half = m / 2;
  // Order statistics, each sought in the part that the one before has left.
  const auto at = [&](std::size_t rank) {
    return slopes.begin() + static_cast<std::ptrdiff_t>(rank);
  };
  std::nth_element(at(0), at(half), at(m));
  if (low_rank < half) std::nth_element(at(0), at(low_rank), at(half));
  if (high_rank > half) std::nth_element(at(half + 1), at(high_rank), at(m));
  PairwiseTrend trend;
  trend.low = slopes[low_rank];
  trend.high = slopes[high_rank];
  trend.slope = slopes[half];
  if (m % 2 == 0) trend.slope = 0.5 * (trend.slope + *std::max_element(at(0), at(half)));
  return trend;
}

double PairwiseSlope(std::span<const double> t, std::span<const double> y) {
  std::array<double, kPairs> slopes;
  return MedianInPlace(std::span(slopes).first(PairSlopes(t, y, slopes)));
}

Bend FitBend(std::span<const double> t, std::span<const double> y) {
  const auto n = static_cast<double>(t.size());
  if (t.size() < 4) return {};
  const double span = t.back() - t.front();
  const double mid = Mean(t);
  const double level = Mean(y);
  const auto unit = [&](std::size_t i) { return (t[i] - mid) / span; };
  double squares = 0;
  double cubes = 0;
  for (std::size_t i = 0; i < t.size(); ++i) {
    const double u = unit(i);
    squares += u * u;
    cubes += u * u * u;
  }
  // The parabola's own part of u^2: orthogonal to the constant and to u.
  const auto bow = [&](double u) { return u * u - squares / n - cubes / squares * u; };
  double bow_squares = 0;
  double bow_y = 0;
  double u_y = 0;
  for (std::size_t i = 0; i < t.size(); ++i) {
    const double u = unit(i);
    bow_squares += bow(u) * bow(u);
    bow_y += bow(u) * y[i];
    u_y += u * y[i];
  }
  const double curve = bow_y / bow_squares;
  const double slope = u_y / squares;
  double rest = 0;
  for (std::size_t i = 0; i < t.size(); ++i) {
    const double u = unit(i);
    const double off = y[i] - level - slope * u - curve * bow(u);
    rest += off * off;
  }
  Bend bend;
  bend.significance = curve / std::sqrt(std::max(rest, 1.0) / (n - 3) / bow_squares);
  return bend;
}

WorkTrend FitWork(std::span<const double> t, std::span<const double> work) {
  if (t.size() < 2) return {};
  const double mean_t = Mean(t);
  const double mean_work = Mean(work);
  double tt = 0;
  double ww = 0;
  double tw = 0;
  for (std::size_t i = 0; i < t.size(); ++i) {
    const double dt = t[i] - mean_t;
    const double dw = work[i] - mean_work;
    tt += dt * dt;
    ww += dw * dw;
    tw += dt * dw;
  }
  WorkTrend trend;
  if (ww > 0) trend.correlation = tw / std::sqrt(tt * ww);
  if (mean_work > 0) trend.rise = tw / tt * (t.back() - t.front()) / mean_work;
  return trend;
}

}  // namespace tocsin::trend
