#include "agent/runtime/telemetry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <prometheus/gauge.h>
#include <prometheus/metric_family.h>

#include "collectors/plugin/collectable.h"
#include "metrics/writer.h"

namespace tocsin {
namespace {

std::map<std::string, double> Collected(Telemetry& telemetry) {
  const auto collector = MakeCollectableCollector(telemetry.Collectable());
  RoundWriter writer;
  writer.Begin(WallTime{});
  EXPECT_TRUE(collector->Collect({WallTime{}, MonoTime{}, {}}, writer).ok());
  const auto snapshot = *writer.Finish();
  std::map<std::string, double> values;
  for (std::size_t i = 0; i < snapshot->values.size(); ++i) {
    values[snapshot->layout->FullLabels(i).ToString()] = snapshot->values[i];
  }
  return values;
}

TEST(TelemetryTest, ExportsInstrumentsReadersAndTheProcess) {
  Telemetry telemetry(FromMillis(5'000));
  telemetry.reload_successful.Set(1);
  telemetry.AddReader([](std::vector<prometheus::MetricFamily>& families) {
    auto family = GaugeFamily("tocsin_x", "X.");
    AddValue(family, {{"collector", "a"}}, 2);
    families.push_back(std::move(family));
  });
  const auto values = Collected(telemetry);
  EXPECT_EQ(values.at("tocsin_config_last_reload_successful"), 1);
  EXPECT_EQ(values.at(R"(tocsin_x{collector="a"})"), 2);
  EXPECT_EQ(values.at("process_start_time_seconds"), 5);
  EXPECT_GT(values.at("process_resident_memory_bytes"), 1 << 20);
  EXPECT_GT(values.at("process_open_fds"), 2);
}

}  // namespace
}  // namespace tocsin
