#pragma once
// A diagnosis with all that belongs to it, and how it is told to a person.

#include <string>
#include <vector>

#include "agent/performance/diagnosis.h"
#include "rules/view.h"

namespace tocsin::performance {

/// What to look at, and why.
struct Recommendation {
  Level level = Level::kOk;
  std::string about;    // "disk sda", "HostDiskFull"
  std::string finding;  // "an operation takes 210 ms (critical from 150 ms)"
  std::string advice;
  std::vector<std::string> commands;
  std::string runbook;  // a section of the documentation, or a rule's runbook_url
};

struct ReadingTrend {
  const VitalSpec* vital;
  std::string subject;
  Trend trend;
};

struct Report {
  Diagnosis diagnosis;
  std::vector<ReadingTrend> trends;  // of the last hour, of readings that are not kOk
};

/// Errors: as Diagnose.
Result<Report> MakeReport(const promql::Queryable& storage, std::int64_t at_ms,
                          const promql::EngineOptions& options);

/// The trend of a reading, or null.
const Trend* FindTrend(const Report& report, const Reading& reading);

/// An alert that is pending or firing, out of its group.
struct ActiveAlert {
  const RuleView* rule;
  const AlertView* alert;
};
/// Firing before pending, critical before warning. Views live as long as `groups`.
std::vector<ActiveAlert> ActiveAlerts(const std::vector<RuleGroupView>& groups);

/// The worst of the diagnosis and of what fires.
Level HealthOf(const Diagnosis& diagnosis, const std::vector<ActiveAlert>& alerts);

/// In the order in which to look: bottlenecks that are no other's consequence first, then alerts
/// about something else.
std::vector<Recommendation> Recommend(const Diagnosis& diagnosis,
                                      const std::vector<ActiveAlert>& alerts);

/// "disk sda"; "memory".
std::string NameOf(const Finding& finding);
/// "an operation takes 210 ms (critical from 150 ms)".
std::string Describe(const Reading& reading);

/// All of it, for a terminal.
std::string ShowReport(const Report& report, const std::vector<ActiveAlert>& alerts,
                       std::string_view host);

}  // namespace tocsin::performance
