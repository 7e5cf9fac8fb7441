#include "collectors/net/target_pool.h"

#include <algorithm>
#include <deque>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "base/log.h"
#include "base/mutex.h"
#include "collectors/net/network.h"
#include "collectors/net/target_slot.h"

namespace tocsin::net {
namespace {

constexpr std::string_view kInstance = "instance";
constexpr nanoseconds kLongestWait = seconds(600);
/// How much later than a target's own timeout its end is seen on a busy machine.
constexpr milliseconds kLateness = seconds(2);

bool IsTargetFamily(std::string_view name) {
  return std::any_of(kTargetFamilies.begin(), kTargetFamilies.end(),
                     [&](const FamilySpec& family) { return family.name == name; });
}

/// A series' own labels, then those of the target that it has not got.
void Join(const Labels& own, const std::vector<std::pair<std::string, std::string>>& of_target,
          std::vector<LabelView>& out) {
  out.clear();
  for (const LabelView label : own) out.push_back(label);
  for (const auto& [name, value] : of_target) {
    if (!own.Has(name)) out.push_back({name, value});
  }
}

std::string IdentityOf(const Family& family, Suffix suffix, std::span<const LabelView> labels) {
  std::string identity = family.name;
  identity.append(SuffixText(suffix));
  std::vector<LabelView> sorted(labels.begin(), labels.end());
  std::sort(sorted.begin(), sorted.end());
  for (const LabelView& label : sorted) {
    identity.append(1, '\xff').append(label.name).append(1, '\xff').append(label.value);
  }
  return identity;
}

}  // namespace

struct TargetPool::Core {
  explicit Core(Loop& its_loop) : loop(its_loop) {}

  using SlotPtr = std::shared_ptr<TargetSlot>;
  // Of the loop's thread.
  static void StartWaiting(const std::shared_ptr<Core>& self);
  static void OnEnd(const std::shared_ptr<Core>& self);
  static void Remove(const std::shared_ptr<Core>& self, const std::vector<SlotPtr>& slots);

  struct Entry {
    SlotPtr slot;
    std::vector<std::pair<std::string, std::string>> labels;
    TargetResult result;
    // Of the layout that was compared last:
    Ref<const Layout> layout;
    std::vector<bool> left_out;  // by series: it would clash with another one of the collector
    /// By family of the layout: the first one of that name, whose help counts. One family with two
    /// helps would be a new layout each round. They live in the layouts of the entries.
    std::vector<const Family*> families;
    std::uint64_t clashes = 0;
  };
  void Wait(const std::vector<TargetSlot*>& started, MonoTime until) EXCLUDES(mutex);
  void FindClashes();

  Loop& loop;
  std::size_t max_parallel = 1;
  std::size_t parallel = 0;
  std::deque<std::pair<SlotPtr, WallTime>> waiting;

  std::vector<Entry> entries;  // of whoever calls Collect() and SetTargets()

