#include "collectors/response/probe/dns_message.h"

#include <gtest/gtest.h>

#include "collectors/response/probe/dns_names.h"

namespace tocsin::probe {
namespace {

using namespace std::string_literals;

/// A response to "a.example. A" with one record of `type` in its answer section; its name points to
/// the question's (byte 12).
std::string Response(std::uint16_t type, const std::string& data) {
  std::string message = BuildDnsQuery({.id = 7, .name = "a.example"});
  message[2] = static_cast<char>(0x81);
  message[7] = 1;
  message += "\xc0\x0c"s;
  message += static_cast<char>(type >> 8);
  message += static_cast<char>(type & 0xff);
  message += "\0\1\0\0\x0e\x10"s;
  message += static_cast<char>(data.size() >> 8);
  message += static_cast<char>(data.size() & 0xff);
  return message + data;
}

TEST(DnsMessage, BuildsAQuestion) {
  EXPECT_EQ(BuildDnsQuery({.id = 0x1234, .name = "a.bc.", .type = 28}),
            "\x12\x34\x01\0\0\1\0\0\0\0\0\0\1a\2bc\0\0\x1c\0\1"s);
  EXPECT_EQ(BuildDnsQuery({.name = ".", .type = 2, .recursion_desired = false}),
            "\0\0\0\0\0\1\0\0\0\0\0\0\0\0\2\0\1"s);
  EXPECT_EQ(BuildDnsQuery({.name = "a", .type = 33, .udp_bytes = 4'096}),
            "\0\0\1\0\0\1\0\0\0\0\0\1\1a\0\0\x21\0\1\0\0\x29\x10\0\0\0\0\0\0\0"s);
}

TEST(DnsMessage, WritesRecordsAsZoneFilesDo) {
  struct Case {
    std::uint16_t type;
    std::string data;
    std::string text;
  };
  const Case cases[] = {
      {dns_type::kA, "\x7f\0\0\1"s, "A\t127.0.0.1"},
      {dns_type::kAaaa, "\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\1"s, "AAAA\t2001:db8::1"},
      {dns_type::kNs, "\2ns\xc0\x0c"s, "NS\tns.a.example."},
      {dns_type::kMx, "\0\x0a\1m\0"s, "MX\t10 m."},
      {dns_type::kTxt, "\3a\"b\1c"s, "TXT\t\"a\\\"b\" \"c\""},
      {dns_type::kSrv, "\0\1\0\2\x14\xeb\1s\0"s, "SRV\t1 2 5355 s."},
      {dns_type::kCaa, "\0\5issueca.example"s, "CAA\t0 issue \"ca.example\""},
      {dns_type::kCaa, "\0\2i\n\7"s, "CAA\t0 i\\010 \"\\007\""},
      {dns_type::kSoa, "\1n\0\1m\0\0\0\0\5\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4"s,
       "SOA\tn. m. 5 1 2 3 4"},
      {dns_type::kDs, "\0\1\x8\2\xab\xcd"s, "DS\t1 8 2 ABCD"},
      {65280, "\1\2"s, "TYPE65280\t\\# 2 0102"},
      {dns_type::kA, "\1"s, "A\t\\# 1 01"},
  };
  for (const Case& c : cases) {
    const auto answer = ParseDnsAnswer(Response(c.type, c.data));
    ASSERT_TRUE(answer.ok()) << c.text << ": " << answer.error().message();
    ASSERT_EQ(answer->answer.size(), 1U);
    EXPECT_EQ(answer->answer[0].text, "a.example.\t3600\tIN\t" + c.text);
    EXPECT_EQ(answer->id, 7);
    EXPECT_TRUE(answer->is_response);
    EXPECT_EQ(answer->answer[0].serial.has_value(), c.type == dns_type::kSoa);
  }
}

TEST(DnsMessage, RefusesWhatIsBroken) {
  const std::string good = Response(dns_type::kMx, "\0\x0a\1m\0"s);
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(ParseDnsAnswer(std::string_view(good).substr(0, size)).ok()) << size;
  }
  // A pointer to itself, one forwards, a record longer than its data, a label over its record.
  EXPECT_FALSE(ParseDnsAnswer(Response(dns_type::kNs, "\xc0\x27"s)).ok());
  EXPECT_FALSE(ParseDnsAnswer(Response(dns_type::kNs, "\xc0\xff"s)).ok());
  EXPECT_FALSE(ParseDnsAnswer(Response(dns_type::kNs, "\0x"s)).ok());
  EXPECT_FALSE(ParseDnsAnswer(Response(dns_type::kNs, "\5ab"s)).ok());
  // A name over 255 bytes by way of pointers.
  std::string longer;
  for (int i = 0; i < 5; ++i) longer += '\x3f' + std::string(63, 'x');
  EXPECT_FALSE(ParseDnsAnswer(Response(dns_type::kNs, longer + "\0"s)).ok());
}

TEST(DnsMessage, ATruncatedAnswerMayHoldLessThanItPromises) {
  std::string message = Response(dns_type::kA, "\x7f\0\0\1"s);
  message[7] = 9;
  EXPECT_FALSE(ParseDnsAnswer(message).ok());
  message[2] |= 2;
  const auto answer = ParseDnsAnswer(message);
  ASSERT_TRUE(answer.ok());
  EXPECT_TRUE(answer->truncated);
  EXPECT_EQ(answer->answer.size(), 1U);
}

TEST(DnsNames, WordsAndNumbers) {
  EXPECT_EQ(FindDnsType("TYPE65280"), 65280);
  EXPECT_EQ(FindDnsType("aaaa"), std::nullopt);
  EXPECT_EQ(FindDnsType("TYPE99999"), std::nullopt);
  EXPECT_EQ(DnsTypeName(28), "AAAA");
  EXPECT_EQ(DnsRcodeName(3), "NXDOMAIN");
  EXPECT_EQ(DnsClassName(7), "CLASS7");
  for (const char* name : {".", "a", "a.", "a.b-c.d_e"}) EXPECT_TRUE(IsDnsName(name)) << name;
  for (const std::string& name : {".a"s, "a..b"s, std::string(64, 'a'), "a.."s}) {
    EXPECT_FALSE(IsDnsName(name)) << name;
  }
}

}  // namespace
}  // namespace tocsin::probe
