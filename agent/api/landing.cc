#include "agent/api/landing.h"

#include <array>

#include "agent/api/html.h"
#include "agent/version.h"
#include "base/html.h"

namespace tocsin::api {
namespace {

struct Link {
  std::string_view path;
  std::string_view what;
};

constexpr std::array<Link, 11> kLinks{{
    {"/alerts", "alerts that are pending or firing"},
    {"/api/performance/doctor", "what holds this host up, and what to look at"},
    {"/api/performance/overview", "the same for programs; docs/performance.md has the rest"},
    {"/graph", "the last hour of any expression"},
    {"/api/v1/rules", "rules and how they are doing"},
    {"/api/v1/targets", "collectors and how they are doing"},
    {"/api/v1/query?query=node_load1", "a query, as Prometheus answers it"},
    {"/api/v1/status/config", "the configuration in force"},
    {"/api/v1/status/tsdb", "what the sample store holds"},
    {"/-/healthy", "whether the agent lives"},
    {"/-/ready", "whether it has begun to serve"},
}};

void AppendLink(const Link& link, std::string& out) {
  out += "<li><a href=\"";
  AppendHtml(link.path, out);
  out += "\">";
  AppendHtml(link.path, out);
  out += "</a>: ";
  AppendHtml(link.what, out);
  out += "</li>\n";
}

}  // namespace

http::Response LandingPage(const std::string& telemetry_path) {
  http::Response response;
  response.content_type = "text/html; charset=utf-8";
  std::string out = "<p>Version ";
  out.append(kVersion).append(" (").append(kRevision).append(")</p>\n<ul>\n");
  AppendLink({telemetry_path, "metrics, for Prometheus to scrape"}, out);
  for (const Link& link : kLinks) AppendLink(link, out);
  out += "</ul>";
  response.body = HtmlPage("Tocsin", out);
  return response;
}

}  // namespace tocsin::api
