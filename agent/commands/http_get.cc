#include "agent/commands/http_get.h"

#include <utility>
#include <vector>

#include "base/outgoing/http_client.h"

namespace tocsin {

namespace {

Result<HttpAnswer> Exchange(const std::string& method, const std::string& url,
                            std::string_view type, const std::string& body) {
  outgoing::HttpRequest request;
  request.method = method;
  request.url = url;
  request.body = body;
  if (!body.empty()) request.headers.push_back({"Content-Type", std::string(type)});
  request.limits.total_timeout = std::chrono::minutes(2);
  request.limits.max_answer_bytes = std::size_t{256} << 20;
  outgoing::HttpClient client;
  client.Start(1, std::move(request));
  std::vector<outgoing::Completion> completed;
  while (completed.empty()) {
    client.Wait({}, seconds(1));
    client.Collect(completed);
  }
  if (!completed[0].answer) return std::move(completed[0].answer).error().Under(url);
  return HttpAnswer{completed[0].answer->status, std::move(completed[0].answer->body)};
}

}  // namespace

Result<std::string> HttpFetch(const std::string& url, const std::string& form) {
  TRY_ASSIGN(HttpAnswer answer, Exchange(form.empty() ? "GET" : "POST", url,
                                         "application/x-www-form-urlencoded", form));
  return std::move(answer.body);
}

Result<HttpAnswer> HttpSend(const std::string& method, const std::string& url,
                            const std::string& json) {
  return Exchange(method, url, "application/json", json);
}

}  // namespace tocsin
