#pragma once
// The route tree: which receivers an alert goes to, and how it is grouped on the way.

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/yaml.h"
#include "metrics/labels.h"
#include "notify/route/matchers.h"

namespace tocsin::notify {

/// Who is told as well when nobody has acknowledged in time.
struct EscalationStep {
  milliseconds after{0};  // since the first alert of the group began to fire
  std::string receiver;
};

/// One node, with what it inherits filled in. Immutable once read.
struct Route {
  std::string key;  // `{}/{a="b"}`: the path of matchers from the root, as in Alertmanager
  Matchers matchers;
  std::string receiver;
  std::vector<std::string> group_by;  // sorted
  bool group_by_all = false;          // group_by: ['...']
  milliseconds group_wait = std::chrono::seconds(30);
  milliseconds group_interval = std::chrono::minutes(5);
  milliseconds repeat_interval = std::chrono::hours(4);
  std::vector<std::string> mute_time_intervals;
  std::vector<std::string> active_time_intervals;
  std::vector<EscalationStep> escalate;  // not Alertmanager's: by rising time
  bool continue_matching = false;
  std::vector<Route> routes;

  /// The labels of `labels` that this route groups by.
  Labels GroupLabels(const Labels& labels) const;
};

/// The routes that take an alert, in order: of each matching branch the deepest nodes, going on to
/// the next sibling only where `continue` says so. Never empty for a root without matchers.
void MatchRoutes(const Route& route, const Labels& labels, std::vector<const Route*>& out);

/// The `route` section. Errors: kInvalid with position. Names of receivers and time intervals are
/// not checked here.
Result<Route> ReadRoute(const YamlFile& file, const YamlNode& node);

/// Matchers under any of the three spellings, `matchers`, `match` and `match_re`, with the given
/// prefix ("", "source_", "target_"). Errors: kInvalid with position.
Result<Matchers> ReadMatchers(YamlFields& fields, const std::string& prefix);

}  // namespace tocsin::notify
