// A finding told to people.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "base/parse.h"
#include "base/time_text.h"
#include "rules/leak_finding.h"

namespace tocsin {
namespace {

using namespace std::chrono_literals;

/// Which label names what leaks, the most telling first.
constexpr std::array<std::string_view, 14> kNaming{
    "groupname", "container",  "unit",   "service", "systemd_unit", "name",   "id",
    "pod",       "mountpoint", "device", "queue",   "cache",        "target", "instance"};

/// A growth by so many times its scatter is as plain as can be.
constexpr double kPlain = 100;

std::string Printf(const char* format, double value) {
  std::array<char, 64> text;
  const int size = std::snprintf(text.data(), text.size(), format, value);
  return {text.data(), static_cast<std::size_t>(size)};
}

/// Three digits or so.
std::string Short(double value) {
  const double size = std::fabs(value);
  if (value == std::round(value) && size < 1e15) return Printf("%.0f", value);
  return Printf(size >= 100 ? "%.0f" : size >= 10 ? "%.1f" : "%.2f", value);
}

/// To the minute, beyond a few of them.
std::string ShownDuration(milliseconds duration) {
  if (duration > 48h) return Printf("%.1f", ToSeconds(duration) / 86400) + " days";
  return FormatDuration(duration > 10min ? std::chrono::duration_cast<milliseconds>(
                                               std::chrono::round<std::chrono::minutes>(duration))
                                         : std::chrono::duration_cast<milliseconds>(
                                               std::chrono::round<seconds>(duration)));
}

std::string Shown(double value, LeakSpec::Unit unit) {
  switch (unit) {
    case LeakSpec::Unit::kSeconds:
      return ShownDuration(milliseconds(static_cast<std::int64_t>(std::min(value, 1e12) * 1000)));
    case LeakSpec::Unit::kCount:
      return std::fabs(value) < 1e6 ? Short(value) : Printf("%.3g", value);
    case LeakSpec::Unit::kBytes:
      break;
  }
  constexpr std::array<std::string_view, 6> kPrefixes{" B", " KiB", " MiB", " GiB", " TiB", " PiB"};
  std::size_t prefix = 0;
  while (std::fabs(value) >= 1024 && prefix + 1 < kPrefixes.size()) {
    value /= 1024;
    ++prefix;
  }
  return Short(value) + std::string(kPrefixes[prefix]);
}

std::string ShownTime(WallTime at) { return FormatUtc(at, "%Y-%m-%d %H:%M UTC"); }

std::string NameOf(const LeakFinding& f) {
  for (const std::string_view name : kNaming) {
    if (const auto value = f.labels.Get(name); !value.empty()) return std::string(value);
  }
  // Something of the host as a whole.
  const auto metric = f.labels.MetricName();
  const auto instance = f.labels.Get("instance");
  return (metric.empty() ? f.rule : std::string(metric)) +
         (instance.empty() ? "" : " on " + std::string(instance));
}

std::string SeriesOf(const LeakFinding& f) {
  return f.labels.MetricName().empty() ? f.rule + f.labels.ToString() : f.labels.ToString();
}

std::string ShownInterval(const LeakFinding& f) {
  return ShownDuration(f.exhausted_in) + " (" + ShownDuration(f.exhausted_in_low) + " to " +
         ShownDuration(f.exhausted_in_high) + ")";
}

std::string_view Verb(const LeakFinding& f) { return f.falls ? "falls" : "grows"; }

std::string ExplanationText(const LeakFinding& f) {
  switch (f.explanation) {
    case trend::Explanation::kClear:
      return "; the work done meanwhile does not explain it";
    case trend::Explanation::kUnclear:
      return "; its work rises too and was never as high before, which may explain it";
    case trend::Explanation::kUnknown:
    case trend::Explanation::kExplained:
      return "";
  }
  return "";
}

}  // namespace

std::string Sparkline(const std::vector<double>& values) {
  constexpr std::array<std::string_view, 8> kBars{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  std::string line;
  if (values.empty()) return line;
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  for (const double value : values) {
    const double part = *high > *low ? (value - *low) / (*high - *low) : 0;
    line += kBars[static_cast<std::size_t>(std::lround(part * (kBars.size() - 1)))];
  }
  return line;
}

std::string LeakSummary(const LeakFinding& f) {
  std::string text = NameOf(f);
  if (f.state != trend::LeakState::kConfirmed) return text + " does not grow";
  text.append(" ").append(Verb(f)).append(" by ");
  text += Shown(f.slope * 3600, f.unit) + " an hour and reaches its limit in " + ShownInterval(f);
  if (f.times > 1) text += ", the " + std::to_string(f.times) + ". time";
  return text;
}

std::string LeakDescription(const LeakFinding& f, WallTime now) {
  if (f.state != trend::LeakState::kConfirmed) {
    return SeriesOf(f) + " does not grow any more, or was restarted.";
  }
  const auto rate = [&](double slope) { return Shown(slope * 3600, f.unit); };
  std::string text = SeriesOf(f);
  text.append(" ").append(Verb(f)).append(" by ");
  text += rate(f.slope) + "/h (95 %: " + rate(f.slope_low) + "/h to " + rate(f.slope_high) +
          "/h) since " + ShownTime(f.since) + ", " + ShownDuration(now - f.since) + " ago, from " +
          Shown(f.from, f.unit) + " to " + Shown(f.to, f.unit) + ".\n";
  text += std::isnan(f.limit)
              ? "Limit: not known now, reached in "
              : "Limit: " + Shown(f.limit, f.unit) + " (" + f.limit_source + "), reached in ";
  text += ShownInterval(f) + ": about " + ShownTime(now + f.exhausted_in) + ", between " +
          ShownTime(now + f.exhausted_in_low) + " and " + ShownTime(now + f.exhausted_in_high) +
          ".\n";
  text += "Evidence: " + std::to_string(f.buckets) + " buckets of " + ShownDuration(f.bucket) +
          ", Kendall's tau " + Printf("%.2f", f.tau) + ", growth " +
          (f.signal > kPlain ? "more than " + Short(kPlain) : Short(f.signal)) +
          " times the scatter, recent slope " + Printf("%.2f", f.recent) + " of the whole";
  if (f.kind == LeakSpec::Kind::kLeak) text += ", the floor is the highest so far";
  text += ExplanationText(f) + ".\n";
  if (!f.beside.empty()) {
    text += "Beside it:";
    for (const BesideReading& reading : f.beside) {
      text += (&reading == &f.beside.front() ? " " : ", ") + reading.name + " " +
              (std::isnan(reading.from) ? "" : Shown(reading.from, reading.unit) + " → ") +
              Shown(reading.to, reading.unit);
    }
    text += ".\n";
  }
  if (f.restarts > 0 || f.times > 1) {
    text += "Restarts in 24 h: " + std::to_string(f.restarts) + "; found to leak " +
            std::to_string(f.times) + (f.times == 1 ? " time.\n" : " times.\n");
  }
  return text + "Floor: " + Sparkline(f.floors);
}

}  // namespace tocsin
