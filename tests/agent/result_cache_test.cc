#include "agent/api/result_cache.h"

#include <gtest/gtest.h>

namespace tocsin::api {
namespace {

constexpr MonoTime kStart{};

TEST(ResultCacheTest, GivesBackWhatIsYoungerThanTheTtl) {
  ResultCache cache(10'000, seconds(5));
  EXPECT_EQ(cache.Find("q", kStart), std::nullopt);
  cache.Insert("q", "answer", kStart);
  EXPECT_EQ(cache.Find("q", kStart + milliseconds(4999)), "answer");
  EXPECT_EQ(cache.Find("q", kStart + seconds(5)), std::nullopt);
  EXPECT_EQ(cache.counts().hits, 1u);
  EXPECT_EQ(cache.counts().misses, 2u);
  EXPECT_EQ(cache.counts().bytes, 0u) << "the old answer is gone";
}

TEST(ResultCacheTest, TheLeastRecentlyUsedGoFirst) {
  ResultCache cache(3'600, seconds(5));
  const std::string big(1'000, 'x');
  for (const char* key : {"a", "b", "c"}) cache.Insert(key, big, kStart);
  EXPECT_TRUE(cache.Find("a", kStart));
  cache.Insert("d", big, kStart);
  EXPECT_TRUE(cache.Find("a", kStart));
  EXPECT_FALSE(cache.Find("b", kStart));
  cache.Insert("huge", std::string(10'000, 'x'), kStart);
  EXPECT_FALSE(cache.Find("huge", kStart));
  EXPECT_TRUE(cache.Find("d", kStart)) << "what cannot fit evicts nothing";
  EXPECT_LE(cache.counts().bytes, 3'600u);
}

TEST(ResultCacheTest, ASecondAnswerReplacesTheFirst) {
  ResultCache cache(10'000, seconds(5));
  cache.Insert("q", "old", kStart);
  cache.Insert("q", "new", kStart + seconds(4));
  EXPECT_EQ(cache.Find("q", kStart + seconds(8)), "new");
}

}  // namespace
}  // namespace tocsin::api
