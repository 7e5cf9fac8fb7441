#include <array>
#include <utility>

#include "base/outgoing/http_config.h"
#include "base/parse.h"
#include "collectors/cache/cache.h"
#include "collectors/cache/memcached_stats.h"
#include "collectors/net/network.h"
#include "collectors/net/stream.h"
#include "collectors/net/target_collector.h"
#include "collectors/net/target_settings.h"

namespace tocsin {
namespace {

constexpr std::uint16_t kDefaultPort = 11211;
/// Of an answer's line that is not whole yet.
constexpr std::size_t kMaxUnread = 64 << 10;

class MemcachedTarget final : public net::Target, private net::StreamUser {
 public:
  MemcachedTarget(net::Network& network, MemcachedAddress address)
      : address_(std::move(address)), stream_(network, *this) {}

  void Start(const net::TargetRound& round, FamilySink& out, net::TargetDone done) override {
    round_ = round;
    out_ = &out;
    done_ = std::move(done);
    reader_.emplace(out);
    answered_ = false;
    reused_ = stream_.connected();
    if (!reused_) return Connect();
    stream_.SetDeadline(round.deadline);
    stream_.Write(memcached::kQuestions);
  }
  void Cancel() override {
    stream_.Close();
    done_ = nullptr;
  }
  void WriteDown(const net::Failure&, FamilySink& out) override { out.Add(memcached::kUp, {}, 0); }

 private:
  void Connect() {
    stream_.Connect({.to = address_.to,
                     .ip_version = net::IpVersion::kAny,
                     .tls = address_.tls,
                     .source_ip = {},
                     .deadline = round_.deadline,
                     .max_unread = kMaxUnread});
  }
  void OnConnected() override {
    stream_.SetDeadline(round_.deadline);
    stream_.Write(memcached::kQuestions);
  }
  std::size_t OnData(std::string_view unread) override;
  void OnEnd(const net::Failure& failure) override {
    if (!done_) return;  // idle too long for the server: the next round connects anew
    if (reused_ && !answered_ && failure.reason == net::Reason::kClosed) {
      reused_ = false;
      return Connect();  // it had gone while nobody asked
    }
    End(failure);
  }
  void End(std::optional<net::Failure> failure) {
    if (failure) {
      stream_.Close();
    } else {
      stream_.SetDeadline(std::nullopt);
    }
    reader_.reset();
    std::exchange(done_, nullptr)(std::move(failure));
  }

  const MemcachedAddress address_;
  net::Stream stream_;
  net::TargetRound round_{};
  FamilySink* out_ = nullptr;
  net::TargetDone done_;
  std::optional<memcached::StatsReader> reader_;
  bool answered_ = false;
  bool reused_ = false;
};

std::size_t MemcachedTarget::OnData(std::string_view unread) {
  if (!done_) {
    stream_.Close();  // nothing was asked
    return 0;
  }
  answered_ = true;
  std::size_t taken = 0;
  while (true) {
    const auto end = unread.find('\n', taken);
    if (end == std::string_view::npos) return taken;
    std::string_view line = unread.substr(taken, end - taken);
    if (line.ends_with('\r')) line.remove_suffix(1);
    taken = end + 1;
    const auto whole = reader_->Line(line);
    if (!whole) {
      const bool refused = whole.error().code() == Errc::kInvalid;
      End(net::Failure{refused ? net::Reason::kRefused : net::Reason::kProtocol,
                       whole.error().message()});
      return taken;
    }
    if (!*whole) continue;
    out_->Add(memcached::kUp, {}, 1);
    shapes::AddCacheShape("memcached", reader_->counts(), *out_);
    End(std::nullopt);
    return taken;
  }
}

Status ReadTls(YamlFields& of, std::optional<outgoing::TlsOptions>& tls) {
  if (const YamlNode* node = of.Find("tls_config")) {
    TRY_ASSIGN(tls, outgoing::ReadTlsOptions(of.file(), *node));
  }
  return Unit{};
}

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  YamlFields fields(deps.file, deps.settings, "memcached");
  net::TargetPoolOptions pool{.collector = "memcached"};
  TRY_ASSIGN(pool.timeout, fields.Read("target_timeout", YamlDuration, pool.timeout));
  TRY_ASSIGN(auto targets,
             net::ReadTargets(
                 fields, "targets",
                 [](YamlFields& of, const std::string& text, net::TargetSpec& spec) -> Status {
                   TRY_ASSIGN(auto address, MemcachedAddress::Parse(text));
                   TRY(ReadTls(of, address.tls));
                   spec.make = [address](net::Network& network) {
                     return MakeMemcachedTarget(network, address);
                   };
                   return Unit{};
                 }));
  std::optional<outgoing::TlsOptions> tls;  // of those that are found
  TRY(ReadTls(fields, tls));
  return net::MakeTargetCollector(
      deps, fields, std::move(pool), std::move(targets),
      [tls](net::Network& network,
            const std::string& text) -> Result<std::unique_ptr<net::Target>> {
        TRY_ASSIGN(auto address, MemcachedAddress::Parse(text));
        address.tls = tls;
        return MakeMemcachedTarget(network, std::move(address));
      });
}

constexpr std::array kFlags{CollectorFlag{"memcached.target-timeout", "target_timeout",
                                          "How long one memcached may take.", "5s"}};

}  // namespace

Result<MemcachedAddress> MemcachedAddress::Parse(std::string_view text) {
  MemcachedAddress address;
  if (text.starts_with("unix://")) text.remove_prefix(7);
  if (text.starts_with('/')) {
    address.to.path = text;
    return address;
  }
  TRY_ASSIGN(address.to, net::Endpoint::Parse(text, kDefaultPort));
  return address;
}

std::unique_ptr<net::Target> MakeMemcachedTarget(net::Network& network, MemcachedAddress address) {
  return std::make_unique<MemcachedTarget>(network, std::move(address));
}

extern const CatalogEntry kMemcachedCollector{
    .name = "memcached",
    .room = "cache",
    .on_by_default = false,
    .interval = seconds(15),
    .help =
        "memcached, by stats, stats settings, stats items and stats slabs; the metrics of "
        "memcached_exporter.",
    .families = memcached::Families(),
    .flags = kFlags,
    .make = &Make,
};

}  // namespace tocsin
