#include "rules/leak_inputs.h"

#include <gtest/gtest.h>

#include <cmath>

namespace tocsin {
namespace {

promql::VectorSample Value(std::initializer_list<LabelView> labels, double value) {
  return {Labels(labels), 0, value};
}

double Of(const JoinedValues& values, const Labels& series) {
  std::uint32_t hint = 0;
  const double value = values.Of(series, hint);
  std::uint32_t wrong = 1'000'000;
  const double again = values.Of(series, wrong);
  EXPECT_TRUE(again == value || (std::isnan(again) && std::isnan(value))) << "depends on the hint";
  return value;
}

TEST(JoinedValues, BelongToSeriesWithAllTheirLabels) {
  const JoinedValues limits({Value({{kMetricName, "limit"}, {"id", "/a"}, {"host", "x"}}, 1),
                             Value({{kMetricName, "limit"}, {"id", "/b"}, {"host", "x"}}, 2)});
  EXPECT_EQ(Of(limits, Labels{{kMetricName, "rss"}, {"id", "/b"}, {"host", "x"}, {"more", "1"}}),
            2);
  EXPECT_EQ(Of(limits, Labels{{"id", "/a"}, {"host", "x"}}), 1);
  EXPECT_TRUE(std::isnan(Of(limits, Labels{{"id", "/c"}, {"host", "x"}})));
  EXPECT_TRUE(std::isnan(Of(limits, Labels{{"id", "/a"}})));
  EXPECT_TRUE(std::isnan(Of(JoinedValues(), Labels{{"id", "/a"}})));
}

TEST(JoinedValues, OneWithoutLabelsBelongsToAll) {
  const JoinedValues total({Value({{kMetricName, "MemTotal"}}, 5)});
  EXPECT_EQ(Of(total, Labels{{"id", "/a"}}), 5);
  EXPECT_EQ(Of(total, Labels()), 5);
}

TEST(JoinedValues, TheMostTellingOneWins) {
  const JoinedValues limits({Value({{"host", "x"}}, 1), Value({{"host", "x"}, {"id", "/a"}}, 2)});
  EXPECT_EQ(Of(limits, Labels{{"host", "x"}, {"id", "/a"}}), 2);
  EXPECT_EQ(Of(limits, Labels{{"host", "x"}, {"id", "/b"}}), 1);
}

TEST(JoinedValues, AHintFollowsItsValue) {
  std::uint32_t hint = 0;
  const Labels series{{"id", "/b"}};
  const JoinedValues before({Value({{"id", "/a"}}, 1), Value({{"id", "/b"}}, 2)});
  EXPECT_EQ(before.Of(series, hint), 2);
  EXPECT_EQ(hint, 1U);
  const JoinedValues after({Value({{"id", "/b"}}, 3), Value({{"id", "/c"}}, 4)});
  EXPECT_EQ(after.Of(series, hint), 3);
  EXPECT_EQ(hint, 0U);
}

}  // namespace
}  // namespace tocsin
