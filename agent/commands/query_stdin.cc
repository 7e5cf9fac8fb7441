#include "agent/commands/query_stdin.h"

#include <simdjson.h>

#include <istream>
#include <ostream>

#include "agent/api/result_json.h"
#include "base/parse.h"
#include "rules/memory_store.h"
#include "rules/promql/parser.h"

namespace tocsin {
namespace {

using simdjson::dom::element;
using simdjson::dom::object;

Error BadRequest(std::string message) { return {Errc::kInvalid, std::move(message)}; }

template <class T>
Result<T> Field(const object& of, std::string_view key) {
  T value;
  if (of[key].get(value) != simdjson::SUCCESS) {
    return BadRequest("\"" + std::string(key) + "\" is missing or of the wrong type");
  }
  return value;
}

Result<Sample> ParsePoint(const element& point) {
  std::int64_t t_ms = 0;
  std::string_view text;
  simdjson::dom::array pair;
  if (point.get(pair) != simdjson::SUCCESS || pair.size() != 2 ||
      pair.at(0).get(t_ms) != simdjson::SUCCESS || pair.at(1).get(text) != simdjson::SUCCESS) {
    return BadRequest("a point is [milliseconds, \"value\"]");
  }
  if (text == "stale") return Sample{t_ms, StaleNan()};
  const auto value = ParseDouble(text);
  if (!value) return BadRequest("bad value \"" + std::string(text) + "\"");
  return Sample{t_ms, *value};
}

Result<Labels> ParseLabels(const object& labels) {
  LabelsBuilder builder;
  for (const auto& field : labels) {
    std::string_view value;
    if (field.value.get(value) != simdjson::SUCCESS) {
      return BadRequest("label values are strings");
    }
    builder.Set(field.key, value);
  }
  return builder.Build();
}

Status AppendSeries(const element& one, MemoryStore& storage) {
  object series;
  if (one.get(series) != simdjson::SUCCESS) return BadRequest("a series is an object");
  TRY_ASSIGN(const object label_fields, Field<object>(series, "labels"));
  TRY_ASSIGN(const Labels labels, ParseLabels(label_fields));
  TRY_ASSIGN(const auto points, Field<simdjson::dom::array>(series, "points"));
  for (const element& point : points) {
    TRY_ASSIGN(const Sample sample, ParsePoint(point));
    storage.Append(labels, sample.t_ms, sample.value);
  }
  return Unit{};
}

Result<MemoryStore> ParseSeries(const object& request) {
  MemoryStore storage;
  TRY_ASSIGN(const auto all, Field<simdjson::dom::array>(request, "series"));
  for (const element& one : all) TRY(AppendSeries(one, storage));
  return storage;
}

std::string ErrorDocument(std::string_view type, std::string_view message) {
  std::string out;
  JsonWriter json(out);
  json.BeginObject().Key("status").String("error");
  json.Key("errorType").String(type).Key("error").String(message).EndObject();
  return out;
}

std::string_view ExecutionErrorType(Errc code) {
  return code == Errc::kTimeout ? "timeout" : code == Errc::kCancelled ? "canceled" : "execution";
}

void WriteRemarks(JsonWriter& json, std::string_view key,
                  const std::vector<promql::Annotation>& remarks, std::string_view query) {
  if (remarks.empty()) return;
  json.Key(key).BeginArray();
  for (const promql::Annotation& remark : remarks) json.String(remark.ToString(query));
  json.EndArray();
}

std::string Document(const Result<promql::QueryResult>& result, std::string_view query) {
  if (!result) {
    return ErrorDocument(ExecutionErrorType(result.error().code()), result.error().message());
  }
  std::string out;
  JsonWriter json(out);
  json.BeginObject().Key("status").String("success").Key("data");
  api::WriteResult(json, *result);
  WriteRemarks(json, "warnings", result->warnings, query);
  WriteRemarks(json, "infos", result->infos, query);
  json.EndObject();
  return out;
}

}  // namespace

struct QueryPipe::State {
  promql::EngineOptions options;
  MemoryStore storage;
  simdjson::dom::parser parser;

  Result<std::string> Handle(std::string_view line);
  Result<std::string> Query(const object& request);
};

Result<std::string> QueryPipe::State::Handle(std::string_view line) {
  const simdjson::padded_string padded(line);
  object request;
  if (const auto error = parser.parse(padded).get(request)) {
    return BadRequest(std::string("not a JSON object: ") + simdjson::error_message(error));
  }
  TRY_ASSIGN(const std::string_view op, Field<std::string_view>(request, "op"));
  if (op == "query") return Query(request);
  if (op != "load") return BadRequest("unknown op \"" + std::string(op) + "\"");
  TRY_ASSIGN(storage, ParseSeries(request));
  return std::string("{\"ok\":true}");
}

Result<std::string> QueryPipe::State::Query(const object& request) {
  TRY_ASSIGN(const std::string_view text, Field<std::string_view>(request, "expr"));
  TRY_ASSIGN(const promql::ExprPtr expr, promql::ParseExpr(text));
  if (request["time"].error() == simdjson::SUCCESS) {
    TRY_ASSIGN(const auto time, Field<std::int64_t>(request, "time"));
    return Document(promql::EvalInstant(*expr, time, storage, options), text);
  }
  TRY_ASSIGN(const auto start, Field<std::int64_t>(request, "start"));
  TRY_ASSIGN(const auto end, Field<std::int64_t>(request, "end"));
  TRY_ASSIGN(const auto step, Field<std::int64_t>(request, "step"));
  TRY(promql::CheckRange(*expr, start, end, step, options));
  return Document(promql::EvalRange(*expr, start, end, step, storage, options), text);
}

QueryPipe::QueryPipe(promql::EngineOptions options) : state_(new State) {
  state_->options = std::move(options);
}
QueryPipe::~QueryPipe() = default;

std::string QueryPipe::Answer(std::string_view line) {
  auto answer = state_->Handle(line);
  return answer ? *std::move(answer) : ErrorDocument("bad_data", answer.error().message());
}

void QueryPipe::Run(std::istream& in, std::ostream& out) {
  for (std::string line; std::getline(in, line);) out << Answer(line) << std::endl;
}

}  // namespace tocsin
