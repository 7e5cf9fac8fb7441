#pragma once
#include <cstdint>
#include <string_view>

namespace tocsin::exposition {

/// The wire formats of a metrics page.
enum class Format : std::uint8_t {
  kText,         // Prometheus text format 0.0.4
  kOpenMetrics,  // OpenMetrics 1.0.0
};

/// The Content-Type header of a page in that format.
constexpr std::string_view ContentType(Format format) {
  return format == Format::kText ? "text/plain; version=0.0.4; charset=utf-8"
                                 : "application/openmetrics-text; version=1.0.0; charset=utf-8";
}

}  // namespace tocsin::exposition
