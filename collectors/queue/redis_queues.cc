#include <algorithm>
#include <array>
#include <deque>

#include "base/parse.h"
#include "collectors/net/network.h"
#include "collectors/net/redis_connection.h"
#include "collectors/queue/queue.h"
#include "collectors/queue/redis_keys.h"
#include "collectors/queue/redis_stream.h"
#include "collectors/queue/target_groups.h"

namespace tocsin {
namespace {

constexpr MetricType kGauge = MetricType::kGauge;
constexpr FamilySpec kKeySize{"redis_key_size", kGauge,
                              "The length or size of the key: entries, or bytes of a string."};
constexpr FamilySpec kKeys{"redis_queue_keys", kGauge, "Keys that are looked at."};
constexpr FamilySpec kDropped{"redis_queue_dropped_keys", kGauge,
                              "Keys that fit a pattern and are left out: too many, too long."};
constexpr FamilySpec kSweep{
    "redis_queue_sweep_seconds", kGauge,
    "How long the last whole sweep through the patterns took, rounds between "
    "included.",
    "seconds"};

/// Commands that are under way at once: what the server has to hold for us is small.
constexpr std::size_t kPipelined = 256;
/// Keys that one SCAN looks at: about a tenth of a millisecond for Redis.
constexpr std::string_view kScanCount = "500";
constexpr std::size_t kMaxGroups = 100;  // of one stream
/// Of one group. One that has more is not asked who they are: Redis would be busy with it.
constexpr std::size_t kMaxConsumers = 100;

/// What the scores of sorted sets are, if they tell when an entry was put in or is due.
enum class Scores : std::uint8_t { kNone, kSeconds, kMilliseconds };

struct RedisServer {
  net::RedisAddress access;  // user, password, TLS
  std::vector<std::string> keys;
  std::size_t max_keys = 10'000;
  milliseconds scan_budget{20};  // of a round
  Scores scores = Scores::kNone;
};

/// The words of a command, its own copies.
using Command = std::vector<std::string>;

/// Commands sent a window at a time; each reply goes to its taker.
class Pipeline {
 public:
  using Take = std::function<void(const net::Reply&)>;
  explicit Pipeline(net::RedisConnection& connection) : connection_(connection) {}

  void Add(Command command, Take take) {
    waiting_.push_back({std::move(command), std::move(take)});
  }
  /// Sends what waits; `done` is called when everything, also what takers added, was answered.
  void Run(std::function<void()> done) {
    done_ = std::move(done);
    Send();
  }
  void Clear() {
    waiting_.clear();
    under_way_ = 0;
    done_ = nullptr;
  }

 private:
  void Send() {
    while (!waiting_.empty() && under_way_ < kPipelined) {
      auto [command, take] = std::move(waiting_.front());
      waiting_.pop_front();
      ++under_way_;
      const std::vector<std::string_view> words(command.begin(), command.end());
      connection_.Send(words, [this, taker = std::move(take)](const net::Reply& reply) {
        --under_way_;
        taker(reply);
        Send();
      });
    }
    if (under_way_ != 0 || !waiting_.empty() || !done_) return;
    const auto done = std::exchange(done_, nullptr);
    done();
  }

  struct Waiting {
    Command command;
    Take take;
  };
  net::RedisConnection& connection_;
  std::deque<Waiting> waiting_;
  std::size_t under_way_ = 0;
  std::function<void()> done_;
};

/// What a round has found out of a key.
struct Found {
  std::optional<double> size;
  std::optional<double> oldest_score;
  std::optional<RedisStream> stream;
  std::vector<RedisStreamGroup> groups;
};

class RedisQueuesTarget final : public net::Target {
 public:
  RedisQueuesTarget(net::Network& network, std::shared_ptr<const RedisServer> server,
                    net::RedisAddress address)
      : network_(network),
        server_(std::move(server)),
        db_("db" + std::to_string(address.database)),
        connection_(network, std::move(address)),
        pipeline_(connection_),
        keys_(server_->keys, server_->max_keys) {}

  void Start(const net::TargetRound& round, FamilySink& out, net::TargetDone done) override {
    round_ = round;
    out_ = &out;
    done_ = std::move(done);
    found_.clear();
    names_.Clear();
    connection_.Begin(round.deadline, [this](const net::Failure& failure) { Done(failure); });
    Scan();
  }

  void Cancel() override {
    pipeline_.Clear();
    connection_.End();
  }

 private:
  /// Goes on with the sweep until it ends or the round's share of time is spent.
  void Scan() {
    const auto next = keys_.Next();
    if (!next) return AskTypes();
    if (!sweep_began_) sweep_began_ = network_.loop().Now();
    const std::array<std::string_view, 6> words{"SCAN",        next->cursor, "MATCH",
                                                next->pattern, "COUNT",      kScanCount};
    connection_.Send(words, [this](const net::Reply& reply) { TakeScan(reply); });
  }

