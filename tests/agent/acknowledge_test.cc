#include "agent/api/acknowledge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/yaml.h"
#include "tests/notify/scripted_transport.h"

namespace tocsin::api {
namespace {

using notify::Notifications;
using testing::HasSubstr;
using testing::Not;

class AcknowledgeTest : public testing::Test {
 protected:
  AcknowledgeTest() {
    auto transport = std::make_unique<notify::ScriptedTransport>();
    notifications_ = std::make_unique<Notifications>(
        clock_, notify::NotificationParts{.transport = std::move(transport), .link_key = "k"});
    const auto file = ParseYaml(
        "route: { receiver: team, group_by: [alertname] }\nreceivers: [ { name: team } ]\n", "t");
    auto config = notify::ReadNotifyConfig(*file, *file->root, {});
    EXPECT_TRUE(config.ok()) << config.error().message();
    notifications_->Apply(*std::move(config));
    for (const char* name : {"A", "B"}) Send(name, AlertState::kFiring);
  }

  void Send(const std::string& name, AlertState state) {
    AlertEvent event;
    event.identity = {{"alertname", name}, {"disk", "<sda>"}};
    event.labels = event.identity;
    event.annotations = {{"summary", "<script>" + name}};
    event.state = state;
    event.fired_at = event.resolved_at = clock_.Wall();
    event.valid_until = clock_.Wall() + std::chrono::minutes(4);
    notifications_->Send(std::span(&event, 1));
  }
  http::Response Post(std::string_view body, std::string_view type = "application/json") {
    http::Request request;
    request.method = "POST";
    request.headers = {{"content-type", type}};
    request.body = body;
    return Acknowledgements(*notifications_, request);
  }
  std::string LinkTo(const std::string& name) const {
    return notifications_->links().Query("{}:{alertname=\"" + name + "\"}", clock_.Wall());
  }
  http::Response Page(std::string_view method, std::string_view query, std::string_view body = {}) {
    http::Request request;
    request.method = method;
    request.query = query;
    request.body = body;
    request.headers = {{"content-type", "application/x-www-form-urlencoded"}};
    return AcknowledgePage(*notifications_, clock_.Wall(), request);
  }
  /// By whom the group of this alert is acknowledged; nothing: by nobody.
  std::optional<std::string> By(const std::string& name) const {
    for (const notify::GroupView& group : notifications_->Groups()) {
      if (group.labels.Get("alertname") != name || !group.acknowledged) continue;
      return group.acknowledged->by;
    }
    return std::nullopt;
  }

