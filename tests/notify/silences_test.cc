#include "notify/route/silences.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "notify/uuid.h"

namespace tocsin::notify {
namespace {

using std::chrono::hours;
using testing::ElementsAre;

class SilencesTest : public testing::Test {
 protected:
  Silence Make(std::string_view matchers, milliseconds from, milliseconds to) const {
    Silence silence;
    silence.matchers = *ParseMatchers(matchers);
    silence.starts_at = now_ + from;
    silence.ends_at = now_ + to;
    return silence;
  }
  WallTime now_ = FromMillis(1'700'000'000'000);
  std::vector<std::string> changed_;
  Silences silences_{[this](const std::string& id, const std::optional<Silence>& silence) {
    changed_.push_back(id + (silence ? " set" : " forgotten"));
  }};
};

TEST_F(SilencesTest, SilencesWhileItLasts) {
  const auto id = silences_.Set(Make("a=b", hours(1), hours(2)), now_);
  ASSERT_TRUE(id.ok());
  EXPECT_TRUE(IsUuid(*id));
  const Labels labels{{"a", "b"}};
  EXPECT_TRUE(silences_.Silencing(labels, now_).empty());
  EXPECT_THAT(silences_.Silencing(labels, now_ + hours(1)), ElementsAre(*id));
  EXPECT_TRUE(silences_.Silencing({{"a", "c"}}, now_ + hours(1)).empty());
  EXPECT_TRUE(silences_.Silencing(labels, now_ + hours(2) + milliseconds(1)).empty());
}

TEST_F(SilencesTest, RefusesWhatWouldSilenceEverythingOrNothing) {
  for (const char* matchers : {"", "a=\"\"", "a=~\".*\""}) {
    EXPECT_FALSE(silences_.Set(Make(matchers, hours(0), hours(1)), now_).ok()) << matchers;
  }
  EXPECT_FALSE(silences_.Set(Make("a=b", hours(2), hours(1)), now_).ok());
  EXPECT_FALSE(silences_.Set(Make("a=b", hours(-3), hours(-1)), now_).ok());
  Silence unknown = Make("a=b", hours(0), hours(1));
  unknown.id = NewUuid();
  EXPECT_EQ(silences_.Set(unknown, now_).error().code(), Errc::kNotFound);
}

// As Alertmanager 0.25 answers.
TEST_F(SilencesTest, AllButSomeMayBeSilenced) {
  for (const char* matchers : {"a!=b", "a!~\"b|c\""}) {
    const auto id = silences_.Set(Make(matchers, hours(0), hours(1)), now_);
    ASSERT_TRUE(id.ok()) << matchers;
    EXPECT_THAT(silences_.Silencing({{"x", "y"}}, now_), ElementsAre(*id));
    EXPECT_TRUE(silences_.Silencing({{"a", "b"}}, now_).empty());
    ASSERT_TRUE(silences_.Expire(*id, now_).ok());
  }
}

TEST_F(SilencesTest, AChangeThatIsRefusedEndsNothing) {
  const std::string id = *silences_.Set(Make("a=b", hours(0), hours(5)), now_);
  Silence over = *silences_.Find(id);
  over.ends_at = now_ + hours(1);
  EXPECT_FALSE(silences_.Set(over, now_ + hours(2)).ok());
  EXPECT_THAT(silences_.Silencing({{"a", "b"}}, now_ + hours(3)), ElementsAre(id));
}

TEST_F(SilencesTest, ExpiredOnesGiveWayAndOthersDoNot) {
  for (std::size_t i = 0; i < Silences::kMax; ++i) {
    ASSERT_TRUE(silences_.Set(Make("a=b", hours(0), hours(1) + milliseconds(i)), now_).ok());
  }
  EXPECT_EQ(silences_.Set(Make("a=c", hours(0), hours(1)), now_).error().code(), Errc::kLimit);
  now_ += hours(1) + milliseconds(1);  // the first has expired
  const auto id = silences_.Set(Make("a=c", hours(0), hours(1)), now_);
  ASSERT_TRUE(id.ok());
  EXPECT_EQ(silences_.all().size(), Silences::kMax);
  EXPECT_THAT(silences_.Silencing({{"a", "c"}}, now_), ElementsAre(*id));
  EXPECT_EQ(silences_.Silencing({{"a", "b"}}, now_).size(), Silences::kMax - 1);
}

TEST_F(SilencesTest, AnActiveOneChangesItsEndInPlaceAndItsMatchersNot) {
  const std::string id = *silences_.Set(Make("a=b", hours(0), hours(1)), now_);
  Silence longer = *silences_.Find(id);
  longer.ends_at = now_ + hours(5);
  EXPECT_EQ(*silences_.Set(longer, now_ + hours(1) / 2), id);
  Silence other = *silences_.Find(id);
  other.matchers = *ParseMatchers("a=c");
  const std::string second = *silences_.Set(other, now_ + hours(1) / 2);
  EXPECT_NE(second, id);
  EXPECT_EQ(silences_.Find(id)->StateAt(now_ + hours(1)), SilenceState::kExpired);
  EXPECT_EQ(silences_.Find(second)->StateAt(now_ + hours(1)), SilenceState::kActive);
}

TEST_F(SilencesTest, ExpiresOnceAndIsForgottenLater) {
  const std::string id = *silences_.Set(Make("a=b", hours(0), hours(1)), now_);
  EXPECT_TRUE(silences_.Expire(id, now_).ok());
  EXPECT_TRUE(silences_.Silencing({{"a", "b"}}, now_).empty());
  EXPECT_EQ(silences_.Expire(id, now_).error().code(), Errc::kInvalid);
  EXPECT_EQ(silences_.Expire("x", now_).error().code(), Errc::kNotFound);
  silences_.Forget(now_ + hours(100));
  EXPECT_TRUE(silences_.Find(id));
  silences_.Forget(now_ + hours(121));
  EXPECT_FALSE(silences_.Find(id));
  EXPECT_THAT(changed_, ElementsAre(id + " set", id + " set", id + " forgotten"));
}

}  // namespace
}  // namespace tocsin::notify