  void TakeScan(const net::Reply& reply) {
    if (!reply.IsArray() || reply.elements.size() != 2 || !reply.elements[0].IsString() ||
        !reply.elements[1].IsArray()) {
      return Refused("SCAN", reply);
    }
    std::vector<std::string_view> names;
    for (const net::Reply& name : reply.elements[1].elements) {
      if (name.IsString()) names.emplace_back(name.text);
    }
    const MonoTime now = network_.loop().Now();
    if (keys_.Take(reply.elements[0].text, names)) {
      sweep_seconds_ = ToSeconds(now - *sweep_began_);
      sweep_began_.reset();
      return AskTypes();
    }
    if (now - round_.began >= server_->scan_budget) return AskTypes();
    Scan();
  }

  void AskTypes() {
    for (auto& [name, key] : keys_.keys()) {
      if (key.type != RedisType::kUnknown && key.type != RedisType::kAbsent) continue;
      pipeline_.Add({"TYPE", name}, [this, name = name](const net::Reply& reply) {
        const auto known = keys_.keys().find(name);
        if (known != keys_.keys().end() && reply.IsString()) {
          known->second.type = RedisTypeNamed(reply.text);
        }
      });
    }
    pipeline_.Run([this] { AskSizes(); });
  }

  void AskSizes() {
    for (const auto& [name, key] : keys_.keys()) {
      if (key.type == RedisType::kStream) {
        AskStream(name);
      } else if (const auto command = RedisSizeCommand(key.type); !command.empty()) {
        pipeline_.Add({std::string(command), name},
                      [this, name = name](const net::Reply& reply) { TakeSize(name, reply); });
        if (key.type == RedisType::kSortedSet && server_->scores != Scores::kNone) AskScore(name);
      }
    }
    pipeline_.Run([this] { Finish(); });
  }

  void TakeSize(const std::string& name, const net::Reply& reply) {
    if (reply.IsInteger()) {
      found_[name].size = static_cast<double>(reply.integer);
    } else {
      Forget(name);
    }
  }

  /// The key is not what it was: its type is asked for in the next round.
  void Forget(const std::string& name) {
    const auto known = keys_.keys().find(name);
    if (known != keys_.keys().end()) known->second.type = RedisType::kUnknown;
  }

  void AskScore(const std::string& name) {
    pipeline_.Add({"ZRANGE", name, "0", "0", "WITHSCORES"}, [this, name](const net::Reply& reply) {
      if (!reply.IsArray() || reply.elements.size() != 2) return;
      found_[name].oldest_score = ParseDouble(reply.elements[1].text);
    });
  }

  void AskStream(const std::string& name) {
    pipeline_.Add({"XINFO", "STREAM", name}, [this, name](const net::Reply& reply) {
      found_[name].stream = ParseRedisStream(reply);
      if (!found_[name].stream) Forget(name);
    });
    pipeline_.Add({"XINFO", "GROUPS", name}, [this, name](const net::Reply& reply) {
      auto& groups = found_[name].groups;
      groups = ParseRedisGroups(reply, kMaxGroups);
      for (std::size_t i = 0; i < groups.size(); ++i) {
        AskOldest(name, i, groups[i]);
        AskConsumers(name, i, groups[i]);
      }
    });
  }

  /// What the group has waited for longest: delivered and not acknowledged, or not delivered yet.
  void AskOldest(const std::string& name, std::size_t i, const RedisStreamGroup& group) {
    if (group.pending.value_or(0) > 0) {
      pipeline_.Add({"XPENDING", name, group.name}, [this, name, i](const net::Reply& reply) {
        found_[name].groups[i].oldest_id = OldestPendingId(reply);
      });
    } else if (group.lag.value_or(0) > 0) {
      pipeline_.Add({"XRANGE", name, "(" + group.last_delivered_id, "+", "COUNT", "1"},
                    [this, name, i](const net::Reply& reply) {
                      found_[name].groups[i].oldest_id = FirstEntryId(reply);
                    });
    }
  }

  void AskConsumers(const std::string& name, std::size_t i, const RedisStreamGroup& group) {
    const double count = group.consumers.value_or(0);
    if (count < 1 || count > static_cast<double>(kMaxConsumers)) return;
    pipeline_.Add({"XINFO", "CONSUMERS", name, group.name},
                  [this, name, i](const net::Reply& reply) {
                    found_[name].groups[i].members = ParseRedisConsumers(reply, kMaxConsumers);
                  });
  }

  void Finish() {
    for (const auto& [name, key] : keys_.keys()) Write(name, key);
    out_->Add(kKeys, {}, static_cast<double>(keys_.keys().size()));
    out_->Add(kDropped, {}, static_cast<double>(keys_.dropped()));
    if (sweep_seconds_) out_->Add(kSweep, {}, *sweep_seconds_);
    Done(std::nullopt);
  }

