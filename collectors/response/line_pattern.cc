#include "collectors/response/line_pattern.h"

#include <simdjson.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace tocsin {
namespace {

/// Choices that are open at one time. Few expressions have any.
constexpr std::size_t kMaxChoices = 256;
/// Bytes looked at for each byte of a line, tries and retries together. RE2 is as fast then.
constexpr std::size_t kWorkPerByte = 6;
constexpr std::size_t kLeastWork = 1000;

bool IsAscii(std::string_view text) {
  std::uint64_t bits = 0;
  while (text.size() >= sizeof bits) {
    std::uint64_t next = 0;
    std::memcpy(&next, text.data(), sizeof next);
    bits |= next;
    text.remove_prefix(sizeof next);
  }
  for (const char c : text) bits |= static_cast<unsigned char>(c);
  return (bits & 0x8080808080808080U) == 0;
}

/// Whether a character begins at `at`, not the rest of one.
bool AtCharacter(const char* at) { return (static_cast<unsigned char>(*at) & 0xC0U) != 0x80U; }

std::vector<std::array<bool, 256>> TablesOf(const std::vector<LineByteSet>& sets) {
  std::vector<std::array<bool, 256>> tables(sets.size());
  for (std::size_t i = 0; i < sets.size(); ++i) {
    for (std::size_t c = 0; c < tables[i].size(); ++c) tables[i][c] = sets[i].test(c);
  }
  return tables;
}

}  // namespace

LinePattern::LinePattern(LineProgram program)
    : program_(std::move(program)), tables_(TablesOf(program_.sets)) {
  choices_.reserve(kMaxChoices);
  std::size_t slots = 0;
  for (const LineStep& step : program_.steps) slots = std::max<std::size_t>(slots, step.slot + 1);
  slots_.resize(slots);
  const auto begin =
      std::find_if(program_.steps.begin(), program_.steps.end(),
                   [](const LineStep& step) { return step.kind != LineStep::Kind::kSave; });
  if (begin->kind == LineStep::Kind::kRun && begin->max == LineStep::kUnlimited) {
    leading_run_ = &*begin;
  }
}

LinePattern::Answer LinePattern::Search(std::string_view line, std::span<std::string_view> groups) {
  if (!line.data()) line = "";  // null stands for something else below
  // RE2 finds no characters where the encoding is wrong, bytes or not.
  if (!IsAscii(line) &&
      (program_.ascii_only || !simdjson::validate_utf8(line.data(), line.size()))) {
    return Answer::kUndecided;
  }
  work_left_ = line.size() * kWorkPerByte + kLeastWork;
  begin_ = line.data();
  const char* const end = line.data() + line.size();
  const bool anchored = program_.steps.front().kind == LineStep::Kind::kBegin;
  for (const char* at = line.data();; ++at) {
    if (CanGoOn(0, at, end)) {
      const Answer answer = TryAt(line, at);
      if (answer == Answer::kMatch) break;
      if (answer == Answer::kUndecided) return answer;
      // Wherever the run ended, the rest did not fit: nor would it if the run began later.
      if (leading_run_ && at < end) {
        at = std::max(at + 1, EndOfRun(*leading_run_, at, end)) - 1;
      }
    }
    if (anchored || at == end) return Answer::kNoMatch;
  }
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const bool matched = 2 * i + 1 < slots_.size() && slots_[2 * i + 1] != nullptr;
    groups[i] = matched
                    ? std::string_view(slots_[2 * i],
                                       static_cast<std::size_t>(slots_[2 * i + 1] - slots_[2 * i]))
                    : std::string_view();
  }
  return Answer::kMatch;
}

/// Whether a try at a step could succeed, as far as the next byte tells.
bool LinePattern::CanGoOn(std::uint32_t step, const char* at, const char* end) const {
  if (at == end) return true;
  return tables_[program_.steps[step].first][static_cast<unsigned char>(*at)] && AtCharacter(at);
}

