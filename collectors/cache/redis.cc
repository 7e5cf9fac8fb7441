#include <array>
#include <utility>

#include "collectors/cache/cache.h"
#include "collectors/cache/redis_families.h"
#include "collectors/cache/redis_info.h"
#include "collectors/cache/redis_sentinel.h"
#include "collectors/net/network.h"
#include "collectors/net/target_collector.h"
#include "collectors/net/target_settings.h"

namespace tocsin {
namespace {

using net::Reply;

constexpr std::size_t kMaxMasters = 100;  // of one sentinel
/// What Redis has where nobody may ask for its settings.
constexpr std::size_t kUsualDatabases = 16;
constexpr std::array<std::string_view, 4> kSettings{"databases", "maxclients", "maxmemory",
                                                    "io-threads"};

class RedisTarget final : public net::Target {
 public:
  RedisTarget(net::Network& network, net::RedisAddress address, RedisOptions options)
      : network_(network), options_(std::move(options)), connection_(network, std::move(address)) {}

  void Start(const net::TargetRound& round, FamilySink& out, net::TargetDone done) override;
  void Cancel() override {
    connection_.End();
    done_ = nullptr;
  }
  void WriteDown(const net::Failure& failure, FamilySink& out) override {
    out.Add(redis::kUp, {}, 0);
    out.Add(redis::kLastError, {{"err", failure.message}}, 1);
  }

 private:
  /// Sends a command that the round waits for.
  template <class Told>
  void Ask(std::initializer_list<std::string_view> words, Told told) {
    ++waiting_;
    connection_.Send(words, [this, told = std::move(told)](const Reply& reply) {
      told(reply);
      if (--waiting_ == 0) Finish();
    });
  }
  void AskSettings();
  void OnInfo(const Reply& reply);
  void AskSentinel();
  void Finish();
  void End(std::optional<net::Failure> failure);

