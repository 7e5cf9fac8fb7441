#include "collectors/response/probe/icmp_packet.h"

#include <gtest/gtest.h>

namespace tocsin::probe {
namespace {

using namespace std::string_literals;

TEST(IcmpPacket, RequestsHaveTheChecksumOfRfc1071) {
  // Worked by hand: 0800 + 0102 + 0304 + 6100 = 6d06, complement 92f9.
  EXPECT_EQ(BuildEchoRequest(IcmpVersion::k4, {0x0102, 0x0304, "a"}), "\x08\0\x92\xf9\1\2\3\4a"s);
  EXPECT_EQ(BuildEchoRequest(IcmpVersion::k6, {1, 2, "ab"}), "\x80\0\0\0\0\1\0\2ab"s);
}

TEST(IcmpPacket, OnlyRepliesAreReplies) {
  const auto reply = ParseEchoReply(IcmpVersion::k4, "\0\0xx\0\1\0\2ab"s);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->id, 1);
  EXPECT_EQ(reply->sequence, 2);
  EXPECT_TRUE(ParseEchoReply(IcmpVersion::k6, "\x81\0xx\0\1\0\2"s));
  EXPECT_FALSE(ParseEchoReply(IcmpVersion::k4, "\x08\0xx\0\1\0\2"s));
  EXPECT_FALSE(ParseEchoReply(IcmpVersion::k4, "\0\1xx\0\1\0\2"s));
  EXPECT_FALSE(ParseEchoReply(IcmpVersion::k6, "\0\0xx\0\1\0\2"s));
  EXPECT_FALSE(ParseEchoReply(IcmpVersion::k4, "\0\0xx\0\1\0"s));
}

TEST(IcmpPacket, Ipv4HeadersHaveTheLengthTheySay) {
  EXPECT_EQ(WithoutIpv4Header("\x45"s + std::string(19, 'h') + "rest"), "rest");
  EXPECT_EQ(WithoutIpv4Header("\x46"s + std::string(23, 'h') + "rest"), "rest");
  EXPECT_EQ(WithoutIpv4Header("\x4f"s + std::string(19, 'h')), "");
  EXPECT_EQ(WithoutIpv4Header("\x44"s + std::string(30, 'h')), "");
  EXPECT_EQ(WithoutIpv4Header(""), "");
}

}  // namespace
}  // namespace tocsin::probe
