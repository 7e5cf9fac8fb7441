#include "collectors/queue/redis_keys.h"

#include <gtest/gtest.h>

namespace tocsin {
namespace {

/// The names, each with a star if it stands in the configuration.
std::string Names(RedisKeys& keys) {
  std::string names;
  for (const auto& [name, key] : keys.keys()) names += name + (key.named ? "* " : " ");
  return names;
}

TEST(RedisKeysTest, NamesNeedNoScan) {
  RedisKeys keys({"mail", "jobs"}, 10);
  EXPECT_FALSE(keys.Next().has_value());
  EXPECT_EQ(Names(keys), "jobs* mail* ");
}

TEST(RedisKeysTest, ASweepGoesThroughEachPatternToItsEnd) {
  RedisKeys keys({"a:*", "b?", "c"}, 10);
  ASSERT_TRUE(keys.Next().has_value());
  EXPECT_EQ(keys.Next()->cursor, "0");
  EXPECT_EQ(keys.Next()->pattern, "a:*");
  EXPECT_FALSE(keys.Take("17", {"a:1"}));
  EXPECT_EQ(keys.Next()->cursor, "17");
  EXPECT_EQ(Names(keys), "a:1 c* ") << "what is found counts at once";
  EXPECT_FALSE(keys.Take("0", {"a:2", "a:1"}));
  EXPECT_EQ(keys.Next()->cursor, "0");
  EXPECT_EQ(keys.Next()->pattern, "b?");
  EXPECT_TRUE(keys.Take("0", {"bx"}));
  EXPECT_EQ(keys.Next()->pattern, "a:*") << "the next sweep";
  EXPECT_EQ(Names(keys), "a:1 a:2 bx c* ");
}

TEST(RedisKeysTest, WhatAWholeSweepDidNotFindIsForgotten) {
  RedisKeys keys({"*", "named"}, 10);
  EXPECT_TRUE(keys.Take("0", {"a", "b", "named"}));
  keys.keys().find("a")->second.type = RedisType::kList;
  EXPECT_FALSE(keys.Take("5", {"b"}));
  EXPECT_EQ(Names(keys), "a b named* ") << "in the middle of a sweep nothing is";
  EXPECT_TRUE(keys.Take("0", {}));
  EXPECT_EQ(Names(keys), "b named* ");
}

TEST(RedisKeysTest, TooManyAndTooLongNamesAreDroppedAndCounted) {
  RedisKeys keys({"*"}, 3);
  const std::string longest(512, 'x');
  const std::string longer(513, 'x');
  EXPECT_FALSE(keys.Take("1", {"a", longer, longest, "b", "c"}));
  EXPECT_EQ(keys.keys().size(), 3u);
  EXPECT_EQ(keys.dropped(), 2u);
  EXPECT_TRUE(keys.Take("0", {"d"}));
  EXPECT_EQ(keys.dropped(), 3u);
  EXPECT_TRUE(keys.Take("0", {"a"}));
  EXPECT_EQ(keys.dropped(), 0u);
}

TEST(RedisKeysTest, ACursorThatIsNoneBeginsAnew) {
  RedisKeys keys({"*"}, 3);
  EXPECT_TRUE(keys.Take(std::string(1'000, '9'), {}));
  EXPECT_EQ(keys.Next()->cursor, "0");
}

TEST(RedisKeysTest, TypesAndTheirSizes) {
  EXPECT_EQ(RedisSizeCommand(RedisTypeNamed("list")), "LLEN");
  EXPECT_EQ(RedisSizeCommand(RedisTypeNamed("zset")), "ZCARD");
  EXPECT_EQ(RedisTypeNamed("none"), RedisType::kAbsent);
  EXPECT_EQ(RedisTypeNamed("ReJSON-RL"), RedisType::kOther);
  EXPECT_EQ(RedisSizeCommand(RedisType::kOther), "");
  EXPECT_EQ(RedisSizeCommand(RedisType::kUnknown), "");
}

}  // namespace
}  // namespace tocsin
