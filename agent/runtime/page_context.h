#pragma once
// What pages say besides what rules say: the value's last hour and the processes behind it.

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "agent/runtime/process_top.h"
#include "base/clock.h"
#include "notify/page_context.h"
#include "rules/promql/queryable.h"
#include "rules/rule.h"

namespace tocsin {

/// What it looks at. All outlive it.
struct PageContextWorld {
  const Clock& clock;
  const promql::Queryable& storage;
  const HostFs& fs;
  /// The rule behind an alert with these labels, or null.
  std::function<std::shared_ptr<const Rule>(const Labels&)> find_rule;
  /// Waits between two readings of the CPU.
  std::function<void(milliseconds)> pause;
};

/// Adds the annotations `last_hour` ("▁▁▂▅█ 12 to 93, now 92.7") and, for alerts about CPU or
/// memory, `top_processes`. One thread.
class HostPageContext final : public notify::PageContext {
 public:
  explicit HostPageContext(PageContextWorld world) : world_(std::move(world)) {}

  Labels Describe(const notify::Alert& alert, const notify::ContextSettings& settings,
                  WallTime now) override;

 private:
  enum class Resource { kNone, kCpu, kMemory };
  static Resource ResourceOf(const Rule& rule);
  std::string LastHour(const Rule& rule, const Labels& alert, WallTime now) const;
  const std::string& TopProcesses(Resource resource);

  const PageContextWorld world_;
  Resource last_resource_ = Resource::kNone;
  MonoTime last_top_at_{};
  std::string last_top_;
};

/// Values over time as a line of blocks with their bounds; nothing stands for a blank. Empty if
/// there are no values.
std::string Sparkline(std::span<const std::optional<double>> values);

}  // namespace tocsin
