// What a request makes the router, forms and negotiation read. The input is lines: method, path,
// query, Content-Type, Accept, Accept-Encoding, Host, and the rest is the body.

#include <cstdint>
#include <cstdlib>

#include "agent/http/negotiate.h"
#include "agent/http/request_check.h"
#include "agent/http/router.h"
#include "base/parse.h"

namespace {

using namespace tocsin::http;

Router MakeRouter() {
  Router router;
  const Handler handler = [](const Request& request) {
    const Form form = Form::Parse(request);
    for (const std::string_view value : form.All("match[]")) {
      if (value.size() > request.query.size() + request.body.size()) std::abort();
    }
    NegotiateFormat(request);
    AcceptsGzip(request);
    return TextResponse(200, request.path);
  };
  router.Add("/metrics", {"GET"}, handler);
  router.Add("/-/reload", {"POST", "PUT"}, handler);
  router.AddPrefix("/api/v1/label/", {"GET", "POST"}, handler);
  return router;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Router router = MakeRouter();
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  Request request;
  request.method = tocsin::TakeLine(rest);
  request.path = tocsin::TakeLine(rest);
  request.query = tocsin::TakeLine(rest);
  for (const std::string_view name :
       {"content-type", "accept", "accept-encoding", "host", "content-length", "connection"}) {
    request.headers.emplace_back(name, tocsin::TakeLine(rest));
  }
  request.body = rest;
  const ServerLimits limits;
  const CheckedRequest checked = CheckRequest(request, HttpVersion::k11, limits);
  if (checked.body_bytes > limits.body_bytes) std::abort();
  const Response response = router.Handle(request);
  const bool served = request.path == "/metrics" || request.path == "/-/reload" ||
                      request.path.starts_with("/api/v1/label/");
  if (response.status == 200 && !served) std::abort();
  if (ResponseHead(response, true, {}).find("\r\n\r\n") == std::string::npos) std::abort();
  return 0;
}
