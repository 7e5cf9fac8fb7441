// What a line of an access log and a StatsD packet cost: one core, from bytes to series.

#include <arpa/inet.h>
#include <benchmark/benchmark.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "collectors/response/access_stats.h"
#include "collectors/response/json_lines.h"
#include "collectors/response/line_format.h"
#include "collectors/response/regex_lines.h"
#include "collectors/response/statsd/receiver.h"

namespace tocsin {
namespace {

constexpr std::string_view kFormat =
    "$remote_addr - $remote_user [$time_local] \"$request\" $status $body_bytes_sent "
    "\"$http_referer\" \"$http_user_agent\" $request_time";
constexpr int kLines = 2000;

/// What a shop's log looks like: a few routes, many paths, browsers' user agents.
std::string TextLines() {
  constexpr std::string_view kPaths[] = {"/users/%/orders", "/static/app.%.js", "/api/v2/items/%",
                                         "/search?q=%&page=2", "/cart"};
  std::string out;
  for (int i = 0; i < kLines; ++i) {
    std::string path(kPaths[i % 5]);
    if (const auto at = path.find('%'); at != path.npos)
      path.replace(at, 1, std::to_string(i * 37));
    out += "203.0.113." + std::to_string(i % 250) + " - - [21/Nov/2026:13:24:15 +0000] \"GET " +
           path + " HTTP/1.1\" " + (i % 50 == 0 ? "404" : "200") + " " + std::to_string(500 + i) +
           " \"https://shop.example.org/\" \"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 "
           "(KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36\" 0." +
           std::to_string(100 + i % 900) + "\n";
  }
  return out;
}

/// HAProxy's option httplog, after syslog.
std::string HaproxyLines() {
  std::string out;
  for (int i = 0; i < kLines; ++i) {
    const std::string n = std::to_string(i);
    out += "Nov 21 13:24:15 lb1 haproxy[14389]: 10.0.1." + std::to_string(i % 250) + ":33317 " +
           "[21/Nov/2026:13:24:15.655] http-in static/srv1 10/0/30/69/1" + n + " 200 2750 - - " +
           "---- 1/1/1/1/0 0/0 {www.example.org} {} \"GET /users/" + n + "/orders HTTP/1.1\"\n";
  }
  return out;
}

std::string TraefikLines() {
  std::string out;
  for (int i = 0; i < kLines; ++i) {
    const std::string n = std::to_string(i);
    out += "203.0.113.7 - - [21/Nov/2026:13:24:15 +0000] \"GET /users/" + n +
           "/orders HTTP/1.1\" 200 1" + n + " \"-\" \"Mozilla/5.0 (X11; Linux x86_64)\" " + n +
           " \"shop@docker\" \"http://172.18.0.4:8080\" " + std::to_string(i % 300) + "ms\n";
  }
  return out;
}

std::string CommonLines() {
  std::string out;
  for (int i = 0; i < kLines; ++i) {
    const std::string n = std::to_string(i);
    out += "203.0.113.7 - ann [21/Nov/2026:13:24:15 +0000] \"GET /users/" + n +
           "/orders HTTP/1.1\" 200 1" + n + "\n";
  }
  return out;
}

std::string CaddyLines() {
  std::string out;
  for (int i = 0; i < kLines; ++i) {
    out += R"({"level":"info","ts":1646861401.5241024,"logger":"http.log.access","msg":"handled )"
           R"(request","request":{"remote_ip":"127.0.0.1","remote_port":"41342","client_ip":)"
           R"("127.0.0.1","proto":"HTTP/2.0","method":"GET","host":"localhost","uri":"/users/)" +
           std::to_string(i) +
           R"(/orders","headers":{"User-Agent":["curl/7.82.0"],"Accept":["*/*"],)"
           R"("Accept-Encoding":["gzip, deflate, br"]},"tls":{"resumed":false,"version":772,)"
           R"("cipher_suite":4865,"proto":"h2","server_name":"example.com"}},"bytes_read":0,)"
           R"("user_id":"","duration":0.000929675,"size":10900,"status":200,"resp_headers":)"
           R"({"Server":["Caddy"],"Content-Type":["text/html; charset=utf-8"]}})"
           "\n";
  }
  return out;
}

