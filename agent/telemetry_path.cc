#include "agent/telemetry_path.h"

#include <algorithm>
#include <iterator>
#include <string>

#include "agent/http/router.h"

namespace tocsin {

Status CheckTelemetryPath(std::string_view path) {
  if (!path.starts_with('/')) {
    return Error{Errc::kInvalid, "telemetry_path must begin with \"/\""};
  }
  if (!http::IsPlainPath(path)) {
    return Error{
        Errc::kInvalid,
        "telemetry_path cannot have blanks, \"%\", \"?\", \"#\", \"\\\", \"//\" or \"/.\""};
  }
  constexpr std::string_view kOwn[] = {"/acknowledge", "/alerts", "/federate", "/graph",
                                       "/logs",        "/probe",  "/probes",   "/scrape"};
  const bool own = std::find(std::begin(kOwn), std::end(kOwn), path) != std::end(kOwn);
  if (own || path.starts_with("/api/") || path.starts_with("/-/") || path.starts_with("/v1/")) {
    return Error{Errc::kInvalid, "the agent has another page at " + std::string(path)};
  }
  return Unit{};
}

}  // namespace tocsin
