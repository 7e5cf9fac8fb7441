#include "metrics/writer.h"

#include <gtest/gtest.h>

#include <array>

namespace tocsin {
namespace {

constexpr FamilySpec kA{"a_total", MetricType::kCounter, "A."};
constexpr FamilySpec kB{"b", MetricType::kGauge, "B."};

TEST(RoundWriterTest, SteadyRoundsShareTheLayout) {
  RoundWriter writer;
  const auto round = [&](double v) {
    writer.Begin(WallTime{});
    writer.Add(kA, {{"cpu", "0"}}, v);
    writer.Add(kB, {}, v + 1);
    return *writer.Finish();
  };
  const auto first = round(1);
  const auto second = round(2);
  EXPECT_EQ(first->layout, second->layout);
  EXPECT_EQ(first->values, (std::vector<double>{1, 2}));
  EXPECT_EQ(second->values, (std::vector<double>{2, 3}));
}

TEST(RoundWriterTest, AVanishedOrNewSeriesMakesANewLayout) {
  RoundWriter writer;
  writer.Begin(WallTime{});
  writer.Add(kA, {{"cpu", "0"}}, 1);
  writer.Add(kA, {{"cpu", "1"}}, 2);
  const auto two = *writer.Finish();
  writer.Begin(WallTime{});
  writer.Add(kA, {{"cpu", "0"}}, 1);
  const auto one = *writer.Finish();
  EXPECT_NE(two->layout, one->layout);
  ASSERT_EQ(one->layout->series.size(), 1u);
  EXPECT_EQ(one->layout->FullLabels(0), (Labels{{kMetricName, "a_total"}, {"cpu", "0"}}));
}

TEST(RoundWriterTest, ADuplicateSeriesRefusesTheRoundOnly) {
  RoundWriter writer;
  writer.Begin(WallTime{});
  writer.Add(kB, {}, 1);
  writer.Add(kB, {{"empty", ""}}, 2);
  const auto refused = writer.Finish();
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message().find("b stands twice"), std::string::npos);
  writer.Begin(WallTime{});
  writer.Add(kB, {}, 1);
  EXPECT_TRUE(writer.Finish().ok());
}

TEST(RoundWriterTest, TwoTypesForOneFamilyRefuseTheRound) {
  RoundWriter writer;
  writer.Begin(WallTime{});
  writer.Add(kB, {}, 1);
  writer.Add({"b", MetricType::kCounter, "B."}, {{"x", "1"}}, 2);
  EXPECT_EQ(writer.Finish().error().code(), Errc::kMalformed);
}

TEST(RoundWriterTest, HistogramsGetCumulativeBucketsSumAndCount) {
  RoundWriter writer;
  writer.Begin(WallTime{});
  const std::array<double, 2> bounds{0.5, 1e6};
  const std::array<double, 2> counts{1, 3};
  writer.AddHistogram({"h", MetricType::kHistogram, "H."}, {}, {bounds, counts, 2.5, 4});
  const auto snapshot = *writer.Finish();
  ASSERT_EQ(snapshot->values, (std::vector<double>{1, 3, 4, 2.5, 4}));
  EXPECT_EQ(snapshot->layout->FullLabels(1), (Labels{{kMetricName, "h_bucket"}, {"le", "1e+06"}}));
  EXPECT_EQ(snapshot->layout->FullLabels(4), (Labels{{kMetricName, "h_count"}}));
}

TEST(RoundWriterTest, AReaderKeepsItsSnapshotWhileLaterRoundsAreWritten) {
  RoundWriter writer;
  writer.Begin(WallTime{});
  writer.Add(kB, {}, 1);
  const auto held = *writer.Finish();
  for (int i = 2; i < 10; ++i) {
    writer.Begin(WallTime{});
    writer.Add(kB, {}, i);
    ASSERT_TRUE(writer.Finish().ok());
  }
  EXPECT_EQ(held->values[0], 1);
}

TEST(RoundWriterTest, SeriesThatStayKeepTheirLabelsWhateverChanges) {
  RoundWriter writer;
  const auto round = [&](int from, int to) {
    writer.Begin(WallTime{});
    for (int i = from; i < to; ++i) {
      writer.Add(kA, {{"cpu", std::to_string(i)}}, i);
      writer.Add(kB, {{"cpu", std::to_string(i)}}, i);
    }
    return *writer.Finish();
  };
  const auto text_of = [](const Snapshot& snapshot, std::size_t i) {
    return snapshot.layout->series[i].labels[0].value.data();
  };
  const auto first = round(0, 1'000);
  EXPECT_EQ(text_of(*first, 0), text_of(*first, 1)) << "two series of a kind";
  const auto fewer = round(700, 1'000);  // further on than it looks ahead
  EXPECT_EQ(text_of(*fewer, 0), text_of(*first, 1'400));
  EXPECT_EQ(text_of(*fewer, 599), text_of(*first, 1'999));
  const auto more = round(699, 1'001);
  EXPECT_EQ(text_of(*more, 2), text_of(*fewer, 0));
  EXPECT_EQ(more->layout->series.size(), 604u);
  EXPECT_EQ(more->layout->FullLabels(0), (Labels{{kMetricName, "a_total"}, {"cpu", "699"}}));
  EXPECT_EQ(more->layout->FullLabels(603), (Labels{{kMetricName, "b"}, {"cpu", "1000"}}));
}

TEST(RoundWriterTest, ASeriesOfAnotherFamilyStandsTwiceIfItsSamplesHaveTheName) {
  RoundWriter writer;
  writer.Begin(WallTime{});
  writer.Add({"h_sum", MetricType::kGauge, "S."}, {{"x", "1"}}, 1);
  writer.AddHistogram({"h", MetricType::kHistogram, "H."}, std::array<LabelView, 1>{{{"x", "1"}}},
                      {{}, {}, 1, 1});
  const auto refused = writer.Finish();
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message().find("h_sum{x=\"1\"} stands twice"), std::string::npos);
}

}  // namespace
}  // namespace tocsin
