#include "collectors/plugin/foreign_series.h"

#include <gtest/gtest.h>

#include "base/yaml.h"
#include "metrics/exposition/render.h"
#include "tests/collectors/page.h"

namespace tocsin::plugin {
namespace {

/// What `text` becomes, as a page without comments; or its error.
std::string PageOf(ForeignSeries& series, std::string_view text, ForeignCounts* counts = nullptr) {
  RoundWriter writer;
  writer.Begin(WallTime(seconds(1)));
  const auto added = series.Add(text, exposition::Format::kText, writer);
  if (!added) return added.error().message();
  if (counts) *counts = *added;
  const Ref<const Snapshot> snapshots[] = {*writer.Finish()};
  return SamplesOf(exposition::RenderPage(snapshots, exposition::Format::kText));
}

using Honor = ForeignOptions::Honor;

std::string Labelled(Honor honor, std::string_view text) {
  ForeignOptions options;
  options.labels = {{"job", "j"}, {"instance", "i"}, {"none", ""}};
  options.honor = honor;
  ForeignSeries series(options);
  return PageOf(series, text);
}

TEST(ForeignSeriesTest, LabelsAreJoinedAsPrometheusDoes) {
  EXPECT_EQ(Labelled(Honor::kOurs, "a 1\n"), "a{instance=\"i\",job=\"j\"} 1\n");
  EXPECT_EQ(Labelled(Honor::kOurs, "a{job=\"x\",e=\"\"} 1\n"),
            "a{exported_job=\"x\",instance=\"i\",job=\"j\"} 1\n");
  EXPECT_EQ(Labelled(Honor::kOurs, "a{job=\"x\",exported_job=\"y\"} 1\n"),
            "a{exported_exported_job=\"x\",exported_job=\"y\",instance=\"i\",job=\"j\"} 1\n");
  EXPECT_EQ(Labelled(Honor::kTheirs, "a{job=\"x\"} 1\n"), "a{instance=\"i\",job=\"x\"} 1\n");
  // An empty label is none: ours takes its place.
  EXPECT_EQ(Labelled(Honor::kTheirs, "a{job=\"\"} 1\n"), "a{instance=\"i\",job=\"j\"} 1\n");
}

TEST(ForeignSeriesTest, SamplesAreCounted) {
  ForeignSeries series({});
  ForeignCounts counts;
  PageOf(series, "a 1\nb{x=\"1\"} 1\nb{x=\"2\"} 1\n", &counts);
  EXPECT_EQ(counts.scraped, 3u);
  EXPECT_EQ(counts.kept, 3u);
  EXPECT_EQ(counts.added, 3u);
  PageOf(series, "a 2\nb{x=\"3\"} 1\n", &counts);
  EXPECT_EQ(counts.scraped, 2u);
  EXPECT_EQ(counts.added, 1u);
  // The same series at two times: the first one counts.
  EXPECT_EQ(PageOf(series, "a 2 1000\na 3 2000\n", &counts), "a 2\n");
  EXPECT_EQ(counts.duplicates, 1u);
  EXPECT_EQ(counts.added, 0u);
}

TEST(ForeignSeriesTest, ABadOrLargeTextAddsNothing) {
  ForeignOptions options;
  options.max_samples = 2;
  options.max_bytes = 100;
  ForeignSeries series(options);
  EXPECT_NE(PageOf(series, "a 1\nb x\n").find("2:3"), std::string::npos);
  EXPECT_NE(PageOf(series, "a 1\nb 1\nc 1\n").find("3"), std::string::npos);
  EXPECT_NE(PageOf(series, std::string(101, '#')).find("100"), std::string::npos);
  EXPECT_EQ(PageOf(series, "a 1\nb NaN\n"), "a 1\nb NaN\n");
}

TEST(ForeignSeriesTest, RelabellingChooses) {
  const auto file = *ParseYaml(R"(
- { source_labels: [__name__], regex: 'go_.*', action: drop }
- { source_labels: [__name__, a], separator: '@', regex: 'kept@.+|other@', action: keep }
- { regex: 'secret.*', action: labeldrop }
)",
                               "rules");
  ForeignOptions options;
  options.relabel = *RelabelRules::Read(file, *file.root);
  ForeignSeries series(options);
  ForeignCounts counts;
  EXPECT_EQ(PageOf(series,
                   "go_a 1\nkept 1\nkept{a=\"1\"} 2\nkept{a=\"2\",secret_b=\"x\"} 3\nother 4\n"
                   "other{a=\"1\"} 5\n",
                   &counts),
            "kept{a=\"1\"} 2\nkept{a=\"2\"} 3\nother 4\n");
  EXPECT_EQ(counts.scraped, 6u);
  EXPECT_EQ(counts.kept, 3u);
  const struct {
    const char* rules;
    const char* error;
  } kBad[] = {
      {"- { action: replace }", "what rewrites labels"},
      {"- { action: drop, regex: '(' }", "rules:1:26: bad regex"},
      {"- { action: drop, regx: a }", "regx"},
      {"{ action: drop }", "expected a list"},
  };
  for (const auto& bad : kBad) {
    const auto rules = *ParseYaml(bad.rules, "rules");
    const auto read = RelabelRules::Read(rules, *rules.root);
    ASSERT_FALSE(read.ok()) << bad.rules;
    EXPECT_NE(read.error().message().find(bad.error), std::string::npos) << read.error().message();
  }
}

}  // namespace
}  // namespace tocsin::plugin
