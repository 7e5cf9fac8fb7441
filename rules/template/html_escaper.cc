#include "rules/template/html_escaper.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/ascii.h"
#include "base/format.h"
#include "base/hex.h"
#include "base/utf8.h"
#include "rules/template/escape.h"
#include "rules/template/types.h"
#include "rules/template/unicode.h"

namespace tocsin::tmpl {
namespace {

// What Go's html/template puts where a value has no business to be: easy to search for.
constexpr std::string_view kFailsafe = "ZgotmplZ";
constexpr std::size_t kTail = 12;

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }

constexpr std::array<std::string_view, 14> kUrlAttributes{
    "action", "background", "cite",     "classid", "codebase",   "data", "formaction",
    "href",   "icon",       "longdesc", "poster",  "xlink:href", "src",  "usemap"};

std::string NumericEntity(char c) {
  return "&#" + std::to_string(static_cast<unsigned char>(c)) + ";";
}

/// For text and quoted attributes. With `keep_entities` what is escaped already stays as it is.
std::string HtmlText(std::string_view text, bool keep_entities) {
  std::string out;
  for (const char c : text) {
    if (c == '+') {
      out += "&#43;";
    } else if (c == '&' && keep_entities) {
      out += c;
    } else {
      out += EscapeHtml(std::string_view(&c, 1));
    }
  }
  return out;
}

/// For attributes without quotes, which a blank would end.
std::string Unquoted(std::string_view text) {
  constexpr std::string_view kEndsValue = "\t\n\v\f\r =`";
  if (text.empty()) return std::string(kFailsafe);
  std::string out;
  for (const char c : text) {
    out += kEndsValue.find(c) != std::string_view::npos ? NumericEntity(c)
                                                        : HtmlText(std::string_view(&c, 1), false);
  }
  return out;
}

/// Percent-encodes what may not stand in a URL; `reserved` characters are kept when they may be
/// part of its structure.
std::string UrlText(std::string_view text, bool keep_reserved) {
  constexpr std::string_view kReserved = "!#$&*+,/:;=?@[]";
  constexpr std::string_view kUnreserved = "-._~";
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const auto hex = [&](std::size_t at) {
      return at < text.size() && std::isxdigit(static_cast<unsigned char>(text[at])) != 0;
    };
    const bool kept = IsAsciiAlphanumeric(c) || kUnreserved.find(c) != std::string_view::npos ||
                      (keep_reserved && (kReserved.find(c) != std::string_view::npos ||
                                         (c == '%' && hex(i + 1) && hex(i + 2))));
    if (kept) {
      out += c;
    } else {
      out += '%';
      AppendHex(static_cast<unsigned char>(c), out);
    }
  }
  return out;
}

/// False for javascript: and every other scheme but those that only lead somewhere.
bool IsSafeUrl(std::string_view url) {
  const auto colon = url.find(':');
  if (colon == std::string_view::npos || url.substr(0, colon).find('/') != std::string_view::npos) {
    return true;
  }
  const std::string scheme = ToLower(url.substr(0, colon));
  return scheme == "http" || scheme == "https" || scheme == "mailto";
}

/// Inside a string of a script, whatever its quotes.
std::string ScriptText(std::string_view text) {
  constexpr std::string_view kNamed = "\t\n\f\r/\\";
  constexpr std::string_view kNames = "tnfr/\\";
  constexpr std::string_view kNumbered = "\"'`&+<>\x7F";
  std::string out;
  while (!text.empty()) {
    const Rune rune = DecodeRune(text);
    const char c = text[0];
    if (rune.value == 0x2028 || rune.value == 0x2029) {
      out += rune.value == 0x2028 ? "\\u2028" : "\\u2029";
    } else if (const auto i = kNamed.find(c); i != std::string_view::npos) {
      out += {'\\', kNames[i]};
    } else if (rune.value < 0x80 && (c < ' ' || kNumbered.find(c) != std::string_view::npos)) {
      out += "\\u00";
      AppendHex(static_cast<unsigned char>(c), out);
    } else {
      out += text.substr(0, rune.size);
    }
    text.remove_prefix(rune.size);
  }
  return out;
}

