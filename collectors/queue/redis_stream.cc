#include "collectors/queue/redis_stream.h"

#include <algorithm>
#include <array>

#include "base/parse.h"

namespace tocsin {
namespace {

constexpr MetricType kGauge = MetricType::kGauge;
constexpr FamilySpec kLength{"redis_stream_length", kGauge, "Entries of the stream."};
constexpr FamilySpec kKeys{"redis_stream_radix_tree_keys", kGauge,
                           "Keys of the tree that holds the stream."};
constexpr FamilySpec kNodes{"redis_stream_radix_tree_nodes", kGauge,
                            "Nodes of the tree that holds the stream."};
constexpr FamilySpec kGroups{"redis_stream_groups", kGauge, "Consumer groups of the stream."};
constexpr FamilySpec kLastGenerated{"redis_stream_last_generated_id", kGauge,
                                    "Time part of the id given last, in Unix milliseconds."};
constexpr FamilySpec kMaxDeleted{"redis_stream_max_deleted_entry_id", kGauge,
                                 "Time part of the largest id deleted, in Unix milliseconds."};
constexpr FamilySpec kFirst{"redis_stream_first_entry_id", kGauge,
                            "Time part of the first entry's id, in Unix milliseconds."};
constexpr FamilySpec kLast{"redis_stream_last_entry_id", kGauge,
                           "Time part of the last entry's id, in Unix milliseconds."};
constexpr FamilySpec kGroupConsumers{"redis_stream_group_consumers", kGauge,
                                     "Consumers of the group."};
constexpr FamilySpec kGroupPending{"redis_stream_group_messages_pending", kGauge,
                                   "Entries delivered to the group and not yet acknowledged."};
constexpr FamilySpec kGroupLastDelivered{
    "redis_stream_group_last_delivered_id", kGauge,
    "Time part of the id delivered last, in Unix milliseconds."};
constexpr FamilySpec kGroupRead{"redis_stream_group_entries_read", kGauge,
                                "Entries delivered to the group."};
constexpr FamilySpec kGroupLag{"redis_stream_group_lag", kGauge,
                               "Entries not yet delivered to the group."};

constexpr FamilySpec kConsumerPending{
    "redis_stream_group_consumer_messages_pending", kGauge,
    "Entries delivered to the consumer and not yet acknowledged."};
constexpr FamilySpec kConsumerIdle{"redis_stream_group_consumer_idle_seconds", kGauge,
                                   "Time since the consumer last asked for entries.", "seconds"};

/// Calls `take(name, value)` for the pairs of a flat list.
template <class Take>
void ForEachPair(const net::Reply& reply, Take&& take) {
  if (!reply.IsArray()) return;
  for (std::size_t i = 0; i + 1 < reply.elements.size(); i += 2) {
    if (reply.elements[i].IsString()) take(reply.elements[i].text, reply.elements[i + 1]);
  }
}

std::optional<double> Integer(const net::Reply& reply) {
  if (!reply.IsInteger()) return std::nullopt;
  return static_cast<double>(reply.integer);
}

std::string TextOf(const net::Reply& reply) { return reply.IsString() ? reply.text : ""; }

/// The id of an entry: the first of its two parts.
std::string EntryId(const net::Reply& entry) {
  return entry.IsArray() && !entry.elements.empty() ? TextOf(entry.elements[0]) : "";
}

/// Whether one of them has the name: of two the first counts.
template <class Item>
bool Named(const std::vector<Item>& items, std::string_view name) {
  return std::any_of(items.begin(), items.end(),
                     [&](const Item& item) { return item.name == name; });
}

double AgeSeconds(double millis, WallTime now) {
  return std::max(0.0, ToSeconds(now) - millis / 1'000);
}

/// Nothing waits: 0. It is known what waits longest: its age.
std::optional<double> Oldest(std::optional<double> depth, std::string_view id, WallTime now) {
  if (depth == 0.0) return 0;
  const auto millis = RedisIdMillis(id);
  return millis ? std::optional(AgeSeconds(*millis, now)) : std::nullopt;
}

}  // namespace

std::optional<RedisStream> ParseRedisStream(const net::Reply& reply) {
  RedisStream stream;
  ForEachPair(reply, [&](const std::string& name, const net::Reply& value) {
    if (name == "length") stream.length = Integer(value);
    if (name == "groups") stream.groups = Integer(value);
    if (name == "radix-tree-keys") stream.radix_tree_keys = Integer(value);
    if (name == "radix-tree-nodes") stream.radix_tree_nodes = Integer(value);
    if (name == "entries-added") stream.entries_added = Integer(value);
    if (name == "last-generated-id") stream.last_generated_id = TextOf(value);
    if (name == "max-deleted-entry-id") stream.max_deleted_entry_id = TextOf(value);
    if (name == "first-entry") stream.first_entry_id = EntryId(value);
    if (name == "last-entry") stream.last_entry_id = EntryId(value);
  });
  if (!stream.length) return std::nullopt;
  return stream;
}

std::vector<RedisStreamGroup> ParseRedisGroups(const net::Reply& reply, std::size_t max_groups) {
  std::vector<RedisStreamGroup> groups;
  if (!reply.IsArray()) return groups;
  for (const net::Reply& element : reply.elements) {
    if (groups.size() == max_groups) break;
    RedisStreamGroup group;
    ForEachPair(element, [&](const std::string& name, const net::Reply& value) {
      if (name == "name") group.name = TextOf(value);
      if (name == "consumers") group.consumers = Integer(value);
      if (name == "pending") group.pending = Integer(value);
      if (name == "entries-read") group.entries_read = Integer(value);
      if (name == "lag") group.lag = Integer(value);
      if (name == "last-delivered-id") group.last_delivered_id = TextOf(value);
    });
    if (!group.name.empty() && !Named(groups, group.name)) groups.push_back(std::move(group));
  }
  return groups;
}

std::vector<RedisStreamConsumer> ParseRedisConsumers(const net::Reply& reply,
                                                     std::size_t max_consumers) {
  std::vector<RedisStreamConsumer> consumers;
  if (!reply.IsArray()) return consumers;
  for (const net::Reply& element : reply.elements) {
    if (consumers.size() == max_consumers) break;
    RedisStreamConsumer consumer;
    ForEachPair(element, [&](const std::string& name, const net::Reply& value) {
      if (name == "name") consumer.name = TextOf(value);
      if (name == "pending") consumer.pending = Integer(value);
      if (name == "idle" && value.IsInteger()) consumer.idle_seconds = *Integer(value) / 1'000;
    });
    if (!consumer.name.empty() && !Named(consumers, consumer.name)) {
      consumers.push_back(std::move(consumer));
    }
  }
  return consumers;
}

std::string OldestPendingId(const net::Reply& reply) {
  return reply.IsArray() && reply.elements.size() >= 2 ? TextOf(reply.elements[1]) : "";
}

std::string FirstEntryId(const net::Reply& reply) {
  return reply.IsArray() && !reply.elements.empty() ? EntryId(reply.elements[0]) : "";
}

std::optional<double> RedisIdMillis(std::string_view id) {
  const auto millis = ParseInt<std::uint64_t>(id.substr(0, id.find('-')));
  return millis ? std::optional(static_cast<double>(*millis)) : std::nullopt;
}

void WriteRedisStream(std::string_view db, std::string_view key, const RedisStream& stream,
                      const std::vector<RedisStreamGroup>& groups, WallTime now, SeenSet& names,
                      FamilySink& out) {
  const std::array<LabelView, 2> labels{{{"db", db}, {"stream", key}}};
  const auto add = [&](const FamilySpec& family, const std::optional<double>& value) {
    if (value) out.Add(family, labels, *value);
  };
  add(kLength, stream.length);
  add(kKeys, stream.radix_tree_keys);
  add(kNodes, stream.radix_tree_nodes);
  add(kGroups, stream.groups);
  add(kLastGenerated, RedisIdMillis(stream.last_generated_id));
  add(kMaxDeleted, RedisIdMillis(stream.max_deleted_entry_id));
  add(kFirst, RedisIdMillis(stream.first_entry_id));
  add(kLast, RedisIdMillis(stream.last_entry_id));
  if (groups.empty()) {
    WriteQueue(key,
               {.depth = stream.length,
                .oldest_seconds = Oldest(stream.length, stream.first_entry_id, now),
                .enqueued = stream.entries_added},
               names, out);
  }
  for (const RedisStreamGroup& group : groups) {
    const std::array<LabelView, 3> of{labels[0], labels[1], LabelView{"group", group.name}};
    const auto add_of = [&](const FamilySpec& family, const std::optional<double>& value) {
      if (value) out.Add(family, of, *value);
    };
    add_of(kGroupConsumers, group.consumers);
    add_of(kGroupPending, group.pending);
    add_of(kGroupLastDelivered, RedisIdMillis(group.last_delivered_id));
    add_of(kGroupRead, group.entries_read);
    add_of(kGroupLag, group.lag);
    for (const RedisStreamConsumer& consumer : group.members) {
      const std::array<LabelView, 4> its{of[0], of[1], of[2], LabelView{"consumer", consumer.name}};
      if (consumer.pending) out.Add(kConsumerPending, its, *consumer.pending);
      if (consumer.idle_seconds) out.Add(kConsumerIdle, its, *consumer.idle_seconds);
    }
    QueueValues queue;
    if (group.lag && group.pending) queue.depth = *group.lag + *group.pending;
    queue.oldest_seconds = Oldest(queue.depth, group.oldest_id, now);
    queue.enqueued = stream.entries_added;
    if (group.entries_read && group.pending) queue.dequeued = *group.entries_read - *group.pending;
    queue.consumers = group.consumers;
    WriteQueue(std::string(key) + "/" + group.name, queue, names, out);
  }
}

}  // namespace tocsin
