#include "notify/state/codec.h"

#include <gtest/gtest.h>

#include <limits>

namespace tocsin::notify {
namespace {

Message SomeMessage() {
  Message message;
  message.key = "{}:{a=\"b\"}";
  message.group = {"team", message.key, {{"a", "b"}}};
  message.alerts.push_back({{{"alertname", "A"}, {"x", std::string_view("\0\xff\n", 3)}},
                            {{"summary", "s"}},
                            FromMillis(1'700'000'000'123),
                            std::nullopt,
                            FromMillis(-5),
                            "http://x"});
  message.alerts.push_back({{{"alertname", "B"}}, {}, {}, FromMillis(77), {}, ""});
  message.whole_group = true;
  message.send_resolved = false;
  message.acknowledge_url = "http://x/acknowledge?a";
  message.log.firing = {1, std::numeric_limits<std::uint64_t>::max()};
  message.log.resolved = {7};
  message.log.at.wall = FromMillis(42);
  message.log.keep_for = std::chrono::hours(8);
  return message;
}

AlertRecord SomeRecord() {
  AlertRecord record;
  record.file = "/etc/r.yml";
  record.group = "g";
  record.rule_key = "k";
  record.identity = {{"alertname", "A"}};
  record.source = {{"__name__", "up"}};
  record.whole_rule = true;
  record.status.state = AlertState::kFiring;
  record.status.severity = Severity::kCritical;
  record.status.levels[1] = {true, true, false, seconds(61), seconds(2), 0xf0f0f0f0f0f0f0f0U};
  record.status.no_data = true;
  record.status.no_data_since = seconds(9);
  record.status.active_at = FromMillis(1);
  record.status.fired_at = FromMillis(2);
  record.status.severity_at = FromMillis(3);
  record.status.resolved_at = FromMillis(4);
  record.value = -0.5;
  record.annotations = {{"n", "v"}};
  record.sent_labels = Labels{{"alertname", "A"}, {"severity", "critical"}};
  record.sent_resolved = true;
  record.since_sent = seconds(5);
  record.since_resolved = seconds(6);
  record.ended_because = "no data";
  return record;
}

TEST(CodecTest, MessagesComeBackWhole) {
  const auto back = DecodeMessage(EncodeMessage(SomeMessage()));
  ASSERT_TRUE(back);
  EXPECT_EQ(EncodeMessage(*back), EncodeMessage(SomeMessage()));
  EXPECT_EQ(back->alerts[0].labels, SomeMessage().alerts[0].labels);
  EXPECT_EQ(back->acknowledge_url, SomeMessage().acknowledge_url);
  EXPECT_EQ(back->alerts[1].ended_at, FromMillis(77));
  EXPECT_TRUE(back->whole_group);
  EXPECT_EQ(back->log.firing, SomeMessage().log.firing);
}

TEST(CodecTest, AlertRecordsComeBackWhole) {
  EXPECT_EQ(DecodeAlertRecord(EncodeAlertRecord(SomeRecord())), SomeRecord());
  EXPECT_EQ(DecodeAlertRecord(EncodeAlertRecord({})), AlertRecord{});
}

TEST(CodecTest, SilencesComeBackWhole) {
  Silence silence;
  silence.id = "x";
  silence.matchers = *ParseMatchers(R"({a="b",c!~"d.*",e!="",f=~"g"})");
  silence.ends_at = FromMillis(9);
  silence.comment = "why";
  const auto back = DecodeSilence(EncodeSilence(silence));
  ASSERT_TRUE(back);
  EXPECT_EQ(MatchersText(back->matchers), MatchersText(silence.matchers));
  EXPECT_EQ(back->ends_at, FromMillis(9));
  EXPECT_EQ(back->comment, "why");
}

TEST(CodecTest, DamagedBytesAreRefused) {
  const std::string bytes = EncodeAlertRecord(SomeRecord());
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    EXPECT_FALSE(DecodeAlertRecord(std::string_view(bytes).substr(0, cut))) << cut;
  }
  EXPECT_FALSE(DecodeAlertRecord(bytes + "x"));
  // A flipped bit may give another valid value, but never more than that.
  for (std::size_t i = 0; i < bytes.size() * 8; ++i) {
    std::string flipped = bytes;
    flipped[i / 8] = static_cast<char>(flipped[i / 8] ^ (1 << (i % 8)));
    const auto back = DecodeAlertRecord(flipped);
    if (back) {
      EXPECT_EQ(EncodeAlertRecord(*back).empty(), false);
    }
  }
  // A count of 2^60 alerts in a few bytes.
  std::string lying = EncodeMessage({}).substr(0, 4);
  lying += "\x00\xff\xff\xff\xff\xff\xff\xff\xff\x0f";
  EXPECT_FALSE(DecodeMessage(lying));
}

}  // namespace
}  // namespace tocsin::notify
