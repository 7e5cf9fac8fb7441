#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "collectors/response/access_stats.h"
#include "collectors/response/line_format.h"

namespace tocsin {
namespace {

constexpr MonoTime kStart{std::chrono::hours(1)};

TEST(FineLadderTest, EveryDurationLiesInItsBucket) {
  double value = 1e-9;
  while (value < 1e5) {
    const std::size_t i = FineLadder::IndexOf(value);
    EXPECT_GE(value, FineLadder::LowerBound(i));
    if (i + 1 < FineLadder::kBuckets) {
      const double end = FineLadder::LowerBound(i + 1);
      EXPECT_LT(value, end);
      if (i > 0) {
        EXPECT_LE(end, FineLadder::LowerBound(i) * 1.1251);
      }
    }
    value *= 1.01;
  }
  EXPECT_EQ(FineLadder::IndexOf(0), 0u);
  EXPECT_EQ(FineLadder::IndexOf(std::numeric_limits<double>::infinity()), FineLadder::kBuckets - 1);
}

TEST(WindowCountsTest, QuantilesLieInTheBucketOfTheExactOnes) {
  std::mt19937_64 random(7);
  std::lognormal_distribution<double> times(-4, 1.5);
  for (const std::size_t count : {1u, 2u, 10u, 1000u, 50'000u}) {
    WindowCounts window(seconds(60));
    window.MoveTo(kStart);
    std::vector<double> all;
    for (std::size_t i = 0; i < count; ++i) {
      all.push_back(times(random));
      window.Add(all.back());
    }
    std::sort(all.begin(), all.end());
    FineCounts counts{};
    window.AddTo(counts);
    const std::array quantiles{0.0, 0.5, 0.95, 0.99, 1.0};
    std::array<double, 5> values{};
    EstimateQuantiles(counts, quantiles, values);
    for (std::size_t q = 0; q < quantiles.size(); ++q) {
      const auto rank = std::max<std::size_t>(
          1, static_cast<std::size_t>(std::ceil(quantiles[q] * static_cast<double>(count))));
      const std::size_t exact = FineLadder::IndexOf(all[rank - 1]);
      const std::size_t told = FineLadder::IndexOf(values[q]);
      EXPECT_EQ(told, exact) << count << " " << quantiles[q];
    }
  }
}

TEST(WindowCountsTest, ForgetsWhatIsOlderThanTheWindow) {
  WindowCounts window(seconds(60));
  const auto total = [&] {
    FineCounts counts{};
    window.AddTo(counts);
    std::uint64_t sum = 0;
    for (const std::uint64_t c : counts) sum += c;
    return sum;
  };
  window.MoveTo(kStart);
  window.Add(0.1);
  window.MoveTo(kStart + seconds(59));
  EXPECT_EQ(total(), 1u);
  window.Add(0.2);
  window.MoveTo(kStart + seconds(71));
  EXPECT_EQ(total(), 1u);
  window.MoveTo(kStart + std::chrono::hours(10));
  EXPECT_EQ(total(), 0u);
  std::array<double, 1> none{};
  EstimateQuantiles(FineCounts{}, std::array{0.5}, none);
  EXPECT_TRUE(std::isnan(none[0]));
}

class AccessStatsTest : public testing::Test {
 protected:
  AccessStatsTest() {
    EXPECT_TRUE(routes_.Add("/a/*", "").ok());
    options_.bounds = {0.1, 1};
    options_.quantiles = {0.5};
  }

  static std::string Line(std::string_view request, int status, std::string_view time) {
    return std::string(request) + "|" + std::to_string(status) + "|10|" + std::string(time) + "\n";
  }

  void Add(AccessStats& stats, std::string block) {
    const std::size_t size = block.size();
    block.resize(size + kLinePadding);
    stats.AddLines(std::string_view(block).substr(0, size), *parser_);
  }

  AccessStatsOptions options_;
  RouteTable routes_;
  std::unique_ptr<AccessLineParser> parser_ =
      MakeFormatParser(*ParseLineFormat("$request|$status|$body_bytes_sent|$request_time"));
};

TEST_F(AccessStatsTest, LinesBecomeSeries) {
  AccessStats stats(options_, routes_);
  stats.BeginRound(kStart);
  Add(stats, Line("GET /a/1 HTTP/1.1", 200, "0.1") + Line("GET /a/2 HTTP/1.1", 204, "0.2") +
                 Line("BREW /pot HTTP/1.1", 503, "5") + "junk\n\r\n" +
                 Line("GET /a/3 HTTP/1.1", 200, "-"));
  ASSERT_EQ(stats.responses().size(), 3u);
  EXPECT_EQ(stats.responses()[0].count, 2u);
  EXPECT_EQ(stats.responses()[0].status, 200);
  EXPECT_EQ(kAccessMethods[stats.responses()[2].method], "other");
  EXPECT_EQ(stats.responses()[2].route, routes_.other());
  ASSERT_EQ(stats.histograms().size(), 2u);
  EXPECT_EQ(stats.histograms()[0].counts, (std::vector<std::uint64_t>{1, 1, 0}));
  EXPECT_EQ(stats.histograms()[1].counts, (std::vector<std::uint64_t>{0, 0, 1}));
  EXPECT_DOUBLE_EQ(stats.histograms()[0].sum, 0.3);
  EXPECT_EQ(stats.routes()[0].bytes, 30u);
  EXPECT_EQ(stats.routes()[0].errors, 0u);
  EXPECT_EQ(stats.routes()[1].errors, 1u);
  EXPECT_EQ(stats.lines(), 6u);
  EXPECT_EQ(stats.problems(LineProblem::kFormat), 2u);
}

TEST_F(AccessStatsTest, SeriesAreBoundedAndWhatIsDroppedIsCounted) {
  options_.max_series = 10;  // two histograms of two bounds
  AccessStats stats(options_, routes_);
  stats.BeginRound(kStart);
  for (int status = 100; status < 600; ++status) {
    Add(stats, Line("GET /a/1 HTTP/1.1", status, "0.1"));
  }
  EXPECT_EQ(stats.responses().size(), 10u);
  EXPECT_EQ(stats.histograms().size(), 2u);
  EXPECT_EQ(stats.dropped(), 490u);
  EXPECT_EQ(stats.routes()[0].bytes, 5000u);
  EXPECT_EQ(stats.routes()[0].errors, 100u);
  Add(stats, Line("GET /a/1 HTTP/1.1", 100, "0.1"));
  EXPECT_EQ(stats.responses()[0].count, 2u);
  EXPECT_EQ(stats.dropped(), 490u);
}

}  // namespace
}  // namespace tocsin
