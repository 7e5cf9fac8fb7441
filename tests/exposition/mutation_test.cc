// Ten thousand damaged expositions: each is read or refused with a position, never a crash (the
// test also runs under ASan and UBSan).

#include <gtest/gtest.h>

#include <random>

#include "metrics/exposition/parse.h"
#include "metrics/exposition/render.h"
#include "metrics/writer.h"

namespace tocsin::exposition {
namespace {

constexpr std::string_view kText =
    "# HELP http_requests_total The \\\\ total\\n of requests.\n"
    "# TYPE http_requests_total counter\n"
    "http_requests_total{code=\"200\",method=\"get\"} 1027 1395066363000\n"
    "http_requests_total{ code = \"400\" , method=\"p\\\"o\\\\s\\nt\", } 3\n"
    "# TYPE d histogram\n"
    "d_bucket{le=\"0.05\"} 24054\nd_bucket{le=\"+Inf\"} 144320\nd_sum 53423\nd_count 144320\n"
    "# TYPE s summary\n"
    "s{quantile=\"0.01\"} NaN\ns_sum -1.7560473e+07\ns_count 2693\n"
    "{\"quoted\",\"label\"=\"\xC3\xA9\"} +Inf\n\n# comment\n";

constexpr std::string_view kOpenMetrics =
    "# TYPE a_seconds counter\n# UNIT a_seconds seconds\n# HELP a_seconds x \\\" y\n"
    "a_seconds_total{x=\"1\"} 5 1.5 # {trace=\"abc\"} 2 3\na_seconds_created{x=\"1\"} 9\n"
    "# TYPE h histogram\nh_bucket{le=\"+Inf\"} 1 # {} 0.5\nh_count 1\nh_sum 2\n"
    "# TYPE st stateset\nst{st=\"on\"} 1\n# TYPE i info\ni_info{v=\"\\\\\"} 1\n"
    "# TYPE g gaugehistogram\ng_bucket{le=\"1\"} 1\ng_gsum 2\ng_gcount 1\n# EOF\n";

class Mutator {
 public:
  std::string Mutate(std::string_view seed) {
    std::string text(seed);
    for (std::size_t n = 1 + Below(3); n > 0; --n) Step(text);
    return text;
  }

 private:
  std::size_t Below(std::size_t n) { return random_() % n; }

  void Step(std::string& text) {
    constexpr std::string_view kInteresting = "{}\",= \t\n\r#\\\0_e+-.0123456789NaInf\xFF\xC3\x80";
    if (text.empty()) text = "a";
    const std::size_t at = Below(text.size());
    switch (Below(6)) {
      case 0:
        text[at] = kInteresting[Below(kInteresting.size())];
        break;
      case 1:
        text.insert(at, 1, kInteresting[Below(kInteresting.size())]);
        break;
      case 2:
        text.erase(at, 1 + Below(8));
        break;
      case 3:
        text.resize(at);
        break;
      case 4:
        text.insert(at, text.substr(Below(text.size()), Below(40)));
        break;
      default:
        text[at] = static_cast<char>(random_());
    }
  }

  std::mt19937_64 random_{20240607};
};

void Check(Document& document, const std::string& text, Format format, int* read) {
  const Status status = document.Parse(text, {.format = format, .source = "page"});
  if (!status.ok()) {
    EXPECT_TRUE(status.error().message().starts_with("page:")) << status.error().message();
    EXPECT_TRUE(document.samples().empty());
    return;
  }
  ++*read;
  // What was read can be shown again, and the page is valid.
  RoundWriter writer;
  writer.Begin(WallTime{});
  for (const ParsedSample& s : document.samples()) {
    writer.AddSample(document.Spec(s), s.suffix, s.labels, s.value);
  }
  const auto snapshot = writer.Finish();
  if (!snapshot.ok()) return;  // the same series at two times, for one
  for (const Format to : {Format::kText, Format::kOpenMetrics}) {
    const std::string page = RenderPage(std::span(&*snapshot, 1), to);
    Document again;
    const Status valid = again.Parse(page, {.format = to});
    EXPECT_TRUE(valid.ok()) << valid.error().message() << '\n' << text << "---\n" << page;
  }
}

TEST(MutationTest, DamagedExpositionsAreReadOrRefused) {
  Mutator mutator;
  Document document;
  int read = 0;
  for (int i = 0; i < 5000; ++i) {
    Check(document, mutator.Mutate(kText), Format::kText, &read);
    Check(document, mutator.Mutate(kOpenMetrics), Format::kOpenMetrics, &read);
  }
  // Both happen: else the mutations prove nothing.
  EXPECT_GT(read, 500);
  EXPECT_LT(read, 9500);
}

TEST(BudgetTest, WhatExceedsABudgetIsRefused) {
  Document document;
  const auto code = [&](std::string_view text, ParseBudget budget) {
    const Status status = document.Parse(text, {.budget = budget});
    return status.ok() ? Errc::kUnsupported : status.error().code();
  };
  const std::string_view two = "a 1\nb{x=\"1\",y=\"2\"} 2\n";
  EXPECT_EQ(code(two, {}), Errc::kUnsupported);
  EXPECT_EQ(code(two, {.bytes = 10}), Errc::kLimit);
  EXPECT_EQ(code(two, {.line_bytes = 10}), Errc::kLimit);
  EXPECT_EQ(code(two, {.samples = 1}), Errc::kLimit);
  EXPECT_EQ(code(two, {.families = 1}), Errc::kLimit);
  EXPECT_EQ(code("# HELP a x\n# HELP b x\n", {.families = 1}), Errc::kLimit);
  EXPECT_EQ(code(two, {.labels = 1}), Errc::kLimit);
}

}  // namespace
}  // namespace tocsin::exposition
