#include "agent/commands/command_line.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <CLI/Validators.hpp>
#include <cstdio>
#include <memory>
#include <utility>

#include "agent/commands/commands.h"
#include "base/parse.h"
#include "collectors/catalog.h"

namespace tocsin {
namespace {

constexpr const char* kFooter =
    "Collectors are switched by --collector.NAME and --no-collector.NAME; `tocsin collectors`\n"
    "lists them with their own flags. `tocsin --help` lists the agent's, which all commands take.\n"
    "Every flag can stand in the configuration file, where each key is documented:\n"
    "config/tocsin.yml.";

void AddText(CLI::App& app, const std::string& name, std::optional<std::string>& into,
             const std::string& help, const std::string& group) {
  app.add_option(name, into, help)->group(group)->type_name("TEXT");
}

/// Flags of the agent itself, as Prometheus and its exporters spell them.
void AddAgentFlags(CLI::App& app, Flags& flags) {
  AddText(app, "--config.file", flags.config_file, "Configuration file. Without one: defaults.",
          "Agent");
  app.add_option("--web.listen-address", flags.listen_addresses,
                 "Where to serve: HOST:PORT, [::1]:PORT, :PORT or unix:/PATH; may be given several "
                 "times [127.0.0.1:9909].")
      ->group("Agent")
      ->type_name("ADDRESS")
      ->allow_extra_args(false);
  AddText(app, "--web.telemetry-path", flags.telemetry_path, "Path of the metrics [/metrics].",
          "Agent");
  AddText(app, "--web.external-url", flags.external_url,
          "The agent's address as people reach it, for links in alerts.", "Agent");
  AddText(app, "--web.config.file", flags.web_config_file,
          "TLS, users and headers, as Prometheus and its exporters read them.", "Agent");
  AddText(app, "--storage.path", flags.storage_path,
          "Folder for samples and alert state. Without one they are lost at a restart.", "Agent");
  AddText(app, "--notify.config", flags.notify_config,
          "An alertmanager.yml: routes and receivers, instead of those in the configuration file.",
          "Agent");
  AddText(app, "--promql.compat", flags.promql_compat,
          "v3: half-open range windows as Prometheus 3 [default]; v2: closed ones.", "Agent");
  AddText(app, "--log.level", flags.log_level, "debug, info, warn or error [info].", "Agent");
  AddText(app, "--log.format", flags.log_format, "logfmt or json [logfmt].", "Agent");
  AddText(app, "--path.procfs", flags.procfs, "Where procfs is mounted [/proc].", "Host");
  AddText(app, "--path.sysfs", flags.sysfs, "Where sysfs is mounted [/sys].", "Host");
  AddText(app, "--path.rootfs", flags.rootfs, "Where the host's root is mounted [/].", "Host");
  AddText(app, "--path.udev.data", flags.udev_data, "udev's data [/run/udev/data].", "Host");
  app.add_flag("--collector.disable-defaults", flags.disable_default_collectors,
               "Run only the collectors that are named.")
      ->group("Host");
}

/// Hidden in --help, which would be pages of them.
void AddCollectorFlags(CLI::App& app, Flags& flags) {
  for (const CatalogEntry& entry : CollectorCatalog()) {
    const std::string name(entry.name);
    app.add_flag_callback(
           "--collector." + name, [&flags, name] { flags.collector_enabled[name] = true; },
           std::string(entry.help))
        ->group("");
    app.add_flag_callback("--no-collector." + name,
                          [&flags, name] { flags.collector_enabled[name] = false; })
        ->group("");
    for (const CollectorFlag& flag : entry.flags) {
      const std::string key(flag.key);
      if (flag.fallback == "true" || flag.fallback == "false") {
        // A switch: --collector.x.y, --no-collector.x.y or --collector.x.y=false.
        const std::string spelled = "collector." + std::string(flag.flag);
        app.add_flag_function(
               "--" + spelled + ",!--no-" + spelled,
               [&flags, name, key](std::int64_t count) {
                 flags.collector_settings[name][key] = {count > 0 ? "true" : "false"};
               },
               std::string(flag.help))
            ->group("");
        continue;
      }
      app.add_option_function<std::vector<std::string>>(
             "--collector." + std::string(flag.flag),
             [&flags, name, key](const std::vector<std::string>& values) {
               flags.collector_settings[name][key] = values;
             },
             std::string(flag.help))
          ->group("")
          ->allow_extra_args(false);
    }
  }
}

void AddQueryOptions(CLI::App& query, QueryArguments& arguments) {
  query.add_option("EXPR", arguments.expr, "PromQL.");
  auto* url = query.add_option("--url", arguments.url,
                               "Ask this agent or Prometheus [http://127.0.0.1:9909].");
  auto* file = query.add_option("--file", arguments.file, "Ask an OpenMetrics file.");
  auto* piped = query.add_flag("--stdin", arguments.from_stdin,
                               "Answer one JSON request a line: load and query.");
  file->excludes(url)->excludes(piped);
  piped->excludes(url);
  query.add_option("--time", arguments.time, "When: Unix seconds or RFC 3339 [now].");
  query.add_option("--start", arguments.start, "Range: from [an hour before the end].");
  query.add_option("--end", arguments.end, "Range: to [now].");
  query.add_option("--step", arguments.step, "Range: seconds or a duration.");
  query.add_option("--output,-o", arguments.output, "table, json or chart [table].")
      ->check(CLI::IsMember({"table", "json", "chart"}));
}

void AddBacktestOptions(CLI::App& backtest, RuleArguments& arguments) {
  backtest.add_option("RULES", arguments.files, "Rule files [those of the configuration].");
  auto* from = backtest.add_option("--from", arguments.from, "History: an OpenMetrics file.");
  backtest
      .add_option("--url", arguments.url, "History: a Prometheus or agent [http://127.0.0.1:9909].")
      ->excludes(from);
  backtest.add_option("--start", arguments.start,
                      "From: Unix seconds or RFC 3339 [the file's first sample].");
  backtest.add_option("--end", arguments.end, "To [the file's last sample].");
  backtest.add_option("--against", arguments.against, "What these rules would have changed.");
}

void AddLintOptions(CLI::App& lint, RuleArguments& arguments) {
  lint.add_option("RULES", arguments.files, "Rule files [those of the configuration].");
  lint.add_option("--url", arguments.url,
                  "The agent or Prometheus whose metrics are known [http://127.0.0.1:9909].");
  lint.add_option("--sample-interval", arguments.sample_interval,
                  "Between samples; windows shorter than two of them are reported.");
}

void AddLeakOptions(CLI::App& leaks, LeakArguments& arguments) {
  leaks.add_option("--url", arguments.url, "The agent that is asked [http://127.0.0.1:9909].");
  leaks.add_flag("--all", arguments.all, "Every series that is followed, not only suspects.");
  auto* file = leaks.add_option("--file", arguments.file,
                                "Look through this history (OpenMetrics with timestamps) instead.");
  auto* csv = leaks.add_option("--csv", arguments.csv,
                               "The same, of a table: time (Unix seconds), then a column a series, "
                               "the first line with their names.");
  auto* jsonl = leaks.add_option("--jsonl", arguments.jsonl,
                                 "Judge labelled series, one JSON object a line (docs/leaks.md); - "
                                 "for standard input.");
  file->excludes(csv)->excludes(jsonl);
  csv->excludes(jsonl);
  leaks.add_option("--sensitivity", arguments.sensitivity, "low, medium or high [medium].")
      ->check(CLI::IsMember({"low", "medium", "high"}));
  leaks.add_option("--series", arguments.series, "Of a history: which series, as PromQL [all].");
  leaks.add_option("--limit", arguments.limit,
                   "Of a history: a number, a size or PromQL [the cgroup's limit or MemTotal].");
  leaks.add_option("--falls-to", arguments.falls_to,
                   "Of a history: the series fall towards this number.");
  leaks.add_option("--work", arguments.work, "Of a history: work a second, as PromQL.");
  leaks.add_option("--restart", arguments.restart,
                   "Of a history: what changes with a restart, as PromQL.");
  leaks.add_option("--step", arguments.step, "Of a history: between looks [15s].");
}

void AddDoctorOptions(CLI::App& doctor, DoctorArguments& arguments) {
  auto* url =
      doctor.add_option("--url", arguments.url, "The agent that is asked [http://127.0.0.1:9909].");
  auto* file =
      doctor.add_option("--file", arguments.file,
                        "A history (OpenMetrics with timestamps, as /api/performance/export "
                        "gives it) instead.");
  file->excludes(url);
  doctor.add_option("--time", arguments.time, "Of a history: when [its last sample].")->needs(file);
}

void AddAgentOption(CLI::App& command, AlertArguments& arguments) {
  command.add_option("--url", arguments.url, "The agent [http://127.0.0.1:9909].");
}

void AddMatchers(CLI::App& command, AlertArguments& arguments) {
  command.add_option("MATCHER", arguments.matchers,
                     "NAME, or label=value, !=, =~, !~; all of them must match.");
}

void AddAuthor(CLI::App& command, AlertArguments& arguments) {
  command.add_option("--by", arguments.by, "Who does it [the user's name].");
  command.add_option("--comment", arguments.comment, "Why, for others to read.");
}

void AddAlertOptions(CLI::App& app, CommandLine& line) {
  AlertArguments& arguments = line.alerts;
  const auto command = [&](CLI::App& parent, const char* name, Command which, const char* help) {
    CLI::App* sub = parent.add_subcommand(name, help);
    sub->callback([&line, which] { line.command = which; });
    AddAgentOption(*sub, arguments);
    return sub;
  };
  CLI::App* alerts = command(app, "alerts", Command::kAlerts, "What is pending and firing.");
  AddMatchers(*alerts, arguments);
  alerts->add_flag("--json", arguments.json, "As JSON.");
  CLI::App* ack = command(app, "ack", Command::kAcknowledge,
                          "Take alerts on: no more pages for their groups until they have ended.");
  AddMatchers(*ack, arguments);
  ack->add_option("--group", arguments.group, "The key of a group instead.");
  ack->add_flag("--undo", arguments.undo, "Take it back: pages and escalation go on, from now.");
  AddAuthor(*ack, arguments);
  CLI::App* silence = app.add_subcommand("silence", "Silences: no pages for what matches.");
  silence->require_subcommand(1);
  CLI::App* add = command(*silence, "add", Command::kSilenceAdd, "Silence what matches.");
  AddMatchers(*add, arguments);
  add->add_option("--duration,-d", arguments.duration, "For how long [1h].");
  AddAuthor(*add, arguments);
  CLI::App* list = command(*silence, "list", Command::kSilenceList, "Show silences.");
  list->add_flag("--expired", arguments.with_expired, "Those that have ended too.");
  list->add_flag("--json", arguments.json, "As JSON.");
  command(*silence, "expire", Command::kSilenceExpire, "End silences.")
      ->add_option("ID", arguments.ids, "Their ids, as list shows them.")
      ->required();
}

/// What the first argument that nothing takes was perhaps meant to be.
std::string Unexpected(const CLI::App& app) {
  const std::vector<std::string> unexpected = app.remaining(/*recurse=*/true);
  const auto commands = app.get_subcommands();  // those that were given
  const std::string argument = unexpected.empty() ? "" : unexpected.front();
  std::vector<std::string> known;
  if (!argument.starts_with("-")) {
    if (!commands.empty()) {
      const std::string& name = commands.front()->get_name();
      return "\"" + argument + "\" is more than " + name + " takes" +
             (name == "check" || name == "run"
                  ? ": did you mean --config.file=" + argument + "?"
                  : ": `tocsin " + name + " --help` says what it does");
    }
    for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
      known.push_back(command->get_name());
    }
  }
  const auto add = [&](const CLI::App& of) {
    for (const CLI::Option* option : of.get_options()) {
      for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
    }
  };
  if (known.empty()) {
    add(app);
    for (const CLI::App* command : commands) add(*command);
  }
  const bool flag = argument.starts_with("-");
  const std::string name = flag ? argument.substr(0, argument.find('=')) : argument;
  const auto nearest = NearestWord(name, known);
  return (flag ? "unknown flag " : "unknown command ") + name +
         (nearest ? ": did you mean " + std::string(*nearest) + "?"
                  : ": `tocsin --help` lists what there is");
}

}  // namespace

