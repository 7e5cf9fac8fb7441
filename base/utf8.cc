#include "base/utf8.h"

#include "base/hex.h"
#include "base/parse.h"

namespace tocsin {
namespace {

struct Sequence {
  std::size_t length;
  bool valid;
};

/// The sequence that starts `text`; an ill-formed one has the length of its maximal subpart.
Sequence Next(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {1, true};
  std::size_t want = 0;
  unsigned char low = 0x80;
  unsigned char high = 0xBF;
  if (lead >= 0xC2 && lead <= 0xDF) {
    want = 2;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    want = 3;
    if (lead == 0xE0) low = 0xA0;
    if (lead == 0xED) high = 0x9F;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    want = 4;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;
  } else {
    return {1, false};
  }
  for (std::size_t i = 1; i < want; ++i) {
    if (i >= text.size() || byte(i) < low || byte(i) > high) return {i, false};
    low = 0x80;
    high = 0xBF;
  }
  return {want, true};
}

/// How much of `text` stands in a JSON string as it is: mostly all of it.
std::size_t PlainJsonPrefix(std::string_view text) {
  std::size_t n = 0;
  while (n < text.size() && static_cast<signed char>(text[n]) >= 0x20 && text[n] != '"' &&
         text[n] != '\\') {
    ++n;
  }
  return n;
}

}  // namespace

bool IsValidUtf8(std::string_view text) {
  while (!text.empty()) {
    const Sequence next = Next(text);
    if (!next.valid) return false;
    text.remove_prefix(next.length);
  }
  return true;
}

void AppendValidUtf8(std::string_view text, std::string& out) {
  while (!text.empty()) {
    const Sequence next = Next(text);
    out += next.valid ? text.substr(0, next.length) : std::string_view("\xEF\xBF\xBD");
    text.remove_prefix(next.length);
  }
}

void AppendJsonString(std::string_view text, std::string& out) {
  out += '"';
  while (true) {
    const std::size_t plain = PlainJsonPrefix(text);
    out.append(text.substr(0, plain));
    text.remove_prefix(plain);
    if (text.empty()) break;
    const Sequence next = Next(text);
    const auto c = static_cast<unsigned char>(text.front());
    if (!next.valid) {
      out += "\xEF\xBF\xBD";
    } else if (c == '"' || c == '\\') {
      out += '\\';
      out += static_cast<char>(c);
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c < 0x20) {
      out += "\\u00";
      AppendHex(c, out);
    } else {
      out += text.substr(0, next.length);
    }
    text.remove_prefix(next.length);
  }
  out += '"';
}

std::string CutText(std::string_view text, std::size_t max) {
  const std::string valid = ToValidUtf8(text);
  std::size_t count = 0;
  std::size_t at = 0;
  std::size_t cut = 0;  // where max - 1 code points end
  while (at < valid.size()) {
    if (count + 1 == max) cut = at;
    if (count == max) return max == 0 ? "" : valid.substr(0, cut) + "…";
    at += Utf8SequenceLength(valid[at]);
    ++count;
  }
  return valid;
}

std::string CutBytes(std::string_view text, std::size_t max) {
  constexpr std::string_view kEllipsis = "…";
  std::string valid = ToValidUtf8(text);
  if (valid.size() <= max) return valid;
  std::size_t cut = max < kEllipsis.size() ? 0 : max - kEllipsis.size();
  while (cut > 0 && (static_cast<unsigned char>(valid[cut]) & 0xc0U) == 0x80) --cut;
  valid.resize(cut);
  return max < kEllipsis.size() ? valid : valid.append(kEllipsis);
}

std::string OneLine(std::string_view text, std::size_t max) {
  std::string line;
  for (const char c : Trim(text.substr(0, 4 * max))) {
    line.push_back(static_cast<unsigned char>(c) < 0x20 ? ' ' : c);
  }
  return CutText(line, max);
}

}  // namespace tocsin
