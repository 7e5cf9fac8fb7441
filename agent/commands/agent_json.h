#pragma once
// The agent's JSON, for commands. simdjson.h stands in the .cc files that include this.

#include <simdjson.h>

#include <string>

#include "base/result.h"
#include "metrics/labels.h"

namespace tocsin {

/// The document that `url` answers with. `parser` holds it. Errors: kIo, kTimeout; kInvalid with
/// the agent's own words when it refuses; kMalformed for anything but JSON.
Result<simdjson::dom::element> AskAgent(simdjson::dom::parser& parser, const std::string& method,
                                        const std::string& url, const std::string& body = "");

/// The text under `key`, or empty.
std::string TextOf(const simdjson::dom::element& object, std::string_view key);
/// The object of texts under `key`, or none.
Labels LabelsOf(const simdjson::dom::element& object, std::string_view key);

}  // namespace tocsin