/// A JSON string that cannot end the script it stands in.
std::string ScriptString(std::string_view text) {
  std::string json;
  AppendJsonString(text, json);
  std::string out;
  for (std::string_view rest = json; !rest.empty();) {
    const Rune rune = DecodeRune(rest);
    switch (rune.value) {
      case '<':
        out += "\\u003c";
        break;
      case '>':
        out += "\\u003e";
        break;
      case '&':
        out += "\\u0026";
        break;
      case 0x2028:
        out += "\\u2028";
        break;
      case 0x2029:
        out += "\\u2029";
        break;
      default:
        out += rest.substr(0, rune.size);
    }
    rest.remove_prefix(rune.size);
  }
  return out;
}

void AppendScriptValue(const Value& value, std::string_view printed, std::string& out) {
  switch (value.kind()) {
    case Kind::kNil:
      out += "null";
      return;
    case Kind::kBool:
    case Kind::kInt:
      out += printed;
      return;
    case Kind::kFloat:
      out += std::isfinite(value.AsFloat()) ? FormatGoFloat(value.AsFloat()) : "null";
      return;
    default:
      out += ScriptString(printed);
      return;
  }
}

std::string StyleText(std::string_view text) {
  constexpr std::string_view kUnsafe = "\"'()/;@[\\]`{}<>:";
  const bool safe =
      text.find_first_of(kUnsafe) == std::string_view::npos &&
      text.find("--") == std::string_view::npos &&
      std::none_of(text.begin(), text.end(), [](char c) { return c >= 0 && c < ' '; });
  return std::string(safe ? text : kFailsafe);
}

}  // namespace

void HtmlEscaper::Literal(std::string_view text) {
  for (const char c : text) Step(ToLowerAscii(c));
}

void HtmlEscaper::Step(char c) {
  if (tail_.size() >= kTail) tail_.erase(0, tail_.size() - kTail + 1);
  tail_ += c;
  switch (context_) {
    case Context::kText:
      return StepText();
    case Context::kComment:
      if (TailEndsWith("-->")) context_ = Context::kText;
      return;
    case Context::kTagName:
    case Context::kTag:
      return StepTag(c);
    case Context::kAttrName:
      return StepAttrName(c);
    case Context::kBeforeValue:
      if (IsBlank(c)) return;
      if (c == '>') return EndTag();
      StartValue(c == '"' || c == '\'' ? c : '\0');
      if (quote_ == 0) StepAttrValue(c);
      return;
    case Context::kAttrValue:
      return StepAttrValue(c);
    case Context::kScript:
      StepScript(c);
      return StepElement();
    case Context::kStyle:
    case Context::kPlainText:
      return StepElement();
  }
}

void HtmlEscaper::StepText() {
  if (TailEndsWith("<!--")) {
    context_ = Context::kComment;
    return;
  }
  const std::size_t size = tail_.size();
  const bool opens = size >= 2 && tail_[size - 2] == '<' && IsAsciiLetter(tail_[size - 1]);
  const bool closes = size >= 3 && tail_[size - 3] == '<' && tail_[size - 2] == '/' &&
                      IsAsciiLetter(tail_[size - 1]);
  if (!opens && !closes) return;
  tag_ = tail_.substr(size - (closes ? 2 : 1));
  context_ = Context::kTagName;
}

void HtmlEscaper::StepTag(char c) {
  if (c == '>') return EndTag();
  if (IsBlank(c) || c == '/') {
    context_ = Context::kTag;
  } else if (context_ == Context::kTagName) {
    if (tag_.size() < kTail) tag_ += c;
  } else {
    context_ = Context::kAttrName;
    name_.assign(1, c);
    name_done_ = false;
  }
}

void HtmlEscaper::StepAttrName(char c) {
  if (c == '>') return EndTag();
  if (c == '=') {
    context_ = Context::kBeforeValue;
  } else if (IsBlank(c)) {
    name_done_ = true;
  } else if (c == '/') {
    context_ = Context::kTag;
  } else {
    if (name_done_) name_.clear();
    name_done_ = false;
    if (name_.size() < 64) name_ += c;
  }
}

