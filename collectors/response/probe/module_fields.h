#pragma once
// Readers of single keys that several probers' modules share. Internal to module_file.

#include "base/result.h"
#include "base/yaml.h"
#include "collectors/response/probe/module.h"

namespace tocsin::probe {

/// A duration as Go spells it: "1.5s", "1m30s", "500ms".
Result<milliseconds> YamlGoDuration(const YamlFile& file, const YamlNode& node);

/// true, false, and the other spellings of YAML 1.1 that Go's reader takes: yes, off …
Result<bool> YamlGoBool(const YamlFile& file, const YamlNode& node);

Result<Pattern> YamlPattern(const YamlFile& file, const YamlNode& node);
Result<std::vector<Pattern>> YamlPatterns(const YamlFile& file, const YamlNode& node);

/// preferred_ip_protocol and ip_protocol_fallback.
Result<IpPreference> ReadIpPreference(YamlFields& fields);
/// source_ip_address: an IP address, or empty.
Result<std::string> ReadSourceIp(YamlFields& fields);
/// tls_config, or the defaults.
Result<outgoing::TlsOptions> ReadTls(YamlFields& fields);

Result<std::vector<std::pair<std::string, std::string>>> YamlStringMap(const YamlFile& file,
                                                                       const YamlNode& node);

/// The keys under `http:`. module_file_http.cc
Result<HttpModule> ReadHttpModule(const YamlFile& file, const YamlNode& node);

}  // namespace tocsin::probe
