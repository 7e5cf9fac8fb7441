// Selection by labels and time, and a long random history against a naive model.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "tests/store/helpers.h"

namespace tocsin::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Matcher Match(MatchOp op, std::string name, std::string value) {
  return *Matcher::Make(op, std::move(name), std::move(value));
}

class SelectTest : public testing::Test {
 protected:
  void SetUp() override {
    const Labels series[] = {
        {{kMetricName, "up"}, {"job", "a"}, {"zone", "1"}},
        {{kMetricName, "up"}, {"job", "b"}},
        {{kMetricName, "up"}, {"job", "ab"}, {"zone", "2"}},
        {{kMetricName, "down"}, {"job", "a"}},
    };
    std::vector<LabeledValue> round;
    for (const Labels& labels : series) round.push_back({labels, 1});
    source_->Append(At(1000), round);
  }

  std::vector<std::string> Selected(std::vector<Matcher> matchers) {
    std::vector<std::string> found;
    for (const auto& [labels, samples] : ReadAll(*store_, std::move(matchers))) {
      found.push_back(labels);
    }
    return found;
  }

  std::unique_ptr<Store> store_ = InMemory();
  std::unique_ptr<Source> source_ = store_->OpenSource("s");
};

TEST_F(SelectTest, ByEqualityRegexAndTheirNegations) {
  const std::string up_a = R"(up{job="a", zone="1"})";
  const std::string up_b = R"(up{job="b"})";
  const std::string up_ab = R"(up{job="ab", zone="2"})";
  const std::string down = R"(down{job="a"})";
  EXPECT_THAT(Selected({}), ElementsAre(down, up_a, up_ab, up_b));
  EXPECT_THAT(Selected({Match(MatchOp::kEqual, "__name__", "up")}), ElementsAre(up_a, up_ab, up_b));
  EXPECT_THAT(Selected({Match(MatchOp::kEqual, "__name__", "nothing")}), IsEmpty());
  EXPECT_THAT(Selected({Match(MatchOp::kEqual, "nothing", "x")}), IsEmpty());
  EXPECT_THAT(Selected({Match(MatchOp::kEqual, "zone", "")}), ElementsAre(down, up_b));
  EXPECT_THAT(Selected({Match(MatchOp::kNotEqual, "zone", "")}), ElementsAre(up_a, up_ab));
  EXPECT_THAT(Selected({Match(MatchOp::kNotEqual, "zone", "1")}), ElementsAre(down, up_ab, up_b));
  EXPECT_THAT(Selected({Match(MatchOp::kRegex, "job", "a.*")}), ElementsAre(down, up_a, up_ab));
  EXPECT_THAT(Selected({Match(MatchOp::kRegex, "zone", ".*")}),
              ElementsAre(down, up_a, up_ab, up_b));
  EXPECT_THAT(Selected({Match(MatchOp::kRegex, "zone", ".+")}), ElementsAre(up_a, up_ab));
  EXPECT_THAT(Selected({Match(MatchOp::kNotRegex, "zone", "1|2")}), ElementsAre(down, up_b));
  EXPECT_THAT(Selected({Match(MatchOp::kNotRegex, "nothing", "x")}),
              ElementsAre(down, up_a, up_ab, up_b));
  EXPECT_THAT(Selected({Match(MatchOp::kEqual, "__name__", "up"),
                        Match(MatchOp::kEqual, "job", "a"), Match(MatchOp::kRegex, "zone", "1|3")}),
              ElementsAre(up_a));
  EXPECT_THAT(Selected({Match(MatchOp::kEqual, "job", "a"), Match(MatchOp::kNotEqual, "job", "a")}),
              IsEmpty());
}

TEST_F(SelectTest, LabelsOfASelection) {
  const std::vector<Matcher> none;
  const std::vector<Matcher> up_b = {Match(MatchOp::kEqual, "__name__", "up"),
                                     Match(MatchOp::kEqual, "job", "b")};
  EXPECT_THAT(store_->LabelNames({}, none), ElementsAre("__name__", "job", "zone"));
  EXPECT_THAT(store_->LabelNames({}, up_b), ElementsAre("__name__", "job"));
  EXPECT_THAT(store_->LabelValues("job", {}, none), ElementsAre("a", "ab", "b"));
  EXPECT_THAT(store_->LabelValues("job", {}, up_b), ElementsAre("b"));
  EXPECT_THAT(store_->LabelValues("zone", {}, up_b), IsEmpty());
  EXPECT_THAT(store_->LabelValues("nothing", {}, none), IsEmpty());
  ASSERT_EQ(store_->SeriesLabels({}, up_b).size(), 1u);
  EXPECT_EQ(store_->SeriesLabels({}, none).front().ToString(), R"(down{job="a"})");
}

TEST_F(SelectTest, LabelsWithinATimeRange) {
  source_->Append(At(5000), std::vector<LabeledValue>{{{{kMetricName, "late"}}, 1}});
  EXPECT_THAT(store_->LabelValues("__name__", {.min_ms = 6000}, {}), ElementsAre("late"));
  EXPECT_THAT(store_->LabelValues("__name__", {.max_ms = 4000}, {}), ElementsAre("down", "up"));
  EXPECT_THAT(store_->LabelNames({.min_ms = 6000}, {}), ElementsAre("__name__"));
  EXPECT_EQ(store_->SeriesLabels({.min_ms = 6000, .max_ms = 7000}, {}).size(), 1u);
}

