#include "agent/runtime/agent.h"

#include <prometheus/gauge.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <random>
#include <utility>

#include "agent/http/doors.h"
#include "agent/runtime/agent_metrics.h"
#include "agent/runtime/collector_output.h"
#include "agent/runtime/leak_file.h"
#include "agent/runtime/memory.h"
#include "agent/web/web_policy.h"
#include "base/log.h"
#include "collectors/plugin/collectable.h"
#include "notify/system_transport.h"

namespace tocsin {
namespace {

constexpr std::size_t kWorkers = 2;
/// Clients served at once; each thread costs some 30 KB.
constexpr int kHttpThreads = 16;
constexpr milliseconds kStoreInterval = seconds(5);
constexpr milliseconds kReleaseInterval = seconds(30);
/// The collector of the agent's own metrics.
constexpr std::string_view kSelf = "agent";
constexpr milliseconds kSelfInterval = seconds(5);
constexpr milliseconds kSelfTimeout = seconds(5);

/// What a Prometheus that scraped this agent would put on every series.
Labels TargetLabels(const Settings& settings) {
  std::string instance = settings.instance;
  if (instance.empty()) {
    std::array<char, 256> name{};
    instance = ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "localhost";
  }
  return Labels{{"instance", instance}, {"job", settings.job}};
}

/// The labels that an alert about this agent itself has.
Labels AlertIdentity(const Settings& settings) {
  LabelsBuilder labels(settings.external_labels);
  for (const LabelView label : TargetLabels(settings)) labels.Set(label.name, label.value);
  return labels.Build();
}

promql::EngineOptions EngineOf(const QuerySettings& query) {
  promql::EngineOptions options;
  options.compat = query.compat_v2 ? promql::Compat::kV2 : promql::Compat::kV3;
  options.lookback_ms = query.lookback.count();
  options.max_samples = query.max_samples;
  return options;
}

std::string ExternalUrl(const WebSettings& web, http::Scheme scheme) {
  if (web.external_url.empty()) return http::UrlOf(web.listen_addresses.front(), scheme);
  std::string url = web.external_url;
  while (url.ends_with('/')) url.pop_back();
  return url;
}

/// A disk that cannot be written costs only the links that a restart ends.
std::string LinkKey(const std::string& directory) {
  auto kept = notify::KeepLinkKey(directory);
  if (kept) return *std::move(kept);
  LogError("links in pages will end with this process", {{"error", kept.error().message()}});
  return notify::NewLinkKey();
}

/// At their places in the file, if they stand there and not on the command line.
void CheckListenAddresses(const Settings& settings, bool by_flag, YamlErrors& errors) {
  const YamlNode* list = by_flag ? nullptr : settings.file.root->Find("web");
  if (list) list = list->Find("listen_addresses");
  for (std::size_t i = 0; i < settings.web.listen_addresses.size(); ++i) {
    const auto address = http::ParseListenAddress(settings.web.listen_addresses[i]);
    if (address) continue;
    const bool in_file = list && i < list->items.size();
    errors.Note(in_file ? settings.file.At(*list->items[i], address.error().message())
                        : address.error());
  }
}

/// Says what of a reloaded configuration only a restart can bring into force.
void WarnOfRestart(const StartSettings& in_force, const StartSettings& now) {
  WebSettings web = now.web;
  web.external_url = in_force.web.external_url;  // is in force
  std::string sections;
  const auto note = [&](bool same, std::string_view section) {
    if (!same) sections.append(sections.empty() ? "" : ", ").append(section);
  };
  note(now.identity == in_force.identity, "global");
  note(web == in_force.web, "web");
  note(now.storage == in_force.storage, "storage");
  note(now.cache_max_bytes == in_force.cache_max_bytes && now.cache_ttl == in_force.cache_ttl,
       "query");
  if (sections.empty()) return;
  LogWarn("some of what changed takes effect at the next start only", {{"sections", sections}});
}

StartSettings StartSettingsOf(const Settings& settings) {
  return {TargetLabels(settings), settings.web, settings.storage, settings.query.cache_max_bytes,
          settings.query.cache_ttl};
}

}  // namespace

Error ConfigurationResult::FirstError() const {
  const Error& first = errors.front();
  if (errors.size() == 1) return first;
  return {first.code(), first.message() + "\n(and " + std::to_string(errors.size() - 1) +
                            " more: `tocsin check` names all)"};
}

ConfigurationResult LoadConfiguration(const Flags& flags, std::shared_ptr<net::Network> network) {
  ConfigurationResult result;
  const auto noted = std::make_shared<YamlErrors>();
  auto settings = LoadSettings(flags, noted);
  if (!settings) {
    result.errors.push_back(std::move(settings).error());
    return result;
  }
  CheckListenAddresses(*settings, !flags.listen_addresses.empty(), *noted);
  {
    // Collectors check their own settings as they are made.
    const auto host = MakeCollectorHost(*settings, std::move(network));
    if (auto made = MakeCollectors(*host); !made) noted->Note(std::move(made).error());
  }
  http::Scheme scheme = http::Scheme::kHttp;
  if (const std::string& file = settings->web.config_file; !file.empty()) {
    auto checked = web::CheckWebConfig(file);
    if (checked) {
      scheme = *checked;
    } else {
      noted->Note(std::move(checked).error());
    }
  }
  std::string url = ExternalUrl(settings->web, scheme);
  auto notify = notify::ReadNotifyConfig(settings->file, *settings->notify,
                                         {.external_url = url,
                                          .config_file = flags.notify_config.value_or(""),
                                          .identity = AlertIdentity(*settings)});
  if (!notify) noted->Note(notify.error());
  RuleSet rules = LoadRules(settings->rules.files);
  settings->file.errors = nullptr;  // from here on other threads read it
  result.errors = std::move(noted->found);
  std::move(rules.errors.begin(), rules.errors.end(), std::back_inserter(result.errors));
  result.errors = InFileOrder(std::move(result.errors));
  if (result.errors.empty()) {
    result.loaded = {*std::move(settings), std::move(rules), *std::move(notify), scheme,
                     std::move(url)};
  }
  return result;
}

Result<std::unique_ptr<Agent>> Agent::Start(Flags flags, const Clock& clock) {
  const auto network = std::make_shared<net::Network>(clock);
  ConfigurationResult configuration = LoadConfiguration(flags, network);
  if (!configuration.loaded) return configuration.FirstError();
  LoadedConfiguration loaded = *std::move(configuration.loaded);
  const Settings& settings = loaded.settings;
  TRY_ASSIGN(auto store, store::Store::Open({.retention = settings.storage.retention,
                                             .max_bytes = settings.storage.max_bytes,
                                             .max_series = settings.storage.max_series,
                                             .directory = settings.storage.path},
                                            clock.Wall()));
  TRY_ASSIGN(auto transport, notify::MakeSystemTransport(clock));
  std::unique_ptr<notify::StateStore> state;
  std::string link_key;
  if (!settings.storage.path.empty()) {
    TRY_ASSIGN(state, notify::StateStore::Open({settings.storage.path, {}}, clock.Wall()));
    link_key = LinkKey(settings.storage.path);
  } else {
    link_key = notify::NewLinkKey();
  }
  const WebSettings web = settings.web;
  const http::Scheme scheme = loaded.scheme;
  const std::string folder = settings.storage.path;
  std::unique_ptr<Agent> agent(
      new Agent(std::move(flags), clock, network, std::move(store),
                {std::move(transport), std::move(state), std::move(link_key)}, settings));
  TRY(agent->Apply(std::move(loaded)));
  ReleaseUnusedMemory();  // so that the server's buffers lie in pages that nobody has touched
  TRY(agent->Listen(web, scheme));
  if (!folder.empty()) agent->rules_.RestoreLeaks(LoadLeaks(folder));
  agent->rules_.Restore(agent->notifications_.TakeAlertRecords());
  agent->notifications_.Start();
  agent->rules_.Start();
  agent->keeper_ = std::thread([a = agent.get()] { a->KeepStore(); });
  ReleaseUnusedMemory();
  return agent;
}

Agent::Agent(Flags flags, const Clock& clock, std::shared_ptr<net::Network> network,
             std::unique_ptr<store::Store> store, Delivery delivery, const Settings& settings)
    : flags_(std::move(flags)),
      clock_(clock),
      network_(std::move(network)),
      started_(clock.Wall()),
      telemetry_(started_),
      store_(std::move(store)),
      storage_(*store_),
      page_(board_),
      fs_(MakeHostFs(settings.paths)),
      page_context_({clock, storage_, *fs_,
                     [this](const Labels& alert) { return rules_.FindRule(alert); },
                     [](milliseconds time) { std::this_thread::sleep_for(time); }}),
      keeps_state_(delivery.state != nullptr),
      in_force_(StartSettingsOf(settings)),
      notifications_(clock, {.transport = std::move(delivery.transport),
                             .seed = std::random_device{}(),
                             .state = std::move(delivery.state),
                             .link_key = std::move(delivery.link_key),
                             .context = &page_context_}),
      watchdog_(clock),
      rules_({clock, *store_, storage_,
              [this](std::span<const AlertEvent> events) { notifications_.Send(events); },
              SaveAlerts(),
              [this] {
                notifications_.NoteEvaluation();
                watchdog_.Alive();
              },
              SaveFoundLeaks(settings.storage.path)}),
      collectors_(
          clock, kWorkers,
          [this, limits = store::SourceLimits{settings.storage.max_series_per_collector,
                                              TargetLabels(settings)}](const std::string& name) {
            return MakeCollectorOutput(board_, name, store_->OpenSource(name, limits));
          }),
      query_(storage_, clock),
      range_cache_(settings.query.cache_max_bytes, settings.query.cache_ttl) {
  AddAgentMetrics({clock_, collectors_, page_, *store_, rules_, notifications_, range_cache_},
                  telemetry_);
  telemetry_.reload_successful.Set(1);  // before it is first collected: the start was one
  collectors_.AddPermanent({std::string(kSelf), "agent", kSelfInterval, kSelfTimeout,
                            MakeCollectableCollector(telemetry_.Collectable())});
}

// The workers use what is destroyed next, so a start that fails waits for their rounds too.
Agent::~Agent() { Stop(seconds(2)); }

std::function<void(std::span<const AlertRecord>)> Agent::SaveAlerts() {
  if (!keeps_state_) return {};
  return [this](std::span<const AlertRecord> records) { notifications_.SaveAlerts(records); };
}

std::function<void(std::span<const LeakRecord>)> Agent::SaveFoundLeaks(const std::string& folder) {
  if (folder.empty()) return {};
  return [folder](std::span<const LeakRecord> records) { SaveLeaks(folder, records); };
}

Status Agent::Listen(const WebSettings& web, http::Scheme scheme) {
  api::AddRoutes({clock_, *network_, page_, board_, *store_, collectors_, rules_, notifications_,
                  storage_, query_, range_cache_, [this] { return Served(); },
                  [this] { return Reload(); }, web.telemetry_path, web.cors_origin},
                 router_);
  scheme_ = scheme;
  std::shared_ptr<web::WebPolicy> policy;
  if (!web.config_file.empty()) {
    TRY_ASSIGN(policy, web::WebPolicy::Load(web.config_file, clock_));
  }
  TRY_ASSIGN(server_, http::StartDoors(
                          {.listen_addresses = web.listen_addresses, .threads = kHttpThreads},
                          [this](const http::Request& request) { return router_.Handle(request); },
                          std::move(policy)));
  return Unit{};
}

Status Agent::Apply(LoadedConfiguration loaded) {
  const auto host = MakeCollectorHost(std::move(loaded.settings), network_, in_force_.storage.path);
  const Settings& settings = host->settings;
  TRY(collectors_.Apply(host));
  ConfigureLog(settings.log.level, settings.log.format);
  const promql::EngineOptions engine = EngineOf(settings.query);
  const std::string& url = loaded.external_url;
  rules_.Apply(std::move(loaded.rules),
               {.evaluation_interval = settings.rules.evaluation_interval,
                .settling = settings.rules.settling,
                .external_labels = settings.external_labels,
                .external_url = url,
                .leak_time_scale = settings.rules.leak_time_scale},
               engine);
  notifications_.Apply(loaded.notify);
  telemetry_.reload_successful.Set(1);
  telemetry_.reload_success_time.Set(ToSeconds(clock_.Wall()));

  auto served = std::make_shared<api::ServedSettings>();
  served->config = settings.file;
  served->external_labels = settings.external_labels;
  served->target_labels = in_force_.identity;
  served->metrics_url = url + settings.web.telemetry_path;
  served->query = {engine, settings.query.timeout, settings.query.max_concurrency};
  served->compat_v2 = settings.query.compat_v2;
  served->runtime = {started_, true, clock_.Wall(), in_force_.storage.retention};
  const MutexLock lock(mutex_);
  if (served_) WarnOfRestart(in_force_, StartSettingsOf(settings));
  served_ = std::move(served);
  return Unit{};
}

Status Agent::Reload() {
  const MutexLock reloading(reload_mutex_);
  ConfigurationResult configuration = LoadConfiguration(flags_, network_);
  Status applied = configuration.loaded ? Apply(*std::move(configuration.loaded))
                                        : Status(Joined(configuration.errors));
  ReleaseUnusedMemory();
  if (!applied) telemetry_.reload_successful.Set(0);
  collectors_.RunNow(kSelf);  // whoever reloads looks at once how that went
  if (applied) {
    LogInfo("configuration reloaded");
    return applied;
  }
  const std::vector<Error>& errors = configuration.errors;
  LogError("configuration not reloaded, the old one stays in force",
           {{"error", errors.empty() ? applied.error().message() : errors[0].message()},
            {"errors", std::to_string(std::max<std::size_t>(errors.size(), 1))}});
  const MutexLock lock(mutex_);
  auto served = std::make_shared<api::ServedSettings>(*served_);
  served->runtime.reload_successful = false;
  served_ = std::move(served);
  return applied;
}

std::vector<std::string> Agent::addresses() const {
  std::vector<std::string> shown = server_->addresses();
  const std::string_view scheme = scheme_ == http::Scheme::kHttps ? "https://" : "http://";
  for (std::string& address : shown) {
    if (!address.starts_with("unix:")) address.insert(0, scheme);
  }
  return shown;
}

std::shared_ptr<const api::ServedSettings> Agent::Served() const {
  const MutexLock lock(mutex_);
  return served_;
}

void Agent::KeepStore() {
  pthread_setname_np(pthread_self(), "tocsin-store");
  MonoTime released = clock_.Mono();
  MutexLock lock(mutex_);
  while (!stopping_) {
    mutex_.unlock();
    store_->Maintain(clock_.Wall());
    if (const MonoTime now = clock_.Mono(); now - released >= kReleaseInterval) {
      page_.Trim();
      ReleaseUnusedMemory();
      released = now;
    }
    mutex_.lock();
    if (!stopping_) stop_changed_.WaitUntil(mutex_, clock_.Mono() + kStoreInterval);
  }
}

bool Agent::Stop(milliseconds patience) {
  {
    const MutexLock lock(mutex_);
    if (stopping_) return true;
    stopping_ = true;
  }
  stop_changed_.NotifyAll();
  const bool answered = !server_ || server_->Stop(patience / 8);
  rules_.Stop();
  const bool all_ended = collectors_.Stop(patience / 4);
  notifications_.Drain(clock_.Mono() + patience / 2);
  if (keeper_.joinable()) keeper_.join();
  store_->Flush(clock_.Wall());
  return all_ended && answered;
}

}  // namespace tocsin
