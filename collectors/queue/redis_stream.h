#pragma once
// What XINFO and XPENDING tell of a stream. Pure.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "collectors/net/resp.h"
#include "collectors/queue/queue_shape.h"
#include "metrics/writer.h"

namespace tocsin {

struct RedisStream {
  std::optional<double> length;
  std::optional<double> groups;
  std::optional<double> radix_tree_keys;
  std::optional<double> radix_tree_nodes;
  std::optional<double> entries_added;  // Redis 7
  std::string last_generated_id;
  std::string max_deleted_entry_id;  // Redis 7
  std::string first_entry_id;        // empty: no entry
  std::string last_entry_id;
};

struct RedisStreamConsumer {
  std::string name;
  std::optional<double> pending;       // delivered to it, not acknowledged
  std::optional<double> idle_seconds;  // since it last asked for entries
};

struct RedisStreamGroup {
  std::string name;
  std::optional<double> consumers;
  std::optional<double> pending;       // delivered, not acknowledged
  std::optional<double> entries_read;  // Redis 7
  std::optional<double> lag;           // Redis 7: not delivered; it may not know
  std::string last_delivered_id;
  std::string oldest_id;  // of what is pending, or else not delivered; empty: none or not known
  std::vector<RedisStreamConsumer> members;
};

/// The reply of XINFO STREAM. Nothing if it is none.
std::optional<RedisStream> ParseRedisStream(const net::Reply& reply);
/// The reply of XINFO GROUPS; what is no group is left out. At most `max_groups`.
std::vector<RedisStreamGroup> ParseRedisGroups(const net::Reply& reply, std::size_t max_groups);
/// The reply of XINFO CONSUMERS; what is no consumer is left out. At most `max_consumers`.
std::vector<RedisStreamConsumer> ParseRedisConsumers(const net::Reply& reply,
                                                     std::size_t max_consumers);
/// The smallest id in the reply of XPENDING key group; empty if nothing is pending.
std::string OldestPendingId(const net::Reply& reply);
/// The id of the first entry of a reply of XRANGE.
std::string FirstEntryId(const net::Reply& reply);

/// When an entry was added, in Unix milliseconds: what stands before the dash of its id.
std::optional<double> RedisIdMillis(std::string_view id);

/// redis_stream_* of redis_exporter, and the shape: a queue for each group, called STREAM/GROUP,
/// whose depth is what its consumers have still to acknowledge; a stream without groups is a queue
/// of all its entries.
void WriteRedisStream(std::string_view db, std::string_view key, const RedisStream& stream,
                      const std::vector<RedisStreamGroup>& groups, WallTime now, SeenSet& names,
                      FamilySink& out);

}  // namespace tocsin
