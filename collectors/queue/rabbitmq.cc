#include "base/outgoing/http_config.h"
#include "collectors/net/network.h"
#include "collectors/queue/queue.h"
#include "collectors/queue/rabbit_json.h"
#include "collectors/queue/target_groups.h"

namespace tocsin {
namespace {

constexpr FamilySpec kUp{"rabbitmq_up", MetricType::kGauge, "Whether the management API answered."};
constexpr FamilySpec kDropped{"rabbitmq_dropped_queues", MetricType::kGauge,
                              "Queues that are not exported because there are too many."};

constexpr std::size_t kPageSize = 500;  // the most that RabbitMQ gives
constexpr int kNoSuchPage = 400;        // HTTP status: "page_out_of_range"

/// How to speak to servers and what to ask them.
struct RabbitServer {
  outgoing::HttpConfig http;
  std::string scheme = "http";
  RabbitFilter filter;
};

class RabbitTarget final : public net::Target {
 public:
  RabbitTarget(net::Network& network, std::shared_ptr<const RabbitServer> server, std::string base)
      : network_(network), server_(std::move(server)), base_(std::move(base)) {}
  ~RabbitTarget() override { Cancel(); }

  void Start(const net::TargetRound& round, FamilySink& out, net::TargetDone done) override {
    round_ = round;
    out_ = &out;
    done_ = std::move(done);
    queues_ = {};
    page_ = 1;
    Get("/api/overview", &RabbitTarget::TakeOverview);
  }

  void Cancel() override {
    if (request_) network_.http().Cancel(*std::exchange(request_, std::nullopt));
  }

  void WriteDown(const net::Failure&, FamilySink& out) override { out.Add(kUp, {}, 0); }

 private:
  void Get(const std::string& path, void (RabbitTarget::*take)(const std::string&)) {
    net::HttpCall call;
    call.request.method = "GET";
    call.request.url = base_ + path;
    if (const Status applied = outgoing::ApplyHttpConfig(server_->http, call.request); !applied) {
      return Done(net::Failure{net::Reason::kLocal, applied.error().message()});
    }
    call.request.limits.max_answer_bytes = 4 << 20;
    const auto left = round_.deadline - network_.loop().Now();
    call.request.limits.total_timeout =
        std::max(milliseconds(1), std::chrono::floor<milliseconds>(left));
    request_ = network_.http().Start(std::move(call), [this, path, take](net::HttpOutcome outcome) {
      request_.reset();
      if (outcome.failure) return Done(*std::move(outcome.failure));
      const int status = outcome.reply.status;
      // Queues went while we read: there are fewer pages than the last one said.
      if (status == kNoSuchPage && page_ > 1) return Finish();
      if (status == 200) return (this->*take)(outcome.reply.body);
      const auto reason = status == 401 || status == 403        ? net::Reason::kAuth
                          : !outcome.reply.redirect_url.empty() ? net::Reason::kRedirect
                                                                : net::Reason::kStatus;
      Done(net::Failure{reason, path + ": HTTP status " + std::to_string(status)});
    });
  }

  void TakeOverview(const std::string& body) {
    if (Took(WriteRabbitOverview(body, *out_))) Get("/api/nodes", &RabbitTarget::TakeNodes);
  }

  void TakeNodes(const std::string& body) {
    if (Took(WriteRabbitNodes(body, *out_))) GetPage();
  }

  void GetPage() {
    Get("/api/queues?page=" + std::to_string(page_) + "&page_size=" + std::to_string(kPageSize) +
            "&columns=" + RabbitQueueColumns(),
        &RabbitTarget::TakePage);
  }

  void TakePage(const std::string& body) {
    const auto pages = WriteRabbitQueues(body, server_->filter, round_.now, queues_, *out_);
    if (!pages) {
      Took(pages.error());
      return;
    }
    // Pages past the limit would only be counted, and each costs the server work.
    if (page_++ < *pages && queues_.dropped == 0) return GetPage();
    Finish();
  }

  void Finish() {
    out_->Add(kUp, {}, 1);
    out_->Add(kDropped, {}, static_cast<double>(queues_.dropped));
    Done(std::nullopt);
  }

  bool Took(const Status& status) {
    if (status) return true;
    Done(net::Failure{net::Reason::kContent, status.error().message()});
    return false;
  }

  void Done(std::optional<net::Failure> failure) {
    const net::TargetDone done = std::exchange(done_, nullptr);
    done(std::move(failure));
  }

  net::Network& network_;
  const std::shared_ptr<const RabbitServer> server_;
  const std::string base_;
  net::TargetRound round_{};
  FamilySink* out_ = nullptr;
  net::TargetDone done_;
  std::optional<std::uint64_t> request_;
  RabbitQueues queues_;
  std::size_t page_ = 1;
};

Result<RabbitServer> ReadServer(YamlFields& fields) {
  const YamlFile& file = fields.file();
  RabbitServer server;
  if (const YamlNode* node = fields.Find("http_config")) {
    TRY_ASSIGN(server.http,
               outgoing::ReadHttpConfig(file, *node, outgoing::InlineSecrets::kRefused));
  }
  TRY_ASSIGN(server.scheme, fields.Read("scheme", YamlString, "http"));
  if (server.scheme != "http" && server.scheme != "https") {
    return file.At(*fields.Find("scheme"), "expected scheme http or https");
  }
  TRY_ASSIGN(server.filter.vhosts, ReadNameFilter(fields, {.include = "vhost_include",
                                                           .exclude = "vhost_exclude",
                                                           .both_allowed = true}));
  TRY_ASSIGN(server.filter.queues, ReadNameFilter(fields, {.include = "queue_include",
                                                           .exclude = "queue_exclude",
                                                           .both_allowed = true}));
  TRY_ASSIGN(server.filter.max_queues, fields.ReadCount("max_queues", 500, {0, 10'000}));
  return server;
}

Result<TargetGroups::Make> ReadGroupOf(YamlFields& fields) {
  TRY_ASSIGN(RabbitServer server, ReadServer(fields));
  return TargetGroups::Make(
      [shared = std::make_shared<const RabbitServer>(std::move(server))](
          net::Network& network,
          const std::string& address) -> Result<std::unique_ptr<net::Target>> {
        return std::unique_ptr<net::Target>(
            std::make_unique<RabbitTarget>(network, shared, shared->scheme + "://" + address));
      });
}

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  YamlFields settings(deps.file, deps.settings, "collector rabbitmq");
  return MakeGroupsCollector(
      deps, settings, {.collector = "rabbitmq", .timeout = seconds(10), .max_series = 200'000},
      &ReadGroupOf);
}

}  // namespace

extern const CatalogEntry kRabbitmqCollector{
    .name = "rabbitmq",
    .room = "queue",
    .on_by_default = false,
    .interval = seconds(15),
    .help = "RabbitMQ clusters by their management API: queues, nodes, totals.",
    .families = {},
    .flags = {},
    .make = &Make,
};

}  // namespace tocsin
