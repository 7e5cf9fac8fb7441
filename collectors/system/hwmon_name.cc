#include "collectors/system/hwmon_name.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "base/ascii.h"
#include "base/parse.h"

namespace tocsin {
namespace {

constexpr std::array<std::string_view, 13> kTypes{
    "vrm",  "beep_enable", "update_interval", "in",     "cpu",      "fan",      "pwm",
    "temp", "curr",        "power",           "energy", "humidity", "intrusion"};

constexpr double kMilli = 0.001;
constexpr double kMicros = 1000000;

}  // namespace

std::optional<SensorFile> ParseSensorFile(std::string_view name) {
  const auto digit =
      static_cast<std::size_t>(std::find_if(name.begin(), name.end(), IsAsciiDigit) - name.begin());
  SensorFile file{name.substr(0, digit), 0, {}};
  if (std::find(kTypes.begin(), kTypes.end(), file.type) == kTypes.end()) return std::nullopt;
  std::string_view rest = name.substr(digit);
  const auto end = static_cast<std::size_t>(
      std::find_if_not(rest.begin(), rest.end(), IsAsciiDigit) - rest.begin());
  if (end > 0) {
    const auto number = ParseInt<std::uint32_t>(rest.substr(0, end));
    if (!number) return std::nullopt;
    file.number = *number;
  }
  rest.remove_prefix(end);
  if (rest.empty()) return file;
  if (rest.front() != '_' || rest.size() == 1) return std::nullopt;
  file.property = rest.substr(1);
  return file;
}

std::string CleanMetricName(std::string_view name) {
  std::string clean;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xC0) == 0x80) continue;  // the rest of a character outside ASCII
    const char lower = static_cast<char>(byte < 0x80 ? std::tolower(byte) : '_');
    const bool stays = (lower >= 'a' && lower <= 'z') || IsAsciiDigit(lower) || lower == ':';
    clean += stays ? lower : '_';
  }
  const auto first = clean.find_first_not_of('_');
  if (first == std::string::npos) return {};
  return clean.substr(first, clean.find_last_not_of('_') - first + 1);
}

SensorMetric MetricOf(std::string_view type, std::string_view property, bool has_bare_value) {
  const std::string p(property);
  const std::string t(type);
  if (type == "beep_enable")
    return {.name = "node_hwmon_beep_enabled", .help = "Hardware beep enabled"};
  if (type == "vrm") {
    return {.name = "node_hwmon_voltage_regulator_version", .help = "Hardware voltage regulator"};
  }
  if (type == "update_interval") {
    return {.name = "node_hwmon_update_interval_seconds",
            .help = "Hardware monitor update interval",
            .factor = kMilli};
  }
  SensorMetric metric{.name = "node_hwmon_" + t, .help = {}};
  if (property == "input") {
    if (has_bare_value) metric.name += "_input";
  } else if (!property.empty()) {
    metric.name += "_" + CleanMetricName(property);
  }
  if (property == "fault" || property == "alarm") {
    metric.help = "Hardware sensor " + p + " status (" + t + ")";
  } else if (property == "beep") {
    metric.name += "_enabled";
    metric.help = "Hardware monitor sensor has beeping enabled";
  } else if (type == "in" || type == "cpu") {
    metric.name += "_volts";
    metric.help = "Hardware monitor for voltage (" + p + ")";
    metric.factor = kMilli;
  } else if (type == "temp" && property != "type") {
    metric.name += "_celsius";
    metric.help = "Hardware monitor for temperature (" + (p.empty() ? "input" : p) + ")";
    metric.factor = kMilli;
  } else if (type == "curr") {
    metric.name += "_amps";
    metric.help = "Hardware monitor for current (" + p + ")";
    metric.factor = kMilli;
  } else if (type == "energy") {
    metric.name += "_joule_total";
    metric.help = "Hardware monitor for joules used so far (" + p + ")";
    metric.type = MetricType::kCounter;
    metric.divisor = kMicros;
  } else if (type == "power" && property == "accuracy") {
    metric.help = "Hardware monitor power meter accuracy, as a ratio";
    metric.divisor = kMicros;
  } else if (type == "power" && property.starts_with("average_interval")) {
    metric.name += "_seconds";
    metric.help = "Hardware monitor power usage update interval (" + p + ")";
    metric.factor = kMilli;
  } else if (type == "power") {
    metric.name += "_watt";
    metric.help = "Hardware monitor for power usage in watts (" + p + ")";
    metric.divisor = kMicros;
  } else if (type == "humidity") {
    metric.help =
        "Hardware monitor for humidity, as a ratio (multiply with 100.0 to get the humidity as a "
        "percentage) (" +
        p + ")";
    metric.divisor = kMicros;
  } else if (type == "fan" && (property == "input" || property == "min" || property == "max" ||
                               property == "target")) {
    metric.name += "_rpm";
    metric.help = "Hardware monitor for fan revolutions per minute (" + p + ")";
  } else {
    metric.help = "Hardware monitor " + t + " element " + p;
  }
  return metric;
}

}  // namespace tocsin
