#include "agent/http/wrappers.h"

#include <atomic>
#include <memory>

#include "agent/http/form.h"
#include "agent/http/negotiate.h"
#include "base/gzip.h"

namespace tocsin::http {
namespace {

bool IsCompressible(std::string_view content_type) {
  return content_type.starts_with("text/") || content_type.starts_with("application/json") ||
         content_type.starts_with("application/openmetrics-text") ||
         content_type.starts_with("image/svg+xml");
}

std::vector<std::string> Strings(const std::vector<std::string_view>& views) {
  return {views.begin(), views.end()};
}

}  // namespace

Handler Compressed(Handler inner) {
  return [inner = std::move(inner)](const Request& request) {
    Response response = inner(request);
    if (response.shared_body || response.body.size() < kGzipMinBytes ||
        !IsCompressible(response.content_type) || response.HasHeader("Content-Encoding")) {
      return response;
    }
    response.headers.emplace_back("Vary", "Accept-Encoding");
    if (AcceptsGzip(request)) {
      response.body = Gzip(response.body);
      response.headers.emplace_back("Content-Encoding", "gzip");
    }
    return response;
  };
}

Handler Limited(Handler inner, int max) {
  auto inside = std::make_shared<std::atomic<int>>(0);
  return [inner = std::move(inner), max, inside](const Request& request) {
    struct Leave {
      std::atomic<int>& count;
      ~Leave() { count.fetch_sub(1, std::memory_order_relaxed); }
    };
    const int before = inside->fetch_add(1, std::memory_order_relaxed);
    const Leave leave{*inside};
    if (before < max) return inner(request);
    Response response = TextResponse(503, "too many requests at once, try again");
    response.headers.emplace_back("Retry-After", "1");
    return response;
  };
}

Handler CrossOrigin(Handler inner, std::string origin) {
  return [inner = std::move(inner), origin = std::move(origin)](const Request& request) {
    Response response;
    if (request.method == "OPTIONS") {
      response.status = 204;
    } else {
      response = inner(request);
    }
    if (origin.empty()) return response;
    response.headers.emplace_back("Access-Control-Allow-Origin", origin);
    response.headers.emplace_back("Access-Control-Allow-Headers",
                                  "Accept, Authorization, Content-Type, Origin");
    response.headers.emplace_back("Access-Control-Allow-Methods", "GET, POST, DELETE, OPTIONS");
    response.headers.emplace_back("Access-Control-Expose-Headers", "Date");
    if (origin != "*") response.headers.emplace_back("Vary", "Origin");
    return response;
  };
}

Handler MetricsHandler(exposition::Page& page) {
  return [&page](const Request& request) {
    exposition::PageSelection selection;
    if (!request.query.empty()) {
      const Form form = Form::Parse(request);
      selection = {Strings(form.All("collect[]")), Strings(form.All("exclude[]"))};
    }
    const exposition::Format format = NegotiateFormat(request);
    const auto coding =
        AcceptsGzip(request) ? exposition::Coding::kGzip : exposition::Coding::kIdentity;
    const auto rendered = page.Get(format, coding, selection);
    if (!rendered) return TextResponse(400, rendered.error().message());
    Response response;
    response.content_type = ContentType(format);
    response.headers.emplace_back("Vary", "Accept, Accept-Encoding");
    if (rendered->coding == exposition::Coding::kGzip) {
      response.headers.emplace_back("Content-Encoding", "gzip");
    }
    response.shared_body = rendered->body;
    return response;
  };
}

}  // namespace tocsin::http
