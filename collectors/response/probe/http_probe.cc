// The http prober: one request, and one for each redirect, each on a connection of its own.

#include <algorithm>
#include <cstring>

#include "base/ascii.h"
#include "base/parse.h"
#include "base/time_text.h"
#include "collectors/net/http.h"
#include "collectors/response/probe/cookies.h"
#include "collectors/response/probe/decompress.h"
#include "collectors/response/probe/expectations.h"
#include "collectors/response/probe/oauth2_token.h"
#include "collectors/response/probe/probe_base.h"
#include "collectors/response/probe/target_url.h"

namespace tocsin::probe {
namespace {

constexpr int kMaxRedirects = 10;
/// Of a body, where the module sets no limit.
constexpr std::size_t kMaxBody = 16 << 20;

bool IsRedirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

class HttpProbe final : public ProbeBase {
 public:
  HttpProbe(net::Network& network, ProbeJob job, ProbeDone done)
      : ProbeBase(network, std::move(job), std::move(done)) {
    result_.facts = HttpFacts{};
  }
  ~HttpProbe() override { Cancel(); }
  HttpProbe(const HttpProbe&) = delete;
  HttpProbe& operator=(const HttpProbe&) = delete;

 private:
  const HttpModule& http() const { return module().http; }
  HttpFacts& facts() { return std::get<HttpFacts>(result_.facts); }

  void Begin() override {
    auto url = ParseTargetUrl(job_.target);
    if (!url) return Fail(Reason::kTarget, url.error().message());
    url_ = *std::move(url);
    method_ = http().method;
    body_ = http().body;
    if (auto failure = ChooseHost()) return Finish(std::move(failure));
    const bool leave_to_proxy = !http().proxy.empty() && http().skip_resolve_phase_with_proxy;
    if (!url_.unix_socket.empty() || leave_to_proxy) return Authorize();
    Resolve(url_.host, http().ip, facts().resolve_seconds, [this](const net::Address& address) {
      ip_ = address.Ip();
      Authorize();
    });
  }

  /// The Host header, where it is not the URL's own.
  std::optional<Failure> ChooseHost() {
    host_header_ = job_.hostname;
    for (const outgoing::Header& header : http().headers) {
      if (!EqualsIgnoringCase(header.name, "Host")) continue;
      if (!job_.hostname.empty() && header.value != job_.hostname) {
        return Failure{Reason::kTarget, "the module has a Host header, the request another"};
      }
      host_header_ = header.value;
    }
    return std::nullopt;
  }

  void Authorize() {
    facts().requested = true;
    if (!http().oauth2) return Ask();
    Log("fetching a token from " + http().oauth2->token_url);
    auto call = TokenCall(*http().oauth2, TimeLeft());
    if (!call) return Fail(Reason::kAuth, call.error().message());
    call_ = network_.http().Start(*std::move(call), [this](const net::HttpOutcome& outcome) {
      call_ = 0;
      auto token = TokenOf(outcome);
      if (!token) return Fail(Reason::kAuth, token.error().message());
      token_ = *std::move(token);
      Ask();
    });
  }

  milliseconds TimeLeft() {
    return std::max(std::chrono::ceil<milliseconds>(deadline() - loop().Now()), milliseconds(1));
  }

  std::size_t max_body() const {
    return http().body_size_limit > 0 ? static_cast<std::size_t>(http().body_size_limit) : kMaxBody;
  }

  void Ask() {
    net::HttpCall call;
    if (auto made = MakeCall(call); !made) return Fail(Reason::kAuth, made.error().message());
    Log(method_ + " " + url_.Text());
    call_ = network_.http().Start(std::move(call), [this](net::HttpOutcome outcome) {
      call_ = 0;
      TakeAnswer(std::move(outcome));
    });
  }

