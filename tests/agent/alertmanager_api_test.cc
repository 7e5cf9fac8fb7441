#include "agent/api/alertmanager.h"

#include <gtest/gtest.h>

#include "base/yaml.h"
#include "tests/notify/scripted_transport.h"

namespace tocsin::api {
namespace {

class AlertmanagerApiTest : public testing::Test {
 protected:
  AlertmanagerApiTest() {
    auto transport = std::make_unique<notify::ScriptedTransport>();
    notifications_ = std::make_unique<notify::Notifications>(
        clock_, notify::NotificationParts{.transport = std::move(transport), .link_key = "k"});
    const auto file = ParseYaml("route: { receiver: team }\nreceivers: [ { name: team } ]\n", "t");
    auto config = notify::ReadNotifyConfig(*file, *file->root, {});
    EXPECT_TRUE(config.ok()) << config.error().message();
    notifications_->Apply(*std::move(config));
    AlertEvent event;
    event.identity = event.labels = {{"alertname", "A"}};
    event.fired_at = clock_.Wall();
    event.valid_until = clock_.Wall() + std::chrono::minutes(4);
    notifications_->Send(std::span(&event, 1));
  }
  bool Lists(std::string_view query) const {
    http::Request request;
    request.method = "GET";
    request.query = query;
    const http::Response alerts = AmAlerts(*notifications_, request);
    EXPECT_EQ(alerts.status, 200) << alerts.body;
    EXPECT_EQ(alerts.body == "[]", AmGroups(*notifications_, request).body == "[]");
    return alerts.body != "[]";
  }
  http::Response Post(const std::string& starts, const std::string& ends,
                      const std::string& matcher) {
    const std::string body = R"({"createdBy":"me","comment":"","startsAt":")" + starts +
                             R"(","endsAt":")" + ends + R"(","matchers":[)" + matcher + "]}";
    http::Request request;
    request.method = "POST";
    request.headers = {{"content-type", "application/json"}};
    request.body = body;
    return AmSilences(*notifications_, clock_.Wall(), request);
  }

  ManualClock clock_{FromMillis(1'700'000'000'000)};  // 2023-11-14T22:13:20Z
  std::unique_ptr<notify::Notifications> notifications_;
};

// What Alertmanager 0.25 answered to the same.
TEST_F(AlertmanagerApiTest, ReadsParametersAsAlertmanagerDoes) {
  for (const char* all : {"", "active=true", "active=1", "active=", "receiver=", "receiver=te.*"}) {
    EXPECT_TRUE(Lists(all)) << all;
  }
  for (const char* none :
       {"active=false", "active=0", "active=FALSE", "active=xx", "receiver=te"}) {
    EXPECT_FALSE(Lists(none)) << none;
  }
}

TEST_F(AlertmanagerApiTest, TakesAndRefusesSilencesAsAlertmanagerDoes) {
  const std::string one = "2100-01-01T00:00:00Z";
  const std::string other = "2100-01-01T00:00:01Z";
  const std::string matcher = R"({"name":"a","value":"b","isRegex":false})";
  const std::string not_b = R"({"name":"a","value":"b","isRegex":false,"isEqual":false})";
  EXPECT_EQ(Post(one, other, matcher).status, 200);
  EXPECT_EQ(Post(one, other, not_b).status, 200);
  EXPECT_EQ(Post(one, one, matcher).status, 400);
  EXPECT_EQ(Post(other, one, matcher).status, 400);
  EXPECT_EQ(notifications_->AllSilences().size(), 2u);
}

}  // namespace
}  // namespace tocsin::api
