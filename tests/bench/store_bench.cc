// The store on an hour of a real host: tests/bench/data/host_hour.seg holds what a host's system
// metrics were, once a second, while it compiled and tested (a segment as the store writes it).

#include <benchmark/benchmark.h>

#include <bit>
#include <cmath>
#include <filesystem>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "base/log.h"
#include "metrics/store/column.h"
#include "metrics/store/open_block.h"
#include "metrics/store/store.h"
#include "tests/base/temp_folder.h"

namespace tocsin::store {
namespace {

constexpr std::int64_t kHourMs = 3'600'000;

/// The rounds of one collector of the host.
struct Recording {
  std::string source;
  Ref<Layout> layout;
  std::vector<std::int64_t> times;
  std::vector<std::vector<double>> rounds;
};

StoreOptions Large() {
  return {.retention = std::chrono::hours(24 * 365 * 100), .max_bytes = std::size_t{256} << 20};
}

/// "node_cpu_seconds_total" is of collector "node_cpu".
std::string CollectorOf(std::string_view metric) {
  return std::string(metric.substr(0, metric.find('_', metric.find('_') + 1)));
}

std::vector<Recording> Load() {
  ConfigureLog(LogLevel::kWarn, LogFormat::kLogfmt);
  const TempFolder directory;
  std::filesystem::copy_file(TOCSIN_SOURCE_DIR "/tests/bench/data/host_hour.seg",
                             directory / "0000000000000001.seg");
  StoreOptions options = Large();
  options.directory = directory.path();
  const auto store = *Store::Open(options, WallTime{});
  std::map<std::string, Recording> found;
  SeriesCursor cursor = store->Select({}, {});
  SeriesView view;
  while (cursor.Next(view)) {
    Recording& recording = found[CollectorOf(view.labels->MetricName())];
    if (!recording.layout) {
      recording.source = CollectorOf(view.labels->MetricName());
      recording.layout = MakeRef<Layout>();
      for (const Sample& sample : view.samples) recording.times.push_back(sample.t_ms);
      recording.rounds.resize(view.samples.size());
    }
    if (view.samples.size() != recording.times.size()) continue;  // came or went meanwhile
    std::vector<Family>& families = recording.layout->families;
    if (families.empty() || families.back().name != view.labels->MetricName()) {
      families.push_back({std::string(view.labels->MetricName()), MetricType::kUnknown, "", ""});
    }
    const auto family = static_cast<std::uint32_t>(families.size() - 1);
    recording.layout->series.push_back({family, Suffix::kNone, view.labels->Without(kMetricName)});
    for (std::size_t i = 0; i < view.samples.size(); ++i) {
      recording.rounds[i].push_back(view.samples[i].value);
    }
  }
  std::vector<Recording> recordings;
  for (auto& [name, recording] : found) recordings.push_back(std::move(recording));
  return recordings;
}

const std::vector<Recording>& Host() {
  static const std::vector<Recording> host = Load();
  return host;
}

/// `copies` hosts in one store, with `hours` of the recording one after the other.
class Replay {
 public:
  explicit Replay(int copies) {
    for (int copy = 0; copy < copies; ++copy) {
      for (const Recording& recording : Host()) Add(recording, copy);
    }
  }

  void Append(int hours) {
    for (int hour = 0; hour < hours; ++hour) {
      for (std::size_t round = 0; round < Host()[0].rounds.size(); ++round) {
        for (Playing& playing : playing_) AppendRound(playing, round, hour * kHourMs);
      }
    }
  }

  Store& store() { return *store_; }

 private:
  struct Playing {
    const Recording* recording;
    Ref<const Layout> layout;
    std::vector<Ref<Snapshot>> rounds;  // made beforehand: they are the collectors' work
    std::unique_ptr<Source> source;
  };

  void Add(const Recording& recording, int copy) {
    auto layout = MakeRef<Layout>();
    layout->families = recording.layout->families;
    layout->series = recording.layout->series;
    if (copy > 0) {
      for (SeriesMeta& series : layout->series) {
        series.labels = series.labels.With("copy", std::to_string(copy));
      }
    }
    Playing playing{
        &recording, layout, {}, store_->OpenSource(recording.source + "/" + std::to_string(copy))};
    for (const std::vector<double>& values : recording.rounds) {
      auto snapshot = MakeRef<Snapshot>();
      snapshot->layout = layout;
      snapshot->values = values;
      playing.rounds.push_back(std::move(snapshot));
    }
    playing_.push_back(std::move(playing));
  }

  static void AppendRound(Playing& playing, std::size_t round, std::int64_t shift_ms) {
    if (round >= playing.rounds.size()) return;
    playing.rounds[round]->at = FromMillis(playing.recording->times[round] + shift_ms);
    playing.source->Append(playing.rounds[round]);
  }

