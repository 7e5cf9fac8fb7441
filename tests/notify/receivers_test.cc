// Every receiver of the catalog: what it sends, compared byte for byte, for a firing and a resolved
// group with hostile labels; and what becomes of a broken template.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/hex.h"
#include "base/sha256.h"
#include "notify/catalog.h"
#include "notify/mail.h"
#include "notify/queue.h"
#include "notify/routing_config.h"

namespace tocsin::notify {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr WallTime kNow = WallTime(milliseconds(1'700'000'000'000));
const std::string kHostile = "a\"b<!channel>&\r\nBcc: x@y {{ .Evil }}";

Message SomeMessage(bool firing = true) {
  Message message;
  message.key = "{}:{alertname=\"Disk\"}";
  message.group = {"team", message.key, {{"alertname", "Disk"}}};
  Alert alert;
  alert.labels = {{"alertname", "Disk"}, {"path", kHostile}};
  alert.annotations = {{"summary", "90 % full"}};
  alert.starts_at = kNow - seconds(90);
  if (!firing) alert.ended_at = kNow;
  alert.generator_url = "http://t/graph?a=1&b=2";
  message.alerts.push_back(alert);
  message.whole_group = true;
  return message;
}

class ReceiversTest : public testing::Test {
 protected:
  /// The notifier that one element of `key` gives.
  std::shared_ptr<const Notifier> Make(const std::string& key, const std::string& settings,
                                       const Labels& identity = {}) {
    const std::string text =
        "global: { smtp_smarthost: 'mail:587', smtp_from: 'Tocsin <t@h>' }\n"
        "route: { receiver: team }\nreceivers: [ { name: team, " +
        key + ": [ " + settings + " ] } ]\n";
    const auto file = ParseYaml(text, "am.yml");
    YamlFields fields(*file, *file->root, "config");
    auto routing = ReadRouting(fields, InlineSecrets::kAllowed, "http://tocsin", identity);
    EXPECT_TRUE(routing.ok()) << routing.error().message();
    if (!routing || routing->destinations.empty()) return nullptr;
    EXPECT_TRUE(fields.Finish().ok());
    return routing->destinations[0].notifier;
  }
  Request Render(const Notifier& notifier, const Message& message) {
    const auto request = notifier.Render(std::span(&message, 1), kNow);
    EXPECT_TRUE(request.ok()) << request.error().message();
    return request.ok() ? *request : Request{};
  }
  HttpRequest Http(const std::string& key, const std::string& settings, bool firing = true) {
    const auto notifier = Make(key, settings);
    return notifier ? std::get<HttpRequest>(Render(*notifier, SomeMessage(firing))) : HttpRequest{};
  }
  const std::string json_hostile_ = R"(a\"b<!channel>&\r\nBcc: x@y {{ .Evil }})";
  const std::string hash_ = HexText(Sha256("{}:{alertname=\"Disk\"}"));
};

TEST_F(ReceiversTest, Webhook) {
  const HttpRequest request = Http("webhook_configs", "{ url: 'http://h/p' }");
  EXPECT_EQ(request.url, "http://h/p");
  EXPECT_EQ(
      request.body,
      R"({"receiver":"team","status":"firing","alerts":[{"status":"firing","labels":)"
      R"({"alertname":"Disk","path":")" +
          json_hostile_ +
          R"("},"annotations":)"
          R"({"summary":"90 % full"},"startsAt":"2023-11-14T22:11:50Z","endsAt":)"
          R"("0001-01-01T00:00:00Z","generatorURL":"http://t/graph?a=1&b=2","fingerprint":")" +
          FingerprintText(SomeMessage().alerts[0].labels) +
          R"("}],"groupLabels":{"alertname":"Disk"},"commonLabels":{"alertname":"Disk","path":")" +
          json_hostile_ +
          R"("},"commonAnnotations":{"summary":"90 % full"},"externalURL":)"
          R"("http://tocsin","version":"4","groupKey":"{}:{alertname=\"Disk\"}","truncatedAlerts":0})"
          "\n");
}

