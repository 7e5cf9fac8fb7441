#include "collectors/response/line_format.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/ascii.h"
#include "base/parse.h"

namespace tocsin {
namespace {

constexpr std::string_view kCombined =
    "$remote_addr - $remote_user [$time_local] \"$request\" $status $body_bytes_sent "
    "\"$http_referer\" \"$http_user_agent\"";
constexpr std::string_view kCommon =
    "$remote_addr - $remote_user [$time_local] \"$request\" $status $body_bytes_sent";

struct Named {
  std::string_view name;
  AccessField field;
};
// http://nginx.org/en/docs/http/ngx_http_log_module.html
constexpr std::array<Named, 11> kNginx{{
    {"request", AccessField::kRequest},
    {"request_method", AccessField::kMethod},
    {"request_uri", AccessField::kTarget},
    {"uri", AccessField::kTarget},
    {"document_uri", AccessField::kTarget},
    {"status", AccessField::kStatus},
    {"body_bytes_sent", AccessField::kBytes},
    {"bytes_sent", AccessField::kBytes},
    {"request_time", AccessField::kSeconds},
    {"upstream_response_time", AccessField::kSeconds},
    {"upstream_header_time", AccessField::kSkip},
}};

/// Collects the parts of a format in their order.
class Builder {
 public:
  void Text(std::string_view text) { text_ += text; }

  Status Value(AccessField field, bool list = false) {
    if (!format_.values.empty() && text_.empty()) {
      return Error{Errc::kInvalid, "two values of the format have nothing between them"};
    }
    const bool quoted = text_.ends_with('"');
    EndText();
    format_.values.push_back({field, {}, quoted, list});
    return Unit{};
  }

  Result<LineFormat> Finish() && {
    EndText();
    const auto has = [&](AccessField field) {
      return std::any_of(format_.values.begin(), format_.values.end(),
                         [&](const LineFormat::Value& value) { return value.field == field; });
    };
    if (!has(AccessField::kStatus)) {
      return Error{Errc::kInvalid, "the format has no status ($status, %>s)"};
    }
    if (has(AccessField::kRequest)) {
      Forget([](AccessField f) { return f == AccessField::kMethod || f == AccessField::kTarget; });
    }
    KeepFirst([](AccessField f) { return f == AccessField::kTarget; });
    KeepFirst([](AccessField f) { return f == AccessField::kBytes; });
    KeepOneTime();
    return std::move(format_);
  }

 private:
  void EndText() {
    (format_.values.empty() ? format_.before : format_.values.back().after) = std::move(text_);
    text_.clear();
  }

  template <class Is>
  void Forget(Is is) {
    for (auto& value : format_.values) {
      if (is(value.field)) value.field = AccessField::kSkip;
    }
  }

  template <class Is>
  void KeepFirst(Is is) {
    bool seen = false;
    for (auto& value : format_.values) {
      if (is(value.field) && std::exchange(seen, true)) value.field = AccessField::kSkip;
    }
  }

  void KeepOneTime() {
    const auto time = [](const LineFormat::Value& value) { return SecondsOf(value.field) > 0; };
    const bool own = std::any_of(format_.values.begin(), format_.values.end(),
                                 [&](const auto& value) { return time(value) && !value.list; });
    for (auto& value : format_.values) {
      if (own && value.list && time(value)) value.field = AccessField::kSkip;
    }
    // The finest one: Apache's %D tells more than its %T.
    double finest = 1;
    for (const auto& value : format_.values) {
      if (time(value)) finest = std::min(finest, SecondsOf(value.field));
    }
    Forget([&](AccessField f) { return SecondsOf(f) > finest; });
    KeepFirst([](AccessField f) { return SecondsOf(f) > 0; });
  }

