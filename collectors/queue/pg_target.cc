#include "collectors/queue/pg_target.h"

#include <deque>

#include "base/log.h"
#include "collectors/net/network.h"
#include "collectors/queue/pg_connection.h"

namespace tocsin {
namespace {

constexpr FamilySpec kUp{"pg_up", MetricType::kGauge,
                         "Whether the server could be connected to and answered."};
constexpr FamilySpec kReplica{"pg_replication_is_replica", MetricType::kGauge,
                              "Whether the server is a standby."};
constexpr FamilySpec kSuccess{"pg_scrape_collector_success", MetricType::kGauge,
                              "Whether the query succeeded."};
constexpr FamilySpec kDuration{"pg_scrape_collector_duration_seconds", MetricType::kGauge,
                               "How long the query took.", "seconds"};
constexpr FamilySpec kDropped{"pg_scrape_collector_dropped_rows", MetricType::kGauge,
                              "Rows of the query that were left out: too many, or their labels "
                              "stand twice."};

constexpr std::size_t kMaxAnswerBytes = 4 << 20;  // of one query, on the wire
constexpr std::size_t kMaxRowBytes = 1 << 20;     // of one query, as text

/// A query and what its last answer was.
struct Asked {
  explicit Asked(const PgQuery& q, std::size_t max_rows)
      : query(&q), rows(max_rows, kMaxRowBytes) {}

  const PgQuery* query;
  PgRows rows;
  std::optional<MonoTime> answered;  // rows hold an answer of that time
  std::optional<net::Failure> failure;
  double seconds = 0;
  std::optional<net::Reason> logged;
};

class PgTarget final : public net::Target {
 public:
  PgTarget(net::Network& network, std::shared_ptr<const PgServer> server, HostPort to)
      : network_(network),
        server_(std::move(server)),
        to_(std::move(to)),
        connection_(network.loop(), kMaxAnswerBytes) {
    for (const PgQuery& query : server_->queries) asked_.emplace_back(query, server_->max_rows);
  }

  void Start(const net::TargetRound& round, FamilySink& out, net::TargetDone done) override {
    round_ = round;
    out_ = &out;
    done_ = std::move(done);
    next_ = 0;
    reused_ = connection_.connected();
    if (reused_) return AskRole();
    Connect(&PgTarget::AskRole);
  }

  void Cancel() override {
    resolving_.reset();
    connection_.Close();
  }

  void WriteDown(const net::Failure&, FamilySink& out) override { out.Add(kUp, {}, 0); }

 private:
  void Connect(void (PgTarget::*then)()) {
    in_transaction_ = false;
    then_ = then;
    if (to_.host.starts_with('/')) return ConnectTo({});
    resolving_ =
        network_.resolver().Start(to_.host, net::IpVersion::kAny, [this](net::Resolved resolved) {
          if (resolved.addresses.empty()) return Fail({net::Reason::kResolve, resolved.error});
          ConnectTo(resolved.addresses);
        });
  }

  void ConnectTo(const std::vector<net::Address>& addresses) {
    auto password = server_->password.Reveal();
    if (!password) return Fail({net::Reason::kLocal, password.error().message()});
    PgConnection::Parameters parameters = server_->tls;
    // libpq tries one host after the other: the same for each of its addresses.
    std::string hosts = to_.host;
    std::string ips;
    for (std::size_t i = 0; i < addresses.size(); ++i) {
      if (i > 0) hosts.append(",").append(to_.host);
      ips.append(i > 0 ? "," : "").append(addresses[i].Ip());
    }
    parameters.emplace_back("host", std::move(hosts));
    if (!ips.empty()) parameters.emplace_back("hostaddr", std::move(ips));
    parameters.emplace_back("port", std::to_string(to_.port));
    parameters.emplace_back("user", server_->user);
    parameters.emplace_back("dbname", server_->database);
    if (!password->empty()) parameters.emplace_back("password", *std::move(password));
    parameters.emplace_back("application_name", "tocsin");
    parameters.emplace_back("client_encoding", "UTF8");
    parameters.emplace_back("gssencmode", "disable");  // Kerberos would block the loop
    connection_.Connect(parameters, [this](std::optional<net::Failure> failure) {
      if (failure) return Fail(*std::move(failure));
      (this->*then_)();
    });
  }

  /// First of all in a round: it also shows whether a connection of the last one still stands.
  void AskRole() {
    connection_.Query("SELECT pg_catalog.pg_is_in_recovery()", role_,
                      [this](const std::optional<net::Failure>& failure) {
                        if (failure && std::exchange(reused_, false)) {
                          return Connect(&PgTarget::AskRole);
                        }
                        if (failure) return Fail(*failure);
                        replica_ = role_.size() == 1 && role_.Cell(0, 0) == "t";
                        version_ = connection_.server_version();
                        Next();
                      });
  }

