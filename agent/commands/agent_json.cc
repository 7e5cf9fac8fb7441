#include "agent/commands/agent_json.h"

#include "agent/commands/http_get.h"

namespace tocsin {
namespace {

using simdjson::dom::element;

/// What a refusal says: a string, or the text under `error` or `message`.
std::string Refusal(const element& root, int status) {
  std::string_view text;
  if (root.get(text) == simdjson::SUCCESS) return std::string(text);
  for (const char* key : {"error", "message"}) {
    if (std::string said = TextOf(root, key); !said.empty()) return said;
  }
  return "HTTP status " + std::to_string(status);
}

}  // namespace

std::string TextOf(const element& object, std::string_view key) {
  std::string_view text;
  return object[key].get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
}

Labels LabelsOf(const element& object, std::string_view key) {
  LabelsBuilder labels;
  simdjson::dom::object found;
  if (object[key].get(found) != simdjson::SUCCESS) return {};
  for (const auto field : found) {
    std::string_view value;
    if (field.value.get(value) == simdjson::SUCCESS) labels.Set(field.key, value);
  }
  return labels.Build();
}

Result<element> AskAgent(simdjson::dom::parser& parser, const std::string& method,
                         const std::string& url, const std::string& body) {
  TRY_ASSIGN(const HttpAnswer answer, HttpSend(method, url, body));
  element root;
  const bool is_json =
      parser.parse(answer.body.data(), answer.body.size()).get(root) == simdjson::SUCCESS;
  if (answer.status >= 300) {
    return Error{Errc::kInvalid, is_json ? Refusal(root, answer.status)
                                         : url + ": HTTP status " + std::to_string(answer.status)};
  }
  // An empty body says that all went well.
  if (!is_json && !answer.body.empty()) {
    return Error{Errc::kMalformed, url + ": this is no answer of an agent"};
  }
  return root;
}

}  // namespace tocsin
