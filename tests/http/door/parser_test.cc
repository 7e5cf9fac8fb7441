#include "agent/http/door/parser.h"

#include <gtest/gtest.h>

#include <string>

namespace tocsin::http {
namespace {

/// What the scanner says of `bytes` when `step` more of them arrive at a time: "incomplete", the
/// status of a refusal, or the number of bytes of the header.
std::string Scanned(std::string_view bytes, std::size_t step, const ServerLimits& limits = {}) {
  HeaderScanner scanner;
  for (std::size_t size = std::min(step, bytes.size());;
       size = std::min(size + step, bytes.size())) {
    switch (scanner.Scan(bytes.substr(0, size), limits)) {
      case HeaderScanner::State::kRefused:
        return std::to_string(scanner.Refusal().status);
      case HeaderScanner::State::kComplete:
        return std::to_string(scanner.header_bytes()) + " bytes";
      case HeaderScanner::State::kIncomplete:
        break;
    }
    if (size == bytes.size()) return "incomplete";
  }
}

/// "METHOD path ?query name=value …", or the status and text of the refusal.
std::string Read(std::string bytes) {
  Request request;
  HttpVersion version = HttpVersion::k10;
  if (auto refusal = ReadHeader(bytes.data(), bytes.size(), request, version)) return refusal->body;
  std::string text = std::string(request.method) + ' ' + std::string(request.path) + " ?" +
                     std::string(request.query) + (version == HttpVersion::k10 ? " 1.0" : "");
  for (const auto& [name, value] : request.headers) {
    text.append(" ").append(name).append("=").append(value);
  }
  return text;
}

struct Case {
  std::string bytes;
  const char* result;
};

TEST(HeaderScannerTest, TheEndOfAHeaderHoweverItArrives) {
  const std::string many(200, 'h');
  const Case cases[] = {
      {"", "incomplete"},
      {"G", "incomplete"},
      {"GET / HTTP/1.1\r\n", "incomplete"},
      {"GET / HTTP/1.1\r\n\r", "incomplete"},
      {"GET / HTTP/1.1\r\n\r\n", "18 bytes"},
      {"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1", "27 bytes"},
      {"GET / HTTP/1.1\n", "400"},
      {"GET / HTTP/1.1\r\nA: b\n", "400"},
      {"GET / HTTP/1.1\r\nA: b\r\n\n", "400"},
      {"\r\nGET / HTTP/1.1\r\n\r\n", "400"},
      {"\n", "400"},
      {"get / HTTP/1.1\r\n\r\n", "400"},
      {"\x16\x03\x01\x02", "400"},
      {"GET / HTTP/1.1\r\n folded: x\r\n", "400"},
      {"GET / HTTP/1.1\r\nA: b\r\n\tfolded\r\n", "400"},
      {"GET /" + std::string(2200, 'p'), "414"},
      {"GET / HTTP/1.1\r\nA: " + std::string(16'400, 'v'), "431"},
      {"GET / HTTP/1.1\r\nA: " + std::string(16'400, 'v') + "\r\n\r\n", "431"},
  };
  for (const Case& c : cases) {
    for (const std::size_t step : {std::size_t{1}, std::size_t{7}, std::size_t{100'000}}) {
      EXPECT_EQ(Scanned(c.bytes, step), c.result) << c.bytes.substr(0, 60) << " by " << step;
    }
  }
}

TEST(HeaderScannerTest, AsManyHeadersAsAreAllowed) {
  std::string header = "GET / HTTP/1.1\r\n";
  for (int i = 0; i < 63; ++i) header += "A: b\r\n";
  EXPECT_EQ(Scanned(header + "\r\n", 1), std::to_string(header.size() + 2) + " bytes");
  EXPECT_EQ(Scanned(header + "A: b\r\n\r\n", 1), "431");
}

TEST(HeaderScannerTest, IsUsedAgain) {
  HeaderScanner scanner;
  EXPECT_EQ(scanner.Scan("GET / HTTP/1.1\r\n\r\n", {}), HeaderScanner::State::kComplete);
  scanner.Reset();
  EXPECT_EQ(scanner.Scan("POST /x HTTP/1.1\r\nA: b\r\n\r\n", {}), HeaderScanner::State::kComplete);
  EXPECT_EQ(scanner.header_bytes(), 26u);
}

TEST(ReadHeaderTest, WhatIsInIt) {
  const Case cases[] = {
      {"GET / HTTP/1.1\r\n\r\n", "GET / ?"},
      {"GET /a%20b?c=d?e&f HTTP/1.0\r\n\r\n", "GET /a%20b ?c=d?e&f 1.0"},
      {"HEAD * HTTP/1.1\r\nHOST:\tx \t\r\nX-One:a: b\r\nEmpty:\r\n\r\n",
       "HEAD * ? host=x x-one=a: b empty="},
      {"GET / HTTP/1.1\r\nA : b\r\n\r\n", "GET / ? a =b"},  // CheckRequest's to refuse
      {"GET / HTTP/1.1\r\nA: b\r\r\n\r\n", "GET / ? a=b\r"},
      {"GET / HTTP/1.1\r\nnothing\r\n\r\n", "400 a header without a colon\n"},
      {"GET /\r\n\r\n", "400 malformed request line\n"},
      {"GET  / HTTP/1.1\r\n\r\n", "400 malformed request line\n"},
      {"GET / x HTTP/1.1\r\n\r\n", "400 malformed request line\n"},
      {"GET / HTTP/1.1 \r\n\r\n", "400 malformed request line\n"},
      {"GET / HTTP/1.1\r\r\n\r\n", "400 malformed request line\n"},
      {"GET\t/ HTTP/1.1\r\n\r\n", "400 malformed request line\n"},
      {std::string("GET /\0 HTTP/1.1\r\n\r\n", 19), "400 malformed request line\n"},
      {"GET / HTTP/1.10\r\n\r\n", "400 malformed request line\n"},
      {"GET / http/1.1\r\n\r\n", "400 malformed request line\n"},
      {"PRI * HTTP/2.0\r\n\r\n", "505 this server speaks HTTP/1.1\n"},
      {"BREW / HTTP/1.1\r\n\r\n", "400 unknown method\n"},
  };
  for (const Case& c : cases) EXPECT_EQ(Read(c.bytes), c.result) << c.bytes;
}

}  // namespace
}  // namespace tocsin::http
