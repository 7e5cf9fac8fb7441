#include "metrics/exposition/render.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <functional>

#include "metrics/exposition/parse.h"
#include "metrics/writer.h"

namespace tocsin::exposition {
namespace {

using Add = std::function<void(FamilySink&)>;

Ref<const Snapshot> Round(const Add& add) {
  RoundWriter writer;
  writer.Begin(WallTime{});
  add(writer);
  return *writer.Finish();
}

std::string Page(Format format, std::initializer_list<Add> rounds) {
  std::vector<Ref<const Snapshot>> snapshots;
  for (const Add& add : rounds) snapshots.push_back(Round(add));
  return RenderPage(snapshots, format);
}

constexpr FamilySpec kGauge{"room_temperature", MetricType::kGauge, "How warm it is."};
constexpr FamilySpec kCounter{"a_seconds_total", MetricType::kCounter, "Seconds.", "seconds"};

TEST(RenderTest, FamiliesAreSortedByNameAndHaveOneHeaderEach) {
  const auto page = Page(Format::kText, {[](FamilySink& out) {
                                           out.Add(kGauge, {{"room", "b"}}, 20.5);
                                           out.Add(kCounter, {}, 1e6);
                                         },
                                         [](FamilySink& out) {
                                           FamilySpec other_help = kGauge;
                                           other_help.help = "Not shown.";
                                           out.Add(other_help, {{"room", "a"}}, -1);
                                         }});
  EXPECT_EQ(page,
            "# HELP a_seconds_total Seconds.\n"
            "# TYPE a_seconds_total counter\n"
            "a_seconds_total 1e+06\n"
            "# HELP room_temperature How warm it is.\n"
            "# TYPE room_temperature gauge\n"
            "room_temperature{room=\"a\"} -1\n"
            "room_temperature{room=\"b\"} 20.5\n");
}

TEST(RenderTest, OpenMetricsNamesCountersWithoutTotal) {
  const auto page = Page(Format::kOpenMetrics, {[](FamilySink& out) {
                           out.Add(kCounter, {}, 3);
                           out.AddSample(kCounter, Suffix::kCreated, {}, 1.5);
                         }});
  EXPECT_EQ(page,
            "# HELP a_seconds Seconds.\n"
            "# TYPE a_seconds counter\n"
            "# UNIT a_seconds seconds\n"
            "a_seconds_total 3\n"
            "a_seconds_created 1.5\n"
            "# EOF\n");
}

TEST(RenderTest, TextHasNoCreationTimes) {
  const auto page = Page(Format::kText, {[](FamilySink& out) {
                           out.Add(kCounter, {}, 3);
                           out.AddSample(kCounter, Suffix::kCreated, {}, 1.5);
                         }});
  EXPECT_EQ(page.find("created"), std::string::npos) << page;
}

TEST(RenderTest, OpenMetricsKeepsNamesThatItsTypesForbid) {
  const Add add = [](FamilySink& out) {
    out.Add({"requests", MetricType::kCounter, ""}, {}, 1);    // no _total
    out.Add({"hits_total", MetricType::kCounter, ""}, {}, 2);  // hits is another metric
    out.Add({"hits", MetricType::kGauge, ""}, {}, 3);
    out.Add({"build_info", MetricType::kInfo, ""}, {{"v", "1"}}, 1);
    out.Add({"uname", MetricType::kInfo, ""}, {{"v", "1"}}, 1);  // no _info
    out.Add({"state", MetricType::kStateset, ""}, {{"state", "on"}}, 1);
    out.Add({"mode", MetricType::kStateset, ""}, {{"m", "on"}}, 1);  // no label of its name
    out.Add({"free", MetricType::kUnknown, "", "bytes"}, {}, 4);     // no unit in its name
    out.Add({"x_total", MetricType::kCounter, ""}, {}, 5);
    out.Add({"x_info", MetricType::kInfo, ""}, {}, 1);  // x is the counter
  };
  EXPECT_EQ(Page(Format::kOpenMetrics, {add}),
            "# TYPE build info\nbuild_info{v=\"1\"} 1\n"
            "# TYPE free unknown\nfree 4\n"
            "# TYPE hits gauge\nhits 3\n"
            "# TYPE hits_total unknown\nhits_total 2\n"
            "# TYPE mode gauge\nmode{m=\"on\"} 1\n"
            "# TYPE requests unknown\nrequests 1\n"
            "# TYPE state stateset\nstate{state=\"on\"} 1\n"
            "# TYPE uname gauge\nuname{v=\"1\"} 1\n"
            "# TYPE x_info gauge\nx_info 1\n"
            "# TYPE x counter\nx_total 5\n"
            "# EOF\n");
  EXPECT_EQ(Page(Format::kText, {add}),
            "# TYPE build_info gauge\nbuild_info{v=\"1\"} 1\n"
            "# TYPE free untyped\nfree 4\n"
            "# TYPE hits gauge\nhits 3\n"
            "# TYPE hits_total counter\nhits_total 2\n"
            "# TYPE mode gauge\nmode{m=\"on\"} 1\n"
            "# TYPE requests counter\nrequests 1\n"
            "# TYPE state gauge\nstate{state=\"on\"} 1\n"
            "# TYPE uname gauge\nuname{v=\"1\"} 1\n"
            "# TYPE x_info gauge\nx_info 1\n"
            "# TYPE x_total counter\nx_total 5\n");
}

TEST(RenderTest, BucketsAndQuantilesAreSortedByNumberWithTheirLabelLast) {
  const auto page = Page(Format::kText, {[](FamilySink& out) {
                           const FamilySpec h{"h", MetricType::kHistogram, ""};
                           for (const std::string_view zone : {"z2", "z1"}) {
                             const LabelView labels[] = {{"zone", zone}};
                             const double bounds[] = {0.5, 5, 10};
                             const double counts[] = {1, 2, 3};
                             out.AddHistogram(h, labels, {bounds, counts, 7, 4});
                           }
                           const FamilySpec s{"s", MetricType::kSummary, ""};
                           const double quantiles[] = {0.5, 0.99};
                           const double values[] = {1, 2};
                           out.AddSummary(s, {}, {quantiles, values, 3, 4});
                         }});
  std::string expected = "# TYPE h histogram\n";
  for (const std::string zone : {"z1", "z2"}) {
    for (const std::string bucket : {"0.5\"} 1", "5\"} 2", "10\"} 3", "+Inf\"} 4"}) {
      expected += "h_bucket{zone=\"" + zone + "\",le=\"" + bucket + "\n";
    }
    expected += "h_sum{zone=\"" + zone + "\"} 7\nh_count{zone=\"" + zone + "\"} 4\n";
  }
  expected +=
      "# TYPE s summary\ns{quantile=\"0.5\"} 1\ns{quantile=\"0.99\"} 2\ns_sum 3\ns_count 4\n";
  EXPECT_EQ(page, expected);
}

TEST(RenderTest, SeriesAreSortedByLabelValuesFewerLabelsFirst) {
  const auto page = Page(Format::kText, {[](FamilySink& out) {
                           const FamilySpec f{"f", MetricType::kGauge, ""};
                           out.Add(f, {{"a", "2"}, {"b", "1"}}, 1);
                           out.Add(f, {{"a", "10"}, {"b", "2"}}, 2);
                           out.Add(f, {{"z", "0"}}, 3);
                           out.Add(f, {}, 4);
                           out.Add(f, {{"a", "10"}, {"b", "1"}}, 5);
                         }});
  EXPECT_EQ(page,
            "# TYPE f gauge\nf 4\nf{z=\"0\"} 3\nf{a=\"10\",b=\"1\"} 5\nf{a=\"10\",b=\"2\"} 2\n"
            "f{a=\"2\",b=\"1\"} 1\n");
}

TEST(RenderTest, EscapesAndInvalidUtf8) {
  const Add add = [](FamilySink& out) {
    out.Add({"f", MetricType::kGauge, "back\\slash \"quote\" new\nline \xC3\x28 é"},
            {{"path", "C:\\x \"y\"\nz\xFF é"}}, 1);
  };
  const std::string sample = "f{path=\"C:\\\\x \\\"y\\\"\\nz\xEF\xBF\xBD é\"} 1\n";
  EXPECT_EQ(
      Page(Format::kText, {add}),
      "# HELP f back\\\\slash \"quote\" new\\nline \xEF\xBF\xBD( é\n# TYPE f gauge\n" + sample);
  EXPECT_EQ(Page(Format::kOpenMetrics, {add}),
            "# HELP f back\\\\slash \\\"quote\\\" new\\nline \xEF\xBF\xBD( é\n# TYPE f gauge\n" +
                sample + "# EOF\n");
}

TEST(RenderTest, SpecialFloats) {
  EXPECT_EQ(Page(Format::kText, {[](FamilySink& out) {
                   const FamilySpec f{"f", MetricType::kGauge, ""};
                   out.Add(f, {{"v", "1"}}, NAN);
                   out.Add(f, {{"v", "2"}}, INFINITY);
                   out.Add(f, {{"v", "3"}}, -INFINITY);
                   out.Add(f, {{"v", "4"}}, -0.0);
                 }}),
            "# TYPE f gauge\nf{v=\"1\"} NaN\nf{v=\"2\"} +Inf\nf{v=\"3\"} -Inf\nf{v=\"4\"} -0\n");
}

TEST(RenderTest, AnEmptyPage) {
  EXPECT_EQ(RenderPage({}, Format::kText), "");
  EXPECT_EQ(RenderPage({}, Format::kOpenMetrics), "# EOF\n");
}

Dropped DroppedOf(std::initializer_list<Add> rounds, std::string* page) {
  std::vector<Ref<const Layout>> layouts;
  std::vector<Ref<const Snapshot>> snapshots;
  for (const Add& add : rounds) snapshots.push_back(Round(add));
  for (const auto& snapshot : snapshots) layouts.push_back(snapshot->layout);
  *page = RenderPage(snapshots, Format::kText);
  return MergedLayout(std::move(layouts)).dropped();
}

TEST(MergedLayoutTest, TheLaterFamilyOfAnotherTypeIsLeftOut) {
  std::string page;
  const Dropped dropped = DroppedOf({[](FamilySink& out) {
                                       out.Add({"f", MetricType::kGauge, ""}, {}, 1);
                                     },
                                     [](FamilySink& out) {
                                       out.Add({"f", MetricType::kCounter, ""}, {{"x", "1"}}, 2);
                                     },
                                     [](FamilySink& out) {
                                       out.Add({"f", MetricType::kGauge, ""}, {{"x", "2"}}, 3);
                                     }},
                                    &page);
  EXPECT_EQ(page, "# TYPE f gauge\nf 1\nf{x=\"2\"} 3\n");
  EXPECT_EQ(dropped.families, 1u);
  EXPECT_EQ(dropped.first, "the metric f is a gauge of one collector and a counter of another");
}

TEST(MergedLayoutTest, TheLaterOfTwoEqualSeriesIsLeftOut) {
  std::string page;
  const FamilySpec f{"f", MetricType::kGauge, ""};
  const Dropped dropped = DroppedOf({[&](FamilySink& out) {
                                       out.Add(f, {{"x", "1"}}, 1);
                                     },
                                     [&](FamilySink& out) {
                                       out.Add(f, {{"x", "1"}}, 2);
                                       out.Add(f, {{"y", "1"}}, 4);
                                     },
                                     [&](FamilySink& out) {
                                       out.Add(f, {{"x", "1"}, {"y", ""}}, 3);
                                     }},
                                    &page);
  // An empty label is no label to whoever scrapes.
  EXPECT_EQ(page, "# TYPE f gauge\nf{x=\"1\"} 1\nf{y=\"1\"} 4\n");
  EXPECT_EQ(dropped.series, 2u);
  EXPECT_EQ(dropped.first, "the series f{x=\"1\"} comes from two collectors");
}

TEST(MergedLayoutTest, AGaugeMayNotRepeatAHistogramsCount) {
  std::string page;
  const Dropped dropped =
      DroppedOf({[](FamilySink& out) {
                   out.Add({"h_count", MetricType::kGauge, ""}, {}, 9);
                 },
                 [](FamilySink& out) {
                   out.AddHistogram({"h", MetricType::kHistogram, ""}, {}, {{}, {}, 1, 2});
                 }},
                &page);
  EXPECT_EQ(dropped.series, 1u);
  EXPECT_EQ(page, "# TYPE h histogram\nh_bucket{le=\"+Inf\"} 2\nh_sum 1\nh_count 2\n");
}

TEST(MergedLayoutTest, NamesThatAScraperRefusesAreLeftOut) {
  std::string page;
  const Dropped dropped =
      DroppedOf({[](FamilySink& out) {
                  out.Add({"bad-name", MetricType::kGauge, ""}, {}, 1);
                  out.Add({"f", MetricType::kGauge, ""}, {{"bad-label", "1"}}, 1);
                  out.Add({"g", MetricType::kGauge, ""}, {}, 1);
                }},
                &page);
  EXPECT_EQ(page, "# TYPE g gauge\ng 1\n");
  EXPECT_EQ(dropped.families, 1u);
  EXPECT_EQ(dropped.series, 1u);
}

/// Whatever is rendered is read back the same by the parser of that format.
TEST(RenderTest, BothFormatsAreReadBack) {
  const std::string odd = "\\ \" \n \xF0\x9F\x94\x94 \x01";
  const Add add = [&](FamilySink& out) {
    for (int i = 0; i < 50; ++i) {
      const std::string n = std::to_string(i);
      out.Add(kCounter, {{"cpu", n}, {"odd", odd + n}}, i * 1.1);
      const LabelView labels[] = {{"n", n}};
      const double bounds[] = {0.1, 1e6, 2e-9};
      const double counts[] = {1, 2, 3};
      out.AddHistogram({"h", MetricType::kHistogram, odd}, labels, {bounds, counts, NAN, 4});
    }
    out.Add({"i_info", MetricType::kInfo, "x"}, {{"v", odd}}, 1);
  };
  const auto snapshot = Round(add);
  for (const Format format : {Format::kText, Format::kOpenMetrics}) {
    const std::string page = RenderPage(std::array{snapshot}, format);
    Document document;
    const Status status = document.Parse(page, {.format = format});
    ASSERT_TRUE(status.ok()) << status.error().message() << '\n' << page;
    ASSERT_EQ(document.samples().size(), snapshot->values.size());
    RoundWriter again;
    again.Begin(WallTime{});
    for (const ParsedSample& s : document.samples()) {
      again.AddSample(document.Spec(s), s.suffix, s.labels, s.value);
    }
    EXPECT_EQ(RenderPage(std::array{*again.Finish()}, format), page);
  }
}

}  // namespace
}  // namespace tocsin::exposition
