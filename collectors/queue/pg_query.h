#pragma once
// Queries whose columns are metrics, as postgres_exporter's queries.yaml has them.

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/yaml.h"
#include "collectors/row_cache.h"

namespace tocsin {

enum class PgUsage : std::uint8_t { kLabel, kCounter, kGauge, kUntyped, kHistogram, kDiscard };

struct PgColumn {
  std::string name;
  PgUsage usage = PgUsage::kDiscard;
  HostFamily family;  // of a metric: called QUERY_COLUMN
};

struct PgQuery {
  std::string name;
  std::string sql;
  bool primary_only = false;  // `master: true`: not asked of a standby
  seconds cache{0};           // for how long an answer counts
  /// Versions of the server that have what is asked for, as PQserverVersion counts: 150020.
  int min_version = 0;
  int end_version = std::numeric_limits<int>::max();
  /// Tocsin's own `queue: COLUMN`: each row is a queue of that name, and the columns depth,
  /// oldest_seconds, enqueued, dequeued and consumers are its values. Empty: none.
  std::string queue_column;
  std::vector<PgColumn> columns;
};

/// Reads a map of queries by name: `query`, `master`, `cache_seconds`, `queue`, and `metrics`, a
/// list of COLUMN: {usage, description}; usage is LABEL, COUNTER, GAUGE, HISTOGRAM (pg_histogram.h)
/// or DISCARD.
/// Errors: kInvalid with position.
Result<std::vector<PgQuery>> ReadPgQueries(const YamlFile& file, const YamlNode& node);

/// What is asked of every server: pg_stat_database_* and the like.
std::vector<PgQuery> BuiltinPgQueries();

}  // namespace tocsin
