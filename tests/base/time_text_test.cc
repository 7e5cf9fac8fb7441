#include "base/time_text.h"

#include <gtest/gtest.h>

namespace tocsin {
namespace {

constexpr std::int64_t kNewYear2023 = 1672531200000;

TEST(TimeTextTest, WritesTimesAsTheApisDo) {
  EXPECT_EQ(Rfc3339Millis(FromMillis(kNewYear2023 + 120)), "2023-01-01T00:00:00.120Z");
  EXPECT_EQ(Rfc3339(FromMillis(kNewYear2023 + 120)), "2023-01-01T00:00:00.12Z");
  EXPECT_EQ(Rfc3339(FromMillis(kNewYear2023)), "2023-01-01T00:00:00Z");
  EXPECT_EQ(Rfc3339Millis(FromMillis(-1)), "1969-12-31T23:59:59.999Z");
}

TEST(TimeTextTest, ReadsTimesWithFractionAndOffset) {
  EXPECT_EQ(ParseRfc3339("2023-01-01T00:00:00Z"), FromMillis(kNewYear2023));
  EXPECT_EQ(ParseRfc3339("2023-01-01t00:00:00z"), FromMillis(kNewYear2023));
  EXPECT_EQ(ParseRfc3339("2023-01-01T00:00:00.123456789Z"), FromMillis(kNewYear2023 + 123));
  EXPECT_EQ(ParseRfc3339("2023-01-01T02:30:00.5+02:30"), FromMillis(kNewYear2023 + 500));
  EXPECT_EQ(ParseRfc3339("2022-12-31T19:00:00-05:00"), FromMillis(kNewYear2023));
  for (const char* bad :
       {"", "2023", "2023-02-30T00:00:00Z", "2023-01-01T24:00:00Z", "2023-01-01T00:60:00Z",
        "2023-01-01T00:00:60Z", "2023-01-01 00:00:00Z", "2023-01-01T00:00:00",
        "2023-01-01T00:00:00.Z", "2023-01-01T00:00:00Zx", "+023-01-01T00:00:00Z",
        "2023-01-01T00:00:00+0200", "2023-01-01T00:00:00+24:00", "2023-01-01T00:00:00 02:00"}) {
    EXPECT_EQ(ParseRfc3339(bad), std::nullopt) << bad;
  }
}

TEST(TimeTextTest, WritesTheDateOfHeaders) {
  std::string out = "Date: ";
  AppendImfDate(FromMillis(784111777'999), out);
  EXPECT_EQ(out, "Date: Sun, 06 Nov 1994 08:49:37");
}

TEST(TimeTextTest, ReadsTheThreeFormsOfHttpDates) {
  for (const char* text : {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
                           "Sun Nov  6 08:49:37 1994"}) {
    EXPECT_EQ(ParseHttpDate(text), FromMillis(784111777'000)) << text;
  }
  for (const char* bad : {"", "784111777", "Sun, 06 Nov 1994 08:49:37", "Sun, 41 Nov 1994",
                          "Sun, 06 Nov 1994 08:49:37 GMT+1"}) {
    EXPECT_EQ(ParseHttpDate(bad), std::nullopt) << bad;
  }
}

TEST(TimeTextTest, WritesAsAsked) {
  EXPECT_EQ(FormatUtc(FromMillis(kNewYear2023 - 1), "%Y-%m-%d %H:%M:%S UTC"),
            "2022-12-31 23:59:59 UTC");
  EXPECT_EQ(FormatUtc(FromMillis(-1), "%F %T"), "1969-12-31 23:59:59");
}

}  // namespace
}  // namespace tocsin
