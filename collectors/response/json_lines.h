#pragma once
// Access logs of one JSON object a line.

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "collectors/response/access_fields.h"
#include "collectors/response/access_record.h"

namespace tocsin {

/// Where a field stands: "status", or "request.method" within an object.
struct JsonField {
  std::string path;
  AccessField field;
};

/// As Caddy writes them.
std::vector<JsonField> CaddyFields();
/// nginx's variables by their own names: `log_format json escape=json '{"status":"$status",…}'`.
std::vector<JsonField> NginxJsonFields();

/// Values may be numbers or strings. Errors: kInvalid for a field that is within a value that is
/// wanted itself.
Result<std::unique_ptr<AccessLineParser>> MakeJsonParser(const std::vector<JsonField>& fields);

}  // namespace tocsin
