#pragma once
// The collectors of caches.

#include <memory>

#include "collectors/collector.h"
#include "collectors/net/redis_connection.h"
#include "collectors/net/target_pool.h"

namespace tocsin {

extern const CatalogEntry kMemcachedCollector;
extern const CatalogEntry kRedisCollector;

struct RedisOptions {
  bool latency_histograms = false;        // LATENCY HISTOGRAM: some 15 series a command
  std::string config_command = "CONFIG";  // where it was renamed
};

/// One Redis, as the collector asks it; for GET /scrape too. Loop thread.
std::unique_ptr<net::Target> MakeRedisTarget(net::Network& network, net::RedisAddress address,
                                             RedisOptions options);

/// How to reach a memcached.
struct MemcachedAddress {
  net::Endpoint to;
  std::optional<outgoing::TlsOptions> tls;

  /// "host:port", "host", "/path/of/socket" or "unix:///path". Errors: kInvalid.
  static Result<MemcachedAddress> Parse(std::string_view text);
};

/// One memcached, likewise.
std::unique_ptr<net::Target> MakeMemcachedTarget(net::Network& network, MemcachedAddress address);

}  // namespace tocsin
