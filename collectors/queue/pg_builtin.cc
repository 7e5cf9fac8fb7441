// What is asked of every PostgreSQL server, in the names of postgres_exporter.

#include "collectors/queue/pg_query.h"

namespace tocsin {
namespace {

struct Column {
  std::string_view name;
  PgUsage usage;
  std::string_view help;
};

constexpr PgUsage kLabel = PgUsage::kLabel;
constexpr PgUsage kCounter = PgUsage::kCounter;
constexpr PgUsage kGauge = PgUsage::kGauge;

PgQuery Make(std::string_view name, std::string_view sql, std::initializer_list<Column> columns) {
  PgQuery query;
  query.name = name;
  query.sql = sql;
  for (const Column& column : columns) {
    HostFamily family{query.name + "_" + std::string(column.name), std::string(column.help),
                      column.usage == kCounter ? MetricType::kCounter : MetricType::kGauge};
    query.columns.push_back({std::string(column.name), column.usage, std::move(family)});
  }
  return query;
}

PgQuery Database() {
  return Make(
      "pg_stat_database",
      "SELECT datid, datname, numbackends, xact_commit, xact_rollback, blks_read, blks_hit,"
      " tup_returned, tup_fetched, tup_inserted, tup_updated, tup_deleted, conflicts, temp_files,"
      " temp_bytes, deadlocks, blk_read_time, blk_write_time, stats_reset"
      " FROM pg_catalog.pg_stat_database ORDER BY datid",
      {{"datid", kLabel, ""},
       {"datname", kLabel, ""},
       {"numbackends", kGauge, "Connections to the database."},
       {"xact_commit", kCounter, "Transactions that were committed."},
       {"xact_rollback", kCounter, "Transactions that were rolled back."},
       {"blks_read", kCounter, "Blocks read from disk (or the system's cache)."},
       {"blks_hit", kCounter, "Blocks found in the server's own cache."},
       {"tup_returned", kCounter, "Rows that queries looked at."},
       {"tup_fetched", kCounter, "Rows that queries fetched."},
       {"tup_inserted", kCounter, "Rows inserted."},
       {"tup_updated", kCounter, "Rows updated."},
       {"tup_deleted", kCounter, "Rows deleted."},
       {"conflicts", kCounter, "Queries cancelled because they conflicted with recovery."},
       {"temp_files", kCounter, "Temporary files that queries made."},
       {"temp_bytes", kCounter, "Bytes written to temporary files."},
       {"deadlocks", kCounter, "Deadlocks found."},
       {"blk_read_time", kCounter, "Milliseconds spent reading blocks."},
       {"blk_write_time", kCounter, "Milliseconds spent writing blocks."},
       {"stats_reset", kCounter, "When the statistics were last reset, in Unix time."}});
}

PgQuery DatabaseSize() {
  return Make("pg_database",
              "SELECT datname, pg_catalog.pg_database_size(oid) AS size_bytes"
              " FROM pg_catalog.pg_database"
              " WHERE pg_catalog.has_database_privilege(oid, 'CONNECT')"
              " OR pg_catalog.pg_has_role('pg_read_all_stats', 'MEMBER') ORDER BY datname",
              {{"datname", kLabel, ""}, {"size_bytes", kGauge, "Disk space of the database."}});
}

PgQuery Activity() {
  return Make(
      "pg_stat_activity",
      "SELECT d.datname, s.state, count(a.pid) AS count,"
      " coalesce(max(extract(epoch FROM now() - a.xact_start)), 0) AS max_tx_duration"
      " FROM pg_catalog.pg_database d CROSS JOIN (VALUES ('active'), ('idle'),"
      " ('idle in transaction'), ('idle in transaction (aborted)'), ('fastpath function call'),"
      " ('disabled')) AS s(state)"
      " LEFT JOIN pg_catalog.pg_stat_activity a ON a.datname = d.datname AND a.state = s.state"
      " GROUP BY d.datname, s.state ORDER BY d.datname, s.state",
      {{"datname", kLabel, ""},
       {"state", kLabel, ""},
       {"count", kGauge, "Connections in the state."},
       {"max_tx_duration", kGauge, "Seconds that the longest transaction has lasted."}});
}

PgQuery Locks() {
  return Make("pg_locks",
              "SELECT d.datname, lower(m.mode) AS mode, count(l.mode) AS count"
              " FROM pg_catalog.pg_database d CROSS JOIN (VALUES ('AccessShareLock'),"
              " ('RowShareLock'), ('RowExclusiveLock'), ('ShareUpdateExclusiveLock'),"
              " ('ShareLock'), ('ShareRowExclusiveLock'), ('ExclusiveLock'),"
              " ('AccessExclusiveLock'), ('SIReadLock')) AS m(mode)"
              " LEFT JOIN pg_catalog.pg_locks l ON l.database = d.oid AND l.mode = m.mode"
              " GROUP BY d.datname, m.mode ORDER BY d.datname, m.mode",
              {{"datname", kLabel, ""},
               {"mode", kLabel, ""},
               {"count", kGauge, "Locks held or waited for."}});
}

/// pg_stat_bgwriter was taken apart in PostgreSQL 17.
PgQuery BackgroundWriter() {
  PgQuery query = Make(
      "pg_stat_bgwriter",
      "SELECT checkpoints_timed AS checkpoints_timed_total, checkpoints_req AS"
      " checkpoints_req_total, checkpoint_write_time AS checkpoint_write_time_total,"
      " checkpoint_sync_time AS checkpoint_sync_time_total, buffers_checkpoint AS"
      " buffers_checkpoint_total, buffers_clean AS buffers_clean_total, maxwritten_clean AS"
      " maxwritten_clean_total, buffers_backend AS buffers_backend_total, buffers_backend_fsync AS"
      " buffers_backend_fsync_total, buffers_alloc AS buffers_alloc_total, stats_reset AS"
      " stats_reset_total FROM pg_catalog.pg_stat_bgwriter",
      {{"checkpoints_timed_total", kCounter, "Checkpoints that were due."},
       {"checkpoints_req_total", kCounter, "Checkpoints that were requested."},
       {"checkpoint_write_time_total", kCounter, "Milliseconds checkpoints spent writing."},
       {"checkpoint_sync_time_total", kCounter, "Milliseconds checkpoints spent syncing."},
       {"buffers_checkpoint_total", kCounter, "Buffers that checkpoints wrote."},
       {"buffers_clean_total", kCounter, "Buffers that the background writer wrote."},
       {"maxwritten_clean_total", kCounter, "Times it stopped because it had written too many."},
       {"buffers_backend_total", kCounter, "Buffers that backends wrote themselves."},
       {"buffers_backend_fsync_total", kCounter, "Times a backend had to sync by itself."},
       {"buffers_alloc_total", kCounter, "Buffers allocated."},
       {"stats_reset_total", kCounter, "When the statistics were last reset, in Unix time."}});
  query.end_version = 170'000;
  return query;
}

PgQuery Archiver() {
  return Make("pg_stat_archiver",
              "SELECT archived_count, failed_count,"
              " extract(epoch FROM now() - last_archived_time) AS last_archive_age"
              " FROM pg_catalog.pg_stat_archiver",
              {{"archived_count", kCounter, "WAL files archived."},
               {"failed_count", kCounter, "Attempts to archive that failed."},
               {"last_archive_age", kGauge, "Seconds since a WAL file was archived."}});
}

/// How far behind a standby is, as the server itself sees it.
PgQuery Lag() {
  return Make("pg_replication",
              "SELECT CASE WHEN NOT pg_catalog.pg_is_in_recovery() THEN 0"
              " WHEN pg_catalog.pg_last_wal_receive_lsn() = pg_catalog.pg_last_wal_replay_lsn()"
              " THEN 0 ELSE greatest(0, extract(epoch FROM now() -"
              " pg_catalog.pg_last_xact_replay_timestamp())) END AS lag",
              {{"lag", kGauge, "Seconds that the server is behind its primary."}});
}

/// How far behind its standbys are, as a primary sees it.
PgQuery Standbys() {
  PgQuery query =
      Make("pg_stat_replication",
           "SELECT application_name, coalesce(host(client_addr), '') AS client_addr, state, pid AS"
           " backend_pid, pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), replay_lsn)"
           " AS pg_wal_lsn_diff FROM pg_catalog.pg_stat_replication ORDER BY pid",
           {{"application_name", kLabel, ""},
            {"client_addr", kLabel, ""},
            {"state", kLabel, ""},
            {"backend_pid", PgUsage::kDiscard, ""},
            {"pg_wal_lsn_diff", kGauge, "Bytes of WAL that the standby has still to replay."}});
  query.primary_only = true;
  return query;
}

PgQuery Slots() {
  PgQuery query = Make("pg_replication_slots",
                       "SELECT slot_name, slot_type, active, pg_catalog.pg_wal_lsn_diff("
                       "pg_catalog.pg_current_wal_lsn(), restart_lsn) AS pg_wal_lsn_diff"
                       " FROM pg_catalog.pg_replication_slots ORDER BY slot_name",
                       {{"slot_name", kLabel, ""},
                        {"slot_type", kLabel, ""},
                        {"active", kGauge, "Whether somebody uses the slot."},
                        {"pg_wal_lsn_diff", kGauge, "Bytes of WAL kept for the slot."}});
  query.primary_only = true;
  return query;
}

PgQuery Postmaster() {
  return Make("pg_postmaster", "SELECT pg_catalog.pg_postmaster_start_time() AS start_time_seconds",
              {{"start_time_seconds", kGauge, "When the server was started, in Unix time."}});
}

}  // namespace

std::vector<PgQuery> BuiltinPgQueries() {
  std::vector<PgQuery> queries;
  for (PgQuery (*make)() : {&Database, &DatabaseSize, &Activity, &Locks, &BackgroundWriter,
                            &Archiver, &Lag, &Standbys, &Slots, &Postmaster}) {
    queries.push_back(make());
    queries.back().min_version = 100'000;
  }
  return queries;
}

}  // namespace tocsin