TEST_F(ReceiversTest, WebhookTruncates) {
  const auto notifier = Make("webhook_configs", "{ url: 'http://h', max_alerts: 1 }");
  Message message = SomeMessage();
  message.alerts.push_back(message.alerts[0]);
  const auto request = std::get<HttpRequest>(Render(*notifier, message));
  EXPECT_THAT(request.body, HasSubstr(R"("truncatedAlerts":1)"));
}

TEST_F(ReceiversTest, SlackEscapesValuesAndNotTheTemplate) {
  const HttpRequest request =
      Http("slack_configs",
           "{ api_url: 'http://s/x', channel: '#c', text: '<http://x|{{ .CommonLabels.path }}>', "
           "fields: [ { title: T, value: '{{ .CommonAnnotations.summary }}', short: true } ] }");
  EXPECT_EQ(request.url, "http://s/x");
  EXPECT_THAT(request.body, testing::StartsWith(R"({"channel":"#c","username":"Tocsin",)"));
  EXPECT_THAT(request.body, HasSubstr(R"("text":"<http://x|a\"b&lt;!channel&gt;&amp;\r\nBcc: x@y )"
                                      R"({{ .Evil }}>")"));
  EXPECT_THAT(request.body, Not(HasSubstr("<!channel>")));
  EXPECT_THAT(request.body, HasSubstr(R"("title":"[FIRING:1] Disk (a\"b&lt;)"));
  EXPECT_THAT(request.body, HasSubstr(R"("color":"danger")"));
  EXPECT_THAT(request.body, HasSubstr(R"([{"title":"T","value":"90 % full","short":true}])"));
  const auto slack = Make("slack_configs", "{ api_url: 'http://s/x' }");
  EXPECT_EQ(slack->Judge(Answer{200, "", R"({"ok":false,"error":"channel_not_found"})"}, kNow).kind,
            Verdict::Kind::kRejected);
  EXPECT_EQ(slack->Judge(Answer{200, "", "ok"}, kNow).kind, Verdict::Kind::kDelivered);
}

TEST_F(ReceiversTest, PagerdutyTriggersAndResolvesOneIncident) {
  const std::string settings = "{ routing_key: KEY, severity: critical, details: { extra: x } }";
  const HttpRequest fire = Http("pagerduty_configs", settings);
  EXPECT_EQ(fire.url, "https://events.pagerduty.com/v2/enqueue");
  EXPECT_THAT(fire.body, testing::StartsWith(R"({"routing_key":"KEY","dedup_key":")" + hash_ +
                                             R"(","event_action":"trigger","client":"Tocsin")"));
  EXPECT_THAT(fire.body, HasSubstr(R"("severity":"critical","custom_details":{"extra":"x",)"));
  EXPECT_THAT(fire.body, HasSubstr(R"("num_firing":"1","num_resolved":"0")"));
  const HttpRequest end = Http("pagerduty_configs", settings, false);
  EXPECT_THAT(end.body, HasSubstr(R"("dedup_key":")" + hash_ + R"(","event_action":"resolve")"));
  const HttpRequest old = Http("pagerduty_configs", "{ service_key: K }");
  EXPECT_THAT(old.url, HasSubstr("create_event.json"));
  EXPECT_THAT(old.body, HasSubstr(R"("incident_key":")" + hash_ + R"(","event_type":"trigger")"));
}

TEST_F(ReceiversTest, AgentsOfTwoHostsOpenTwoIncidents) {
  for (const auto& [key, settings] : {std::pair("pagerduty_configs", "{ routing_key: K }"),
                                      std::pair("opsgenie_configs", "{ api_key: K }")}) {
    std::vector<std::string> bodies;
    for (const char* host : {"web1", "web2", "web2"}) {
      const auto notifier = Make(key, settings, Labels{{"instance", host}});
      bodies.push_back(std::get<HttpRequest>(Render(*notifier, SomeMessage())).body);
    }
    EXPECT_NE(bodies[0], bodies[1]) << "the end of the one would close the other";
    EXPECT_EQ(bodies[1], bodies[2]);
    EXPECT_THAT(bodies[0], Not(HasSubstr(hash_)));
  }
}

TEST_F(ReceiversTest, PagerdutySendsNoLinkWithoutAnAddress) {
  const HttpRequest request =
      Http("pagerduty_configs",
           "{ routing_key: K, links: [ { href: '{{ .CommonAnnotations.no }}', text: a }, { href: "
           "'http://r', text: b } ], images: [ { src: '{{ .CommonAnnotations.no }}', alt: a } ] }");
  EXPECT_THAT(request.body, HasSubstr(R"("images":[],"links":[{"href":"http://r","text":"b"}])"));
}

TEST_F(ReceiversTest, TheOlderPagerdutyApiAsksForPatienceWith403) {
  const Answer refused{403, "", "Forbidden"};
  EXPECT_EQ(Make("pagerduty_configs", "{ service_key: K }")->Judge(refused, kNow).kind,
            Verdict::Kind::kRetry);
  EXPECT_EQ(Make("pagerduty_configs", "{ routing_key: K }")->Judge(refused, kNow).kind,
            Verdict::Kind::kRejected);
}

TEST_F(ReceiversTest, PagerdutyLeavesOutDetailsThatAreTooLarge) {
  const auto notifier = Make("pagerduty_configs", "{ routing_key: K }");
  Message message = SomeMessage();
  message.alerts[0].annotations = Labels{{"big", std::string(600'000, 'x')}};
  const auto request = std::get<HttpRequest>(Render(*notifier, message));
  EXPECT_LT(request.body.size(), 512'000u);
  EXPECT_THAT(request.body, HasSubstr("left out"));
}

TEST_F(ReceiversTest, OpsgenieOpensAndCloses) {
  const std::string settings =
      "{ api_key: K, tags: 'a, b', priority: P1, responders: [ { name: t, "
      "type: team } ] }";
  const HttpRequest open = Http("opsgenie_configs", settings);
  EXPECT_EQ(open.url, "https://api.opsgenie.com/v2/alerts");
  EXPECT_EQ(open.headers.back().value, "GenieKey K");
  EXPECT_THAT(open.body,
              testing::StartsWith(R"({"alias":")" + hash_ + R"(","message":"[FIRING:1])"));
  EXPECT_THAT(open.body,
              HasSubstr(R"("responders":[{"name":"t","type":"team"}],"tags":["a","b"])"));
  EXPECT_THAT(open.body, HasSubstr(R"("priority":"P1")"));
  const HttpRequest close = Http("opsgenie_configs", settings, false);
  EXPECT_EQ(close.url,
            "https://api.opsgenie.com/v2/alerts/" + hash_ + "/close?identifierType=alias");
}

TEST_F(ReceiversTest, OpsgenieLeavesOutRespondersThatAreNobody) {
  const HttpRequest request =
      Http("opsgenie_configs",
           "{ api_key: K, responders: [ { name: '{{ .CommonLabels.team }}', type: team }, { id: "
           "'{{ .CommonLabels.team }}' }, { name: 'ops, {{ .CommonLabels.alertname }}', type: "
           "teams } ] }");
  EXPECT_THAT(request.body, HasSubstr(R"("responders":[{"name":"ops","type":"team"},)"
                                      R"({"name":"Disk","type":"team"}])"));
}

TEST_F(ReceiversTest, TelegramEscapesHtmlAndDropsTheModeWhenItCuts) {
  const std::string settings =
      "{ bot_token: '1:T', chat_id: -5, message: '<b>{{ "
      ".CommonLabels.path }}</b>' }";
  const HttpRequest request = Http("telegram_configs", settings);
  EXPECT_EQ(request.url, "https://api.telegram.org/bot1:T/sendMessage");
  EXPECT_THAT(request.body, HasSubstr(R"("chat_id":-5,"text":"<b>a&#34;b&lt;!channel&gt;&amp;)"));
  EXPECT_THAT(request.body, HasSubstr(R"("parse_mode":"HTML")"));
  const auto notifier = Make("telegram_configs", settings);
  Message message = SomeMessage();
  message.alerts[0].labels = Labels{{"path", std::string(5000, 'x')}};
  EXPECT_THAT(std::get<HttpRequest>(Render(*notifier, message)).body, Not(HasSubstr("parse_mode")));
}

TEST_F(ReceiversTest, WhatTelegramCannotParseGoesOutAsPlainText) {
  const auto telegram =
      Make("telegram_configs",
           "{ bot_token: T, chat_id: 1, parse_mode: Markdown, message: '*{{ .Status }}* a_b' }");
  Message message = SomeMessage();
  EXPECT_THAT(std::get<HttpRequest>(Render(*telegram, message)).body, HasSubstr("Markdown"));
  const Answer refused{400, "",
                       R"({"ok":false,"error_code":400,"description":"Bad Request: can't parse )"
                       R"(entities: Can't find end of the entity starting at byte offset 11"})"};
  const Verdict verdict = telegram->Judge(refused, kNow);
  ASSERT_EQ(verdict.kind, Verdict::Kind::kRetry);
  DestinationQueue queue({}, 1);
  queue.Put({message, kNow}, {kNow, MonoTime{}});
  queue.Take(1, MonoTime{});
  queue.Finish(verdict, {kNow, MonoTime{}});
  const auto again = queue.Take(1, MonoTime{} + seconds(1));
  ASSERT_EQ(again.size(), 1u);
  const std::string body = std::get<HttpRequest>(Render(*telegram, again[0])).body;
  EXPECT_THAT(body, HasSubstr(R"("text":"*firing* a_b")"));
  EXPECT_THAT(body, Not(HasSubstr("parse_mode")));
  EXPECT_EQ(telegram->Judge(Answer{400, "", "chat not found"}, kNow).kind,
            Verdict::Kind::kRejected);
}

TEST_F(ReceiversTest, DiscordMentionsNobody) {
  const HttpRequest request = Http("discord_configs", "{ webhook_url: 'http://d/1' }");
  EXPECT_EQ(request.url, "http://d/1");
  EXPECT_THAT(request.body, HasSubstr(R"("allowed_mentions":{"parse":[]})"));
  EXPECT_THAT(request.body, HasSubstr(R"("title":"[FIRING:1] Disk)"));
  EXPECT_THAT(request.body, HasSubstr(R"("color":10038562)"));
}

TEST_F(ReceiversTest, MsTeams) {
  const HttpRequest request = Http("msteams_configs", "{ webhook_url: 'http://m/1' }", false);
  EXPECT_THAT(request.body,
              testing::StartsWith(R"({"@context":"http://schema.org/extensions","@type":)"
                                  R"("MessageCard","title":"[RESOLVED] Disk)"));
  EXPECT_THAT(request.body, HasSubstr("# Alerts Resolved:"));
  EXPECT_THAT(request.body, HasSubstr(R"("themeColor":"2DC72D")"));
}

TEST_F(ReceiversTest, MsTeamsReadsWhatA200Says) {
  const auto teams = Make("msteams_configs", "{ webhook_url: 'http://m/1' }");
  const auto kind_of = [&](const std::string& body) {
    return teams->Judge(Answer{200, "", body}, kNow).kind;
  };
  const std::string refused =
      "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error ";
  EXPECT_EQ(kind_of("1"), Verdict::Kind::kDelivered);
  EXPECT_EQ(kind_of(refused + "429 with ContextId tcid=1"), Verdict::Kind::kRetry);
  EXPECT_EQ(kind_of(refused + "503 with ContextId tcid=1"), Verdict::Kind::kRetry);
  EXPECT_EQ(kind_of(refused + "413 with ContextId tcid=1"), Verdict::Kind::kRejected);
}

TEST_F(ReceiversTest, MsTeamsStaysUnderItsLimit) {
  const auto teams = Make("msteams_configs", "{ webhook_url: 'http://m/1' }");
  Message message = SomeMessage();
  message.alerts[0].annotations = Labels{{"summary", std::string(50'000, 'x')}};
  EXPECT_LT(std::get<HttpRequest>(Render(*teams, message)).body.size(), 14'336u);
}

TEST_F(ReceiversTest, NtfyCountsBytes) {
  const auto ntfy = Make("ntfy_configs", "{ topic: t, message: '{{ .CommonLabels.path }}' }");
  Message message = SomeMessage();
  std::string text;
  for (int i = 0; i < 2'500; ++i) text += "д";
  message.alerts[0].labels = Labels{{"path", text}};
  const auto request = std::get<HttpRequest>(Render(*ntfy, message));
  const auto begin = request.body.find(R"("message":")") + 11;
  const auto size = request.body.find('"', begin) - begin;
  EXPECT_LE(size, 4'096u);
  EXPECT_GT(size, 3'900u);
}

TEST_F(ReceiversTest, Ntfy) {
  const HttpRequest request = Http("ntfy_configs", "{ topic: secret-topic, tags: [warning] }");
  EXPECT_EQ(request.url, "https://ntfy.sh");
  EXPECT_THAT(request.body, testing::StartsWith(R"({"topic":"secret-topic","title":"[FIRING:1])"));
  EXPECT_THAT(request.body,
              HasSubstr(R"("priority":4,"click":"http://tocsin/alerts?receiver=team",)"
                        R"("tags":["warning"])"));
}

TEST_F(ReceiversTest, Pushover) {
  const HttpRequest request = Http("pushover_configs", "{ token: T, user_key: U }");
  EXPECT_EQ(request.url, "https://api.pushover.net/1/messages.json");
  EXPECT_THAT(request.body, testing::StartsWith("token=T&user=U&title=%5BFIRING%3A1%5D%20Disk"));
  EXPECT_THAT(request.body, HasSubstr("&priority=2&retry=60&expire=3600"));
  EXPECT_THAT(Http("pushover_configs", "{ token: T, user_key: U }", false).body,
              Not(HasSubstr("retry")));
}

TEST_F(ReceiversTest, ExecGetsThePayloadAndNoSecrets) {
  ASSERT_EQ(::setenv("TOCSIN_TEST_SECRET2", "s3cret", 1), 0);
  const auto notifier = Make("exec_configs", "{ command: /bin/page, args: [-x], timeout: 3s }");
  const auto request = std::get<ExecRequest>(Render(*notifier, SomeMessage()));
  EXPECT_EQ(request.program, "/bin/page");
  EXPECT_EQ(request.arguments, std::vector<std::string>{"-x"});
  EXPECT_EQ(request.timeout, seconds(3));
  EXPECT_THAT(request.input, HasSubstr(R"("version":"4")"));
  EXPECT_THAT(request.environment, testing::Contains("TOCSIN_STATUS=firing"));
  EXPECT_THAT(request.environment, Not(testing::Contains(HasSubstr("s3cret"))));
  EXPECT_EQ(notifier->Judge(Answer{0, "", ""}, kNow).kind, Verdict::Kind::kDelivered);
  EXPECT_EQ(notifier->Judge(Answer{75, "", ""}, kNow).kind, Verdict::Kind::kRetry);
  EXPECT_EQ(notifier->Judge(Answer{137, "", ""}, kNow).kind, Verdict::Kind::kRetry);
  EXPECT_EQ(notifier->Judge(Answer{1, "", ""}, kNow).kind, Verdict::Kind::kRejected);
}

TEST_F(ReceiversTest, EmailHeadersHoldNoInjection) {
  const auto notifier = Make("email_configs",
                             "{ to: 'A <a@x>, b@y', headers: { X-Path: '{{ .CommonLabels.path }}' "
                             "}, text: '{{ .CommonLabels.path }}', auth_username: u, "
                             "auth_password: p }");
  const auto mail = std::get<MailRequest>(Render(*notifier, SomeMessage()));
  EXPECT_EQ(mail.host, "mail");
  EXPECT_EQ(mail.port, 587);
  EXPECT_EQ(mail.security, MailRequest::Security::kStartTlsRequired);
  EXPECT_EQ(mail.from, "t@h");
  EXPECT_EQ(mail.to, (std::vector<std::string>{"a@x", "b@y"}));
  EXPECT_EQ(mail.password, "p");
  EXPECT_EQ(mail.mechanisms, (std::vector<std::string>{"PLAIN", "LOGIN"}));
  const auto with_secret = Make("email_configs", "{ to: a@x, auth_username: u, auth_secret: s }");
  const auto challenged = std::get<MailRequest>(Render(*with_secret, SomeMessage()));
  EXPECT_EQ(challenged.password, "s");
  EXPECT_EQ(challenged.mechanisms, std::vector<std::string>{"CRAM-MD5"});
  const std::string head = mail.message.substr(0, mail.message.find("\r\n\r\n"));
  EXPECT_THAT(head, HasSubstr("X-Path: a\"b<!channel>&  Bcc: x@y {{ .Evil }}\r\n"));
  EXPECT_THAT(head, Not(HasSubstr("\nBcc:")));
  EXPECT_THAT(head, HasSubstr("Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n"));
  EXPECT_THAT(head, HasSubstr("Content-Type: multipart/alternative; boundary=tocsin-"));
  EXPECT_THAT(mail.message, HasSubstr("&lt;!channel&gt;"));
  const auto implicit = Make("email_configs", "{ to: a@x, smarthost: 'm:465' }");
  EXPECT_EQ(std::get<MailRequest>(Render(*implicit, SomeMessage())).security,
            MailRequest::Security::kTls);
  const auto id_of = [&] {
    const std::string message = std::get<MailRequest>(Render(*notifier, SomeMessage())).message;
    const auto at = message.find("Message-ID: <");
    return message.substr(at, message.find("@localhost>\r\n", at) - at);
  };
  EXPECT_NE(id_of(), id_of()) << "two receivers of one mailbox, at the same moment";
  EXPECT_EQ(notifier->Judge(Answer{451, "", ""}, kNow).kind, Verdict::Kind::kRetry);
  EXPECT_EQ(notifier->Judge(Answer{550, "", ""}, kNow).kind, Verdict::Kind::kRejected);
}

/// Templates of what the alerts of a group have in common give nothing as soon as they differ.
TEST_F(ReceiversTest, WhatMustNotBeBlankIsNot) {
  const std::string no = "'{{ .CommonAnnotations.no }}'";
  const std::string line = R"([firing] {alertname=\"Disk\"})";
  EXPECT_THAT(
      Http("pagerduty_configs",
           "{ routing_key: K, description: " + no + ", source: " + no + ", severity: " + no + " }")
          .body,
      HasSubstr(R"("summary":")" + line + R"(","source":")" + line + R"(","severity":"error")"));
  const std::string opsgenie =
      Http("opsgenie_configs", "{ api_key: K, message: " + no + ", priority: high }").body;
  EXPECT_THAT(opsgenie, HasSubstr(R"("message":")" + line + R"(")"));
  EXPECT_THAT(opsgenie, Not(HasSubstr("priority")));
  EXPECT_THAT(Http("telegram_configs", "{ bot_token: T, chat_id: 1, message: " + no + " }").body,
              HasSubstr(R"("text":")" + line + R"(")"));
  EXPECT_THAT(Http("discord_configs",
                   "{ webhook_url: 'http://d/1', title: " + no + ", message: " + no + " }")
                  .body,
              HasSubstr(R"("description":")" + line + R"(")"));
  EXPECT_THAT(Http("msteams_configs", "{ webhook_url: 'http://m/1', summary: " + no + " }").body,
              HasSubstr(R"("summary":")" + line + R"(")"));
  EXPECT_THAT(Http("pushover_configs", "{ token: T, user_key: U, priority: high }").body,
              Not(HasSubstr("priority")));
}

TEST_F(ReceiversTest, WhereTheFormatIsCheckedABrokenTemplatePagesInPlainText) {
  for (const char* mode : {"HTML", "MarkdownV2"}) {
    const HttpRequest request =
        Http("telegram_configs", "{ bot_token: T, chat_id: 1, parse_mode: " + std::string(mode) +
                                     ", message: '{{ template \"no\" . }}' }");
    EXPECT_THAT(request.body, HasSubstr("error expanding template"));
    EXPECT_THAT(request.body, HasSubstr("90 % full"));
    EXPECT_THAT(request.body, Not(HasSubstr("parse_mode")));
    EXPECT_THAT(request.body, Not(HasSubstr("<br")));
  }
  const HttpRequest request =
      Http("pushover_configs",
           "{ token: T, user_key: U, html: true, message: '{{ template \"no\" . }}' }");
  EXPECT_THAT(request.body, Not(HasSubstr("html=1")));
  EXPECT_THAT(request.body, Not(HasSubstr("%3Cbr")));
}

TEST_F(ReceiversTest, ABrokenTemplateStillPages) {
  const HttpRequest request =
      Http("discord_configs", "{ webhook_url: 'http://d/1', message: '{{ template \"no\" . }}' }");
  EXPECT_THAT(request.body, HasSubstr("error expanding template"));
  EXPECT_THAT(request.body, HasSubstr("90 % full"));
}

TEST(MailTest, EncodesWhatIsNotAscii) {
  EXPECT_EQ(EncodedHeaderValue("plain"), "plain");
  EXPECT_EQ(EncodedHeaderValue("é=?"), "=?UTF-8?q?=C3=A9=3D=3F?=");
  const std::string longer = EncodedHeaderValue(std::string(40, '_') + "ééééééééé");
  for (const char c : longer) EXPECT_TRUE(c == '\r' || c == '\n' || (c >= 0x20 && c < 0x7f));
  EXPECT_THAT(longer, HasSubstr("?=\r\n =?UTF-8?q?"));
  EXPECT_THAT(EncodedHeaderValue(std::string(2000, 'x')).substr(0, 998), HasSubstr("\r\n "))
      << "RFC 5322, 2.1.1";
  std::string people;
  for (int i = 0; i < 100; ++i) people += (i ? ", " : "") + std::string("someone@example.org");
  std::string folded = EncodedHeaderValue(people);
  EXPECT_THAT(folded.substr(0, 998), HasSubstr(",\r\n someone"));
  for (auto at = folded.find("\r\n"); at != std::string::npos; at = folded.find("\r\n")) {
    folded.erase(at, 2);
  }
  EXPECT_EQ(folded, people) << "addresses are folded and not encoded";
  EXPECT_EQ(QuotedPrintable("a=b \nc\r\nd\xc3\xa9"), "a=3Db=20\r\nc\r\nd=C3=A9");
  EXPECT_EQ(QuotedPrintable(std::string(80, 'x')).substr(75, 3), "=\r\n");
  EXPECT_EQ(MailAddress("\"Doe, J\" <j@d>"), "j@d");
  EXPECT_EQ(MailAddress("x>\r\nRCPT TO:<y"), "");
  EXPECT_EQ(MailAddresses("\"Doe, J\" <j@d>, k@e,"), (std::vector<std::string>{"j@d", "k@e"}));
}

TEST(Sha256Test, KnownAnswers) {
  EXPECT_EQ(HexText(Sha256("")),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(HexText(Sha256("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(HexText(Sha256(std::string(1000, 'a'))),
            "41edece42d63e8d9bf515a9ba6932e1c20cbc9f5a5d134645adb5db1b9737ea3");
  // RFC 4231, case 2.
  EXPECT_EQ(HexText(HmacSha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

}  // namespace
}  // namespace tocsin::notify
