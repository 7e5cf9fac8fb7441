#pragma once
// What is looked at to find what holds a host up: the USE method (utilisation, saturation, errors
// of every resource; https://www.brendangregg.com/usemethod.html) as a table of PromQL expressions.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace tocsin::performance {

enum class Resource : std::uint8_t { kCpu, kMemory, kDisk, kFilesystem, kNetwork, kLimits };
inline constexpr std::size_t kResources = 6;
/// "cpu", "memory", "disk", "filesystem", "network", "limits".
std::string_view ResourceText(Resource resource);

/// kUtilisation is the share of time that a resource is busy: full use without anybody waiting is
/// work that gets done, so it never is critical by itself. kCapacity is the share that is taken of
/// something that can run out, and is.
enum class Aspect : std::uint8_t { kUtilisation, kCapacity, kSaturation, kErrors };
std::string_view AspectText(Aspect aspect);

enum class Measure : std::uint8_t { kPercent, kPerSecond, kMilliseconds, kCount, kBytes, kCores };
/// "percent", "per_second", "milliseconds", "count", "bytes", "cores".
std::string_view MeasureText(Measure measure);
/// For a person: "93 %", "1.2/s", "35 ms", "12", "3.1 GiB", "1.7 cores".
std::string ShowValue(double value, Measure measure);

/// One question about a resource. All texts are literals.
struct VitalSpec {
  std::string_view name;  // "cpu_pressure"
  Resource resource;
  Aspect aspect;
  Measure measure;
  std::string_view title;    // "tasks wait for a CPU", as it stands before the value
  std::string_view expr;     // PromQL: a sample for each subject
  std::string_view subject;  // the label that names the subject ("device"); empty: the whole host
  double warning;  // at and above; where a shipped rule judges the same, it is that rule's
  double critical;
  std::string_view advice;    // what it means, and what to look at
  std::string_view commands;  // to be run on the host, one a line
  std::string_view alert;     // the shipped rule over it, or empty
};

/// Of each resource in the order in which they are shown.
std::span<const VitalSpec> Vitals();
const VitalSpec* FindVital(std::string_view name);

/// Who uses a resource most: PromQL with the greatest first, named by `label`; an empty expression
/// where nobody can be told.
struct CulpritSpec {
  std::string_view expr;
  std::string_view label;
  Measure measure = Measure::kPercent;
};
CulpritSpec Culprits(Resource resource);

/// The section of the runbook about a resource: "docs/performance.md#cpu".
std::string Runbook(Resource resource);

}  // namespace tocsin::performance
