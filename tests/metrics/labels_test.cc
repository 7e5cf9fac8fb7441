#include "metrics/labels.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace tocsin
