#include "agent/commands/http_get.h"

#include <sys/stat.h>

#include <string_view>
#include <utility>
#include <vector>

#include "base/outgoing/http_client.h"
#include "base/outgoing/http_config.h"
#include "base/parse.h"
#include "base/utf8.h"
#include "base/yaml.h"

namespace tocsin {

namespace {

/// What all requests of this process are sent with.
outgoing::HttpConfig& ClientConfig() {
  static outgoing::HttpConfig config;
  return config;
}

/// Moves the socket's path out of "unix:/run/tocsin.sock/api/v1/alerts": its path goes as far as
/// there is a socket.
std::string TakeUnixSocket(std::string& url) {
  constexpr std::string_view kUnix = "unix:";
  if (!url.starts_with(kUnix)) return {};
  const std::string path = url.substr(kUnix.size());
  std::size_t end = path.find('/', 1);
  for (; end != std::string::npos; end = path.find('/', end + 1)) {
    struct stat info {};
    if (::stat(path.substr(0, end).c_str(), &info) == 0 && S_ISSOCK(info.st_mode)) break;
  }
  url = "http://localhost" + (end == std::string::npos ? "/" : path.substr(end));
  return path.substr(0, end);
}

constexpr int kUnauthorized = 401;
constexpr std::size_t kMostSaid = 200;

/// What to try when an agent could not be asked.
std::string_view Hint(std::string_view failure) {
  return failure.find("certificate") != failure.npos
             ? " (--http.config.file names a file with tls_config, which says whom to trust)"
             : " (is an agent there? `tocsin run` starts one, --url names another)";
}

Result<HttpAnswer> Exchange(const std::string& method, const std::string& url,
                            std::string_view type, const std::string& body) {
  outgoing::HttpRequest request;
  request.method = method;
  request.url = url;
  const std::string unix_socket = TakeUnixSocket(request.url);
  request.body = body;
  TRY(outgoing::ApplyHttpConfig(ClientConfig(), request));
  if (!body.empty()) request.headers.push_back({"Content-Type", std::string(type)});
  request.limits.total_timeout = std::chrono::minutes(2);
  request.limits.max_answer_bytes = std::size_t{256} << 20;
  outgoing::HttpClient client;
  client.Start(1, std::move(request), unix_socket);
  std::vector<outgoing::Completion> completed;
  while (completed.empty()) {
    client.Wait({}, seconds(1));
    client.Collect(completed);
  }
  if (!completed[0].answer) {
    const Error& failed = completed[0].answer.error();
    return Error{failed.code(),
                 url + ": " + failed.message() + std::string(Hint(failed.message()))};
  }
  if (completed[0].answer->status == kUnauthorized) {
    return Error{Errc::kInvalid,
                 url + " asks for a login: --http.config.file names a file with basic_auth"};
  }
  return HttpAnswer{completed[0].answer->status, std::move(completed[0].answer->body)};
}

}  // namespace

Status UseHttpConfig(const std::string& file) {
  TRY_ASSIGN(const YamlFile yaml, ReadYamlFile(file));
  TRY_ASSIGN(ClientConfig(),
             outgoing::ReadHttpConfig(yaml, *yaml.root, outgoing::InlineSecrets::kAllowed));
  return Unit{};
}

Result<std::string> HttpFetch(const std::string& url, const std::string& form) {
  TRY_ASSIGN(HttpAnswer answer, Exchange(form.empty() ? "GET" : "POST", url,
                                         "application/x-www-form-urlencoded", form));
  // The API says what is wrong in JSON.
  if (answer.status >= 300 && !answer.body.starts_with('{')) {
    std::string_view said = answer.body;
    said = TakeLine(said).substr(0, kMostSaid);
    return Error{Errc::kInvalid, url + ": HTTP status " + std::to_string(answer.status) +
                                     (IsValidUtf8(said) ? ": " + std::string(said) : "")};
  }
  return std::move(answer.body);
}

Result<HttpAnswer> HttpSend(const std::string& method, const std::string& url,
                            const std::string& json) {
  return Exchange(method, url, "application/json", json);
}

}  // namespace tocsin
