#include "collectors/response/probe/expectations.h"

#include <gtest/gtest.h>

namespace tocsin::probe {
namespace {

Pattern P(std::string_view text) { return *Pattern::Make(text); }

TEST(Expectations, Status) {
  HttpModule module;
  EXPECT_FALSE(CheckStatus(module, 204));
  EXPECT_EQ(CheckStatus(module, 302)->reason, Reason::kStatus);
  EXPECT_EQ(CheckStatus(module, 401)->reason, Reason::kAuth);
  module.valid_status_codes = {401};
  EXPECT_FALSE(CheckStatus(module, 401));
  EXPECT_TRUE(CheckStatus(module, 200));
}

TEST(Expectations, Versions) {
  HttpModule module;
  EXPECT_FALSE(CheckVersion(module, "1.0"));
  module.valid_http_versions = {"HTTP/1.1", "HTTP/2.0"};
  EXPECT_FALSE(CheckVersion(module, "2"));
  EXPECT_EQ(CheckVersion(module, "1.0")->message, "version HTTP/1.0");
}

TEST(Expectations, OfHeadersThatStandTwiceOneMatchCounts) {
  const std::vector<outgoing::Header> headers{{"x", "a"}, {"x", "b"}};
  HttpModule module;
  module.fail_if_header_not_matches = {{"X", P("^b"), false}};
  EXPECT_FALSE(CheckHeaders(module, headers));
  module.fail_if_header_not_matches = {{"X", P("^c"), false}};
  EXPECT_EQ(CheckHeaders(module, headers)->reason, Reason::kHeader);
  module.fail_if_header_not_matches = {{"Y", P("."), false}};
  EXPECT_EQ(CheckHeaders(module, headers)->message, "header Y is missing");
  module.fail_if_header_not_matches = {{"Y", P("."), true}};
  EXPECT_FALSE(CheckHeaders(module, headers));
  module.fail_if_header_matches = {{"x", P("b"), false}};
  EXPECT_EQ(CheckHeaders(module, headers)->message, "header x matches b");
}

TEST(Expectations, Bodies) {
  HttpModule module;
  module.fail_if_body_matches = {P("error"), P("fail")};
  module.fail_if_body_not_matches = {P("^ok")};
  EXPECT_FALSE(CheckBody(module, "ok then"));
  EXPECT_EQ(CheckBody(module, "ok but fail")->message, "the body matches fail");
  EXPECT_EQ(CheckBody(module, "not ok")->message, "the body does not match ^ok");
}

TEST(Expectations, Records) {
  const std::vector<DnsRecord> records{{1, "a 1", {}}, {1, "b 2", {}}};
  struct Case {
    RecordRules rules;
    bool fails;
    bool fails_empty;
  };
  const Case cases[] = {
      {{}, false, false},
      {{.fail_if_matches = {P("b")}}, true, false},
      {{.fail_if_matches = {P("c")}}, false, false},
      {{.fail_if_all_match = {P("[ab]")}}, false, false},
      {{.fail_if_all_match = {P("a")}}, true, false},
      {{.fail_if_not_matches = {P("[12]")}}, false, true},
      {{.fail_if_not_matches = {P("1")}}, true, true},
      {{.fail_if_none_matches = {P("c"), P("b")}}, false, true},
      {{.fail_if_none_matches = {P("c")}}, true, true},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(CheckRecords(c.rules, "answer", records).has_value(), c.fails) << &c - cases;
    EXPECT_EQ(CheckRecords(c.rules, "answer", {}).has_value(), c.fails_empty) << &c - cases;
  }
}

TEST(Expectations, AnAnswerIsJudgedBySections) {
  DnsModule module;
  module.additional.fail_if_matches = {P("x")};
  DnsAnswer answer;
  answer.additional = {{1, "x", {}}};
  EXPECT_EQ(CheckDnsAnswer(module, answer)->message, "additional section: a record matches x: x");
  answer.rcode = 3;
  EXPECT_EQ(CheckDnsAnswer(module, answer)->message, "response code NXDOMAIN");
  module.valid_rcodes = {3};
  module.additional = {};
  EXPECT_FALSE(CheckDnsAnswer(module, answer));
}

}  // namespace
}  // namespace tocsin::probe
