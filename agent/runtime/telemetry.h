#pragma once
// What the agent says about itself, through prometheus-cpp: the instruments that its parts
// increment, and what is read off them when the agent's own collector runs.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"

namespace prometheus {
class Collectable;
class Gauge;
class Registry;
struct MetricFamily;
}  // namespace prometheus

namespace tocsin {

/// Thread-safe. Instruments live as long as the Telemetry.
class Telemetry {
 public:
  explicit Telemetry(WallTime started);
  ~Telemetry();

  /// Adds families that are read when asked for ("stats"). Call before anything is collected.
  using Reader = std::function<void(std::vector<prometheus::MetricFamily>&)>;
  void AddReader(Reader reader);

  /// Everything, for MakeCollectableCollector.
  std::shared_ptr<const prometheus::Collectable> Collectable() const;

  prometheus::Gauge& reload_successful;
  prometheus::Gauge& reload_success_time;

 private:
  class All;
  explicit Telemetry(WallTime started, std::shared_ptr<prometheus::Registry> registry);
  std::shared_ptr<prometheus::Registry> registry_;
  std::shared_ptr<All> all_;
};

/// A family of one type with its samples, for readers.
prometheus::MetricFamily CounterFamily(std::string name, std::string help);
prometheus::MetricFamily GaugeFamily(std::string name, std::string help);
struct TelemetryLabel {
  std::string name;
  std::string value;
};
void AddValue(prometheus::MetricFamily& family, std::vector<TelemetryLabel> labels, double value);

}  // namespace tocsin
