#include <gtest/gtest.h>

#include "notify/receivers/receivers.h"

namespace tocsin::notify {
namespace {

// What Prometheus 2.42 posted for the same alert, taken from the wire.
TEST(AlertmanagerTest, PostsWhatPrometheusPosts) {
  const auto am = MakeAlertmanager(Secret::Literal("http://h:9093/prefix/"), {});
  Message message;
  Alert& alert = message.alerts.emplace_back();
  alert.labels = {{"alertname", "B"}, {"dc", "e\"u"}, {"gone", ""}};
  alert.starts_at = FromMillis(1795245188730);
  alert.ended_at = FromMillis(1795245200730);
  alert.generator_url = "http://vm:39503/graph?g0.expr=vector%281%29";
  const auto request = am->Render(std::span(&message, 1), {});
  ASSERT_TRUE(request.ok());
  const auto& http = std::get<HttpRequest>(*request);
  EXPECT_EQ(http.url, "http://h:9093/prefix/api/v2/alerts");
  EXPECT_EQ(http.body,
            R"([{"endsAt":"2026-11-21T07:13:20.730Z","startsAt":"2026-11-21T07:13:08.730Z",)"
            R"("generatorURL":"http://vm:39503/graph?g0.expr=vector%281%29",)"
            R"("labels":{"alertname":"B","dc":"e\"u"}}])");
}

TEST(AlertmanagerTest, HostileTextStaysText) {
  const auto am = MakeAlertmanager(Secret::Literal("http://h"), {});
  Message message;
  message.alerts.push_back(
      {{{"a", "\"}],\n{{x}} <!channel>\xff"}}, {{"n", "\x01"}}, {}, {}, {}, {}});
  const auto request = am->Render(std::span(&message, 1), {});
  ASSERT_TRUE(request.ok());
  EXPECT_EQ(std::get<HttpRequest>(*request).body,
            R"([{"annotations":{"n":"\u0001"},"startsAt":"1970-01-01T00:00:00.000Z",)"
            R"("labels":{"a":"\"}],\n{{x}} <!channel>)"
            "\xef\xbf\xbd\"}}]");
}

}  // namespace
}  // namespace tocsin::notify
