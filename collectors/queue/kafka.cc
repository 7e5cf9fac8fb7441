#include <pthread.h>

#include <atomic>
#include <deque>
#include <thread>

#include "base/mutex.h"
#include "base/outgoing/http_config.h"
#include "base/thread.h"
#include "collectors/net/network.h"
#include "collectors/queue/kafka_client.h"
#include "collectors/queue/queue.h"
#include "collectors/queue/target_groups.h"

namespace tocsin {
namespace {

constexpr FamilySpec kUp{"kafka_up", MetricType::kGauge, "Whether the cluster answered."};

constexpr milliseconds kMostPatience{3'000};  // of one question
constexpr milliseconds kLeastPatience{200};

/// One thread "tocsin-kafka" for all clusters, on which librdkafka may block. It starts with the
/// first job.
class KafkaWorker {
 public:
  KafkaWorker() = default;
  ~KafkaWorker() { Stop(); }
  KafkaWorker(const KafkaWorker&) = delete;
  KafkaWorker& operator=(const KafkaWorker&) = delete;

  /// False after Stop(), and where the host gives no thread: then the job is not done.
  bool Do(std::function<void()> job) {
    const MutexLock lock(mutex_);
    if (stopped_) return false;
    jobs_.push_back(std::move(job));
    changed_.NotifyOne();
    if (thread_.joinable()) return true;
    auto started = StartThread([this] { Run(); });
    if (!started) {
      jobs_.pop_back();
      return false;
    }
    thread_ = *std::move(started);
    return true;
  }

  /// Waits for the job that runs.
  void Stop() {
    {
      const MutexLock lock(mutex_);
      stopped_ = true;
      changed_.NotifyOne();
    }
    if (thread_.joinable()) thread_.join();
  }

 private:
  void Run() {
    ::pthread_setname_np(::pthread_self(), "tocsin-kafka");
    while (auto job = Next()) job();
  }

  std::function<void()> Next() {
    const MutexLock lock(mutex_);
    while (jobs_.empty() && !stopped_) changed_.Wait(mutex_);
    if (stopped_) return nullptr;
    auto job = std::move(jobs_.front());
    jobs_.pop_front();
    return job;
  }

  Mutex mutex_;
  CondVar changed_;
  std::deque<std::function<void()>> jobs_ GUARDED_BY(mutex_);
  bool stopped_ GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

class KafkaTarget final : public net::Target {
 public:
  KafkaTarget(net::Network& network, std::shared_ptr<KafkaWorker> worker,
              const std::shared_ptr<const KafkaCluster>& cluster, const std::string& brokers)
      : network_(network),
        worker_(std::move(worker)),
        questions_(static_cast<int>(cluster->groups.size()) + 3),
        client_(std::make_shared<KafkaClient>(cluster, brokers)) {}
  ~KafkaTarget() override {
    *self_ = nullptr;
    // To end a client can take a while.
    worker_->Do([client = std::move(client_)] {});
  }

  void Start(const net::TargetRound& round, FamilySink& out, net::TargetDone done) override {
    out_ = &out;
    done_ = std::move(done);
    if (std::exchange(asking_, true)) {
      return Done(net::Failure{net::Reason::kTimeout, "the last question is not answered yet"});
    }
    const auto share = std::chrono::floor<milliseconds>(round.deadline - round.began) / questions_;
    const milliseconds patience = std::clamp(share, kLeastPatience, kMostPatience);
    const bool asked =
        worker_->Do([client = client_, patience, &loop = network_.loop(), self = self_] {
          auto answer = std::make_shared<Answer>(client->Ask(patience));
          loop.Post([answer, self] {
            if (KafkaTarget* const target = *self) target->Take(*answer);
          });
        });
    if (asked) return;
    asking_ = false;
    Done(net::Failure{net::Reason::kLocal, "this host gives no thread to ask on"});
  }

  void Cancel() override { done_ = nullptr; }

  void WriteDown(const net::Failure&, FamilySink& out) override { out.Add(kUp, {}, 0); }

 private:
  using Answer = std::variant<KafkaOffsets, net::Failure>;

  void Take(const Answer& answer) {
    asking_ = false;
    if (!done_) return;  // too late
    if (const auto* failure = std::get_if<net::Failure>(&answer)) return Done(*failure);
    WriteKafka(std::get<KafkaOffsets>(answer), *out_);
    out_->Add(kUp, {}, 1);
    Done(std::nullopt);
  }

  void Done(std::optional<net::Failure> failure) {
    const net::TargetDone done = std::exchange(done_, nullptr);
    done(std::move(failure));
  }

  net::Network& network_;
  const std::shared_ptr<KafkaWorker> worker_;
  const int questions_;
  std::shared_ptr<KafkaClient> client_;
  bool asking_ = false;
  FamilySink* out_ = nullptr;
  net::TargetDone done_;
  /// Of this, as long as it is there; read on the loop.
  const std::shared_ptr<KafkaTarget*> self_ = std::make_shared<KafkaTarget*>(this);
};

class KafkaCollector final : public Collector {
 public:
  KafkaCollector(std::shared_ptr<KafkaWorker> worker, std::unique_ptr<Collector> groups)
      : worker_(std::move(worker)), groups_(std::move(groups)) {}
  ~KafkaCollector() override {
    groups_.reset();
    worker_->Stop();
  }

  Status Collect(const RoundContext& round, FamilySink& out) override {
    return groups_->Collect(round, out);
  }

 private:
  const std::shared_ptr<KafkaWorker> worker_;
  std::unique_ptr<Collector> groups_;
};

Status ReadProperties(const YamlFile& file, const YamlNode& node, KafkaCluster& cluster) {
  if (!node.IsMap()) return file.At(node, "expected librdkafka's settings by their names");
  for (const auto& [key, value] : node.entries) {
    TRY_ASSIGN(std::string text, YamlString(file, *value));
    if (key->scalar.find("password") != std::string::npos || key->scalar == "ssl.key.pem") {
      return file.At(*key,
                     "a secret does not belong in this file: use password_file, or a key file");
    }
    cluster.properties.emplace_back(key->scalar, std::move(text));
  }
  return Unit{};
}

Result<TargetGroups::Make> ReadGroupOf(YamlFields& fields,
                                       const std::shared_ptr<KafkaWorker>& worker) {
  const YamlFile& file = fields.file();
  KafkaCluster cluster;
  TRY_ASSIGN(cluster.groups, fields.ReadRequired("groups", YamlStrings));
  if (cluster.groups.empty() || cluster.groups.size() > 100) {
    return file.At(*fields.Find("groups"), "expected 1 to 100 consumer groups");
  }
  if (const YamlNode* node = fields.Find("topics")) {
    TRY_ASSIGN(cluster.topics, YamlStrings(file, *node));
  }
  TRY_ASSIGN(cluster.password,
             outgoing::ReadSecret(fields, "password", outgoing::InlineSecrets::kRefused));
  if (const YamlNode* node = fields.Find("properties")) TRY(ReadProperties(file, *node, cluster));
  TRY_ASSIGN(cluster.max_partitions, fields.ReadCount("max_partitions", 2'000, {1, 20'000}));
  return TargetGroups::Make(
      [worker, shared = std::make_shared<const KafkaCluster>(std::move(cluster))](
          net::Network& network,
          const std::string& brokers) -> Result<std::unique_ptr<net::Target>> {
        return std::unique_ptr<net::Target>(
            std::make_unique<KafkaTarget>(network, worker, shared, brokers));
      });
}

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  YamlFields settings(deps.file, deps.settings, "collector kafka");
  auto worker = std::make_shared<KafkaWorker>();
  TRY_ASSIGN(auto groups, MakeGroupsCollector(
                              deps, settings,
                              {.collector = "kafka", .timeout = seconds(10), .max_series = 200'000},
                              [&](YamlFields& fields) { return ReadGroupOf(fields, worker); }));
  return std::unique_ptr<Collector>(
      std::make_unique<KafkaCollector>(std::move(worker), std::move(groups)));
}

}  // namespace

extern const CatalogEntry kKafkaCollector{
    .name = "kafka",
    .room = "queue",
    .on_by_default = false,
    .interval = seconds(15),
    .help = "How far consumer groups of Kafka are behind, by librdkafka.",
    .families = {},
    .flags = {},
    .make = &Make,
};

}  // namespace tocsin
