#include "metrics/labels.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

namespace tocsin {
namespace {

TEST(LabelsTest, SortsByNameAndKeepsTheLastOfDuplicates) {
  const Labels labels{{"b", "2"}, {"a", "1"}, {"b", "3"}};
  ASSERT_EQ(labels.size(), 2u);
  EXPECT_EQ(labels[0], (LabelView{"a", "1"}));
  EXPECT_EQ(labels[1], (LabelView{"b", "3"}));
}

TEST(LabelsTest, EqualLabelsHaveEqualHashesWhateverTheOrderGiven) {
  const Labels a{{"x", "1"}, {"y", "2"}};
  const Labels b{{"y", "2"}, {"x", "1"}};
  EXPECT_EQ(a, b);
  EXPECT_EQ(a.hash(), b.hash());
  EXPECT_NE(a.hash(), (Labels{{"x", "12"}, {"y", ""}}).hash());
}

TEST(LabelsTest, OrdersAsPrometheusDoes) {
  EXPECT_LT((Labels{{"a", "1"}}), (Labels{{"a", "1"}, {"b", "1"}}));
  EXPECT_LT((Labels{{"a", "1"}, {"z", "1"}}), (Labels{{"a", "2"}}));
  EXPECT_LT((Labels{{"a", "2"}}), (Labels{{"b", "1"}}));
}

TEST(LabelsTest, CopiesShareAndChangesDoNot) {
  const Labels base{{"a", "1"}, {"b", ""}};
  const Labels with = base.With("aa", "x");
  EXPECT_EQ(with.Get("aa"), "x");
  EXPECT_FALSE(base.Has("aa"));
  EXPECT_EQ(with.Without("aa"), base);
  EXPECT_EQ(base.WithoutEmpty(), (Labels{{"a", "1"}}));
  EXPECT_TRUE(base.Has("b"));
}

TEST(LabelsTest, PrintsAsASeries) {
  EXPECT_EQ((Labels{{kMetricName, "up"}, {"job", "a\"b"}}).ToString(), R"(up{job="a\"b"})");
  EXPECT_EQ(Labels{}.ToString(), "{}");
  EXPECT_EQ((Labels{{kMetricName, "up"}}).ToString(), "up");
}

TEST(LabelsTest, InternedOnesAreTheSameAndShareTheirTexts) {
  const Labels plain{{"instance", "a host with a long name:9100"}, {"job", "node"}, {"none", ""}};
  const std::size_t before = InternedLabels().pairs;
  {
    const Labels interned = plain.Interned();
    EXPECT_EQ(interned, plain);
    EXPECT_EQ(plain, interned);
    EXPECT_EQ(interned.hash(), plain.hash());
    EXPECT_EQ(interned.ToString(), plain.ToString());
    EXPECT_EQ(interned.Get("job"), "node");
    EXPECT_EQ(interned.WithoutEmpty(), plain.WithoutEmpty());
    EXPECT_EQ(interned.With("job", "other"), plain.With("job", "other"));
    EXPECT_LT(interned.HeapBytes(), plain.HeapBytes());

    const Labels again = Labels(plain).Without("job").Interned();
    EXPECT_EQ(again[0].value.data(), interned[0].value.data());
    EXPECT_NE(again, interned);
    EXPECT_NE(plain.With("job", "x").Interned(), interned);
    EXPECT_EQ(interned.Interned()[0].value.data(), interned[0].value.data());
    EXPECT_TRUE(Labels{}.Interned().empty());
  }
  EXPECT_EQ(InternedLabels().pairs, before) << "what nobody holds stays";
}

TEST(LabelsTest, WhatIsInternedGoesWithItsHolders) {
  const LabelPairStats before = InternedLabels();
  for (int round = 0; round < 3; ++round) {
    std::vector<Labels> held;
    for (int i = 0; i < 10'000; ++i) {
      held.push_back(Labels{{"n", std::to_string(i)}, {"round", std::to_string(round)}}.Interned());
    }
    EXPECT_EQ(InternedLabels().pairs, before.pairs + 10'001);
  }
  EXPECT_EQ(InternedLabels().pairs, before.pairs);
  EXPECT_LE(InternedLabels().buckets, 512u + 8 * before.pairs);
}

TEST(LabelsTest, ThreadsInternAndReleaseTheSameLabels) {
  const std::size_t before = InternedLabels().pairs;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([] {
      for (int i = 0; i < 5'000; ++i) {
        const Labels labels = Labels{{"few", std::to_string(i % 3)}}.Interned();
        ASSERT_EQ(labels.Get("few"), std::to_string(i % 3));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(InternedLabels().pairs, before);
}

}  // namespace
}  // namespace tocsin
