#include "collectors/net/resp.h"

#include <gtest/gtest.h>

#include <array>

#include "collectors/net/redis_connection.h"

namespace tocsin::net {
namespace {

TEST(RespTest, RepliesComeWholeHoweverTheStreamIsCut) {
  const std::string stream =
      "+OK\r\n-ERR no\r\n:-7\r\n$5\r\nab\r\nc\r\n$-1\r\n*2\r\n$1\r\nx\r\n*1\r\n:3\r\n*-1\r\n";
  for (std::size_t piece = 1; piece <= stream.size(); ++piece) {
    RespReader reader;
    std::vector<Reply> replies;
    for (std::size_t at = 0; at < stream.size(); at += piece) {
      reader.Feed(std::string_view(stream).substr(at, piece));
      while (true) {
        auto next = reader.Next();
        ASSERT_TRUE(next.ok()) << next.error().message();
        if (!next->has_value()) break;
        replies.push_back(std::move(**next));
      }
    }
    ASSERT_EQ(replies.size(), 7u);
    EXPECT_EQ(replies[0].text, "OK");
    EXPECT_TRUE(replies[1].IsError());
    EXPECT_EQ(replies[2].integer, -7);
    EXPECT_EQ(replies[3].text, "ab\r\nc");
    EXPECT_EQ(replies[4].kind, Reply::Kind::kNil);
    ASSERT_EQ(replies[5].elements.size(), 2u);
    EXPECT_EQ(replies[5].elements[0].text, "x");
    EXPECT_EQ(replies[5].elements[1].elements[0].integer, 3);
  }
}

TEST(RespTest, WhatIsNoReplyOrTooLargeIsRefused) {
  struct Case {
    std::string stream;
    Errc code;
  };
  const std::array cases{
      Case{"HTTP/1.1 200 OK\r\n", Errc::kMalformed},
      Case{"*2000000000\r\n", Errc::kLimit},
      Case{"$2000000000\r\n" + std::string(2'000, 'x'), Errc::kLimit},
      Case{":12a\r\n", Errc::kMalformed},
      Case{"*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n", Errc::kMalformed},
      Case{"*90\r\n*20\r\n", Errc::kLimit},
  };
  for (const Case& c : cases) {
    RespReader reader({.max_bytes = 1'000, .max_elements = 100});
    reader.Feed(c.stream);
    const auto next = reader.Next();
    ASSERT_FALSE(next.ok()) << c.stream.substr(0, 40);
    EXPECT_EQ(next.error().code(), c.code) << next.error().message();
  }
}

TEST(RespTest, CommandsAreArraysOfStrings) {
  std::string out;
  AppendCommand(std::array<std::string_view, 2>{"GET", "a b"}, out);
  EXPECT_EQ(out, "*2\r\n$3\r\nGET\r\n$3\r\na b\r\n");
}

TEST(RedisAddressTest, EverySpellingIsRead) {
  struct Case {
    const char* text;
    const char* to;  // null: refused
    const char* user;
    const char* password;
    int database;
    bool tls;
  };
  const std::array cases{
      Case{"localhost", "localhost:6379", "", "", 0, false},
      Case{"h:7000", "h:7000", "", "", 0, false},
      Case{"[::1]:7000", "[::1]:7000", "", "", 0, false},
      Case{"::1", "[::1]:6379", "", "", 0, false},
      Case{"redis://h", "h:6379", "", "", 0, false},
      Case{"redis://u:p%40x@h:1/3", "h:1", "u", "p@x", 3, false},
      Case{"redis://:p@h?db=2", "h:6379", "", "p", 2, false},
      Case{"rediss://h:1", "h:1", "", "", 0, true},
      Case{"valkey://h", "h:6379", "", "", 0, false},
      Case{"unix:///run/r.sock?db=1", "/run/r.sock", "", "", 1, false},
      Case{"/run/r.sock", "/run/r.sock", "", "", 0, false},
      Case{"ftp://h", nullptr, "", "", 0, false},
      Case{"redis://", nullptr, "", "", 0, false},
      Case{"redis://h:0", nullptr, "", "", 0, false},
      Case{"redis://h:70000", nullptr, "", "", 0, false},
      Case{"redis://h/x", nullptr, "", "", 0, false},
      Case{"unix://run", nullptr, "", "", 0, false},
      Case{"a b", nullptr, "", "", 0, false},
      Case{"", nullptr, "", "", 0, false},
  };
  for (const Case& c : cases) {
    const auto address = RedisAddress::Parse(c.text);
    ASSERT_EQ(address.ok(), c.to != nullptr) << c.text;
    if (!address) continue;
    EXPECT_EQ(address->to.Text(), c.to) << c.text;
    EXPECT_EQ(address->user, c.user) << c.text;
    EXPECT_EQ(*address->password.Reveal(), c.password) << c.text;
    EXPECT_EQ(address->database, c.database) << c.text;
    EXPECT_EQ(address->tls.has_value(), c.tls) << c.text;
  }
}

}  // namespace
}  // namespace tocsin::net
