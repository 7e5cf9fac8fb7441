#include "notify/route/matchers.h"

#include <algorithm>
#include <tuple>

#include "base/ascii.h"
#include "base/parse.h"
#include "base/utf8.h"

namespace tocsin::notify {
namespace {

bool IsNameChar(char c, bool first) {
  return c == ':' || (IsWordChar(c) && !(first && IsAsciiDigit(c)));
}

Error Bad(std::string_view what, std::string_view text) {
  return Error{Errc::kInvalid, std::string(what) + ": " + ToValidUtf8(text)};
}

/// The value of a matcher: quoted or bare, with \n, \" and \\ as escapes; any other backslash
/// stands for itself.
Result<std::string> Unquote(std::string_view text) {
  const bool quoted = text.starts_with('"');
  std::string_view raw = text.substr(quoted ? 1 : 0);
  std::string value;
  bool closed = false;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    const char c = raw[i];
    if (c == '"') {
      closed = quoted && i + 1 == raw.size();
      if (!closed) return Bad("matcher value contains an unescaped double quote", text);
    } else if (c == '\\' && i + 1 < raw.size()) {
      const char next = raw[++i];
      if (next != 'n' && next != '"' && next != '\\') value.push_back('\\');
      value.push_back(next == 'n' ? '\n' : next);
    } else {
      value.push_back(c);
    }
  }
  if (quoted && !closed) return Bad("matcher value lacks its closing quote", text);
  return value;
}

}  // namespace

Result<Matcher> ParseMatcher(std::string_view text) {
  std::string_view rest = Trim(text);
  std::size_t length = 0;
  while (length < rest.size() && IsNameChar(rest[length], length == 0)) ++length;
  const std::string name(rest.substr(0, length));
  rest = Trim(rest.substr(length));
  std::optional<MatchOp> op;
  for (const MatchOp candidate :
       {MatchOp::kRegex, MatchOp::kNotRegex, MatchOp::kNotEqual, MatchOp::kEqual}) {
    if (!op && rest.starts_with(MatchOpText(candidate))) op = candidate;
  }
  if (name.empty() || !op || !IsValidUtf8(text)) {
    return Bad("bad matcher, expected NAME=\"VALUE\" or one of =~ != !~", text);
  }
  TRY_ASSIGN(std::string value, Unquote(Trim(rest.substr(MatchOpText(*op).size()))));
  return Matcher::Make(*op, name, std::move(value));
}

Result<Matchers> ParseMatchers(std::string_view text) {
  std::string_view rest = Trim(text);
  if (rest.starts_with('{')) rest.remove_prefix(1);
  if (rest.ends_with('}')) rest.remove_suffix(1);
  Matchers matchers;
  std::size_t from = 0;
  bool quoted = false;
  for (std::size_t i = 0; i <= rest.size(); ++i) {
    if (i < rest.size() && rest[i] == '\\') {
      ++i;
      continue;
    }
    if (i < rest.size() && rest[i] == '"') quoted = !quoted;
    if (i < rest.size() && (quoted || rest[i] != ',')) continue;
    const std::string_view token = rest.substr(std::min(from, rest.size()), i - from);
    const bool last = i >= rest.size();
    if (!last || !Trim(token).empty()) {
      TRY_ASSIGN(Matcher matcher, ParseMatcher(token));
      matchers.push_back(std::move(matcher));
    }
    from = i + 1;
  }
  return matchers;
}

void SortMatchers(Matchers& matchers) {
  std::stable_sort(matchers.begin(), matchers.end(), [](const Matcher& a, const Matcher& b) {
    return std::tuple(std::string_view(a.name()), std::string_view(a.value()), a.op()) <
           std::tuple(std::string_view(b.name()), std::string_view(b.value()), b.op());
  });
}

std::string MatchersText(const Matchers& matchers) {
  std::string out = "{";
  for (const Matcher& matcher : matchers) {
    if (out.size() > 1) out.push_back(',');
    out.append(matcher.name()).append(MatchOpText(matcher.op())).push_back('"');
    for (const char c : matcher.value()) {
      if (c == '"' || c == '\\') out.push_back('\\');
      if (c == '\n') {
        out += "\\n";
      } else {
        out.push_back(c);
      }
    }
    out.push_back('"');
  }
  return out + "}";
}

bool AllMatch(const Matchers& matchers, const Labels& labels) {
  return std::all_of(matchers.begin(), matchers.end(),
                     [&](const Matcher& m) { return m.Matches(labels); });
}

}  // namespace tocsin::notify
