#include "agent/commands/collector_docs.h"

#include <algorithm>
#include <string_view>

#include "base/json.h"
#include "base/parse.h"
#include "collectors/catalog.h"
#include "collectors/family_labels.h"
#include "collectors/net/target_pool.h"

namespace tocsin {
namespace {

void AppendPadded(std::string_view text, std::size_t width, std::string& out) {
  out += text;
  out.append(text.size() < width ? width - text.size() : 0, ' ');
}

/// Text within a Markdown table.
std::string Cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|' || c == '<' || c == '*' || c == '_') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

void AppendFlags(const CatalogEntry& entry, std::string& out) {
  if (entry.flags.empty()) return;
  out += "\n| flag | key | default | |\n|---|---|---|---|\n";
  for (const CollectorFlag& flag : entry.flags) {
    out.append("| `--collector.").append(flag.flag).append("` | `").append(flag.key).append("` | ");
    if (!flag.fallback.empty()) out.append("`").append(Cell(flag.fallback)).append("`");
    out.append(" | ").append(Cell(flag.help)).append(" |\n");
  }
}

std::string_view UnitText(const FamilySpec& family) {
  return family.unit.empty() ? UnitOf(family.name) : family.unit;
}

void AppendFamilies(const CatalogEntry& entry, std::string& out) {
  if (entry.families.empty()) {
    out += "\nIts metrics are decided by the host.\n";
    return;
  }
  out += "\n| metric | type | unit | labels | |\n|---|---|---|---|---|\n";
  for (const FamilySpec& family : entry.families) {
    out.append("| `").append(family.name).append("` | ").append(TypeText(family.type));
    out.append(" | ").append(UnitText(family)).append(" | ");
    out.append(Cell(LabelsOf(entry.name, family.name))).append(" | ");
    out.append(Cell(family.help)).append(" |\n");
  }
}

}  // namespace

std::string CollectorTable() {
  std::size_t width = 0;
  for (const CatalogEntry& entry : CollectorCatalog()) width = std::max(width, entry.name.size());
  std::string out;
  for (const CatalogEntry& entry : CollectorCatalog()) {
    AppendPadded(entry.name, width + 2, out);
    AppendPadded(entry.on_by_default ? "on" : "off", 5, out);
    AppendPadded(FormatDuration(entry.interval), 6, out);
    out.append(entry.help).append("\n");
  }
  return out;
}

std::string CollectorMarkdown() {
  std::string out =
      "# Collectors\n\n"
      "Made from the catalog by `tocsin collectors --markdown`; a test keeps it true.\n\n"
      "Each collector is switched by `--collector.NAME` and `--no-collector.NAME`, or in the\n"
      "configuration by `collectors: {NAME: {enabled: …}}`, where its interval, timeout and own\n"
      "keys are set too.\n\n"
      "Any gauge NAME that the configuration's `extremes` names is exported also as `NAME_max` "
      "and\n"
      "`NAME_min` with a label `window`: the largest and the smallest value that the collector "
      "saw\n"
      "in it, at its own interval.\n\n"
      "Collectors that ask services over the network (those with `targets`) export for each "
      "target,\n"
      "with the labels `collector` and `target`, also:\n\n"
      "| metric | type | |\n|---|---|---|\n";
  for (const FamilySpec& family : net::kTargetFamilies) {
    out.append("| `").append(family.name).append("` | ").append(TypeText(family.type));
    out.append(" | ").append(Cell(family.help)).append(" |\n");
  }
  for (const CatalogEntry& entry : CollectorCatalog()) {
    out.append("\n## ").append(entry.name).append("\n\n").append(entry.help);
    out.append(entry.on_by_default ? "\nOn by default" : "\nOff by default").append(", every ");
    out.append(FormatDuration(entry.interval)).append(".\n");
    AppendFlags(entry, out);
    AppendFamilies(entry, out);
  }
  return out;
}

std::string CollectorJson() {
  std::string out;
  JsonWriter json(out);
  json.BeginArray();
  for (const CatalogEntry& entry : CollectorCatalog()) {
    json.BeginObject().Key("name").String(entry.name).Key("room").String(entry.room);
    json.Key("on_by_default").Bool(entry.on_by_default);
    json.Key("interval_seconds").Double(ToSeconds(entry.interval)).Key("help").String(entry.help);
    json.Key("flags").BeginArray();
    for (const CollectorFlag& flag : entry.flags) {
      json.BeginObject().Key("flag").String("--collector." + std::string(flag.flag));
      json.Key("key").String(flag.key).Key("default").String(flag.fallback);
      json.Key("help").String(flag.help).EndObject();
    }
    json.EndArray().Key("metrics").BeginArray();
    for (const FamilySpec& family : entry.families) {
      json.BeginObject().Key("name").String(family.name).Key("type").String(TypeText(family.type));
      json.Key("help").String(family.help).Key("unit").String(UnitText(family));
      json.Key("labels").String(LabelsOf(entry.name, family.name)).EndObject();
    }
    json.EndArray().EndObject();
  }
  json.EndArray();
  return out + "\n";
}

}  // namespace tocsin
