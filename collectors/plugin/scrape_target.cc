#include "collectors/plugin/scrape_target.h"

#include <algorithm>
#include <utility>

#include "base/format.h"
#include "collectors/plugin/foreign_settings.h"

namespace tocsin::plugin {
namespace {

// Prometheus gives these no type; gauges is what they are.
constexpr FamilySpec kUp{"up", MetricType::kGauge,
                         "Whether the last scrape of the target succeeded."};
constexpr FamilySpec kDuration{"scrape_duration_seconds", MetricType::kGauge,
                               "How long the last scrape of the target took."};
constexpr FamilySpec kScraped{"scrape_samples_scraped", MetricType::kGauge,
                              "Samples that the target exposed."};
constexpr FamilySpec kKept{"scrape_samples_post_metric_relabeling", MetricType::kGauge,
                           "Samples that were left after relabelling."};
constexpr FamilySpec kAdded{"scrape_series_added", MetricType::kGauge,
                            "Series that were not in the scrape before."};

/// As Prometheus 2.42 asks, without what we cannot read.
constexpr std::string_view kAccept =
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1";

exposition::Format FormatOf(const net::HttpReply& reply) {
  const std::string* type = reply.Header("content-type");
  return type && type->starts_with("application/openmetrics-text")
             ? exposition::Format::kOpenMetrics
             : exposition::Format::kText;
}

class Target final : public net::Target {
 public:
  Target(net::Network& network, ScrapeTarget target)
      : loop_(network.loop()),
        target_(std::move(target)),
        fetch_(network, *target_.fetch),
        series_(target_.foreign) {
    for (const auto& [name, value] : target_.labels) labels_.push_back({name, value});
  }

  void Start(const net::TargetRound& round, FamilySink& out, net::TargetDone done) override {
    began_ = round.began;
    out_ = &out;
    done_ = std::move(done);
    const double timeout = ToSeconds(round.deadline - round.began);
    fetch_.Start(target_.url,
                 {{"Accept", std::string(kAccept)},
                  {"X-Prometheus-Scrape-Timeout-Seconds", FormatGoFloat(timeout)}},
                 round.deadline, [this](const net::Failure* failure, net::HttpReply& reply) {
                   Finish(failure ? std::optional(*failure) : Take(reply));
                 });
  }

  void Cancel() override { fetch_.Cancel(); }

  void WriteDown(const net::Failure&, FamilySink& out) override { WriteOwn(0, {}, out); }

 private:
  std::optional<net::Failure> Take(const net::HttpReply& reply) {
    const auto counts = series_.Add(reply.body, FormatOf(reply), *out_);
    if (!counts) return BadContent(counts.error());
    if (target_.sample_limit > 0 && counts->kept > target_.sample_limit) {
      return net::Failure{net::Reason::kTooLarge,
                          std::to_string(counts->kept) + " samples are more than sample_limit"};
    }
    WriteOwn(1, *counts, *out_);
    return std::nullopt;
  }

  void WriteOwn(double up, const ForeignCounts& counts, FamilySink& out) const {
    out.Add(kUp, labels_, up);
    out.Add(kDuration, labels_, ToSeconds(loop_.Now() - began_));
    out.Add(kScraped, labels_, static_cast<double>(counts.scraped));
    out.Add(kKept, labels_, static_cast<double>(counts.kept));
    out.Add(kAdded, labels_, static_cast<double>(counts.added));
  }

  void Finish(std::optional<net::Failure> failure) {
    const net::TargetDone done = std::exchange(done_, nullptr);
    done(std::move(failure));
  }

  net::Loop& loop_;
  const ScrapeTarget target_;
  HttpFetch fetch_;
  ForeignSeries series_;
  std::vector<LabelView> labels_;
  MonoTime began_{};
  FamilySink* out_ = nullptr;
  net::TargetDone done_;
};

}  // namespace

std::unique_ptr<net::Target> MakeScrapeTarget(net::Network& network, ScrapeTarget target) {
  return std::make_unique<Target>(network, std::move(target));
}

}  // namespace tocsin::plugin
