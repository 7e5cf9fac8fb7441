// Files of target groups, as Prometheus's file_sd_configs reads them.

#include <simdjson.h>

#include "collectors/net/discovery.h"
#include "metrics/names.h"

namespace tocsin::net {
namespace {

namespace dom = simdjson::dom;
using LabelList = std::vector<std::pair<std::string, std::string>>;

constexpr std::size_t kMaxFile = 1 << 20;
constexpr std::size_t kMaxTargets = 10'000;

Error Malformed(const std::string& name, std::string_view what) {
  return Error{Errc::kMalformed, name + ": " + std::string(what)};
}

Status CheckLabelName(std::string_view label, const std::string& name) {
  if (IsLabelName(label)) return Unit{};
  return Malformed(name, "\"" + std::string(label) + "\" is no label name");
}

Status AddTarget(std::string_view address, const LabelList& labels, const std::string& name,
                 std::vector<DiscoveredTarget>& out) {
  if (out.size() == kMaxTargets) return Error{Errc::kLimit, name + ": more than 10000 targets"};
  out.push_back({std::string(address), labels});
  return Unit{};
}

Status AddJsonGroup(dom::element group, const std::string& name,
                    std::vector<DiscoveredTarget>& out) {
  dom::object object;
  if (group.get_object().get(object) != simdjson::SUCCESS) {
    return Malformed(name, "expected a list of groups like {\"targets\": [...], \"labels\": {}}");
  }
  LabelList labels;
  dom::element found;
  if (object.at_key("labels").get(found) == simdjson::SUCCESS && !found.is_null()) {
    dom::object map;
    if (found.get_object().get(map) != simdjson::SUCCESS) {
      return Malformed(name, "labels are a map of texts");
    }
    for (const dom::key_value_pair label : map) {
      std::string_view text;
      if (label.value.get_string().get(text) != simdjson::SUCCESS) {
        return Malformed(name, "the value of a label is a text");
      }
      TRY(CheckLabelName(label.key, name));
      labels.emplace_back(label.key, text);
    }
  }
  for (const dom::key_value_pair member : object) {
    if (member.key != "targets" && member.key != "labels" && member.key != "source") {
      return Malformed(name, "unknown key \"" + std::string(member.key) + "\" in a group");
    }
  }
  dom::array targets;
  if (object.at_key("targets").get_array().get(targets) != simdjson::SUCCESS) {
    return Malformed(name, "a group has no list of targets");
  }
  for (const dom::element target : targets) {
    std::string_view text;
    if (target.get_string().get(text) != simdjson::SUCCESS) {
      return Malformed(name, "a target is a text");
    }
    TRY(AddTarget(text, labels, name, out));
  }
  return Unit{};
}

Result<std::vector<DiscoveredTarget>> ParseJson(std::string_view text, const std::string& name) {
  dom::parser parser;
  dom::element root;
  dom::array groups;
  if (const auto error = parser.parse(text.data(), text.size()).get(root)) {
    return Malformed(name, simdjson::error_message(error));
  }
  if (root.get_array().get(groups) != simdjson::SUCCESS) {
    return Malformed(name, "expected a list of target groups");
  }
  std::vector<DiscoveredTarget> targets;
  for (const dom::element group : groups) TRY(AddJsonGroup(group, name, targets));
  return targets;
}

Result<std::vector<DiscoveredTarget>> ParseYamlGroups(std::string_view text,
                                                      const std::string& name) {
  TRY_ASSIGN(const YamlFile file, ParseYaml(text, name));
  if (!file.root->IsSequence()) return file.At(*file.root, "expected a list of target groups");
  std::vector<DiscoveredTarget> targets;
  for (const auto& group : file.root->items) {
    YamlFields fields(file, *group, "target group");
    LabelList labels;
    if (const YamlNode* map = fields.Find("labels")) {
      if (!map->IsMap()) return file.At(*map, "labels are a map of texts");
      for (const auto& [key, value] : map->entries) {
        TRY_ASSIGN(std::string label, YamlString(file, *value));
        TRY(CheckLabelName(key->scalar, name));
        labels.emplace_back(key->scalar, std::move(label));
      }
    }
    TRY_ASSIGN(const auto addresses, fields.ReadRequired("targets", YamlStrings));
    TRY(fields.Finish());
    for (const std::string& address : addresses) TRY(AddTarget(address, labels, name, targets));
  }
  return targets;
}

}  // namespace

Result<std::vector<DiscoveredTarget>> ParseTargetFile(std::string_view text,
                                                      const std::string& name) {
  if (text.size() > kMaxFile) return Error{Errc::kLimit, name + ": larger than 1 MB"};
  return name.ends_with(".json") ? ParseJson(text, name) : ParseYamlGroups(text, name);
}

}  // namespace tocsin::net
