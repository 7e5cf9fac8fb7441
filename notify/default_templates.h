#pragma once
#include <string_view>

namespace tocsin::notify {

/// The templates that receivers use where the configuration gives none. Their names are those of
/// Alertmanager's, so that a `templates:` file may redefine or use them.
std::string_view DefaultTemplates();

}  // namespace tocsin::notify
