#include "agent/http/router.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace tocsin::http {
namespace {

Handler Says(std::string_view text) {
  return [text](const Request&) { return TextResponse(200, text); };
}

Router MakeRouter() {
  Router router;
  router.Add("/", {"GET"}, Says("landing"));
  router.Add("/metrics", {"GET"}, Says("metrics"));
  router.Add("/-/reload", {"POST", "PUT"}, Says("reload"));
  router.Add("/api/v1/label/special", {"GET"}, Says("exact"));
  router.AddPrefix("/api/v1/label/", {"GET", "POST"}, Says("label"));
  router.AddPrefix("/api/", {"GET"}, Says("api"));
  router.Add("/throw", {"GET"}, [](const Request&) -> Response { throw std::runtime_error("x"); });
  return router;
}

Response Ask(std::string_view method, std::string_view path) {
  static const Router router = MakeRouter();
  Request request;
  request.method = method;
  request.path = path;
  return router.Handle(request);
}

TEST(RouterTest, ExactPathsAndPrefixes) {
  EXPECT_EQ(Ask("GET", "/").body, "landing\n");
  EXPECT_EQ(Ask("GET", "/metrics").body, "metrics\n");
  EXPECT_EQ(Ask("HEAD", "/metrics").body, "metrics\n");
  EXPECT_EQ(Ask("GET", "/api/v1/label/special").body, "exact\n");
  EXPECT_EQ(Ask("GET", "/api/v1/label/job/values").body, "label\n");
  EXPECT_EQ(Ask("GET", "/api/x").body, "api\n");
}

TEST(RouterTest, WhatIsNotExactlyAPathIsNotFound) {
  using namespace std::string_view_literals;
  for (const std::string_view path : {"/metricsfoo"sv,
                                      "/metrics/"sv,
                                      "/Metrics"sv,
                                      "metrics"sv,
                                      ""sv,
                                      "*"sv,
                                      "//metrics"sv,
                                      "/./metrics"sv,
                                      "/x/../metrics"sv,
                                      "/metrics/.."sv,
                                      "/%6detrics"sv,
                                      "/metrics%00"sv,
                                      "/metrics\0"sv,
                                      "/metrics\n"sv,
                                      "/metrics "sv,
                                      "/\\metrics"sv,
                                      "/api/"sv,
                                      "/api/v1/label/%2e%2e/x"sv,
                                      "/api/v1/label/../x"sv,
                                      "/api//x"sv,
                                      "/metrics\xC3\xA9"sv,
                                      "http://host/metrics"sv}) {
    EXPECT_EQ(Ask("GET", path).status, 404) << path;
  }
}

TEST(RouterTest, OtherMethodsAreToldWhichOnesAreAllowed) {
  const Response get = Ask("GET", "/-/reload");
  EXPECT_EQ(get.status, 405);
  ASSERT_EQ(get.headers.size(), 1u);
  EXPECT_EQ(get.headers[0], (std::pair<std::string, std::string>("Allow", "POST, PUT")));
  EXPECT_EQ(Ask("POST", "/api/v1/label/x").status, 200);
  EXPECT_EQ(Ask("DELETE", "/api/v1/label/x").headers[0].second, "GET, HEAD, POST");
  EXPECT_EQ(Ask("HEAD", "/-/reload").status, 405);
  EXPECT_EQ(Ask("get", "/metrics").status, 405);
}

TEST(RouterTest, AnExceptionIsA500ThatTellsNothing) {
  const Response response = Ask("GET", "/throw");
  EXPECT_EQ(response.status, 500);
  EXPECT_EQ(response.body, "500 internal server error\n");
}

TEST(FormTest, QueryAndBody) {
  Request request;
  request.query = "match[]=a&match[]=b%2Bc+d&empty=&flag&=x&&bad=%zz%4";
  const Form form = Form::Parse(request);
  EXPECT_EQ(form.Get("match[]"), "a");
  EXPECT_EQ(form.All("match[]"), (std::vector<std::string_view>{"a", "b+c d"}));
  EXPECT_TRUE(form.Has("empty"));
  EXPECT_TRUE(form.Has("flag"));
  EXPECT_FALSE(form.Has("other"));
  EXPECT_EQ(form.Get(""), "x");
  EXPECT_EQ(form.Get("bad"), "%zz%4");

  request.body = "match%5B%5D=c&q=%00%FF";
  EXPECT_EQ(Form::Parse(request).Get("match[]"), "a") << "a body of another type is no form";
  request.headers = {{"content-type", "Application/X-WWW-Form-URLEncoded; charset=utf-8"}};
  const Form both = Form::Parse(request);
  EXPECT_EQ(both.All("match[]"), (std::vector<std::string_view>{"c", "a", "b+c d"}));
  EXPECT_EQ(both.Get("q"), std::string_view("\0\xFF", 2));
}

TEST(FormTest, TooManyParametersAreCutOff) {
  std::string query;
  for (int i = 0; i < 5000; ++i) query += "a=1&";
  Request request;
  request.query = query;
  EXPECT_EQ(Form::Parse(request).All("a").size(), Form::kMaxParameters);
}

}  // namespace
}  // namespace tocsin::http
