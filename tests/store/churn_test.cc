// Series that come and go for hours: what the store keeps of them is bounded by the retention, and
// little.

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>

#include "tests/store/helpers.h"

namespace tocsin::store {
namespace {

constexpr int kLasting = 20;
constexpr int kNewEachMinute = 4;
constexpr int kLifeMinutes = 3;
constexpr int kSeriesOfOne = 12;
constexpr std::int64_t kStepMs = 15'000;
constexpr milliseconds kRetention = std::chrono::minutes(30);

/// A collector of process groups, most of which stay while others are new each minute.
class Churn {
 public:
  Churn()
      : store_(InMemory({.retention = kRetention})),
        source_(store_->OpenSource(
            "process", {.target_labels = Labels{{"instance", "host"}, {"job", "tocsin"}}})) {}

  void Run(int minutes, int new_each_minute = kNewEachMinute) {
    for (const std::int64_t end = t_ + minutes * 60'000; t_ < end; t_ += kStepMs) {
      writer_.Begin(At(t_));
      const auto minute = static_cast<int>((t_ - kStart) / 60'000);
      for (int i = 0; i < kLasting; ++i) AddGroup("lasting", i);
      for (int i = (minute - kLifeMinutes + 1) * new_each_minute;
           i < (minute + 1) * new_each_minute; ++i) {
        AddGroup("passing", i);
      }
      source_->Append(*writer_.Finish());
      store_->Maintain(At(t_));
    }
  }

  StoreStats Stats() const { return store_->Stats(); }

 private:
  void AddGroup(const char* kind, int i) {
    const std::string name = kind + std::to_string(i);
    for (int k = 0; k < kSeriesOfOne; ++k) {
      const std::string kth = std::to_string(k);
      const std::array<LabelView, 2> labels{{{"groupname", name}, {"kind", kth}}};
      const double value = k % 3 == 0 ? double(t_ % 100'000) * k : k;
      writer_.Add({"group_value", MetricType::kGauge, "help"}, labels, value);
    }
  }

  std::unique_ptr<Store> store_;
  std::unique_ptr<Source> source_;
  RoundWriter writer_;
  std::int64_t t_ = kStart;
};

TEST(ChurnTest, HoursOfItTakeNoMoreThanTheFirst) {
  const std::size_t pairs_before = InternedLabels().pairs;
  Churn churn;
  churn.Run(50);  // retention, and the block that it cuts through
  const StoreStats first = churn.Stats();
  const std::size_t pairs = InternedLabels().pairs;
  churn.Run(100);
  const StoreStats later = churn.Stats();
  EXPECT_GT(later.series_removed, 4'000u);
  EXPECT_LE(later.series, first.series * 11 / 10);
  EXPECT_LE(later.series_bytes, first.series_bytes * 11 / 10);
  EXPECT_LE(later.bytes, first.bytes * 5 / 4) << "more or less, as the open block is full or new";
  EXPECT_LE(InternedLabels().pairs, pairs * 11 / 10);
  // A series that has gone costs its place in the index: with its own block of labels 300 bytes.
  EXPECT_LE(later.series_bytes, later.series * 220);

  churn.Run(50, 0);
  EXPECT_EQ(churn.Stats().series, static_cast<std::size_t>(kLasting * kSeriesOfOne));
  EXPECT_LE(InternedLabels().pairs, pairs_before + kLasting + kSeriesOfOne + 3);
}

}  // namespace
}  // namespace tocsin::store
