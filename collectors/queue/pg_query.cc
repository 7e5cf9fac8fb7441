#include "collectors/queue/pg_query.h"

#include <algorithm>

#include "base/parse.h"
#include "metrics/names.h"

namespace tocsin {
namespace {

Result<PgUsage> ReadUsage(const YamlFile& file, const YamlNode& node) {
  TRY_ASSIGN(const std::string text, YamlString(file, node));
  if (text == "LABEL") return PgUsage::kLabel;
  if (text == "COUNTER") return PgUsage::kCounter;
  if (text == "GAUGE") return PgUsage::kGauge;
  if (text == "HISTOGRAM") return PgUsage::kHistogram;
  if (text == "DISCARD") return PgUsage::kDiscard;
  return file.At(
      node, "expected usage LABEL, COUNTER, GAUGE, HISTOGRAM or DISCARD, found \"" + text + "\"");
}

MetricType TypeOf(PgUsage usage) {
  return usage == PgUsage::kCounter     ? MetricType::kCounter
         : usage == PgUsage::kGauge     ? MetricType::kGauge
         : usage == PgUsage::kHistogram ? MetricType::kHistogram
                                        : MetricType::kUnknown;
}

Result<PgColumn> ReadColumn(const YamlFile& file, const YamlNode& node, const std::string& query) {
  if (!node.IsMap() || node.entries.size() != 1) {
    return file.At(node, "expected one column: {usage: …, description: …}");
  }
  const auto& [key, value] = node.entries.front();
  PgColumn column;
  column.name = key->scalar;
  YamlFields fields(file, *value, "column");
  TRY_ASSIGN(const YamlNode* usage, fields.Require("usage"));
  TRY_ASSIGN(column.usage, ReadUsage(file, *usage));
  TRY_ASSIGN(column.family.help, fields.Read("description", YamlString, ""));
  TRY(fields.Finish());
  if (!IsLabelName(column.name)) {
    return file.At(*key, "\"" + column.name + "\" can be no metric or label: use AS in the query");
  }
  column.family.name = query + "_" + column.name;
  column.family.type = TypeOf(column.usage);
  return column;
}

Status ReadColumns(const YamlFile& file, const YamlNode& node, PgQuery& query) {
  if (!node.IsSequence()) return file.At(node, "expected a list of columns");
  return ReadItems(file, node, [&](const YamlNode& item) -> Status {
    TRY_ASSIGN(PgColumn column, ReadColumn(file, item, query.name));
    const bool twice =
        std::any_of(query.columns.begin(), query.columns.end(),
                    [&](const PgColumn& other) { return other.name == column.name; });
    if (twice) return file.At(item, "column \"" + column.name + "\" stands twice");
    query.columns.push_back(std::move(column));
    return Unit{};
  });
}

Result<PgQuery> ReadQuery(const YamlFile& file, const YamlNode& key, const YamlNode& node) {
  PgQuery query;
  query.name = key.scalar;
  if (!IsLabelName(query.name)) {
    return file.At(key, "a query's name begins its metrics' names: letters, digits and _");
  }
  YamlFields fields(file, node, "query");
  TRY_ASSIGN(query.primary_only, fields.Read("master", YamlBool, false));
  TRY_ASSIGN(const std::size_t cache, fields.ReadCount("cache_seconds", 0, {0, 86'400}));
  query.cache = seconds(cache);
  TRY_ASSIGN(query.queue_column, fields.Read("queue", YamlString, ""));
  // After `queue`, which is no misspelt `query`.
  TRY_ASSIGN(query.sql, fields.ReadRequired("query", YamlString));
  if (const YamlNode* metrics = fields.Find("metrics")) {
    TRY(ReadColumns(file, *metrics, query));
  } else if (query.queue_column.empty()) {
    return file.At(node, "the query has neither metrics nor queue: nothing would come of it");
  }
  TRY(fields.Finish());
  return query;
}

}  // namespace

Result<std::vector<PgQuery>> ReadPgQueries(const YamlFile& file, const YamlNode& node) {
  std::vector<PgQuery> queries;
  if (node.IsNull()) return queries;
  if (!node.IsMap()) return file.At(node, "expected queries by their names");
  for (const auto& [key, value] : node.entries) {
    auto query = ReadQuery(file, *key, *value);
    if (query) {
      queries.push_back(*std::move(query));
    } else {
      TRY(file.Keep(std::move(query).error()));
    }
  }
  return queries;
}

}  // namespace tocsin
