#include "agent/http/wrappers.h"

#include <gtest/gtest.h>

#include <thread>

#include "base/gzip.h"
#include "base/mutex.h"
#include "metrics/writer.h"

namespace tocsin::http {
namespace {

Request With(std::vector<std::pair<std::string_view, std::string_view>> headers) {
  Request request;
  request.method = "GET";
  request.headers = std::move(headers);
  return request;
}

std::string HeaderOf(const Response& response, std::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return "";
}

TEST(CompressedTest, LargeTextForWhoAcceptsIt) {
  const Handler handler = Compressed([](const Request& request) {
    Response response;
    response.content_type = request.path == "/png" ? "image/png" : "application/json";
    response.body.assign(request.path == "/small" ? 100 : 5000, 'x');
    if (request.path == "/done") response.headers.emplace_back("content-encoding", "br");
    return response;
  });
  Request request = With({{"accept-encoding", "gzip"}});
  const Response gzip = handler(request);
  EXPECT_EQ(HeaderOf(gzip, "Content-Encoding"), "gzip");
  EXPECT_EQ(HeaderOf(gzip, "Vary"), "Accept-Encoding");
  EXPECT_EQ(*Gunzip(gzip.body, 10'000), std::string(5000, 'x'));
  for (const std::string_view path : {"/small", "/png", "/done"}) {
    request.path = path;
    EXPECT_EQ(HeaderOf(handler(request), "Content-Encoding"), "") << path;
  }
  const Response plain = handler(With({}));
  EXPECT_EQ(plain.body.size(), 5000u);
  EXPECT_EQ(HeaderOf(plain, "Vary"), "Accept-Encoding");
}

TEST(LimitedTest, TheOneTooManyIsTurnedAway) {
  Mutex mutex;
  CondVar changed;
  int inside = 0;
  bool open = false;
  const Handler handler = Limited(
      [&](const Request&) {
        const MutexLock lock(mutex);
        ++inside;
        changed.NotifyAll();
        while (!open) changed.Wait(mutex);
        return TextResponse(200, "ok");
      },
      2);
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&] { EXPECT_EQ(handler(With({})).status, 200); });
  }
  {
    const MutexLock lock(mutex);
    while (inside < 2) changed.Wait(mutex);
  }
  const Response refused = handler(With({}));
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(HeaderOf(refused, "Retry-After"), "1");
  {
    const MutexLock lock(mutex);
    open = true;
    changed.NotifyAll();
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(handler(With({})).status, 200);
}

TEST(CrossOriginTest, BrowsersThatAskFirstAreLetIn) {
  const auto refuse = [](const Request&) { return TextResponse(400, "no query"); };
  Request asks = With({});
  asks.method = "OPTIONS";
  const Handler open = CrossOrigin(refuse, "https://grafana.example");
  const Response allowed = open(asks);
  EXPECT_EQ(allowed.status, 204);
  EXPECT_EQ(allowed.Body(), "");
  EXPECT_EQ(HeaderOf(allowed, "Access-Control-Allow-Origin"), "https://grafana.example");
  EXPECT_EQ(HeaderOf(allowed, "Vary"), "Origin");
  EXPECT_EQ(open(With({})).status, 400) << "anything else is the handler's";
  EXPECT_EQ(HeaderOf(open(With({})), "Access-Control-Allow-Origin"), "https://grafana.example");

  const Handler closed = CrossOrigin(refuse, "");
  EXPECT_EQ(closed(asks).status, 204);
  EXPECT_FALSE(closed(asks).HasHeader("Access-Control-Allow-Origin"));
}

class OneRound final : public exposition::SnapshotSource {
 public:
  OneRound() {
    RoundWriter writer;
    for (const std::string name : {"a", "b"}) {
      writer.Begin(WallTime{});
      for (int i = 0; i < 100; ++i) {
        writer.Add({name, MetricType::kGauge, ""}, {{"n", std::to_string(i)}}, i);
      }
      entries_.push_back({name, *writer.Finish()});
    }
  }
  std::uint64_t Version() const override { return 1; }
  void Read(std::vector<exposition::NamedSnapshot>& out) const override { out = entries_; }

 private:
  std::vector<exposition::NamedSnapshot> entries_;
};

TEST(MetricsHandlerTest, FormatCodingAndSelection) {
  const OneRound source;
  exposition::Page page(source);
  const Handler handler = MetricsHandler(page);
  const Response text = handler(With({}));
  EXPECT_EQ(text.content_type, "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(HeaderOf(text, "Content-Encoding"), "");
  EXPECT_NE(text.Body().find("b{n=\"99\"} 99\n"), std::string_view::npos);

  const Response open = handler(With(
      {{"accept", "application/openmetrics-text;version=1.0.0"}, {"accept-encoding", "gzip"}}));
  EXPECT_EQ(open.content_type, "application/openmetrics-text; version=1.0.0; charset=utf-8");
  EXPECT_EQ(HeaderOf(open, "Content-Encoding"), "gzip");
  EXPECT_TRUE(Gunzip(open.Body(), 1 << 20)->ends_with("# EOF\n"));

  Request some = With({});
  some.query = "collect[]=b";
  EXPECT_EQ(handler(some).Body().find("a{"), std::string_view::npos);
  some.query = "exclude%5B%5D=b";
  EXPECT_EQ(handler(some).Body().find("b{"), std::string_view::npos);
  some.query = "collect[]=a&exclude[]=b";
  EXPECT_EQ(handler(some).status, 400);
  some.query = "collect[]=nosuch";
  EXPECT_EQ(handler(some).status, 400);
  EXPECT_EQ(handler(some).body, "there is no collector \"nosuch\", or it is switched off\n");
}

}  // namespace
}  // namespace tocsin::http
