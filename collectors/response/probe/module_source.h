#pragma once
#include <string>

#include "base/yaml.h"

namespace tocsin::probe {

/// A module as YAML again, for people: secrets are shown as <secret>.
std::string ModuleSource(const YamlNode& module);

}  // namespace tocsin::probe