  Status MakeCall(net::HttpCall& call) {
    outgoing::HttpRequest& request = call.request;
    request.method = method_;
    request.body = body_;
    request.proxy = http().proxy;
    request.tls = http().tls;
    request.limits = {TimeLeft(), TimeLeft(), max_body()};
    call.unix_socket = url_.unix_socket;
    call.connect_ip = ip_;
    call.version = http().enable_http2 ? net::HttpVersion::kHttp2 : net::HttpVersion::kHttp1;
    call.inspect_tls = url_.scheme == "https";
    call.fresh_connection = true;
    call.accept_compressed = false;
    SetHost(call);
    for (const outgoing::Header& header : http().headers) {
      if (EqualsIgnoringCase(header.name, "Host")) continue;
      if (!same_origin_ && EqualsIgnoringCase(header.name, "Authorization")) continue;
      request.headers.push_back(header);
    }
    const std::string path = url_.path_and_query.substr(0, url_.path_and_query.find('?'));
    const std::string cookies =
        cookies_.For(url_.host, path.empty() ? "/" : path, url_.scheme == "https");
    if (!cookies.empty()) request.headers.push_back({"Cookie", cookies});
    return AddCredentials(request);
  }

  /// The name in TLS is the module's, or else the Host header's, or else the URL's. libcurl takes
  /// it from the URL, which the request line does not show.
  void SetHost(net::HttpCall& call) {
    TargetUrl url = url_;
    std::string host = same_origin_ ? host_header_ : "";
    std::string tls_name = same_origin_ ? call.request.tls.server_name : "";
    call.request.tls.server_name.clear();
    if (tls_name.empty() && !host.empty()) {
      if (const auto split = SplitHostPort(host)) tls_name = split->host;
    }
    if (url.scheme == "https" && !tls_name.empty() && tls_name != url.host) {
      if (host.empty()) host = url.Authority();
      if (call.connect_ip.empty() && call.unix_socket.empty()) {
        call.request.tls.server_name = tls_name;  // a proxy resolves the name
      } else {
        url.host = tls_name;
      }
    }
    if (!host.empty()) call.request.headers.push_back({"Host", host});
    call.request.url = url.Text();
    asked_ = url;
  }

  /// Credentials go to the target only, not to where it redirects.
  Status AddCredentials(outgoing::HttpRequest& request) {
    if (!same_origin_) return Unit{};
    if (!token_.empty()) request.headers.push_back({"Authorization", "Bearer " + token_});
    if (!http().authorization_type.empty()) {
      TRY_ASSIGN(const std::string credentials, http().credentials.Reveal());
      request.headers.push_back({"Authorization", http().authorization_type + " " + credentials});
    } else if (!http().user.empty() || !http().password.empty()) {
      TRY_ASSIGN(const std::string password, http().password.Reveal());
      request.user_password = http().user + ":" + password;
    } else {
      request.user_password = url_.user_password;
    }
    return Unit{};
  }

  void TakeAnswer(net::HttpOutcome outcome) {
    const net::HttpReply& reply = outcome.reply;
    AddPhases(reply.phases);
    facts().status = reply.status;
    if (reply.status == 0) {
      if (!outcome.failure) return Fail(Reason::kProtocol, "no HTTP answer");
      return Finish(FromNet(*outcome.failure));
    }
    Log("status " + std::to_string(reply.status) + ", HTTP " + reply.version +
        (reply.ip.empty() ? "" : ", from " + reply.ip));
    const std::string* const location = reply.Header("location");
    if (IsRedirect(reply.status) && location && !location->empty()) {
      ++facts().redirects;
      for (const outgoing::Header& header : reply.headers) {
        if (header.name == "set-cookie") cookies_.Take(url_.host, header.value);
      }
      if (http().follow_redirects && facts().redirects <= kMaxRedirects) return Follow(reply);
      facts().transfer_seconds = ToSeconds(reply.phases.transfer);
      TakeFacts(reply);
      facts().uncompressed_bytes = 0;  // the body of a redirect is not read
      if (http().follow_redirects) return Fail(Reason::kRedirect, "more than 10 redirects");
      return Finish(Judge(reply, {}, std::nullopt));
    }
    facts().transfer_seconds = ToSeconds(reply.phases.transfer);
    TakeFacts(reply);
    std::optional<Failure> failure;
    if (outcome.failure) failure = FromNet(*outcome.failure);
    if (failure || http().compression == Compression::kNone) {
      facts().uncompressed_bytes = reply.body.size();
      return Finish(Judge(reply, reply.body, std::move(failure)));
    }
    auto body = Decompress(http().compression, reply.body, max_body());
    if (!body) {
      const bool large = body.error().code() == Errc::kLimit;
      failure = Failure{large ? Reason::kTooLarge : Reason::kEncoding, body.error().message()};
      if (large) facts().uncompressed_bytes = max_body();
      return Finish(Judge(reply, {}, std::move(failure)));
    }
    facts().uncompressed_bytes = body->size();
    Finish(Judge(reply, *body, std::nullopt));
  }