  std::unique_ptr<Store> store_ = *Store::Open(Large(), WallTime{});
  std::vector<Playing> playing_;
};

void BM_AppendAnHourOfAHost(benchmark::State& state) {
  StoreStats stats;
  for (auto _ : state) {
    state.PauseTiming();
    auto replay = std::make_unique<Replay>(1);
    state.ResumeTiming();
    replay->Append(1);
    state.PauseTiming();
    stats = replay->store().Stats();
    replay.reset();
    state.ResumeTiming();
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(stats.appended * state.iterations()));
  state.counters["series"] = static_cast<double>(stats.series);
  const double closed = static_cast<double>(stats.appended) * std::floor(3600.0 / kRowsPerBlock) *
                        kRowsPerBlock / 3600;
  state.counters["bytes_per_sample"] = static_cast<double>(stats.block_bytes) / closed;
}
BENCHMARK(BM_AppendAnHourOfAHost)->Unit(benchmark::kMillisecond);

void BM_DecodeAnHourOfAHost(benchmark::State& state) {
  Replay replay(1);
  replay.Append(1);
  std::size_t samples = 0;
  for (auto _ : state) {
    SeriesCursor cursor = replay.store().Select({}, {});
    SeriesView view;
    while (cursor.Next(view)) samples += view.samples.size();
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(samples));
}
BENCHMARK(BM_DecodeAnHourOfAHost)->Unit(benchmark::kMillisecond);

void BM_NewestSampleOfEverySeries(benchmark::State& state) {
  Replay replay(4);
  replay.Append(1);
  std::size_t series = 0;
  for (auto _ : state) {
    SeriesCursor cursor = replay.store().Select({}, {}, Want::kLast);
    SeriesView view;
    while (cursor.Next(view)) ++series;
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(series));
}
BENCHMARK(BM_NewestSampleOfEverySeries)->Unit(benchmark::kMicrosecond);

void BM_MemoryOfThreeHours(benchmark::State& state) {
  StoreStats stats;
  for (auto _ : state) {
    Replay replay(4);
    replay.Append(3);
    stats = replay.store().Stats();
  }
  const auto megabytes = [](std::size_t bytes) { return static_cast<double>(bytes) / (1 << 20); };
  state.counters["series"] = static_cast<double>(stats.series);
  state.counters["MB"] = megabytes(stats.bytes);
  state.counters["index_MB"] = megabytes(stats.series_bytes);
  state.counters["open_MB"] = megabytes(stats.open_bytes);
}
BENCHMARK(BM_MemoryOfThreeHours)->Unit(benchmark::kSecond)->Iterations(1);

void BM_LoadAnHourOfAHost(benchmark::State& state) {
  const TempFolder directory;
  std::filesystem::copy_file(TOCSIN_SOURCE_DIR "/tests/bench/data/host_hour.seg",
                             directory / "0000000000000001.seg");
  StoreOptions options = Large();
  options.directory = directory.path();
  ConfigureLog(LogLevel::kWarn, LogFormat::kLogfmt);
  for (auto _ : state) benchmark::DoNotOptimize(Store::Open(options, WallTime{}));
}
BENCHMARK(BM_LoadAnHourOfAHost)->Unit(benchmark::kMillisecond);

/// One kind of column, decoded.
template <class F>
void DecodeColumns(benchmark::State& state, F value) {
  std::vector<std::uint64_t> rows(kRowsPerBlock);
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = std::bit_cast<std::uint64_t>(value(i));
  Bytes bytes;
  EncodeColumn(rows, bytes);
  for (auto _ : state) {
    benchmark::DoNotOptimize(DecodeColumn(bytes, rows));
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(rows.size()));
  state.counters["bytes_per_sample"] =
      static_cast<double>(bytes.size()) / static_cast<double>(rows.size());
}

void BM_DecodeConstant(benchmark::State& state) {
  DecodeColumns(state, [](std::size_t) { return 17179869184.0; });
}
void BM_DecodeCounter(benchmark::State& state) {
  std::mt19937 random(1);
  double v = 1e9;
  DecodeColumns(state, [&](std::size_t) { return v += static_cast<double>(random() % 2000); });
}
void BM_DecodeTicks(benchmark::State& state) {
  std::mt19937 random(1);
  double v = 1e6;
  DecodeColumns(state,
                [&](std::size_t) { return (v += static_cast<double>(99 + random() % 2)) / 100; });
}
void BM_DecodeNoise(benchmark::State& state) {
  std::mt19937_64 random(1);
  DecodeColumns(state, [&](std::size_t) { return static_cast<double>(random()) * 0x1p-64; });
}
BENCHMARK(BM_DecodeConstant);
BENCHMARK(BM_DecodeCounter);
BENCHMARK(BM_DecodeTicks);
BENCHMARK(BM_DecodeNoise);

}  // namespace
}  // namespace tocsin::store
