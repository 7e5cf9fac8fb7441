#include "collectors/response/regex_lines.h"

#include <re2/re2.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "collectors/response/access_fields.h"
#include "collectors/response/line_pattern.h"
#include "metrics/regex.h"

namespace tocsin {
namespace {

/// What the automaton of one expression may take while it matches.
constexpr std::int64_t kMaxMemory = 2 << 20;

/// RE2 decides what a line says; where a LinePattern knows what RE2 would say, it is not asked.
class RegexParser final : public AccessLineParser {
 public:
  RegexParser(std::unique_ptr<const re2::RE2> expression, std::vector<AccessField> fields)
      : expression_(std::move(expression)),
        fields_(std::move(fields)),
        groups_(fields_.size()),
        pieces_(fields_.size()) {
    if (auto program = CompileLineProgram(expression_->pattern())) {
      pattern_.emplace(*std::move(program));
    }
  }

  LineProblem Parse(std::string_view line, AccessRecord& record) override {
    record = {};
    if (!FindGroups(line)) return LineProblem::kFormat;
    for (std::size_t i = 1; i < fields_.size(); ++i) {
      if (fields_[i] == AccessField::kSkip || groups_[i].data() == nullptr) continue;
      const LineProblem problem = SetAccessField(fields_[i], groups_[i], record);
      if (problem != LineProblem::kNone) return problem;
    }
    return record.status == 0 ? LineProblem::kStatus : LineProblem::kNone;
  }

 private:
  bool FindGroups(std::string_view line) {
    if (pattern_) {
      const auto answer = pattern_->Search(line, groups_);
      if (answer != LinePattern::Answer::kUndecided) {
        patience_ = std::min(patience_ + 1, kPatience);
        return answer == LinePattern::Answer::kMatch;
      }
      patience_ -= kPriceOfTrying;
      if (patience_ < 0) pattern_.reset();
    }
    const re2::StringPiece text(line.data(), line.size());
    if (!expression_->Match(text, 0, text.size(), re2::RE2::UNANCHORED, pieces_.data(),
                            static_cast<int>(pieces_.size()))) {
      return false;
    }
    for (std::size_t i = 0; i < pieces_.size(); ++i) {
      groups_[i] = {pieces_[i].data(), pieces_[i].size()};
    }
    return true;
  }

  /// Where more than a quarter of the lines is undecided, trying costs more than it saves.
  static constexpr int kPatience = 400;
  static constexpr int kPriceOfTrying = 3;

  const std::unique_ptr<const re2::RE2> expression_;
  const std::vector<AccessField> fields_;  // by group; [0] is the whole match
  std::vector<std::string_view> groups_;
  std::vector<re2::StringPiece> pieces_;
  std::optional<LinePattern> pattern_;
  int patience_ = kPatience;
};

}  // namespace

Result<std::unique_ptr<AccessLineParser>> MakeRegexParser(std::string_view expression) {
  auto compiled = CompileRegex(expression, {.max_memory = kMaxMemory});
  if (!compiled->ok()) return Error{Errc::kInvalid, compiled->error()};
  std::vector<AccessField> fields{AccessField::kSkip};
  for (const auto& [name, group] : compiled->NamedCapturingGroups()) {
    const auto field = AccessFieldNamed(name);
    if (!field) {
      return Error{Errc::kInvalid,
                   "unknown group \"" + name + "\", expected " + std::string(kAccessFieldNames)};
    }
    const auto at = static_cast<std::size_t>(group);
    if (fields.size() <= at) fields.resize(at + 1, AccessField::kSkip);
    fields[at] = *field;
  }
  if (std::find(fields.begin(), fields.end(), AccessField::kStatus) == fields.end()) {
    return Error{Errc::kInvalid, "no group is called status: (?P<status>\\d{3})"};
  }
  return std::unique_ptr<AccessLineParser>(
      std::make_unique<RegexParser>(std::move(compiled), std::move(fields)));
}

}  // namespace tocsin
