// Numbers out of JSON documents: docs/plugins.md, "http_json".

#include <algorithm>
#include <utility>

#include "collectors/net/discovery.h"
#include "collectors/net/network.h"
#include "collectors/net/target_pool.h"
#include "collectors/plugin/foreign_settings.h"
#include "collectors/plugin/http_fetch.h"
#include "collectors/plugin/json_mapping.h"
#include "collectors/plugin/plugins.h"

namespace tocsin {
namespace {

using plugin::LabelList;

constexpr FamilySpec kUnreadable{
    "tocsin_http_json_unreadable", MetricType::kGauge,
    "Places of the last document where a mapping found something that is no number."};
constexpr FamilySpec kMissing{
    "tocsin_http_json_missing", MetricType::kGauge,
    "Metrics of the mapping whose path led nowhere in the last document."};

/// What all targets of a source share.
struct JsonSource {
  std::string name;
  std::string url;  // empty: made of each discovered target
  std::string scheme = "http";
  std::string path = "/";
  milliseconds timeout{10'000};
  std::size_t max_series = 10'000;
  plugin::FetchSettings fetch;
  plugin::JsonMapping mapping;
};

class JsonTarget final : public net::Target {
 public:
  JsonTarget(net::Network& network, std::shared_ptr<const JsonSource> source, std::string url)
      : source_(std::move(source)), url_(std::move(url)), fetch_(network, source_->fetch) {}

  void Start(const net::TargetRound& round, FamilySink& out, net::TargetDone done) override {
    out_ = &out;
    done_ = std::move(done);
    fetch_.Start(url_, {{"Accept", "application/json"}}, round.deadline,
                 [this](const net::Failure* failure, net::HttpReply& reply) {
                   const net::TargetDone its_done = std::exchange(done_, nullptr);
                   its_done(failure ? std::optional(*failure) : Take(reply.body));
                 });
  }

  void Cancel() override { fetch_.Cancel(); }

 private:
  std::optional<net::Failure> Take(const std::string& body) {
    const auto counts = source_->mapping.Apply(body, source_->max_series, *out_);
    if (!counts) return plugin::BadContent(counts.error());
    if (counts->samples == 0) {
      return net::Failure{net::Reason::kContent, "none of the mapping's " +
                                                     std::to_string(source_->mapping.size()) +
                                                     " paths leads to a number"};
    }
    out_->Add(kUnreadable, {{"source", source_->name}}, static_cast<double>(counts->not_numbers));
    out_->Add(kMissing, {{"source", source_->name}}, static_cast<double>(counts->missing));
    return std::nullopt;
  }

  const std::shared_ptr<const JsonSource> source_;
  const std::string url_;
  plugin::HttpFetch fetch_;
  FamilySink* out_ = nullptr;
  net::TargetDone done_;
};

/// The host and port of a URL, without user information.
std::string InstanceOf(std::string_view url) {
  url.remove_prefix(std::min(url.find("://") + 3, url.size()));
  url = url.substr(0, url.find_first_of("/?#"));
  if (const auto at = url.rfind('@'); at != std::string_view::npos) url.remove_prefix(at + 1);
  return std::string(url);
}

struct ReadSource {
  std::shared_ptr<const JsonSource> source;
  std::string key;
  LabelList labels;
  std::unique_ptr<net::Discovery> discovery;
};

net::TargetSpec SpecOf(const ReadSource& read, const std::string& url, const std::string& instance,
                       const LabelList& labels) {
  net::TargetSpec spec;
  spec.name = read.source->name;
  if (read.source->url.empty()) spec.name += "/" + instance;
  spec.labels.emplace_back("instance", instance);
  for (const auto* list : {&labels, &read.labels}) {
    for (const auto& [name, value] : *list) {
      const auto same = std::find_if(spec.labels.begin(), spec.labels.end(),
                                     [&n = name](const auto& label) { return label.first == n; });
      if (name.starts_with("__")) continue;
      if (same == spec.labels.end()) {
        spec.labels.emplace_back(name, value);
      } else {
        same->second = value;
      }
    }
  }
  spec.key = read.key + url;
  spec.timeout = read.source->timeout;
  spec.make = [source = read.source, url](net::Network& network) {
    return std::make_unique<JsonTarget>(network, source, url);
  };
  return spec;
}

class JsonCollector final : public Collector {
 public:
  JsonCollector(net::Network& network, std::vector<ReadSource> sources)
      : sources_(std::move(sources)), pool_(network, {.collector = "http_json"}) {}

  Status Collect(const RoundContext& round, FamilySink& out) override {
    if (sources_.empty()) return Error{Errc::kUnsupported, "http_json: no sources are configured"};
    bool changed = false;
    for (ReadSource& read : sources_) changed |= read.discovery->Refresh(round.deadline);
    if (changed) pool_.SetTargets(Specs());
    TRY(pool_.Collect(round, out));
    for (const ReadSource& read : sources_) read.discovery->Write("http_json", out);
    return Unit{};
  }

 private:
  std::vector<net::TargetSpec> Specs() const {
    std::vector<net::TargetSpec> specs;
    for (const ReadSource& read : sources_) {
      const JsonSource& source = *read.source;
      if (!source.url.empty()) {
        specs.push_back(SpecOf(read, source.url, InstanceOf(source.url), {}));
      }
      for (const net::DiscoveredTarget& found : read.discovery->targets()) {
        specs.push_back(SpecOf(read, source.scheme + "://" + found.address + source.path,
                               found.address, found.labels));
      }
    }
    return specs;
  }

