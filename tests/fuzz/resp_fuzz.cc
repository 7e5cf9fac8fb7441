// Redis's answers: the protocol, cut anywhere, and what INFO, CONFIG, LATENCY and SLOWLOG come to.
// Input: the length of the first piece, then the bytes of the stream.

#include <algorithm>
#include <cstdlib>

#include "collectors/cache/redis_info.h"
#include "collectors/cache/redis_sentinel.h"
#include "collectors/net/resp.h"

namespace tocsin {
namespace {

void Use(const net::Reply& reply) {
  RoundWriter out;
  out.Begin(WallTime(seconds(1'700'000'000)));
  const std::size_t databases = redis::AddConfig(reply, 16, out);
  if (reply.IsString()) {
    redis::AddInfo(reply.text, databases, WallTime(seconds(1'700'000'000)), out);
    redis::AddClusterInfo(reply.text, out);
  }
  redis::AddLatencyLatest(reply, out);
  redis::AddLatencyHistograms(reply, reply.text, out);
  redis::AddSlowlogEntry(reply, out);
  for (const auto& master : redis::ParseSentinelMasters(reply, 100)) {
    redis::AddSentinelQuorum(master, reply, out);
    redis::AddOkSentinels(master, reply, out);
    redis::AddOkReplicas(master, reply, out);
  }
  (void)out.Finish();  // series that stand twice are the server's fault
}

/// How many replies the stream has, or -1 - that many before it is no stream of replies.
int Read(std::string_view first, std::string_view second) {
  net::RespReader reader({.max_bytes = 64 << 10, .max_elements = 1'000});
  int replies = 0;
  for (const std::string_view piece : {first, second}) {
    if (piece.empty()) continue;
    reader.Feed(piece);
    while (true) {
      const auto reply = reader.Next();
      if (!reply) return -1 - replies;
      if (!reply->has_value()) break;
      ++replies;
      if (second.empty()) Use(**reply);
    }
  }
  return replies;
}

}  // namespace
}  // namespace tocsin

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view stream(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t cut = std::min<std::size_t>(data[0], stream.size());
  const int whole = tocsin::Read(stream, {});
  // However the stream is cut, it says the same.
  if (tocsin::Read(stream.substr(0, cut), stream.substr(cut)) != whole) std::abort();
  return 0;
}
