#include "collectors/plugin/http_fetch.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/utf8.h"

namespace tocsin::plugin {
namespace {

constexpr int kMaxRedirects = 10;  // as Go's http.Client
constexpr std::size_t kShownBody = 100;

constexpr std::array<std::string_view, 8> kHttpKeys{
    "basic_auth",        "authorization", "oauth2",           "bearer_token",
    "bearer_token_file", "tls_config",    "follow_redirects", "enable_http2"};
constexpr std::string_view kProxyKey = "proxy_url";

/// Scheme, host and port.
std::string_view OriginOf(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme == std::string_view::npos) return {};
  return url.substr(0, url.find_first_of("/?#", scheme + 3));
}

}  // namespace

Result<FetchSettings> ReadFetch(YamlFields& fields) {
  FetchSettings settings;
  YamlNode http;
  http.kind = YamlNode::Kind::kMap;
  http.line = fields.node().line;
  http.column = fields.node().column;
  for (const auto& entry : fields.node().entries) {
    const std::string& key = entry.first->scalar;
    if (key != kProxyKey && std::find(kHttpKeys.begin(), kHttpKeys.end(), key) == kHttpKeys.end()) {
      continue;
    }
    fields.Find(key);
    http.entries.push_back(entry);
  }
  TRY_ASSIGN(settings.follow_redirects, fields.Read("follow_redirects", YamlBool, true));
  TRY_ASSIGN(settings.unix_socket, fields.Read("unix_socket", YamlString, ""));
  TRY_ASSIGN(settings.http,
             outgoing::ReadHttpConfig(fields.file(), http, outgoing::InlineSecrets::kRefused));
  return settings;
}

void HttpFetch::Start(std::string url, std::vector<outgoing::Header> headers, MonoTime deadline,
                      Done done) {
  Cancel();
  headers_ = std::move(headers);
  deadline_ = deadline;
  done_ = std::move(done);
  redirects_ = 0;
  elsewhere_ = false;
  Ask(std::move(url));
}

void HttpFetch::Cancel() {
  if (id_ != 0) network_.http().Cancel(std::exchange(id_, 0));
  done_ = nullptr;
}

void HttpFetch::Ask(std::string url) {
  url_ = std::move(url);
  net::HttpCall call;
  outgoing::HttpRequest& request = call.request;
  if (!elsewhere_) {
    // Secrets are read at each use, so that a rotated one needs no reload.
    if (const auto applied = outgoing::ApplyHttpConfig(settings_.http, request); !applied) {
      const net::Failure failure{net::Reason::kLocal, applied.error().message()};
      net::HttpReply none;
      return Finish(&failure, none);
    }
  } else {
    request.proxy = settings_.http.proxy;
    request.tls = settings_.http.tls;
    request.tls.cert_file.clear();
    request.tls.key_file.clear();
  }
  request.method = redirects_ > 0 && settings_.method != "HEAD" ? "GET" : settings_.method;
  if (redirects_ == 0) request.body = settings_.body;
  request.url = url_;
  request.headers.insert(request.headers.end(), headers_.begin(), headers_.end());
  // What was configured may be a secret of the first host.
  if (!elsewhere_) {
    request.headers.insert(request.headers.end(), settings_.headers.begin(),
                           settings_.headers.end());
  }
  const auto left = std::chrono::duration_cast<milliseconds>(deadline_ - network_.loop().Now());
  request.limits.total_timeout = std::max(left, milliseconds(1));
  request.limits.connect_timeout = request.limits.total_timeout;
  request.limits.max_answer_bytes = settings_.max_bytes;
  call.unix_socket = settings_.unix_socket;
  id_ = network_.http().Start(std::move(call),
                              [this](net::HttpOutcome outcome) { Answered(std::move(outcome)); });
}

void HttpFetch::Answered(net::HttpOutcome outcome) {
  id_ = 0;
  net::HttpReply& reply = outcome.reply;
  if (outcome.failure) return Finish(&*outcome.failure, reply);
  if (reply.status / 100 == 2) return Finish(nullptr, reply);
  net::Failure failure{net::Reason::kStatus, "HTTP status " + std::to_string(reply.status)};
  if (reply.status / 100 == 3 && settings_.follow_redirects && !reply.redirect_url.empty()) {
    if (FollowRedirect(reply)) return;
    failure = {net::Reason::kRedirect, "redirected too often, or to what is no HTTP"};
  } else if (reply.status == 401 || reply.status == 403) {
    failure.reason = net::Reason::kAuth;
  }
  const std::string shown = OneLine(reply.body, kShownBody);
  if (!shown.empty()) failure.message += ": " + shown;
  Finish(&failure, reply);
}

/// False if it leads nowhere.
bool HttpFetch::FollowRedirect(const net::HttpReply& reply) {
  const std::string& to = reply.redirect_url;
  if (++redirects_ > kMaxRedirects) return false;
  if (!to.starts_with("http://") && !to.starts_with("https://")) return false;
  elsewhere_ = elsewhere_ || OriginOf(to) != OriginOf(url_);
  Ask(to);
  return true;
}

void HttpFetch::Finish(const net::Failure* failure, net::HttpReply& reply) {
  const Done done = std::exchange(done_, nullptr);
  done(failure, reply);
}

}  // namespace tocsin::plugin
