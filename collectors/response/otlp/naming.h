#pragma once
// How OpenTelemetry's names become Prometheus's: the rules of Prometheus's own OTLP receiver
// (storage/remote/otlptranslator) and of the specification's "Prometheus and OpenMetrics
// Compatibility".

#include <string>
#include <string_view>

#include "collectors/response/otlp/message.h"

namespace tocsin::otlp {

/// "http.server.duration" in "ms" is http_server_duration_milliseconds; a counter ends with _total,
/// a gauge in "1" with _ratio. Empty if nothing of the name is left.
std::string MetricName(const Metric& metric);

/// "service.name" is service_name; "1a" is key_1a, "_a" is key_a.
std::string LabelName(std::string_view attribute);

}  // namespace tocsin::otlp
