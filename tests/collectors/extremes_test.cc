#include "collectors/extremes.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "collectors/catalog.h"
#include "metrics/writer.h"

namespace tocsin {
namespace {

constexpr FamilySpec kQueue{"queue_depth", MetricType::kGauge, "Depth."};
constexpr FamilySpec kJobs{"jobs_total", MetricType::kCounter, "Jobs."};
constexpr std::array<FamilySpec, 2> kFamilies{kQueue, kJobs};

/// Exports what the test says.
class Scripted final : public Collector {
 public:
  explicit Scripted(const std::map<std::string, double>& depths) : depths_(depths) {}
  Status Collect(const RoundContext&, FamilySink& out) override {
    for (const auto& [queue, depth] : depths_) out.Add(kQueue, {{"queue", queue}}, depth);
    out.Add(kJobs, {{"queue", "a"}}, 7);
    return Unit{};
  }

 private:
  const std::map<std::string, double>& depths_;
};

class ExtremesTest : public testing::Test {
 protected:
  ExtremesTest() {
    entry_.families = kFamilies;
    Make({{"queue_depth", seconds(60)}, {"jobs_total", seconds(60)}});
  }
  void Make(const std::vector<ExtremesOf>& wanted) {
    collector_ = WithExtremes(entry_, std::make_unique<Scripted>(depths_), wanted);
  }
  std::map<std::string, double> Run(seconds pause) {
    now_ += pause;
    writer_.Begin(WallTime(now_));
    EXPECT_TRUE(collector_->Collect({WallTime(now_), MonoTime(now_), {}}, writer_).ok());
    const auto snapshot = writer_.Finish();
    layout_ = (*snapshot)->layout;
    std::map<std::string, double> values;
    for (std::size_t i = 0; i < (*snapshot)->values.size(); ++i) {
      values[layout_->FullLabels(i).ToString()] = (*snapshot)->values[i];
    }
    return values;
  }
  static std::string Of(const std::string& name, const std::string& queue,
                        const std::string& window = "1m") {
    return name + "{queue=\"" + queue + "\", window=\"" + window + "\"}";
  }

  CatalogEntry entry_{};
  std::map<std::string, double> depths_;
  std::unique_ptr<Collector> collector_;
  RoundWriter writer_;
  Ref<const Layout> layout_;
  seconds now_{1000};
};

TEST_F(ExtremesTest, ASpikeBetweenScrapesIsSeenForTheWindow) {
  depths_ = {{"a", 5}, {"b", 1}};
  Run(seconds(1));
  depths_["a"] = 900;
  Run(seconds(1));
  depths_["a"] = 3;
  auto values = Run(seconds(1));
  EXPECT_EQ(values.at("queue_depth{queue=\"a\"}"), 3);
  EXPECT_EQ(values.at(Of("queue_depth_max", "a")), 900);
  EXPECT_EQ(values.at(Of("queue_depth_min", "a")), 3);
  EXPECT_EQ(values.at(Of("queue_depth_max", "b")), 1);
  EXPECT_EQ(values.size(), 7u) << "counters have no extremes";
  EXPECT_EQ(Run(seconds(57)).at(Of("queue_depth_max", "a")), 900);
  EXPECT_EQ(Run(seconds(15)).at(Of("queue_depth_max", "a")), 3);
}

TEST_F(ExtremesTest, SteadyRoundsKeepTheirLayoutAndSeriesThatComeAndGoKeepTheOthers) {
  depths_ = {{"b", 1}, {"c", 50}};
  Run(seconds(1));
  depths_["c"] = 2;
  Run(seconds(1));
  const Ref<const Layout> before = layout_;
  Run(seconds(1));
  EXPECT_EQ(layout_, before);
  depths_ = {{"a", 7}, {"b", 1}, {"c", 2}};
  EXPECT_EQ(Run(seconds(1)).at(Of("queue_depth_max", "c")), 50) << "a new one before it";
  depths_ = {{"c", 2}};
  EXPECT_EQ(Run(seconds(1)).at(Of("queue_depth_max", "c")), 50) << "those before it went";
  depths_ = {{"b", 0}, {"c", 2}};
  EXPECT_EQ(Run(seconds(1)).at(Of("queue_depth_max", "b")), 0) << "it went and began anew";
}

TEST_F(ExtremesTest, AMetricMayHaveSeveralWindows) {
  Make({{"queue_depth", seconds(60)}, {"queue_depth", seconds(600)}});
  depths_ = {{"a", 9}};
  Run(seconds(1));
  depths_ = {{"a", 1}};
  const auto values = Run(seconds(120));
  EXPECT_EQ(values.at(Of("queue_depth_max", "a", "1m")), 1);
  EXPECT_EQ(values.at(Of("queue_depth_max", "a", "10m")), 9);
}

TEST_F(ExtremesTest, SeriesPastTheLimitHaveNone) {
  for (std::size_t i = 0; i < kMaxExtremes + 10; ++i) depths_["q" + std::to_string(i)] = 1;
  const auto values = Run(seconds(1));
  EXPECT_EQ(values.size(), 3 * kMaxExtremes + 10 + 1);
}

std::string ErrorOf(const std::string& text) {
  const auto file = ParseYaml(text, "x.yml");
  const auto read = ReadExtremes(*file, *file->root);
  return read ? "" : read.error().message();
}

TEST(ReadExtremesTest, SaysWhatIsWrongAndWhere) {
  EXPECT_EQ(ErrorOf(""), "");
  EXPECT_EQ(ErrorOf("[{metrics: [node_load1, my_own]}, {metrics: [node_load1], window: 5m}]"), "");
  EXPECT_EQ(ErrorOf("5"), "x.yml:1:1: extremes: expected a list of {metrics, window}");
  EXPECT_EQ(ErrorOf("[{metrics: [node_cpu_seconds_total]}]"),
            "x.yml:1:13: node_cpu_seconds_total is a counter: extremes are of gauges");
  EXPECT_EQ(ErrorOf("[{metrics: [node_load1]}, {metrics: [a, node_load1]}]"),
            "x.yml:1:41: node_load1 stands twice with a window of 1m");
  EXPECT_EQ(ErrorOf("[{metrics: [node_load1], window: 5ms}]"),
            "x.yml:1:34: a window is at least 1s");
  EXPECT_NE(ErrorOf("[{window: 5m}]"), "");
}

TEST(ReadExtremesTest, ACollectorThatExportsNoneOfThemIsLeftAlone) {
  const std::map<std::string, double> none;
  auto collector = std::make_unique<Scripted>(none);
  const Collector* const before = collector.get();
  const std::vector<ExtremesOf> wanted{{"node_load1", seconds(60)}};
  EXPECT_EQ(WithExtremes(*FindCollector("uname"), std::move(collector), wanted).get(), before);
}

}  // namespace
}  // namespace tocsin