  Mutex mutex;
  CondVar ended;
};

void TargetPool::Core::StartWaiting(const std::shared_ptr<Core>& self) {
  while (self->parallel < self->max_parallel && !self->waiting.empty()) {
    const auto next = std::move(self->waiting.front());
    self->waiting.pop_front();
    ++self->parallel;
    next.first->Run(next.second, [weak = std::weak_ptr(self)] {
      if (const auto core = weak.lock()) OnEnd(core);
    });
  }
}

void TargetPool::Core::OnEnd(const std::shared_ptr<Core>& self) {
  --self->parallel;
  // Not at once: this is deep within the target that has ended.
  if (!self->waiting.empty()) self->loop.Post([self] { StartWaiting(self); });
  const MutexLock lock(self->mutex);
  self->ended.NotifyAll();
}

void TargetPool::Core::Remove(const std::shared_ptr<Core>& self,
                              const std::vector<SlotPtr>& slots) {
  for (const SlotPtr& slot : slots) {
    std::erase_if(self->waiting, [&](const auto& waits) { return waits.first == slot; });
    if (slot->Abandon()) --self->parallel;
  }
  StartWaiting(self);
}

void TargetPool::Core::Wait(const std::vector<TargetSlot*>& started, MonoTime until) {
  const MutexLock lock(mutex);
  for (TargetSlot* const slot : started) {
    while (!slot->IsIdle()) {
      // The thread's own waiting is real time, whatever clock the loop follows.
      if (std::chrono::steady_clock::now() >= until) return;
      ended.WaitUntil(mutex, until);
    }
  }
}

/// Two series of one collector that are the same, or two types of one family, would cost the whole
/// round: the later one is left out.
void TargetPool::Core::FindClashes() {
  const bool changed = std::any_of(entries.begin(), entries.end(), [](const Entry& entry) {
    return entry.result.snapshot && entry.layout != entry.result.snapshot->layout;
  });
  if (!changed) return;
  std::unordered_map<std::string_view, const Family*> first;
  std::unordered_set<std::string> known;
  std::vector<LabelView> labels;
  for (Entry& entry : entries) {
    if (!entry.result.snapshot) continue;
    entry.layout = entry.result.snapshot->layout;
    entry.left_out.assign(entry.layout->series.size(), false);
    entry.families.clear();
    for (const Family& family : entry.layout->families) {
      entry.families.push_back(first.try_emplace(family.name, &family).first->second);
    }
    for (std::size_t i = 0; i < entry.left_out.size(); ++i) {
      const SeriesMeta& series = entry.layout->series[i];
      const Family& family = entry.layout->families[series.family];
      Join(series.labels, entry.labels, labels);
      entry.left_out[i] = IsTargetFamily(family.name) ||
                          entry.families[series.family]->type != family.type ||
                          !known.insert(IdentityOf(family, series.suffix, labels)).second;
    }
  }
}

TargetPool::TargetPool(Network& network, TargetPoolOptions options)
    : network_(network),
      options_(std::move(options)),
      core_(std::make_shared<Core>(network.loop())) {
  core_->max_parallel = std::max<std::size_t>(options_.max_parallel, 1);
}

TargetPool::~TargetPool() { SetTargets({}); }

void TargetPool::SetTargets(std::vector<TargetSpec> targets) {
  std::vector<Core::Entry> entries;
  for (TargetSpec& spec : targets) {
    const auto named = [&](const Core::Entry& entry) {
      return entry.slot && entry.slot->spec().name == spec.name;
    };
    if (std::any_of(entries.begin(), entries.end(), named)) {
      LogWarn("a target stands twice: the second one is left out",
              {{"collector", options_.collector}, {"target", spec.name}});
      continue;
    }
    const auto old = std::find_if(core_->entries.begin(), core_->entries.end(), named);
    if (old != core_->entries.end() && old->slot->spec().key == spec.key &&
        old->slot->spec().labels == spec.labels) {
      entries.push_back(std::move(*old));
      continue;
    }
    Core::Entry entry;
    entry.labels = spec.labels;
    const bool has_instance =
        std::any_of(spec.labels.begin(), spec.labels.end(),
                    [](const auto& label) { return label.first == kInstance; });
    if (options_.add_instance && !has_instance) entry.labels.emplace_back(kInstance, spec.name);
    entry.slot = std::make_shared<TargetSlot>(network_, options_, std::move(spec));
    entries.push_back(std::move(entry));
  }
  std::vector<Core::SlotPtr> removed;
  for (Core::Entry& entry : core_->entries) {
    if (entry.slot) removed.push_back(std::move(entry.slot));
  }
  core_->entries = std::move(entries);
  for (Core::Entry& entry : core_->entries) entry.layout = nullptr;
  if (!used_) return;  // nothing of theirs lives on the loop, which need not run for this
  // They, and what they hold of the loop, end on its thread.
  network_.loop().Post([core = core_, slots = std::move(removed)]() mutable {
    Core::Remove(core, slots);
    slots.clear();
  });
}

Status TargetPool::Collect(const RoundContext& round, FamilySink& out) {
  std::vector<TargetSlot*> started;
  std::vector<Core::SlotPtr> to_start;
  for (const Core::Entry& entry : core_->entries) {
    if (!entry.slot->TakeIdle()) continue;
    started.push_back(entry.slot.get());
    to_start.push_back(entry.slot);
  }
  if (to_start.empty() && !core_->entries.empty()) {
    network_.loop().Post([] {});  // a loop that had no descriptors to start with tries again
  }
  if (!to_start.empty()) {
    used_ = true;
    network_.loop().Post([core = core_, slots = std::move(to_start), now = round.now]() mutable {
      for (Core::SlotPtr& slot : slots) core->waiting.emplace_back(std::move(slot), now);
      slots.clear();
      Core::StartWaiting(core);
    });
    const milliseconds grace = options_.grace.value_or(network_.grace());
    nanoseconds patience = round.deadline - network_.clock().Mono();
    if (grace.count() > 0) patience = std::min<nanoseconds>(patience, grace);
    patience = std::min<nanoseconds>(patience, kLongestWait);
    core_->Wait(started, std::chrono::steady_clock::now() + patience);
  }
  Publish(out);
  return Unit{};
}

void TargetPool::Publish(FamilySink& out) {
  for (Core::Entry& entry : core_->entries) entry.result = entry.slot->result();
  core_->FindClashes();
  std::vector<LabelView> labels;
  for (Core::Entry& entry : core_->entries) {
    if (!entry.result.snapshot) continue;
    const Layout& layout = *entry.layout;
    for (std::size_t i = 0; i < layout.series.size(); ++i) {
      if (entry.left_out[i]) {
        ++entry.clashes;
        continue;
      }
      const SeriesMeta& series = layout.series[i];
      const Family& family = *entry.families[series.family];
      Join(series.labels, entry.labels, labels);
      out.AddSample({family.name, family.type, family.help, family.unit}, series.suffix, labels,
                    entry.result.snapshot->values[i]);
    }
  }
  if (options_.add_target_families) AddTargetFamilies(out);
}

void TargetPool::AddTargetFamilies(FamilySink& out) const {
  const auto& [up, duration, series, failures, dropped] = kTargetFamilies;
  for (const Core::Entry& entry : core_->entries) {
    const TargetResult& result = entry.result;
    if (!result.snapshot) continue;
    const LabelView collector{"collector", options_.collector};
    const LabelView target{"target", entry.slot->spec().name};
    out.Add(up, {collector, target}, result.up);
    out.Add(duration, {collector, target}, result.seconds);
    out.Add(series, {collector, target}, static_cast<double>(result.snapshot->values.size()));
    out.Add(dropped, {collector, target}, static_cast<double>(result.dropped + entry.clashes));
    for (std::size_t i = 0; i < kReasonCount; ++i) {
      if (result.failures[i] == 0) continue;  // of thirteen a target, most never happen
      out.Add(failures, {collector, target, {"reason", ReasonText(static_cast<Reason>(i))}},
              static_cast<double>(result.failures[i]));
    }
  }
}

Result<Ref<const Snapshot>> AskOnce(Network& network, TargetSpec spec, WallTime now) {
  const milliseconds patience = spec.timeout + kLateness;
  TargetPool pool(network, {.collector = "once",
                            .add_instance = false,
                            .add_target_families = false,
                            .grace = patience});
  std::vector<TargetSpec> targets;
  targets.push_back(std::move(spec));
  pool.SetTargets(std::move(targets));
  RoundWriter writer;
  writer.Begin(now);
  TRY(pool.Collect({now, network.clock().Mono() + patience, {}}, writer));
  TRY_ASSIGN(auto snapshot, writer.Finish());
  if (snapshot->values.empty()) return Error{Errc::kTimeout, "the target was not asked in time"};
  return snapshot;
}

}  // namespace tocsin::net
