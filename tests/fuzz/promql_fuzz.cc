// The parser, the printer and the evaluator on any text, over a few series of every kind: nothing
// crashes, and what is printed is read back as the same.

#include <cstdint>
#include <cstdlib>
#include <limits>
#include <string_view>

#include "rules/memory_store.h"
#include "rules/promql/engine.h"
#include "rules/promql/parser.h"
#include "rules/promql/printer.h"

namespace {

using namespace tocsin;
using namespace tocsin::promql;

constexpr std::int64_t kMinute = 60'000;

MemoryStore Series() {
  MemoryStore store;
  const double inf = std::numeric_limits<double>::infinity();
  for (std::int64_t i = 0; i < 20; ++i) {
    const auto n = static_cast<double>(i);
    store.Append({{"__name__", "x"}, {"a", "1"}}, i * kMinute, n);
    store.Append({{"__name__", "x"}, {"a", "2"}, {"b", "y"}}, i * kMinute,
                 i % 7 == 3 ? StaleNan() : 100 - n);
    store.Append({{"__name__", "y"}, {"a", "1"}}, i * 37'000, i % 3 == 0 ? NormalNan() : n);
    store.Append({{"__name__", "z"}}, i * kMinute, i % 2 == 0 ? inf : -inf);
    for (const char* le : {"1", "2", "+Inf", "bad"}) {
      store.Append({{"__name__", "h_bucket"}, {"le", le}}, i * kMinute, n);
    }
  }
  store.Append({{"__name__", "target_info"}, {"instance", "i"}, {"job", "j"}, {"v", "1"}}, 0, 1);
  store.Append({{"__name__", "x"}, {"instance", "i"}, {"job", "j"}}, 0, 1);
  return store;
}

void Evaluate(const Expr& expr, Compat compat) {
  static const MemoryStore store = Series();
  EngineOptions options;
  options.compat = compat;
  options.max_samples = 20'000;
  options.max_series = 1'000;
  options.max_subquery_steps = 200;
  options.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(2);
  (void)EvalInstant(expr, 10 * kMinute, store, options);
  (void)EvalRange(expr, 5 * kMinute, 12 * kMinute, kMinute + 1, store, options);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  ParseError where;
  const auto expr = ParseExpr(text, {}, &where);
  (void)ParseSelector(text);
  if (!expr) {
    (void)where.Caret(text);
    return 0;
  }
  const std::string printed = ToString(**expr);
  const auto again = ParseExpr(printed);
  if (!again || ToString(**again) != printed) std::abort();
  const auto pretty = ParseExpr(Prettify(**expr));
  if (!pretty || ToString(**pretty) != printed) std::abort();
  Evaluate(**expr, Compat::kV3);
  Evaluate(**expr, Compat::kV2);
  return 0;
}