  void Write(const std::string& name, const RedisKeys::Key& key) {
    const Found& found = found_[name];
    if (found.stream) {
      WriteRedisStream(db_, name, *found.stream, found.groups, round_.now, names_, *out_);
    }
    const auto size = found.stream ? found.stream->length : found.size;
    if (size) {
      out_->Add(kKeySize, {{"db", db_}, {"key", name}}, *size);
    }
    // Redis has no empty lists: what is not there waits for nothing.
    const bool empty = key.type == RedisType::kAbsent;
    const bool queue = key.type == RedisType::kList || key.type == RedisType::kSet ||
                       key.type == RedisType::kSortedSet;
    if (!found.stream && (empty || (queue && size))) {
      WriteQueue(name, {.depth = empty ? 0 : *size, .oldest_seconds = Oldest(found)}, names_,
                 *out_);
    }
  }

  std::optional<double> Oldest(const Found& found) const {
    if (server_->scores == Scores::kNone) return std::nullopt;
    if (found.size == 0.0) return 0;
    if (!found.oldest_score) return std::nullopt;
    const double at = *found.oldest_score / (server_->scores == Scores::kSeconds ? 1 : 1'000);
    return std::max(0.0, ToSeconds(round_.now) - at);
  }

  void Refused(std::string_view command, const net::Reply& reply) {
    Done(net::Failure{reply.IsError() ? net::Reason::kRefused : net::Reason::kProtocol,
                      std::string(command) + ": " +
                          (reply.IsError() ? reply.text.substr(0, 200) : "not the reply it has")});
  }

  void Done(std::optional<net::Failure> failure) {
    pipeline_.Clear();
    connection_.End();
    const net::TargetDone done = std::exchange(done_, nullptr);
    done(std::move(failure));
  }

  net::Network& network_;
  const std::shared_ptr<const RedisServer> server_;
  const std::string db_;
  net::RedisConnection connection_;
  Pipeline pipeline_;
  RedisKeys keys_;
  std::optional<MonoTime> sweep_began_;
  std::optional<double> sweep_seconds_;

  net::TargetRound round_{};
  FamilySink* out_ = nullptr;
  net::TargetDone done_;
  std::map<std::string, Found, std::less<>> found_;
  SeenSet names_;
};

Result<Scores> ReadScores(const YamlFile& file, const YamlNode& node) {
  TRY_ASSIGN(const std::string text, YamlString(file, node));
  if (text == "none") return Scores::kNone;
  if (text == "seconds") return Scores::kSeconds;
  if (text == "milliseconds") return Scores::kMilliseconds;
  return file.At(node, "expected zset_scores none, seconds or milliseconds");
}

Result<RedisServer> ReadServer(YamlFields& fields) {
  const YamlFile& file = fields.file();
  RedisServer server;
  TRY(net::ReadRedisFields(fields, server.access));
  TRY_ASSIGN(server.keys, fields.ReadRequired("keys", YamlStrings));
  if (server.keys.empty()) return file.At(*fields.Find("keys"), "expected keys or patterns");
  TRY_ASSIGN(server.max_keys, fields.ReadCount("max_keys", 1'000, {1, 50'000}));
  TRY_ASSIGN(server.scan_budget, fields.Read("scan_budget", YamlDuration, server.scan_budget));
  TRY_ASSIGN(server.scores, fields.Read("zset_scores", ReadScores, Scores::kNone));
  return server;
}

Result<TargetGroups::Make> ReadGroupOf(YamlFields& fields) {
  TRY_ASSIGN(RedisServer server, ReadServer(fields));
  return TargetGroups::Make(
      [shared = std::make_shared<const RedisServer>(std::move(server))](
          net::Network& network, const std::string& text) -> Result<std::unique_ptr<net::Target>> {
        TRY_ASSIGN(net::RedisAddress address, net::ParseRedisAddress(text, shared->access));
        return std::unique_ptr<net::Target>(
            std::make_unique<RedisQueuesTarget>(network, shared, std::move(address)));
      });
}

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  YamlFields settings(deps.file, deps.settings, "collector redis_queues");
  return MakeGroupsCollector(
      deps, settings, {.collector = "redis_queues", .timeout = seconds(10), .max_series = 200'000},
      &ReadGroupOf);
}

}  // namespace

extern const CatalogEntry kRedisQueuesCollector{
    .name = "redis_queues",
    .room = "queue",
    .on_by_default = false,
    .interval = seconds(15),
    .help =
        "Lists, streams and sorted sets of Redis and Valkey that are queues, by name or "
        "pattern.",
    .families = {},
    .flags = {},
    .make = &Make,
};

}  // namespace tocsin
