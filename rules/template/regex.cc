#include "rules/template/regex.h"

#include <re2/re2.h>

#include <list>
#include <memory>
#include <mutex>
#include <vector>

#include "base/ascii.h"
#include "base/parse.h"
#include "metrics/regex.h"
#include "rules/template/unicode.h"

namespace tocsin::tmpl {
namespace {

constexpr std::size_t kCompileWork = 12'800;
// A pattern that looks to the end of the text for each match takes the square of its length.
constexpr std::size_t kMaxReplaceWork = 1 << 26;

/// The patterns last used, compiled: rules expand the same few templates every round.
class RegexCache {
 public:
  Result<std::shared_ptr<const re2::RE2>> Get(std::string_view pattern, std::size_t& work) {
    {
      const std::scoped_lock lock(mutex_);
      for (auto it = recent_.begin(); it != recent_.end(); ++it) {
        if ((*it)->pattern() == pattern) {
          recent_.splice(recent_.begin(), recent_, it);
          return recent_.front();
        }
      }
    }
    work += kCompileWork;
    std::shared_ptr<const re2::RE2> regex = CompileRegex(pattern);
    if (!regex->ok()) {
      return Error{Errc::kInvalid,
                   "bad regular expression \"" + std::string(pattern) + "\": " + regex->error()};
    }
    const std::scoped_lock lock(mutex_);
    recent_.push_front(regex);
    if (recent_.size() > kKept) recent_.pop_back();
    return std::shared_ptr<const re2::RE2>(std::move(regex));
  }

 private:
  static constexpr std::size_t kKept = 16;
  std::mutex mutex_;
  std::list<std::shared_ptr<const re2::RE2>> recent_;
};

RegexCache& Cache() {
  static RegexCache cache;
  return cache;
}

/// Takes the name of a group off `rest`, which follows a $; empty if there is none.
std::string_view TakeGroupName(std::string_view& rest) {
  const bool braced = rest.starts_with('{');
  std::string_view name = rest.substr(braced ? 1 : 0);
  std::size_t length = 0;
  while (length < name.size() && IsWordChar(name[length])) ++length;
  name = name.substr(0, length);
  const bool closed = !braced || rest.substr(1 + length).starts_with('}');
  if (name.empty() || !closed) return {};
  rest.remove_prefix(length + (braced ? 2 : 0));
  return name;
}

/// What Go's Regexp.Expand does.
void Expand(std::string_view replacement, const re2::RE2& regex,
            const std::vector<re2::StringPiece>& groups, std::string& out) {
  while (!replacement.empty()) {
    const auto dollar = std::min(replacement.find('$'), replacement.size());
    out += replacement.substr(0, dollar);
    replacement.remove_prefix(dollar);
    if (replacement.empty()) return;
    replacement.remove_prefix(1);
    if (replacement.starts_with('$')) {
      out += '$';
      replacement.remove_prefix(1);
      continue;
    }
    const std::string_view name = TakeGroupName(replacement);
    if (name.empty()) {
      out += '$';  // not a group's name: just a dollar
      continue;
    }
    std::size_t group = groups.size();
    if (const auto number = ParseInt<std::size_t>(name)) {
      group = *number;
    } else {
      const auto& named = regex.NamedCapturingGroups();
      const auto found = named.find(std::string(name));
      if (found != named.end()) group = static_cast<std::size_t>(found->second);
    }
    if (group < groups.size() && groups[group].data()) {
      out.append(groups[group].data(), groups[group].size());
    }
  }
}

}  // namespace

Result<bool> RegexMatches(std::string_view pattern, std::string_view text, std::size_t& work) {
  TRY_ASSIGN(const auto regex, Cache().Get(pattern, work));
  return re2::RE2::PartialMatch(re2::StringPiece(text), *regex);
}

Result<std::string> RegexReplaceAll(std::string_view pattern, std::string_view replacement,
                                    std::string_view text, std::size_t limit, std::size_t& work) {
  TRY_ASSIGN(const auto regex, Cache().Get(pattern, work));
  std::vector<re2::StringPiece> groups(static_cast<std::size_t>(regex->NumberOfCapturingGroups()) +
                                       1);
  std::string out;
  std::size_t copied = 0;  // of the text, so far
  std::size_t search_at = 0;
  const re2::StringPiece all(text);
  while (search_at <= text.size() && regex->Match(all, search_at, text.size(), re2::RE2::UNANCHORED,
                                                  groups.data(), static_cast<int>(groups.size()))) {
    const auto begin = static_cast<std::size_t>(groups[0].data() - text.data());
    const std::size_t end = begin + groups[0].size();
    out += text.substr(copied, begin - copied);
    // An empty match right after a match is none.
    if (end > copied || begin == 0) Expand(replacement, *regex, groups, out);
    copied = end;
    work += text.size() - search_at;
    if (work > kMaxReplaceWork) return Error{Errc::kLimit, "the replacement takes too long"};
    if (out.size() > limit) {
      return Error{Errc::kLimit, "text would be longer than " + std::to_string(limit) + " bytes"};
    }
    if (end > search_at) {
      search_at = end;
    } else {
      search_at += std::max<std::size_t>(DecodeRune(text.substr(search_at)).size, 1);
    }
  }
  if (copied < text.size()) out += text.substr(copied);
  return out;
}

}  // namespace tocsin::tmpl
