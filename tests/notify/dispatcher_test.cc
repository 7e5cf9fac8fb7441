#include "notify/dispatcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "notify/receivers/receivers.h"
#include "tests/notify/scripted_transport.h"

namespace tocsin::notify {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using testing::ElementsAre;
using testing::HasSubstr;

class DispatcherTest : public testing::Test, public DeliveryObserver {
 protected:
  DispatcherTest() {
    auto transport = std::make_unique<ScriptedTransport>();
    transport_ = transport.get();
    dispatcher_ = std::make_unique<Dispatcher>(clock_, std::move(transport), this, nullptr, 7);
  }
  static Destination To(const std::string& host) {
    return {host, MakeAlertmanager(Secret::Literal("http://" + host), {}), {}};
  }
  void Put(const std::string& destination, const std::string& key) {
    Message message{key, {}, {{{{"alertname", key}}, {}, clock_.Wall(), {}, {}, {}}}};
    std::vector<Queued> messages;
    messages.push_back({std::move(message), clock_.Wall()});
    dispatcher_->Put(destination, std::move(messages));
  }
  void Round() { dispatcher_->RunOnce(hours(1)); }
  DestinationStats StatsOf(const std::string& name) {
    for (const auto& stats : dispatcher_->Stats()) {
      if (stats.destination == name) return stats;
    }
    ADD_FAILURE() << "no destination " << name;
    return {};
  }
  void OnDelivered(const std::string& destination, const std::vector<Queued>& messages) override {
    for (const Queued& q : messages) delivered_.push_back(destination + ":" + q.message.key);
  }
  void OnAbandoned(const std::string& destination, const std::vector<Queued>& messages,
                   std::string_view reason) override {
    for (const Queued& q : messages) {
      abandoned_.push_back(destination + ":" + q.message.key + ":" + std::string(reason));
    }
  }

  ManualClock clock_{FromMillis(1'700'000'000'000)};
  ScriptedTransport* transport_;
  std::unique_ptr<Dispatcher> dispatcher_;
  std::vector<std::string> delivered_;
  std::vector<std::string> abandoned_;
};

TEST_F(DispatcherTest, AHangingDestinationDelaysNoOther) {
  dispatcher_->SetDestinations({To("dead"), To("live")});
  for (int i = 0; i < 3; ++i) {
    Put("dead", std::to_string(i));
    Put("live", std::to_string(i));
    Round();
    ASSERT_TRUE(transport_->AnswerTo("http://live", WithStatus(200)));
    Round();
  }
  EXPECT_THAT(delivered_, ElementsAre("live:0", "live:1", "live:2"));
  EXPECT_EQ(transport_->Open("http://dead").size(), 1u);
  EXPECT_EQ(StatsOf("dead").queued, 3u);
  EXPECT_EQ(StatsOf("live").queued, 0u);
}

TEST_F(DispatcherTest, SixHoursOfOutageLeaveTheCurrentStateOnly) {
  dispatcher_->SetDestinations({To("am")});
  // 50 alerts are sent again every minute; each attempt is answered 503.
  for (int minute = 0; minute < 360; ++minute) {
    for (int i = 0; i < 50; ++i) Put("am", std::to_string(i));
    Round();
    while (transport_->AnswerTo("http://am", WithStatus(503))) Round();
    clock_.Advance(minutes(1));
  }
  EXPECT_EQ(StatsOf("am").queued, 50u);
  EXPECT_EQ(StatsOf("am").oldest_age, hours(6));
  EXPECT_GT(StatsOf("am").failures["status_5xx"], 100u);
  const MonoTime back = clock_.Mono();
  while (StatsOf("am").queued > 0) {
    Round();
    while (transport_->AnswerTo("http://am", WithStatus(200))) Round();
    if (StatsOf("am").queued == 0) break;
    clock_.Advance(std::chrono::duration_cast<milliseconds>(transport_->last_wait));
    ASSERT_LT(clock_.Mono() - back, minutes(5));
  }
  EXPECT_EQ(StatsOf("am").delivered, 50u);
  EXPECT_TRUE(abandoned_.empty());
}

TEST_F(DispatcherTest, EachKindOfAnswer) {
  struct Case {
    Result<Answer> answer;
    std::string reason;
    bool retried;
  };
  const std::vector<Case> cases = {
      {WithStatus(400), "status_4xx", false},
      {WithStatus(404), "status_4xx", false},
      {WithStatus(429, "30"), "rate_limited", true},
      {WithStatus(500), "status_5xx", true},
      {WithStatus(302), "redirect", true},
      {Error{Errc::kTimeout, "timed out"}, "timeout", true},
      {Error{Errc::kIo, "Could not resolve host"}, "network", true},
      {Error{Errc::kUnsupported, "no libcurl"}, "unsupported", true},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.reason);
    dispatcher_->SetDestinations({});
    dispatcher_->SetDestinations({To("x")});
    Put("x", "k");
    Round();
    ASSERT_TRUE(transport_->AnswerTo("http://x", c.answer));
    Round();
    EXPECT_EQ(StatsOf("x").failures[c.reason], 1u);
    EXPECT_EQ(StatsOf("x").queued, c.retried ? 1u : 0u);
    EXPECT_EQ(StatsOf("x").abandoned["rejected"], c.retried ? 0u : 1u);
    EXPECT_FALSE(StatsOf("x").last_error.empty());
  }
}

TEST_F(DispatcherTest, ASecretThatCannotBeReadIsTriedAgain) {
  dispatcher_->SetDestinations({{"x", MakeAlertmanager(Secret::File("/nonexistent/url"), {}), {}}});
  Put("x", "k");
  Round();
  EXPECT_EQ(StatsOf("x").queued, 1u);
  EXPECT_THAT(StatsOf("x").last_error, HasSubstr("/nonexistent/url"));
  EXPECT_TRUE(transport_->started.empty());
}

TEST_F(DispatcherTest, AReloadKeepsWhatIsQueuedAndReportsWhatGoes) {
  dispatcher_->SetDestinations({To("a"), To("b")});
  Put("a", "1");
  Put("b", "2");
  Round();  // both are in flight
  dispatcher_->SetDestinations({To("a")});
  EXPECT_THAT(abandoned_, ElementsAre("b:2:removed"));
  transport_->AnswerTo("http://a", WithStatus(200));
  transport_->AnswerTo("http://b", WithStatus(200));
  Round();
  EXPECT_THAT(delivered_, ElementsAre("a:1"));
}

TEST_F(DispatcherTest, AnAnswerToARemovedDestinationDoesNotCountForItsNamesake) {
  dispatcher_->SetDestinations({To("a")});
  Put("a", "old");
  Round();
  dispatcher_->SetDestinations({});
  dispatcher_->SetDestinations({To("a")});
  Put("a", "new");
  Round();
  ASSERT_EQ(transport_->Open("http://a").size(), 2u);
  transport_->AnswerTo("http://a", WithStatus(200));  // the old one's
  Round();
  EXPECT_TRUE(delivered_.empty());
  transport_->AnswerTo("http://a", WithStatus(200));
  Round();
  EXPECT_THAT(delivered_, ElementsAre("a:new"));
}

}  // namespace
}  // namespace tocsin::notify
