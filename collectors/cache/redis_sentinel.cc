#include "collectors/cache/redis_sentinel.h"

#include <string_view>

#include "collectors/cache/redis_families.h"

namespace tocsin::redis {
namespace {

/// The value beside `name` in a flat list of names and values; empty if there is none.
std::string_view FieldOf(const net::Reply& list, std::string_view name) {
  for (std::size_t i = 0; i + 1 < list.elements.size(); i += 2) {
    if (list.elements[i].text == name) return list.elements[i + 1].text;
  }
  return {};
}

/// How many of a list of instances are seen as up.
std::size_t CountUp(const net::Reply& instances) {
  std::size_t up = 0;
  for (const net::Reply& instance : instances.elements) {
    const std::string_view flags = FieldOf(instance, "flags");
    if (!flags.empty() && flags.find("s_down") == std::string_view::npos &&
        flags.find("o_down") == std::string_view::npos) {
      ++up;
    }
  }
  return up;
}

void AddOfMaster(const FamilySpec& family, const SentinelMaster& master, std::size_t value,
                 FamilySink& out) {
  out.Add(family, {{"master_name", master.name}, {"master_address", master.address}},
          static_cast<double>(value));
}

}  // namespace

std::vector<SentinelMaster> ParseSentinelMasters(const net::Reply& reply, std::size_t max_masters) {
  std::vector<SentinelMaster> masters;
  for (const net::Reply& details : reply.elements) {
    if (masters.size() == max_masters) break;
    const std::string_view name = FieldOf(details, "name");
    const std::string_view ip = FieldOf(details, "ip");
    const std::string_view port = FieldOf(details, "port");
    if (name.empty() || ip.empty() || port.empty()) continue;
    masters.push_back({std::string(name), std::string(ip) + ":" + std::string(port)});
  }
  return masters;
}

void AddSentinelQuorum(const SentinelMaster& master, const net::Reply& reply, FamilySink& out) {
  if (!reply.IsString() && !reply.IsError()) return;
  out.Add(kSentinelQuorum, {{"master_name", master.name}, {"message", reply.text}},
          reply.IsString() ? 1 : 0);
}

void AddOkSentinels(const SentinelMaster& master, const net::Reply& reply, FamilySink& out) {
  if (reply.IsArray()) AddOfMaster(kSentinelOkSentinels, master, CountUp(reply) + 1, out);
}

void AddOkReplicas(const SentinelMaster& master, const net::Reply& reply, FamilySink& out) {
  if (reply.IsArray()) AddOfMaster(kSentinelOkSlaves, master, CountUp(reply), out);
}

}  // namespace tocsin::redis
