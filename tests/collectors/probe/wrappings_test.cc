// The small parts around the probers: URLs, cookies, compression, gRPC frames, pages, timeouts.

#include <gtest/gtest.h>

#include "base/gzip.h"
#include "collectors/response/probe/cookies.h"
#include "collectors/response/probe/decompress.h"
#include "collectors/response/probe/grpc_health.h"
#include "collectors/response/probe/pages.h"
#include "collectors/response/probe/probe_base.h"
#include "collectors/response/probe/target_url.h"
#include "tests/collectors/probe/run_probe.h"

namespace tocsin::probe {
namespace {

using namespace std::string_literals;

TEST(TargetUrl, ReadsWhatPeopleWrite) {
  struct Case {
    const char* target;
    const char* text;  // empty: an error
    const char* user_password;
  };
  const Case cases[] = {
      {"example.com", "http://example.com/", ""},
      {"example.com:8080/a?b#c", "http://example.com:8080/a?b", ""},
      {"https://[2001:db8::1]:443?x", "https://[2001:db8::1]:443/?x", ""},
      {"http://u%40x:p@h/", "http://h/", "u@x:p"},
      {"http://unix:/run/a.sock:/b", "http://localhost/b", ""},
      {"http://unix:/run/a.sock", "http://localhost/", ""},
      {"http://", "", ""},
      {"http://h:99999", "", ""},
      {"http://h\r\nX: y", "", ""},
      {"unix:relative", "", ""},
      {"http://[::1", "", ""},
  };
  for (const Case& c : cases) {
    const auto url = ParseTargetUrl(c.target);
    EXPECT_EQ(url.ok() ? url->Text() : "", c.text) << c.target;
    if (url.ok()) {
      EXPECT_EQ(url->user_password, c.user_password) << c.target;
    }
  }
  EXPECT_EQ(ParseTargetUrl("unix:/run/a.sock:/b")->unix_socket, "/run/a.sock");
}

TEST(TargetUrl, PasswordsAreNotShown) {
  const std::pair<const char*, const char*> cases[] = {
      {"http://ann:secret@h:80/a@b:c", "http://ann:xxxxx@h:80/a@b:c"},
      {"ann:s@e:cret@h", "ann:xxxxx@h"},
      {"https://:secret@[::1]:443?x", "https://:xxxxx@[::1]:443?x"},
      {"http://ann@h:80/", "http://ann@h:80/"},
      {"http://h:80/ann:secret@x", "http://h:80/ann:secret@x"},
      {"h:80", "h:80"},
      {"http://unix:/run/a:@.sock", "http://unix:/run/a:@.sock"},
      {"", ""},
  };
  for (const auto& [target, shown] : cases) EXPECT_EQ(RedactedTarget(target), shown) << target;
  EXPECT_EQ(ParseTargetUrl("http://ann:secret@h:x").error().message(),
            "not a URL: http://ann:xxxxx@h:x: no such port");
}

TEST(SplitHostPort, KnowsIpv6) {
  EXPECT_EQ(SplitHostPort("2001:db8::1")->host, "2001:db8::1");
  EXPECT_EQ(SplitHostPort("[2001:db8::1]:53")->port, "53");
  EXPECT_EQ(SplitHostPort("a:53")->host, "a");
  EXPECT_EQ(SplitHostPort("[::1]x"), std::nullopt);
  EXPECT_EQ(ParsePort("0"), std::nullopt);
  EXPECT_EQ(ParsePort("65535"), 65535);
}

TEST(Cookies, GoBackToWhereTheyCameFrom) {
  Cookies cookies;
  cookies.Take("www.example.com", "a=1; Path=/x; HttpOnly");
  cookies.Take("www.example.com", "b=2; Domain=.example.com; Secure");
  cookies.Take("www.example.com", "c=3; Domain=other.com");
  cookies.Take("www.example.com", "d=4; Domain=com");
  EXPECT_EQ(cookies.For("www.example.com", "/x/y", true), "a=1; b=2");
  EXPECT_EQ(cookies.For("www.example.com", "/xy", false), "");
  EXPECT_EQ(cookies.For("api.example.com", "/x", true), "b=2");
  EXPECT_EQ(cookies.For("badexample.com", "/x", true), "");
  cookies.Take("www.example.com", "a=9; Path=/x");
  EXPECT_EQ(cookies.For("www.example.com", "/x", false), "a=9");
}

TEST(Decompress, WithinItsLimit) {
  const std::string text(5'000, 'x');
  const std::string gzip = Gzip(text);
  EXPECT_EQ(*Decompress(Compression::kGzip, gzip, 5'000), text);
  EXPECT_EQ(*Decompress(Compression::kGzip, gzip + gzip, 10'000), text + text);
  EXPECT_EQ(Decompress(Compression::kGzip, gzip, 4'999).error().code(), Errc::kLimit);
  for (std::size_t size : {0UL, 1UL, gzip.size() - 1}) {
    EXPECT_EQ(Decompress(Compression::kGzip, gzip.substr(0, size), 5'000).error().code(),
              Errc::kMalformed);
  }
  // RFC 1951, 3.2.4: a stored block.
  EXPECT_EQ(*Decompress(Compression::kDeflate, "\1\2\0\xfd\xffhi"s, 10), "hi");
  EXPECT_EQ(*Decompress(Compression::kIdentity, "hi", 10), "hi");
  const auto brotli = Decompress(Compression::kBrotli, "no brotli", 10);
  ASSERT_FALSE(brotli.ok());
}

TEST(GrpcHealth, Frames) {
  EXPECT_EQ(BuildHealthRequest(""), "\0\0\0\0\0"s);
  EXPECT_EQ(BuildHealthRequest("ab"), "\0\0\0\0\4\x0a\2ab"s);
  EXPECT_EQ(ParseHealthResponse("\0\0\0\0\2\x08\1"s), "SERVING");
  EXPECT_EQ(ParseHealthResponse("\0\0\0\0\0"s), "UNKNOWN");
  EXPECT_EQ(ParseHealthResponse("\0\0\0\0\5\x12\1z\x08\2"s), "NOT_SERVING");
  for (const std::string& bad : {""s, "\0\0\0\0"s, "\1\0\0\0\0"s, "\0\0\0\0\2\x08"s,
                                 "\0\0\0\0\2\x08\x09"s, "\0\0\0\0\3\x12\5z"s}) {
    EXPECT_FALSE(ParseHealthResponse(bad)) << bad.size();
  }
  EXPECT_EQ(ParseGrpcStatus("5"), 5);
  for (const auto& [http, grpc] : std::initializer_list<std::pair<int, int>>{
           {200, 2}, {400, 13}, {401, 16}, {403, 7}, {404, 12}, {429, 14}, {500, 2}, {503, 14}}) {
    EXPECT_EQ(GrpcStatusOfHttp(http), grpc) << http;
  }
  EXPECT_EQ(GrpcStatusName(14), "UNAVAILABLE");
  EXPECT_EQ(GrpcStatusName(-1), "an unknown status");
}

TEST(ProbeTimeout, IsReckonedAsBlackboxExporterDoes) {
  struct Case {
    const char* header;
    int module_ms;
    int expected_ms;
  };
  const Case cases[] = {{"", 0, 119'500},      {"", 5'000, 5'000},   {"10", 0, 9'500},
                        {"10", 20'000, 9'500}, {"10", 2'000, 2'000}, {"0.4", 3'000, 3'000},
                        {"15.5", 0, 15'000},   {"0", 0, 119'500}};
  for (const Case& c : cases) {
    EXPECT_EQ(*ProbeTimeout(c.header, milliseconds(c.module_ms)), milliseconds(c.expected_ms))
        << c.header;
  }
  EXPECT_FALSE(ProbeTimeout("abc", milliseconds(0)).ok());
  EXPECT_FALSE(ProbeTimeout("NaN", milliseconds(0)).ok());
  EXPECT_EQ(*ProbeTimeout("1e99", milliseconds(0)), milliseconds(3'599'500));
}

TEST(Pages, ShowNoSecretsAndEscapeWhatOthersSaid) {
  History history(5);
  auto result = std::make_shared<ProbeResult>();
  result->facts = TcpFacts{};
  result->failure = Failure{Reason::kExpect, "said <script>"};
  result->log = "+0.000000s a line\n";
  const auto module = ModuleOf(
      "{prober: http, http: {basic_auth: {username: me, password: hunter2}, "
      "headers: {Authorization: hunter2}}}");
  history.Add(module, "<b>", result);
  const std::string page = HistoryPage(history);
  EXPECT_NE(page.find("said &lt;script&gt;"), std::string::npos) << page;
  EXPECT_EQ(page.find("<b>"), std::string::npos);
  const std::string debug = DebugPage(history.Failures().front());
  EXPECT_NE(debug.find("+0.000000s a line"), std::string::npos) << debug;
  EXPECT_NE(debug.find("probe_failure_reason{reason=\"expect\"} 1"), std::string::npos);
  EXPECT_NE(debug.find("username: me"), std::string::npos) << debug;
  EXPECT_EQ(debug.find("hunter2"), std::string::npos) << debug;
}

}  // namespace
}  // namespace tocsin::probe
