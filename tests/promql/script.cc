#include "tests/promql/script.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "base/format.h"
#include "base/parse.h"
#include "rules/promql/parser.h"
#include "rules/series_notation.h"

namespace tocsin::promql {
namespace {

constexpr std::size_t kMaxValues = 10'000;
constexpr double kTolerance = 1e-6;

using Values = std::vector<std::optional<double>>;

bool Close(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  if (a == b) return true;
  return std::fabs(a - b) <= kTolerance * std::min(std::fabs(a) + std::fabs(b), HUGE_VAL);
}

std::string Show(const Values& values) {
  std::string out;
  for (const auto& v : values) out += " " + (v ? FormatGoFloat(*v) : std::string("_"));
  return out;
}

/// One eval command and the lines below it.
struct Eval {
  bool fail = false;
  bool ordered = false;
  bool range = false;
  std::int64_t start_ms = 0;
  std::int64_t end_ms = 0;
  std::int64_t step_ms = 1;
  std::string expr;
  std::vector<std::string_view> expected;
};

class Script {
 public:
  explicit Script(std::string_view text) {
    while (!text.empty()) lines_.push_back(TakeLine(text));
  }

  std::vector<std::string> Run() {
    while (at_ < lines_.size() && failures_.size() < 20) {
      if (const Status done = Command(); !done) Fail(done.error().message());
    }
    if (evals_ == 0) Fail("no eval in it");
    return std::move(failures_);
  }

 private:
  void Fail(const std::string& what) {
    failures_.push_back("line " + std::to_string(command_) + ": " + what);
  }

  static bool IsIndented(std::string_view line) {
    return line.starts_with(' ') || line.starts_with('\t');
  }

  Status Command() {
    std::string_view line = lines_[at_++];
    command_ = at_;
    if (Trim(line).empty() || line.starts_with('#')) return Unit{};
    const std::string_view word = TakeField(line);
    if (word == "clear") {
      store_ = {};
      return Unit{};
    }
    if (word == "compat") {
      options_.compat = Trim(line) == "v2" ? Compat::kV2 : Compat::kV3;
      return Unit{};
    }
    if (word == "load") return Load(Trim(line));
    if (word == "eval") return RunEval(line);
    return Error{Errc::kInvalid, "unknown command " + std::string(word)};
  }

  Status Load(std::string_view interval) {
    TRY_ASSIGN(const milliseconds step, ParseDuration(interval));
    while (at_ < lines_.size() && IsIndented(lines_[at_])) {
      command_ = at_ + 1;
      const std::string_view line = Trim(lines_[at_++]);
      const auto brace = line.find('}');
      const auto end = brace == std::string_view::npos ? line.find(' ') : brace + 1;
      TRY_ASSIGN(const Labels labels, SeriesLabels(line.substr(0, end)));
      TRY_ASSIGN(const Values values, ParseSeriesValues(line.substr(end), kMaxValues));
      for (std::size_t i = 0; i < values.size(); ++i) {
        const std::int64_t t_ms = static_cast<std::int64_t>(i) * step.count();
        if (values[i]) store_.Append(labels, t_ms, *values[i]);
      }
    }
    return Unit{};
  }

  /// Names in quotes too, as {"a.b", "c d"="x"}.
  static Result<Labels> SeriesLabels(std::string_view text) {
    if (Trim(text) == "{}") return Labels{};
    TRY_ASSIGN(const auto matchers, ParseSelector(text));
    LabelsBuilder labels;
    for (const Matcher& m : matchers) labels.Set(m.name(), m.value());
    return labels.Build();
  }

  static Result<std::int64_t> Time(std::string_view text) {
    TRY_ASSIGN(const milliseconds t, ParseDuration(text));
    return t.count();
  }

  Result<Eval> ReadEval(std::string_view line) {
    Eval eval;
    std::string_view word = TakeField(line);
    for (; word == "fail" || word == "ordered" || word == "remark"; word = TakeField(line)) {
      eval.fail = eval.fail || word == "fail";
      eval.ordered = eval.ordered || word == "ordered";
    }
    eval.range = word == "range";
    const auto time_after = [&](std::string_view keyword) -> Result<std::int64_t> {
      if (TakeField(line) != keyword) {
        return Error{Errc::kInvalid, "expected " + std::string(keyword)};
      }
      return Time(TakeField(line));
    };
    TRY_ASSIGN(eval.start_ms, time_after(eval.range ? "from" : "at"));
    if (eval.range) {
      TRY_ASSIGN(eval.end_ms, time_after("to"));
      TRY_ASSIGN(eval.step_ms, time_after("step"));
    }
    eval.expr = Trim(line);
    while (at_ < lines_.size() && Trim(lines_[at_]).starts_with('|')) {
      eval.expr += "\n" + std::string(Trim(lines_[at_++]).substr(1));
    }
    while (at_ < lines_.size() && IsIndented(lines_[at_])) {
      eval.expected.push_back(Trim(lines_[at_++]));
    }
    return eval;
  }

