#include "collectors/queue/rabbit_json.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <optional>

#include "collectors/queue/queue_shape.h"

namespace tocsin {
namespace {

using simdjson::dom::element;

/// A number of a JSON object and what it is exported as.
struct Field {
  std::string_view path;  // "messages", "message_stats.publish"
  FamilySpec family;
  double factor = 1;
};

constexpr MetricType kGauge = MetricType::kGauge;
constexpr MetricType kCounter = MetricType::kCounter;

// The names are those of RabbitMQ's own plugin rabbitmq_prometheus; what that lacks has
// rabbitmq_exporter's.
constexpr std::array kQueueFields{
    Field{"messages", {"rabbitmq_queue_messages", kGauge, "Messages ready and unacknowledged."}},
    Field{"messages_ready",
          {"rabbitmq_queue_messages_ready", kGauge, "Messages ready to be delivered."}},
    Field{"messages_unacknowledged",
          {"rabbitmq_queue_messages_unacked", kGauge,
           "Messages delivered and not yet acknowledged."}},
    Field{"messages_persistent",
          {"rabbitmq_queue_messages_persistent", kGauge, "Persistent messages."}},
    Field{"messages_ram", {"rabbitmq_queue_messages_ram", kGauge, "Messages held in memory."}},
    Field{"message_bytes",
          {"rabbitmq_queue_messages_bytes", kGauge, "Size of all messages.", "bytes"}},
    Field{"message_bytes_ready",
          {"rabbitmq_queue_messages_ready_bytes", kGauge, "Size of ready messages.", "bytes"}},
    Field{"message_bytes_unacknowledged",
          {"rabbitmq_queue_messages_unacked_bytes", kGauge, "Size of unacknowledged messages.",
           "bytes"}},
    Field{"consumers", {"rabbitmq_queue_consumers", kGauge, "Consumers of the queue."}},
    Field{"consumer_utilisation",
          {"rabbitmq_queue_consumer_utilisation", kGauge,
           "Part of the time in which consumers could take messages at once."}},
    Field{
        "memory",
        {"rabbitmq_queue_process_memory_bytes", kGauge, "Memory of the queue's process.", "bytes"}},
    Field{"head_message_timestamp",
          {"rabbitmq_queue_head_message_timestamp", kGauge,
           "The timestamp that the publisher gave the first message, in Unix time."}},
    Field{"message_stats.publish",
          {"rabbitmq_queue_messages_published_total", kCounter, "Messages published."}},
    Field{"message_stats.deliver",
          {"rabbitmq_queue_messages_delivered_total", kCounter,
           "Messages delivered to consumers that acknowledge."}},
    Field{"message_stats.deliver_no_ack",
          {"rabbitmq_queue_messages_delivered_noack_total", kCounter,
           "Messages delivered to consumers that do not acknowledge."}},
    Field{"message_stats.get",
          {"rabbitmq_queue_messages_get_total", kCounter,
           "Messages fetched by basic.get, to be acknowledged."}},
    Field{"message_stats.get_no_ack",
          {"rabbitmq_queue_messages_get_noack_total", kCounter,
           "Messages fetched by basic.get without acknowledgement."}},
    Field{"message_stats.redeliver",
          {"rabbitmq_queue_messages_redelivered_total", kCounter, "Messages delivered again."}},
    Field{"message_stats.ack",
          {"rabbitmq_queue_messages_ack_total", kCounter, "Messages acknowledged."}},
};

constexpr std::array kOverviewFields{
    Field{"object_totals.connections", {"rabbitmq_connections", kGauge, "Connections open."}},
    Field{"object_totals.channels", {"rabbitmq_channels", kGauge, "Channels open."}},
    Field{"object_totals.consumers", {"rabbitmq_consumers", kGauge, "Consumers connected."}},
    Field{"object_totals.queues", {"rabbitmq_queues", kGauge, "Queues of the cluster."}},
    Field{"object_totals.exchanges", {"rabbitmq_exchanges", kGauge, "Exchanges of the cluster."}},
    Field{"queue_totals.messages",
          {"rabbitmq_queue_messages_global", kGauge, "Messages of all queues."}},
    Field{"queue_totals.messages_ready",
          {"rabbitmq_queue_messages_ready_global", kGauge, "Ready messages of all queues."}},
    Field{"queue_totals.messages_unacknowledged",
          {"rabbitmq_queue_messages_unacknowledged_global", kGauge,
           "Unacknowledged messages of all queues."}},
};

constexpr std::array kNodeFields{
    Field{"running", {"rabbitmq_running", kGauge, "Whether the node runs."}},
    Field{"mem_used", {"rabbitmq_process_resident_memory_bytes", kGauge, "Memory used.", "bytes"}},
    Field{"mem_limit",
          {"rabbitmq_resident_memory_limit_bytes", kGauge,
           "Memory from which publishers are blocked.", "bytes"}},
    Field{"mem_alarm",
          {"rabbitmq_alarms_memory_used_watermark", kGauge,
           "Whether publishers are blocked for want of memory."}},
    Field{
        "disk_free",
        {"rabbitmq_disk_space_available_bytes", kGauge, "Free space on the node's disk.", "bytes"}},
    Field{"disk_free_limit",
          {"rabbitmq_disk_space_available_limit_bytes", kGauge,
           "Free space below which publishers are blocked.", "bytes"}},
    Field{"disk_free_alarm",
          {"rabbitmq_alarms_free_disk_space_watermark", kGauge,
           "Whether publishers are blocked for want of disk space."}},
    Field{"fd_used", {"rabbitmq_process_open_fds", kGauge, "Open file descriptors."}},
    Field{"fd_total", {"rabbitmq_process_max_fds", kGauge, "Limit of file descriptors."}},
    Field{"sockets_used", {"rabbitmq_process_open_tcp_sockets", kGauge, "Open sockets."}},
    Field{"sockets_total", {"rabbitmq_process_max_tcp_sockets", kGauge, "Limit of sockets."}},
    Field{"proc_used", {"rabbitmq_erlang_processes_used", kGauge, "Erlang processes."}},
    Field{"proc_total", {"rabbitmq_erlang_processes_limit", kGauge, "Limit of Erlang processes."}},
    Field{"run_queue",
          {"rabbitmq_erlang_scheduler_run_queue", kGauge, "Erlang processes that wait to run."}},
    Field{"uptime",
          {"rabbitmq_erlang_uptime_seconds", kGauge, "Time since the node was started.", "seconds"},
          0.001},
};

constexpr FamilySpec kIdentity{"rabbitmq_identity_info", kGauge, "Name of node and cluster."};
constexpr FamilySpec kBuild{"rabbitmq_build_info", kGauge, "Versions of RabbitMQ and Erlang."};
constexpr FamilySpec kPartitions{"rabbitmq_partitions", kGauge,
                                 "Nodes that the node cannot see for a network partition."};
constexpr FamilySpec kState{"rabbitmq_queue_state", kGauge, "1 for the state that a queue is in."};

Error Malformed(std::string_view what, std::string_view expected) {
  return {Errc::kMalformed,
          std::string(what) + ": the answer is not " + std::string(expected) + " as JSON"};
}

/// The value at a path of one or two names.
std::optional<element> Find(element from, std::string_view path) {
  while (true) {
    const auto dot = path.find('.');
    element next;
    if (!from.is_object() || from.at_key(path.substr(0, dot)).get(next)) return std::nullopt;
    if (dot == std::string_view::npos) return next;
    from = next;
    path.remove_prefix(dot + 1);
  }
}

/// A number, or whether something holds.
std::optional<double> Number(element from, std::string_view path) {
  const auto value = Find(from, path);
  double number = 0;
  bool truth = false;
  if (!value) return std::nullopt;
  if (!value->get(number)) return number;
  if (!value->get(truth)) return truth ? 1 : 0;
  return std::nullopt;
}

std::string_view Text(element from, std::string_view path) {
  const auto value = Find(from, path);
  std::string_view text;
  return value && !value->get(text) ? text : std::string_view{};
}

void WriteFields(element from, std::span<const Field> fields, std::span<const LabelView> labels,
                 FamilySink& out) {
  for (const Field& field : fields) {
    if (const auto value = Number(from, field.path)) {
      out.Add(field.family, labels, *value * field.factor);
    }
  }
}

QueueValues ShapeOf(element queue, WallTime now) {
  QueueValues values;
  values.depth = Number(queue, "messages");
  values.consumers = Number(queue, "consumers");
  values.enqueued = Number(queue, "message_stats.publish");
  // What leaves for good: acknowledged, or delivered to whom does not acknowledge.
  for (const std::string_view path :
       {"message_stats.ack", "message_stats.deliver_no_ack", "message_stats.get_no_ack"}) {
    if (const auto part = Number(queue, path))
      values.dequeued = values.dequeued.value_or(0) + *part;
  }
  if (const auto head = Number(queue, "head_message_timestamp")) {
    values.oldest_seconds = std::max(0.0, ToSeconds(now) - *head);
  } else if (values.depth == 0.0) {
    values.oldest_seconds = 0;
  }
  return values;
}

class QueueWriter {
 public:
  QueueWriter(const RabbitFilter& filter, WallTime now, RabbitQueues& round, FamilySink& out)
      : filter_(filter), now_(now), round_(round), out_(out) {}

