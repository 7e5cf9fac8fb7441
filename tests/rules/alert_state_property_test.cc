// A property test: Advance against a slow, obvious model on random histories.

#include <gtest/gtest.h>

#include <cstdlib>
#include <random>
#include <string_view>
#include <vector>

#include "rules/alert_state.h"

namespace tocsin {
namespace {

using namespace std::chrono_literals;

constexpr milliseconds kInterval = 15s;
constexpr int kFewestSteps = 10;  // of a history
constexpr int kMostSteps = 39;

/// Keeps all of the past and derives every question from it by looking back.
class Model {
 public:
  explicit Model(const AlertPolicy& policy) : policy_(policy) {
    steps_.reserve(kMostSteps);
    rows_.reserve(kMostSteps);
  }

  void Do(const Step& step) {
    steps_.push_back(step);
    Row row;
    // The readings that count, or none if this evaluation changes nothing.
    std::optional<std::array<Reading, kLevels>> readings = step.readings;
    if (!readings && policy_.no_data == NoData::kOk) readings = {Reading::kClear, Reading::kClear};
    if (!readings && policy_.no_data == NoData::kAlert) {
      readings = policy_.levels[0] ? std::array{Reading::kMet, Reading::kBetween}
                                   : std::array{Reading::kClear, Reading::kMet};
    }
    if (!readings) {
      if (rows_.empty() || BlindFor() < policy_.no_data_for || !step.may_end) {
        row = rows_.empty() ? Row{} : rows_.back();
        for (Cell& cell : row.cells) cell.counted = false;
      } else {
        row.forgot = true;
      }
      rows_.push_back(row);
      return;
    }
    const Row before = rows_.empty() ? Row{} : rows_.back();
    rows_.push_back(row);
    for (int i = 1; i >= 0; --i) {
      const auto level = static_cast<std::size_t>(i);
      if (!policy_.levels[level]) continue;
      const Cell higher = i == 0 ? rows_.back().cells[1] : Cell{};
      rows_.back().cells[level] =
          Judge(level, (*readings)[level], before.cells[level], higher, step);
    }
  }

  std::string_view Shown() const {
    if (rows_.empty()) return "inactive";
    const auto& cells = rows_.back().cells;
    const bool pending = cells[0].holds || cells[1].holds;
    if (cells[1].on) return "critical";
    if (cells[0].on) return policy_.plain ? "firing" : "warning";
    return pending ? "pending" : "inactive";
  }

 private:
  struct Cell {
    bool counted = false;  // this evaluation counts for N of M, and time passes in it
    bool met = false;
    bool holds = false;
    bool on = false;
  };
  struct Row {
    std::array<Cell, kLevels> cells;
    bool forgot = false;
  };

  milliseconds BlindFor() const {
    milliseconds blind{0};
    for (std::size_t i = steps_.size(); i-- > 0 && !steps_[i].readings;) {
      if (i > 0 && !steps_[i - 1].readings) blind += steps_[i].elapsed;
    }
    return blind;
  }

  /// Time lived through in evaluations that counted, up to now, as long as `same` holds looking
  /// back; the first of them opens the span and adds nothing.
  template <class Same>
  milliseconds Span(std::size_t level, Same same) const {
    milliseconds span{0};
    std::optional<milliseconds> step_of_later;
    for (std::size_t i = rows_.size(); i-- > 0;) {
      const Cell& cell = rows_[i].cells[level];
      if (rows_[i].forgot) break;
      if (!cell.counted) continue;
      if (!same(cell)) break;
      if (step_of_later) span += *step_of_later;
      step_of_later = steps_[i].elapsed;
    }
    return span;
  }

  Cell Judge(std::size_t level, Reading reading, const Cell& before, const Cell& higher,
             const Step& step) {
    const LevelPolicy& policy = *policy_.levels[level];
    if (reading == Reading::kClear && !step.may_end) {
      Cell same = before;
      same.counted = false;
      return same;
    }
    Cell cell;
    cell.counted = true;
    cell.met = reading == Reading::kMet || (reading == Reading::kBetween && before.on);
    int met = cell.met ? 1 : 0;
    int seen = 1;
    for (std::size_t i = rows_.size() - 1; i-- > 0 && seen < policy.of;) {
      if (rows_[i].forgot) break;
      if (!rows_[i].cells[level].counted) continue;
      ++seen;
      met += rows_[i].cells[level].met ? 1 : 0;
    }
    cell.holds = met >= policy.met;
    cell.on = before.on || higher.on;
    Cell& now = rows_.back().cells[level];
    now = cell;
    if (cell.holds) {
      const auto held = Span(level, [](const Cell& c) { return c.holds; });
      if (held >= policy.hold_for && step.may_fire) cell.on = true;
    } else if (cell.on) {
      // Clear for as long as it is on and does not hold.
      now.on = true;
      const auto clear = Span(level, [](const Cell& c) { return !c.holds && c.on; });
      if (clear >= policy.keep_firing_for && step.may_end && !higher.holds) cell.on = false;
    }
    if (higher.on) cell.on = true;
    return cell;
  }

