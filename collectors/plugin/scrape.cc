// Exporters whose series join ours: docs/plugins.md, "scrape".

#include <algorithm>
#include <map>
#include <utility>

#include "base/percent.h"
#include "collectors/net/discovery.h"
#include "collectors/net/network.h"
#include "collectors/plugin/foreign_settings.h"
#include "collectors/plugin/plugins.h"
#include "collectors/plugin/scrape_target.h"

namespace tocsin {
namespace {

using plugin::LabelList;

struct ScrapeJob {
  std::string name;
  std::string scheme = "http";
  std::string path = "/metrics";
  LabelList params;  // in the order of the file, a name may stand several times
  milliseconds timeout{10'000};
  std::size_t sample_limit = 0;
  std::shared_ptr<const plugin::FetchSettings> fetch;
  plugin::ForeignOptions foreign;
  std::string key;
  std::unique_ptr<net::Discovery> discovery;
};

/// Prometheus gives every address a port.
std::string WithPort(const std::string& address, std::string_view scheme) {
  const auto colon = address.rfind(':');
  const auto bracket = address.rfind(']');
  const bool has_port =
      colon != std::string::npos && (bracket == std::string::npos || colon > bracket);
  return has_port ? address : address + (scheme == "https" ? ":443" : ":80");
}

/// What a discovered target becomes: the labels with two underscores say how it is asked.
net::TargetSpec SpecOf(const ScrapeJob& job, const net::DiscoveredTarget& found) {
  std::string scheme = job.scheme;
  std::string path = job.path;
  std::string address = found.address;
  LabelList params = job.params;
  LabelList labels;
  for (const auto& [name, value] : found.labels) {
    constexpr std::string_view kParam = "__param_";
    if (name == "__scheme__") {
      scheme = value;
    } else if (name == "__metrics_path__") {
      path = value;
    } else if (name == "__address__") {
      address = value;
    } else if (name.starts_with(kParam)) {
      params.emplace_back(name.substr(kParam.size()), value);
    } else if (!name.starts_with("__")) {
      labels.emplace_back(name, value);
    }
  }
  address = WithPort(address, scheme);
  for (const auto& [name, value] :
       {std::pair<std::string, std::string>("instance", address), {"job", job.name}}) {
    const bool has = std::any_of(labels.begin(), labels.end(),
                                 [&n = name](const auto& label) { return label.first == n; });
    if (!has) labels.emplace_back(name, value);
  }
  plugin::ScrapeTarget target{scheme + "://" + address + (path.starts_with('/') ? "" : "/") + path,
                              labels, job.fetch, job.foreign, job.sample_limit};
  for (const auto& [name, value] : params) {
    target.url += target.url.find('?') == std::string::npos ? '?' : '&';
    AppendPercentEncoded(name, target.url);
    target.url += '=';
    AppendPercentEncoded(value, target.url);
  }
  target.foreign.labels = labels;
  net::TargetSpec spec;
  spec.name = job.name + "/" + target.url.substr(scheme.size() + 3);
  spec.key = job.key + target.url;
  for (const auto& [name, value] : labels) spec.key += "\n" + name + "=" + value;
  spec.timeout = job.timeout;
  spec.make = [target](net::Network& network) { return MakeScrapeTarget(network, target); };
  return spec;
}

class ScrapeCollector final : public Collector {
 public:
  ScrapeCollector(net::Network& network, std::vector<ScrapeJob> jobs, std::size_t max_series)
      : jobs_(std::move(jobs)),
        pool_(network, {.collector = "scrape", .max_series = max_series, .add_instance = false}) {}

  Status Collect(const RoundContext& round, FamilySink& out) override {
    if (jobs_.empty()) return Error{Errc::kUnsupported, "scrape: no jobs are configured"};
    bool changed = false;
    for (ScrapeJob& job : jobs_) changed |= job.discovery->Refresh(round.deadline);
    if (changed) {
      std::vector<net::TargetSpec> specs;
      for (const ScrapeJob& job : jobs_) {
        for (const net::DiscoveredTarget& found : job.discovery->targets()) {
          specs.push_back(SpecOf(job, found));
        }
      }
      pool_.SetTargets(std::move(specs));
    }
    TRY(pool_.Collect(round, out));
    for (const ScrapeJob& job : jobs_) job.discovery->Write("scrape", out);
    return Unit{};
  }

