// What a replay shows to a person.

#include <algorithm>
#include <map>

#include "base/format.h"
#include "base/parse.h"
#include "base/time_text.h"
#include "rules/backtest.h"

namespace tocsin {
namespace {

constexpr std::string_view kAlertName = "alertname";

std::string ShownTime(WallTime at) { return FormatUtc(at, "%Y-%m-%d %H:%M:%S"); }

std::string Padded(std::string text, std::size_t width) {
  if (text.size() < width) text.append(width - text.size(), ' ');
  return text;
}

std::string NameOf(const Labels& identity) {
  const Labels rest = identity.Without(kAlertName);
  std::string name(identity.Get(kAlertName));
  if (!rest.empty()) name += " " + rest.ToString();
  return name;
}

std::string SeverityOr(Severity severity, std::string_view plain) {
  return severity == Severity::kNone ? std::string(plain) : std::string(SeverityText(severity));
}

/// Whole seconds: what a person compares.
std::string ShownDuration(milliseconds duration) {
  return FormatDuration(std::chrono::round<seconds>(duration));
}

std::string PageLine(const BacktestPage& page) {
  const AlertEvent& event = page.event;
  std::string what = page.kind == BacktestPage::Kind::kResolved
                         ? "resolved"
                         : SeverityOr(event.severity, "firing");
  std::string line = ShownTime(page.at) + "  " + Padded(what, 8) + "  " + NameOf(event.identity) +
                     "  " + FormatGoFloat(event.value);
  if (page.kind == BacktestPage::Kind::kResolved) {
    line += "  after " + ShownDuration(page.at - event.fired_at);
    if (!event.ended_because.empty()) line += " (" + event.ended_because + ")";
  } else if (const auto summary = event.annotations.Get("summary"); !summary.empty()) {
    line.append("  ").append(summary);
  }
  return line + "\n";
}

struct Totals {
  std::size_t pages = 0;
  std::size_t episodes = 0;
  milliseconds firing{0};
  milliseconds longest{0};
};

/// Whether `a` and `b` are one alert's and overlap.
bool SameEpisode(const BacktestEpisode& a, const BacktestEpisode& b) {
  return a.identity == b.identity && (!b.resolved_at || a.fired_at <= *b.resolved_at) &&
         (!a.resolved_at || b.fired_at <= *a.resolved_at);
}

std::string ShownSpan(const BacktestEpisode& episode) {
  return ShownTime(episode.fired_at) +
         (episode.resolved_at ? " for " + ShownDuration(*episode.resolved_at - episode.fired_at)
                              : " until the end");
}

std::string EpisodeLine(std::string_view mark, const BacktestEpisode& episode,
                        const std::string& more) {
  return std::string(mark) + " " + NameOf(episode.identity) + "  " +
         SeverityOr(episode.highest, "firing") + "  " + ShownSpan(episode) + more + "\n";
}

std::string Shift(milliseconds by, std::string_view less, std::string_view more) {
  const bool negative = by.count() < 0;
  return ShownDuration(negative ? -by : by) + " " + std::string(negative ? less : more);
}

std::string ChangesOf(const BacktestEpisode& before, const BacktestEpisode& after) {
  std::string changes;
  const auto add = [&changes](const std::string& change) {
    changes += (changes.empty() ? "" : ", ") + change;
  };
  if (before.fired_at != after.fired_at) {
    add("fires " + Shift(after.fired_at - before.fired_at, "earlier", "later"));
  }
  if (before.resolved_at != after.resolved_at) {
    if (!after.resolved_at) {
      add("no longer resolves");
    } else if (!before.resolved_at) {
      add("resolves now");
    } else {
      add("resolves " + Shift(*after.resolved_at - *before.resolved_at, "earlier", "later"));
    }
  }
  if (before.highest != after.highest) {
    add(SeverityOr(after.highest, "firing") + " instead of " +
        SeverityOr(before.highest, "firing"));
  }
  return changes;
}

}  // namespace

std::string FormatTimeline(const Backtest& backtest, const BacktestOptions& options) {
  std::string text;
  std::map<std::string, Totals> totals;
  for (const BacktestPage& page : backtest.pages) {
    text += PageLine(page);
    ++totals[std::string(page.event.identity.Get(kAlertName))].pages;
  }
  for (const BacktestEpisode& episode : backtest.episodes) {
    Totals& total = totals[std::string(episode.identity.Get(kAlertName))];
    const milliseconds lasted = episode.resolved_at.value_or(options.end) - episode.fired_at;
    ++total.episodes;
    total.firing += lasted;
    total.longest = std::max(total.longest, lasted);
  }
  text += (text.empty() ? "" : "\n") + ShownTime(options.start) + " to " + ShownTime(options.end) +
          " UTC, " + std::to_string(backtest.evaluations) + " evaluations: ";
  if (totals.empty()) {
    text += "nothing would have paged\n";
  } else {
    text += std::to_string(backtest.pages.size()) + " notifications\n";
    std::size_t width = 5;
    for (const auto& [name, total] : totals) width = std::max(width, name.size());
    text += Padded("alert", width) + "  times  notifications  firing      longest\n";
    for (const auto& [name, total] : totals) {
      text += Padded(name, width) + "  " + Padded(std::to_string(total.episodes), 5) + "  " +
              Padded(std::to_string(total.pages), 13) + "  " +
              Padded(ShownDuration(total.firing), 10) + "  " + ShownDuration(total.longest) + "\n";
    }
  }
  for (const std::string& failure : backtest.failures) text += "failed: " + failure + "\n";
  return text;
}

std::string FormatDifference(const Backtest& before, const Backtest& after) {
  std::string text;
  std::vector<bool> matched(after.episodes.size(), false);
  for (const BacktestEpisode& old : before.episodes) {
    const auto same = [&](const BacktestEpisode& e) {
      return !matched[static_cast<std::size_t>(&e - after.episodes.data())] && SameEpisode(old, e);
    };
    const auto found = std::find_if(after.episodes.begin(), after.episodes.end(), same);
    if (found == after.episodes.end()) {
      text += EpisodeLine("-", old, "");
      continue;
    }
    matched[static_cast<std::size_t>(found - after.episodes.begin())] = true;
    const std::string changes = ChangesOf(old, *found);
    if (!changes.empty()) text += EpisodeLine("~", old, ": " + changes);
  }
  for (std::size_t i = 0; i < after.episodes.size(); ++i) {
    if (!matched[i]) text += EpisodeLine("+", after.episodes[i], "");
  }
  if (text.empty()) text = "no difference\n";
  return text + std::to_string(before.pages.size()) + " notifications before, " +
         std::to_string(after.pages.size()) + " after\n";
}

}  // namespace tocsin
