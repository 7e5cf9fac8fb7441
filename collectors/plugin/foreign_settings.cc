#include "collectors/plugin/foreign_settings.h"

#include <set>

#include "base/utf8.h"
#include "metrics/names.h"

namespace tocsin::plugin {
namespace {

constexpr std::size_t kMaxMessage = 300;

}  // namespace

Status CheckLabelName(const YamlFile& file, const YamlNode& name) {
  if (IsFreeLabelName(name.scalar)) return Unit{};
  return file.At(name, "\"" + name.scalar + "\" is no name for a label");
}

Result<LabelList> ReadLabels(YamlFields& fields) {
  LabelList labels;
  const YamlNode* const node = fields.Find("labels");
  if (!node) return labels;
  const YamlFile& file = fields.file();
  if (!node->IsMap()) return file.At(*node, "expected a map of label names to values");
  for (const auto& [name, value] : node->entries) {
    TRY(CheckLabelName(file, *name));
    TRY_ASSIGN(std::string text, YamlString(file, *value));
    labels.emplace_back(name->scalar, std::move(text));
  }
  return labels;
}

Result<exposition::Format> ReadFormat(const YamlFile& file, const YamlNode& node) {
  TRY_ASSIGN(const std::string word, YamlString(file, node));
  if (word == "text") return exposition::Format::kText;
  if (word == "openmetrics") return exposition::Format::kOpenMetrics;
  return file.At(node, "the format is text or openmetrics, not \"" + word + "\"");
}

Result<std::size_t> ReadBound(YamlFields& fields, std::string_view key, std::size_t fallback) {
  TRY_ASSIGN(const std::uint64_t value, fields.Read(key, YamlBytes, std::uint64_t{fallback}));
  if (value == 0) return fields.file().At(*fields.Find(key), std::string(key) + " is at least 1");
  return static_cast<std::size_t>(value);
}

Result<ForeignOptions> ReadProgramOutput(YamlFields& fields) {
  ForeignOptions options;
  TRY_ASSIGN(options.max_bytes, ReadBound(fields, "max_output", std::size_t{1} << 20));
  TRY_ASSIGN(options.max_samples, ReadBound(fields, "max_series", 10'000));
  TRY_ASSIGN(options.labels, ReadLabels(fields));
  options.honor = ForeignOptions::Honor::kTheirs;
  return options;
}

Result<std::vector<const YamlNode*>> ReadNamedItems(YamlFields& fields, std::string_view key) {
  std::vector<const YamlNode*> items;
  const YamlNode* list = fields.Find(key);
  if (!list) return items;
  if (!list->IsSequence()) return fields.file().At(*list, "expected a list");
  std::set<std::string_view> names;
  for (const auto& item : list->items) {
    const YamlNode* name = item->Find("name");
    if (name && !names.insert(name->scalar).second) {
      return fields.file().At(*name, "the name \"" + name->scalar + "\" stands twice");
    }
    items.push_back(item.get());
  }
  return items;
}

net::Failure BadContent(const Error& error) {
  const bool limit = error.code() == Errc::kLimit;
  return {limit ? net::Reason::kTooLarge : net::Reason::kContent,
          OneLine(error.message(), kMaxMessage)};
}

std::string KeyOf(const YamlNode& node) {
  std::string key = std::to_string(static_cast<int>(node.kind)) + (node.quoted ? "q" : "p") +
                    std::to_string(node.scalar.size()) + ":" + node.scalar;
  for (const auto& item : node.items) key += KeyOf(*item);
  for (const auto& [name, value] : node.entries) key += KeyOf(*name) + KeyOf(*value);
  return key + ";";
}

}  // namespace tocsin::plugin
