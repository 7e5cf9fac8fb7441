#pragma once
// What the names of /sys/class/hwmon mean. Pure.

#include <optional>
#include <string>
#include <string_view>

#include "metrics/family.h"

namespace tocsin {

/// A file of a sensor: "fan1_input" is type "fan", number 1, property "input".
struct SensorFile {
  std::string_view type;
  std::uint32_t number;
  std::string_view property;
};

/// Nothing if `name` is no file of one of the sensor types that Linux documents
/// (Documentation/hwmon/sysfs-interface.rst).
std::optional<SensorFile> ParseSensorFile(std::string_view name);

/// Lower case, what cannot stand in a metric's name replaced by '_', none of it at the ends.
std::string CleanMetricName(std::string_view name);

/// How the value of a sensor's property is exported.
struct SensorMetric {
  std::string name;
  std::string help;
  MetricType type = MetricType::kGauge;
  double factor = 1;  // from the file's unit to the metric's
  double divisor = 1;
};

/// `has_bare_value`: the sensor also has a file without a property ("pwm1"), to which the name
/// without a suffix belongs.
SensorMetric MetricOf(std::string_view type, std::string_view property, bool has_bare_value);

}  // namespace tocsin
