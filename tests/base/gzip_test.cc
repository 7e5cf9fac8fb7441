#include "base/gzip.h"

#include <gtest/gtest.h>

namespace tocsin {
namespace {

std::string Page() {
  std::string page;
  for (int i = 0; i < 20'000; ++i) page += "metric{cpu=\"" + std::to_string(i % 977) + "\"} 1\n";
  return page;
}

TEST(GzipTest, WhatWasWrittenIsReadBack) {
  for (const std::string& text : {std::string(), std::string("x"), Page()}) {
    const auto read = Gunzip(Gzip(text), text.size());
    ASSERT_TRUE(read.ok()) << read.error().message();
    EXPECT_EQ(*read, text);
  }
}

TEST(GzipTest, PiecesMakeTheSameTextAsTheWhole) {
  const std::string page = Page();
  std::string out = "before";
  GzipWriter writer(out);
  for (std::size_t at = 0; at < page.size(); at += 999)
    writer.Write({page.data() + at, std::min<std::size_t>(999, page.size() - at)});
  writer.Finish();
  EXPECT_EQ(*Gunzip(std::string_view(out).substr(6), page.size()), page);
  EXPECT_LT(out.size(), page.size() / 5);
}

TEST(GzipTest, DamageIsAnError) {
  std::string gzip = Gzip(Page());
  EXPECT_EQ(Gunzip(gzip.substr(0, gzip.size() - 1), 1 << 30).error().code(), Errc::kMalformed);
  EXPECT_EQ(Gunzip(gzip + "x", 1 << 30).error().code(), Errc::kMalformed);
  EXPECT_EQ(Gunzip("not gzip", 1 << 30).error().code(), Errc::kMalformed);
  EXPECT_EQ(Gunzip("", 1 << 30).error().code(), Errc::kMalformed);
  gzip[gzip.size() / 2] = static_cast<char>(gzip[gzip.size() / 2] ^ 1);
  EXPECT_EQ(Gunzip(gzip, 1 << 30).error().code(), Errc::kMalformed);
}

TEST(GzipTest, ABombStopsAtItsLimit) {
  const std::string bomb = Gzip(std::string(std::size_t{8} << 20, 'a'));
  EXPECT_EQ(Gunzip(bomb, 1 << 20).error().code(), Errc::kLimit);
}

}  // namespace
}  // namespace tocsin