const char* LinePattern::EndOfRun(const LineStep& step, const char* at, const char* end) const {
  if (step.max < static_cast<std::size_t>(end - at)) end = at + step.max;
  if (step.stop >= 0) {
    const void* found = std::memchr(at, step.stop, static_cast<std::size_t>(end - at));
    return found ? static_cast<const char*>(found) : end;
  }
  const Table& table = tables_[step.set];
  while (at < end && table[static_cast<unsigned char>(*at)]) ++at;
  return at;
}

LinePattern::Answer LinePattern::TryAt(std::string_view line, const char* at) {
  using Kind = LineStep::Kind;
  const char* const end = line.data() + line.size();
  choices_.clear();
  std::fill(slots_.begin(), slots_.end(), nullptr);
  std::uint32_t number = 0;
  while (true) {
    const LineStep& step = program_.steps[number];
    bool fits = true;
    // Each step adds two choices at most.
    if (choices_.size() + 2 > kMaxChoices || work_left_ == 0) return Answer::kUndecided;
    --work_left_;
    switch (step.kind) {
      case Kind::kText:
        fits = static_cast<std::size_t>(end - at) >= step.text.size() &&
               std::memcmp(at, step.text.data(), step.text.size()) == 0;
        if (fits) at += step.text.size();
        ++number;
        break;
      case Kind::kRun: {
        const char* const stop = EndOfRun(step, at, end);
        const auto length = static_cast<std::size_t>(stop - at);
        work_left_ -= std::min(work_left_, length);
        fits = length >= step.min;
        ++number;
        if (!fits) break;
        const char* const least = at + step.min;
        at = stop;
        if (step.certain || least == stop) break;
        if (step.lazy) {
          choices_.push_back({Choice::Kind::kLonger, number, least, stop});
          fits = false;
        } else {
          choices_.push_back({Choice::Kind::kShorter, number, stop - 1, least});
        }
        break;
      }
      case Kind::kSave:
        if (!choices_.empty()) {
          choices_.push_back({Choice::Kind::kRestore, step.slot, slots_[step.slot], nullptr});
        }
        slots_[step.slot] = at;
        ++number;
        break;
      case Kind::kSplit:
        number = step.to;
        if (!CanGoOn(step.to, at, end)) {
          number = step.otherwise;
        } else if (CanGoOn(step.otherwise, at, end)) {
          choices_.push_back({Choice::Kind::kStep, step.otherwise, at, nullptr});
        }
        break;
      case Kind::kJump:
        number = step.to;
        break;
      case Kind::kBegin:
        fits = at == begin_;
        ++number;
        break;
      case Kind::kEnd:
        fits = at == end;
        ++number;
        break;
      case Kind::kMatch:
        return Answer::kMatch;
    }
    if (fits) continue;
    at = NextChoice(end, number);
    if (!at) return Answer::kNoMatch;
  }
}

const char* LinePattern::NextChoice(const char* end, std::uint32_t& step) {
  while (!choices_.empty()) {
    Choice& choice = choices_.back();
    if (choice.kind == Choice::Kind::kRestore) {
      slots_[choice.step] = choice.at;
      choices_.pop_back();
      continue;
    }
    step = choice.step;
    const char* at = choice.at;
    if (choice.kind == Choice::Kind::kStep) {
      choices_.pop_back();
      return at;
    }
    const std::ptrdiff_t way = choice.kind == Choice::Kind::kShorter ? -1 : 1;
    while (at != choice.limit && !CanGoOn(step, at, end)) at += way;
    work_left_ -= std::min(work_left_, static_cast<std::size_t>(std::abs(at - choice.at)) + 1);
    if (at != choice.limit) {
      choice.at = at + way;
      return at;
    }
    choices_.pop_back();
    if (CanGoOn(step, at, end)) return at;
  }
  return nullptr;
}

}  // namespace tocsin
