#include "agent/api/status.h"

#include <unistd.h>

#include <array>
#include <map>
#include <thread>
#include <tuple>

#include "agent/api/envelope.h"
#include "agent/api/params.h"
#include "agent/version.h"
#include "base/json.h"
#include "base/parse.h"
#include "base/time_text.h"
#include "metrics/labels_json.h"

namespace tocsin::api {
namespace {

constexpr std::size_t kDefaultRanking = 10;

void WriteRanking(JsonWriter& json, std::string_view key, const store::Ranking& ranking) {
  json.Key(key).BeginArray();
  for (const auto& [name, value] : ranking) {
    json.BeginObject().Key("name").String(name);
    json.Key("value").Int(static_cast<std::int64_t>(value)).EndObject();
  }
  json.EndArray();
}

std::string_view HealthOf(CollectorHealth health) {
  switch (health) {
    case CollectorHealth::kUp:
      return "up";
    case CollectorHealth::kUnknown:
    case CollectorHealth::kUnsupported:
      return "unknown";
    case CollectorHealth::kFailed:
    case CollectorHealth::kOverdue:
      return "down";
  }
  return "unknown";
}

void WriteTarget(JsonWriter& json, const RunningCollector& target, const std::string& base_url,
                 const Labels& target_labels) {
  const CollectorStatus status = target.runner->Status();
  const std::string url = base_url + "?collect[]=" + target.name;
  json.BeginObject().Key("discoveredLabels").BeginObject();
  json.Key("collector").String(target.name).EndObject().Key("labels");
  WriteLabels(target_labels.With("collector", target.name), json);
  json.Key("scrapePool").String(target.room).Key("scrapeUrl").String(url);
  json.Key("globalUrl").String(url).Key("lastError").String(status.last_error);
  json.Key("lastScrape").String(Rfc3339(status.last_round));
  json.Key("lastScrapeDuration").Double(ToSeconds(status.last_duration));
  json.Key("health").String(HealthOf(status.health));
  json.Key("scrapeInterval").String(FormatDuration(target.interval));
  json.Key("scrapeTimeout").String(FormatDuration(target.timeout)).EndObject();
}

}  // namespace

http::Response BuildInfo(bool compat_v2) {
  std::string data;
  JsonWriter json(data);
  json.BeginObject().Key("version").String(compat_v2 ? "2.42.0" : "3.0.0");
  json.Key("revision").String("tocsin-" + std::string(kVersion) + "-" + std::string(kRevision));
  json.Key("branch").String("tocsin").Key("buildUser").String("");
  json.Key("buildDate").String("").Key("goVersion").String("").EndObject();
  return Success(data);
}

http::Response Runtime(const RuntimeInfo& info, const store::StoreStats& stats) {
  std::array<char, 4096> folder{};
  std::string data;
  JsonWriter json(data);
  json.BeginObject().Key("startTime").String(Rfc3339(info.started));
  json.Key("CWD").String(::getcwd(folder.data(), folder.size()) ? folder.data() : "");
  json.Key("reloadConfigSuccess").Bool(info.reload_successful);
  json.Key("lastConfigTime").String(Rfc3339(info.last_reload));
  json.Key("corruptionCount").Int(static_cast<std::int64_t>(stats.corruptions));
  json.Key("goroutineCount").Int(0);
  json.Key("GOMAXPROCS").Int(std::thread::hardware_concurrency());
  json.Key("GOGC").String("").Key("GODEBUG").String("");
  json.Key("storageRetention").String(FormatDuration(info.retention)).EndObject();
  return Success(data);
}

http::Response Tsdb(const store::Store& store, const http::Request& request) {
  const auto limit = LimitParam(http::Form::Parse(request), "limit");
  if (!limit) return InvalidParameter("limit", limit.error());
  const store::StoreStats stats = store.Stats();
  const store::Cardinality top = store.TopCardinality(*limit == 0 ? kDefaultRanking : *limit);
  std::string data;
  JsonWriter json(data);
  json.BeginObject().Key("headStats").BeginObject();
  json.Key("numSeries").Int(static_cast<std::int64_t>(stats.series));
  json.Key("numLabelPairs").Int(static_cast<std::int64_t>(stats.label_pairs));
  json.Key("chunkCount").Int(static_cast<std::int64_t>(stats.chunks));
  json.Key("minTime").Int(stats.min_ms).Key("maxTime").Int(stats.max_ms).EndObject();
  WriteRanking(json, "seriesCountByMetricName", top.series_by_metric_name);
  WriteRanking(json, "labelValueCountByLabelName", top.values_by_label_name);
  WriteRanking(json, "memoryInBytesByLabelName", top.bytes_by_label_name);
  WriteRanking(json, "seriesCountByLabelValuePair", top.series_by_label_value_pair);
  json.EndObject();
  return Success(data);
}

http::Response Config(const YamlFile& file) {
  std::string data;
  JsonWriter(data).BeginObject().Key("yaml").String(ConfigText(file)).EndObject();
  return Success(data);
}

http::Response Targets(const std::vector<RunningCollector>& running, const std::string& base_url,
                       const Labels& target_labels, const http::Request& request) {
  const http::Form form = http::Form::Parse(request);
  const std::string_view state = form.Get("state");
  const std::string_view pool = form.Get("scrapePool");
  std::string data;
  JsonWriter json(data);
  json.BeginObject().Key("activeTargets").BeginArray();
  for (const RunningCollector& target : running) {
    if (state == "dropped" || (!pool.empty() && pool != target.room)) continue;
    WriteTarget(json, target, base_url, target_labels);
  }
  json.EndArray().Key("droppedTargets").BeginArray().EndArray();
  json.EndObject();
  return Success(data);
}

http::Response Metadata(const std::vector<exposition::NamedSnapshot>& page,
                        const http::Request& request) {
  const http::Form form = http::Form::Parse(request);
  const auto limit = LimitParam(form, "limit");
  if (!limit) return InvalidParameter("limit", limit.error());
  const std::string_view metric = form.Get("metric");
  std::map<std::string_view, const Family*> families;
  for (const exposition::NamedSnapshot& entry : page) {
    if (!entry.snapshot) continue;
    for (const Family& family : entry.snapshot->layout->families) {
      if (metric.empty() || metric == family.name) families.try_emplace(family.name, &family);
    }
  }
  std::string data;
  JsonWriter json(data);
  json.BeginObject();
  std::uint64_t shown = 0;
  for (const auto& [name, family] : families) {
    if (*limit > 0 && shown++ == *limit) break;
    json.Key(name).BeginArray().BeginObject().Key("type").String(TypeText(family->type));
    json.Key("help").String(family->help).Key("unit").String(family->unit).EndObject().EndArray();
  }
  json.EndObject();
  return Success(data);
}

}  // namespace tocsin::api
