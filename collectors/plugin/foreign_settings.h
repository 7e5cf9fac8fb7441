#pragma once
// The keys that exec, plugin, scrape and http_json have in common.

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/yaml.h"
#include "collectors/net/failure.h"
#include "collectors/plugin/foreign_series.h"
#include "metrics/exposition/format.h"

namespace tocsin::plugin {

using LabelList = std::vector<std::pair<std::string, std::string>>;

/// The map of label names to values under `labels`, none if it is absent. Errors: kInvalid with
/// position, also for names that no label may have.
Result<LabelList> ReadLabels(YamlFields& fields);

/// Errors: kInvalid with the position of `name`, if no label may be called that.
Status CheckLabelName(const YamlFile& file, const YamlNode& name);

/// `text` or `openmetrics`.
Result<exposition::Format> ReadFormat(const YamlFile& file, const YamlNode& node);

/// A count or size under `key`, at least 1. Errors: kInvalid with position.
Result<std::size_t> ReadBound(YamlFields& fields, std::string_view key, std::size_t fallback);

/// `max_output`, `max_series` and `labels` of a program that writes series: its own labels win.
/// Errors: kInvalid with position.
Result<ForeignOptions> ReadProgramOutput(YamlFields& fields);

/// The maps of the list under `key`, none if it is absent. Errors: kInvalid with position, also if
/// two have the same `name`.
Result<std::vector<const YamlNode*>> ReadNamedItems(YamlFields& fields, std::string_view key);

/// What is wrong with a text that a source wrote.
net::Failure BadContent(const Error& error);

/// Tells apart targets whose settings differ: the node as text.
std::string KeyOf(const YamlNode& node);

}  // namespace tocsin::plugin
