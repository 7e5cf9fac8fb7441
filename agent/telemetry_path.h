#pragma once

#include <string_view>

#include "base/result.h"

namespace tocsin {

/// Whether metrics can be served there: "/", in place of the page with links, or a path that none
/// of the agent's own (api/routes.cc) is. Errors: kInvalid.
Status CheckTelemetryPath(std::string_view path);

}  // namespace tocsin
