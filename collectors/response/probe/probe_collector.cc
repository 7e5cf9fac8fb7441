// The collector `probe`: targets of the configuration on a schedule of their own, and any target at
// /probe. Rounds only hand on what the loop has found out.

#include <algorithm>
#include <atomic>

#include "base/mutex.h"
#include "base/parse.h"
#include "collectors/net/network.h"
#include "collectors/on_demand.h"
#include "collectors/response/probe/emit.h"
#include "collectors/response/probe/engine.h"
#include "collectors/response/probe/pages.h"
#include "collectors/response/probe/settings.h"
#include "collectors/response/probe/totals.h"
#include "collectors/response/response.h"

namespace tocsin {
namespace probe {
namespace {

constexpr std::string_view kDefaultModule = "http_2xx";
/// Above the probe's own timeout: for the loop to get to it.
constexpr milliseconds kGrace{2'000};

/// One target of the configuration.
struct Watch {
  Watch(WatchSpec its_spec, net::Loop& loop, milliseconds window)
      : spec(std::move(its_spec)), timer(loop), totals(window) {
    labels = {{"instance", spec.target}, {"module", spec.module->name}};
    service_labels = {{"instance", spec.target}, {"service", spec.service}};
    for (const auto& [name, value] : spec.labels) {
      labels.push_back({name, value});
      service_labels.push_back({name, value});
    }
  }

  const WatchSpec spec;
  std::vector<LabelView> labels;          // of probe_*
  std::vector<LabelView> service_labels;  // of the common shape

  // Of the loop's thread.
  net::Timer timer;
  MonoTime due{};

  Mutex mutex;
  std::shared_ptr<const ProbeResult> last GUARDED_BY(mutex);
  Totals totals GUARDED_BY(mutex);
};

/// What the loop and the rounds share; goes when the last of both lets it go.
class Core : public std::enable_shared_from_this<Core> {
 public:
  Core(net::Network& network, ProbeSettings settings)
      : network_(network),
        history_(settings.history),
        engine_(network, history_, settings.max_parallel),
        modules_(std::move(settings.modules)) {
    for (WatchSpec& spec : settings.watches) {
      watches_.push_back(std::make_unique<Watch>(std::move(spec), network.loop(), settings.window));
    }
  }

  net::Network& network() { return network_; }
  History& history() { return history_; }
  const Modules& modules() const { return modules_; }
  Engine& engine() { return engine_; }
  std::size_t watch_count() const { return watches_.size(); }

  /// Begins the schedule. Starts are spread over the interval, so that thousands do not go out at
  /// one moment. Loop thread.
  void Start() {
    const MonoTime now = network_.loop().Now();
    const bool at_once = network_.grace().count() == 0;
    for (std::size_t i = 0; i < watches_.size(); ++i) {
      Watch& watch = *watches_[i];
      const auto phase = nanoseconds(watch.spec.interval) * static_cast<std::int64_t>(i) /
                         static_cast<std::int64_t>(watches_.size());
      watch.due = at_once ? now : now + phase;
      watch.timer.Set(watch.due, [this, &watch] { Probe(watch); });
    }
  }

  void Stop() {
    for (const auto& watch : watches_) watch->timer.Cancel();
    engine_.Stop();
  }

  /// Until every watch has a first result, or `until`.
  void WaitForFirst(std::chrono::steady_clock::time_point until) {
    const MutexLock lock(mutex_);
    while (first_results_ < watches_.size() && std::chrono::steady_clock::now() < until) {
      changed_.WaitUntil(mutex_, until);
    }
  }

  void Emit(FamilySink& out) {
    const MonoTime now = network_.clock().Mono();
    for (const auto& watch : watches_) {
      const MutexLock lock(watch->mutex);
      if (!watch->last) continue;
      EmitResult(*watch->last, watch->labels, out);
      watch->totals.Emit(watch->labels, watch->service_labels, now, out);
    }
  }

 private:
  void Probe(Watch& watch) {
    const WatchSpec& spec = watch.spec;
    ProbeJob job{spec.module, spec.target, spec.hostname, spec.timeout, spec.pings};
    engine_.Run(
        std::move(job), spec.retries,
        [this, &watch](const std::shared_ptr<const ProbeResult>& result) { Take(watch, result); });
  }

  void Take(Watch& watch, const std::shared_ptr<const ProbeResult>& result) {
    const MonoTime now = network_.loop().Now();
    bool first = false;
    {
      const MutexLock lock(watch.mutex);
      first = !watch.last;
      watch.last = result;
      watch.totals.Add(*result, now);
    }
    if (first) {
      const MutexLock lock(mutex_);
      ++first_results_;
      changed_.NotifyAll();
    }
    do {  // what was missed meanwhile is not caught up with
      watch.due += watch.spec.interval;
    } while (watch.due <= now);
    watch.timer.Set(watch.due, [this, &watch] { Probe(watch); });
  }

  net::Network& network_;
  History history_;
  Engine engine_;
  const Modules modules_;
  std::vector<std::unique_ptr<Watch>> watches_;
  Mutex mutex_;
  CondVar changed_;
  std::size_t first_results_ GUARDED_BY(mutex_) = 0;
};

/// Where a thread of the HTTP server waits for a probe.
struct Waiter {
  Mutex mutex;
  CondVar changed;
  std::shared_ptr<const ProbeResult> result GUARDED_BY(mutex);

  std::shared_ptr<const ProbeResult> Wait(std::chrono::steady_clock::time_point until) {
    const MutexLock lock(mutex);
    while (!result && std::chrono::steady_clock::now() < until) changed.WaitUntil(mutex, until);
    return result;
  }
};

class ProbeCollector final : public Collector, public OnDemand {
 public:
  ProbeCollector(net::Network& network, ProbeSettings settings)
      : core_(std::make_shared<Core>(network, std::move(settings))) {}
  ~ProbeCollector() override {
    if (!used_) return;
    net::Loop& loop = core_->network().loop();
    loop.Post([core = std::move(core_)] { core->Stop(); });
  }
  ProbeCollector(const ProbeCollector&) = delete;
  ProbeCollector& operator=(const ProbeCollector&) = delete;

  Status Collect(const RoundContext& round, FamilySink& out) override {
    if (core_->watch_count() == 0) return Unit{};
    if (!started_) {
      started_ = used_ = true;
      core_->network().loop().Post([core = core_] { core->Start(); });
      nanoseconds patience = round.deadline - core_->network().clock().Mono();
      const nanoseconds grace = core_->network().grace();
      if (grace.count() > 0) patience = std::min(patience, grace);
      core_->WaitForFirst(std::chrono::steady_clock::now() +
                          std::min<nanoseconds>(patience, seconds(600)));
    }
    core_->Emit(out);
    return Unit{};
  }

  OnDemand* on_demand() override { return this; }

  OnDemandReply Answer(const OnDemandRequest& request) override {
    constexpr const char* kHtml = "text/html; charset=utf-8";
    if (request.path == "/probes") return {200, kHtml, HistoryPage(core_->history())};
    if (request.path == "/logs") return Logs(request);
    return ProbeNow(request);
  }

 private:
  static OnDemandReply Text(int status, std::string line) {
    return {status, "text/plain; charset=utf-8", std::move(line) + "\n"};
  }

  OnDemandReply Logs(const OnDemandRequest& request) {
    const auto id = ParseInt<std::uint64_t>(request.param("id"));
    if (!id) return Text(400, "Invalid probe id");
    const HistoryEntry entry = core_->history().Find(*id);
    if (!entry.module) return Text(404, "Probe id not found");
    return {200, "text/plain; charset=utf-8", DebugPage(entry)};
  }

  OnDemandReply ProbeNow(const OnDemandRequest& request) {
    ProbeJob job;
    std::string_view name = request.param("module");
    if (name.empty()) name = kDefaultModule;
    const auto module = core_->modules().find(name);
    if (module == core_->modules().end()) {
      return Text(400, "Unknown module \"" + std::string(name) + "\"");
    }
    job.module = module->second;
    const auto timeout = ProbeTimeout(request.scrape_timeout, job.module->timeout);
    if (!timeout) {
      return Text(500,
                  "Failed to parse timeout from Prometheus header: " + timeout.error().message());
    }
    job.timeout = *timeout;
    job.target = request.param("target");
    job.hostname = request.param("hostname");
    if (job.target.empty()) return Text(400, "Target parameter is missing");
    if (const auto wrong = ReadExtras(request, job)) return Text(400, *wrong);
    const HistoryEntry entry{0, job.module, job.target, Run(job)};
    if (!entry.result) return Text(503, "The probe did not come to an end");
    if (request.param("debug") == "true") {
      return {200, "text/plain; charset=utf-8", DebugPage(entry)};
    }
    return {200, "text/plain; version=0.0.4; charset=utf-8", MetricsPage(*entry.result)};
  }

  /// What blackbox_exporter does not know: `timeout` and `pings`.
  static std::optional<std::string> ReadExtras(const OnDemandRequest& request, ProbeJob& job) {
    constexpr int kMaxPings = 100;
    if (const auto text = request.param("timeout"); !text.empty()) {
      const auto timeout = ParseDuration(text);
      if (!timeout || timeout->count() <= 0) return "Invalid timeout";
      job.timeout = std::min(job.timeout, *timeout);
    }
    if (const auto text = request.param("pings"); !text.empty()) {
      const auto pings = ParseInt<int>(text);
      if (!pings || *pings < 1 || *pings > kMaxPings) return "Invalid pings: 1 to 100";
      job.pings = *pings;
    }
    return std::nullopt;
  }

  std::shared_ptr<const ProbeResult> Run(const ProbeJob& job) {
    const auto waiter = std::make_shared<Waiter>();
    used_ = true;
    core_->network().loop().Post([core = core_, job, waiter] {
      core->engine().Run(job, 0, [waiter](const std::shared_ptr<const ProbeResult>& result) {
        const MutexLock lock(waiter->mutex);
        waiter->result = result;
        waiter->changed.NotifyAll();
      });
    });
    return waiter->Wait(std::chrono::steady_clock::now() + job.timeout + kGrace);
  }

  std::shared_ptr<Core> core_;
  bool started_ = false;  // of the rounds
  std::atomic<bool> used_ = false;
};

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  TRY_ASSIGN(ProbeSettings settings, ReadProbeSettings(deps.file, deps.settings));
  return std::unique_ptr<Collector>(
      std::make_unique<ProbeCollector>(deps.network, std::move(settings)));
}

std::vector<std::string> SettingsFiles(const YamlFile& file, const YamlNode& own) {
  std::string path = ModuleFilePath(file, own);
  if (path.empty()) return {};
  return {std::move(path)};
}

}  // namespace
}  // namespace probe

extern const CatalogEntry kProbeCollector{
    .name = "probe",
    .room = "response",
    .on_by_default = false,
    .interval = seconds(15),
    .help =
        "Probes of HTTP, TCP, ICMP, DNS and gRPC targets by blackbox_exporter's modules, on a "
        "schedule and at /probe.",
    .families = {},  // what a probe exports depends on its module
    .flags = {},
    .make = &probe::Make,
    .settings_files = &probe::SettingsFiles,
};

}  // namespace tocsin