  std::vector<ReadSource> sources_;
  net::TargetPool pool_;
};

/// The mapping itself, or the one of a file.
Result<plugin::JsonMapping> ReadMapping(YamlFields& fields) {
  const YamlNode* metrics = fields.Find("metrics");
  const YamlNode* path = fields.Find("metrics_file");
  if ((metrics != nullptr) == (path != nullptr)) {
    return fields.file().At(fields.node(), "a source needs metrics or metrics_file");
  }
  if (metrics) return plugin::JsonMapping::Read(fields.file(), *metrics);
  TRY_ASSIGN(const std::string name, YamlString(fields.file(), *path));
  TRY_ASSIGN(const YamlFile file,
             ReadYamlFileOf(fields.file(), outgoing::ResolvePath(fields.file(), name)));
  YamlFields own(file, *file.root, "mapping");
  TRY_ASSIGN(const YamlNode* list, own.Require("metrics"));
  TRY_ASSIGN(plugin::JsonMapping mapping, plugin::JsonMapping::Read(file, *list));
  TRY(own.Finish());
  return mapping;
}

Status ReadRequest(YamlFields& fields, JsonSource& source) {
  TRY_ASSIGN(source.url, fields.Read("url", YamlString, ""));
  if (!source.url.empty()) {
    TRY(outgoing::CheckHttpUrl(fields.file(), *fields.Find("url"), source.url));
    if (outgoing::HasPassword(source.url)) {
      return fields.file().At(*fields.Find("url"), "passwords belong into basic_auth");
    }
  }
  TRY_ASSIGN(source.scheme, fields.Read("scheme", YamlString, source.scheme));
  if (source.scheme != "http" && source.scheme != "https") {
    return fields.file().At(*fields.Find("scheme"), "the scheme is http or https");
  }
  TRY_ASSIGN(source.path, fields.Read("path", YamlString, source.path));
  if (!source.path.starts_with('/')) {
    return fields.file().At(*fields.Find("path"), "the path begins with /");
  }
  TRY_ASSIGN(source.timeout, fields.Read("timeout", YamlDuration, source.timeout));
  TRY_ASSIGN(source.fetch, plugin::ReadFetch(fields));
  TRY_ASSIGN(source.fetch.method, fields.Read("method", YamlString, "GET"));
  TRY_ASSIGN(source.fetch.body, fields.Read("body", YamlString, ""));
  TRY_ASSIGN(source.fetch.max_bytes, plugin::ReadBound(fields, "max_bytes", std::size_t{1} << 20));
  if (const YamlNode* headers = fields.Find("headers")) {
    if (!headers->IsMap()) return fields.file().At(*headers, "expected a map of headers");
    for (const auto& [name, value] : headers->entries) {
      TRY_ASSIGN(std::string text, YamlString(fields.file(), *value));
      source.fetch.headers.push_back({name->scalar, std::move(text)});
    }
  }
  return Unit{};
}

Result<ReadSource> ReadOne(const CollectorDeps& deps, const YamlNode& node) {
  YamlFields fields(deps.file, node, "JSON source");
  ReadSource read;
  auto source = std::make_shared<JsonSource>();
  TRY_ASSIGN(source->name, fields.ReadRequired("name", YamlString));
  TRY(ReadRequest(fields, *source));
  TRY_ASSIGN(source->mapping, ReadMapping(fields));
  TRY_ASSIGN(source->max_series, plugin::ReadBound(fields, "max_series", source->max_series));
  TRY_ASSIGN(read.labels, plugin::ReadLabels(fields));
  TRY_ASSIGN(read.discovery, net::Discovery::Read(deps.network, deps.fs, fields));
  TRY(fields.Finish());
  if (source->url.empty() == read.discovery->empty()) {
    return deps.file.At(node, "a source needs either url or targets, file_sd, dns_srv");
  }
  read.key = plugin::KeyOf(node);
  read.source = std::move(source);
  return read;
}

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  YamlFields fields(deps.file, deps.settings, "collector http_json");
  TRY_ASSIGN(const auto items, plugin::ReadNamedItems(fields, "sources"));
  TRY(fields.Finish());
  std::vector<ReadSource> sources;
  for (const YamlNode* item : items) {
    auto read = ReadOne(deps, *item);
    if (read) {
      sources.push_back(*std::move(read));
    } else {
      TRY(deps.file.Keep(std::move(read).error()));
    }
  }
  return std::unique_ptr<Collector>(
      std::make_unique<JsonCollector>(deps.network, std::move(sources)));
}

std::vector<std::string> MappingFiles(const YamlFile& file, const YamlNode& own) {
  std::vector<std::string> paths;
  const YamlNode* sources = own.Find("sources");
  if (!sources) return paths;
  for (const auto& source : sources->items) {
    const YamlNode* path = source->Find("metrics_file");
    if (path && path->IsScalar()) paths.push_back(outgoing::ResolvePath(file, path->scalar));
  }
  return paths;
}

}  // namespace

extern const CatalogEntry kHttpJsonCollector{
    .name = "http_json",
    .room = "plugin",
    .on_by_default = false,
    .interval = seconds(15),
    .help = "Numbers out of JSON documents served over HTTP, by configured paths.",
    .families = {},
    .flags = {},
    .make = &Make,
    .settings_files = &MappingFiles,
};

}  // namespace tocsin