  net::Network& network_;
  const RedisOptions options_;
  net::RedisConnection connection_;
  net::TargetRound round_{};
  FamilySink* out_ = nullptr;
  net::TargetDone done_;
  int waiting_ = 0;
  std::size_t databases_ = kUsualDatabases;
  std::string info_;
  redis::InfoSummary summary_;
  std::optional<net::Failure> refused_;
};

void RedisTarget::Start(const net::TargetRound& round, FamilySink& out, net::TargetDone done) {
  round_ = round;
  out_ = &out;
  done_ = std::move(done);
  waiting_ = 0;
  databases_ = kUsualDatabases;
  refused_.reset();
  connection_.Begin(round.deadline, [this](const net::Failure& failure) { End(failure); });
  AskSettings();
  Ask({"INFO", "ALL"}, [this](const Reply& reply) { OnInfo(reply); });
  Ask({"LATENCY", "LATEST"}, [this](const Reply& reply) { redis::AddLatencyLatest(reply, *out_); });
  if (options_.latency_histograms) {
    Ask({"LATENCY", "HISTOGRAM"},
        [this](const Reply& reply) { redis::AddLatencyHistograms(reply, info_, *out_); });
  }
  Ask({"SLOWLOG", "LEN"}, [this](const Reply& reply) {
    if (reply.IsInteger()) {
      out_->Add(redis::kSlowlogLength, {}, static_cast<double>(reply.integer));
    }
  });
  Ask({"SLOWLOG", "GET", "1"}, [this](const Reply& reply) {
    if (reply.IsArray()) redis::AddSlowlogEntry(reply, *out_);
  });
}

/// One by one: before Redis 7, CONFIG GET takes one name. A server that keeps its settings to
/// itself answers with an error, which costs only them.
void RedisTarget::AskSettings() {
  for (const std::string_view name : kSettings) {
    Ask({options_.config_command, "GET", name},
        [this](const Reply& reply) { databases_ = redis::AddConfig(reply, databases_, *out_); });
  }
}

void RedisTarget::OnInfo(const Reply& reply) {
  if (!reply.IsString()) {
    const bool denied = reply.text.starts_with("NOPERM");
    refused_ = net::Failure{
        denied ? net::Reason::kAuth : net::Reason::kRefused,
        "INFO: " + (reply.IsError() ? reply.text : std::string("the answer is no text"))};
    return;
  }
  info_ = reply.text;
  const bool cluster = info_.find("cluster_enabled:1") != std::string::npos;
  summary_ = redis::AddInfo(info_, cluster ? 1 : databases_, round_.now, *out_);
  if (summary_.cluster_enabled) {
    Ask({"CLUSTER", "INFO"}, [this](const Reply& cluster_info) {
      if (cluster_info.IsString()) redis::AddClusterInfo(cluster_info.text, *out_);
    });
  }
  if (summary_.sentinel) AskSentinel();
}

void RedisTarget::AskSentinel() {
  Ask({"SENTINEL", "MASTERS"}, [this](const Reply& reply) {
    for (const auto& master : redis::ParseSentinelMasters(reply, kMaxMasters)) {
      Ask({"SENTINEL", "CKQUORUM", master.name},
          [this, master](const Reply& quorum) { redis::AddSentinelQuorum(master, quorum, *out_); });
      Ask({"SENTINEL", "SENTINELS", master.name},
          [this, master](const Reply& peers) { redis::AddOkSentinels(master, peers, *out_); });
      Ask({"SENTINEL", "SLAVES", master.name},
          [this, master](const Reply& replicas) { redis::AddOkReplicas(master, replicas, *out_); });
    }
  });
}

void RedisTarget::Finish() {
  const nanoseconds connect_time = connection_.connect_time();
  connection_.End();
  if (refused_) return End(std::move(refused_));
  out_->Add(redis::kUp, {}, 1);
  out_->Add(redis::kLastError, {{"err", ""}}, 0);
  out_->Add(redis::kLastConnect, {}, ToSeconds(connect_time));
  out_->Add(redis::kLastDuration, {}, ToSeconds(network_.loop().Now() - round_.began));
  shapes::AddCacheShape("redis", summary_.counts, *out_);
  End(std::nullopt);
}

void RedisTarget::End(std::optional<net::Failure> failure) {
  out_ = nullptr;
  if (const auto done = std::exchange(done_, nullptr)) done(std::move(failure));
}

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  YamlFields fields(deps.file, deps.settings, "redis");
  RedisOptions options;
  TRY_ASSIGN(options.latency_histograms, fields.Read("latency_histograms", YamlBool, false));
  TRY_ASSIGN(options.config_command, fields.Read("config_command", YamlString, "CONFIG"));
  net::TargetPoolOptions pool{.collector = "redis"};
  TRY_ASSIGN(pool.timeout, fields.Read("target_timeout", YamlDuration, pool.timeout));
  TRY_ASSIGN(auto targets,
             net::ReadTargets(
                 fields, "targets",
                 [&](YamlFields& of, const std::string& text, net::TargetSpec& spec) -> Status {
                   TRY_ASSIGN(auto address, net::RedisAddress::Parse(text));
                   TRY(net::ReadRedisFields(of, address));
                   spec.make = [address, options](net::Network& network) {
                     return MakeRedisTarget(network, address, options);
                   };
                   return Unit{};
                 }));
  net::RedisAddress access;  // of those that are found
  TRY(net::ReadRedisFields(fields, access));
  return net::MakeTargetCollector(
      deps, fields, std::move(pool), std::move(targets),
      [access, options](net::Network& network,
                        const std::string& text) -> Result<std::unique_ptr<net::Target>> {
        TRY_ASSIGN(auto address, net::ParseRedisAddress(text, access));
        return MakeRedisTarget(network, std::move(address), options);
      });
}

constexpr std::array kFlags{
    CollectorFlag{"redis.target-timeout", "target_timeout", "How long one Redis may take.", "5s"},
    CollectorFlag{"redis.latency-histograms", "latency_histograms",
                  "Also export the histogram of each command (Redis 7).", "false"},
    CollectorFlag{"redis.config-command", "config_command", "What CONFIG was renamed to.",
                  "CONFIG"}};

}  // namespace

std::unique_ptr<net::Target> MakeRedisTarget(net::Network& network, net::RedisAddress address,
                                             RedisOptions options) {
  return std::make_unique<RedisTarget>(network, std::move(address), std::move(options));
}

extern const CatalogEntry kRedisCollector{
    .name = "redis",
    .room = "cache",
    .on_by_default = false,
    .interval = seconds(15),
    .help =
        "Redis and Valkey, by INFO, CONFIG, LATENCY, SLOWLOG, CLUSTER INFO and SENTINEL; the "
        "metrics of "
        "redis_exporter.",
    .families = redis::Families(),
    .flags = kFlags,
    .make = &Make,
};

}  // namespace tocsin
