// Lines of access logs in every layout, and what is read from them.

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "base/format.h"
#include "collectors/response/json_lines.h"
#include "collectors/response/line_format.h"
#include "collectors/response/regex_lines.h"
#include "collectors/response/route_table.h"

namespace tocsin {
namespace {

/// "GET /path 200 512 0.25", "-" for what is not there; or the problem's name.
std::string Read(AccessLineParser& parser, std::string line) {
  const std::size_t size = line.size();
  line.resize(size + kLinePadding, 'x');
  AccessRecord record;
  const LineProblem problem = parser.Parse(std::string_view(line).substr(0, size), record);
  if (problem != LineProblem::kNone) return std::string(LineProblemText(problem));
  const auto text = [](std::string_view t) { return t.empty() ? "-" : std::string(t); };
  return text(record.method) + " " + text(record.path) + " " + std::to_string(record.status) + " " +
         std::to_string(record.bytes) + " " +
         (std::isnan(record.seconds) ? "-" : FormatGoFloat(record.seconds));
}

struct Case {
  const char* line;
  const char* expected;
};

template <std::size_t N>
void ExpectAll(AccessLineParser& parser, const Case (&cases)[N]) {
  for (const Case& c : cases) EXPECT_EQ(Read(parser, c.line), c.expected) << c.line;
}

std::unique_ptr<AccessLineParser> FormatOf(std::string_view format) {
  auto parsed = ParseLineFormat(format);
  EXPECT_TRUE(parsed.ok()) << format;
  return MakeFormatParser(*std::move(parsed));
}

TEST(LineFormatTest, Combined) {
  const Case cases[] = {
      {R"(::1 - - [21/Nov/2026:13:00:00 +0000] "GET /a/b?c=d#e HTTP/1.1" 200 612 "-" "curl/7.88")",
       "GET /a/b 200 612 -"},
      {R"(10.0.0.1 - ann smith [t] "POST http://h:80/x?y HTTP/1.1" 503 - "r" "a\"b \\")",
       "POST /x 503 0 -"},
      {R"(h - - [t] "GET http://host HTTP/1.0" 301 0 "" "")", "GET / 301 0 -"},
      {R"(h - - [t] "OPTIONS * HTTP/1.1" 204 0 "-" "-")", "OPTIONS * 204 0 -"},
      {R"(h - - [t] "GET /with blank HTTP/1.1" 404 0 "-" "-")", "GET /with blank 404 0 -"},
      {R"(h - - [t] "\x16\x03\x01" 400 150 "-" "-")", "- - 400 150 -"},
      {R"(h - - [t] "" 408 0 "-" "-")", "- - 408 0 -"},
      {R"(h - - [t] "GET / HTTP/1.1" 000 0 "-" "-")", "status"},
      {R"(h - - [t] "GET / HTTP/1.1" - 0 "-" "-")", "status"},
      {R"(h - - [t] "GET / HTTP/1.1" 600 0 "-" "-")", "status"},
      {R"(h - - [t] "GET / HTTP/1.1" 200 1 "-" "-" 0.5)", "format"},
      {R"(h - - [t] "GET / HTTP/1.1" 200 1 "-")", "format"},
      {"", "format"},
      {R"(h - - [t] "GET / HTTP/1.1)", "format"},
  };
  const auto parser = FormatOf("combined");
  ExpectAll(*parser, cases);
  EXPECT_EQ(Read(*FormatOf("common"), R"(h - - [t] "GET / HTTP/1.1" 200 7)"), "GET / 200 7 -");
  EXPECT_EQ(Read(*FormatOf("vhost_combined"),
                 R"(w.example:443 h - - [t] "GET / HTTP/1.1" 200 7 "-" "-")"),
            "GET / 200 7 -");
}

TEST(LineFormatTest, NginxOfOnesOwn) {
  const auto parser = FormatOf(
      "$remote_addr [$time_local] $request_method ${request_uri} $status $bytes_sent "
      "rt=$request_time uct=\"$upstream_connect_time\" urt=$upstream_response_time $host");
  const Case cases[] = {
      {R"(h [t] GET /q?a=1 200 9 rt=0.032 uct="0.000" urt=0.031 site)", "GET /q 200 9 0.032"},
      {R"(h [t] GET /q 200 9 rt=12.5 uct="-" urt=- site)", "GET /q 200 9 12.5"},
      {R"(h [t] GET /q 200 9 rt=0 uct="0.1, 0.2" urt=0.1, 0.2 : 0.3 site)", "GET /q 200 9 0"},
      {R"(h [t] GET /q 200 9 rt=fast uct="-" urt=- site)", "time"},
      {R"(h [t] GET /q 200 9 rt=-1 uct="-" urt=- site)", "time"},
      {R"(h [t] GET /q 200 9 rt=nan uct="-" urt=- site)", "time"},
      {R"(h [t] GET /q 200 99999999999999999999999 rt=1e-3 uct="-" urt=- site)",
       "GET /q 200 0 0.001"},
  };
  ExpectAll(*parser, cases);
  const auto upstream = FormatOf("$request|$status|$upstream_response_time");
  EXPECT_EQ(Read(*upstream, "GET / HTTP/1.1|200|0.25, 0.5 : 0.125"), "GET / 200 0 0.875");
  EXPECT_EQ(Read(*upstream, "GET / HTTP/1.1|200|-"), "GET / 200 0 -");
}

TEST(LineFormatTest, Apache) {
  const Case cases[] = {
      {R"(h - - [10/Oct/2000:13:55:36 -0700] "GET /a HTTP/1.0" 200 2326 0/1500)",
       "GET /a 200 2326 0.0015"},
      {R"(h - - [10/Oct/2000:13:55:36 -0700] "GET /a HTTP/1.0" 304 - 3/3000000)", "GET /a 304 0 3"},
  };
  ExpectAll(*FormatOf(R"(%h %l %u %t \"%r\" %>s %b %T/%D)"), cases);
  EXPECT_EQ(Read(*FormatOf("%m %U%% %!200,304{Referer}i %s %{ms}T"), "GET /a% - 200 12"),
            "GET /a 200 0 0.012");
}

TEST(LineFormatTest, WhatIsNoFormat) {
  const Case cases[] = {
      {"combine", "expected combined"},    {"$status$request", "nothing between"},
      {"$request", "has no status"},       {"%h %r", "has no status"},
      {"%{Referer %s", "'{' without '}'"}, {"$status ${request", "name of a variable"},
      {"%s %", "expected a letter"},       {"$status $ x", "name of a variable"},
  };
  for (const Case& c : cases) {
    const auto parsed = ParseLineFormat(c.line);
    ASSERT_FALSE(parsed.ok()) << c.line;
    EXPECT_NE(parsed.error().message().find(c.expected), std::string::npos)
        << parsed.error().message();
  }
}

TEST(JsonLinesTest, Caddy) {
  auto parser = MakeJsonParser(CaddyFields());
  ASSERT_TRUE(parser.ok());
  const Case cases[] = {
      {R"({"level":"info","request":{"method":"GET","uri":"/x?y=1","headers":{"A":["b"]}},)"
       R"("duration":0.0012,"size":33,"status":200})",
       "GET /x 200 33 0.0012"},
      {R"({"request":{"uri":"\/a\u0062"},"status":"404","duration":1e-05, "size":null} )",
       "- /ab 404 0 1e-05"},
      {R"({"request":"GET /","status":500})", "- - 500 0 -"},
      {R"({"msg":"server running"})", "status"},
      {R"({"status":200.5})", "status"},
      {R"({"status":200,"duration":-1})", "time"},
      {R"({"status":200,"duration":"1.2ms"})", "time"},
      {R"({"status":200)", "format"},
      {R"({"status":200} {)", "format"},
      {R"([{"status":200}])", "format"},
      {"200", "format"},
      {"", "format"},
      {"\xff\xfe", "format"},
  };
  ExpectAll(**parser, cases);
}

TEST(JsonLinesTest, NginxAndOnesOwn) {
  auto nginx = MakeJsonParser(NginxJsonFields());
  ASSERT_TRUE(nginx.ok());
  EXPECT_EQ(Read(**nginx, R"({"request_method":"PUT","request_uri":"/a","status":"201",)"
                          R"("request_time":"0.004","body_bytes_sent":"5"})"),
            "PUT /a 201 5 0.004");
  auto own = MakeJsonParser({{"http.response.code", AccessField::kStatus},
                             {"http.request.line", AccessField::kRequest},
                             {"took_ns", AccessField::kNanoseconds}});
  ASSERT_TRUE(own.ok());
  EXPECT_EQ(Read(**own, R"({"http":{"request":{"line":"GET /a HTTP/2"},"response":{"code":200}},)"
                        R"("took_ns":2500000})"),
            "GET /a 200 0 0.0025");
  EXPECT_FALSE(MakeJsonParser({{"a", AccessField::kStatus}, {"a.b", AccessField::kBytes}}).ok());
}

TEST(RegexLinesTest, GroupsAreFields) {
  auto parser = MakeRegexParser(
      R"((?P<method>[A-Z]+) (?P<url>\S+) -> (?P<status>\d+)(?: in (?P<milliseconds>[0-9.]+)ms)?)");
  ASSERT_TRUE(parser.ok());
  const Case cases[] = {
      {"12:00 GET /a?b -> 200 in 12.5ms", "GET /a 200 0 0.0125"},
      {"12:00 GET /a -> 200", "GET /a 200 0 -"},
      {"12:00 GET /a -> 99999", "status"},
      {"12:00 GET /a -> in 1.2.3ms", "format"},
      {"x GET /a -> 200 in 1.2.3ms", "time"},
  };
  ExpectAll(**parser, cases);
  for (const char* bad : {"(", "(?P<status>x)(?P<colour>y)", "(?P<method>x)", "status"}) {
    EXPECT_FALSE(MakeRegexParser(bad).ok()) << bad;
  }
}

TEST(RouteTableTest, TheFirstPatternThatFitsCounts) {
  RouteTable routes;
  ASSERT_TRUE(routes.Add("/users/me", "").ok());
  ASSERT_TRUE(routes.Add("/users/:id", "").ok());
  ASSERT_TRUE(routes.Add("/users/{id}/posts/*", "").ok());
  ASSERT_TRUE(routes.Add("/static/*", "files").ok());
  ASSERT_TRUE(routes.Add("/files/*/raw", "files").ok());
  ASSERT_TRUE(routes.Add("/", "").ok());
  ASSERT_TRUE(routes.AddRegex(R"(/v\d+/.*)", "api").ok());
  ASSERT_TRUE(routes.Add("/rest", "other").ok());
  const Case cases[] = {
      {"/users/me", "/users/me"},
      {"/users/me/", "/users/me"},
      {"/users/7", "/users/:id"},
      {"/users/", "other"},
      {"/users//", "other"},
      {"/users", "other"},
      {"/users/7/posts/", "/users/{id}/posts/*"},
      {"/users/7/posts/a/b", "/users/{id}/posts/*"},
      {"/users/7/posts", "other"},
      {"/users/7/pos", "other"},
      {"/static/a.css", "files"},
      {"/statics", "other"},
      {"/files/a/raw", "files"},
      {"/", "/"},
      {"", "other"},
      {"/v2/x", "api"},
      {"/x/v2/x", "other"},
      {"/rest", "other"},
  };
  for (const Case& c : cases) EXPECT_EQ(routes.names()[routes.Find(c.line)], c.expected) << c.line;
  EXPECT_EQ(routes.names().size(), 7u);
  EXPECT_FALSE(routes.Add("users", "").ok());
  EXPECT_FALSE(routes.AddRegex("(", "x").ok());
}

}  // namespace
}  // namespace tocsin
