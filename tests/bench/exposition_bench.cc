// What the page of 1,500 series costs: a new round rendered, the same round asked for again, a
// changed layout, and reading the page back.

#include <benchmark/benchmark.h>

#include "metrics/exposition/parse.h"
#include "tests/bench/page_source.h"

namespace tocsin::exposition {
namespace {

constexpr int kSeries = 1500;

void RenderRound(benchmark::State& state, Format format, Coding coding) {
  bench::PageSource source(kSeries);
  Page page(source);
  std::size_t bytes = 0;
  for (auto _ : state) {
    state.PauseTiming();
    source.NextRound();
    state.ResumeTiming();
    bytes = page.Get(format, coding)->body->text.size();
  }
  state.counters["bytes"] = static_cast<double>(bytes);
}
BENCHMARK_CAPTURE(RenderRound, text, Format::kText, Coding::kIdentity);
BENCHMARK_CAPTURE(RenderRound, openmetrics, Format::kOpenMetrics, Coding::kIdentity);
BENCHMARK_CAPTURE(RenderRound, text_gzip, Format::kText, Coding::kGzip);
BENCHMARK_CAPTURE(RenderRound, openmetrics_gzip, Format::kOpenMetrics, Coding::kGzip);

void SameRound(benchmark::State& state) {
  bench::PageSource source(kSeries);
  Page page(source);
  for (auto _ : state) benchmark::DoNotOptimize(page.Get(Format::kText, Coding::kGzip));
}
BENCHMARK(SameRound);

void NewLayout(benchmark::State& state) {
  bench::PageSource source(kSeries);
  std::vector<NamedSnapshot> entries;
  source.Read(entries);
  for (auto _ : state) {
    benchmark::DoNotOptimize(MergedLayout({entries[0].snapshot->layout}));
  }
}
BENCHMARK(NewLayout);

void ParsePage(benchmark::State& state, Format format) {
  bench::PageSource source(kSeries);
  Page page(source);
  const auto rendered = page.Get(format, Coding::kIdentity);
  Document document;
  for (auto _ : state) {
    if (!document.Parse(rendered->body->text, {.format = format})) state.SkipWithError("refused");
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) *
                          static_cast<std::int64_t>(rendered->body->text.size()));
}
BENCHMARK_CAPTURE(ParsePage, text, Format::kText);
BENCHMARK_CAPTURE(ParsePage, openmetrics, Format::kOpenMetrics);

}  // namespace
}  // namespace tocsin::exposition
