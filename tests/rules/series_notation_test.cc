#include "rules/series_notation.h"

#include <gtest/gtest.h>

#include <string>

#include "base/format.h"
#include "metrics/sample.h"

namespace tocsin {
namespace {

std::string Shown(std::string_view text, std::size_t max = 1000) {
  const auto values = ParseSeriesValues(text, max);
  if (!values) return values.error().code() == Errc::kLimit ? "limit" : "error";
  std::string shown;
  for (const auto& value : *values) {
    if (!shown.empty()) shown += ' ';
    shown += !value ? "_" : IsStaleNan(*value) ? "stale" : FormatGoFloat(*value);
  }
  return shown;
}

TEST(SeriesNotationTest, Values) {
  EXPECT_EQ(Shown("1 -2.5 1e3 NaN Inf -Inf"), "1 -2.5 1000 NaN +Inf -Inf");
  EXPECT_EQ(Shown("_ 1 _x3 stale"), "_ 1 _ _ _ stale");
  EXPECT_EQ(Shown("4x3 0x0"), "4 4 4 4 0");
  EXPECT_EQ(Shown("1+2x3 10-3x2 -1-1x1 -4+4x1"), "1 3 5 7 10 7 4 -1 -2 -4 0");
  EXPECT_EQ(Shown("1e2+1e-1x1 1e+2x1"), "100 100.1 100 100");
  EXPECT_EQ(Shown(" 1\n2\t3 "), "1 2 3");
  EXPECT_EQ(Shown(""), "");
}

TEST(SeriesNotationTest, BadValues) {
  for (const char* bad : {"one", "1+2", "1+x3", "1x", "1x-3", "1+2x3.5", "+", "x3", "1,2", "--1"}) {
    EXPECT_EQ(Shown(bad), "error") << bad;
  }
  EXPECT_EQ(ParseSeriesValues("1 two", 10).error().message().substr(0, 16), "bad value \"two\":");
}

TEST(SeriesNotationTest, TooManyValuesAreRefused) {
  EXPECT_EQ(Shown("1x9", 10), "1 1 1 1 1 1 1 1 1 1");
  EXPECT_EQ(Shown("1x10", 10), "limit");
  EXPECT_EQ(Shown("1x18446744073709551615", 10), "limit");
  EXPECT_EQ(Shown("1 2 _x9", 10), "limit");
}

TEST(SeriesNotationTest, Names) {
  EXPECT_EQ(ParseSeriesName("up")->ToString(), "up");
  EXPECT_EQ(ParseSeriesName(R"( up{b="2", a="1",} )")->ToString(), R"(up{a="1", b="2"})");
  EXPECT_EQ(ParseSeriesName(R"({a="x\"y"})")->ToString(), R"({a="x\"y"})");
  EXPECT_EQ(ParseSeriesName(R"({__name__="up"})")->ToString(), "up");
  EXPECT_EQ(ParseSeriesName("{}")->ToString(), "{}");
  EXPECT_EQ(ParseSeriesName(R"(up{a=""})")->ToString(), "up");
  for (const char* bad : {"", "up{", "up{a=1}", R"(up{a=~"x"})", R"(up{a!="x"})", "up down"}) {
    EXPECT_FALSE(ParseSeriesName(bad).ok()) << bad;
  }
}

}  // namespace
}  // namespace tocsin
