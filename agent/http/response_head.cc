
#include "agent/http/field_text.h"
#include "agent/http/server.h"
#include "base/time_text.h"

namespace tocsin::http {
std::string ResponseHead(const Response& response, bool keep_alive, WallTime now) {
  std::string head;
  head.reserve(320);
  const auto line = [&](std::string_view name, std::string_view value) {
    if (IsFieldText(name) && IsFieldText(value)) {
      head.append(name).append(": ").append(value).append("\r\n");
    }
  };
  head.append("HTTP/1.1 ").append(std::to_string(response.status)) += ' ';
  head.append(StatusText(response.status)).append("\r\nDate: ");
  AppendImfDate(now, head);
  head += " GMT\r\n";
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
