#pragma once
// The daemon: its parts, their order of life, reload and end.

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "agent/api/query.h"
#include "agent/api/result_cache.h"
#include "agent/api/routes.h"
#include "agent/http/router.h"
#include "agent/http/server.h"
#include "agent/runtime/board.h"
#include "agent/runtime/collector_set.h"
#include "agent/runtime/page_context.h"
#include "agent/runtime/rule_runner.h"
#include "agent/runtime/service_manager.h"
#include "agent/runtime/store_queryable.h"
#include "agent/runtime/telemetry.h"
#include "agent/settings.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "metrics/exposition/page.h"
#include "metrics/store/store.h"
#include "notify/service.h"

namespace tocsin {

/// Everything of a configuration that can be wrong, loaded and found right.
struct LoadedConfiguration {
  Settings settings;
  RuleSet rules;
  notify::NotifyConfig notify;
  http::Scheme scheme = http::Scheme::kHttp;  // of the agent's addresses
  std::string external_url;                   // without a slash at its end
};

/// A configuration that is good, or all that is wrong with it.
struct ConfigurationResult {
  std::optional<LoadedConfiguration> loaded;
  /// In file order, each "file:line:column: what, and what was meant", maybe with more lines (the
  /// expression at fault and a caret). If there is any, nothing is loaded.
  std::vector<Error> errors;

  /// The first error, and how many more there are. There is at least one.
  Error FirstError() const;
};

/// What stays as it was at the start, whatever a reload says.
struct StartSettings {
  Labels identity;  // of the agent's own series
  WebSettings web;  // but for external_url
  StorageSettings storage;
  std::uint64_t cache_max_bytes = 0;
  milliseconds cache_ttl{0};
};

/// Loads the configuration and all files it names.
ConfigurationResult LoadConfiguration(const Flags& flags, std::shared_ptr<net::Network> network);

/// Threads: those of its parts, and "tocsin-store", which writes and expires samples.
class Agent {
 public:
  /// Serves before it returns. `clock` outlives it. Errors: what is wrong with the configuration,
  /// kIo for addresses that cannot be listened on, kInvalid when another agent uses the storage.
  static Result<std::unique_ptr<Agent>> Start(Flags flags, const Clock& clock);
  ~Agent();

  /// Loads the configuration again; one that does not load changes nothing. Errors: all that is
  /// wrong with it. Any thread.
  Status Reload() EXCLUDES(reload_mutex_);

  /// Where it listens, as "http://127.0.0.1:9909" or "unix:/path".
  std::vector<std::string> addresses() const;

  /// Stops collecting, evaluates no more, delivers what can be delivered, writes what is not
  /// written. True if no thread is left behind in a collector or client that hangs.
  bool Stop(milliseconds patience);

 private:
  /// What notifications need of the host.
  struct Delivery {
    std::unique_ptr<notify::Transport> transport;
    std::unique_ptr<notify::StateStore> state;  // null: nothing is kept on disk
    std::string link_key;
  };
  Agent(Flags flags, const Clock& clock, std::shared_ptr<net::Network> network,
        std::unique_ptr<store::Store> store, Delivery delivery, const Settings& settings);
  std::function<void(std::span<const AlertRecord>)> SaveAlerts();
  std::function<void(std::span<const LeakRecord>)> SaveFoundLeaks(const std::string& folder);
  Status Apply(LoadedConfiguration loaded);
  Status Listen(const WebSettings& web, http::Scheme scheme);
  void KeepStore();
  std::shared_ptr<const api::ServedSettings> Served() const;

  const Flags flags_;
  const Clock& clock_;
  const std::shared_ptr<net::Network> network_;
  const WallTime started_;
  Telemetry telemetry_;
  std::unique_ptr<store::Store> store_;
  StoreQueryable storage_;
  Board board_;
  exposition::Page page_;
  const std::unique_ptr<HostFs> fs_;
  HostPageContext page_context_;
  const bool keeps_state_;
  const StartSettings in_force_;
  notify::Notifications notifications_;
  Watchdog watchdog_;  // the rules' thread's
  RuleRunner rules_;
  CollectorSet collectors_;
  api::QueryApi query_;
  api::ResultCache range_cache_;
  http::Router router_;
  std::unique_ptr<http::Server> server_;
  http::Scheme scheme_ = http::Scheme::kHttp;

  Mutex reload_mutex_;  // one reload at a time
  mutable Mutex mutex_;
  CondVar stop_changed_;
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::shared_ptr<const api::ServedSettings> served_ GUARDED_BY(mutex_);
  std::thread keeper_;
};

}  // namespace tocsin
