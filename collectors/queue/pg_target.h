#pragma once
// One PostgreSQL server of the collector postgresql.

#include <memory>
#include <string>
#include <vector>

#include "base/outgoing/secret.h"
#include "collectors/net/target_pool.h"
#include "collectors/queue/pg_query.h"
#include "collectors/queue/target_groups.h"

namespace tocsin {

/// How to speak to servers and what to ask them.
struct PgServer {
  std::string user;
  std::string database = "postgres";
  outgoing::Secret password;
  std::vector<std::pair<std::string, std::string>> tls;  // sslmode, sslrootcert, sslcert, sslkey
  milliseconds statement_timeout{3'000};
  std::size_t max_rows = 1'000;  // of one query
  std::vector<PgQuery> queries;
};

/// `to` is a name, an address, or the directory of a unix socket.
std::unique_ptr<net::Target> MakePgTarget(net::Network& network,
                                          std::shared_ptr<const PgServer> server, HostPort to);

}  // namespace tocsin
