#include "collectors/net/target_settings.h"

#include <algorithm>
#include <utility>

#include "metrics/names.h"

namespace tocsin::net {
namespace {

Status ReadLabels(const YamlFile& file, const YamlNode& node, TargetSpec& spec) {
  if (!node.IsMap()) return file.At(node, "labels are a map of names and values");
  for (const auto& [name, value] : node.entries) {
    if (!IsFreeLabelName(name->scalar)) return file.At(*name, "not a label's name");
    TRY_ASSIGN(std::string text, YamlString(file, *value));
    spec.labels.emplace_back(name->scalar, std::move(text));
  }
  return Unit{};
}

Status ReadCommon(YamlFields& fields, const std::string& address, TargetSpec& spec) {
  TRY_ASSIGN(spec.name, fields.Read("name", YamlString, address));
  TRY_ASSIGN(spec.timeout, fields.Read("timeout", YamlDuration, milliseconds(0)));
  const YamlNode* const labels = fields.Find("labels");
  return labels ? ReadLabels(fields.file(), *labels, spec) : Status(Unit{});
}

}  // namespace

Result<std::vector<TargetSpec>> ReadTargets(
    YamlFields& of, std::string_view key,
    FunctionRef<Status(YamlFields& fields, const std::string& address, TargetSpec& spec)> read) {
  std::vector<TargetSpec> specs;
  const YamlNode* const list = of.Find(key);
  if (!list) return specs;
  const YamlFile& file = of.file();
  if (!list->IsSequence()) return file.At(*list, std::string(key) + " is a list");
  TRY(ReadItems(file, *list, [&](const YamlNode& item) -> Status {
    const YamlNode none;
    YamlFields fields(file, item.IsMap() ? item : none, "target");
    std::string address;
    if (item.IsMap()) {
      TRY_ASSIGN(address, fields.ReadRequired("address", YamlString));
    } else {
      TRY_ASSIGN(address, YamlString(file, item));
    }
    TargetSpec spec;
    TRY(ReadCommon(fields, address, spec));
    if (const Status own = read(fields, address, spec); !own) {
      // Errors without a position are of the address.
      const bool placed = own.error().message().starts_with(file.name + ":");
      return placed ? Error(own.error()) : file.At(item, own.error().message());
    }
    TRY(fields.Finish());
    const bool twice = std::any_of(specs.begin(), specs.end(),
                                   [&](const TargetSpec& s) { return s.name == spec.name; });
    if (twice) return file.At(item, "\"" + spec.name + "\" stands twice: give them names");
    specs.push_back(std::move(spec));
    return Unit{};
  }));
  return specs;
}

}  // namespace tocsin::net
