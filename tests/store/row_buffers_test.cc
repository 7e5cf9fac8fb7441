// Sources with so many changing series that their blocks are short, and those that have long ones.

#include <gtest/gtest.h>

#include "metrics/store/open_block.h"
#include "tests/store/helpers.h"
#include "tests/store/memory_files.h"

namespace tocsin::store {
namespace {

constexpr int kMany = static_cast<int>(kMostWideBuffers) + 1;
constexpr std::int64_t kStepMs = 15'000;

/// Round `n`: some series change always, some never, some are there for a while.
std::vector<Point> RoundOf(int n) {
  std::vector<Point> points;
  for (int i = 0; i < kMany; ++i) points.push_back({"busy", std::to_string(i), double(n * i) / 7});
  for (int i = 0; i < 100; ++i) points.push_back({"still", std::to_string(i), double(i)});
  if (n % 50 > 20) points.push_back({"comes", "and goes", double(n)});
  if (n >= 40) points.push_back({"late", std::to_string(n / 40), double(n)});
  return points;
}

void AppendRounds(Source& source, SnapshotMaker& maker, int from, int to) {
  for (int n = from; n < to; ++n) {
    source.Append(maker.Make(kStart + n * kStepMs, RoundOf(n)));
  }
}

PlainSeries Expected(int from, int to) {
  PlainSeries all;
  std::vector<Point> before;
  for (int n = from; n < to; ++n) {
    const std::int64_t t = kStart + n * kStepMs;
    const auto key = [](const Point& p) { return p.name + "{l=\"" + p.l + "\"}"; };
    std::vector<Point> points = RoundOf(n);
    for (const Point& p : points) {
      all[key(p)].emplace_back(t, std::bit_cast<std::uint64_t>(p.value));
    }
    for (const Point& p : before) {
      Plain& samples = all[key(p)];
      if (samples.back().first != t) samples.emplace_back(t, kStaleNanBits);
    }
    before = std::move(points);
  }
  return all;
}

TEST(RowBuffersTest, ABusySourceClosesItsBlocksEarly) {
  const auto store = InMemory({.retention = std::chrono::hours(6)});
  const auto source = store->OpenSource("busy");
  SnapshotMaker maker;
  const auto rows = static_cast<int>(kNarrowRows);
  AppendRounds(*source, maker, 0, rows);
  EXPECT_EQ(store->Stats().blocks, 0u);
  AppendRounds(*source, maker, rows, 3 * rows);
  EXPECT_EQ(store->Stats().blocks, 2u) << "a full one closes with the round after it";
  const std::size_t buffers = kMany * kNarrowRows * sizeof(double);
  EXPECT_LT(store->Stats().open_bytes, 2 * buffers);
  AppendRounds(*source, maker, 3 * rows, 100);
  EXPECT_EQ(ReadAll(*store), Expected(0, 100));
}

TEST(RowBuffersTest, AQuietSourceHasWideBuffers) {
  const auto store = InMemory({.retention = std::chrono::hours(6)});
  const auto source = store->OpenSource("quiet");
  SnapshotMaker maker;
  Plain expected;
  for (int n = 0; n < 250; ++n) {
    const std::int64_t t = kStart + n * 1000;
    source->Append(maker.Make(t, {{"x", "1", double(n)}}));
    expected.emplace_back(t, std::bit_cast<std::uint64_t>(double(n)));
  }
  EXPECT_EQ(store->Stats().blocks, 2u);
  EXPECT_EQ(ReadAll(*store).at("x{l=\"1\"}"), expected);
}

TEST(RowBuffersTest, AReaderKeepsWhatItSawWhileBlocksClose) {
  const auto store = InMemory({.retention = std::chrono::hours(6)});
  const auto source = store->OpenSource("busy");
  SnapshotMaker maker;
  AppendRounds(*source, maker, 0, 35);
  SeriesCursor before = store->Select({}, {});
  AppendRounds(*source, maker, 35, 60);
  EXPECT_EQ(Drain(std::move(before)), Expected(0, 35));
}

TEST(RowBuffersTest, ABusySourceIsReadBackFromDisk) {
  MemoryFiles disk;
  const StoreOptions options{.retention = std::chrono::hours(6), .directory = "/data"};
  {
    const auto store = *Store::Open(options, At(kStart), disk);
    const auto source = store->OpenSource("busy");
    SnapshotMaker maker;
    for (int n = 0; n < 70; ++n) {
      AppendRounds(*source, maker, n, n + 1);
      if (n % 3 == 0) store->Maintain(At(kStart + n * kStepMs));
    }
    store->Maintain(At(kStart + 70 * kStepMs + 600'000));  // no Flush: as if it were killed
  }
  const auto store = *Store::Open(options, At(kStart + 70 * kStepMs), disk);
  EXPECT_EQ(ReadAll(*store), Expected(0, 70));
}

}  // namespace
}  // namespace tocsin::store
