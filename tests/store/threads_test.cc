// Writers, readers and maintenance at once; run under TSan by scripts/test.

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "tests/store/helpers.h"
#include "tests/store/memory_files.h"

namespace tocsin::store {
namespace {

constexpr int kWriters = 3;
constexpr int kRounds = 1500;
constexpr int kSteadySeries = 6;

/// Every series of a round has the round's number as its value; one comes and goes.
void AppendRounds(Store& store, int writer) {
  const std::string name = "w" + std::to_string(writer);
  const auto source = store.OpenSource(name);
  SnapshotMaker maker;
  for (int round = 0; round < kRounds; ++round) {
    const std::int64_t t = kStart + round * 1000;
    std::vector<Point> points;
    for (int i = 0; i < kSteadySeries; ++i)
      points.push_back({name, std::to_string(i), double(round)});
    if (round % 7 < 3) points.push_back({name, "guest", double(round)});
    source->Append(maker.Make(t, points));
    if (round % 500 == 499) source->MarkStale(At(t + 1));
  }
}

/// What one selection saw of a source is whole rounds.
void CheckWholeRounds(SeriesCursor cursor) {
  std::int64_t steady_last = 0;
  std::int64_t guest_last = 0;
  bool guest_stale = true;
  SeriesView view;
  while (cursor.Next(view)) {
    const Sample& last = view.samples.back();
    for (std::size_t i = 1; i < view.samples.size(); ++i) {
      ASSERT_LT(view.samples[i - 1].t_ms, view.samples[i].t_ms);
    }
    for (const Sample& sample : view.samples) {
      if (IsStaleNan(sample.value)) continue;
      ASSERT_EQ(sample.value, static_cast<double>((sample.t_ms - kStart) / 1000));
    }
    if (view.labels->Get("l") == "guest") {
      guest_last = last.t_ms;
      guest_stale = IsStaleNan(last.value);
      continue;
    }
    if (steady_last == 0) steady_last = last.t_ms;
    ASSERT_EQ(last.t_ms, steady_last);
  }
  ASSERT_LE(guest_last, steady_last);
  ASSERT_TRUE(guest_stale || guest_last == steady_last);
}

TEST(ThreadsTest, ReadersSeeWholeRoundsWhateverGoesOn) {
  MemoryFiles disk;
  StoreOptions options{
      .retention = std::chrono::minutes(10), .max_bytes = 320 << 10, .directory = "/data"};
  const auto store = *Store::Open(options, At(kStart), disk);
  std::atomic<int> writing = kWriters;
  std::vector<std::jthread> threads;
  for (int writer = 0; writer < kWriters; ++writer) {
    threads.emplace_back([&, writer] {
      AppendRounds(*store, writer);
      --writing;
    });
  }
  for (int reader = 0; reader < 2; ++reader) {
    threads.emplace_back([&, reader] {
      for (unsigned turn = 0; writing > 0; ++turn) {
        const Matcher matcher =
            Matcher::Equal(std::string(kMetricName), "w" + std::to_string(turn % kWriters));
        CheckWholeRounds(store->Select({}, {&matcher, 1}, reader == 0 ? Want::kAll : Want::kLast));
        store->LabelValues("l", {}, {});
        store->Stats();
      }
    });
  }
  threads.emplace_back([&] {
    for (std::int64_t s = 0; writing > 0; s = (s + 1) % kRounds) {
      store->Maintain(At(kStart + s * 1000));
    }
  });
  threads.clear();
  store->Flush(At(kStart + kRounds * 1000));
  EXPECT_EQ(store->Stats().corruptions, 0u);
  EXPECT_LE(store->Stats().bytes, options.max_bytes);
  EXPECT_EQ(store->Stats().rounds, std::uint64_t{kWriters} * kRounds);
}

}  // namespace
}  // namespace tocsin::store
