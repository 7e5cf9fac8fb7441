#include "notify/text.h"

#include <gtest/gtest.h>

namespace tocsin::notify {
namespace {

using std::chrono::hours;

constexpr std::int64_t kNewYear2023 = 1672531200000;

TEST(TextTest, ReadsRetryAfter) {
  const WallTime now = FromMillis(kNewYear2023);
  EXPECT_EQ(ParseRetryAfter("120", now), seconds(120));
  EXPECT_EQ(ParseRetryAfter("Sun, 01 Jan 2023 01:00:00 GMT", now), hours(1));
  EXPECT_EQ(ParseRetryAfter("Sat, 31 Dec 2022 01:00:00 GMT", now), seconds(0));
  for (const char* bad : {"", "-1", "soon", "Sun, 01 Xxx 2023 01:00:00 GMT",
                          "Sun, 41 Jan 2023 01:00:00 GMT", "99999999999"}) {
    EXPECT_EQ(ParseRetryAfter(bad, now), std::nullopt) << bad;
  }
}

TEST(TextTest, QuotesAsGoDoes) {
  std::string out;
  AppendGoQuoted("a\"b\\c\nd\x01\x7f\xff é", out);
  EXPECT_EQ(out, R"("a\"b\\c\nd\x01\x7f\xff é")");
}

TEST(TextTest, CutsByCodePoint) {
  EXPECT_EQ(CutText("ééé", 3), "ééé");
  EXPECT_EQ(CutText("éééé", 3), "éé…");
  EXPECT_EQ(CutText("abc", 0), "");
  EXPECT_EQ(OneLine(" a\r\nb ", 10), "a  b");
}

TEST(TextTest, PublicUrlHoldsNoSecret) {
  EXPECT_EQ(PublicUrl("https://u:p@hooks.slack.com:8443/services/T/B/X?k=v"),
            "https://hooks.slack.com:8443");
  EXPECT_EQ(PublicUrl("http://host?token=x"), "http://host");
  EXPECT_EQ(PublicUrl("secret"), "<not a URL>");
}

}  // namespace
}  // namespace tocsin::notify
