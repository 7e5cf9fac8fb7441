#include "notify/mail.h"

#include <algorithm>
#include <optional>

#include "base/hex.h"
#include "base/parse.h"
#include "base/utf8.h"

namespace tocsin::notify {
namespace {

constexpr std::size_t kMaxLine = 76;         // characters, RFC 2045
constexpr std::size_t kMaxHeaderLine = 900;  // RFC 5322 has 998 with the name; servers refuse more

bool IsPrintableAscii(char c) { return c >= 0x20 && c < 0x7f; }

void AppendHexByte(char c, std::string& out) {
  out += '=';
  AppendHex(static_cast<unsigned char>(c), out, kUpperHex);
}

void AppendPart(std::string_view type, std::string_view text, std::string& out) {
  out.append("Content-Type: ").append(type).append("; charset=UTF-8\r\n");
  out += "Content-Transfer-Encoding: quoted-printable\r\n\r\n";
  out += QuotedPrintable(text);
  out += "\r\n";
}

/// `line` in lines that are short enough, broken at spaces, which changes no address list; nothing
/// if there are too few of them.
std::optional<std::string> Folded(std::string_view line) {
  std::string out;
  while (line.size() > kMaxHeaderLine) {
    const auto space = line.rfind(' ', kMaxHeaderLine);
    if (space == std::string_view::npos || space == 0) return std::nullopt;
    out.append(line.substr(0, space)).append("\r\n");
    line.remove_prefix(space);  // which begins the next line
  }
  return out.append(line);
}

}  // namespace

std::string QuotedPrintable(std::string_view text) {
  std::string out;
  std::size_t column = 0;
  const auto put = [&](std::string_view piece) {
    if (column + piece.size() > kMaxLine - 1) {  // room for a soft line break
      out += "=\r\n";
      column = 0;
    }
    out.append(piece);
    column += piece.size();
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
    if (c == '\n') {
      out += "\r\n";
      column = 0;
      continue;
    }
    const bool line_end = i + 1 == text.size() || text[i + 1] == '\n' || text[i + 1] == '\r';
    const bool plain = (IsPrintableAscii(c) && c != '=' && c != ' ') || (c == ' ' && !line_end);
    std::string piece;
    if (plain) {
      piece.push_back(c);
    } else {
      AppendHexByte(c, piece);
    }
    put(piece);
  }
  return out;
}

std::string EncodedHeaderValue(std::string_view text) {
  std::string line;
  for (const char c : ToValidUtf8(text)) {
    if (c == '\r' || c == '\n' || c == '\0') {
      line.push_back(' ');
    } else {
      line.push_back(c);
    }
  }
  if (std::all_of(line.begin(), line.end(), IsPrintableAscii)) {
    if (auto folded = Folded(line)) return *std::move(folded);
  }
  // RFC 2047 "Q" words of at most 75 characters that break between code points.
  std::string out;
  std::string word;
  const auto flush = [&] {
    if (!out.empty()) out += "\r\n ";
    out += "=?UTF-8?q?" + word + "?=";
    word.clear();
  };
  for (std::size_t i = 0; i < line.size();) {
    std::size_t length = 1;
    while (i + length < line.size() &&
           (static_cast<unsigned char>(line[i + length]) & 0xc0U) == 0x80) {
      ++length;
    }
    std::string piece;
    for (const char c : line.substr(i, length)) {
      if (c == ' ') {
        piece.push_back('_');
      } else if (IsPrintableAscii(c) && c != '=' && c != '?' && c != '_') {
        piece.push_back(c);
      } else {
        AppendHexByte(c, piece);
      }
    }
    if (word.size() + piece.size() > 60) flush();
    word += piece;
    i += length;
  }
  flush();
  return out;
}

std::string MailText(const Mail& mail) {
  std::string out;
  for (const auto& [name, value] : mail.headers) {
    std::string clean;
    for (const char c : name) {
      if (IsPrintableAscii(c) && c != ':' && c != ' ') clean.push_back(c);
    }
    if (!clean.empty()) out += clean + ": " + EncodedHeaderValue(value) + "\r\n";
  }
  out += "MIME-Version: 1.0\r\n";
  if (mail.text.empty() || mail.html.empty()) {
    const bool html = mail.text.empty();
    AppendPart(html ? "text/html" : "text/plain", html ? mail.html : mail.text, out);
    return out;
  }
  out += "Content-Type: multipart/alternative; boundary=" + mail.boundary + "\r\n\r\n";
  out += "--" + mail.boundary + "\r\n";
  AppendPart("text/plain", mail.text, out);
  out += "--" + mail.boundary + "\r\n";
  AppendPart("text/html", mail.html, out);
  out += "--" + mail.boundary + "--\r\n";
  return out;
}

std::string MailAddress(std::string_view text) {
  text = Trim(text);
  if (text.ends_with('>')) {
    const auto open = text.rfind('<');
    if (open == std::string_view::npos) return {};
    text = Trim(text.substr(open + 1, text.size() - open - 2));
  }
  const bool sane = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) > 0x20 && c != 0x7f && c != '<' && c != '>';
  });
  return sane ? std::string(text) : std::string();
}

std::vector<std::string> MailAddresses(std::string_view list) {
  std::vector<std::string> addresses;
  std::size_t from = 0;
  bool quoted = false;
  for (std::size_t i = 0; i <= list.size(); ++i) {
    if (i < list.size() && list[i] == '"') quoted = !quoted;
    if (i < list.size() && (list[i] != ',' || quoted)) continue;
    if (std::string address = MailAddress(list.substr(from, i - from)); !address.empty()) {
      addresses.push_back(std::move(address));
    }
    from = i + 1;
  }
  return addresses;
}

}  // namespace tocsin::notify
