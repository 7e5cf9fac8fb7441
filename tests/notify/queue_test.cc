#include "notify/queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tocsin::notify {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using testing::ElementsAre;
using Kind = Verdict::Kind;

const WallTime kWall = FromMillis(1'700'000'000'000);

class QueueTest : public testing::Test {
 protected:
  void Put(std::string key, std::string_view alert = "A") {
    Message message{std::move(key), {}, {{{{"alertname", alert}}, {}, wall_, {}, {}, {}}}};
    for (Queued& out : queue_.Put({std::move(message), wall_}, {wall_, mono_})) {
      overflow_.push_back(out.message.key);
    }
  }
  std::vector<std::string> Take(std::size_t max = 64) {
    std::vector<std::string> keys;
    for (const Message& m : queue_.Take(max, mono_)) keys.push_back(m.key);
    return keys;
  }
  DestinationQueue::Outcome Finish(Kind kind, std::optional<milliseconds> retry_after = {}) {
    return queue_.Finish({kind, retry_after, "", ""}, {wall_, mono_});
  }
  void Pass(milliseconds d) {
    mono_ += d;
    wall_ += d;
  }

  MonoTime mono_{};
  WallTime wall_ = kWall;
  QueueOptions options_{.max_messages = 100};
  DestinationQueue queue_{options_, 42};
  std::vector<std::string> overflow_;
};

TEST_F(QueueTest, BatchesInOrderAndOneAtATime) {
  for (const char* key : {"a", "b", "c"}) Put(key);
  EXPECT_THAT(Take(2), ElementsAre("a", "b"));
  EXPECT_THAT(Take(2), ElementsAre());
  EXPECT_EQ(queue_.NextDue(), std::nullopt);
  EXPECT_EQ(Finish(Kind::kDelivered).delivered.size(), 2u);
  EXPECT_THAT(Take(2), ElementsAre("c"));
  Finish(Kind::kDelivered);
  EXPECT_EQ(queue_.size(), 0u);
}

TEST_F(QueueTest, KeepsOneMessageAKeyAndItsAge) {
  Put("a", "old");
  Pass(minutes(5));
  Put("a", "new");
  EXPECT_EQ(queue_.size(), 1u);
  EXPECT_EQ(queue_.OldestSince(), MonoTime{});
  EXPECT_EQ(queue_.Take(1, mono_)[0].alerts[0].labels.Get("alertname"), "new");
}

TEST_F(QueueTest, WhatFailsInFlightGivesWayToWhatCameMeanwhile) {
  Put("a", "old");
  Put("b");
  Take(1);
  Put("a", "new");
  Finish(Kind::kRetry);
  Pass(minutes(2));
  const auto batch = queue_.Take(64, mono_);
  ASSERT_EQ(batch.size(), 2u);
  EXPECT_EQ(batch[0].key, "a");
  EXPECT_EQ(batch[0].alerts[0].labels.Get("alertname"), "new");
  EXPECT_EQ(batch[0].alerts.size(), 2u);  // "old" was never said to have ended
}

TEST_F(QueueTest, BacksOffWithJitterUpToACap) {
  Put("a");
  milliseconds full = options_.first_backoff;
  for (int i = 0; i < 20; ++i) {
    ASSERT_EQ(Take().size(), 1u) << i;
    Finish(Kind::kRetry);
    ASSERT_TRUE(queue_.NextDue());
    const auto wait = *queue_.NextDue() - mono_;
    EXPECT_GE(wait, full / 2);
    EXPECT_LE(wait, full);
    EXPECT_TRUE(Take().empty());
    Pass(full);
    full = std::min(full * 2, options_.max_backoff);
  }
  Take();
  Finish(Kind::kDelivered);
  EXPECT_FALSE(queue_.backing_off());
}

TEST_F(QueueTest, ObeysRetryAfterUpToACap) {
  Put("a");
  Take();
  Finish(Kind::kRetry, seconds(90));
  EXPECT_EQ(*queue_.NextDue() - mono_, seconds(90));
  Pass(seconds(90));
  Take();
  Finish(Kind::kRetry, hours(5));
  EXPECT_EQ(*queue_.NextDue() - mono_, options_.max_retry_after);
}

TEST_F(QueueTest, BisectsARejectedBatch) {
  for (char c = 'a'; c < 'i'; ++c) Put(std::string(1, c));
  std::vector<std::string> rejected;
  std::size_t delivered = 0;
  int attempts = 0;
  for (; queue_.size() > 0; ++attempts) {
    ASSERT_LT(attempts, 20);
    const auto batch = Take();
    const bool bad = std::count(batch.begin(), batch.end(), "c") > 0;
    const auto outcome = Finish(bad ? Kind::kRejected : Kind::kDelivered);
    delivered += outcome.delivered.size();
    for (const Queued& q : outcome.rejected) rejected.push_back(q.message.key);
  }
  EXPECT_THAT(rejected, ElementsAre("c"));
  EXPECT_EQ(delivered, 7u);
}

TEST_F(QueueTest, GivesUpAfterRetryFor) {
  Put("a");
  Pass(hours(23));
  Put("b");
  Take();
  EXPECT_TRUE(Finish(Kind::kRetry).expired.empty());
  Pass(hours(1));
  Take();
  const auto outcome = Finish(Kind::kRetry);
  ASSERT_EQ(outcome.expired.size(), 1u);
  EXPECT_EQ(outcome.expired[0].message.key, "a");
  EXPECT_EQ(queue_.size(), 1u);
}

TEST_F(QueueTest, AWallClockThatIsSetAgesNothing) {
  Put("a");
  wall_ += hours(24 * 365 * 50);  // a host without a battery finds the time
  Take();
  EXPECT_TRUE(Finish(Kind::kRetry).expired.empty());
  EXPECT_EQ(queue_.OldestSince(), MonoTime{});
  Pass(hours(24));
  Take();
  EXPECT_EQ(Finish(Kind::kRetry).expired.size(), 1u);
}

TEST_F(QueueTest, TheOldestGivesWayWhenFull) {
  for (int i = 0; i < 102; ++i) Put(std::to_string(i));
  EXPECT_THAT(overflow_, ElementsAre("0", "1"));
  EXPECT_EQ(queue_.size(), 100u);
}

}  // namespace
}  // namespace tocsin::notify
