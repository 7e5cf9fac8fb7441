#include "collectors/source.h"

namespace tocsin {

Error MalformedText(std::string_view what, std::string_view expected, std::string_view text) {
  constexpr std::size_t kShown = 60;
  std::string message(what);
  message.append(": expected ").append(expected);
  if (text.empty()) {
    message += ", found the end";
  } else {
    message.append(", found \"").append(text.substr(0, kShown));
    message += text.size() > kShown ? "…\"" : "\"";
  }
  return Error(Errc::kMalformed, std::move(message));
}

}  // namespace tocsin
