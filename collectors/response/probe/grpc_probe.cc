// The grpc prober: grpc.health.v1.Health/Check over libcurl's HTTP/2.

#include <algorithm>

#include "collectors/net/http.h"
#include "collectors/response/probe/grpc_health.h"
#include "collectors/response/probe/probe_base.h"
#include "collectors/response/probe/target_url.h"

namespace tocsin::probe {
namespace {

constexpr std::size_t kMaxAnswer = 64 << 10;
constexpr int kGrpcUnavailable = 14;
constexpr int kGrpcDeadlineExceeded = 4;
constexpr milliseconds kLongestTimeout{99'999'999};  // eight digits is what gRPC allows

class GrpcProbe final : public ProbeBase {
 public:
  GrpcProbe(net::Network& network, ProbeJob job, ProbeDone done)
      : ProbeBase(network, std::move(job), std::move(done)) {
    result_.facts = GrpcFacts{};
  }
  ~GrpcProbe() override { Cancel(); }
  GrpcProbe(const GrpcProbe&) = delete;
  GrpcProbe& operator=(const GrpcProbe&) = delete;

 private:
  const GrpcModule& grpc() const { return module().grpc; }
  GrpcFacts& facts() { return std::get<GrpcFacts>(result_.facts); }

  void Begin() override {
    auto url = ParseTargetUrl(job_.target);
    if (!url) return Fail(Reason::kTarget, url.error().message());
    url->scheme = grpc().tls ? "https" : "http";
    url->path_and_query = "/grpc.health.v1.Health/Check";
    Resolve(url->host, grpc().ip, facts().resolve_seconds,
            [this, target = *url](const net::Address& address) { Ask(target, address.Ip()); });
  }

  void Ask(const TargetUrl& url, const std::string& ip) {
    asked_ = loop().Now();
    net::HttpCall call;
    call.request.method = "POST";
    call.request.url = url.Text();
    const auto left = std::chrono::ceil<milliseconds>(deadline() - loop().Now());
    const auto told = std::clamp(left, milliseconds(1), kLongestTimeout);
    call.request.headers = {{"Content-Type", "application/grpc"},
                            {"TE", "trailers"},
                            {"grpc-timeout", std::to_string(told.count()) + "m"}};
    call.request.body = BuildHealthRequest(grpc().service);
    call.request.tls = grpc().tls_options;
    if (call.request.tls.server_name.empty() && !job_.hostname.empty()) {
      call.request.tls.server_name = job_.hostname;
    }
    call.request.limits = {left, left, kMaxAnswer};
    call.connect_ip = ip;
    call.version = grpc().tls ? net::HttpVersion::kHttp2 : net::HttpVersion::kHttp2PriorKnowledge;
    call.inspect_tls = true;
    call.fresh_connection = true;
    call.accept_compressed = false;
    Log("checking service \"" + grpc().service + "\" at " + url.Text());
    call_ = network_.http().Start(std::move(call), [this](const net::HttpOutcome& outcome) {
      call_ = 0;
      Judge(outcome);
    });
  }

  void Judge(const net::HttpOutcome& outcome) {
    const net::HttpReply& reply = outcome.reply;
    facts().tls = reply.tls.has_value();
    if (reply.tls) result_.tls = FactsOf(*reply.tls);
    if (outcome.failure) {
      facts().status = outcome.failure->reason == net::Reason::kTimeout ? kGrpcDeadlineExceeded
                                                                        : kGrpcUnavailable;
      return Finish(FromNet(*outcome.failure));
    }
    const std::string* status = reply.Header("grpc-status");
    if (reply.status != 200 || !status) {
      facts().status = GrpcStatusOfHttp(reply.status);
      return Fail(Reason::kProtocol, "no gRPC answer: HTTP status " + std::to_string(reply.status));
    }
    facts().status = ParseGrpcStatus(*status);
    if (facts().status != 0) {
      const std::string* message = reply.Header("grpc-message");
      // The server may notice before we do that the time is over.
      const bool late = facts().status == kGrpcDeadlineExceeded;
      return Fail(late ? Reason::kTimeout : Reason::kStatus,
                  "gRPC status " + std::string(GrpcStatusName(facts().status)) +
                      (message ? ": " + *message : ""));
    }
    const auto serving = ParseHealthResponse(reply.body);
    if (!serving) return Fail(Reason::kProtocol, "the answer is no HealthCheckResponse");
    facts().serving_status = *serving;
    if (*serving == "SERVING") return Finish(std::nullopt);
    Fail(Reason::kNotServing, "the service is " + facts().serving_status);
  }

  void Cancel() {
    // Once the loop has ended nothing calls back any more.
    if (call_ != 0 && loop().IsLoopThread()) network_.http().Cancel(call_);
    call_ = 0;
  }

  void End() override {
    Cancel();
    if (asked_) facts().check_seconds = SecondsSince(*asked_);
  }

  std::optional<MonoTime> asked_;
  std::uint64_t call_ = 0;
};

}  // namespace

std::unique_ptr<Probe> MakeGrpcProbe(net::Network& network, ProbeJob job, ProbeDone done) {
  return std::make_unique<GrpcProbe>(network, std::move(job), std::move(done));
}

}  // namespace tocsin::probe