void ReadLines(benchmark::State& state, std::string block,
               std::unique_ptr<AccessLineParser> parser) {
  AccessStatsOptions options;
  options.bounds = {0.001, 0.0025, 0.005, 0.01, 0.015, 0.025, 0.05, 0.075, 0.1, 0.15,
                    0.25,  0.5,    0.75,  1,    1.5,   2.5,   5,    7.5,   10,  30};
  RouteTable routes;
  for (const char* route : {"/login", "/logout", "/users/:id", "/users/:id/orders", "/static/*",
                            "/api/v1/items/:id", "/api/v2/items/:id", "/search", "/health"}) {
    if (!routes.Add(route, {})) return state.SkipWithError("route");
  }
  AccessStats stats(options, routes);
  stats.BeginRound(MonoTime(std::chrono::hours(1)));
  const std::size_t size = block.size();
  block.resize(size + kLinePadding);
  for (auto _ : state) {
    stats.AddLines(std::string_view(block).substr(0, size), *parser);
  }
  if (stats.problems(LineProblem::kFormat) > 0) return state.SkipWithError("unparsed lines");
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(size));
  state.SetItemsProcessed(state.iterations() * kLines);
}

void NginxLines(benchmark::State& state) {
  ReadLines(state, TextLines(), MakeFormatParser(*ParseLineFormat(kFormat)));
}
BENCHMARK(NginxLines);

