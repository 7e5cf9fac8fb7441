#include <array>
#include <memory>
#include <optional>
#include <string>

#include "base/gzip.h"
#include "base/mutex.h"
#include "base/parse.h"
#include "collectors/net/network.h"
#include "collectors/response/otlp/store.h"
#include "collectors/response/own_names.h"
#include "collectors/response/response.h"

namespace tocsin {
namespace {

constexpr FamilySpec kRequests{"tocsin_otlp_requests_total", MetricType::kCounter,
                               "Requests with metrics that were pushed."};
constexpr FamilySpec kFailed{"tocsin_otlp_failed_requests_total", MetricType::kCounter,
                             "Requests that were refused whole."};
constexpr FamilySpec kPoints{"tocsin_otlp_points_total", MetricType::kCounter,
                             "Data points that were pushed."};
constexpr FamilySpec kRejected{"tocsin_otlp_rejected_points_total", MetricType::kCounter,
                               "Data points that count for nothing, by what is wrong with them."};
constexpr FamilySpec kSeries{"tocsin_otlp_series", MetricType::kGauge,
                             "Series that were pushed and are not stale; a histogram is one."};

constexpr std::array kFamilies{kRequests, kFailed, kPoints, kRejected, kSeries};

constexpr std::string_view kPath = "/v1/metrics";
/// Of a body once it is unpacked.
constexpr std::size_t kMaxBody = 8 << 20;

/// The store, with those who push and the collector at its two ends.
struct Inbox {
  explicit Inbox(const otlp::StoreLimits& limits) : store(limits, OwnNames(kFamilies)) {}
  Mutex mutex;
  otlp::Store store GUARDED_BY(mutex);
};

std::optional<otlp::Store::Encoding> EncodingOf(std::string_view content_type) {
  const std::string_view type = Trim(content_type.substr(0, content_type.find(';')));
  if (type == "application/x-protobuf") return otlp::Store::Encoding::kProtobuf;
  if (type == "application/json") return otlp::Store::Encoding::kJson;
  return std::nullopt;
}

net::PushReply Refuse(Inbox& inbox, int status, std::string message) {
  const MutexLock lock(inbox.mutex);
  inbox.store.CountFailure();
  return {status, "text/plain; charset=utf-8", std::move(message) + "\n"};
}

net::PushReply Take(Inbox& inbox, const net::PushRequest& request) {
  const auto encoding = EncodingOf(request.content_type);
  if (!encoding) {
    return Refuse(inbox, 415, "expected application/x-protobuf or application/json");
  }
  std::string unpacked;
  std::string_view body = request.body;
  if (request.content_encoding == "gzip") {
    auto text = Gunzip(body, kMaxBody);
    if (!text) return Refuse(inbox, 400, text.error().message());
    unpacked = *std::move(text);
    body = unpacked;
  } else if (!request.content_encoding.empty() && request.content_encoding != "identity") {
    return Refuse(inbox, 415, "expected no content encoding, or gzip");
  }
  Result<otlp::PushResult> pushed = [&] {
    const MutexLock lock(inbox.mutex);
    return inbox.store.Push(body, *encoding);
  }();
  if (!pushed) return {400, "text/plain; charset=utf-8", pushed.error().message() + "\n"};
  if (*encoding == otlp::Store::Encoding::kJson) {
    return {200, "application/json", otlp::JsonResponse(pushed->rejected, pushed->message)};
  }
  return {200, "application/x-protobuf", otlp::ProtobufResponse(pushed->rejected, pushed->message)};
}

class OtlpCollector final : public Collector {
 public:
  OtlpCollector(net::Network& network, const otlp::StoreLimits& limits)
      : network_(network), inbox_(std::make_shared<Inbox>(limits)) {}

  Status Collect(const RoundContext& round, FamilySink& out) override {
    if (!claim_) {
      // Not before: a collector that is only made to try its settings takes nothing over.
      claim_ = std::make_unique<net::Inlets::Claim>(
          network_.inlets(), std::string(kPath),
          [inbox = inbox_](const net::PushRequest& request) { return Take(*inbox, request); });
    }
    const MutexLock lock(inbox_->mutex);
    otlp::Store& store = inbox_->store;
    store.MoveTo(round.deadline);
    store.AddTo(out);
    const otlp::StoreCounters& counters = store.counters();
    out.Add(kRequests, {}, static_cast<double>(counters.requests));
    out.Add(kFailed, {}, static_cast<double>(counters.failed));
    out.Add(kPoints, {}, static_cast<double>(counters.points));
    for (std::size_t i = 0; i < otlp::kRejects; ++i) {
      out.Add(kRejected, {{"reason", RejectText(static_cast<otlp::Reject>(i))}},
              static_cast<double>(counters.rejected[i]));
    }
    out.Add(kSeries, {}, static_cast<double>(store.size()));
    return Unit{};
  }

 private:
  net::Network& network_;
  const std::shared_ptr<Inbox> inbox_;
  std::unique_ptr<net::Inlets::Claim> claim_;
};

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  YamlFields fields(deps.file, deps.settings, "collector otlp");
  otlp::StoreLimits limits;
  TRY_ASSIGN(limits.max_series, fields.ReadCount("max_series", 5'000, {1, 1'000'000}));
  TRY_ASSIGN(const std::uint64_t max_bytes, fields.Read("max_bytes", YamlBytes, limits.max_bytes));
  limits.max_bytes = max_bytes;
  TRY_ASSIGN(limits.stale_after, fields.Read("stale_after", YamlDuration, limits.stale_after));
  TRY(fields.Finish());
  return std::unique_ptr<Collector>(std::make_unique<OtlpCollector>(deps.network, limits));
}

}  // namespace

extern const CatalogEntry kOtlpCollector{
    .name = "otlp",
    .room = "response",
    .on_by_default = false,
    .interval = seconds(1),
    .help =
        "Metrics that programs push by OTLP over HTTP to /v1/metrics, named as Prometheus "
        "names them.",
    .families = kFamilies,
    .flags = {},
    .make = &Make,
};

}  // namespace tocsin
