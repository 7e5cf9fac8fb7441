#include "collectors/cache/redis_info.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "base/parse.h"
#include "collectors/cache/redis_families.h"

namespace tocsin::redis {
namespace {

constexpr std::size_t kMaxDatabases = 1'024;
constexpr std::size_t kMaxPercentiles = 16;
constexpr std::size_t kMaxBuckets = 64;

/// "key:value" or "key=value"; an empty key where there is no separator.
std::pair<std::string_view, std::string_view> Split(std::string_view text, char separator) {
  const auto at = text.find(separator);
  if (at == std::string_view::npos) return {};
  return {text.substr(0, at), text.substr(at + 1)};
}

/// Calls `use(key, value)` for each part of "a=1,b=2".
template <class Use>
void ForEachPart(std::string_view text, Use use) {
  while (!text.empty()) {
    const auto comma = text.find(',');
    const auto [key, value] = Split(text.substr(0, comma), '=');
    if (!key.empty()) use(key, value);
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
  }
}

std::string_view PartOf(std::string_view text, std::string_view wanted) {
  std::string_view found;
  ForEachPart(text, [&](std::string_view key, std::string_view value) {
    if (key == wanted) found = value;
  });
  return found;
}

/// A number, or a word that Redis uses for yes and no.
std::optional<double> ValueOf(std::string_view text) {
  if (text == "ok" || text == "true" || text == "up") return 1;
  if (text == "err" || text == "fail" || text == "false" || text == "down") return 0;
  return ParseDouble(text);
}

void AddField(std::string_view field, std::string_view text, FamilySink& out) {
  const FamilySpec* const family = FamilyOf(field);
  const auto value = family ? ValueOf(text) : std::nullopt;
  if (!value) return;
  out.Add(*family, {}, field == "latest_fork_usec" ? *value / 1e6 : *value);
}

struct CommandStat {
  std::string_view command;
  double calls;
  double microseconds;
};

/// Reads INFO from top to bottom.
class InfoReader {
 public:
  InfoReader(std::size_t databases, WallTime now, FamilySink& out)
      : databases_(std::min(databases, kMaxDatabases)), now_(now), out_(out) {}

  InfoSummary Read(std::string_view info);

 private:
  void Line(std::string_view key, std::string_view value);
  void Remember(std::string_view key, std::string_view value);
  void Count(std::string_view key, std::string_view value);
  void AddUptime(std::string_view value);
  void AddCommand(std::string_view command, std::string_view value);
  void AddPercentiles(std::string_view command, std::string_view value);
  bool AddReplication(std::string_view key, std::string_view value);
  void AddReplica(std::string_view value);
  void AddKeyspace(std::string_view database, std::string_view value);
  void AddSentinelMaster(std::string_view value);
  void AddEmptyDatabases();
  void AddInstance();

  /// Fields that instance_info and slave_info are made of.
  enum Known : std::size_t {
    kRole,
    kVersion,
    kBuildId,
    kMode,
    kOs,
    kPolicy,
    kPort,
    kRunId,
    kProcessId,
    kMasterHost,
    kMasterPort,
    kReadOnly,
    kServerTime,
    kKnownCount
  };
  static constexpr std::array<std::string_view, kKnownCount> kKnownFields{"role",
                                                                          "redis_version",
                                                                          "redis_build_id",
                                                                          "redis_mode",
                                                                          "os",
                                                                          "maxmemory_policy",
                                                                          "tcp_port",
                                                                          "run_id",
                                                                          "process_id",
                                                                          "master_host",
                                                                          "master_port",
                                                                          "slave_read_only",
                                                                          "server_time_usec"};

