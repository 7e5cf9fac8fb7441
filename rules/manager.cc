#include "rules/manager.h"

#include <glob.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "base/file.h"

namespace tocsin {
namespace {

constexpr std::string_view kRemoved = "the rule was removed";

bool IsPattern(const std::string& path) { return path.find_first_of("*?[") != std::string::npos; }

bool IsTestFile(std::string_view path) {
  return path.ends_with("_test.yml") || path.ends_with("_test.yaml");
}

/// Where glob(3) could not look, and why; it has no other way to say it.
thread_local std::optional<Error> unreadable;

/// A folder that is not there has no files. One that cannot be read may have rules, and without
/// them nobody would be paged.
int NoteUnreadable(const char* path, int error) {
  if (error == ENOENT) return 0;
  unreadable = FileError(path, error);
  return 1;
}

/// The files a pattern names, sorted.
Result<std::vector<std::string>> FilesOf(const std::string& pattern) {
  if (!IsPattern(pattern)) return std::vector{pattern};
  std::vector<std::string> files;
  glob_t found{};
  unreadable.reset();
  const int status = ::glob(pattern.c_str(), 0, &NoteUnreadable, &found);
  if (status == 0) {
    for (std::size_t i = 0; i < found.gl_pathc; ++i) {
      if (!IsTestFile(found.gl_pathv[i])) files.emplace_back(found.gl_pathv[i]);
    }
  }
  ::globfree(&found);
  if (status == 0 || status == GLOB_NOMATCH) return files;
  return unreadable ? *std::move(unreadable) : Error{Errc::kIo, pattern + ": cannot be read"};
}

AlertEvent ResolvedEventOf(const AlertRecord& record, const Moment& now,
                           const RuleOptions& options) {
  AlertEvent event;
  event.identity = record.identity;
  event.labels = *record.sent_labels;
  event.annotations = record.annotations.With("resolved_because", kRemoved);
  event.state = AlertState::kInactive;
  event.severity = record.status.severity;
  event.active_at = record.status.active_at;
  event.fired_at = record.status.fired_at;
  event.resolved_at = now.wall;
  event.ended_because = kRemoved;
  event.valid_until = now.wall + 4 * options.resend_delay;
  event.value = record.value;
  return event;
}

}  // namespace

RuleSet LoadRules(std::span<const std::string> patterns) {
  RuleSet set;
  std::set<std::string> seen;
  for (const std::string& pattern : patterns) {
    auto files = FilesOf(pattern);
    if (!files) {
      set.errors.push_back(std::move(files).error());
      continue;
    }
    for (std::string& path : *files) {
      if (!seen.insert(path).second) continue;
      RuleFile file = LoadRuleFile(path);
      std::move(file.groups.begin(), file.groups.end(), std::back_inserter(set.groups));
      std::move(file.errors.begin(), file.errors.end(), std::back_inserter(set.errors));
      set.files.push_back(std::move(path));
    }
  }
  return set;
}

void RuleManager::Exchange(RuleSet rules, const RuleOptions& options, const Moment& now,
                           RuleSink& sink) {
  assert(rules.errors.empty());
  const MutexLock evaluating(evaluating_);
  std::vector<Entry> entries;
  entries.reserve(rules.groups.size());
  for (RuleGroupSpec& spec : rules.groups) {
    auto group = std::make_shared<RuleGroup>(std::move(spec), options);
    const milliseconds shift = SlotShift(group->file(), group->name(), group->interval());
    const EvaluationSlots slots(group->interval(), shift);
    entries.push_back({std::move(group), slots});
  }
  {
    const MutexLock lock(mutex_);
    options_ = options;
    entries_.swap(entries);
    for (Entry& entry : entries_) {
      const auto old = std::find_if(entries.begin(), entries.end(), [&entry](const Entry& e) {
        return e.group->file() == entry.group->file() && e.group->name() == entry.group->name();
      });
      if (old == entries.end()) continue;
      entry.group->TakeStateFrom(*old->group);
      if (old->slots.interval() == entry.slots.interval()) entry.slots = old->slots;
    }
    // A rule that was moved to another group or file is the same rule to whoever is told.
    for (Entry& entry : entries_) {
      for (const Entry& old : entries) {
        if (old.group->file() == entry.group->file() && old.group->name() == entry.group->name()) {
          continue;
        }
        entry.group->TakeMovedFrom(*old.group);
      }
    }
  }
  for (const Entry& old : entries) old.group->Retire(now, kRemoved, sink);
}

template <class AnyRecord>
std::set<RuleManager::RuleName> RuleManager::NamesOf(std::span<const AnyRecord> records) {
  std::set<RuleName> names;
  for (const AnyRecord& record : records) {
    names.emplace(record.file, record.group, record.rule_key);
  }
  return names;
}

/// The group that has the record's rule: the one it was in, or, since it was moved, the only one
/// that has it and did not have it before.
template <class AnyRecord>
RuleGroup* RuleManager::GroupOf(const AnyRecord& record, const std::set<RuleName>& names) const {
  RuleGroup* moved_to = nullptr;
  std::size_t candidates = 0;
  for (const Entry& entry : entries_) {
    RuleGroup& group = *entry.group;
    if (!group.Has(record.rule_key)) continue;
    if (group.file() == record.file && group.name() == record.group) return &group;
    if (names.count({group.file(), group.name(), record.rule_key}) > 0) continue;
    moved_to = &group;
    ++candidates;
  }
  return candidates == 1 ? moved_to : nullptr;
}

void RuleManager::Restore(std::span<const AlertRecord> records, const Moment& now, RuleSink& sink) {
  const MutexLock evaluating(evaluating_);
  std::vector<AlertEvent> gone;
  {
    const MutexLock lock(mutex_);
    const std::set<RuleName> names = NamesOf(records);
    for (const AlertRecord& record : records) {
      RuleGroup* const group = GroupOf(record, names);
      const bool restored = group && group->Restore(record);
      if (!restored && record.sent_labels && !record.sent_resolved) {
        gone.push_back(ResolvedEventOf(record, now, options_));
      }
    }
  }
  if (!gone.empty()) sink.Notify(gone);
}

std::vector<DueGroup> RuleManager::TakeDue(const Moment& now) {
  std::vector<DueGroup> due;
  {
    const MutexLock lock(mutex_);
    EvaluationSlots::Due slot;
    for (Entry& entry : entries_) {
      if (entry.slots.Take(now, slot)) due.push_back({entry.group, slot.slot, slot.missed});
    }
  }
  std::stable_sort(due.begin(), due.end(),
                   [](const DueGroup& a, const DueGroup& b) { return a.slot < b.slot; });
  return due;
}

milliseconds RuleManager::UntilNextDue(WallTime now, milliseconds longest) const {
  const MutexLock lock(mutex_);
  for (const Entry& entry : entries_) longest = std::min(longest, entry.slots.UntilNext(now));
  return longest;
}

EvaluationSummary RuleManager::Evaluate(const DueGroup& due, MonoTime now,
                                        const RuleContext& context) {
  const MutexLock evaluating(evaluating_);
  {
    const MutexLock lock(mutex_);
    const bool current = std::any_of(entries_.begin(), entries_.end(),
                                     [&due](const Entry& e) { return e.group == due.group; });
    if (!current) return {};
  }
  return due.group->Evaluate({due.slot, now}, context);
}

std::vector<std::shared_ptr<RuleGroup>> RuleManager::Groups() const {
  std::vector<std::shared_ptr<RuleGroup>> groups;
  {
    const MutexLock lock(mutex_);
    for (const Entry& entry : entries_) groups.push_back(entry.group);
  }
  std::stable_sort(groups.begin(), groups.end(), [](const auto& a, const auto& b) {
    return std::tie(a->file(), a->name()) < std::tie(b->file(), b->name());
  });
  return groups;
}

std::vector<LeakFinding> RuleManager::Leaks(WallTime now) const {
  std::vector<LeakFinding> findings;
  for (const auto& group : Groups()) group->AddLeaks(now, findings);
  return findings;
}

std::vector<LeakRecord> RuleManager::ExportLeaks() const {
  std::vector<LeakRecord> records;
  for (const auto& group : Groups()) group->ExportLeaks(records);
  return records;
}

std::uint64_t RuleManager::LeakChanges() const {
  std::uint64_t changes = 0;
  for (const auto& group : Groups()) changes += group->LeakChanges();
  return changes;
}

void RuleManager::RestoreLeaks(std::span<const LeakRecord> records, WallTime now) {
  const MutexLock evaluating(evaluating_);
  const MutexLock lock(mutex_);
  const std::set<RuleName> names = NamesOf(records);
  for (const LeakRecord& record : records) {
    RuleGroup* const group = GroupOf(record, names);
    if (group) static_cast<void>(group->RestoreLeak(record, now));
  }
}

std::vector<RuleGroupView> RuleManager::View() const {
  std::vector<RuleGroupView> views;
  for (const auto& group : Groups()) views.push_back(group->View());
  return views;
}

std::vector<AlertRecord> RuleManager::Export() const {
  std::vector<AlertRecord> records;
  for (const auto& group : Groups()) group->Export(records);
  return records;
}

std::shared_ptr<const Rule> RuleManager::FindRule(const Labels& alert) const {
  const std::string_view name = alert.Get("alertname");
  const auto fits = [&](const Rule& rule) {
    return std::all_of(rule.labels.begin(), rule.labels.end(), [&](const RuleText& label) {
      return label.text.find("{{") != std::string::npos || alert.Get(label.name) == label.text;
    });
  };
  for (const auto& group : Groups()) {
    for (const auto& rule : group->rules()) {
      if (rule->IsAlerting() && rule->name == name && fits(*rule)) return rule;
    }
  }
  return nullptr;
}

}  // namespace tocsin
