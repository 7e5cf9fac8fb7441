#include "rules/template/shared_functions.h"

#include "rules/template/regex.h"
#include "rules/template/template.h"

namespace tocsin::tmpl {

Result<Value> CallMatch(const Call& call) {
  TRY_ASSIGN(const bool matches,
             RegexMatches(call.args[0].AsString(), call.args[1].AsString(), call.work));
  return Value::Bool(matches);
}

Result<Value> CallReReplaceAll(const Call& call) {
  TRY_ASSIGN(std::string text, RegexReplaceAll(call.args[0].AsString(), call.args[1].AsString(),
                                               call.args[2].AsString(),
                                               call.environment.limits.output_bytes, call.work));
  return Value::String(std::move(text));
}

Result<Value> CallSafeHtml(const Call& call) {
  return Value::Html(std::string(call.args[0].AsString()));
}

}  // namespace tocsin::tmpl