void RegexLines(benchmark::State& state, std::string (*lines)(), const char* expression) {
  ReadLines(state, lines(), *MakeRegexParser(expression));
}
BENCHMARK_CAPTURE(
    RegexLines, NginxTimed, &TextLines,
    R"re(^\S+ - \S+ \[[^\]]*\] "(?P<request>[^"]*)" (?P<status>\d+) (?P<bytes>\d+) "[^"]*" "[^"]*" (?P<seconds>[\d.]+)$)re");
BENCHMARK_CAPTURE(
    RegexLines, NginxCombinedFiveGroups, &TextLines,
    R"re(^\S+ \S+ \S+ \[[^\]]+\] "(?P<method>\S+) (?P<path>\S+) [^"]*" (?P<status>\d{3}) (?P<bytes>\d+|-) "[^"]*" "[^"]*"(?: (?P<seconds>[\d.]+))?)re");
BENCHMARK_CAPTURE(
    RegexLines, NginxUnanchored, &TextLines,
    R"re("(?P<request>[^"]*)" (?P<status>\d{3}) (?P<bytes>\d+) .* (?P<seconds>[\d.]+)$)re");
BENCHMARK_CAPTURE(
    RegexLines, ApacheCommon, &CommonLines,
    R"re(^(\S+) (\S+) (\S+) \[([^\]]+)\] "(?P<method>[A-Z]+) (?P<path>[^ "]+)(?: HTTP/[\d.]+)?" (?P<status>\d{3}) (?P<bytes>\d+|-)$)re");
BENCHMARK_CAPTURE(
    RegexLines, Haproxy, &HaproxyLines,
    R"re(\S+:\d+ \[[^\]]+\] \S+ \S+/\S+ -?\d+/-?\d+/-?\d+/-?\d+/\+?(?P<milliseconds>\d+) (?P<status>-?\d+) \+?(?P<bytes>\d+) .* "(?P<request>[^"]*)"$)re");
BENCHMARK_CAPTURE(
    RegexLines, Traefik, &TraefikLines,
    R"re(^\S+ - \S+ \[[^\]]+\] "(?P<request>[^"]*)" (?P<status>\d+|-) (?P<bytes>\d+|-) "[^"]*" "[^"]*" \d+ "[^"]*" "[^"]*" (?P<milliseconds>\d+)ms$)re");
// Flags and repeated groups are left to RE2.
BENCHMARK_CAPTURE(
    RegexLines, ByRe2Alone, &TextLines,
    R"re((?i)^\S+ - \S+ \[[^\]]*\] "(?P<request>[^"]*)" (?P<status>\d+) (?P<bytes>\d+) "[^"]*" "[^"]*" (?P<seconds>[\d.]+)$)re");

void CaddyJsonLines(benchmark::State& state) {
  ReadLines(state, CaddyLines(), *MakeJsonParser(CaddyFields()));
}
BENCHMARK(CaddyJsonLines);

/// Datagrams of one line each, of 1,000 series: what clients that do not pack send.
std::vector<std::string> StatsdPackets() {
  constexpr std::string_view kTypes[] = {"1|c", "320|ms", "7|g", "0.25|h"};
  std::vector<std::string> packets;
  for (std::size_t i = 0; i < 1000; ++i) {
    packets.push_back("shop.checkout." + std::to_string(i % 100) + "." + std::to_string(i % 4) +
                      ":" + std::string(kTypes[i % 4]) +
                      "|#region:eu,shard:" + std::to_string(i / 100));
  }
  return packets;
}

void StatsdInMemory(benchmark::State& state) {
  const statsd::Mapping mapping;
  statsd::Table table(mapping, {}, [](std::string_view) { return false; });
  const std::vector<std::string> packets = StatsdPackets();
  for (auto _ : state) {
    for (const std::string& packet : packets) table.TakePacket(packet, statsd::Listener::kUdp);
  }
  if (table.size() != 1000) return state.SkipWithError("series");
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(packets.size()));
}
BENCHMARK(StatsdInMemory);

double CpuSeconds(clockid_t clock) {
  timespec t{};
  ::clock_gettime(clock, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
}

/// Sends state.range(0) packets a second for two seconds over the loopback to a receiver, and tells
/// what arrived. The sender is this thread, the receiver another; both need a core.
void StatsdOverUdp(benchmark::State& state) {
  const statsd::Mapping mapping;
  statsd::SharedTable shared(mapping, {}, [](std::string_view) { return false; });
  statsd::ReceiverOptions options;
  options.udp = {"127.0.0.1:0"};
  auto receiver = statsd::Receiver::Start(options, shared);
  if (!receiver) return state.SkipWithError(receiver.error().message().c_str());
  const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons((*receiver)->Ports()[0]);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
    return state.SkipWithError("connect");
  }
  std::vector<std::string> packets = StatsdPackets();
  std::vector<iovec> parts;
  for (std::string& packet : packets) parts.push_back({packet.data(), packet.size()});
  std::vector<mmsghdr> messages(packets.size());
  for (std::size_t i = 0; i < messages.size(); ++i) {
    messages[i].msg_hdr.msg_iov = &parts[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  constexpr std::size_t kBatch = 50;
  const auto pause =
      std::chrono::nanoseconds(1'000'000'000 * kBatch / static_cast<std::uint64_t>(state.range(0)));
  std::uint64_t sent = 0;
  double receiver_cpu = 0;
  double took = 0;
  for (auto _ : state) {
    const double process = CpuSeconds(CLOCK_PROCESS_CPUTIME_ID);
    const double own = CpuSeconds(CLOCK_THREAD_CPUTIME_ID);
    const auto start = std::chrono::steady_clock::now();
    auto next = start;
    const auto batches = static_cast<std::size_t>(2 * state.range(0)) / kBatch;
    for (std::size_t i = 0; i < batches; ++i) {
      const int n = ::sendmmsg(fd, &messages[i * kBatch % messages.size()], kBatch, 0);
      sent += n > 0 ? static_cast<std::uint64_t>(n) : 0;
      next += pause;
      while (std::chrono::steady_clock::now() < next) {
      }
    }
    took += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    std::this_thread::sleep_for(std::chrono::milliseconds(200));  // for what is under way
    receiver_cpu += CpuSeconds(CLOCK_PROCESS_CPUTIME_ID) - process -
                    (CpuSeconds(CLOCK_THREAD_CPUTIME_ID) - own);
  }
  ::close(fd);
  const MutexLock lock(shared.mutex);
  const std::uint64_t received = shared.table.counters().packets[0];
  state.counters["sent_per_s"] = static_cast<double>(sent) / took;
  state.counters["lost"] = static_cast<double>(sent - received);
  state.counters["kernel_dropped"] = static_cast<double>((*receiver)->KernelDrops());
  state.counters["receiver_cores"] = receiver_cpu / took;
  state.counters["buffer"] = static_cast<double>((*receiver)->ReceiveBufferBytes());
}
BENCHMARK(StatsdOverUdp)->Arg(100'000)->Arg(500'000)->Arg(600'000)->Iterations(1)->UseRealTime();

}  // namespace
}  // namespace tocsin
