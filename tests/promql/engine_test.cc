// Budgets, deadlines, stopping, and what the results look like.

#include "rules/promql/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rules/memory_store.h"
#include "rules/promql/parser.h"

namespace tocsin::promql {
namespace {

constexpr std::int64_t kMinute = 60'000;

/// `count` series x{n="0"} … of 100 samples a minute apart.
MemoryStore Store(int count) {
  MemoryStore store;
  for (int n = 0; n < count; ++n) {
    const std::string number = std::to_string(n);
    for (std::int64_t i = 0; i < 100; ++i) {
      store.Append({{"__name__", "x"}, {"n", number}}, i * kMinute, static_cast<double>(n));
    }
  }
  return store;
}

Result<QueryResult> Range(std::string_view text, const Queryable& store,
                          const EngineOptions& options) {
  const auto expr = ParseExpr(text);
  EXPECT_TRUE(expr) << text;
  return EvalRange(**expr, 0, 99 * kMinute, kMinute, store, options);
}

Errc CodeOf(const Result<QueryResult>& result) {
  EXPECT_FALSE(result);
  return result ? Errc::kNotFound : result.error().code();
}

TEST(Engine, SampleBudget) {
  const MemoryStore store = Store(50);
  EngineOptions options;
  options.max_samples = 4'000;
  // Everything that holds all series at once: 50 × 100 samples.
  for (const char* text :
       {"x", "sort(x)", "topk(1, x)", "quantile(0.5, x)", "x + x", "x or x",
        "histogram_quantile(0.5, label_replace(x, \"le\", \"$1\", \"n\", \"(.*)\"))",
        "sum by (n) (x)", "count_values(\"v\", x)"}) {
    EXPECT_EQ(CodeOf(Range(text, store, options)), Errc::kLimit) << text;
  }
  // What goes by series after series does not.
  for (const char* text : {"sum(x)", "sum(rate(x[5m])) / count(x)", "scalar(sum(x)) * 2",
                           "absent(x)", "max(max_over_time(x[10m:1m]))", "count(x > 10)"}) {
    EXPECT_TRUE(Range(text, store, options)) << text;
  }
  options.max_samples = 50;  // not even one series
  EXPECT_EQ(CodeOf(Range("sum(x)", store, options)), Errc::kLimit);
}

TEST(Engine, SeriesBudget) {
  const MemoryStore store = Store(50);
  EngineOptions options;
  options.max_series = 49;
  for (const char* text : {"x", "sum by (n) (x)", "count_values(\"v\", x)", "x and x", "-x + -x"}) {
    EXPECT_EQ(CodeOf(Range(text, store, options)), Errc::kLimit) << text;
    EXPECT_EQ(CodeOf(EvalInstant(**ParseExpr(text), 0, store, options)), Errc::kLimit) << text;
  }
  EXPECT_EQ(CodeOf(EvalInstant(**ParseExpr("x[5m]"), 0, store, options)), Errc::kLimit);
  EXPECT_TRUE(Range("sum(x)", store, options));
}

TEST(Engine, StepBudgets) {
  const MemoryStore store = Store(1);
  EngineOptions options;
  options.max_steps = 99;
  EXPECT_EQ(CodeOf(Range("x", store, options)), Errc::kInvalid);
  options.max_steps = 100;
  EXPECT_TRUE(Range("x", store, options));
  options.max_subquery_steps = 100;
  EXPECT_TRUE(EvalInstant(**ParseExpr("sum_over_time(x[100s:1s])"), 0, store, options));
  EXPECT_EQ(CodeOf(EvalInstant(**ParseExpr("sum_over_time(x[101s:1s])"), 0, store, options)),
            Errc::kLimit);
  EXPECT_EQ(CodeOf(EvalInstant(**ParseExpr("sum_over_time(x[290y:1ms])"), 0, store, options)),
            Errc::kLimit);
}

TEST(Engine, DeadlineAndStop) {
  const MemoryStore store = Store(2);
  EngineOptions options;
  options.deadline = std::chrono::steady_clock::now() - std::chrono::seconds(1);
  EXPECT_EQ(CodeOf(Range("x", store, options)), Errc::kTimeout);
  options.deadline = MonoTime::max();
  std::stop_source source;
  options.stop = source.get_token();
  EXPECT_TRUE(Range("x", store, options));
  source.request_stop();
  EXPECT_EQ(CodeOf(Range("x", store, options)), Errc::kCancelled);
}

/// A storage that stops the query when its second series is asked for.
class StoppingStore final : public Queryable {
 public:
  StoppingStore(const MemoryStore& store, std::stop_source& source)
      : store_(store), source_(source) {}

