#include "collectors/response/regex_lines.h"

#include <re2/re2.h>

#include <algorithm>
#include <string>
#include <vector>

#include "collectors/response/access_fields.h"

namespace tocsin {
namespace {

/// What the automaton of one expression may take while it matches.
constexpr std::int64_t kMaxMemory = 2 << 20;

class RegexParser final : public AccessLineParser {
 public:
  RegexParser(std::unique_ptr<const re2::RE2> expression, std::vector<AccessField> fields)
      : expression_(std::move(expression)), fields_(std::move(fields)), groups_(fields_.size()) {}

  LineProblem Parse(std::string_view line, AccessRecord& record) override {
    record = {};
    const re2::StringPiece text(line.data(), line.size());
    if (!expression_->Match(text, 0, text.size(), re2::RE2::UNANCHORED, groups_.data(),
                            static_cast<int>(groups_.size()))) {
      return LineProblem::kFormat;
    }
    for (std::size_t i = 1; i < fields_.size(); ++i) {
      if (fields_[i] == AccessField::kSkip || groups_[i].data() == nullptr) continue;
      const LineProblem problem =
          SetAccessField(fields_[i], {groups_[i].data(), groups_[i].size()}, record);
      if (problem != LineProblem::kNone) return problem;
    }
    return record.status == 0 ? LineProblem::kStatus : LineProblem::kNone;
  }

 private:
  const std::unique_ptr<const re2::RE2> expression_;
  const std::vector<AccessField> fields_;  // by group; [0] is the whole match
  std::vector<re2::StringPiece> groups_;
};

}  // namespace

Result<std::unique_ptr<AccessLineParser>> MakeRegexParser(std::string_view expression) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kMaxMemory);
  auto compiled = std::make_unique<const re2::RE2>(
      re2::StringPiece(expression.data(), expression.size()), options);
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
