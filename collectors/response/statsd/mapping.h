#pragma once
// What StatsD names become: statsd_exporter's mapping file.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/yaml.h"

namespace re2 {
class RE2;
}

namespace tocsin::statsd {

enum class EventType : std::uint8_t { kCounter, kGauge, kObserver, kSet };
inline constexpr std::size_t kEventTypes = 4;
/// "counter", "gauge", "observer", "set".
std::string_view EventTypeText(EventType type);

/// How timers, histograms and distributions are exported.
struct ObserverOptions {
  bool summary = false;
  std::vector<double> bounds;                       // rising, without +Inf
  std::vector<double> quantiles;                    // 0 … 1
  milliseconds max_age = std::chrono::minutes(10);  // that quantiles look back
};

/// One entry of `mappings`.
struct MappingRule {
  std::vector<std::string> glob;  // parts of the name, "*" for any; empty: regex
  std::unique_ptr<const re2::RE2> regex;
  std::string name;                                         // a template: $1, ${1}
  std::vector<std::pair<std::string, std::string>> labels;  // name, template
  std::string help;
  bool drop = false;
  bool honor_labels = false;  // tags stand over these labels
  std::optional<EventType> type;
  std::optional<double> scale;
  milliseconds ttl{0};  // 0: for ever
  ObserverOptions observer;

  MappingRule();
  ~MappingRule();
  MappingRule(MappingRule&&) noexcept;
  MappingRule& operator=(MappingRule&&) noexcept;
};

/// What the first rule that fits a name makes of it.
struct Mapped {
  const MappingRule* rule;
  std::string name;  // not yet escaped
  std::vector<std::pair<std::string, std::string>> labels;
};

/// Constant once read. Thread-safe.
class Mapping {
 public:
  /// No rules: names stay as they are.
  Mapping();
  /// The keys `defaults` and `mappings`. Errors: kInvalid with position.
  static Result<Mapping> Read(const YamlFile& file, const YamlNode& node);

  /// Globs come before regular expressions, as in statsd_exporter.
  std::optional<Mapped> Find(std::string_view name, EventType type) const;

  std::size_t size() const { return rules_.size(); }
  /// Of names that no rule fits.
  const ObserverOptions& observer() const { return observer_; }
  milliseconds ttl() const { return ttl_; }

 private:
  ObserverOptions observer_;
  milliseconds ttl_{0};
  std::vector<MappingRule> rules_;
};

}  // namespace tocsin::statsd
