#pragma once
// Servers of a fixture, for networked collectors:
//
//   serve/NAME   what listens on the unix socket {root}/NAME ({root} may stand in settings.yml):
//                blocks of "=== KIND REQUEST", then the lines of the answer
//
// Kinds: `line GET x` (a line of a text protocol; CRLF ends), `http GET /path` (a 200 with the
// block as its body), `resp PING` (a Redis command; the block is the reply, its lines ended by
// CRLF) and `bulk INFO ALL` (the same, the block being one bulk string).

#include <filesystem>
#include <memory>
#include <vector>

#include "tests/collectors/net/scripted_server.h"

namespace tocsin {

/// Serves as long as it lives. Fails the test on a file it does not understand.
std::vector<std::unique_ptr<net::ScriptedServer>> StartFixtureServers(
    const std::filesystem::path& root);

}  // namespace tocsin
