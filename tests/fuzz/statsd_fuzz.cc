// Datagrams of StatsD, one after the other, into a table with a mapping.

#include <cmath>
#include <cstdlib>

#include "base/yaml.h"
#include "collectors/response/statsd/table.h"

namespace tocsin::statsd {
namespace {

constexpr std::string_view kMapping = R"yaml(
defaults: {ttl: 5s}
mappings:
  - {match: "a.*.*", name: "a_$1", labels: {x: "$2"}, observer_type: summary}
  - {match: "(b+)(.*)",
                           match_type : regex, name : "$2", labels : {b : "$1"}, scale : -1
}
  - {match: "drop.*", action: drop}
)yaml";

const Mapping& TheMapping() {
  static const Mapping mapping = [] {
    const auto file = ParseYaml(kMapping, "mapping");
    return *Mapping::Read(*file, *file->root);
  }();
  return mapping;
}

bool IsName(std::string_view name) {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
  for (const char c : name) {
    const bool good =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c >= '0' && c <= '9');
    if (!good) return false;
  }
  return true;
}

}  // namespace
}  // namespace tocsin::statsd

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace tocsin;
  using namespace tocsin::statsd;
  std::string_view input(reinterpret_cast<const char*>(data), size);
  TableLimits limits;
  limits.max_series = 20;
  Table table(TheMapping(), limits, [](std::string_view name) { return name == "reserved"; });
  MonoTime now{seconds(100)};
  table.MoveTo(now);
  while (!input.empty()) {
    const std::size_t end = std::min(input.find('\0'), input.size());
    table.TakePacket(input.substr(0, end), Listener::kUdp);
    input.remove_prefix(std::min(end + 1, input.size()));
    table.MoveTo(now += seconds(2));
  }
  if (table.size() > limits.max_series) std::abort();
  std::vector<double> values;
  for (std::size_t i = 0; i < table.end(); ++i) {
    values.clear();
    const SeriesSpec* const spec = table.Read(i, values);
    if (!spec) continue;
    if (!IsName(spec->family) || spec->family == "reserved") std::abort();
    for (const LabelView label : spec->labels) {
      if (!IsName(label.name)) std::abort();
    }
    if (spec->type == MetricType::kCounter && !(values[0] >= 0)) std::abort();
  }
  return 0;
}