  Result<std::unique_ptr<SeriesSet>> Select(const SelectHints& hints,
                                            std::span<const Matcher> matchers) const override {
    class Set final : public SeriesSet {
     public:
      Set(std::unique_ptr<SeriesSet> inner, std::stop_source& source)
          : inner_(std::move(inner)), source_(source) {}
      bool Next(SeriesView& out) override {
        if (++asked_ == 2) source_.request_stop();
        return inner_->Next(out);
      }

     private:
      std::unique_ptr<SeriesSet> inner_;
      std::stop_source& source_;
      int asked_ = 0;
    };
    TRY_ASSIGN(auto inner, store_.Select(hints, matchers));
    return std::unique_ptr<SeriesSet>(std::make_unique<Set>(std::move(inner), source_));
  }

 private:
  const MemoryStore& store_;
  std::stop_source& source_;
};

TEST(Engine, StopsInTheMiddle) {
  const MemoryStore store = Store(1'000);
  for (const char* text : {"x", "sum(x)", "x + x", "x and x", "topk(2, x)", "absent(x)",
                           "max_over_time(rate(x[5m])[10m:1m])"}) {
    std::stop_source source;
    EngineOptions options;
    options.stop = source.get_token();
    EXPECT_EQ(CodeOf(Range(text, StoppingStore(store, source), options)), Errc::kCancelled) << text;
  }
}

TEST(Engine, RequestsThatMakeNoSense) {
  const MemoryStore store = Store(1);
  const auto expr = *ParseExpr("x");
  const EngineOptions options;
  EXPECT_EQ(CodeOf(EvalRange(*expr, 0, 1, 0, store, options)), Errc::kInvalid);
  EXPECT_EQ(CodeOf(EvalRange(*expr, 0, 1, -1, store, options)), Errc::kInvalid);
  EXPECT_EQ(CodeOf(EvalRange(*expr, 1, 0, 1, store, options)), Errc::kInvalid);
  EXPECT_EQ(CodeOf(EvalRange(**ParseExpr("x[5m]"), 0, 1, 1, store, options)), Errc::kInvalid);
  EXPECT_EQ(CodeOf(EvalRange(**ParseExpr("\"x\""), 0, 1, 1, store, options)), Errc::kInvalid);
  constexpr auto kLast = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(CodeOf(EvalInstant(*expr, kLast, store, options)), Errc::kInvalid);
  EXPECT_EQ(CodeOf(EvalInstant(*expr, -kLast, store, options)), Errc::kInvalid);
  EngineOptions blind;
  blind.lookback_ms = 0;
  EXPECT_EQ(CodeOf(EvalInstant(*expr, 0, store, blind)), Errc::kInvalid);
}

// Times and offsets at the ends of what can be written do not overflow.
TEST(Engine, FarTimes) {
  const MemoryStore store = Store(1);
  for (const char* text :
       {"x offset 290y", "x offset -290y", "x @ 4e15", "x @ -4e15 offset 290y",
        "sum_over_time(x[290y:100y] @ -4e15 offset 290y)", "rate(x[290y] offset -290y)"}) {
    const auto expr = ParseExpr(text);
    ASSERT_TRUE(expr) << text;
    EXPECT_TRUE(EvalInstant(**expr, 4'000'000'000'000'000'000, store, {})) << text;
    EXPECT_TRUE(EvalInstant(**expr, -4'000'000'000'000'000'000, store, {})) << text;
  }
}

TEST(Engine, ResultsByType) {
  const MemoryStore store = Store(2);
  const auto at = [&](const char* text) {
    auto result = EvalInstant(**ParseExpr(text), 2 * kMinute, store, {});
    EXPECT_TRUE(result) << text;
    return *std::move(result);
  };
  const QueryResult scalar = at("1 + 1");
  EXPECT_EQ(scalar.type, ValueType::kScalar);
  EXPECT_EQ(scalar.t_ms, 2 * kMinute);
  EXPECT_EQ(scalar.scalar, 2);
  const QueryResult string = at("(\"a\")");
  EXPECT_EQ(string.type, ValueType::kString);
  EXPECT_EQ(string.string, "a");
  const QueryResult vector = at("x{n=\"1\"}");
  EXPECT_EQ(vector.type, ValueType::kVector);
  ASSERT_EQ(vector.vector.size(), 1u);
  EXPECT_EQ(vector.vector[0].labels, (Labels{{"__name__", "x"}, {"n", "1"}}));
  EXPECT_EQ(vector.vector[0].t_ms, 2 * kMinute);
  const QueryResult matrix = at("x[2m]");
  EXPECT_EQ(matrix.type, ValueType::kMatrix);
  ASSERT_EQ(matrix.matrix.size(), 2u);
  ASSERT_EQ(matrix.matrix[1].samples.size(), 2u);
  EXPECT_EQ(matrix.matrix[1].samples[0].t_ms, kMinute);
  EXPECT_LT(matrix.matrix[0].labels, matrix.matrix[1].labels);
}

}  // namespace
}  // namespace tocsin::promql
