#include "agent/http/request_check.h"

#include <gtest/gtest.h>

namespace tocsin::http {
namespace {

using Headers = std::vector<std::pair<std::string_view, std::string_view>>;

CheckedRequest Check(std::string_view method, Headers headers,
                     HttpVersion version = HttpVersion::k11) {
  Request request;
  request.method = method;
  request.path = "/x";
  request.headers = std::move(headers);
  return CheckRequest(request, version, ServerLimits{});
}

int Refusal(std::string_view method, Headers headers, HttpVersion version = HttpVersion::k11) {
  const CheckedRequest checked = Check(method, std::move(headers), version);
  return checked.refusal ? checked.refusal->status : 0;
}

TEST(CheckRequestTest, Framing) {
  const CheckedRequest post = Check("POST", {{"host", "x"}, {"content-length", "12"}});
  EXPECT_FALSE(post.refusal);
  EXPECT_EQ(post.body_bytes, 12u);
  EXPECT_TRUE(post.keep_alive);
  EXPECT_FALSE(post.expects_continue);
  EXPECT_TRUE(Check("POST", {{"host", "x"}, {"content-length", "1"}, {"expect", "100-Continue"}})
                  .expects_continue);
  EXPECT_EQ(Refusal("POST", {{"host", "x"}, {"expect", "tea"}}), 417);
  EXPECT_EQ(Refusal("POST", {{"host", "x"}}), 0);
  EXPECT_EQ(Refusal("GET", {{"host", "x"}, {"content-length", "0"}}), 0);
  EXPECT_EQ(Refusal("GET", {{"host", "x"}, {"content-length", "1"}}), 400);
  for (const std::string_view length : {"", "4abc", "+4", "-4", " 4", "4,4", "0x4"}) {
    EXPECT_EQ(Refusal("POST", {{"host", "x"}, {"content-length", length}}), 400) << length;
  }
  EXPECT_EQ(Refusal("POST", {{"host", "x"}, {"content-length", "99999999999999999999"}}), 413);
  EXPECT_EQ(Refusal("POST", {{"host", "x"}, {"content-length", "1048577"}}), 413);
  EXPECT_EQ(Refusal("POST", {{"host", "x"}, {"content-length", "4"}, {"content-length", "4"}}),
            400);
  EXPECT_EQ(Refusal("POST", {{"host", "x"}, {"transfer-encoding", "chunked"}}), 400);
  EXPECT_EQ(Refusal("GET", {{"host", "x"}, {"transfer-encoding", "identity"}}), 400);
}

TEST(CheckRequestTest, Host) {
  EXPECT_EQ(Refusal("GET", {}), 400);
  EXPECT_EQ(Refusal("GET", {}, HttpVersion::k10), 0);
  EXPECT_EQ(Refusal("GET", {{"host", "x"}, {"host", "x"}}), 400);
  for (const std::string_view host : {"", "a b", "a/b", "a,b", "u@h", "a\tb", "<x>"}) {
    EXPECT_EQ(Refusal("GET", {{"host", host}}), 400) << host;
  }
  for (const std::string_view host : {"localhost:9909", "[::1]:9909", "a.b-c_d", "127.0.0.1"}) {
    EXPECT_EQ(Refusal("GET", {{"host", host}}), 0) << host;
  }
}

TEST(CheckRequestTest, NamesAndValues) {
  EXPECT_EQ(Refusal("G T", {{"host", "x"}}), 400);
  EXPECT_EQ(Refusal("", {{"host", "x"}}), 400);
  EXPECT_EQ(Refusal("GET", {{"host", "x"}, {"a b", "x"}}), 400);
  EXPECT_EQ(Refusal("GET", {{"host", "x"}, {"", "x"}}), 400);
  EXPECT_EQ(Refusal("GET", {{"host", "x"}, {"a", "x\rb"}}), 400);
  EXPECT_EQ(Refusal("GET", {{"host", "x"}, {"a", "x\ty\xC3\xA9"}}), 0);
}

TEST(CheckRequestTest, KeepAlive) {
  EXPECT_TRUE(Check("GET", {{"host", "x"}}).keep_alive);
  EXPECT_FALSE(Check("GET", {{"host", "x"}, {"connection", "Close"}}).keep_alive);
  EXPECT_FALSE(Check("GET", {{"host", "x"}, {"connection", "TE, close"}}).keep_alive);
  EXPECT_FALSE(Check("GET", {}, HttpVersion::k10).keep_alive);
  EXPECT_TRUE(Check("GET", {{"connection", "Keep-Alive"}}, HttpVersion::k10).keep_alive);
}

TEST(CheckRequestTest, Sizes) {
  const std::string long_path(2049, 'x');
  Request request;
  request.method = "GET";
  request.path = long_path;
  request.headers = {{"host", "x"}};
  EXPECT_EQ(CheckRequest(request, HttpVersion::k11, {}).refusal->status, 414);
  request.path = "/x";
  request.headers.assign(64, {"a", "b"});
  EXPECT_EQ(CheckRequest(request, HttpVersion::k11, {}).refusal->status, 431);
}

TEST(ResponseHeadTest, IsExactlyThis) {
  Response response = TextResponse(503, "busy");
  response.headers = {{"Retry-After", "1"}, {"Bad", "a\r\nInjected: b"}, {"Bad\n", "x"}};
  EXPECT_EQ(ResponseHead(response, false, FromMillis(784111777999)),
            "HTTP/1.1 503 Service Unavailable\r\n"
            "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
            "Content-Type: text/plain; charset=utf-8\r\n"
            "Content-Length: 5\r\n"
            "X-Content-Type-Options: nosniff\r\n"
            "Retry-After: 1\r\n"
            "Connection: close\r\n\r\n");
  response.status = 204;
  EXPECT_EQ(ResponseHead(response, true, {}).find("Content-Length"), std::string::npos);
}

TEST(ListenAddressTest, WhatCanBeGiven) {
  const auto shown = [](std::string_view text) {
    const auto address = ParseListenAddress(text);
    return address ? address->ToString() : address.error().message();
  };
  EXPECT_EQ(shown("127.0.0.1:9909"), "127.0.0.1:9909");
  EXPECT_EQ(shown(":0"), "[::]:0") << "every address, as in Go";
  EXPECT_EQ(shown("0.0.0.0:1"), "0.0.0.0:1");
  EXPECT_EQ(shown("localhost:1"), "127.0.0.1:1");
  EXPECT_EQ(shown("[::1]:9909"), "[::1]:9909");
  EXPECT_EQ(shown("[0:0::1]:9909"), "[::1]:9909");
  EXPECT_EQ(shown("unix:/run/tocsin.sock"), "unix:/run/tocsin.sock");
  EXPECT_EQ(shown("9909"),
            "listen address \"9909\": expected HOST:PORT as in 127.0.0.1:9909, or :9909 for every "
            "address");
  EXPECT_EQ(shown("::1:9909"),
            "listen address \"::1:9909\": an IPv6 address stands in brackets, as in [::1]:9909");
  EXPECT_EQ(shown("127.0.0.1:65536"),
            "listen address \"127.0.0.1:65536\": the port must be a number from 0 to 65535");
  EXPECT_EQ(shown("unix:tocsin.sock"),
            "listen address \"unix:tocsin.sock\": expected an absolute path as in "
            "unix:/run/tocsin.sock");
  EXPECT_NE(shown("unix:/" + std::string(107, 'x')).find("at most 107 bytes"), std::string::npos);
  EXPECT_EQ(ParseListenAddress("no such host:1").error().code(), Errc::kInvalid);
  EXPECT_TRUE(ParseListenAddress("127.0.0.2:1")->IsIpv4Loopback());
  for (const std::string_view other : {"0.0.0.0:1", "[::1]:1", "unix:/127.0.0.1", "10.0.0.1:1"}) {
    EXPECT_FALSE(ParseListenAddress(other)->IsIpv4Loopback()) << other;
  }
}

TEST(ListenAddressTest, ItsUrl) {
  EXPECT_EQ(UrlOf("127.0.0.1:9909", Scheme::kHttp), "http://127.0.0.1:9909");
  EXPECT_EQ(UrlOf("[::1]:9909", Scheme::kHttps), "https://[::1]:9909");
  EXPECT_EQ(UrlOf("[::]:1", Scheme::kHttp), "http://127.0.0.1:1");
  EXPECT_EQ(UrlOf(":1", Scheme::kHttp), "http://127.0.0.1:1");
  EXPECT_EQ(UrlOf("0.0.0.0:1", Scheme::kHttp), "http://127.0.0.1:1");
  EXPECT_EQ(UrlOf("unix:/x", Scheme::kHttps), "unix:/x");
}

}  // namespace
}  // namespace tocsin::http