TEST_F(SelectTest, ACursorKeepsWhatItSaw) {
  StoreOptions options{.retention = std::chrono::minutes(1), .max_bytes = 1 << 20};
  const auto store = InMemory(options);
  const auto source = store->OpenSource("s");
  SnapshotMaker maker;
  int i = 0;
  const auto append = [&](int rounds) {
    for (const int end = i + rounds; i < end; ++i) {
      source->Append(maker.Make(kStart + i * 1000, {{"x", "1", double(i)}, {"y", "1", 1}}));
    }
  };
  append(500);
  const PlainSeries before = ReadAll(*store);
  SeriesCursor cursor = store->Select({}, {});
  EXPECT_EQ(cursor.SeriesCount(), 2u);
  append(500);
  source->MarkStale(At(kStart + i * 1000));
  store->Maintain(At(kStart + 3'600'000));
  store->Maintain(At(kStart + 3'600'000));
  EXPECT_EQ(ReadAll(*store).size(), 0u);
  EXPECT_EQ(Drain(std::move(cursor)), before);
  EXPECT_EQ(before.at("x{l=\"1\"}").size(), 500u);
}

/// What the store promises, kept as plain samples.
class Model {
 public:
  void Append(int source, std::int64_t t, const std::map<std::string, double>& round) {
    for (const std::string& labels : active_[source]) {
      if (!round.contains(labels)) Add(labels, t, StaleNan());
    }
    active_[source].clear();
    for (const auto& [labels, value] : round) {
      active_[source].insert(labels);
      Add(labels, t, value);
    }
  }

  PlainSeries Select(const Matcher& matcher, TimeRange range, Want want) const {
    PlainSeries found;
    for (const auto& [labels, samples] : samples_) {
      const std::string l =
          labels.substr(labels.find('"') + 1, labels.rfind('"') - labels.find('"') - 1);
      if (!matcher.Matches(std::string_view(l))) continue;
      Plain kept;
      for (const auto& sample : samples) {
        if (sample.first >= range.min_ms && sample.first <= range.max_ms) kept.push_back(sample);
      }
      if (want == Want::kLast && kept.size() > 1) kept = {kept.back()};
      if (!kept.empty()) found[labels] = kept;
    }
    return found;
  }

 private:
  void Add(const std::string& labels, std::int64_t t, double value) {
    samples_[labels].emplace_back(t, std::bit_cast<std::uint64_t>(value));
  }

  PlainSeries samples_;
  std::map<int, std::set<std::string>> active_;
};

TEST(ModelTest, RandomHistoriesReadBackAsANaiveModelHasThem) {
  for (unsigned seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    const auto below = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
    const auto store = InMemory({.retention = std::chrono::hours(100)});
    constexpr int kSources = 3;
    std::unique_ptr<Source> sources[kSources];
    SnapshotMaker makers[kSources];
    std::int64_t t[kSources] = {kStart, kStart + 300, kStart + 600};
    std::vector<std::string> present[kSources];
    for (int s = 0; s < kSources; ++s) sources[s] = store->OpenSource("s" + std::to_string(s));
    Model model;
    double v = 1;
    for (int step = 0; step < 1500; ++step) {
      const auto s = below(kSources);
      t[s] += below(20) == 0 ? 1 + below(400'000) : 1000;
      std::map<std::string, double> round;
      if (below(40) == 0) {
        sources[s]->MarkStale(At(t[s]));
        model.Append(static_cast<int>(s), t[s], {});
        continue;
      }
      if (below(15) == 0) {  // some come, some go, some change places
        present[s].clear();
        for (unsigned i = below(30); i > 0; --i) present[s].push_back(std::to_string(below(40)));
        std::sort(present[s].begin(), present[s].end());
        present[s].erase(std::unique(present[s].begin(), present[s].end()), present[s].end());
        std::shuffle(present[s].begin(), present[s].end(), random);
      }
      std::vector<Point> points;
      for (const std::string& l : present[s]) {
        v = below(4) == 0 ? v * 1.37 + 1 : below(2) == 0 ? double(below(100)) : v;
        const std::string name = "m" + std::to_string(s);
        points.push_back({name, l, v});
        round[name + "{l=\"" + l + "\"}"] = v;
      }
      sources[s]->Append(makers[s].Make(t[s], points));
      model.Append(static_cast<int>(s), t[s], round);
      if (step % 50 != 0) continue;

      store->Maintain(At(t[s]));
      TimeRange range;
      if (below(2) == 0) {
        range.min_ms = kStart + static_cast<std::int64_t>(below(20'000'000));
        range.max_ms = range.min_ms + static_cast<std::int64_t>(below(5'000'000));
      }
      const Matcher matcher =
          below(2) == 0 ? Match(MatchOp::kRegex, "l", "1.*") : Match(MatchOp::kNotEqual, "l", "7");
      const Want want = below(3) == 0 ? Want::kLast : Want::kAll;
      ASSERT_EQ(ReadAll(*store, {matcher}, range, want), model.Select(matcher, range, want));
    }
    EXPECT_EQ(store->Stats().corruptions, 0u);
  }
}

}  // namespace
}  // namespace tocsin::store
