#include "agent/commands/leaks_jsonl.h"

#include <gtest/gtest.h>

#include <simdjson.h>

#include <sstream>

namespace tocsin {
namespace {

trend::DetectorOptions Medium() {
  return trend::DetectorOptions::Preset(trend::Sensitivity::kMedium);
}

/// Grows by 80 MiB an hour from 200 MiB towards 1000 MiB, for `hours`.
std::string LeakingLine(double hours, std::string_view restarts) {
  std::string line = R"({"id": "leak", "limit_bytes": 1048576000, "step_s": 15, "restarts_s": )";
  line.append(restarts).append(", \"samples\": [");
  for (int i = 0; i < static_cast<int>(hours * 240); ++i) {
    const double value = (200 + 80 * i / 240.0) * 1048576;
    line += (i > 0 ? "," : "") + (i % 50 == 7 ? "null" : std::to_string(static_cast<long>(value)));
  }
  return line + "]}";
}

TEST(LeaksJsonl, GivesAVerdict) {
  const auto verdict = JudgeSeries(LeakingLine(8, "[]"), Medium());
  ASSERT_TRUE(verdict) << verdict.error().message();
  simdjson::dom::parser parser;
  simdjson::dom::element read;
  ASSERT_EQ(parser.parse(*verdict).get(read), simdjson::SUCCESS) << *verdict;
  const auto number = [&](std::string_view key) { return read[key].get_double().value(); };
  EXPECT_EQ(std::string_view(read["id"].get_string().value()), "leak");
  const double at = number("alarm_at_s");
  EXPECT_GT(at, 600);
  EXPECT_LT(at, 5 * 3600);
  const double left = 10 * 3600 - at;
  EXPECT_NEAR(number("eta_s"), left, 0.1 * left);
  EXPECT_LT(number("eta_lo_s"), left);
  EXPECT_GT(number("eta_hi_s"), left);
}

TEST(LeaksJsonl, RestartsBeginAnew) {
  // Restarted every quarter of an hour, there is never enough to judge.
  std::string restarts = "[";
  for (int i = 1; i < 32; ++i) restarts += (i > 1 ? "," : "") + std::to_string(900 * i);
  EXPECT_EQ(
      *JudgeSeries(LeakingLine(8, restarts + "]"), Medium()),
      R"({"id": "leak", "alarm_at_s": null, "eta_s": null, "eta_lo_s": null, "eta_hi_s": null})");
}

TEST(LeaksJsonl, SaysWhatIsWrongAndWhere) {
  EXPECT_FALSE(JudgeSeries("[1]", Medium()));
  const auto error = [](std::string_view line) {
    return JudgeSeries(line, Medium()).error().message();
  };
  EXPECT_EQ(error(R"({"limit_bytes": 1})"), "\"id\" is missing or not what it should be");
  EXPECT_EQ(error(R"({"id": "a", "limit_bytes": 1, "step_s": 0, "samples": []})"),
            "\"step_s\" is missing or not what it should be");
  EXPECT_EQ(error(R"({"id": "a", "limit_bytes": 1, "step_s": 15, "samples": ["x"]})"),
            "\"samples\" is missing or not what it should be");
  std::istringstream in(LeakingLine(1, "[]") + "\n\nnonsense\n");
  std::ostringstream out;
  EXPECT_EQ(JudgeSeriesFile(in, out, Medium()).error().message(), "line 3: not a JSON object");
  EXPECT_NE(out.str().find("\"id\": \"leak\""), std::string::npos);
}

}  // namespace
}  // namespace tocsin
