// Literals, Unicode, times and regular expressions beneath the templates.

#include <gtest/gtest.h>

#include "rules/template/literal.h"
#include "rules/template/regex.h"
#include "rules/template/time.h"
#include "rules/template/unicode.h"

namespace tocsin::tmpl {
namespace {

TEST(LiteralTest, NumbersAsGoWritesThem) {
  EXPECT_EQ(ParseNumber("0x_1F")->integer, 31);
  EXPECT_EQ(ParseNumber("-9223372036854775808")->integer, std::numeric_limits<std::int64_t>::min());
  EXPECT_TRUE(ParseNumber("1e3")->is_int);
  EXPECT_TRUE(ParseNumber("1e3")->float_syntax);
  EXPECT_FALSE(ParseNumber("1.5")->is_int);
  for (const char* bad : {"", "_1", "1_", "1__0", "0b12", "0x", "1.5.2", "1_0.5",
                          "9223372036854775808", "1e999", "+-1", "0x1.8"}) {
    EXPECT_FALSE(ParseNumber(bad)) << bad;
  }
}

TEST(LiteralTest, StringsAsGoWritesThem) {
  EXPECT_EQ(*Unquote(R"("\a\b\f\n\r\t\v\\\"")"), "\a\b\f\n\r\t\v\\\"");
  EXPECT_EQ(*Unquote(R"("\x41\101\u00e9\U0001F600")"), "AA\u00e9\U0001F600");
  EXPECT_EQ(*Unquote("`a\\n\r\n`"), "a\\n\n");
  for (const char* bad : {R"("\")", R"("\q")", R"("\x4")", R"("\ud800")", R"("\'")", R"("\400")",
                          "\"a\nb\"", "\"", "", R"("\U00110000")"}) {
    EXPECT_FALSE(Unquote(bad)) << bad;
  }
  EXPECT_EQ(ParseCharacter("'\\''")->integer, '\'');
  EXPECT_FALSE(ParseCharacter("''"));
  EXPECT_FALSE(ParseCharacter("'ab'"));
}

TEST(UnicodeTest, IllFormedBytesAreSingleReplacementRunes) {
  EXPECT_EQ(DecodeRune("\xE2\x82").size, 1u);
  EXPECT_EQ(CountRunes("a\xFF\xE2\x82\xAC"), 3u);
  EXPECT_EQ(ToUpper("a\xFF"), "A\uFFFD");
  EXPECT_EQ(Quote("\xFF\u2028\x7F"), R"("\xff\u2028\x7f")");
  EXPECT_EQ(Quote("\u00e9\U0001F600", {.ascii_only = true}), R"("\u00e9\U0001f600")");
}

TEST(UnicodeTest, CasesBeyondAscii) {
  EXPECT_EQ(ToUpper("\u00e9\u03c3\u0434\u01c6\u00ff\u1f80"),
            "\u00c9\u03a3\u0414\u01c4\u0178\u1f88");
  EXPECT_EQ(ToLower("\u00c9\u03a3\u0414\u0130\U00010400"), "\u00e9\u03c3\u0434i\U00010428");
  EXPECT_EQ(TrimSpace(" \t\u3000a b\u00a0\n"), "a b");
  EXPECT_EQ(TrimSpace("\u2003"), "");
}

TEST(TimeTest, CalendarAtItsEdges) {
  EXPECT_EQ(TimeText(Time{}), "0001-01-01 00:00:00 +0000 UTC");
  EXPECT_EQ(FormatTime({.unix_seconds = 951782400}, "2006-01-02 002 Mon"), "2000-02-29 060 Tue");
  EXPECT_EQ(FormatTime({.unix_seconds = 4107542399}, "2006-01-02 15:04:05"), "2100-02-28 23:59:59");
  EXPECT_EQ(FormatTime({.unix_seconds = -1, .nanos = 999000000}, "2006-01-02 15:04:05.999"),
            "1969-12-31 23:59:59.999");
  EXPECT_EQ(FormatTime({.unix_seconds = -62135596801}, "2006-01-02 002"), "0000-12-31 366");
}

TEST(TimeTest, ZonesWithAndWithoutNames) {
  const Time rome{.unix_seconds = 0, .utc_offset_seconds = 3600, .zone = "CET"};
  EXPECT_EQ(FormatTime(rome, "15:04 MST -0700 Z07:00"), "01:00 CET +0100 +01:00");
  const Time unnamed{.unix_seconds = 0, .utc_offset_seconds = -12600, .zone = ""};
  EXPECT_EQ(FormatTime(unnamed, "MST -07:00:00"), "-0330 -03:30:00");
}

TEST(TimeTest, Durations) {
  EXPECT_EQ(DurationText({0}), "0s");
  EXPECT_EQ(DurationText({1}), "1ns");
  EXPECT_EQ(DurationText({1500}), "1.5µs");
  EXPECT_EQ(DurationText({-1'500'000}), "-1.5ms");
  EXPECT_EQ(DurationText({3'600'000'000'000}), "1h0m0s");
  EXPECT_EQ(DurationText({std::numeric_limits<std::int64_t>::min()}), "-2562047h47m16.854775808s");
}

TEST(RegexTest, PatternsWithoutHeadwayEndInAnError) {
  std::size_t work = 0;
  const std::string text(1 << 17, 'a');
  const auto out = RegexReplaceAll("a.*b|a", "x", text, 1 << 20, work);
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().code(), Errc::kLimit);
}

TEST(RegexTest, MatchesAndErrors) {
  std::size_t work = 0;
  EXPECT_TRUE(*RegexMatches("b+", "abbc", work));
  EXPECT_FALSE(RegexMatches("(", "", work));
  EXPECT_EQ(*RegexReplaceAll("b*", "-", "abc", 100, work), "-a-c-");
}

}  // namespace
}  // namespace tocsin::tmpl
