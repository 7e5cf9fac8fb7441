// The collector `probe`: targets of the configuration, and those it finds, on a schedule of their
// own, and any target at /probe. Rounds only hand on what the loop has found out.

#include <algorithm>
#include <atomic>

#include "base/mutex.h"
#include "base/parse.h"
#include "collectors/net/network.h"
#include "collectors/on_demand.h"
#include "collectors/response/probe/engine.h"
#include "collectors/response/probe/pages.h"
#include "collectors/response/probe/settings.h"
#include "collectors/response/probe/watches.h"
#include "collectors/response/response.h"

namespace tocsin {
namespace probe {
namespace {

constexpr std::string_view kDefaultModule = "http_2xx";
/// Above the probe's own timeout: for the loop to get to it.
constexpr milliseconds kGrace{2'000};

/// What the loop and the rounds share; goes when the last of both lets it go.
struct Core {
  Core(net::Network& its_network, ProbeSettings& settings)
      : network(its_network),
        history(settings.history),
        engine(its_network, history, settings.max_parallel),
        modules(std::move(settings.modules)),
        watches(its_network, engine, settings.window) {}

  void Stop() {
    watches.Stop();
    engine.Stop();
  }

  net::Network& network;
  History history;
  Engine engine;
  const Modules modules;
  Watches watches;
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
      : listed_(std::move(settings.watches)),
        found_(std::move(settings.found)),
        core_(std::make_shared<Core>(network, settings)) {}
  ~ProbeCollector() override {
    if (!used_) return;
    net::Loop& loop = core_->network.loop();
    loop.Post([core = std::move(core_)] { core->Stop(); });
  }
  ProbeCollector(const ProbeCollector&) = delete;
  ProbeCollector& operator=(const ProbeCollector&) = delete;

  Status Collect(const RoundContext& round, FamilySink& out) override {
    bool changed = !std::exchange(began_, true);
    for (const FoundWatches& group : found_) {
      changed |= group.discovery->Refresh(round.deadline);
      group.discovery->Write("probe", out);
    }
    if (changed) SetWatches(round);
    core_->watches.Emit(out);
    return Unit{};
  }

  OnDemand* on_demand() override { return this; }

  OnDemandReply Answer(const OnDemandRequest& request) override {
    constexpr const char* kHtml = "text/html; charset=utf-8";
    if (request.path == "/probes") return {200, kHtml, HistoryPage(core_->history)};
    if (request.path == "/logs") return Logs(request);
    return ProbeNow(request);
  }

 private:
  void SetWatches(const RoundContext& round) {
    std::vector<WatchSpec> specs = listed_;
    for (const FoundWatches& group : found_) {
      for (WatchSpec& spec : WatchesOf(group)) specs.push_back(std::move(spec));
    }
    if (specs.empty() && !used_) return;  // the loop need not run for this
    used_ = true;
    if (!core_->watches.Set(std::move(specs), core_)) return;
    nanoseconds patience = round.deadline - core_->network.clock().Mono();
    const nanoseconds grace = core_->network.grace();
    if (grace.count() > 0) patience = std::min(patience, grace);
    core_->watches.WaitForFirst(std::chrono::steady_clock::now() +
                                std::min<nanoseconds>(patience, seconds(600)));
  }

  static OnDemandReply Text(int status, std::string line) {
    return {status, "text/plain; charset=utf-8", std::move(line) + "\n"};
  }

  OnDemandReply Logs(const OnDemandRequest& request) {
    const auto id = ParseInt<std::uint64_t>(request.param("id"));
    if (!id) return Text(400, "Invalid probe id");
    const HistoryEntry entry = core_->history.Find(*id);
    if (!entry.module) return Text(404, "Probe id not found");
    return {200, "text/plain; charset=utf-8", DebugPage(entry)};
  }

  OnDemandReply ProbeNow(const OnDemandRequest& request) {
    ProbeJob job;
    std::string_view name = request.param("module");
    if (name.empty()) name = kDefaultModule;
    const auto module = core_->modules.find(name);
    if (module == core_->modules.end()) {
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
    core_->network.loop().Post([core = core_, job, waiter] {
      core->engine.Run(job, 0, [waiter](const std::shared_ptr<const ProbeResult>& result) {
        const MutexLock lock(waiter->mutex);
        waiter->result = result;
        waiter->changed.NotifyAll();
      });
    });
    return waiter->Wait(std::chrono::steady_clock::now() + job.timeout + kGrace);
  }

  const std::vector<WatchSpec> listed_;
  const std::vector<FoundWatches> found_;
  std::shared_ptr<Core> core_;
  bool began_ = false;  // the rounds
  std::atomic<bool> used_ = false;
};

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  TRY_ASSIGN(ProbeSettings settings, ReadProbeSettings(deps));
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
