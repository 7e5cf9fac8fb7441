#pragma once
// Reads blackbox.yml as blackbox_exporter 0.23 does.

#include <string>

#include "base/result.h"
#include "base/yaml.h"
#include "collectors/response/probe/module.h"

namespace tocsin::probe {

/// Paths in the file are relative to its folder. Errors: kInvalid as "file:line:column: what" for
/// unknown keys, wrong types, expressions that are none, combinations that make no sense.
Result<Modules> ReadModules(const YamlFile& file);

/// ReadModules of the file at `path`, which `parent` names. Errors besides: of ReadYamlFile.
Result<Modules> LoadModules(const YamlFile& parent, const std::string& path);

}  // namespace tocsin::probe
