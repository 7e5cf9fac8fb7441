// What becomes of rounds: staleness, order, ownership, limits.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "metrics/store/open_block.h"
#include "tests/store/helpers.h"

namespace tocsin::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const double kStale = StaleNan();

std::uint64_t Dropped(const Store& store, DropReason reason) {
  return store.Stats().dropped[static_cast<std::size_t>(reason)];
}

TEST(AppendTest, RoundsOfASnapshotBecomeSamples) {
  const auto store = InMemory();
  const auto source = store->OpenSource("a");
  SnapshotMaker maker;
  source->Append(maker.Make(1000, {{"x", "1", 5}, {"x", "2", 7}}));
  source->Append(maker.Make(2000, {{"x", "1", 6}, {"x", "2", 7}}));
  const PlainSeries all = ReadAll(*store);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all.at("x{l=\"1\"}"), Values({{1000, 5}, {2000, 6}}));
  EXPECT_EQ(all.at("x{l=\"2\"}"), Values({{1000, 7}, {2000, 7}}));
  EXPECT_EQ(store->Stats().appended, 4u);
  EXPECT_EQ(store->Stats().rounds, 2u);
}

TEST(AppendTest, EmptyLabelValuesAreLeftOut) {
  const auto store = InMemory();
  SnapshotMaker maker;
  store->OpenSource("a")->Append(maker.Make(1000, {{"x", "", 5}}));
  EXPECT_EQ(ReadAll(*store).count("x"), 1u);
}

TEST(AppendTest, AVanishedSeriesEndsStaleAndMayComeBack) {
  const auto store = InMemory();
  const auto source = store->OpenSource("a");
  SnapshotMaker maker;
  source->Append(maker.Make(1000, {{"x", "1", 5}, {"x", "2", 7}}));
  source->Append(maker.Make(2000, {{"x", "2", 7}}));
  source->Append(maker.Make(3000, {{"x", "2", 8}}));
  source->Append(maker.Make(4000, {{"x", "1", 9}, {"x", "2", 8}}));
  const PlainSeries all = ReadAll(*store);
  EXPECT_EQ(all.at("x{l=\"1\"}"), Values({{1000, 5}, {2000, kStale}, {4000, 9}}));
  EXPECT_EQ(all.at("x{l=\"2\"}"), Values({{1000, 7}, {2000, 7}, {3000, 8}, {4000, 8}}));
}

TEST(AppendTest, AStoppedSourceEndsStaleAndGoesOn) {
  const auto store = InMemory();
  const auto source = store->OpenSource("a");
  SnapshotMaker maker;
  source->MarkStale(At(500));  // nothing yet: no effect
  source->Append(maker.Make(1000, {{"x", "1", 5}}));
  source->MarkStale(At(2000));
  source->MarkStale(At(3000));
  source->Append(maker.Make(4000, {{"x", "1", 6}}));
  source->MarkStale(At(4000));  // of the same round: right after it
  EXPECT_EQ(ReadAll(*store).at("x{l=\"1\"}"),
            Values({{1000, 5}, {2000, kStale}, {4000, 6}, {4001, kStale}}));
}

TEST(AppendTest, ComputedSeriesHaveTheSameStaleness) {
  const auto store = InMemory();
  const auto source = store->OpenSource("rule");
  const Labels a{{kMetricName, "ALERTS"}, {"alertname", "a"}, {"empty", ""}};
  const Labels b{{kMetricName, "ALERTS"}, {"alertname", "b"}};
  const auto append = [&](std::int64_t t, std::vector<LabeledValue> round) {
    source->Append(At(t), round);
  };
  append(1000, {});
  append(2000, {{a, 1}});
  append(3000, {{a, 1}, {b, 1}});
  append(4000, {{b, 1}, {b, 2}});
  append(5000, {});
  append(6000, {});
  const PlainSeries all = ReadAll(*store);
  EXPECT_EQ(all.at("ALERTS{alertname=\"a\"}"), Values({{2000, 1}, {3000, 1}, {4000, kStale}}));
  EXPECT_EQ(all.at("ALERTS{alertname=\"b\"}"), Values({{3000, 1}, {4000, 1}, {5000, kStale}}));
  EXPECT_EQ(Dropped(*store, DropReason::kDuplicate), 1u);
}

