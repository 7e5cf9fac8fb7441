#include "agent/commands/http_get.h"

#include <utility>
#include <vector>

#include "notify/http_client.h"

namespace tocsin {

Result<std::string> HttpFetch(const std::string& url, const std::string& form) {
  notify::HttpRequest request;
  request.method = form.empty() ? "GET" : "POST";
  request.url = url;
  request.body = form;
  if (!form.empty()) {
    request.headers.push_back({"Content-Type", "application/x-www-form-urlencoded"});
  }
  request.limits.total_timeout = std::chrono::minutes(2);
  request.limits.max_answer_bytes = std::size_t{256} << 20;
  notify::HttpClient client;
  client.Start(1, std::move(request));
  std::vector<notify::Completion> completed;
  while (completed.empty()) {
    client.Wait({}, seconds(1));
    client.Collect(completed);
  }
  if (!completed[0].answer) return std::move(completed[0].answer).error().Under(url);
  return std::move(completed[0].answer->body);
}

std::string PercentEncode(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '~';
    if (plain) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
  return out;
}

}  // namespace tocsin
