// What a round of rules pays for each annotation of each firing alert.

#include <benchmark/benchmark.h>

#include "rules/template/template.h"

namespace {

using namespace tocsin;
using namespace tocsin::tmpl;

void Expand(benchmark::State& state, std::string_view text) {
  const auto parsed = AlertText::Parse(text, "bench");
  const AlertTextData data{.labels = Labels{{"alertname", "HostDiskFull"},
                                            {"device", "/dev/nvme0n1p1"},
                                            {"instance", "web-1.example.org:9100"},
                                            {"job", "node"},
                                            {"mountpoint", "/var/lib/docker"}},
                           .external_labels = {},
                           .value = 93.25};
  for (auto _ : state) {
    auto out = parsed->Expand(data, {});
    if (!out) state.SkipWithError(out.error().message().c_str());
    benchmark::DoNotOptimize(out);
  }
}

void Plain(benchmark::State& state) { Expand(state, "The disk is nearly full."); }
void LabelsAndValue(benchmark::State& state) {
  Expand(
      state,
      "{{ $labels.mountpoint }} on {{ $labels.instance }} is {{ $value | printf \"%.1f\" }}% full");
}
void Conditions(benchmark::State& state) {
  Expand(state,
         "{{ if gt $value 90.0 }}{{ humanize $value }}{{ else }}{{ $value }}{{ end }} of "
         "{{ reReplaceAll \":[0-9]+$\" \"\" $labels.instance }}");
}
void Parse(benchmark::State& state) {
  for (auto _ : state) {
    auto parsed = AlertText::Parse("{{ $labels.instance }} is {{ $value | humanize }} full", "b");
    benchmark::DoNotOptimize(parsed);
  }
}

BENCHMARK(Plain);
BENCHMARK(LabelsAndValue);
BENCHMARK(Conditions);
BENCHMARK(Parse);

}  // namespace
