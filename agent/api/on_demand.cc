#include "agent/api/on_demand.h"

#include "agent/http/form.h"
#include "collectors/on_demand.h"

namespace tocsin::api {

http::Response AskCollector(const CollectorSet& collectors, std::string_view name,
                            const http::Request& request) {
  for (const RunningCollector& running : collectors.Running()) {
    OnDemand* const collector = running.name == name ? running.runner->on_demand() : nullptr;
    if (!collector) continue;
    const http::Form form = http::Form::Parse(request);
    const auto param = [&](std::string_view key) { return form.Get(key); };
    OnDemandReply reply = collector->Answer(
        {request.path, param, request.Header("x-prometheus-scrape-timeout-seconds")});
    http::Response response;
    response.status = reply.status;
    response.content_type = std::move(reply.content_type);
    response.body = std::move(reply.body);
    return response;
  }
  return http::TextResponse(404, "the collector \"" + std::string(name) +
                                     "\" is switched off: see collectors in tocsin.yml");
}

}  // namespace tocsin::api
