// Programs that stay and answer a line a round: docs/plugins.md, "plugin".

#include <algorithm>
#include <optional>
#include <utility>

#include "collectors/plugin/child.h"
#include "collectors/plugin/foreign_series.h"
#include "collectors/plugin/plugins.h"
#include "collectors/plugin/program.h"
#include "collectors/plugin/programs_collector.h"

namespace tocsin {
namespace {

using net::Failure;
using net::Reason;

/// After an end or a failure, doubled each time until an answer comes.
constexpr milliseconds kFirstPause = seconds(1);
constexpr milliseconds kLongestPause = std::chrono::minutes(5);

constexpr std::string_view kEnd = "# EOF\n";

struct PluginSettings {
  std::string name;
  plugin::Program program;
  exposition::Format format = exposition::Format::kText;
  milliseconds timeout{10'000};
  plugin::ForeignOptions foreign;
};

class PluginTarget final : public net::Target, plugin::ChildUser {
 public:
  PluginTarget(net::Network& network, PluginSettings settings)
      : loop_(network.loop()),
        settings_(std::move(settings)),
        child_(network.loop(), *this),
        series_(settings_.foreign) {}

  void Start(const net::TargetRound& round, FamilySink& out, net::TargetDone done) override {
    out_ = &out;
    done_ = std::move(done);
    answer_.clear();
    if (!child_.running()) {
      if (round.began < not_before_) {
        // Nothing is tried: what is told is still why it ended.
        return Finish(last_failure_);
      }
      const auto started = child_.Start(settings_.program, plugin::Child::Input::kPipe);
      if (!started) {
        const bool refused = started.error().code() == Errc::kInvalid;
        return Fail(refused ? Reason::kRefused : Reason::kLocal, started.error().message());
      }
    }
    const auto left = std::chrono::duration_cast<milliseconds>(round.deadline - round.began);
    const std::string line = "collect " + std::to_string(ToMillis(round.now)) + " " +
                             std::to_string(std::max(left, milliseconds(1)).count()) + "\n";
    if (!child_.Write(line)) Fail(Reason::kClosed, "the plugin does not read its stdin");
  }

  /// Whatever it would still say would be taken for the answer to a later question.
  void Cancel() override {
    done_ = nullptr;
    Break(Failure{Reason::kTimeout, "no answer in time" + Complaint()});
  }

 private:
  bool OnOutput(std::string_view piece) override {
    if (!done_) {
      broken_ = Failure{Reason::kProtocol, "output that was not asked for"};
      return false;
    }
    if (answer_.size() + piece.size() > settings_.foreign.max_bytes + kEnd.size()) {
      broken_ =
          Failure{Reason::kTooLarge, "more than " + std::to_string(settings_.foreign.max_bytes) +
                                         " bytes without \"# EOF\""};
      return false;
    }
    answer_ += piece;
    if (!HasEnd()) return true;
    // Later, not from within: the next question may come at once.
    loop_.Post([this, alive = std::weak_ptr<bool>(alive_)] {
      if (alive.lock() && done_ && HasEnd()) Answered();
    });
    return true;
  }

  void OnExit(std::optional<int> status) override {
    const bool killed = broken_.has_value();
    if (!killed) {
      broken_ = Failure{Reason::kClosed,
                        "the plugin ended with status " + std::to_string(status.value_or(0))};
    }
    Failure failure = *std::exchange(broken_, std::nullopt);
    failure.message += Complaint();
    const bool asked = done_ != nullptr;
    // A whole answer counts, whatever becomes of the program after it.
    std::string answer = asked && !killed && HasEnd() ? std::move(answer_) : std::string();
    Break(failure);
    if (!answer.empty()) {
      answer_ = std::move(answer);
      return Answered();
    }
    if (asked) Finish(std::move(failure));
  }

  bool HasEnd() const {
    return answer_ == kEnd ||
           (answer_.ends_with(kEnd) && answer_[answer_.size() - kEnd.size() - 1] == '\n');
  }

  void Answered() {
    const auto counts = series_.Add(answer_, settings_.format, *out_);
    if (!counts) {
      // It keeps to the protocol: it goes on.
      return Finish(plugin::BadContent(counts.error()));
    }
    pause_ = kFirstPause;
    Finish(std::nullopt);
  }

  void Fail(Reason reason, std::string message) {
    Failure failure{reason, std::move(message) + Complaint()};
    Break(failure);
    Finish(std::move(failure));
  }

  /// Ends the program; it is started again after a pause.
  void Break(Failure failure) {
    child_.Kill();
    answer_ = {};
    not_before_ = loop_.Now() + pause_;
    pause_ = std::min(pause_ * 2, kLongestPause);
    last_failure_ = std::move(failure);
  }

  void Finish(std::optional<Failure> failure) {
    const net::TargetDone done = std::exchange(done_, nullptr);
    done(std::move(failure));
  }

  std::string Complaint() const {
    const std::string complaint = child_.Complaint();
    return complaint.empty() ? "" : ": " + complaint;
  }

  net::Loop& loop_;
  const PluginSettings settings_;
  plugin::Child child_;
  plugin::ForeignSeries series_;
  FamilySink* out_ = nullptr;
  net::TargetDone done_;  // set while a question is open
  std::string answer_;
  std::optional<Failure> broken_;  // why OnOutput had it killed
  MonoTime not_before_{};
  milliseconds pause_ = kFirstPause;
  Failure last_failure_{Reason::kClosed, ""};
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

Result<PluginSettings> ReadPlugin(const YamlFile& file, const YamlNode& node) {
  YamlFields fields(file, node, "program");
  PluginSettings settings;
  TRY_ASSIGN(settings.program, plugin::ReadProgram(fields));
  TRY_ASSIGN(settings.name, fields.Read("name", YamlString, settings.program.path));
  TRY_ASSIGN(settings.format, fields.Read("format", plugin::ReadFormat, settings.format));
  TRY_ASSIGN(settings.timeout, fields.Read("timeout", YamlDuration, settings.timeout));
  TRY_ASSIGN(settings.foreign, plugin::ReadProgramOutput(fields));
  TRY(fields.Finish());
  return settings;
}

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  return plugin::MakeProgramsCollector<PluginTarget>(
      deps, "programs", {.collector = "plugin", .add_instance = false}, &ReadPlugin);
}

}  // namespace

extern const CatalogEntry kPluginCollector{
    .name = "plugin",
    .room = "plugin",
    .on_by_default = false,
    .interval = seconds(15),
    .help = "Metrics of programs that stay, read a line a round from stdin and answer on stdout.",
    .families = {},
    .flags = {},
    .make = &Make,
};

}  // namespace tocsin
