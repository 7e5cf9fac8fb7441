#include "collectors/cache/redis_families.h"

#include <algorithm>

namespace tocsin::redis {
namespace {

/// A family for one field of INFO or CLUSTER INFO, named as redis_exporter names it.
#define GAUGE(field, name)                                                       \
  {                                                                              \
    field, { "redis_" name, MetricType::kGauge, "The field " field " of INFO." } \
  }
#define COUNTER(field, name)                                                       \
  {                                                                                \
    field, { "redis_" name, MetricType::kCounter, "The field " field " of INFO." } \
  }

// Sorted by field.
constexpr std::array kFields = std::to_array<InfoField>({
    GAUGE("active_defrag_hits", "defrag_hits"),
    GAUGE("active_defrag_key_hits", "defrag_key_hits"),
    GAUGE("active_defrag_key_misses", "defrag_key_misses"),
    GAUGE("active_defrag_misses", "defrag_misses"),
    GAUGE("active_defrag_running", "active_defrag_running"),
    GAUGE("allocator_active", "allocator_active_bytes"),
    GAUGE("allocator_allocated", "allocator_allocated_bytes"),
    GAUGE("allocator_frag_bytes", "allocator_frag_bytes"),
    GAUGE("allocator_frag_ratio", "allocator_frag_ratio"),
    GAUGE("allocator_resident", "allocator_resident_bytes"),
    GAUGE("allocator_rss_bytes", "allocator_rss_bytes"),
    GAUGE("allocator_rss_ratio", "allocator_rss_ratio"),
    GAUGE("aof_base_size", "aof_base_size_bytes"),
    GAUGE("aof_buffer_length", "aof_buffer_length"),
    GAUGE("aof_current_rewrite_time_sec", "aof_current_rewrite_duration_sec"),
    GAUGE("aof_current_size", "aof_current_size_bytes"),
    GAUGE("aof_delayed_fsync", "aof_delayed_fsync"),
    GAUGE("aof_enabled", "aof_enabled"),
    GAUGE("aof_last_bgrewrite_status", "aof_last_bgrewrite_status"),
    GAUGE("aof_last_cow_size", "aof_last_cow_size_bytes"),
    GAUGE("aof_last_rewrite_time_sec", "aof_last_rewrite_duration_sec"),
    GAUGE("aof_last_write_status", "aof_last_write_status"),
    GAUGE("aof_pending_bio_fsync", "aof_pending_bio_fsync"),
    GAUGE("aof_pending_rewrite", "aof_pending_rewrite"),
    GAUGE("aof_rewrite_buffer_length", "aof_rewrite_buffer_length"),
    GAUGE("aof_rewrite_in_progress", "aof_rewrite_in_progress"),
    GAUGE("aof_rewrite_scheduled", "aof_rewrite_scheduled"),
    GAUGE("blocked_clients", "blocked_clients"),
    GAUGE("client_recent_max_input_buffer", "client_recent_max_input_buffer_bytes"),
    GAUGE("client_recent_max_output_buffer", "client_recent_max_output_buffer_bytes"),
    GAUGE("clients_in_timeout_table", "clients_in_timeout_table"),
    GAUGE("cluster_connections", "cluster_connections"),
    GAUGE("cluster_current_epoch", "cluster_current_epoch"),
    GAUGE("cluster_enabled", "cluster_enabled"),
    GAUGE("cluster_known_nodes", "cluster_known_nodes"),
    GAUGE("cluster_my_epoch", "cluster_my_epoch"),
    GAUGE("cluster_size", "cluster_size"),
    GAUGE("cluster_slots_assigned", "cluster_slots_assigned"),
    GAUGE("cluster_slots_fail", "cluster_slots_fail"),
    GAUGE("cluster_slots_ok", "cluster_slots_ok"),
    GAUGE("cluster_slots_pfail", "cluster_slots_pfail"),
    GAUGE("cluster_state", "cluster_state"),
    GAUGE("cluster_stats_messages_auth-ack_received", "cluster_stats_messages_auth_ack_received"),
    GAUGE("cluster_stats_messages_auth-ack_sent", "cluster_stats_messages_auth_ack_sent"),
    GAUGE("cluster_stats_messages_auth-req_received", "cluster_stats_messages_auth_req_received"),
    GAUGE("cluster_stats_messages_auth-req_sent", "cluster_stats_messages_auth_req_sent"),
    GAUGE("cluster_stats_messages_fail_received", "cluster_stats_messages_fail_received"),
    GAUGE("cluster_stats_messages_fail_sent", "cluster_stats_messages_fail_sent"),
    GAUGE("cluster_stats_messages_meet_received", "cluster_stats_messages_meet_received"),
    GAUGE("cluster_stats_messages_meet_sent", "cluster_stats_messages_meet_sent"),
    GAUGE("cluster_stats_messages_mfstart_received", "cluster_stats_messages_mfstart_received"),
    GAUGE("cluster_stats_messages_mfstart_sent", "cluster_stats_messages_mfstart_sent"),
    GAUGE("cluster_stats_messages_module_received", "cluster_stats_messages_module_received"),
    GAUGE("cluster_stats_messages_module_sent", "cluster_stats_messages_module_sent"),
    GAUGE("cluster_stats_messages_ping_received", "cluster_stats_messages_ping_received"),
    GAUGE("cluster_stats_messages_ping_sent", "cluster_stats_messages_ping_sent"),
    GAUGE("cluster_stats_messages_pong_received", "cluster_stats_messages_pong_received"),
    GAUGE("cluster_stats_messages_pong_sent", "cluster_stats_messages_pong_sent"),
    GAUGE("cluster_stats_messages_publish_received", "cluster_stats_messages_publish_received"),
    GAUGE("cluster_stats_messages_publish_sent", "cluster_stats_messages_publish_sent"),
    GAUGE("cluster_stats_messages_publishshard_received",
          "cluster_stats_messages_publishshard_received"),
    GAUGE("cluster_stats_messages_publishshard_sent", "cluster_stats_messages_publishshard_sent"),
    GAUGE("cluster_stats_messages_received", "cluster_messages_received_total"),
    GAUGE("cluster_stats_messages_sent", "cluster_messages_sent_total"),
    GAUGE("cluster_stats_messages_update_received", "cluster_stats_messages_update_received"),
    GAUGE("cluster_stats_messages_update_sent", "cluster_stats_messages_update_sent"),
    GAUGE("connected_clients", "connected_clients"),
    GAUGE("connected_slaves", "connected_slaves"),
    COUNTER("dump_payload_sanitizations", "dump_payload_sanitizations"),
    COUNTER("evicted_keys", "evicted_keys_total"),
    COUNTER("expired_keys", "expired_keys_total"),
    GAUGE("expired_stale_perc", "expired_stale_percentage"),
    GAUGE("expired_time_cap_reached_count", "expired_time_cap_reached_total"),
    COUNTER("io_threaded_reads_processed", "io_threaded_reads_processed"),
    COUNTER("io_threaded_writes_processed", "io_threaded_writes_processed"),
    GAUGE("io_threads_active", "io_threads_active"),
    COUNTER("keyspace_hits", "keyspace_hits_total"),
    COUNTER("keyspace_misses", "keyspace_misses_total"),
    GAUGE("latest_fork_usec", "latest_fork_seconds"),
    GAUGE("lazyfree_pending_objects", "lazyfree_pending_objects"),
    GAUGE("loading", "loading_dump_file"),
    GAUGE("master_repl_offset", "master_repl_offset"),
    GAUGE("maxmemory", "memory_max_bytes"),
    GAUGE("mem_clients_normal", "mem_clients_normal"),
    GAUGE("mem_clients_slaves", "mem_clients_slaves"),
    GAUGE("mem_fragmentation_bytes", "mem_fragmentation_bytes"),
    GAUGE("mem_fragmentation_ratio", "mem_fragmentation_ratio"),
    GAUGE("mem_not_counted_for_evict", "mem_not_counted_for_eviction_bytes"),
    GAUGE("migrate_cached_sockets", "migrate_cached_sockets_total"),
    GAUGE("module_fork_in_progress", "module_fork_in_progress"),
    GAUGE("module_fork_last_cow_size", "module_fork_last_cow_size"),
    GAUGE("number_of_cached_scripts", "number_of_cached_scripts"),
    GAUGE("process_id", "process_id"),
    GAUGE("pubsub_channels", "pubsub_channels"),
    GAUGE("pubsub_patterns", "pubsub_patterns"),
    GAUGE("rdb_bgsave_in_progress", "rdb_bgsave_in_progress"),
    GAUGE("rdb_changes_since_last_save", "rdb_changes_since_last_save"),
    GAUGE("rdb_current_bgsave_time_sec", "rdb_current_bgsave_duration_sec"),
    GAUGE("rdb_last_bgsave_status", "rdb_last_bgsave_status"),
    GAUGE("rdb_last_bgsave_time_sec", "rdb_last_bgsave_duration_sec"),
    GAUGE("rdb_last_cow_size", "rdb_last_cow_size_bytes"),
    GAUGE("rdb_last_save_time", "rdb_last_save_timestamp_seconds"),
    COUNTER("rejected_connections", "rejected_connections_total"),
    GAUGE("repl_backlog_active", "repl_backlog_is_active"),
    GAUGE("repl_backlog_first_byte_offset", "repl_backlog_first_byte_offset"),
    GAUGE("repl_backlog_histlen", "repl_backlog_history_bytes"),
    GAUGE("repl_backlog_size", "replication_backlog_bytes"),
    GAUGE("second_repl_offset", "second_repl_offset"),
    GAUGE("sentinel_masters", "sentinel_masters"),
    GAUGE("sentinel_running_scripts", "sentinel_running_scripts"),
    GAUGE("sentinel_scripts_queue_length", "sentinel_scripts_queue_length"),
    GAUGE("sentinel_simulate_failure_flags", "sentinel_simulate_failure_flags"),
    GAUGE("sentinel_tilt", "sentinel_tilt"),
    GAUGE("slave_expires_tracked_keys", "slave_expires_tracked_keys"),
    GAUGE("slave_priority", "slave_priority"),
    GAUGE("sync_full", "replica_resyncs_full"),
    GAUGE("sync_partial_err", "replica_partial_resync_denied"),
    GAUGE("sync_partial_ok", "replica_partial_resync_accepted"),
    COUNTER("total_commands_processed", "commands_processed_total"),
    COUNTER("total_connections_received", "connections_received_total"),
    COUNTER("total_error_replies", "total_error_replies"),
    COUNTER("total_net_input_bytes", "net_input_bytes_total"),
    COUNTER("total_net_output_bytes", "net_output_bytes_total"),
    COUNTER("total_reads_processed", "total_reads_processed"),
    COUNTER("total_writes_processed", "total_writes_processed"),
    GAUGE("tracking_clients", "tracking_clients"),
    GAUGE("tracking_total_items", "tracking_total_items"),
    GAUGE("tracking_total_keys", "tracking_total_keys"),
    GAUGE("tracking_total_prefixes", "tracking_total_prefixes"),
    COUNTER("unexpected_error_replies", "unexpected_error_replies"),
    GAUGE("uptime_in_seconds", "uptime_in_seconds"),
    COUNTER("used_cpu_sys", "cpu_sys_seconds_total"),
    COUNTER("used_cpu_sys_children", "cpu_sys_children_seconds_total"),
    COUNTER("used_cpu_sys_main_thread", "cpu_sys_main_thread_seconds_total"),
    COUNTER("used_cpu_user", "cpu_user_seconds_total"),
    COUNTER("used_cpu_user_children", "cpu_user_children_seconds_total"),
    COUNTER("used_cpu_user_main_thread", "cpu_user_main_thread_seconds_total"),
    GAUGE("used_memory", "memory_used_bytes"),
    GAUGE("used_memory_dataset", "memory_used_dataset_bytes"),
    GAUGE("used_memory_lua", "memory_used_lua_bytes"),
    GAUGE("used_memory_overhead", "memory_used_overhead_bytes"),
    GAUGE("used_memory_peak", "memory_used_peak_bytes"),
    GAUGE("used_memory_rss", "memory_used_rss_bytes"),
    GAUGE("used_memory_scripts", "memory_used_scripts_bytes"),
    GAUGE("used_memory_startup", "memory_used_startup_bytes"),
});
#undef GAUGE
#undef COUNTER

constexpr bool Sorted() {
  for (std::size_t i = 1; i < kFields.size(); ++i) {
    if (kFields[i - 1].field >= kFields[i].field) return false;
  }
  return true;
}
static_assert(Sorted());

constexpr auto AllFamilies() {
  std::array<FamilySpec, kFields.size() + kLabelled.size() + shapes::kCacheFamilies.size()> all{};
  std::size_t n = 0;
  for (const InfoField& field : kFields) all[n++] = field.family;
  for (const FamilySpec& family : kLabelled) all[n++] = family;
  for (const FamilySpec& family : shapes::kCacheFamilies) all[n++] = family;
  return all;
}
constexpr auto kAll = AllFamilies();

}  // namespace

const FamilySpec* FamilyOf(std::string_view field) {
  const auto* const found =
      std::lower_bound(kFields.begin(), kFields.end(), field,
                       [](const InfoField& a, std::string_view b) { return a.field < b; });
  return found != kFields.end() && found->field == field ? &found->family : nullptr;
}

std::span<const FamilySpec> Families() { return kAll; }

}  // namespace tocsin::redis