  void Write(element queue) {
    const std::string_view vhost = Text(queue, "vhost");
    const std::string_view name = Text(queue, "name");
    if (vhost.empty() || !filter_.vhosts.Keeps(vhost) || !filter_.queues.Keeps(name)) return;
    full_.assign(vhost).append(1, '\0').append(name);
    if (!round_.seen.Insert(full_)) return;
    if (round_.written == filter_.max_queues) {
      ++round_.dropped;
      return;
    }
    ++round_.written;
    const std::array<LabelView, 2> labels{{{"vhost", vhost}, {"queue", name}}};
    WriteFields(queue, kQueueFields, labels, out_);
    if (const std::string_view state = Text(queue, "state"); !state.empty()) {
      out_.Add(kState, {labels[0], labels[1], {"state", state}}, 1);
    }
    // The shape has no vhost: what is not in the default one says where it is.
    full_.assign(vhost).append("/").append(name);
    WriteQueue(vhost == "/" ? name : full_, ShapeOf(queue, now_), round_.names, out_);
  }

 private:
  const RabbitFilter& filter_;
  const WallTime now_;
  RabbitQueues& round_;
  FamilySink& out_;
  std::string full_;
};

}  // namespace

Status WriteRabbitOverview(std::string_view json, FamilySink& out) {
  simdjson::dom::parser parser;
  element root;
  if (parser.parse(json.data(), json.size()).get(root) || !root.is_object() ||
      !Find(root, "object_totals")) {
    return Malformed("/api/overview", "an overview");
  }
  WriteFields(root, kOverviewFields, {}, out);
  out.Add(kIdentity,
          {{"rabbitmq_node", Text(root, "node")}, {"rabbitmq_cluster", Text(root, "cluster_name")}},
          1);
  out.Add(kBuild,
          {{"rabbitmq_version", Text(root, "rabbitmq_version")},
           {"erlang_version", Text(root, "erlang_version")}},
          1);
  return Unit{};
}

Status WriteRabbitNodes(std::string_view json, FamilySink& out) {
  simdjson::dom::parser parser;
  simdjson::dom::array nodes;
  if (parser.parse(json.data(), json.size()).get_array().get(nodes)) {
    return Malformed("/api/nodes", "a list of nodes");
  }
  SeenSet seen;
  for (const element node : nodes) {
    const std::string_view name = Text(node, "name");
    if (name.empty() || !seen.Insert(name)) continue;
    const LabelView label{"node", name};
    WriteFields(node, kNodeFields, {&label, 1}, out);
    const auto partitions = Find(node, "partitions");
    simdjson::dom::array unseen;
    if (partitions && !partitions->get(unseen)) {
      out.Add(kPartitions, {label}, static_cast<double>(unseen.size()));
    }
  }
  return Unit{};
}

Result<std::size_t> WriteRabbitQueues(std::string_view json, const RabbitFilter& filter,
                                      WallTime now, RabbitQueues& round, FamilySink& out) {
  simdjson::dom::parser parser;
  element root;
  simdjson::dom::array items;
  if (parser.parse(json.data(), json.size()).get(root) || !root.is_object()) {
    return Malformed("/api/queues", "a page of queues");
  }
  const auto pages = Number(root, "page_count");
  if (!pages || *pages < 0 || *pages > 1e6 || root.at_key("items").get(items)) {
    return Malformed("/api/queues", "a page of queues");
  }
  QueueWriter writer(filter, now, round, out);
  for (const element queue : items) writer.Write(queue);
  return static_cast<std::size_t>(*pages);
}

std::string RabbitQueueColumns() {
  std::string columns = "name,vhost,state";
  for (const Field& field : kQueueFields) columns.append(",").append(field.path);
  return columns;
}

}  // namespace tocsin
