#include <algorithm>
#include <array>
#include <ctime>

#include "agent/http/server.h"

namespace tocsin::http {
namespace {

/// RFC 9110, 5.6.7: "Sun, 06 Nov 1994 08:49:37 GMT", whatever the process locale.
void AppendHttpDate(WallTime now, std::string& out) {
  constexpr std::array<const char*, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<const char*, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t seconds = static_cast<std::time_t>(ToMillis(now) / 1000);
  std::tm t{};
  gmtime_r(&seconds, &t);
  const auto two = [&](int n) {
    out += static_cast<char>('0' + n / 10 % 10);
    out += static_cast<char>('0' + n % 10);
  };
  out.append(kDays[static_cast<std::size_t>(t.tm_wday)]) += ", ";
  two(t.tm_mday);
  out.append(" ").append(kMonths[static_cast<std::size_t>(t.tm_mon)]) += ' ';
  out += std::to_string(t.tm_year + 1900) += ' ';
  two(t.tm_hour);
  out += ':';
  two(t.tm_min);
  out += ':';
  two(t.tm_sec);
  out += " GMT";
}

bool IsHeaderText(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) < ' ' && c != '\t') || c == '\x7F';
  });
}

}  // namespace

std::string ResponseHead(const Response& response, bool keep_alive, WallTime now) {
  std::string head;
  head.reserve(320);
  const auto line = [&](std::string_view name, std::string_view value) {
    if (IsHeaderText(name) && IsHeaderText(value)) {
      head.append(name).append(": ").append(value).append("\r\n");
    }
  };
  head.append("HTTP/1.1 ").append(std::to_string(response.status)) += ' ';
  head.append(StatusText(response.status)).append("\r\nDate: ");
  AppendHttpDate(now, head);
  head += "\r\n";
  if (response.status != 204 && response.status != 304) {
    line("Content-Type", response.content_type);
    line("Content-Length", std::to_string(response.Body().size()));
  }
  line("X-Content-Type-Options", "nosniff");
  for (const auto& [name, value] : response.headers) line(name, value);
  line("Connection", keep_alive ? "keep-alive" : "close");
  return head += "\r\n";
}

}  // namespace tocsin::http