ParsedCommandLine ParseCommandLine(int argc, const char* const* argv) {
  CommandLine line;
  CLI::App app("Tocsin: collects, keeps and judges a Linux host's metrics, and pages.", "tocsin");
  app.footer(kFooter);
  app.fallthrough();
  app.require_subcommand(0, 1);
  app.set_help_flag("-h,--help", "This help.");
  app.set_version_flag("--version", VersionText(), "Print the version.");
  AddAgentFlags(app, line.flags);
  AddCollectorFlags(app, line.flags);
  app.add_option("--http.config.file", line.http_config,
                 "Logins and TLS for asking an agent, as promtool reads them.")
      ->group("Commands that ask an agent")
      ->type_name("TEXT");

  const auto command = [&](const char* name, Command which, const char* help) {
    CLI::App* sub = app.add_subcommand(name, help);
    sub->callback([&line, which] { line.command = which; });
    return sub;
  };
  command("run", Command::kRun, "Run the agent (the default).");
  command("check", Command::kCheck, "Check the configuration and its rules; 1 on errors.");
  command("collect", Command::kCollect, "One round of the collectors, to standard output.")
      ->add_option("NAME", line.names, "Only these collectors.");
  CLI::App* collectors = command("collectors", Command::kCollectors, "List the collectors.");
  collectors->add_flag("--json", line.json, "As JSON, with metrics and flags.");
  collectors->add_flag("--markdown", line.markdown, "As docs/collectors.md.");
  AddQueryOptions(*command("query", Command::kQuery, "Evaluate PromQL and show the result."),
                  line.query);
  command("format", Command::kFormat, "Lay out a PromQL expression.")
      ->add_option("EXPR", line.query.expr, "PromQL.")
      ->required();
  command("test", Command::kTest, "Run tests of rules, in promtool's format; 1 if one fails.")
      ->add_option("FILE", line.rules.files, "Files of rule tests.")
      ->required();
  AddLintOptions(*command("lint", Command::kLint, "Say what is probably not meant in rules."),
                 line.rules);
  AddBacktestOptions(
      *command("backtest", Command::kBacktest, "Replay history: what would have paged."),
      line.rules);
  CLI::App* rules = app.add_subcommand("rules", "Rules for others.");
  rules->require_subcommand(1);
  CLI::App* exported = rules->add_subcommand("export", "Print plain Prometheus rules.");
  exported->callback([&line] { line.command = Command::kExportRules; });
  exported->add_option("RULES", line.rules.files, "Rule files [those of the configuration].");
  exported->add_option("--inhibition", line.rules.inhibition,
                       "Write Alertmanager's inhibit_rules to this file.");
  exported->add_option("--format", line.rules.format, "prometheus.")
      ->check(CLI::IsMember({"prometheus"}));
  AddLeakOptions(*command("leaks", Command::kLeaks, "What leaks now, or did in a history."),
                 line.leaks);
  AddDoctorOptions(
      *command("doctor", Command::kDoctor, "What holds this host up, and what to look at."),
      line.doctor);
  AddAlertOptions(app, line);
  command("version", Command::kVersion, "Print the version.");

  try {
    app.parse(argc, argv);
  } catch (const CLI::ExtrasError&) {
    std::fprintf(stderr, "tocsin: %s\n", Unexpected(app).c_str());
    return {std::nullopt, 2};
  } catch (const CLI::ParseError& e) {
    return {std::nullopt, app.exit(e) == 0 ? 0 : 2};
  }
  return {std::move(line), 0};
}

}  // namespace tocsin
