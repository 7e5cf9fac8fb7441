#include "agent/web/logins.h"

#include <gtest/gtest.h>

#include <atomic>

#include "agent/web/bcrypt.h"
#include "base/base64.h"

namespace tocsin::web {
namespace {

constexpr const char* kAlice = "$2y$04$alice";
constexpr const char* kBob = "$2y$05$bob";

std::atomic<int> checks = 0;
std::string last_hash;

/// "right" is everybody's password.
bool Matches(const std::string& hash, const std::string& password) {
  ++checks;
  last_hash = hash;
  return password == "right";
}

/// Of "name:password", in base64 as curl prints it.
constexpr const char* kAliceRight = "Basic YWxpY2U6cmlnaHQ=";
constexpr const char* kAliceWrong = "basic YWxpY2U6d3Jvbmc=";
constexpr const char* kNobodyRight = "Basic bm9ib2R5OnJpZ2h0";

TEST(LoginsTest, WithoutUsersEverybodyComesIn) {
  Logins logins(Matches);
  EXPECT_EQ(logins.Judge(""), Logins::Verdict::kRight);
  EXPECT_EQ(logins.Judge("junk"), Logins::Verdict::kRight);
}

TEST(LoginsTest, ARightLoginIsCheckedOnce) {
  Logins logins(Matches);
  logins.Set({{"alice", kAlice}, {"bob", kBob}});
  EXPECT_EQ(logins.Judge(kAliceRight), Logins::Verdict::kUnknown);
  EXPECT_TRUE(logins.Check(kAliceRight));
  EXPECT_EQ(last_hash, kAlice);
  EXPECT_EQ(logins.Judge(kAliceRight), Logins::Verdict::kRight);
  EXPECT_EQ(logins.Judge(kAliceWrong), Logins::Verdict::kUnknown);
  EXPECT_FALSE(logins.Check(kAliceWrong));
  EXPECT_EQ(logins.Judge(kAliceRight), Logins::Verdict::kRight) << "a wrong one changes nothing";

  logins.Set({{"alice", kAlice}});
  EXPECT_EQ(logins.Judge(kAliceRight), Logins::Verdict::kRight) << "the same hash";
  logins.Set({{"alice", kBob}});
  EXPECT_EQ(logins.Judge(kAliceRight), Logins::Verdict::kUnknown) << "another password";
}

TEST(LoginsTest, ANameThatNobodyHasCostsAsMuch) {
  Logins logins(Matches);
  logins.Set({{"alice", kAlice}, {"bob", kBob}});
  const int before = checks;
  std::string first;
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(logins.Judge(kNobodyRight), Logins::Verdict::kUnknown);
    EXPECT_FALSE(logins.Check(kNobodyRight));
    if (i == 0) first = last_hash;
    EXPECT_EQ(last_hash, first) << "the same cost each time";
  }
  EXPECT_EQ(checks, before + 5);
  EXPECT_TRUE(first == kAlice || first == kBob);
}

TEST(LoginsTest, WhatIsNoLogin) {
  Logins logins(Matches);
  logins.Set({{"alice", kAlice}});
  for (const std::string_view header :
       {"", "Basic", "Basic ", "Basic YWxpY2U", "Basic YWxpY2U=", "Basic ?", "Bearer YWxpY2U6",
        "Digest x", "Basic  YWxpY2U6cmlnaHQ="}) {
    EXPECT_EQ(logins.Judge(header), Logins::Verdict::kWrong) << header;
    EXPECT_FALSE(logins.Check(header)) << header;
  }
}

TEST(BcryptTest, KnownAnswers) {
  ASSERT_TRUE(LoadBcrypt());
  // From Openwall's test vectors for crypt_blowfish.
  const std::string hash = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
  EXPECT_TRUE(BcryptMatches(hash, "U*U"));
  EXPECT_FALSE(BcryptMatches(hash, "U*V"));
  EXPECT_FALSE(BcryptMatches(hash, std::string("U*U\0", 4)));
  EXPECT_FALSE(BcryptMatches("nonsense", "U*U"));
}

TEST(BcryptTest, WhatAHashLooksLike) {
  const std::string rest = "CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
  for (const std::string start : {"$2a$05$", "$2b$10$", "$2y$31$"}) {
    EXPECT_TRUE(IsBcryptHash(start + rest.substr(0, 53))) << start;
  }
  for (const std::string start :
       {"$2x$05$", "$1a$05$", "$2a$03$", "$2a$32$", "$2a$+5$", "2a$05$$"}) {
    EXPECT_FALSE(IsBcryptHash(start + rest.substr(0, 53))) << start;
  }
  EXPECT_FALSE(IsBcryptHash("secret"));
  EXPECT_FALSE(IsBcryptHash("$2a$05$" + rest.substr(0, 52)));
  EXPECT_FALSE(IsBcryptHash("$2a$05$" + rest.substr(0, 52) + "="));
}

TEST(Base64Test, Strict) {
  EXPECT_EQ(DecodeBase64(""), "");
  EXPECT_EQ(DecodeBase64("YQ=="), "a");
  EXPECT_EQ(DecodeBase64("YWI="), "ab");
  EXPECT_EQ(DecodeBase64("YWJj"), "abc");
  EXPECT_EQ(DecodeBase64("/+8A"), std::string("\xFF\xEF\0", 3));
  for (const std::string_view bad : {"Y", "YQ", "YQ=", "Y===", "====", "YW-j", "YW j", "Y=Q="}) {
    EXPECT_FALSE(DecodeBase64(bad)) << bad;
  }
}

}  // namespace
}  // namespace tocsin::web