TEST(AppendTest, ALateRoundIsDroppedAndCounted) {
  const auto store = InMemory();
  const auto source = store->OpenSource("a");
  SnapshotMaker maker;
  source->Append(maker.Make(10'000, {{"x", "1", 5}}));
  source->Append(maker.Make(10'000, {{"x", "1", 6}}));
  source->Append(maker.Make(9'000, {{"x", "1", 7}, {"x", "2", 7}}));
  EXPECT_EQ(ReadAll(*store).at("x{l=\"1\"}"), Values({{10'000, 5}}));
  EXPECT_EQ(Dropped(*store, DropReason::kOutOfOrder), 3u);
}

TEST(AppendTest, AClockSetBackDropsWhatLiesInTheFuture) {
  const auto store = InMemory();
  const auto source = store->OpenSource("a");
  SnapshotMaker maker;
  std::int64_t t = kStart;
  for (int i = 0; i < 500; ++i, t += 1000) {
    source->Append(maker.Make(t, {{"x", "1", double(i)}}));
  }
  source->Append(maker.Make(kStart + 200'500, {{"x", "1", 1.5}}));
  source->Append(maker.Make(kStart + 201'500, {{"x", "1", 2.5}}));
  const Plain samples = ReadAll(*store).at("x{l=\"1\"}");
  // The block that reaches past the new time goes as a whole.
  constexpr std::size_t kKept = 200 / kRowsPerBlock * kRowsPerBlock;
  ASSERT_EQ(samples.size(), kKept + 2);
  EXPECT_EQ(samples[kKept - 1].first, kStart + static_cast<std::int64_t>(kKept - 1) * 1000);
  EXPECT_EQ(samples[kKept].first, kStart + 200'500);
  EXPECT_EQ(samples[kKept + 1].first, kStart + 201'500);
}

TEST(AppendTest, AClockSetBackWithinTheOpenBlockKeepsItsBeginning) {
  const auto store = InMemory();
  const auto source = store->OpenSource("a");
  SnapshotMaker maker;
  for (int i = 0; i < 100; ++i) {
    std::vector<Point> points = {{"x", "1", double(i)}};
    if (i > 50) points.push_back({"x", "2", 1});
    source->Append(maker.Make(kStart + i * 1000, points));
  }
  source->Append(maker.Make(kStart + 20'500, {{"x", "1", 0.5}}));
  const PlainSeries all = ReadAll(*store);
  EXPECT_EQ(all.at("x{l=\"1\"}").size(), 22u);
  EXPECT_EQ(all.at("x{l=\"2\"}"), Values({{kStart + 20'500, kStale}}));
}

TEST(AppendTest, ASeriesTakenOverTooEarlyIsTakenOverSoon) {
  const auto store = InMemory();
  const auto a = store->OpenSource("a");
  const auto b = store->OpenSource("b");
  SnapshotMaker of_a;
  SnapshotMaker of_b;
  a->Append(of_a.Make(1000, {{"x", "1", 1}}));
  a->MarkStale(At(2500));
  b->Append(of_b.Make(2400, {{"x", "1", 2}}));
  EXPECT_EQ(Dropped(*store, DropReason::kOutOfOrder), 1u);
  b->Append(of_b.Make(2600, {{"x", "1", 3}}));
  b->Append(of_b.Make(2700, {{"x", "1", 4}}));
  EXPECT_EQ(ReadAll(*store).at("x{l=\"1\"}"),
            Values({{1000, 1}, {2500, kStale}, {2600, 3}, {2700, 4}}));
  EXPECT_EQ(Dropped(*store, DropReason::kOutOfOrder), 1u);
}

TEST(AppendTest, SeriesThatBeganInTheFutureAreFoundAfterTheClockWasSetBack) {
  // A host that boots a day ahead of the time that NTP then tells it.
  constexpr std::int64_t kAhead = kStart + 86'400'000;
  const auto store = InMemory();
  const auto source = store->OpenSource("a");
  SnapshotMaker maker;
  source->Append(maker.Make(kAhead, {{"x", "1", 1}, {"x", "2", 1}}));
  source->Append(maker.Make(kAhead + 1000, {{"x", "1", 2}}));
  source->Append(maker.Make(kStart, {{"x", "1", 3}, {"x", "2", 3}}));
  source->Append(maker.Make(kStart + 1000, {{"x", "1", 4}, {"x", "2", 4}}));
  const TimeRange now{kStart - 300'000, kStart + 1000};
  const PlainSeries found = ReadAll(*store, {}, now);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found.at("x{l=\"1\"}"), Values({{kStart, 3}, {kStart + 1000, 4}}));
  EXPECT_EQ(found.at("x{l=\"2\"}"), Values({{kStart, 3}, {kStart + 1000, 4}}));
  EXPECT_EQ(store->SeriesLabels(now, {}).size(), 2u);
}

TEST(AppendTest, OneSourceAtATimeAppendsToASeries) {
  const auto store = InMemory();
  const auto a = store->OpenSource("a");
  const auto b = store->OpenSource("b");
  SnapshotMaker of_a;
  SnapshotMaker of_b;
  a->Append(of_a.Make(1000, {{"x", "1", 1}}));
  b->Append(of_b.Make(1500, {{"x", "1", 2}, {"y", "1", 2}}));
  EXPECT_EQ(Dropped(*store, DropReason::kDuplicate), 1u);
  a->MarkStale(At(2000));
  // The refused series is looked at again when the round changes.
  b->Append(of_b.Make(2500, {{"x", "1", 3}}));
  a->Append(of_a.Make(3000, {{"x", "1", 4}}));
  EXPECT_EQ(Dropped(*store, DropReason::kDuplicate), 2u);
  EXPECT_EQ(ReadAll(*store).at("x{l=\"1\"}"), Values({{1000, 1}, {2000, kStale}, {2500, 3}}));
  EXPECT_EQ(ReadAll(*store, {}, {}, Want::kLast).at("x{l=\"1\"}"), Values({{2500, 3}}));
}

TEST(AppendTest, ANewSourceOfTheSameNameGoesOn) {
  const auto store = InMemory();
  SnapshotMaker maker;
  {
    const auto source = store->OpenSource("a");
    source->Append(maker.Make(1000, {{"x", "1", 1}}));
  }
  EXPECT_EQ(store->Stats().sources, 1u);
  const auto source = store->OpenSource("a");
  source->Append(maker.Make(2000, {{"x", "1", 2}}));
  EXPECT_EQ(ReadAll(*store).at("x{l=\"1\"}"), Values({{1000, 1}, {2000, 2}}));
  EXPECT_EQ(store->Stats().sources, 1u);
}

TEST(LimitTest, SeriesPastTheSourcesLimitAreDroppedAndCounted) {
  const auto store = InMemory();
  const auto source = store->OpenSource("a", {.max_series = 2});
  SnapshotMaker maker;
  for (int i = 0; i < 3; ++i) {
    source->Append(maker.Make(1000 + i, {{"x", "1", 1}, {"x", "2", 1}, {"x", "3", 1}}));
  }
  EXPECT_EQ(ReadAll(*store).size(), 2u);
  EXPECT_EQ(Dropped(*store, DropReason::kSourceLimit), 3u);
  // When a series goes, there is room for another.
  source->Append(maker.Make(2000, {{"x", "2", 1}, {"x", "3", 1}}));
  EXPECT_EQ(ReadAll(*store).size(), 3u);
}

TEST(LimitTest, SeriesPastTheStoresLimitAreDroppedAndOthersGoOn) {
  const auto store = InMemory({.max_series = 3});
  const auto a = store->OpenSource("a");
  const auto b = store->OpenSource("b");
  SnapshotMaker of_a;
  SnapshotMaker of_b;
  a->Append(of_a.Make(1000, {{"x", "1", 1}, {"x", "2", 1}}));
  b->Append(of_b.Make(1000, {{"y", "1", 1}, {"y", "2", 1}}));
  a->Append(of_a.Make(2000, {{"x", "1", 1}, {"x", "2", 1}}));
  EXPECT_EQ(store->Stats().series, 3u);
  EXPECT_EQ(Dropped(*store, DropReason::kSeriesLimit), 1u);
  EXPECT_EQ(store->Stats().appended, 5u);
}

TEST(LimitTest, LabelsTakeAtMostHalfTheBudget) {
  const auto store = InMemory({.max_bytes = 1 << 20});
  const auto source = store->OpenSource("a");
  SnapshotMaker maker;
  std::vector<Point> bomb;
  for (int i = 0; i < 5000; ++i) bomb.push_back({"x", "value_" + std::to_string(i), double(i)});
  for (int i = 0; i < 300; ++i) {
    for (Point& point : bomb) point.value += 1;
    source->Append(maker.Make(kStart + i * 1000, bomb));
    ASSERT_LE(store->Stats().bytes, std::size_t{1} << 20) << "round " << i;
  }
  EXPECT_LE(store->Stats().series_bytes, std::size_t{1} << 19);
  EXPECT_GT(store->Stats().series, 500u);
  EXPECT_GT(Dropped(*store, DropReason::kByteBudget), 0u);
}

TEST(LimitTest, ThePastGoesFirstWhenTheBudgetIsSpent) {
  StoreOptions options{.retention = std::chrono::hours(1000), .max_bytes = 1 << 20};
  const auto store = InMemory(options);
  const auto source = store->OpenSource("a");
  SnapshotMaker maker;
  std::vector<Point> points;
  for (int i = 0; i < 50; ++i) points.push_back({"x", std::to_string(i), 0});
  double v = 0.1;
  for (int i = 0; i < 5000; ++i) {
    for (Point& point : points) point.value = v = std::fmod(v * 997.13, 1.0);  // incompressible
    source->Append(maker.Make(kStart + i * 1000, points));
  }
  const StoreStats stats = store->Stats();
  EXPECT_LE(stats.bytes, options.max_bytes);
  EXPECT_GT(stats.bytes, options.max_bytes * 8 / 10);
  EXPECT_GT(stats.blocks_evicted, 0u);
  const PlainSeries all = ReadAll(*store);
  ASSERT_EQ(all.size(), 50u);
  for (const auto& [labels, samples] : all) {
    EXPECT_EQ(samples.back().first, kStart + 4999 * 1000);
    EXPECT_GT(samples.size(), 1000u);
    EXPECT_EQ(samples.back().first - samples.front().first,
              static_cast<std::int64_t>(samples.size() - 1) * 1000);
  }
}

TEST(RetentionTest, OldBlocksGoAndSeriesWithoutSamplesToo) {
  const auto store = InMemory({.retention = std::chrono::minutes(10)});
  auto source = store->OpenSource("a");
  auto stopped = store->OpenSource("stopped");
  SnapshotMaker maker;
  SnapshotMaker of_stopped;
  stopped->Append(of_stopped.Make(kStart, {{"old", "1", 1}}));
  stopped.reset();
  for (int i = 0; i < 3600; ++i) {
    std::vector<Point> points = {{"x", "1", double(i)}};
    if (i < 100) points.push_back({"y", "1", 1});
    source->Append(maker.Make(kStart + i * 1000, points));
    if (i % 10 == 0) store->Maintain(At(kStart + i * 1000));
  }
  const PlainSeries all = ReadAll(*store);
  ASSERT_EQ(all.size(), 1u);
  const Plain& samples = all.at("x{l=\"1\"}");
  EXPECT_GE(samples.size(), 600u);
  EXPECT_LE(samples.size(), 600u + 2 * 120);
  const StoreStats stats = store->Stats();
  EXPECT_EQ(stats.series, 1u);
  EXPECT_EQ(stats.series_removed, 2u);
  EXPECT_EQ(stats.sources, 1u);
  EXPECT_EQ(stats.label_pairs, 2u);
  EXPECT_GT(stats.blocks_expired, 0u);
}

TEST(MemoryTest, EverythingIsGivenBack) {
  const auto store = InMemory({.retention = std::chrono::minutes(1)});
  const std::size_t empty = store->Stats().bytes;
  {
    const auto source = store->OpenSource("a");
    SnapshotMaker maker;
    for (int i = 0; i < 1000; ++i) {
      source->Append(maker.Make(kStart + i * 1000,
                                {{"x", std::to_string(i % 50), double(i)}, {"y", "1", double(i)}}));
    }
  }
  EXPECT_GT(store->Stats().bytes, empty + 1000);
  store->Maintain(At(kStart + 10'000'000));
  store->Maintain(At(kStart + 10'000'000));
  EXPECT_EQ(store->Stats().series, 0u);
  EXPECT_EQ(store->Stats().bytes, empty);
}

TEST(MemoryTest, RulesThatAreQuietTakeNextToNothing) {
  const auto store = InMemory();
  std::vector<std::unique_ptr<Source>> rules;
  const LabeledValue firing{{{kMetricName, "ALERTS"}}, 1};
  for (int i = 0; i < 1000; ++i) rules.push_back(store->OpenSource("rule " + std::to_string(i)));
  for (int i = 0; i < 10; ++i) {
    for (const auto& rule : rules) rule->Append(At(kStart + i * 15'000), {});
  }
  EXPECT_LT(store->Stats().bytes, 1000u * 100);
  rules[0]->Append(At(kStart + 150'000), {&firing, 1});
  rules[0]->Append(At(kStart + 165'000), {});
  const std::size_t with_buffers = store->Stats().bytes;
  store->Maintain(At(kStart + 1'000'000));
  EXPECT_EQ(store->Stats().blocks, 1u);
  EXPECT_EQ(ReadAll(*store).at("ALERTS"),
            Values({{kStart + 150'000, 1}, {kStart + 165'000, kStale}}));
  // A region for blocks was begun; the open block is gone.
  EXPECT_LT(store->Stats().bytes, with_buffers + 65 * 1024);
  rules[0]->Append(At(kStart + 1'100'000), {&firing, 1});
  EXPECT_EQ(ReadAll(*store).at("ALERTS").size(), 3u);
}

TEST(StatsTest, TellWhatThereIs) {
  const auto store = InMemory();
  EXPECT_EQ(store->Stats().min_ms, 0);
  const auto source = store->OpenSource("a");
  SnapshotMaker maker;
  for (int i = 0; i < 150; ++i) {
    source->Append(maker.Make(kStart + i * 1000, {{"x", "1", 1}, {"x", "2", 1}, {"y", "1", 1}}));
  }
  const StoreStats stats = store->Stats();
  EXPECT_EQ(stats.series, 3u);
  EXPECT_EQ(stats.active_series, 3u);
  EXPECT_EQ(stats.blocks, 1u);
  EXPECT_EQ(stats.chunks, 6u);
  EXPECT_EQ(stats.label_pairs, 4u);
  EXPECT_EQ(stats.min_ms, kStart);
  EXPECT_EQ(stats.max_ms, kStart + 149'000);
  EXPECT_GE(stats.bytes, stats.block_bytes + stats.series_bytes);

  const Cardinality top = store->TopCardinality(1);
  EXPECT_THAT(top.series_by_metric_name,
              ElementsAre(std::pair<std::string, std::uint64_t>("x", 2)));
  EXPECT_THAT(top.values_by_label_name,
              ElementsAre(std::pair<std::string, std::uint64_t>(kMetricName, 2)));
  EXPECT_THAT(top.series_by_label_value_pair,
              ElementsAre(std::pair<std::string, std::uint64_t>("__name__=x", 2)));
  EXPECT_THAT(store->TopCardinality(0).bytes_by_label_name, IsEmpty());
}

}  // namespace
}  // namespace tocsin::store
