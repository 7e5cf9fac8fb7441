#include "base/parse.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

namespace tocsin {
namespace {

using std::chrono::milliseconds;

TEST(ParseDoubleTest, ReadsWhatPrometheusWrites) {
  EXPECT_EQ(ParseDouble("1.5e3"), 1500);
  EXPECT_EQ(ParseDouble("+Inf"), INFINITY);
  EXPECT_EQ(ParseDouble("-inf"), -INFINITY);
  EXPECT_TRUE(std::isnan(ParseDouble("NaN").value()));
  EXPECT_EQ(ParseDouble("1e999"), INFINITY);
  EXPECT_EQ(ParseDouble("-1e999"), -INFINITY);
  EXPECT_EQ(ParseDouble("1e-999"), 0);
  for (const char* bad : {"", "+", "+-1", "1 ", " 1", "1,5", "0x10", "one"}) {
    EXPECT_EQ(ParseDouble(bad), std::nullopt) << bad;
  }
}

TEST(ParseDurationTest, ReadsPrometheusDurations) {
  EXPECT_EQ(*ParseDuration("1h30m"), milliseconds(5'400'000));
  EXPECT_EQ(*ParseDuration("15s"), milliseconds(15'000));
  EXPECT_EQ(*ParseDuration("1m1ms"), milliseconds(60'001));
  EXPECT_EQ(*ParseDuration("0"), milliseconds(0));
  EXPECT_EQ(*ParseDuration("1y"), milliseconds(365LL * 24 * 3600 * 1000));
  for (const char* bad : {"", "5", "1s1m", "1m1m", "-1s", "1.5h", "1 s", "s", "99999999999999y"}) {
    EXPECT_FALSE(ParseDuration(bad).ok()) << bad;
  }
}

TEST(FormatDurationTest, ReadsBackAsItself) {
  for (const char* text : {"0s", "1h30m", "15s", "1d", "30d", "1w", "1y", "1m1ms", "2d3h4m5s6ms"}) {
    EXPECT_EQ(FormatDuration(*ParseDuration(text)), text);
  }
}

TEST(ParseBytesTest, ReadsPowersOf1024) {
  EXPECT_EQ(*ParseBytes("1024"), 1024u);
  EXPECT_EQ(*ParseBytes("16MB"), 16u << 20);
  EXPECT_EQ(*ParseBytes("16MiB"), 16u << 20);
  EXPECT_EQ(*ParseBytes("7B"), 7u);
  for (const char* bad : {"", "MB", "1.5MB", "-1", "1mb", "1XB", "99999999999TB"}) {
    EXPECT_FALSE(ParseBytes(bad).ok()) << bad;
  }
}

TEST(TakeFieldTest, WalksOverBlanks) {
  std::string_view text = "  a\tbc \n";
  EXPECT_EQ(TakeField(text), "a");
  EXPECT_EQ(TakeField(text), "bc");
  EXPECT_EQ(TakeField(text), "");
}

TEST(NearestWordTest, FindsTyposAndNothingElse) {
  const std::array<std::string_view, 3> words{"interval", "timeout", "labels"};
  EXPECT_EQ(NearestWord("intervall", words), "interval");
  EXPECT_EQ(NearestWord("timeuot", words), "timeout");
  EXPECT_EQ(NearestWord("receivers", words), std::nullopt);
}

}  // namespace
}  // namespace tocsin
