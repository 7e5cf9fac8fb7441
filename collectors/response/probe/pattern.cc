#include "collectors/response/probe/pattern.h"

#include <re2/re2.h>

#include <algorithm>

#include "base/ascii.h"
#include "base/parse.h"
#include "metrics/regex.h"

namespace tocsin::probe {
namespace {}  // namespace

Result<Pattern> Pattern::Make(std::string_view text) {
  std::shared_ptr<const re2::RE2> regex = CompileRegex(text);
  if (!regex->ok()) {
    return Error{Errc::kInvalid, "not a regular expression: " + regex->error()};
  }
  return Pattern(std::move(regex));
}

const std::string& Pattern::text() const { return regex_->pattern(); }

bool Pattern::Finds(std::string_view subject) const {
  return re2::RE2::PartialMatch(re2::StringPiece(subject.data(), subject.size()), *regex_);
}

std::vector<std::string_view> Pattern::Match(std::string_view subject) const {
  std::vector<re2::StringPiece> found(static_cast<std::size_t>(regex_->NumberOfCapturingGroups()) +
                                      1);
  if (!regex_->Match(re2::StringPiece(subject.data(), subject.size()), 0, subject.size(),
                     re2::RE2::UNANCHORED, found.data(), static_cast<int>(found.size()))) {
    return {};
  }
  std::vector<std::string_view> groups;
  groups.reserve(found.size());
  for (const re2::StringPiece& group : found) groups.emplace_back(group.data(), group.size());
  return groups;
}

std::string_view Pattern::Group(std::string_view name,
                                const std::vector<std::string_view>& groups) const {
  std::size_t index = groups.size();
  if (const auto number = ParseInt<std::size_t>(name)) {
    index = *number;
  } else {
    const auto& names = regex_->NamedCapturingGroups();
    const auto found = names.find(std::string(name));
    if (found != names.end()) index = static_cast<std::size_t>(found->second);
  }
  return index < groups.size() ? groups[index] : std::string_view();
}

std::string Pattern::Expand(std::string_view text,
                            const std::vector<std::string_view>& groups) const {
  std::string out;
  while (!text.empty()) {
    const std::size_t dollar = text.find('$');
    out += text.substr(0, dollar);
    if (dollar == std::string_view::npos) break;
    text.remove_prefix(dollar + 1);
    if (text.starts_with('$')) {
      out += '$';
      text.remove_prefix(1);
      continue;
    }
    const bool braced = text.starts_with('{');
    const std::string_view rest = text.substr(braced ? 1 : 0);
    const auto length = static_cast<std::size_t>(
        std::find_if_not(rest.begin(), rest.end(), IsWordChar) - rest.begin());
    if (length == 0 || (braced && rest.substr(length, 1) != "}")) {
      out += '$';  // no reference after all
      continue;
    }
    out += Group(rest.substr(0, length), groups);
    text = rest.substr(length + (braced ? 1 : 0));
  }
  return out;
}

}  // namespace tocsin::probe