  LineFormat format_;
  std::string text_;
};

Result<LineFormat> ParseNginx(std::string_view text) {
  Builder builder;
  while (!text.empty()) {
    const std::size_t dollar = std::min(text.find('$'), text.size());
    builder.Text(text.substr(0, dollar));
    text.remove_prefix(dollar);
    if (text.empty()) break;
    text.remove_prefix(1);
    const bool braces = text.starts_with('{');
    if (braces) text.remove_prefix(1);
    const auto end = std::find_if_not(text.begin(), text.end(), &IsWordChar);
    const std::string_view name = text.substr(0, static_cast<std::size_t>(end - text.begin()));
    text.remove_prefix(name.size());
    if (name.empty() || (braces && !text.starts_with('}'))) {
      return Error{Errc::kInvalid, "expected the name of a variable after '$'"};
    }
    if (braces) text.remove_prefix(1);
    const auto known = std::find_if(kNginx.begin(), kNginx.end(),
                                    [&](const Named& named) { return named.name == name; });
    TRY(builder.Value(known == kNginx.end() ? AccessField::kSkip : known->field,
                      name.starts_with("upstream_")));
  }
  return std::move(builder).Finish();
}

/// https://httpd.apache.org/docs/2.4/mod/mod_log_config.html; `argument` is what stands in braces.
AccessField ApacheField(char directive, std::string_view argument) {
  switch (directive) {
    case 'r':
      return AccessField::kRequest;
    case 'm':
      return AccessField::kMethod;
    case 'U':
      return AccessField::kTarget;
    case 's':
      return AccessField::kStatus;
    case 'b':
    case 'B':
    case 'O':
      return AccessField::kBytes;
    case 'D':
      return AccessField::kMicroseconds;
    case 'T':
      if (argument == "ms") return AccessField::kMilliseconds;
      return argument == "us" ? AccessField::kMicroseconds : AccessField::kSeconds;
    default:
      return AccessField::kSkip;
  }
}

/// What a backslash stands for in Apache's configuration.
char Unescaped(char c) { return c == 't' ? '\t' : c == 'n' ? '\n' : c; }

Result<LineFormat> ParseApache(std::string_view text) {
  Builder builder;
  while (!text.empty()) {
    const char c = text.front();
    text.remove_prefix(1);
    if (c == '\\' && !text.empty()) {
      const char escaped = Unescaped(text.front());
      builder.Text({&escaped, 1});
      text.remove_prefix(1);
      continue;
    }
    if (c != '%') {
      builder.Text({&c, 1});
      continue;
    }
    if (text.starts_with('%')) {
      builder.Text("%");
      text.remove_prefix(1);
      continue;
    }
    // Only for some status codes, of the original or the last request: %!200,304{Referer}i, %>s.
    text.remove_prefix(std::min(text.find_first_not_of("!0123456789,<>"), text.size()));
    std::string_view argument;
    if (text.starts_with('{')) {
      const std::size_t end = text.find('}');
      if (end == std::string_view::npos) return Error{Errc::kInvalid, "'{' without '}'"};
      argument = text.substr(1, end - 1);
      text.remove_prefix(end + 1);
      text.remove_prefix(std::min(text.find_first_not_of("<>"), text.size()));
    }
    // Three-letter directives: %^FB, %^ti, %^to.
    const std::size_t length = text.starts_with('^') ? 3 : 1;
    if (text.size() < length) return Error{Errc::kInvalid, "expected a letter after '%'"};
    const char directive = text.front();
    text.remove_prefix(length);
    const bool bracketed = directive == 't' && argument.empty();
    if (bracketed) builder.Text("[");
    TRY(builder.Value(ApacheField(directive, argument)));
    if (bracketed) builder.Text("]");
  }
  return std::move(builder).Finish();
}

class FormatParser final : public AccessLineParser {
 public:
  explicit FormatParser(LineFormat format) : format_(std::move(format)) {}

  LineProblem Parse(std::string_view line, AccessRecord& record) override {
    record = {};
    if (!line.starts_with(format_.before)) return LineProblem::kFormat;
    line.remove_prefix(format_.before.size());
    for (const LineFormat::Value& value : format_.values) {
      const std::size_t end = End(value, line);
      if (end == std::string_view::npos) return LineProblem::kFormat;
      if (value.field != AccessField::kSkip) {
        const LineProblem problem = SetAccessField(value.field, line.substr(0, end), record);
        if (problem != LineProblem::kNone) return problem;
      }
      line.remove_prefix(end + value.after.size());
    }
    return line.empty() ? LineProblem::kNone : LineProblem::kFormat;
  }

 private:
  /// Where the value at the start of `line` ends; npos if it does not.
  static std::size_t End(const LineFormat::Value& value, std::string_view line) {
    if (value.after.empty()) return line.size();
    std::size_t from = 0;
    while (true) {
      const std::size_t end =
          value.after.size() == 1 ? line.find(value.after[0], from) : line.find(value.after, from);
      if (end == std::string_view::npos) return end;
      if (value.quoted ? !IsEscaped(line, end) : !value.list || IsListEnd(line, end)) return end;
      from = end + 1;
    }
  }

  static bool IsEscaped(std::string_view line, std::size_t at) {
    std::size_t backslashes = 0;
    while (backslashes < at && line[at - backslashes - 1] == '\\') ++backslashes;
    return backslashes % 2 == 1;
  }

  /// "0.1, 0.2 : 0.3" goes on behind each of its blanks.
  static bool IsListEnd(std::string_view line, std::size_t at) {
    if (at > 0 && (line[at - 1] == ',' || line[at - 1] == ':')) return false;
    return !line.substr(at).starts_with(" : ");
  }

  const LineFormat format_;
};

}  // namespace

Result<LineFormat> ParseLineFormat(std::string_view text) {
  if (text == "combined") return ParseNginx(kCombined);
  if (text == "common") return ParseNginx(kCommon);
  if (text == "vhost_combined")
    return ParseNginx("$server_name:$server_port " + std::string(kCombined));
  if (text.find('$') != std::string_view::npos) return ParseNginx(text);
  if (text.find('%') != std::string_view::npos) return ParseApache(text);
  return Error{Errc::kInvalid,
               "expected combined, common, vhost_combined, caddy, json, or a format of "
               "nginx ($status …) or Apache (%>s …)"};
}

std::unique_ptr<AccessLineParser> MakeFormatParser(LineFormat format) {
  return std::make_unique<FormatParser>(std::move(format));
}

}  // namespace tocsin
