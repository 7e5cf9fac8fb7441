#include "agent/runtime/page_context.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "rules/rule_query.h"
#include "rules/template/humanize.h"

namespace tocsin {
namespace {

constexpr std::int64_t kStepMs = 2 * 60 * 1000;
constexpr std::size_t kPoints = 31;  // of the last hour, both ends included
constexpr milliseconds kQueryTime{100};
constexpr milliseconds kReadTime{100};
constexpr milliseconds kCpuPause{200};
constexpr std::size_t kProcesses = 5;
/// Alerts of one page, or of several at once, are about the same processes.
constexpr milliseconds kTopIsFresh = seconds(10);

/// Whether a series of the rule's expression is the one behind an alert with these labels.
bool IsBehind(const Labels& series, const Labels& alert) {
  for (const LabelView label : series) {
    if (label.name != "__name__" && alert.Get(label.name) != label.value) return false;
  }
  return true;
}

}  // namespace

std::string Sparkline(std::span<const std::optional<double>> values) {
  constexpr std::array<const char*, 8> kBlocks{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  double low = INFINITY;
  double high = -INFINITY;
  std::optional<double> last;
  for (const auto& value : values) {
    if (!value || !std::isfinite(*value)) continue;
    low = std::min(low, *value);
    high = std::max(high, *value);
    last = value;
  }
  if (!last) return {};
  std::string text;
  for (const auto& value : values) {
    if (!value && text.empty()) continue;  // what was before there was anything
    if (!value || !std::isfinite(*value)) {
      text += ' ';
      continue;
    }
    const double share = high > low ? (*value - low) / (high - low) : 0;
    text += kBlocks[static_cast<std::size_t>(std::lround(share * (kBlocks.size() - 1)))];
  }
  text +=
      " " + tmpl::Humanize(low) + " to " + tmpl::Humanize(high) + ", now " + tmpl::Humanize(*last);
  return text;
}

HostPageContext::Resource HostPageContext::ResourceOf(const Rule& rule) {
  const std::string& expr = rule.expr_text;
  const auto has = [&](const char* part) { return expr.find(part) != std::string::npos; };
  if (has("cpu") || has("node_load")) return Resource::kCpu;
  if (has("memory") || has("swap") || has("oom")) return Resource::kMemory;
  return Resource::kNone;
}

Labels HostPageContext::Describe(const notify::Alert& alert,
                                 const notify::ContextSettings& settings, WallTime now) {
  const std::shared_ptr<const Rule> rule = world_.find_rule(alert.labels);
  if (!rule) return {};
  LabelsBuilder annotations;
  const auto say = [&](std::string_view name, const std::string& what) {
    if (!what.empty()) annotations.Set(name, what);
  };
  if (settings.sparkline) say("last_hour", LastHour(*rule, alert.labels, now));
  // Others leave what was read for the last one: it takes a while.
  if (const Resource resource = ResourceOf(*rule);
      settings.processes && resource != Resource::kNone) {
    say("top_processes", TopProcesses(resource));
  }
  return annotations.Build();
}

std::string HostPageContext::LastHour(const Rule& rule, const Labels& alert, WallTime now) const {
  promql::EngineOptions options;
  options.max_samples = 500'000;
  options.deadline = world_.clock.Mono() + kQueryTime;
  const std::int64_t end = ToMillis(now);
  const std::int64_t start = end - kStepMs * static_cast<std::int64_t>(kPoints - 1);
  const auto result =
      promql::EvalRange(*ValueExpr(rule), start, end, kStepMs, world_.storage, options);
  if (!result) return {};
  const promql::MatrixSeries* found = nullptr;
  for (const promql::MatrixSeries& series : result->matrix) {
    if (IsBehind(series.labels, alert)) found = &series;
  }
  if (!found) return {};
  std::array<std::optional<double>, kPoints> values;
  for (const Sample& sample : found->samples) {
    values[static_cast<std::size_t>((sample.t_ms - start) / kStepMs)] = sample.value;
  }
  return Sparkline(values);
}

const std::string& HostPageContext::TopProcesses(Resource resource) {
  const MonoTime now = world_.clock.Mono();
  if (resource == last_resource_ && now - last_top_at_ < kTopIsFresh) return last_top_;
  last_resource_ = resource;
  last_top_.clear();
  if (resource == Resource::kMemory) {
    last_top_ = TopByMemory(ReadProcesses(world_.fs, world_.clock, kReadTime), kProcesses);
  } else if (resource == Resource::kCpu) {
    const ProcessReading before = ReadProcesses(world_.fs, world_.clock, kReadTime);
    world_.pause(kCpuPause);
    last_top_ = TopByCpu(before, ReadProcesses(world_.fs, world_.clock, kReadTime), kProcesses);
  }
  last_top_at_ = world_.clock.Mono();
  return last_top_;
}

}  // namespace tocsin