  const std::size_t databases_;
  const WallTime now_;
  FamilySink& out_;
  std::string_view section_;
  std::array<std::string_view, kKnownCount> known_{};
  std::vector<CommandStat> commands_;
  std::vector<std::string_view> seen_databases_;
  std::vector<std::array<LabelView, 3>> replicas_;
  double keys_ = 0;
  InfoSummary summary_;
};

InfoSummary InfoReader::Read(std::string_view info) {
  while (!info.empty()) {
    const std::string_view line = Trim(TakeLine(info));
    if (line.starts_with("# ")) {
      section_ = line.substr(2);
      continue;
    }
    const auto [key, value] = Split(line, ':');
    if (!key.empty()) Line(key, value);
  }
  AddEmptyDatabases();
  AddInstance();
  summary_.sentinel = known_[kMode] == "sentinel";
  if (!summary_.sentinel) summary_.counts.entries = keys_;
  return summary_;
}

void InfoReader::Line(std::string_view key, std::string_view value) {
  Remember(key, value);
  if (section_ == "Commandstats" && key.starts_with("cmdstat_")) {
    return AddCommand(key.substr(8), value);
  }
  constexpr std::string_view kPercentiles = "latency_percentiles_usec_";
  if (section_ == "Latencystats" && key.starts_with(kPercentiles)) {
    return AddPercentiles(key.substr(kPercentiles.size()), value);
  }
  if (section_ == "Errorstats" && key.starts_with("errorstat_")) {
    if (const auto count = ParseDouble(PartOf(value, "count"))) {
      out_.Add(kErrors, {{"err", key.substr(10)}}, *count);
    }
    return;
  }
  if (section_ == "Keyspace" && key.starts_with("db")) return AddKeyspace(key, value);
  if (section_ == "Replication" && AddReplication(key, value)) return;
  if (section_ == "Sentinel" && value.starts_with("name=")) return AddSentinelMaster(value);
  // Valkey repeats CLUSTER INFO within INFO: it is asked for on its own.
  if (section_ == "Cluster Info") return;
  if (key == "uptime_in_seconds") AddUptime(value);
  AddField(key, value, out_);
  Count(key, value);
}

void InfoReader::Remember(std::string_view key, std::string_view value) {
  for (std::size_t i = 0; i < kKnownCount; ++i) {
    if (key == kKnownFields[i]) known_[i] = value;
  }
  if (key == "server_mode" && known_[kMode].empty()) known_[kMode] = value;
}

void InfoReader::Count(std::string_view key, std::string_view value) {
  shapes::CacheCounts& counts = summary_.counts;
  if (key == "keyspace_hits") counts.hits = ParseDouble(value);
  if (key == "keyspace_misses") counts.misses = ParseDouble(value);
  if (key == "evicted_keys") counts.evictions = ParseDouble(value);
  if (key == "used_memory") counts.bytes = ParseDouble(value);
  if (key == "cluster_enabled") summary_.cluster_enabled = value == "1";
}

/// From the server's own clock where it tells it, so that the instant does not shiver.
void InfoReader::AddUptime(std::string_view value) {
  const auto uptime = ParseDouble(value);
  if (!uptime) return;
  const auto server = ParseInt<std::int64_t>(known_[kServerTime]);
  const std::int64_t now = server ? *server / 1'000'000 : ToMillis(now_) / 1'000;
  out_.Add(kStartTime, {}, static_cast<double>(now) - *uptime);
}

void InfoReader::AddCommand(std::string_view command, std::string_view value) {
  const auto calls = ParseDouble(PartOf(value, "calls"));
  const auto microseconds = ParseDouble(PartOf(value, "usec"));
  if (!calls || !microseconds) return;
  const LabelView label{"cmd", command};
  out_.Add(kCommands, {label}, *calls);
  out_.Add(kCommandSeconds, {label}, *microseconds / 1e6);
  const auto rejected = ParseDouble(PartOf(value, "rejected_calls"));
  const auto failed = ParseDouble(PartOf(value, "failed_calls"));
  if (rejected) out_.Add(kCommandsRejected, {label}, *rejected);
  if (failed) out_.Add(kCommandsFailed, {label}, *failed);
  commands_.push_back({command, *calls, *microseconds});
}

void InfoReader::AddPercentiles(std::string_view command, std::string_view value) {
  const auto stat = std::find_if(commands_.begin(), commands_.end(),
                                 [&](const CommandStat& c) { return c.command == command; });
  if (stat == commands_.end()) return;
  std::vector<double> quantiles;
  std::vector<double> values;
  ForEachPart(value, [&](std::string_view percentile, std::string_view text) {
    const auto quantile =
        percentile.starts_with('p') ? ParseDouble(percentile.substr(1)) : std::nullopt;
    const auto microseconds = ParseDouble(text);
    if (!quantile || !microseconds || quantiles.size() == kMaxPercentiles) return;
    quantiles.push_back(*quantile);
    values.push_back(*microseconds);
  });
  const std::array labels{LabelView{"cmd", command}};
  out_.AddSummary(kCommandLatency, labels, {quantiles, values, stat->microseconds, stat->calls});
}

/// KeyDB numbers the fields of several masters: master_1_host.
bool InfoReader::AddReplication(std::string_view key, std::string_view value) {
  const bool of_replica =
      key.starts_with("slave") && key.size() > 5 && key[5] >= '0' && key[5] <= '9';
  if (of_replica) {
    AddReplica(value);
    return true;
  }
  const bool of_master = key.starts_with("master");
  if (of_master && key.ends_with("_host")) known_[kMasterHost] = value;
  if (of_master && key.ends_with("_port")) known_[kMasterPort] = value;
  const std::array labels{LabelView{"master_host", known_[kMasterHost]},
                          LabelView{"master_port", known_[kMasterPort]}};
  if (of_master && key.ends_with("_link_status")) {
    out_.Add(kMasterUp, labels, value == "up");
    return true;
  }
  const FamilySpec* const family = of_master && key.ends_with("_last_io_seconds_ago") ? &kMasterIo
                                   : of_master && key.ends_with("_sync_in_progress")  ? &kMasterSync
                                   : key == "slave_repl_offset"                       ? &kReplOffset
                                                                                      : nullptr;
  if (!family) return false;
  if (const auto number = ParseDouble(value)) out_.Add(*family, labels, *number);
  return true;
}

void InfoReader::AddReplica(std::string_view value) {
  const auto offset = ParseDouble(PartOf(value, "offset"));
  if (!offset) return;
  const std::array labels{LabelView{"slave_ip", PartOf(value, "ip")},
                          LabelView{"slave_port", PartOf(value, "port")},
                          LabelView{"slave_state", PartOf(value, "state")}};
  // Behind an address translation several replicas look like one.
  if (std::find(replicas_.begin(), replicas_.end(), labels) != replicas_.end()) return;
  replicas_.push_back(labels);
  out_.Add(kSlaveOffset, labels, *offset);
  if (const auto lag = ParseDouble(PartOf(value, "lag")); lag && *lag >= 0) {
    out_.Add(kSlaveLag, labels, *lag);
  }
}

void InfoReader::AddKeyspace(std::string_view database, std::string_view value) {
  const auto keys = ParseDouble(PartOf(value, "keys"));
  const auto expires = ParseDouble(PartOf(value, "expires"));
  if (!keys || !expires) return;
  const LabelView label{"db", database};
  out_.Add(kDbKeys, {label}, *keys);
  out_.Add(kDbKeysExpiring, {label}, *expires);
  if (const auto ttl = ParseDouble(PartOf(value, "avg_ttl"))) out_.Add(kDbTtl, {label}, *ttl / 1e3);
  keys_ += *keys;
  seen_databases_.push_back(database);
}

void InfoReader::AddSentinelMaster(std::string_view value) {
  const LabelView name{"master_name", PartOf(value, "name")};
  const LabelView address{"master_address", PartOf(value, "address")};
  const std::string_view status = PartOf(value, "status");
  out_.Add(kSentinelStatus, {name, address, {"master_status", status}}, status == "ok" ? 1 : 0);
  if (const auto replicas = ParseDouble(PartOf(value, "slaves"))) {
    out_.Add(kSentinelSlaves, {name, address}, *replicas);
  }
  if (const auto sentinels = ParseDouble(PartOf(value, "sentinels"))) {
    out_.Add(kSentinelSentinels, {name, address}, *sentinels);
  }
}

void InfoReader::AddEmptyDatabases() {
  std::array<char, 16> text{'d', 'b'};
  for (std::size_t i = 0; i < databases_; ++i) {
    const auto end = std::to_chars(text.data() + 2, text.data() + text.size(), i).ptr;
    const std::string_view name(text.data(), static_cast<std::size_t>(end - text.data()));
    if (std::find(seen_databases_.begin(), seen_databases_.end(), name) != seen_databases_.end()) {
      continue;
    }
    out_.Add(kDbKeys, {{"db", name}}, 0);
    out_.Add(kDbKeysExpiring, {{"db", name}}, 0);
  }
}

void InfoReader::AddInstance() {
  out_.Add(kInstanceInfo,
           {{"role", known_[kRole]},
            {"redis_version", known_[kVersion]},
            {"redis_build_id", known_[kBuildId]},
            {"redis_mode", known_[kMode]},
            {"os", known_[kOs]},
            {"maxmemory_policy", known_[kPolicy]},
            {"tcp_port", known_[kPort]},
            {"run_id", known_[kRunId]},
            {"process_id", known_[kProcessId]}},
           1);
  if (known_[kRole] != "slave") return;
  out_.Add(kSlaveInfo,
           {{"master_host", known_[kMasterHost]},
            {"master_port", known_[kMasterPort]},
            {"read_only", known_[kReadOnly]}},
           1);
}

/// What all calls of a command took, its subcommands ("config|get") among them.
double MicrosecondsOf(std::string_view command, std::string_view info) {
  double sum = 0;
  while (!info.empty()) {
    auto [key, value] = Split(Trim(TakeLine(info)), ':');
    if (!key.starts_with("cmdstat_")) continue;
    key.remove_prefix(8);
    if (key != command && !(key.starts_with(command) && key[command.size()] == '|')) continue;
    sum += ParseDouble(PartOf(value, "usec")).value_or(0);
  }
  return sum;
}

}  // namespace

InfoSummary AddInfo(std::string_view info, std::size_t databases, WallTime now, FamilySink& out) {
  return InfoReader(databases, now, out).Read(info);
}

void AddClusterInfo(std::string_view info, FamilySink& out) {
  while (!info.empty()) {
    const auto [key, value] = Split(Trim(TakeLine(info)), ':');
    if (key.starts_with("cluster_")) AddField(key, value, out);
  }
}

std::size_t AddConfig(const net::Reply& reply, std::size_t databases, FamilySink& out) {
  for (std::size_t i = 0; i + 1 < reply.elements.size(); i += 2) {
    const std::string& name = reply.elements[i].text;
    const auto value = ParseDouble(reply.elements[i + 1].text);
    if (!value) continue;
    if (name == "databases" && *value >= 0) {
      databases = static_cast<std::size_t>(std::min(*value, 1e6));
    }
    const FamilySpec* const family = name == "maxclients"   ? &kMaxClients
                                     : name == "maxmemory"  ? &kMaxMemory
                                     : name == "io-threads" ? &kIoThreads
                                                            : nullptr;
    if (family) out.Add(*family, {}, *value);
  }
  return databases;
}

void AddLatencyLatest(const net::Reply& reply, FamilySink& out) {
  for (const net::Reply& event : reply.elements) {
    if (event.elements.size() < 3 || !event.elements[0].IsString()) continue;
    const LabelView label{"event_name", event.elements[0].text};
    out.Add(kSpikeLast, {label}, static_cast<double>(event.elements[1].integer));
    out.Add(kSpikeSeconds, {label}, static_cast<double>(event.elements[2].integer) / 1e3);
  }
}

void AddLatencyHistograms(const net::Reply& reply, std::string_view info, FamilySink& out) {
  for (std::size_t i = 0; i + 1 < reply.elements.size(); i += 2) {
    const net::Reply& details = reply.elements[i + 1];
    if (!reply.elements[i].IsString() || details.elements.size() < 4) continue;
    const std::vector<net::Reply>& buckets = details.elements[3].elements;
    std::vector<double> bounds;
    std::vector<double> cumulative;
    for (std::size_t j = 0; j + 1 < buckets.size() && bounds.size() < kMaxBuckets; j += 2) {
      bounds.push_back(static_cast<double>(buckets[j].integer));
      cumulative.push_back(static_cast<double>(buckets[j + 1].integer));
    }
    const std::string& command = reply.elements[i].text;
    const std::array labels{LabelView{"cmd", command}};
    out.AddHistogram(kCommandHistogram, labels,
                     {bounds, cumulative, MicrosecondsOf(command, info),
                      static_cast<double>(details.elements[1].integer)});
  }
}

void AddSlowlogEntry(const net::Reply& reply, FamilySink& out) {
  double id = 0;
  double duration = 0;
  if (!reply.elements.empty() && reply.elements[0].elements.size() >= 3) {
    id = static_cast<double>(reply.elements[0].elements[0].integer);
    duration = static_cast<double>(reply.elements[0].elements[2].integer) / 1e6;
  }
  out.Add(kSlowlogLast, {}, id);
  out.Add(kSlowlogSeconds, {}, duration);
}

}  // namespace tocsin::redis
