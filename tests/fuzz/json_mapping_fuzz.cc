// The first line is a list of rules in YAML, the rest the document; and as a file of targets.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/yaml.h"
#include "collectors/net/discovery.h"
#include "collectors/plugin/json_mapping.h"
#include "metrics/writer.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tocsin;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto end = input.find('\n');
  const std::string_view document = end == std::string_view::npos ? input : input.substr(end + 1);
  for (const char* name : {"t.json", "t.yml"}) {
    const auto targets = net::ParseTargetFile(document, name);
    if (!targets.ok() && targets.error().message().find(name) == std::string::npos) std::abort();
  }
  const auto file = ParseYaml(input.substr(0, end), "rules");
  if (!file) return 0;
  const auto mapping = plugin::JsonMapping::Read(*file, *file->root);
  if (!mapping) {
    if (!mapping.error().message().starts_with("rules:")) std::abort();
    return 0;
  }
  RoundWriter writer;
  writer.Begin(WallTime(seconds(1)));
  const auto counts = mapping->Apply(document, 100, writer);
  const auto snapshot = writer.Finish();
  // Within one mapping no series stands twice and no metric has two types.
  if (!snapshot.ok()) std::abort();
  if (counts && (*snapshot)->values.size() != counts->samples) std::abort();
  return 0;
}
