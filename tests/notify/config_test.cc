#include "notify/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <sstream>

#include "base/file.h"
#include "notify/catalog.h"

namespace tocsin::notify {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

Result<NotifyConfig> Read(std::string_view text) {
  auto file = ParseYaml(text, "/etc/t/t.yml");
  if (!file) return file.error();
  return ReadNotifyConfig(*file, *file->root, {});
}
std::string ErrorOf(std::string_view text) {
  const auto config = Read(text);
  return config.ok() ? "no error" : config.error().message();
}

TEST(NotifyConfigTest, ReadsAlertmanagers) {
  const auto config = Read(R"(
alertmanagers:
  - http://127.0.0.1:9093
  - url: https://am/prefix
    authorization: { credentials_file: token }
    proxy_url: http://proxy:3128
    tls_config: { ca_file: ca.pem, min_version: TLS13 }
  - ${AM_URL}
retry_for: 1h
max_queue: 5
)");
  ASSERT_TRUE(config.ok()) << config.error().message();
  ASSERT_EQ(config->alertmanagers.size(), 3u);
  EXPECT_EQ(config->alertmanagers[0].name, "alertmanager http://127.0.0.1:9093");
  const auto& second = config->alertmanagers[1];
  EXPECT_EQ(second.name, "alertmanager https://am");
  EXPECT_EQ(second.http.authorization_type, "Bearer");
  EXPECT_EQ(second.http.tls.ca_file, "/etc/t/ca.pem");
  EXPECT_TRUE(second.http.tls.tls13_only);
  EXPECT_EQ(config->alertmanagers[2].name, "alertmanager 2");
  EXPECT_EQ(config->queue.retry_for, std::chrono::hours(1));
  EXPECT_EQ(config->queue.max_messages, 5u);
  EXPECT_TRUE(Read("").ok());
}

TEST(NotifyConfigTest, SaysWhereAndWhatIsWrong) {
  EXPECT_EQ(ErrorOf("alertmanager: []\n"),
            "/etc/t/t.yml:1:1: unknown key \"alertmanager\" in notify: did you mean "
            "\"alertmanagers\"?");
  EXPECT_EQ(ErrorOf("alertmanagers: [ftp://x]\n"),
            "/etc/t/t.yml:1:17: expected a URL that begins with http:// or https://");
  EXPECT_THAT(ErrorOf("alertmanagers:\n  - url: http://x\n    http: 1\n"),
              StartsWith("/etc/t/t.yml:3:5: unknown key \"http\""));
  EXPECT_THAT(ErrorOf("max_queue: 0\n"), StartsWith("/etc/t/t.yml:1:12: "));
  EXPECT_THAT(ErrorOf("alertmanagers: [{url: http://x, oauth2: {}}]"), HasSubstr("not supported"));
}

TEST(NotifyConfigTest, RefusesSecretsInTheFile) {
  EXPECT_THAT(ErrorOf("alertmanagers: [{url: http://x, basic_auth: {username: u, password: p}}]"),
              HasSubstr("password_file"));
  EXPECT_THAT(ErrorOf("alertmanagers: ['http://u:p@x/']"), HasSubstr("password_file"));
  EXPECT_TRUE(
      Read("alertmanagers: [{url: http://x, basic_auth: {username: u, password: '${P}'}}]").ok());
}

TEST(SecretTest, IsRevealedOnlyWhenAsked) {
  ASSERT_EQ(::setenv("TOCSIN_TEST_SECRET", "s3", 1), 0);
  const Secret secret = Secret::Environment("TOCSIN_TEST_SECRET");
  std::ostringstream shown;
  shown << secret << Secret();
  EXPECT_EQ(shown.str(), "<secret>");
  EXPECT_EQ(*secret.Reveal(), "s3");
  EXPECT_EQ(Secret::Environment("TOCSIN_TEST_UNSET").Reveal().error().code(), Errc::kNotFound);
  EXPECT_EQ(Secret::File("/nonexistent").Reveal().error().code(), Errc::kIo);
  EXPECT_EQ(Secret::File("/dev/zero").Reveal().error().code(), Errc::kLimit);
}

// Every setting that config/tocsin.yml shows under `notify` loads as it stands there.
TEST(NotifyConfigTest, TheDocumentedConfigurationLoads) {
  const std::string path = TOCSIN_SOURCE_DIR "/config/tocsin.yml";
  const auto text = ReadWholeFile(path, 1 << 20);
  ASSERT_TRUE(text.ok()) << text.error().message();
  const auto begin = text->find("\nnotify:");
  ASSERT_NE(begin, std::string::npos);
  std::string section = text->substr(begin);
  for (auto at = section.find("\n#"); at != std::string::npos; at = section.find("\n#")) {
    section.erase(at + 1, 1);
  }
  const auto file = ParseYaml(section, path);
  ASSERT_TRUE(file.ok()) << file.error().message();
  const auto config = ReadNotifyConfig(*file, *file->root->Find("notify"), {});
  ASSERT_TRUE(config.ok()) << config.error().message();
  EXPECT_TRUE(config->page.acknowledge_links && config->page.context.sparkline);
  EXPECT_EQ(config->heartbeat.every, std::chrono::minutes(1));
  EXPECT_EQ(config->alertmanagers.size(), 2u);
  EXPECT_EQ(config->routing.config->root.escalate.size(), 2u);
  for (const ReceiverKind& kind : ReceiverCatalog()) {
    EXPECT_NE(section.find(std::string(kind.key) + ":"), std::string::npos) << kind.key;
  }
}

}  // namespace
}  // namespace tocsin::notify