  ManualClock clock_{FromMillis(1'700'000'000'000)};
  std::unique_ptr<Notifications> notifications_;
};

TEST_F(AcknowledgeTest, TheApiTakesMatchersOrAGroup) {
  const auto done =
      Post(R"({"matchers":["alertname=A","disk=~\".*sd.*\""],"by":"me","comment":"c"})");
  EXPECT_EQ(done.status, 200) << done.body;
  EXPECT_THAT(done.body, HasSubstr(R"("group":"{}:{alertname=\"A\"}")"));
  EXPECT_THAT(done.body, HasSubstr(R"("acknowledged":{"by":"me","comment":"c")"));
  EXPECT_EQ(By("A"), "me");
  EXPECT_EQ(By("B"), std::nullopt);
  EXPECT_EQ(Post(R"({"group":"{}:{alertname=\"B\"}","by":"you"})").status, 200);
  EXPECT_EQ(By("B"), "you");
  http::Request list;
  list.method = "GET";
  EXPECT_THAT(Acknowledgements(*notifications_, list).body, HasSubstr(R"("by":"you")"));
}

TEST_F(AcknowledgeTest, ItCanBeTakenBack) {
  ASSERT_EQ(Post(R"({"matchers":["alertname=A"],"by":"me"})").status, 200);
  EXPECT_EQ(Post(R"({"matchers":["alertname=B"],"undo":true})").status, 404) << "nobody took it on";
  EXPECT_EQ(Post(R"({"matchers":["alertname=A"],"undo":1})").status, 400);
  EXPECT_EQ(By("A"), "me");
  const auto undone = Post(R"({"matchers":["alertname=~\"A|B\""],"undo":true})");
  EXPECT_EQ(undone.status, 200) << undone.body;
  EXPECT_THAT(undone.body, HasSubstr(R"("acknowledged":null)"));
  EXPECT_THAT(undone.body, Not(HasSubstr(R"(\"B\")"))) << "only what was taken back is listed";
  EXPECT_EQ(By("A"), std::nullopt);
  EXPECT_EQ(Post(R"({"matchers":["alertname=A"],"undo":true})").status, 404);
  EXPECT_EQ(Post(R"({"matchers":["alertname=A"],"undo":false,"by":"you"})").status, 200);
  EXPECT_EQ(By("A"), "you");
  const auto page = Page("GET", LinkTo("A"));
  EXPECT_THAT(page.body, HasSubstr("name=\"undo\""));
  EXPECT_THAT(Page("POST", LinkTo("A"), "undo=1").body, HasSubstr("Acknowledge?"));
  EXPECT_EQ(By("A"), std::nullopt);
}

TEST_F(AcknowledgeTest, TheApiRefusesWhatMeansNothingOrTooMuch) {
  EXPECT_EQ(Post("{}").status, 400);
  EXPECT_EQ(Post("[]").status, 400);
  EXPECT_EQ(Post("{").status, 400);
  EXPECT_EQ(Post(R"({"matchers":["="]})").status, 400);
  EXPECT_EQ(Post(R"({"matchers":[1]})").status, 400);
  EXPECT_EQ(Post(R"({"group":1})").status, 400);
  EXPECT_EQ(Post(R"({"matchers":["alertname=C"]})").status, 404);
  EXPECT_EQ(Post(R"({"matchers":["alertname=A"]})", "text/plain").status, 400)
      << "what another site's page can send";
  EXPECT_EQ(By("A"), std::nullopt);
}

TEST_F(AcknowledgeTest, FollowingTheLinkAsksAndOnlyTheAnswerAcknowledges) {
  for (const char* method : {"GET", "HEAD"}) {
    const auto asked = Page(method, LinkTo("A"));
    EXPECT_EQ(asked.status, 200);
    EXPECT_THAT(asked.body, HasSubstr("<form method=\"post\">"));
    EXPECT_THAT(asked.body, HasSubstr("&lt;script&gt;A"));
    EXPECT_THAT(asked.body, Not(HasSubstr("<script>")));
    EXPECT_TRUE(asked.HasHeader("Referrer-Policy"));
    EXPECT_EQ(By("A"), std::nullopt) << method;
  }
  const auto done = Page("POST", LinkTo("A"), "by=J%C3%B6rg+%3Cx%3E&comment=on+it");
  EXPECT_EQ(done.status, 200);
  EXPECT_THAT(done.body, HasSubstr("Acknowledged by Jörg &lt;x&gt;"));
  EXPECT_EQ(By("A"), "Jörg <x>");
  EXPECT_EQ(By("B"), std::nullopt) << "the link is for one group";
  EXPECT_THAT(Page("GET", LinkTo("A")).body, Not(HasSubstr("name=\"by\"")));
}

TEST_F(AcknowledgeTest, OnlySignedLinksInTheirTimeDoAnything) {
  std::string forged = LinkTo("A");
  forged.replace(forged.find("signature=") + 10, 4, "0000");
  EXPECT_EQ(Page("POST", forged).status, 403);
  EXPECT_EQ(Page("POST", "").status, 403);
  const std::string link = LinkTo("A");
  clock_.Advance(notify::LinkSigner::kLife + seconds(1));
  EXPECT_EQ(Page("POST", link).status, 403);
  EXPECT_EQ(By("A"), std::nullopt);
  EXPECT_EQ(Page("POST", LinkTo("A")).status, 200);
  EXPECT_EQ(By("A"), "");
}

TEST_F(AcknowledgeTest, SaysWhenThereIsNothingLeft) {
  const std::string link = LinkTo("A");
  Send("A", AlertState::kInactive);
  EXPECT_THAT(Page("GET", link).body, HasSubstr("has ended"));
  EXPECT_THAT(Page("POST", link).body, HasSubstr("has ended"));
  EXPECT_EQ(Post(R"({"matchers":["alertname=A"]})").status, 404);
}

}  // namespace
}  // namespace tocsin::api