  AlertPolicy policy_;
  std::vector<Step> steps_;
  std::vector<Row> rows_;
};

std::string_view ShownStatus(const AlertStatus& status) {
  if (status.state != AlertState::kFiring) return AlertStateText(status.state);
  return status.severity == Severity::kNone ? "firing" : SeverityText(status.severity);
}

using Random = std::mt19937_64;

int Below(Random& random, int n) {
  return static_cast<int>(random() % static_cast<std::uint64_t>(n));
}

AlertPolicy RandomPolicy(Random& random) {
  AlertPolicy policy;
  const int shape = Below(random, 4);  // plain, warning, critical, both
  policy.plain = shape == 0;
  for (std::size_t i = 0; i < kLevels; ++i) {
    const bool has = i == kLowLevel ? shape != 2 : shape >= 2;
    if (!has) continue;
    LevelPolicy& level = policy.levels[i].emplace();
    level.hold_for = seconds(15 * Below(random, 5));
    level.keep_firing_for = seconds(15 * std::max(0, Below(random, 6) - 2));
    if (Below(random, 3) == 0) {
      level.of = static_cast<std::uint8_t>(1 + Below(random, 6));
      level.met = static_cast<std::uint8_t>(1 + Below(random, level.of));
    }
  }
  policy.no_data = static_cast<NoData>(Below(random, 3));
  policy.no_data_for = seconds(15 * (1 + Below(random, 6)));
  return policy;
}

Step RandomStep(Random& random, WallTime now, int calm) {
  Step step{now, kInterval, std::nullopt, Below(random, 12) != 0, Below(random, 12) != 0};
  if (Below(random, 6) == 0) step.elapsed = seconds(15 * Below(random, kMaxStepIntervals + 1));
  if (Below(random, 8) == 0) return step;
  // A value that lingers, so that `for`s are reached.
  const int value = Below(random, 10) < calm ? 4 : Below(random, 5);
  switch (value) {
    case 0:
      step.readings = {Reading::kClear, Reading::kClear};
      break;
    case 1:
      step.readings = {Reading::kBetween, Reading::kClear};
      break;
    case 2:
      step.readings = {Reading::kMet, Reading::kClear};
      break;
    case 3:
      step.readings = {Reading::kMet, Reading::kBetween};
      break;
    default:
      step.readings = {Reading::kMet, Reading::kMet};
      break;
  }
  return step;
}

/// Transitions must tell exactly how what is shown changed. No gtest in here: a million histories
/// are 25 million steps.
bool Tells(Transition transition, const AlertStatus& before, const AlertStatus& after) {
  using State = AlertState;
  const auto changed = [&](State from, State to) {
    return before.state == from && after.state == to;
  };
  switch (transition) {
    case Transition::kNone:
      return before.state == after.state &&
             (after.state != State::kFiring || before.severity == after.severity);
    case Transition::kPending:
      return changed(State::kInactive, State::kPending);
    case Transition::kFired:
      return after.state == State::kFiring && before.state != State::kFiring;
    case Transition::kSeverity:
      return changed(State::kFiring, State::kFiring) && before.severity != after.severity &&
             before.fired_at == after.fired_at;
    case Transition::kResolved:
    case Transition::kResolvedBlind:
      return changed(State::kFiring, State::kInactive) && after.resolved_at.has_value();
    case Transition::kGone:
      return changed(State::kPending, State::kInactive);
  }
  return false;
}

/// One million histories with TOCSIN_FULL_TESTS=1 (half a minute), fewer in everyday runs.
int Histories() {
  if (std::getenv("TOCSIN_FULL_TESTS") != nullptr) return 1'000'000;
#ifdef TOCSIN_SANITIZED
  return 20'000;
#else
  return 100'000;
#endif
}

TEST(AlertStateProperty, AgreesWithTheObviousModelOnRandomHistories) {
  const int histories = Histories();
  for (int h = 0; h < histories; ++h) {
    Random random(static_cast<std::uint64_t>(h));
    const AlertPolicy policy = RandomPolicy(random);
    Model model(policy);
    AlertStatus status;
    WallTime now = FromMillis(1'700'000'000'000);
    const int steps = kFewestSteps + Below(random, kMostSteps - kFewestSteps + 1);
    const int calm = Below(random, 10);
    for (int i = 0; i < steps; ++i) {
      const Step step = RandomStep(random, now, calm);
      const AlertStatus before = status;
      const Transition transition = Advance(status, policy, step);
      model.Do(step);
      if (!Tells(transition, before, status) || ShownStatus(status) != model.Shown()) {
        FAIL() << "history " << h << ", step " << i << ": transition "
               << static_cast<int>(transition) << " to " << ShownStatus(status)
               << ", the model shows " << model.Shown();
      }
      now += kInterval;
    }
  }
}

}  // namespace
}  // namespace tocsin
