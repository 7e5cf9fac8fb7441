// A template, of a rule or of Alertmanager, over fixed data: it must end, within its budget.

#include <cstdint>
#include <string_view>

#include "rules/template/alertmanager.h"
#include "rules/template/template.h"

namespace {

using namespace tocsin;
using namespace tocsin::tmpl;

const Labels kLabels{{"alertname", "A"}, {"instance", "h:1"}, {"x", "<é>\"'"}};

Result<std::vector<QuerySample>> Query(std::string_view promql, WallTime) {
  if (promql.empty()) return Error{Errc::kInvalid, "no query"};
  return std::vector<QuerySample>{{kLabels, 1.5}, {kLabels, -2}};
}

NotificationData Notification() {
  NotificationData data;
  data.status = "firing";
  for (const char* status : {"firing", "resolved"}) {
    data.alerts.push_back({.status = status,
                           .labels = kLabels,
                           .annotations = kLabels,
                           .starts_at = Time::From(FromMillis(1'700'000'000'123)),
                           .ends_at = {},
                           .generator_url = "http://g",
                           .fingerprint = "f"});
  }
  data.group_labels = data.common_labels = kLabels;
  return data;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size < 1) return 0;
  const std::string_view text(reinterpret_cast<const char*>(bytes) + 1, size - 1);
  static const QueryFunction query = Query;
  static const Value data = ToValue(Notification());
  Environment environment;
  environment.query = &query;
  environment.limits = {.output_bytes = 1 << 14, .steps = 5'000, .template_depth = 20};
  environment.escaping = (bytes[0] & 2) != 0 ? Escaping::kHtml : Escaping::kNone;
  if ((bytes[0] & 1) != 0) {
    ExpandAlertText(text, "fuzz", {.labels = kLabels, .external_labels = kLabels, .value = 0.1},
                    environment);
    return 0;
  }
  ParseOptions options;
  options.functions = &AlertmanagerFunctions();
  const auto parsed = Template::Parse(text, options);
  if (parsed) static_cast<void>(parsed->Execute(data, environment));
  return 0;
}