  void Next() {
    while (next_ < asked_.size() && !IsDue(asked_[next_])) ++next_;
    if (next_ == asked_.size()) return Commit();
    asked_[next_].answered.reset();
    began_ = network_.loop().Now();
    if (connection_.connected()) return Begin();
    Connect(&PgTarget::Begin);  // the last answer broke it
  }

  bool IsDue(Asked& asked) const {
    if (!Applies(*asked.query)) {
      asked.answered.reset();
      asked.failure.reset();
      return false;
    }
    return !asked.answered || round_.began - *asked.answered >= asked.query->cache;
  }

  bool Applies(const PgQuery& query) const {
    return version_ >= query.min_version && version_ < query.end_version &&
           !(query.primary_only && replica_);
  }

  /// Each query has a transaction of its own, which can change nothing and ends with it.
  /// (Committed: a rollback would show in the very statistics that are asked for.)
  void Begin() {
    const std::string timeout = std::to_string(server_->statement_timeout.count());
    const std::string begin = "BEGIN READ ONLY; SET LOCAL statement_timeout=" + timeout +
                              "; SET LOCAL datestyle='ISO'; SET LOCAL timezone='UTC'";
    connection_.Command(in_transaction_ ? "COMMIT; " + begin : begin,
                        [this](const std::optional<net::Failure>& failure) {
                          if (failure) return Fail(*failure);
                          in_transaction_ = true;
                          Ask();
                        });
  }

  void Ask() {
    Asked& asked = asked_[next_];
    connection_.Query(asked.query->sql, asked.rows,
                      [this, &asked](const std::optional<net::Failure>& failure) {
                        asked.seconds = ToSeconds(network_.loop().Now() - began_);
                        asked.failure = failure;
                        // A query that broke the connection itself costs only its own data.
                        const bool own = failure && (failure->reason == net::Reason::kTooLarge ||
                                                     failure->reason == net::Reason::kContent);
                        if (!connection_.connected() && !own) return Fail(*failure);
                        if (!failure) asked.answered = round_.began;
                        ++next_;
                        Next();
                      });
  }

  void Commit() {
    if (!connection_.connected() || !in_transaction_) return Finish();
    connection_.Command("COMMIT", [this](const std::optional<net::Failure>& failure) {
      in_transaction_ = false;
      if (failure) return Fail(*failure);
      Finish();
    });
  }

  void Finish() {
    out_->Add(kUp, {}, 1);
    out_->Add(kReplica, {}, replica_ ? 1 : 0);
    names_.Clear();
    for (Asked& asked : asked_) {
      if (asked.answered || asked.failure) Write(asked);
    }
    Done(std::nullopt);
  }

  void Write(Asked& asked) {
    std::size_t dropped = 0;
    if (asked.answered) {
      const auto doubles = WritePgRows(*asked.query, asked.rows, names_, *out_);
      if (doubles) {
        dropped = asked.rows.dropped() + *doubles;
      } else {
        asked.answered.reset();
        asked.failure = net::Failure{net::Reason::kContent, doubles.error().message()};
      }
    }
    LogChange(asked);
    const LabelView label{"collector", asked.query->name};
    out_->Add(kSuccess, {label}, asked.failure ? 0 : 1);
    out_->Add(kDuration, {label}, asked.seconds);
    out_->Add(kDropped, {label}, static_cast<double>(dropped));
  }

  void LogChange(Asked& asked) const {
    const auto reason = asked.failure ? std::optional(asked.failure->reason) : std::nullopt;
    if (reason == std::exchange(asked.logged, reason) || !asked.failure) return;
    LogWarn("a query failed", {{"collector", "postgresql"},
                               {"server", to_.host},
                               {"query", asked.query->name},
                               {"reason", std::string(net::ReasonText(asked.failure->reason))},
                               {"error", asked.failure->message}});
  }

  void Fail(net::Failure failure) {
    connection_.Close();
    Done(std::move(failure));
  }

  void Done(std::optional<net::Failure> failure) {
    const net::TargetDone done = std::exchange(done_, nullptr);
    done(std::move(failure));
  }

  net::Network& network_;
  const std::shared_ptr<const PgServer> server_;
  const HostPort to_;
  PgConnection connection_;
  net::Resolver::Handle resolving_;
  void (PgTarget::*then_)() = nullptr;  // what a connection was made for
  std::deque<Asked> asked_;
  PgRows role_{1, 16};
  SeenSet names_;  // of queues, of a round

  net::TargetRound round_{};
  FamilySink* out_ = nullptr;
  net::TargetDone done_;
  bool reused_ = false;  // the connection is one of an earlier round
  bool in_transaction_ = false;
  bool replica_ = false;
  int version_ = 0;
  std::size_t next_ = 0;
  MonoTime began_{};
};

}  // namespace

std::unique_ptr<net::Target> MakePgTarget(net::Network& network,
                                          std::shared_ptr<const PgServer> server, HostPort to) {
  return std::make_unique<PgTarget>(network, std::move(server), std::move(to));
}

}  // namespace tocsin
