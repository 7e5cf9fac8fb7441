#include "agent/api/scrape_target.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "agent/http/form.h"
#include "base/parse.h"
#include "collectors/cache/cache.h"
#include "collectors/net/network.h"
#include "metrics/exposition/render.h"

namespace tocsin::api {
namespace {

constexpr milliseconds kLongest = seconds(10);
/// Of the scraper's own timeout, what the way back takes.
constexpr double kWayBack = 0.5;
constexpr std::string_view kMemcachedScheme = "memcached://";

milliseconds TimeoutOf(const http::Request& request) {
  const auto limit = ParseDouble(request.Header("x-prometheus-scrape-timeout-seconds"));
  if (!limit || !(*limit > 0)) return kLongest;
  const double seconds_left = std::clamp(*limit - kWayBack, 0.1, ToSeconds(kLongest));
  return milliseconds(static_cast<std::int64_t>(seconds_left * 1e3));
}

bool IsMemcached(std::string_view target, std::string_view collector) {
  if (target.starts_with(kMemcachedScheme)) return true;
  if (target.find("://") != std::string_view::npos) return false;
  return collector.empty() ? target.ends_with(":11211") : collector == "memcached";
}

Result<net::TargetSpec> SpecOf(std::string target, std::string_view collector) {
  net::TargetSpec spec;
  spec.name = "scrape";
  if (target.empty()) return Error{Errc::kInvalid, "'target' parameter must be specified"};
  if (IsMemcached(target, collector)) {
    if (target.starts_with(kMemcachedScheme)) target.erase(0, kMemcachedScheme.size());
    TRY_ASSIGN(auto address, MemcachedAddress::Parse(target));
    spec.make = [address](net::Network& network) { return MakeMemcachedTarget(network, address); };
    return spec;
  }
  TRY_ASSIGN(auto address, net::RedisAddress::Parse(target));
  spec.make = [address](net::Network& network) { return MakeRedisTarget(network, address, {}); };
  return spec;
}

}  // namespace

http::Response ScrapeTarget(net::Network& network, const Clock& clock,
                            const http::Request& request) {
  const http::Form form = http::Form::Parse(request);
  auto spec = SpecOf(std::string(form.Get("target")), form.Get("collector"));
  if (!spec) return http::TextResponse(400, spec.error().message());
  spec->timeout = TimeoutOf(request);
  const auto snapshot = net::AskOnce(network, *std::move(spec), clock.Wall());
  if (!snapshot) return http::TextResponse(503, snapshot.error().message());
  http::Response response;
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  response.body = exposition::RenderPage(std::array{*snapshot}, exposition::Format::kText);
  return response;
}

}  // namespace tocsin::api
