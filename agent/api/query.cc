#include "agent/api/query.h"

#include <algorithm>
#include <utility>

#include "agent/api/envelope.h"
#include "agent/api/params.h"
#include "agent/api/result_json.h"
#include "rules/promql/parser.h"
#include "rules/promql/printer.h"

namespace tocsin::api {
namespace {

constexpr std::uint64_t kMaxSteps = 11'000;  // one point less than a series may have

/// Counts a query while it runs.
class Running {
 public:
  explicit Running(std::atomic<std::size_t>& count) : count_(count), before_(count.fetch_add(1)) {}
  ~Running() { count_.fetch_sub(1); }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  std::size_t before() const { return before_; }

 private:
  std::atomic<std::size_t>& count_;
  const std::size_t before_;
};

/// An evaluation that fails is the query's fault: execution, unless it was cut short.
http::Response EvaluationFailure(const Error& error) {
  if (error.code() == Errc::kInvalid || error.code() == Errc::kMalformed) {
    return Failure(ErrorType::kExecution, error.message());
  }
  return Failure(error);
}

/// All that the answer of a range query depends on, but for the data.
std::string RangeKey(const http::Form& form, std::int64_t start, std::int64_t end,
                     std::int64_t step) {
  std::string key;
  for (const std::int64_t number : {start, end, step}) key += std::to_string(number) + " ";
  return key.append(form.Get("limit"))
      .append(" ")
      .append(form.Get("lookback_delta"))
      .append(" ")
      .append(form.Get("query"));
}

}  // namespace

http::Response QueryApi::Answer(const http::Form& form, const QueryLimits& limits,
                                const Check& check, const Evaluate& evaluate) const {
  milliseconds timeout = limits.timeout;
  if (const std::string_view text = form.Get("timeout"); !text.empty()) {
    const auto asked = ParseDurationParam(text);
    if (!asked) return InvalidParameter("timeout", asked.error());
    timeout = std::min(timeout, milliseconds(*asked));
  }
  promql::EngineOptions options = limits.engine;
  if (const std::string_view text = form.Get("lookback_delta"); !text.empty()) {
    const auto lookback = ParseDurationParam(text);
    if (!lookback) return InvalidParameter("lookback_delta", lookback.error());
    if (*lookback > 0) options.lookback_ms = *lookback;
  }
  const auto limit = LimitParam(form, "limit");
  if (!limit) return InvalidParameter("limit", limit.error());
  const auto expr = promql::ParseExpr(form.Get("query"));
  if (!expr) return InvalidParameter("query", expr.error());
  if (const Status ok = check(**expr, options); !ok) return InvalidParameter("query", ok.error());

  const Running running(running_);
  if (running.before() >= limits.max_concurrency) {
    return Failure(ErrorType::kTimeout, "too many queries at once");
  }
  options.deadline = clock_.Mono() + timeout;
  auto result = evaluate(**expr, options);
  if (!result) return EvaluationFailure(result.error());
  const auto texts = [&](const std::vector<promql::Annotation>& remarks) {
    std::vector<std::string> out;
    out.reserve(remarks.size());
    for (const promql::Annotation& remark : remarks) {
      out.push_back(remark.ToString(form.Get("query")));
    }
    return out;
  };
  std::vector<std::string> warnings = texts(result->warnings);
  if (*limit > 0 && std::max(result->vector.size(), result->matrix.size()) > *limit) {
    result->vector.resize(std::min<std::size_t>(result->vector.size(), *limit));
    result->matrix.resize(std::min<std::size_t>(result->matrix.size(), *limit));
    warnings.emplace_back("results truncated due to limit");
  }
  return SuccessOf([&](JsonWriter& json) { WriteResult(json, *result); }, warnings,
                   texts(result->infos));
}

http::Response QueryApi::Instant(const http::Request& request, const QueryLimits& limits) const {
  const http::Form form = http::Form::Parse(request);
  const auto time = TimeParam(form, "time", ToMillis(clock_.Wall()));
  if (!time) return InvalidParameter("time", time.error());
  return Answer(
      form, limits, [](const auto&, const auto&) -> Status { return Unit{}; },
      [&](const promql::Expr& expr, const promql::EngineOptions& options) {
        return promql::EvalInstant(expr, *time, storage_, options);
      });
}

http::Response QueryApi::Range(const http::Request& request, const QueryLimits& limits,
                               ResultCache& cache) const {
  const http::Form form = http::Form::Parse(request);
  const auto start = ParseTimeParam(form.Get("start"));
  if (!start) return InvalidParameter("start", start.error());
  const auto end = ParseTimeParam(form.Get("end"));
  if (!end) return InvalidParameter("end", end.error());
  const auto bad = [](std::string_view name, const char* what) {
    return InvalidParameter(name, Error{Errc::kInvalid, what});
  };
  if (*end < *start) return bad("end", "the end is before the start");
  const auto step = ParseDurationParam(form.Get("step"));
  if (!step) return InvalidParameter("step", step.error());
  if (*step <= 0) {
    return bad("step", "step must be above 0");
  }
  const auto span = static_cast<std::uint64_t>(*end) - static_cast<std::uint64_t>(*start);
  if (span / static_cast<std::uint64_t>(*step) > kMaxSteps) {
    return Failure(ErrorType::kBadData,
                   "exceeded maximum resolution of 11,000 points a series: ask for a larger step");
  }
  std::string key = RangeKey(form, *start, *end, *step);
  if (auto kept = cache.Find(key, clock_.Mono())) {
    http::Response response;
    response.content_type = "application/json";
    response.body = *std::move(kept);
    return response;
  }
  http::Response response = Answer(
      form, limits,
      [&](const promql::Expr& expr, const promql::EngineOptions& options) {
        return promql::CheckRange(expr, *start, *end, *step, options);
      },
      [&](const promql::Expr& expr, const promql::EngineOptions& options) {
        return promql::EvalRange(expr, *start, *end, *step, storage_, options);
      });
  if (response.status == 200) cache.Insert(std::move(key), response.body, clock_.Mono());
  return response;
}

http::Response Exemplars(const http::Request& request) {
  const auto expr = promql::ParseExpr(http::Form::Parse(request).Get("query"));
  if (!expr) return InvalidParameter("query", expr.error());
  return Success("[]");
}

http::Response FormatQuery(const http::Request& request) {
  const auto expr = promql::ParseExpr(http::Form::Parse(request).Get("query"));
  if (!expr) return InvalidParameter("query", expr.error());
  std::string data;
  JsonWriter(data).String(promql::Prettify(**expr));
  return Success(data);
}

}  // namespace tocsin::api
