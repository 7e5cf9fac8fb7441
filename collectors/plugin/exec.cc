// Commands that print metrics and end: docs/plugins.md, "exec".

#include <optional>
#include <utility>

#include "base/utf8.h"
#include "collectors/plugin/child.h"
#include "collectors/plugin/foreign_series.h"
#include "collectors/plugin/nagios.h"
#include "collectors/plugin/plugins.h"
#include "collectors/plugin/program.h"
#include "collectors/plugin/programs_collector.h"

namespace tocsin {
namespace {

using net::Failure;
using net::Reason;
using plugin::ForeignSeries;

enum class ExecFormat { kText, kOpenMetrics, kNagios };

/// After a failure a command is run again soon, but not in every round.
constexpr milliseconds kRetryAfter = std::chrono::minutes(1);

/// Commands at once: more would only compete for the processors.
constexpr std::size_t kMaxParallel = 8;

struct Command {
  std::string name;
  plugin::Program program;
  ExecFormat format = ExecFormat::kText;
  milliseconds interval{0};
  milliseconds timeout{10'000};
  plugin::ForeignOptions foreign;
};

class ExecTarget final : public net::Target, plugin::ChildUser {
 public:
  ExecTarget(net::Network& network, Command command)
      : command_(std::move(command)), child_(network.loop(), *this), series_(command_.foreign) {}

  void Start(const net::TargetRound& round, FamilySink& out, net::TargetDone done) override {
    if (due_ && round.began < *due_) {
      if (!failure_) AddLast(out);
      done(failure_);
      return;
    }
    due_ = round.began + command_.interval;
    retry_ = round.began + std::min(command_.interval, kRetryAfter);
    out_ = &out;
    done_ = std::move(done);
    text_.clear();
    too_large_ = false;
    if (const auto started = child_.Start(command_.program, plugin::Child::Input::kNone);
        !started) {
      const bool refused = started.error().code() == Errc::kInvalid;
      Finish(Failure{refused ? Reason::kRefused : Reason::kLocal, started.error().message()});
    }
  }

  void Cancel() override {
    child_.Kill();
    failure_ = Failure{Reason::kTimeout, command_.program.path + " did not end in time"};
    due_ = retry_;
  }

 private:
  bool OnOutput(std::string_view piece) override {
    too_large_ = text_.size() + piece.size() > command_.foreign.max_bytes;
    if (!too_large_) text_ += piece;
    return !too_large_;
  }

  void OnExit(std::optional<int> status) override {
    if (too_large_) {
      return Finish(
          Failure{Reason::kTooLarge,
                  "more than " + std::to_string(command_.foreign.max_bytes) + " bytes of output"});
    }
    status_ = status.value_or(0);
    if (command_.format != ExecFormat::kNagios && status_ != 0) {
      return Finish(
          Failure{Reason::kStatus, WithComplaint("exit status " + std::to_string(status_))});
    }
    Finish(AddNew());
  }

  std::optional<Failure> AddNew() {
    if (command_.format == ExecFormat::kNagios) {
      const auto added = plugin::AddNagios(text_, status_, command_.name, *out_);
      if (!added) return plugin::BadContent(added.error());
      return std::nullopt;
    }
    const auto format = command_.format == ExecFormat::kText ? exposition::Format::kText
                                                             : exposition::Format::kOpenMetrics;
    const auto counts = series_.Add(text_, format, *out_);
    if (!counts) return plugin::BadContent(counts.error());
    return std::nullopt;
  }

  /// Of a command that is not due yet.
  void AddLast(FamilySink& out) {
    if (command_.format == ExecFormat::kNagios) {
      static_cast<void>(plugin::AddNagios(text_, status_, command_.name, out));
    } else {
      series_.AddAgain(out);
    }
  }

  std::string WithComplaint(std::string what) const {
    const std::string complaint = child_.Complaint();
    return complaint.empty() ? what : what + ": " + complaint;
  }

  void Finish(std::optional<Failure> failure) {
    failure_ = std::move(failure);
    if (failure_) {
      due_ = retry_;
      text_ = {};
    } else if (command_.interval == milliseconds(0)) {
      text_.clear();  // never told again
    }
    const net::TargetDone done = std::exchange(done_, nullptr);
    done(failure_);
  }

  const Command command_;
  plugin::Child child_;
  ForeignSeries series_;
  FamilySink* out_ = nullptr;
  net::TargetDone done_;
  std::string text_;  // what `series_` points into until the next run
  bool too_large_ = false;
  int status_ = 0;
  std::optional<Failure> failure_;  // of the last run
  std::optional<MonoTime> due_;
  MonoTime retry_{};
};

Result<ExecFormat> ReadExecFormat(const YamlFile& file, const YamlNode& node) {
  TRY_ASSIGN(const std::string word, YamlString(file, node));
  if (word == "text") return ExecFormat::kText;
  if (word == "openmetrics") return ExecFormat::kOpenMetrics;
  if (word == "nagios") return ExecFormat::kNagios;
  return file.At(node, "the format is text, openmetrics or nagios, not \"" + word + "\"");
}

Result<Command> ReadCommand(const YamlFile& file, const YamlNode& node) {
  YamlFields fields(file, node, "command");
  Command command;
  TRY_ASSIGN(command.program, plugin::ReadProgram(fields));
  TRY_ASSIGN(command.name, fields.Read("name", YamlString, command.program.path));
  TRY_ASSIGN(command.format, fields.Read("format", ReadExecFormat, ExecFormat::kText));
  TRY_ASSIGN(command.interval, fields.Read("interval", YamlDuration, command.interval));
  TRY_ASSIGN(command.timeout, fields.Read("timeout", YamlDuration, command.timeout));
  TRY_ASSIGN(command.foreign, plugin::ReadProgramOutput(fields));
  TRY(fields.Finish());
  return command;
}

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  return plugin::MakeProgramsCollector<ExecTarget>(
      deps, "commands", {.collector = "exec", .max_parallel = kMaxParallel, .add_instance = false},
      &ReadCommand);
}

}  // namespace

extern const CatalogEntry kExecCollector{
    .name = "exec",
    .room = "plugin",
    .on_by_default = false,
    .interval = seconds(15),
    .help =
        "Metrics that configured commands print, in the Prometheus text format, OpenMetrics or "
        "as Nagios plugins.",
    .families = {},
    .flags = {},
    .make = &Make,
};

}  // namespace tocsin
