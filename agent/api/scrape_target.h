#pragma once
// GET /scrape?target=…: one Redis or memcached, asked now, as redis_exporter and memcached_exporter
// serve it to a Prometheus that is configured for them.

#include "agent/http/request.h"
#include "base/clock.h"

namespace tocsin::net {
class Network;
}

namespace tocsin::api {

/// `target`: redis://, rediss:// and unix:// are a Redis, memcached:// is a memcached; an address
/// alone is what `collector` says, else a memcached on port 11211 and a Redis on any other. Waits
/// as long as X-Prometheus-Scrape-Timeout-Seconds allows, at most ten seconds. 400 without a target
/// that can be read.
http::Response ScrapeTarget(net::Network& network, const Clock& clock,
                            const http::Request& request);

}  // namespace tocsin::api
