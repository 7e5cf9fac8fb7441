#include "collectors/cache/cache_shape.h"

#include <gtest/gtest.h>

#include <map>

namespace tocsin::shapes {
namespace {

std::map<std::string, double> Shape(const CacheCounts& counts) {
  RoundWriter writer;
  writer.Begin(WallTime(seconds(1)));
  AddCacheShape("c", counts, writer);
  const auto snapshot = *writer.Finish();
  std::map<std::string, double> values;
  for (std::size_t i = 0; i < snapshot->values.size(); ++i) {
    EXPECT_EQ(snapshot->layout->series[i].labels, Labels({{"cache", "c"}}));
    values[snapshot->layout->families[snapshot->layout->series[i].family].name] =
        snapshot->values[i];
  }
  return values;
}

TEST(CacheShapeTest, WhatIsKnownIsExportedAndTheRatioFollows) {
  CacheCounts counts;
  counts.hits = 75;
  counts.misses = 25;
  counts.entries = 3;
  const std::map<std::string, double> expected{{"cache_hits_total", 75},
                                               {"cache_misses_total", 25},
                                               {"cache_entries", 3},
                                               {"cache_hit_ratio", 0.75}};
  EXPECT_EQ(Shape(counts), expected);
}

TEST(CacheShapeTest, ARatioTheCacheTellsItselfCounts) {
  CacheCounts counts;
  counts.hits = 75;
  counts.misses = 25;
  counts.hit_ratio = 0.5;
  EXPECT_EQ(Shape(counts)["cache_hit_ratio"], 0.5);
}

TEST(CacheShapeTest, WithoutLookupsThereIsNoRatio) {
  CacheCounts counts;
  counts.hits = 0;
  counts.misses = 0;
  EXPECT_EQ(Shape(counts).count("cache_hit_ratio"), 0u);
  EXPECT_TRUE(Shape({}).empty());
}

}  // namespace
}  // namespace tocsin::shapes
