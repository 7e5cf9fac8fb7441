#include "agent/runtime/telemetry.h"

#include <prometheus/collectable.h>
#include <prometheus/gauge.h>
#include <prometheus/metric_family.h>
#include <prometheus/registry.h>

#include <utility>

#include "agent/runtime/process_metrics.h"
#include "agent/version.h"
#include "base/mutex.h"

namespace tocsin {
namespace {

prometheus::Gauge& NewGauge(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add({});
}

prometheus::MetricFamily NewFamily(std::string name, std::string help,
                                   prometheus::MetricType type) {
  prometheus::MetricFamily family;
  family.name = std::move(name);
  family.help = std::move(help);
  family.type = type;
  return family;
}

}  // namespace

class Telemetry::All final : public prometheus::Collectable {
 public:
  explicit All(std::shared_ptr<prometheus::Registry> registry) : registry_(std::move(registry)) {}

  void Add(Reader reader) {
    const MutexLock lock(mutex_);
    readers_.push_back(std::move(reader));
  }

  std::vector<prometheus::MetricFamily> Collect() const override {
    std::vector<prometheus::MetricFamily> families = registry_->Collect();
    const MutexLock lock(mutex_);
    for (const Reader& reader : readers_) reader(families);
    return families;
  }

 private:
  const std::shared_ptr<prometheus::Registry> registry_;
  mutable Mutex mutex_;
  std::vector<Reader> readers_ GUARDED_BY(mutex_);
};

Telemetry::Telemetry(WallTime started)
    : Telemetry(started, std::make_shared<prometheus::Registry>()) {}

Telemetry::Telemetry(WallTime started, std::shared_ptr<prometheus::Registry> registry)
    : reload_successful(NewGauge(*registry, "tocsin_config_last_reload_successful",
                                 "Whether the last attempt to load the configuration succeeded.")),
      reload_success_time(NewGauge(*registry, "tocsin_config_last_reload_success_timestamp_seconds",
                                   "When the configuration in force was loaded.")),
      registry_(registry),
      all_(std::make_shared<All>(registry)) {
  prometheus::BuildGauge()
      .Name("tocsin_build_info")
      .Help("1, with the version of this agent in its labels.")
      .Register(*registry)
      .Add({{"version", std::string(kVersion)},
            {"revision", std::string(kRevision)},
            {"compiler", __VERSION__}})
      .Set(1);
  AddReader([started](std::vector<prometheus::MetricFamily>& families) {
    AddProcessMetrics(started, families);
  });
}

Telemetry::~Telemetry() = default;

void Telemetry::AddReader(Reader reader) { all_->Add(std::move(reader)); }

std::shared_ptr<const prometheus::Collectable> Telemetry::Collectable() const { return all_; }

prometheus::MetricFamily CounterFamily(std::string name, std::string help) {
  return NewFamily(std::move(name), std::move(help), prometheus::MetricType::Counter);
}

prometheus::MetricFamily GaugeFamily(std::string name, std::string help) {
  return NewFamily(std::move(name), std::move(help), prometheus::MetricType::Gauge);
}

void AddValue(prometheus::MetricFamily& family, std::vector<TelemetryLabel> labels, double value) {
  prometheus::ClientMetric metric;
  for (TelemetryLabel& label : labels) {
    metric.label.push_back({std::move(label.name), std::move(label.value)});
  }
  if (family.type == prometheus::MetricType::Counter) {
    metric.counter.value = value;
  } else {
    metric.gauge.value = value;
  }
  family.metric.push_back(std::move(metric));
}

}  // namespace tocsin
