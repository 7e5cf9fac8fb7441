#pragma once
// One HTTP request a round, redirects followed, for scrape and http_json.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/outgoing/http_config.h"
#include "base/yaml.h"
#include "collectors/net/http.h"
#include "collectors/net/network.h"

namespace tocsin::plugin {

struct FetchSettings {
  outgoing::HttpConfig http;
  std::string method = "GET";
  std::string body;
  std::vector<outgoing::Header> headers;
  std::string unix_socket;
  bool follow_redirects = true;
  std::size_t max_bytes = std::size_t{10} << 20;  // of the body, decompressed
};

/// Reads the keys of Prometheus's scrape_configs that say how to ask (basic_auth, authorization,
/// bearer_token, tls_config, proxy_url, follow_redirects, enable_http2), and besides `unix_socket`.
/// Errors: kInvalid with position.
Result<FetchSettings> ReadFetch(YamlFields& fields);

/// Loop thread only.
class HttpFetch {
 public:
  /// `network` and `settings` outlive it.
  HttpFetch(net::Network& network, const FetchSettings& settings)
      : network_(network), settings_(settings) {}
  ~HttpFetch() { Cancel(); }
  HttpFetch(const HttpFetch&) = delete;
  HttpFetch& operator=(const HttpFetch&) = delete;

  /// Called once with a failure, or with an answer of status 2xx. The fetch may be started again or
  /// destroyed within.
  using Done = std::function<void(const net::Failure*, net::HttpReply&)>;
  /// `headers` besides those of the settings.
  void Start(std::string url, std::vector<outgoing::Header> headers, MonoTime deadline, Done done);
  void Cancel();

 private:
  void Ask(std::string url);
  void Answered(net::HttpOutcome outcome);
  bool FollowRedirect(const net::HttpReply& reply);
  void Finish(const net::Failure* failure, net::HttpReply& reply);

  net::Network& network_;
  const FetchSettings& settings_;
  std::uint64_t id_ = 0;
  std::string url_;
  std::vector<outgoing::Header> headers_;
  MonoTime deadline_{};
  int redirects_ = 0;
  bool elsewhere_ = false;  // led away from the host that the credentials are for
  Done done_;
};

}  // namespace tocsin::plugin
