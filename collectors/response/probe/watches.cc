#include "collectors/response/probe/watches.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <unordered_set>

#include "base/log.h"
#include "collectors/net/network.h"
#include "collectors/response/probe/emit.h"
#include "collectors/response/probe/target_url.h"
#include "collectors/response/probe/totals.h"

namespace tocsin::probe {

struct Watches::Watch {
  Watch(WatchSpec its_spec, net::Loop& loop, milliseconds window)
      : spec(std::move(its_spec)),
        instance(RedactedTarget(spec.target)),
        timer(loop),
        totals(window) {
    labels = {{"instance", instance}, {"module", spec.module->name}};
    service_labels = {{"instance", instance}, {"service", spec.service}};
    for (const auto& [name, value] : spec.labels) {
      labels.push_back({name, value});
      service_labels.push_back({name, value});
    }
  }

  const WatchSpec spec;
  const std::string instance;
  std::vector<LabelView> labels;          // of probe_*
  std::vector<LabelView> service_labels;  // of the common shape

  // Of the loop's thread.
  net::Timer timer;
  MonoTime due{};

  Mutex mutex;
  std::optional<ProbeFacts> last GUARDED_BY(mutex);
  Totals totals GUARDED_BY(mutex);
};

namespace {

/// What a watch's series have besides the module or the service.
std::string LabelKey(const WatchSpec& spec) {
  auto labels = spec.labels;
  std::sort(labels.begin(), labels.end());
  std::string key = RedactedTarget(spec.target);
  for (const auto& [name, value] : labels) {
    if (!value.empty()) key.append(1, '\0').append(name).append(1, '\0').append(value);
  }
  return key;
}

/// Two that have the same of anything would export the same series, which would cost the round.
class Taken {
 public:
  bool Take(const WatchSpec& spec) {
    const std::string key = LabelKey(spec);
    return probes_.insert(spec.module->name + '\0' + key).second &&
           services_.insert(spec.service + '\0' + key).second;
  }

 private:
  std::set<std::string> probes_;
  std::set<std::string> services_;
};

}  // namespace

Watches::~Watches() = default;

bool Watches::Set(std::vector<WatchSpec> specs, std::shared_ptr<const void> owner) {
  std::multimap<std::string, WatchPtr> old;
  for (WatchPtr& watch : watches_) old.emplace(watch->spec.target, std::move(watch));
  watches_.clear();
  std::vector<WatchPtr> fresh;
  Taken taken;
  std::size_t left_out = 0;
  for (WatchSpec& spec : specs) {
    if (!taken.Take(spec)) {
      ++left_out;
      continue;
    }
    const auto [begin, end] = old.equal_range(spec.target);
    const auto known =
        std::find_if(begin, end, [&](const auto& entry) { return entry.second->spec == spec; });
    if (known != end) {
      watches_.push_back(std::move(known->second));
      old.erase(known);
    } else {
      watches_.push_back(std::make_shared<Watch>(std::move(spec), network_.loop(), window_));
      fresh.push_back(watches_.back());
    }
  }
  if (left_out > 0) {
    LogWarn("targets stand twice: all but the first are left out",
            {{"collector", "probe"}, {"targets", std::to_string(left_out)}});
  }
  std::vector<WatchPtr> gone;
  for (auto& [target, watch] : old) gone.push_back(std::move(watch));
  if (fresh.empty() && gone.empty()) return false;
  {
    const MutexLock lock(mutex_);
    awaited_ += fresh.size();
  }
  const bool begins = !fresh.empty();
  // What is gone ends on the loop's thread, where its timer is.
  network_.loop().Post(
      [this, owner = std::move(owner), fresh = std::move(fresh), gone = std::move(gone)]() mutable {
        Drop(gone);
        gone.clear();
        Begin(fresh);
        fresh.clear();
      });
  return begins;
}

void Watches::Begin(std::span<const WatchPtr> watches) {
  const MonoTime now = network_.loop().Now();
  const bool at_once = network_.grace().count() == 0;
  std::int64_t before = 0;
  for (const WatchPtr& watch : watches) {
    const auto phase =
        nanoseconds(watch->spec.interval) * before++ / static_cast<std::int64_t>(watches.size());
    watch->due = at_once ? now : now + phase;
    watch->timer.Set(watch->due, [this, its = watch.get()] { Probe(*its); });
  }
}

void Watches::Drop(std::span<const WatchPtr> watches) {
  std::unordered_set<const void*> owners;
  std::size_t unknown = 0;
  for (const WatchPtr& watch : watches) {
    watch->timer.Cancel();
    owners.insert(watch.get());
    const MutexLock lock(watch->mutex);
    if (!watch->last) ++unknown;
  }
  if (!owners.empty()) engine_.Drop(owners);
  const MutexLock lock(mutex_);
  awaited_ -= unknown;
  changed_.NotifyAll();
}

void Watches::Stop() {
  for (const WatchPtr& watch : watches_) watch->timer.Cancel();
}

void Watches::WaitForFirst(std::chrono::steady_clock::time_point until) {
  const MutexLock lock(mutex_);
  while (awaited_ > 0 && std::chrono::steady_clock::now() < until) {
    changed_.WaitUntil(mutex_, until);
  }
}

void Watches::Emit(FamilySink& out) {
  const MonoTime now = network_.clock().Mono();
  for (const WatchPtr& watch : watches_) {
    const MutexLock lock(watch->mutex);
    if (!watch->last) continue;
    EmitResult(*watch->last, watch->labels, out);
    watch->totals.Emit(watch->labels, watch->service_labels, now, out);
  }
}

void Watches::Probe(Watch& watch) {
  const WatchSpec& spec = watch.spec;
  ProbeJob job{spec.module, spec.target, spec.hostname, spec.timeout, spec.pings};
  engine_.Run(
      std::move(job), spec.retries,
      [this, &watch](const std::shared_ptr<const ProbeResult>& result) { Take(watch, result); },
      &watch);
}

void Watches::Take(Watch& watch, const std::shared_ptr<const ProbeResult>& result) {
  const MonoTime now = network_.loop().Now();
  bool first = false;
  {
    const MutexLock lock(watch.mutex);
    first = !watch.last;
    watch.last = *result;  // its log is the history's
    watch.totals.Add(*result, now);
  }
  if (first) {
    const MutexLock lock(mutex_);
    --awaited_;
    changed_.NotifyAll();
  }
  do {  // what was missed meanwhile is not caught up with
    watch.due += watch.spec.interval;
  } while (watch.due <= now);
  watch.timer.Set(watch.due, [this, &watch] { Probe(watch); });
}

}  // namespace tocsin::probe