  Result<QueryResult> Evaluate(const Eval& eval) const {
    TRY_ASSIGN(const ExprPtr expr, ParseExpr(eval.expr));
    if (!eval.range) return EvalInstant(*expr, eval.start_ms, store_, options_);
    return EvalRange(*expr, eval.start_ms, eval.end_ms, eval.step_ms, store_, options_);
  }

  Status RunEval(std::string_view line) {
    TRY_ASSIGN(const Eval eval, ReadEval(line));
    ++evals_;
    const auto result = Evaluate(eval);
    if (eval.fail) {
      if (result) return Error{Errc::kInvalid, "should have failed"};
      for (const std::string_view text : eval.expected) {
        if (result.error().message().find(text) == std::string::npos) {
          Fail("failed with: " + result.error().message());
        }
      }
      return Unit{};
    }
    TRY(result);
    std::vector<std::string_view> expected = eval.expected;
    TRY(CheckRemarks(*result, eval.expr, expected));
    switch (result->type) {
      case ValueType::kScalar:
        return CheckSingle(FormatGoFloat(result->scalar), expected);
      case ValueType::kString:
        return CheckSingle(result->string, expected);
      default:
        return CheckSeries(eval, *result, expected);
    }
  }

  /// Takes the remark lines out of `expected`. Without any, there must be no remarks.
  static Status CheckRemarks(const QueryResult& result, std::string_view expr,
                             std::vector<std::string_view>& expected) {
    std::string all;
    for (const auto* remarks : {&result.warnings, &result.infos}) {
      for (const Annotation& remark : *remarks) all += remark.ToString(expr) + "\n";
    }
    constexpr std::string_view kRemark = "remark: ";
    bool any = false;
    for (const std::string_view line : expected) {
      if (!line.starts_with(kRemark)) continue;
      any = true;
      if (all.find(line.substr(kRemark.size())) == std::string::npos) {
        return Error{Errc::kInvalid, "remarks are: " + all};
      }
    }
    std::erase_if(expected, [&](std::string_view line) { return line.starts_with(kRemark); });
    if (!any && !all.empty()) return Error{Errc::kInvalid, "unexpected remarks: " + all};
    return Unit{};
  }

  static Status CheckSingle(const std::string& value,
                            const std::vector<std::string_view>& expected) {
    if (expected.size() != 1) return Error{Errc::kInvalid, "one value expected, it is " + value};
    const auto got = ParseDouble(value);
    const auto wanted = ParseDouble(expected[0]);
    const bool same = got && wanted ? Close(*got, *wanted) : value == expected[0];
    return same ? Status(Unit{}) : Error{Errc::kInvalid, "it is " + value};
  }

  static std::vector<std::pair<Labels, Values>> SeriesOf(const Eval& eval,
                                                         const QueryResult& result) {
    std::vector<std::pair<Labels, Values>> out;
    for (const VectorSample& s : result.vector) out.push_back({s.labels, {s.value}});
    for (const MatrixSeries& series : result.matrix) {
      Values values;
      for (const Sample& s : series.samples) {
        if (eval.range)
          values.resize(static_cast<std::size_t>((s.t_ms - eval.start_ms) / eval.step_ms));
        values.emplace_back(s.value);
      }
      out.push_back({series.labels, std::move(values)});
    }
    return out;
  }

  Status CheckSeries(const Eval& eval, const QueryResult& result,
                     const std::vector<std::string_view>& expected) {
    const auto got = SeriesOf(eval, result);
    std::vector<bool> found(got.size());
    for (std::size_t n = 0; n < expected.size(); ++n) {
      const std::string_view line = expected[n];
      const auto brace = line.find('}');
      const auto end = brace == std::string_view::npos ? line.find(' ') : brace + 1;
      TRY_ASSIGN(const Labels labels, SeriesLabels(line.substr(0, end)));
      TRY_ASSIGN(Values values, ParseSeriesValues(line.substr(end), kMaxValues));
      while (!values.empty() && !values.back()) values.pop_back();
      const auto at = static_cast<std::size_t>(
          std::find_if(got.begin(), got.end(), [&](const auto& s) { return s.first == labels; }) -
          got.begin());
      if (at == got.size()) {
        Fail("no " + labels.ToString());
        continue;
      }
      found[at] = true;
      if (eval.ordered && at != n) Fail(labels.ToString() + " is out of order");
      const bool same = std::equal(values.begin(), values.end(), got[at].second.begin(),
                                   got[at].second.end(), [](const auto& a, const auto& b) {
                                     return a.has_value() == b.has_value() && (!a || Close(*a, *b));
                                   });
      if (!same) Fail(labels.ToString() + " is" + Show(got[at].second));
    }
    for (std::size_t i = 0; i < got.size(); ++i) {
      if (!found[i]) Fail("unexpected " + got[i].first.ToString() + Show(got[i].second));
    }
    return Unit{};
  }

  std::vector<std::string_view> lines_;
  std::size_t at_ = 0;
  std::size_t command_ = 0;
  std::size_t evals_ = 0;
  MemoryStore store_;
  EngineOptions options_;
  std::vector<std::string> failures_;
};

}  // namespace

std::vector<std::string> RunScript(std::string_view script) { return Script(script).Run(); }

}  // namespace tocsin::promql