 private:
  std::vector<ScrapeJob> jobs_;
  net::TargetPool pool_;
};

Result<LabelList> ReadParams(const YamlFile& file, const YamlNode& node) {
  LabelList params;
  if (!node.IsMap()) return file.At(node, "expected a map of parameters to lists of values");
  for (const auto& [name, list] : node.entries) {
    TRY_ASSIGN(const auto values, YamlStrings(file, *list));
    for (const std::string& value : values) params.emplace_back(name->scalar, value);
  }
  return params;
}

Result<ScrapeJob> ReadJob(const CollectorDeps& deps, const YamlNode& node) {
  const YamlFile& file = deps.file;
  YamlFields fields(file, node, "scrape job");
  ScrapeJob job;
  job.key = plugin::KeyOf(node);
  TRY_ASSIGN(job.name, fields.ReadRequired("job_name", YamlString));
  TRY_ASSIGN(job.scheme, fields.Read("scheme", YamlString, job.scheme));
  if (job.scheme != "http" && job.scheme != "https") {
    return file.At(*fields.Find("scheme"), "the scheme is http or https");
  }
  TRY_ASSIGN(job.path, fields.Read("metrics_path", YamlString, job.path));
  if (const YamlNode* params = fields.Find("params")) {
    TRY_ASSIGN(job.params, ReadParams(file, *params));
  }
  TRY_ASSIGN(job.timeout, fields.Read("scrape_timeout", YamlDuration, job.timeout));
  TRY_ASSIGN(const std::uint64_t limit, fields.Read("sample_limit", YamlBytes, std::uint64_t{0}));
  job.sample_limit = limit;
  TRY_ASSIGN(const bool honor, fields.Read("honor_labels", YamlBool, false));
  using Honor = plugin::ForeignOptions::Honor;
  job.foreign.honor = honor ? Honor::kTheirs : Honor::kOurs;
  if (const YamlNode* rules = fields.Find("metric_relabel_configs")) {
    TRY_ASSIGN(job.foreign.relabel, plugin::RelabelRules::Read(file, *rules));
  }
  TRY_ASSIGN(plugin::FetchSettings fetch, plugin::ReadFetch(fields));
  TRY_ASSIGN(fetch.max_bytes, plugin::ReadBound(fields, "body_size_limit", fetch.max_bytes));
  job.foreign.max_bytes = fetch.max_bytes;
  job.foreign.max_samples = 200'000;
  job.fetch = std::make_shared<const plugin::FetchSettings>(std::move(fetch));
  TRY_ASSIGN(job.discovery, net::Discovery::Read(deps.network, deps.fs, fields));
  TRY(fields.Finish());
  if (job.discovery->empty())
    return file.At(node, "a scrape job needs targets, file_sd or dns_srv");
  return job;
}

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  YamlFields fields(deps.file, deps.settings, "collector scrape");
  TRY_ASSIGN(const std::size_t max_series, plugin::ReadBound(fields, "max_series", 10'000));
  const YamlNode* list = fields.Find("jobs");
  TRY(fields.Finish());
  std::vector<ScrapeJob> jobs;
  if (list && !list->IsSequence()) return deps.file.At(*list, "expected a list of scrape jobs");
  if (list) {
    TRY(ReadItems(deps.file, *list, [&](const YamlNode& item) -> Status {
      TRY_ASSIGN(ScrapeJob job, ReadJob(deps, item));
      const bool twice = std::any_of(
          jobs.begin(), jobs.end(), [&](const ScrapeJob& other) { return other.name == job.name; });
      if (twice) return deps.file.At(item, "the job \"" + job.name + "\" stands twice");
      jobs.push_back(std::move(job));
      return Unit{};
    }));
  }
  return std::unique_ptr<Collector>(
      std::make_unique<ScrapeCollector>(deps.network, std::move(jobs), max_series));
}

}  // namespace

extern const CatalogEntry kScrapeCollector{
    .name = "scrape",
    .room = "plugin",
    .on_by_default = false,
    .interval = seconds(15),
    .help = "Series of other exporters, scraped over HTTP as Prometheus does.",
    .families = {},
    .flags = {},
    .make = &Make,
};

}  // namespace tocsin
