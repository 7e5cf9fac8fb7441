#include "agent/api/html.h"

#include "base/html.h"

namespace tocsin::api {

std::string HtmlPage(std::string_view heading, std::string_view content) {
  std::string out =
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width\"><title>Tocsin</title>"
      "<style>body{font:16px sans-serif;max-width:40em;margin:3em auto;padding:0 1em}"
      "li{margin:.4em 0}small{color:#555}table{border-collapse:collapse}"
      "td,th{text-align:left;padding:.2em .8em .2em 0}</style></head>\n<body><h1>";
  AppendHtml(heading, out);
  out.append("</h1>\n").append(content).append("</body></html>\n");
  return out;
}

}  // namespace tocsin::api
