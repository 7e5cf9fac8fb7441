#include "collectors/process/name_template.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <optional>

#include "base/parse.h"
#include "base/time_text.h"
#include "collectors/decimal_text.h"

namespace tocsin {
namespace {

constexpr std::string_view kNoValue = "<no value>";

std::string_view TrimLeft(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  return first == std::string_view::npos ? std::string_view{} : text.substr(first);
}
std::string_view TrimRight(std::string_view text) {
  return text.substr(0, text.find_last_not_of(" \t\r\n") + 1);
}

/// An instant as Go's time.Time prints itself in UTC.
void AppendGoTime(double epoch_seconds, std::string& out) {
  const auto hundredths = static_cast<std::int64_t>(std::llround(epoch_seconds * 100));
  out += FormatUtc(WallTime(seconds(hundredths / 100)), "%F %T");
  if (const auto rest = hundredths % 100; rest != 0) {
    const int digits = rest % 10 == 0 ? 1 : 2;
    std::array<char, 16> buffer;
    const int length = std::snprintf(buffer.data(), buffer.size(), ".%0*d", digits,
                                     static_cast<int>(digits == 1 ? rest / 10 : rest));
    out.append(buffer.data(), static_cast<std::size_t>(length));
  }
  out += " +0000 UTC";
}

std::optional<std::string_view> Unquote(std::string_view text) {
  if (text.size() < 2 || text.front() != text.back()) return std::nullopt;
  if (text.front() != '"' && text.front() != '`') return std::nullopt;
  text = text.substr(1, text.size() - 2);
  if (text.find_first_of("\"`\\") != std::string_view::npos) return std::nullopt;
  return text;
}

}  // namespace

std::string_view BaseName(std::string_view path) {
  if (path.empty()) return ".";
  const auto last = path.find_last_not_of('/');
  if (last == std::string_view::npos) return "/";
  path = path.substr(0, last + 1);
  return path.substr(path.rfind('/') + 1);
}

std::string_view ProcessIdentity::ExeBase() const {
  return arguments.empty() ? comm : BaseName(arguments[0]);
}

Result<NameTemplate> NameTemplate::Parse(std::string_view text) {
  NameTemplate parsed;
  bool trim_next = false;
  const auto add_text = [&](std::string_view literal) {
    if (trim_next) literal = TrimLeft(literal);
    if (!literal.empty()) parsed.parts_.push_back({Field::kText, std::string(literal)});
  };
  while (true) {
    const auto open = text.find("{{");
    if (open == std::string_view::npos) break;
    const auto close = text.find("}}", open);
    if (close == std::string_view::npos) return Error{Errc::kInvalid, "\"{{\" without \"}}\""};
    std::string_view literal = text.substr(0, open);
    std::string_view action = text.substr(open + 2, close - open - 2);
    text.remove_prefix(close + 2);
    // As in Go, a dash counts only with a blank beside it.
    if (action.size() > 1 && action[0] == '-' && TrimLeft(action.substr(1, 1)).empty()) {
      literal = TrimRight(literal);
      action.remove_prefix(1);
    }
    add_text(literal);
    trim_next = action.size() > 1 && action.ends_with('-') &&
                TrimLeft(action.substr(action.size() - 2, 1)).empty();
    if (trim_next) action.remove_suffix(1);
    if (Trim(action).starts_with("/*") && Trim(action).ends_with("*/")) continue;
    TRY_ASSIGN(Part part, ParseAction(Trim(action)));
    parsed.parts_.push_back(std::move(part));
  }
  add_text(text);
  return parsed;
}

Result<NameTemplate::Part> NameTemplate::ParseAction(std::string_view action) {
  struct Known {
    std::string_view name;
    Field field;
  };
  static constexpr std::array<Known, 7> kKnown{{{".Comm", Field::kComm},
                                                {".ExeBase", Field::kExeBase},
                                                {".ExeFull", Field::kExeFull},
                                                {".Username", Field::kUsername},
                                                {".PID", Field::kPid},
                                                {".StartTime", Field::kStartTime},
                                                {".Cgroups", Field::kCgroups}}};
  for (const Known& known : kKnown) {
    if (action == known.name) return Part{known.field, {}};
  }
  constexpr std::string_view kMatches = ".Matches.";
  if (action.starts_with(kMatches)) {
    const std::string_view name = action.substr(kMatches.size());
    constexpr std::string_view kWord =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    if (!name.empty() && name.find_first_not_of(kWord) == std::string_view::npos) {
      return Part{Field::kMatch, std::string(name)};
    }
  }
  std::string_view rest = action;
  if (TakeField(rest) == "index") {
    const std::string_view of = TakeField(rest);
    const std::string_view which = Trim(rest);
    if (of == ".Matches") {
      if (const auto name = Unquote(which)) return Part{Field::kIndexedMatch, std::string(*name)};
    }
    if (of == ".Cgroups") {
      if (const auto i = ParseInt<std::uint32_t>(which)) return Part{Field::kCgroup, {}, *i};
    }
  }
  return Error{Errc::kInvalid, "\"{{" + std::string(action) +
                                   "}}\" is none of .Comm, .ExeBase, .ExeFull, .Username, .PID, "
                                   ".StartTime, .Matches.NAME, .Cgroups, index .Cgroups N"};
}

bool NameTemplate::Uses(Field field) const {
  return std::any_of(parts_.begin(), parts_.end(),
                     [&](const Part& part) { return part.field == field; });
}

void NameTemplate::Expand(const ProcessIdentity& process, const NameCaptures& captures,
                          std::string& out) const {
  for (const Part& part : parts_) {
    switch (part.field) {
      case Field::kText:
        out += part.text;
        break;
      case Field::kComm:
        out += process.comm;
        break;
      case Field::kExeBase:
        out += process.ExeBase();
        break;
      case Field::kExeFull:
        out += process.ExeFull();
        break;
      case Field::kUsername:
        out += process.username;
        break;
      case Field::kPid:
        out += DecimalText(process.pid).view();
        break;
      case Field::kStartTime:
        AppendGoTime(process.start_seconds, out);
        break;
      case Field::kMatch:
      case Field::kIndexedMatch: {
        // Of a name that two expressions capture, the later one's counts.
        const auto found = std::find_if(captures.rbegin(), captures.rend(),
                                        [&](const auto& one) { return one.first == part.text; });
        // Go's templates say so of a field that is not there, and nothing for an index.
        const std::string_view absent = part.field == Field::kMatch ? kNoValue : std::string_view{};
        out += found == captures.rend() ? absent : found->second;
        break;
      }
      case Field::kCgroups:
        out += '[';
        for (std::size_t i = 0; i < process.cgroups.size(); ++i) {
          if (i > 0) out += ' ';
          out += process.cgroups[i];
        }
        out += ']';
        break;
      case Field::kCgroup:
        if (part.index < process.cgroups.size()) out += process.cgroups[part.index];
        break;
    }
  }
}

}  // namespace tocsin
