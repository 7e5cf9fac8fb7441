#include "base/utf8.h"

#include <gtest/gtest.h>

namespace tocsin {
namespace {

TEST(Utf8Test, ReplacesMaximalSubparts) {
  EXPECT_EQ(ToValidUtf8("a\xC3\xA4z"), "a\xC3\xA4z");
  EXPECT_EQ(ToValidUtf8("a\xFFz"), "a\xEF\xBF\xBDz");
  EXPECT_EQ(ToValidUtf8("\xE2\x82"), "\xEF\xBF\xBD");  // cut short: one replacement
  EXPECT_EQ(ToValidUtf8("\xED\xA0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");  // a surrogate
  EXPECT_EQ(ToValidUtf8("\xC0\xAF"), "\xEF\xBF\xBD\xEF\xBF\xBD");                  // overlong
  EXPECT_FALSE(IsValidUtf8("\xF5\x80\x80\x80"));
  EXPECT_TRUE(IsValidUtf8("\xF0\x9F\x94\x94"));
}

TEST(JsonStringTest, EscapesWhatJsonForbids) {
  std::string out;
  AppendJsonString("a\"\\\n\x01\xFF", out);
  EXPECT_EQ(out, "\"a\\\"\\\\\\n\\u0001\xEF\xBF\xBD\"");
}

TEST(Utf8Test, CutsByBytesBetweenCodePoints) {
  EXPECT_EQ(CutBytes("abcdef", 6), "abcdef");
  EXPECT_EQ(CutBytes("abcdefg", 6), "abc…");
  EXPECT_EQ(CutBytes("ääää", 7), "ää…");
  EXPECT_EQ(CutBytes("ääää", 6), "ä…");
  EXPECT_EQ(CutBytes("ääää", 2), "");
}

}  // namespace
}  // namespace tocsin
