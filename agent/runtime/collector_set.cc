#include "agent/runtime/collector_set.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/file.h"

namespace tocsin {
namespace {

constexpr std::size_t kMaxSettingsFile = 1 << 20;  // as YAML is read

void AppendNode(const YamlNode& node, std::string& out) {
  out += std::to_string(static_cast<int>(node.kind)) + (node.quoted ? "q" : "p");
  out += std::to_string(node.scalar.size()) + ":" + node.scalar;
  for (const auto& item : node.items) AppendNode(*item, out);
  for (const auto& [key, value] : node.entries) {
    AppendNode(*key, out);
    AppendNode(*value, out);
  }
  out += ';';
}

/// Equal for settings that make the same collector.
std::string Fingerprint(const CollectorSettings& settings, const Settings& all) {
  const HostPaths& paths = all.paths;
  std::string out = std::to_string(settings.interval.count()) + "/" +
                    std::to_string(settings.timeout.count()) + "/" + paths.procfs + "\n" +
                    paths.sysfs + "\n" + paths.rootfs + "\n" + paths.udev_data + "\n";
  AppendNode(*settings.own, out);
  for (const ExtremesOf& of : all.extremes) {
    out += of.metric + "/" + std::to_string(of.window.count()) + "\n";
  }
  if (const auto files = settings.entry->settings_files) {
    for (const std::string& path : files(all.file, *settings.own)) {
      const auto text = ReadWholeFile(path, kMaxSettingsFile);
      out += path + "\n" + (text ? *text : std::string());
    }
  }
  return out;
}

}  // namespace

CollectorSet::CollectorSet(const Clock& clock, std::size_t workers, ReceiverFactory make_receiver)
    : clock_(clock), make_receiver_(std::move(make_receiver)), scheduler_(clock, workers) {}

CollectorSet::Entry CollectorSet::Start(MadeCollector made, std::string fingerprint,
                                        std::shared_ptr<const void> keep_alive) {
  auto runner =
      std::make_shared<CollectorRunner>(made.name, std::move(made.collector),
                                        make_receiver_(made.name), clock_, std::move(keep_alive));
  const std::size_t job = scheduler_.Add({made.name, made.interval, made.timeout,
                                          [runner](MonoTime deadline, std::stop_token stop) {
                                            return runner->RunRound(deadline, std::move(stop));
                                          },
                                          [runner] { runner->GiveUpRound(); }});
  return {{std::move(made.name), made.room, made.interval, made.timeout, runner},
          runner,
          job,
          std::move(fingerprint)};
}

void CollectorSet::AddPermanent(MadeCollector made) {
  const MutexLock lock(mutex_);
  entries_.push_back(Start(std::move(made), {}, nullptr));
}

void CollectorSet::RunNow(std::string_view name) {
  const MutexLock lock(mutex_);
  for (const Entry& entry : entries_) {
    if (entry.running.name == name) scheduler_.RunNow(entry.job);
  }
}

Status CollectorSet::Apply(std::shared_ptr<const CollectorHost> host) {
  std::map<std::string_view, std::string> wanted;
  for (const CollectorSettings& settings : host->settings.collectors) {
    if (settings.enabled) {
      wanted[settings.entry->name] = Fingerprint(settings, host->settings);
    }
  }
  // Also those that stay are made, so that a bad setting is found before anything changes.
  TRY_ASSIGN(std::vector<MadeCollector> made, MakeCollectors(*host));

  const MutexLock lock(mutex_);
  std::vector<Entry> kept;
  for (Entry& entry : entries_) {
    const auto found = wanted.find(entry.running.name);
    if (entry.fingerprint.empty() ||
        (found != wanted.end() && found->second == entry.fingerprint)) {
      kept.push_back(std::move(entry));
      continue;
    }
    scheduler_.Remove(entry.job);
    entry.runner->Retire(found == wanted.end() ? RetireMode::kWithdraw : RetireMode::kHandOver);
  }
  entries_ = std::move(kept);
  for (MadeCollector& collector : made) {
    const bool runs = std::any_of(entries_.begin(), entries_.end(), [&](const Entry& entry) {
      return entry.running.name == collector.name;
    });
    if (runs) continue;
    std::string fingerprint = std::move(wanted.at(collector.name));
    entries_.push_back(Start(std::move(collector), std::move(fingerprint), host));
  }
  return Unit{};
}

bool CollectorSet::Stop(milliseconds patience) {
  scheduler_.Stop(patience);
  return scheduler_.workers() == 0;
}

std::vector<RunningCollector> CollectorSet::Running() const {
  const MutexLock lock(mutex_);
  std::vector<RunningCollector> running;
  running.reserve(entries_.size());
  for (const Entry& entry : entries_) running.push_back(entry.running);
  return running;
}

}  // namespace tocsin
