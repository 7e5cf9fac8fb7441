#pragma once
// The metrics of a Redis or Valkey, as redis_exporter names and types them.

#include <array>
#include <span>
#include <string_view>

#include "collectors/cache/cache_shape.h"
#include "metrics/family.h"

namespace tocsin::redis {

struct InfoField {
  std::string_view field;
  FamilySpec family;
};

// Those that are not one number of one field.
inline constexpr FamilySpec kUp{"redis_up", MetricType::kGauge, "Whether the Redis answers."};
inline constexpr FamilySpec kLastError{"redis_exporter_last_scrape_error", MetricType::kGauge,
                                       "1 if the last round failed, with what went wrong."};
inline constexpr FamilySpec kLastDuration{"redis_exporter_last_scrape_duration_seconds",
                                          MetricType::kGauge, "How long the last round took."};
inline constexpr FamilySpec kLastConnect{"redis_exporter_last_scrape_connect_time_seconds",
                                         MetricType::kGauge,
                                         "How long connecting took; 0 for a kept connection."};
inline constexpr FamilySpec kInstanceInfo{"redis_instance_info", MetricType::kGauge,
                                          "Version, role and mode; always 1."};
inline constexpr FamilySpec kStartTime{"redis_start_time_seconds", MetricType::kGauge,
                                       "When the server started, in Unix time."};
inline constexpr FamilySpec kDbKeys{"redis_db_keys", MetricType::kGauge, "Keys of a database."};
inline constexpr FamilySpec kDbKeysExpiring{"redis_db_keys_expiring", MetricType::kGauge,
                                            "Keys of a database that have a time to live."};
inline constexpr FamilySpec kDbTtl{"redis_db_avg_ttl_seconds", MetricType::kGauge,
                                   "Mean time to live of those keys."};
inline constexpr FamilySpec kCommands{"redis_commands_total", MetricType::kCounter,
                                      "Calls of a command."};
inline constexpr FamilySpec kCommandSeconds{"redis_commands_duration_seconds_total",
                                            MetricType::kCounter,
                                            "Time that calls of a command took."};
inline constexpr FamilySpec kCommandsRejected{"redis_commands_rejected_calls_total",
                                              MetricType::kCounter,
                                              "Calls of a command that were refused unexecuted."};
inline constexpr FamilySpec kCommandsFailed{"redis_commands_failed_calls_total",
                                            MetricType::kCounter,
                                            "Calls of a command that failed as it ran."};
inline constexpr FamilySpec kCommandLatency{"redis_latency_percentiles_usec", MetricType::kSummary,
                                            "Time that a call takes, in microseconds."};
inline constexpr FamilySpec kErrors{"redis_errors_total", MetricType::kCounter,
                                    "Errors told to clients, by their first word."};
inline constexpr FamilySpec kSlaveOffset{"redis_connected_slave_offset_bytes", MetricType::kGauge,
                                         "How far a replica has come in the stream."};
inline constexpr FamilySpec kSlaveLag{"redis_connected_slave_lag_seconds", MetricType::kGauge,
                                      "Time since a replica was last heard of."};
inline constexpr FamilySpec kMasterUp{"redis_master_link_up", MetricType::kGauge,
                                      "Whether this replica is connected to its master."};
inline constexpr FamilySpec kMasterIo{"redis_master_last_io_seconds_ago", MetricType::kGauge,
                                      "Time since this replica last heard of its master."};
inline constexpr FamilySpec kMasterSync{"redis_master_sync_in_progress", MetricType::kGauge,
                                        "Whether this replica is being filled by its master."};
inline constexpr FamilySpec kReplOffset{"redis_slave_repl_offset", MetricType::kGauge,
                                        "How far this replica has come in the stream."};
inline constexpr FamilySpec kSlaveInfo{"redis_slave_info", MetricType::kGauge,
                                       "Whose replica this is; always 1."};
inline constexpr FamilySpec kMaxClients{"redis_config_maxclients", MetricType::kGauge,
                                        "The setting maxclients."};
inline constexpr FamilySpec kMaxMemory{"redis_config_maxmemory", MetricType::kGauge,
                                       "The setting maxmemory, in bytes; 0: no limit."};
inline constexpr FamilySpec kIoThreads{"redis_config_io_threads", MetricType::kGauge,
                                       "The setting io-threads."};
inline constexpr FamilySpec kSlowlogLength{"redis_slowlog_length", MetricType::kGauge,
                                           "Entries of the slow log."};
inline constexpr FamilySpec kSlowlogLast{"redis_slowlog_last_id", MetricType::kGauge,
                                         "Number of the newest entry of the slow log."};
inline constexpr FamilySpec kSlowlogSeconds{"redis_last_slow_execution_duration_seconds",
                                            MetricType::kGauge,
                                            "How long the newest slow command took."};
inline constexpr FamilySpec kSpikeLast{"redis_latency_spike_last", MetricType::kGauge,
                                       "When an event was last slow, in Unix time."};
inline constexpr FamilySpec kSpikeSeconds{"redis_latency_spike_duration_seconds",
                                          MetricType::kGauge, "How slow an event last was."};
inline constexpr FamilySpec kCommandHistogram{"redis_commands_latencies_usec",
                                              MetricType::kHistogram,
                                              "Time that a call takes, in microseconds."};
inline constexpr FamilySpec kSentinelStatus{"redis_sentinel_master_status", MetricType::kGauge,
                                            "1 if a sentinel sees a master as ok."};
inline constexpr FamilySpec kSentinelSlaves{"redis_sentinel_master_slaves", MetricType::kGauge,
                                            "Replicas of a master that a sentinel knows."};
inline constexpr FamilySpec kSentinelSentinels{
    "redis_sentinel_master_sentinels", MetricType::kGauge, "Sentinels that watch a master."};

inline constexpr FamilySpec kSentinelOkSlaves{"redis_sentinel_master_ok_slaves", MetricType::kGauge,
                                              "Replicas of a master that are not down."};
inline constexpr FamilySpec kSentinelOkSentinels{
    "redis_sentinel_master_ok_sentinels", MetricType::kGauge,
    "Sentinels of a master that are not down, the one that is asked among them."};
inline constexpr FamilySpec kSentinelQuorum{
    "redis_sentinel_master_ckquorum_status", MetricType::kGauge,
    "1 if the sentinels of a master can agree on a failover, with what they say."};

inline constexpr std::array kLabelled{kUp,
                                      kLastError,
                                      kLastDuration,
                                      kLastConnect,
                                      kInstanceInfo,
                                      kStartTime,
                                      kDbKeys,
                                      kDbKeysExpiring,
                                      kDbTtl,
                                      kCommands,
                                      kCommandSeconds,
                                      kCommandsRejected,
                                      kCommandsFailed,
                                      kCommandLatency,
                                      kErrors,
                                      kSlaveOffset,
                                      kSlaveLag,
                                      kMasterUp,
                                      kMasterIo,
                                      kMasterSync,
                                      kReplOffset,
                                      kSlaveInfo,
                                      kMaxClients,
                                      kMaxMemory,
                                      kIoThreads,
                                      kSlowlogLength,
                                      kSlowlogLast,
                                      kSlowlogSeconds,
                                      kSpikeLast,
                                      kSpikeSeconds,
                                      kCommandHistogram,
                                      kSentinelStatus,
                                      kSentinelSlaves,
                                      kSentinelSentinels,
                                      kSentinelOkSlaves,
                                      kSentinelOkSentinels,
                                      kSentinelQuorum};

/// The family of a field of INFO that is one number, or null.
const FamilySpec* FamilyOf(std::string_view field);

/// All of them and those of the common shape.
std::span<const FamilySpec> Families();

}  // namespace tocsin::redis
