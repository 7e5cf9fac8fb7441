#include "agent/http/negotiate.h"

#include <gtest/gtest.h>

namespace tocsin::http {
namespace {

Request With(std::string_view header, std::initializer_list<std::string_view> values) {
  Request request;
  for (const std::string_view value : values) request.headers.emplace_back(header, value);
  return request;
}

TEST(NegotiateTest, Format) {
  const auto open = [](std::initializer_list<std::string_view> accept) {
    return NegotiateFormat(With("accept", accept)) == exposition::Format::kOpenMetrics;
  };
  // As Prometheus 2.42 and 3 send it.
  EXPECT_TRUE(
      open({"application/openmetrics-text;version=1.0.0,application/openmetrics-text;"
            "version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"}));
  EXPECT_TRUE(
      open({"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;"
            "encoding=delimited;q=0.6,application/openmetrics-text;version=1.0.0;"
            "escaping=allow-utf-8;q=0.5,text/plain;version=0.0.4;q=0.2,*/*;q=0.1"}));
  EXPECT_FALSE(open({}));
  EXPECT_FALSE(open({"*/*"}));
  EXPECT_FALSE(open({"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}));
  EXPECT_FALSE(open({"text/plain"}));
  EXPECT_TRUE(open({"application/openmetrics-text"}));
  EXPECT_TRUE(open({"Application/OpenMetrics-Text ; Version = \"1.0.0\""}));
  EXPECT_FALSE(open({"application/openmetrics-text;version=0.0.1"}));
  EXPECT_FALSE(open({"application/openmetrics-text;version=2.0.0"}));
  EXPECT_FALSE(open({"application/openmetrics-text;q=0"}));
  EXPECT_FALSE(open({"application/openmetrics-text;q=0.3,text/plain;q=0.4"}));
  EXPECT_TRUE(open({"text/plain;q=0.3,application/openmetrics-text;q=0.4"}));
  EXPECT_FALSE(open({"text/plain,application/openmetrics-text"}));
  EXPECT_TRUE(open({"text/plain;q=0.5", "application/openmetrics-text"}));
  EXPECT_FALSE(open({"application/openmetrics-text;q=nan"}));
  EXPECT_FALSE(open({"application/openmetrics-text;q=2"}));
  EXPECT_TRUE(open({"x/y;v=\"a,b;q=0\",application/openmetrics-text"}));
  EXPECT_FALSE(open({",;,=;q=,\"", ";"}));
}

TEST(NegotiateTest, Gzip) {
  const auto gzip = [](std::initializer_list<std::string_view> accept) {
    return AcceptsGzip(With("accept-encoding", accept));
  };
  EXPECT_TRUE(gzip({"gzip"}));
  EXPECT_TRUE(gzip({"deflate, GZIP;q=0.5, br"}));
  EXPECT_TRUE(gzip({"x-gzip"}));
  EXPECT_TRUE(gzip({"*"}));
  EXPECT_TRUE(gzip({"br", "gzip"}));
  EXPECT_FALSE(gzip({}));
  EXPECT_FALSE(gzip({""}));
  EXPECT_FALSE(gzip({"identity"}));
  EXPECT_FALSE(gzip({"gzip;q=0"}));
  EXPECT_FALSE(gzip({"gzip; q=0.000"}));
  EXPECT_FALSE(gzip({"gzip;q=0, *"}));
  EXPECT_FALSE(gzip({"*;q=0"}));
  EXPECT_FALSE(gzip({"gzipped"}));
}

}  // namespace
}  // namespace tocsin::http
