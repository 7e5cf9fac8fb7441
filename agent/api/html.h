#pragma once
// The few pages that people see: plain HTML without scripts.

#include <string>
#include <string_view>

namespace tocsin::api {

/// A page with `heading` (text) over `content` (HTML).
std::string HtmlPage(std::string_view heading, std::string_view content);

}  // namespace tocsin::api
