#include "metrics/exposition/escape.h"

#include "base/utf8.h"

namespace tocsin::exposition {
namespace {

/// `special` holds the characters that get a backslash; a newline becomes \n.
void AppendEscaped(std::string_view text, std::string_view special, std::string& out) {
  std::string valid;
  if (!IsValidUtf8(text)) {
    AppendValidUtf8(text, valid);
    text = valid;
  }
  while (!text.empty()) {
    const std::size_t plain = std::min(text.find_first_of(special), text.size());
    out += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
    out += '\\';
    out += text.front() == '\n' ? 'n' : text.front();
    text.remove_prefix(1);
  }
}

}  // namespace

void AppendLabelValue(std::string_view text, std::string& out) {
  AppendEscaped(text, "\\\"\n", out);
}

void AppendHelp(Format format, std::string_view text, std::string& out) {
  AppendEscaped(text, format == Format::kText ? "\\\n" : "\\\"\n", out);
}

}  // namespace tocsin::exposition
