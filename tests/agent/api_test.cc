#include <gtest/gtest.h>

#include "agent/api/envelope.h"
#include "agent/api/params.h"
#include "agent/api/query.h"
#include "agent/api/result_json.h"
#include "agent/api/status.h"
#include "base/json.h"
#include "rules/memory_store.h"
#include "rules/promql/parser.h"

namespace tocsin::api {
namespace {

TEST(TimeParamTest, ReadsUnixTimesAndRfc3339) {
  EXPECT_EQ(*ParseTimeParam("1600000000.5"), 1'600'000'000'500);
  EXPECT_EQ(*ParseTimeParam("-1"), -1'000);
  EXPECT_EQ(*ParseTimeParam("2020-09-13T12:26:40Z"), 1'600'000'000'000);
  EXPECT_EQ(*ParseTimeParam("2020-09-13T14:26:40.123456+02:00"), 1'600'000'000'123);
  for (const char* bad : {"", "now", "2020-02-30T00:00:00Z", "2020-09-13", "2020-09-13T12:26:40",
                          "2020-09-13T25:26:40Z", "NaN", "Inf", "1e300"}) {
    EXPECT_FALSE(ParseTimeParam(bad).ok()) << bad;
  }
}

TEST(DurationParamTest, ReadsSecondsAndDurations) {
  EXPECT_EQ(*ParseDurationParam("15"), 15'000);
  EXPECT_EQ(*ParseDurationParam("0.5"), 500);
  EXPECT_EQ(*ParseDurationParam("1m30s"), 90'000);
  EXPECT_FALSE(ParseDurationParam("soon").ok());
}

TEST(EnvelopeTest, HasPrometheusShapes) {
  EXPECT_EQ(Success("[]").body, R"({"status":"success","data":[]})");
  const auto failure = InvalidParameter("time", Error{Errc::kInvalid, "no"});
  EXPECT_EQ(failure.status, 400);
  EXPECT_EQ(
      failure.body,
      R"({"status":"error","errorType":"bad_data","error":"invalid parameter \"time\": no"})");
  EXPECT_EQ(Failure(Error{Errc::kTimeout, "t"}).status, 503);
  EXPECT_EQ(Failure(Error{Errc::kLimit, "t"}).status, 422);
}

TEST(QueryApiTest, RangesAsPrometheusTakesThem) {
  const MemoryStore store;
  const SystemClock clock;
  const QueryApi api(store, clock);
  ResultCache cache(0, milliseconds(0));
  const auto status = [&](std::string_view query) {
    http::Request request;
    request.query = query;
    return api.Range(request, {{}, seconds(10), 4}, cache).status;
  };
  EXPECT_EQ(status("query=1&start=0&end=11000&step=1"), 200) << "11,000 steps are 11,001 points";
  EXPECT_EQ(status("query=1&start=0&end=11001&step=1"), 400);
  EXPECT_EQ(status("query=1&start=-9e15&end=9e15&step=1"), 400);
  EXPECT_EQ(status("query=1&start=1&end=0&step=1"), 400);
  EXPECT_EQ(status("query=1&start=0&end=1&step=1&lookback_delta=0"), 200) << "0: the default";
}

TEST(ResultJsonTest, NumbersAsPrometheusWritesThem) {
  const auto answer = [](std::string_view query) {
    promql::QueryResult result =
        *promql::EvalInstant(**promql::ParseExpr(query), 0, MemoryStore(), {});
    std::string text;
    JsonWriter json(text);
    WriteResult(json, result);
    return text.substr(text.find("[0,"));
  };
  EXPECT_EQ(answer("vector(1e-7)"), "[0,\"1e-07\"]}]}");
  EXPECT_EQ(answer("vector(1e-100)"), "[0,\"1e-100\"]}]}");
  EXPECT_EQ(answer("vector(-1e21)"), "[0,\"-1e+21\"]}]}");
  EXPECT_EQ(answer("vector(1e20)"), "[0,\"100000000000000000000\"]}]}");
  EXPECT_EQ(answer("1e-7"), "[0,\"0.0000001\"]}");
  EXPECT_EQ(answer("1e21"), "[0,\"1000000000000000000000\"]}");
  EXPECT_EQ(answer("-1/0"), "[0,\"-Inf\"]}");
  EXPECT_EQ(answer("'a\"'"), "[0,\"a\\\"\"]}");
}

TEST(ConfigTextTest, HidesSecretsAndReadsBack) {
  const auto file = ParseYaml(
      "web: {listen_addresses: ['127.0.0.1:9909']}\n"
      "notify:\n"
      "  webhooks:\n"
      "    - url: http://user:hunter2@host/x\n"
      "      headers: {Authorization: hunter2}\n"
      "      password: hunter2\n"
      "      password_file: /etc/pw\n"
      "      tokens: [hunter2]\n",
      "t.yml");
  ASSERT_TRUE(file.ok()) << file.error().message();
  const std::string text = ConfigText(*file);
  EXPECT_EQ(text.find("hunter2"), std::string::npos) << text;
  const auto again = ParseYaml(text, "again.yml");
  ASSERT_TRUE(again.ok()) << again.error().message() << text;
  const YamlNode& hook = *again->root->Find("notify")->Find("webhooks")->items.at(0);
  EXPECT_EQ(hook.Find("url")->scalar, "http://user:<secret>@host/x");
  EXPECT_EQ(hook.Find("password_file")->scalar, "/etc/pw");
  EXPECT_EQ(hook.Find("tokens")->scalar, "<secret>");
}

}  // namespace
}  // namespace tocsin::api
