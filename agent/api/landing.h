#pragma once
#include <string>

#include "agent/http/router.h"

namespace tocsin::api {

/// The page at `/`: what this is and where its parts are.
http::Response LandingPage(const std::string& telemetry_path);

}  // namespace tocsin::api