  void AddPhases(const net::HttpPhases& phases) {
    if (facts().redirects > 0) facts().resolve_seconds += ToSeconds(phases.resolve);
    facts().connect_seconds += ToSeconds(phases.connect);
    facts().tls_seconds += ToSeconds(phases.tls);
    facts().processing_seconds += ToSeconds(phases.processing);
  }

  void TakeFacts(const net::HttpReply& reply) {
    constexpr int kNoContent = 204;
    constexpr int kNotModified = 304;
    const bool never_a_body = reply.status == kNoContent || reply.status == kNotModified;
    facts().content_length = reply.content_length < 0 && never_a_body ? 0 : reply.content_length;
    facts().version = ParseDouble(reply.version).value_or(0);
    facts().tls = reply.tls.has_value();
    if (reply.tls) result_.tls = FactsOf(*reply.tls);
    if (const std::string* modified = reply.Header("last-modified")) {
      if (const auto date = ParseHttpDate(*modified)) facts().last_modified = ToSeconds(*date);
    }
  }

  void Follow(const net::HttpReply& reply) {
    const std::string& to = reply.redirect_url;
    auto url = ParseTargetUrl(to);
    if ((!to.starts_with("http://") && !to.starts_with("https://")) || !url) {
      TakeFacts(reply);
      return Fail(Reason::kRedirect, "redirected to " + RedactedTarget(*reply.Header("location")));
    }
    Log("redirected to " + RedactedTarget(to));
    if (url->scheme == asked_.scheme && url->Authority() == asked_.Authority()) {
      url_.path_and_query = url->path_and_query;
    } else {
      url_ = *std::move(url);
      ip_.clear();
      same_origin_ = false;
    }
    const bool becomes_get =
        reply.status == 303 || ((reply.status == 301 || reply.status == 302) && method_ != "HEAD");
    if (becomes_get && method_ != "HEAD") method_ = "GET";
    if (becomes_get) body_.clear();
    Ask();
  }

  /// In blackbox_exporter's order. `transfer` is what went wrong with the body.
  Verdict Judge(const net::HttpReply& reply, std::string_view body,
                std::optional<Failure> transfer) {
    Verdict verdict = CheckStatus(http(), reply.status);
    if (!verdict) {
      verdict = CheckHeaders(http(), reply.headers);
      facts().failed_regex = verdict.has_value();
    }
    if (!verdict) {
      verdict = transfer ? std::move(transfer) : CheckBody(http(), body);
      // Of a body that did not come whole, the expressions for it count as failed.
      facts().failed_regex = verdict && HasBodyPatterns(http());
    }
    if (!verdict) verdict = CheckVersion(http(), reply.version);
    if (!verdict && facts().tls && http().fail_if_ssl) {
      verdict = Failure{Reason::kTlsPresent, "the last answer came over TLS"};
    }
    if (!verdict && !facts().tls && http().fail_if_not_ssl) {
      verdict = Failure{Reason::kTlsMissing, "the last answer came without TLS"};
    }
    return verdict;
  }

  void Cancel() {
    // Once the loop has ended nothing calls back any more.
    if (call_ != 0 && loop().IsLoopThread()) network_.http().Cancel(call_);
    call_ = 0;
  }
  void End() override {
    Cancel();
    if (!facts().requested) facts().resolve_seconds = result_.lookup.seconds;
  }

  TargetUrl url_;    // of the request under way
  TargetUrl asked_;  // as libcurl has it
  std::string ip_;   // what its host was resolved to; empty: libcurl resolves it
  std::string method_;
  std::string body_;
  std::string host_header_;
  std::string token_;
  Cookies cookies_;
  bool same_origin_ = true;  // until a redirect leads elsewhere
  std::uint64_t call_ = 0;
};

}  // namespace

std::unique_ptr<Probe> MakeHttpProbe(net::Network& network, ProbeJob job, ProbeDone done) {
  return std::make_unique<HttpProbe>(network, std::move(job), std::move(done));
}

}  // namespace tocsin::probe