void HtmlEscaper::StartValue(char quote) {
  context_ = Context::kAttrValue;
  quote_ = quote;
  url_ = UrlPart::kStart;
  script_quote_ = 0;
  script_escaped_ = false;
  attr_ = Attr::kPlain;
  if (name_.starts_with("on")) attr_ = Attr::kScript;
  if (name_ == "style") attr_ = Attr::kStyle;
  if (std::find(kUrlAttributes.begin(), kUrlAttributes.end(), name_) != kUrlAttributes.end()) {
    attr_ = Attr::kUrl;
  }
}

void HtmlEscaper::StepAttrValue(char c) {
  if (quote_ == 0 && c == '>') return EndTag();
  if (quote_ != 0 ? c == quote_ : IsBlank(c)) {
    context_ = Context::kTag;
    return;
  }
  if (attr_ == Attr::kScript) return StepScript(c);
  if (c == '?' || c == '#') {
    url_ = UrlPart::kQuery;
  } else if (url_ == UrlPart::kStart && !IsBlank(c)) {
    url_ = UrlPart::kPath;
  }
}

void HtmlEscaper::StepScript(char c) {
  if (script_quote_ == 0) {
    if (c == '"' || c == '\'' || c == '`') script_quote_ = c;
    return;
  }
  if (script_escaped_) {
    script_escaped_ = false;
  } else if (c == '\\') {
    script_escaped_ = true;
  } else if (c == script_quote_) {
    script_quote_ = 0;
  }
}

void HtmlEscaper::EndTag() {
  context_ = Context::kText;
  tail_.clear();
  script_quote_ = 0;
  if (tag_ == "script") context_ = Context::kScript;
  if (tag_ == "style") context_ = Context::kStyle;
  if (tag_ == "title" || tag_ == "textarea") context_ = Context::kPlainText;
}

/// The content of script, style, title and textarea goes on until their own closing tag.
void HtmlEscaper::StepElement() {
  if (!TailEndsWith("</" + tag_)) return;
  tag_.insert(0, 1, '/');
  context_ = Context::kTagName;
}

std::string HtmlEscaper::InScript(const Value& value, std::string_view text) const {
  if (script_quote_ != 0) return ScriptText(text);
  std::string out;
  AppendScriptValue(value, text, out);
  const Kind kind = value.kind();
  // Numbers keep their distance from what stands around them.
  const bool number = kind == Kind::kInt || kind == Kind::kFloat || kind == Kind::kNil;
  return number || kind == Kind::kBool ? " " + out + " " : out;
}

std::string HtmlEscaper::InAttr(const Value& value, std::string_view text) {
  std::string out(text);
  switch (attr_) {
    case Attr::kPlain:
      break;
    case Attr::kScript:
      out = InScript(value, text);
      break;
    case Attr::kStyle:
      out = StyleText(text);
      break;
    case Attr::kUrl:
      if (url_ == UrlPart::kQuery) {
        out = UrlText(text, false);
      } else if (url_ == UrlPart::kStart && !IsSafeUrl(text)) {
        out = "#" + std::string(kFailsafe);
      } else {
        out = UrlText(text, true);
      }
      if (url_ == UrlPart::kStart) url_ = UrlPart::kPath;
      break;
  }
  return quote_ == 0 ? Unquoted(out) : HtmlText(out, value.type() == &kHtmlType);
}

void HtmlEscaper::Append(const Value& value, std::string_view text, std::string& out) {
  const bool is_html = value.type() == &kHtmlType;
  switch (context_) {
    case Context::kText:
      out += is_html ? std::string(text) : HtmlText(text, false);
      return;
    case Context::kPlainText:
      out += HtmlText(text, is_html);
      return;
    case Context::kComment:
      return;
    case Context::kTagName:
    case Context::kTag:
    case Context::kAttrName:
      out += std::all_of(text.begin(), text.end(), IsAsciiAlphanumeric) && !text.empty()
                 ? text
                 : kFailsafe;
      return;
    case Context::kBeforeValue:
      StartValue('\0');
      out += InAttr(value, text);
      return;
    case Context::kAttrValue:
      out += InAttr(value, text);
      return;
    case Context::kScript:
      out += InScript(value, text);
      return;
    case Context::kStyle:
      out += StyleText(text);
      return;
  }
}

}  // namespace tocsin::tmpl
