#pragma once
// What a sentinel says of the masters it watches. Pure functions on bounded replies.

#include <string>
#include <vector>

#include "collectors/net/resp.h"
#include "metrics/writer.h"

namespace tocsin::redis {

struct SentinelMaster {
  std::string name;
  std::string address;  // ip:port
};

/// The reply to SENTINEL MASTERS; what has no name, ip and port is left out. At most `max_masters`.
std::vector<SentinelMaster> ParseSentinelMasters(const net::Reply& reply, std::size_t max_masters);

/// The reply to SENTINEL CKQUORUM: an error says why there is no quorum.
void AddSentinelQuorum(const SentinelMaster& master, const net::Reply& reply, FamilySink& out);

/// The replies to SENTINEL SENTINELS and SENTINEL SLAVES: how many are not down. The sentinel that
/// is asked counts too.
void AddOkSentinels(const SentinelMaster& master, const net::Reply& reply, FamilySink& out);
void AddOkReplicas(const SentinelMaster& master, const net::Reply& reply, FamilySink& out);

}  // namespace tocsin::redis
