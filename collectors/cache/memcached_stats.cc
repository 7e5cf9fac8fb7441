#include "collectors/cache/memcached_stats.h"

#include <algorithm>
#include <optional>

#include "base/parse.h"
#include "base/utf8.h"

namespace tocsin::memcached {
namespace {

struct Stat {
  std::string_view key;
  FamilySpec family;
};

#define GAUGE(key, name, help)                           \
  Stat {                                                 \
    key, { "memcached_" name, MetricType::kGauge, help } \
  }
#define COUNTER(key, name, help)                           \
  Stat {                                                   \
    key, { "memcached_" name, MetricType::kCounter, help } \
  }

constexpr std::array kGeneral{
    COUNTER("uptime", "uptime_seconds", "Time since the server started."),
    GAUGE("time", "time_seconds", "The server's clock, in Unix time."),
    COUNTER("rusage_user", "process_user_cpu_seconds_total", "CPU spent in user mode."),
    COUNTER("rusage_system", "process_system_cpu_seconds_total", "CPU spent in the kernel."),
    GAUGE("bytes", "current_bytes", "Memory that items take."),
    GAUGE("limit_maxbytes", "limit_bytes", "Memory that items may take."),
    GAUGE("curr_items", "current_items", "Items stored now."),
    COUNTER("total_items", "items_total", "Items ever stored."),
    COUNTER("bytes_read", "read_bytes_total", "Bytes received."),
    COUNTER("bytes_written", "written_bytes_total", "Bytes sent."),
    GAUGE("curr_connections", "current_connections", "Open connections."),
    COUNTER("total_connections", "connections_total", "Connections ever opened."),
    COUNTER("rejected_connections", "connections_rejected_total",
            "Connections refused because there were too many."),
    COUNTER("conn_yields", "connections_yielded_total",
            "Times a connection had to let others go first."),
    COUNTER("listen_disabled_num", "connections_listener_disabled_total",
            "Times the server stopped to accept connections."),
    GAUGE("accepting_conns", "accepting_connections", "Whether connections are accepted."),
    COUNTER("evictions", "items_evicted_total", "Valid items thrown out to make room."),
    COUNTER("reclaimed", "items_reclaimed_total", "Items stored in the place of expired ones."),
    COUNTER("store_too_large", "item_too_large_total", "Items refused as too large."),
    COUNTER("store_no_memory", "item_no_memory_total", "Items refused for lack of memory."),
    COUNTER("direct_reclaims", "direct_reclaims_total",
            "Times a worker had to make room by itself."),
    COUNTER("lru_crawler_starts", "lru_crawler_starts_total", "Starts of the LRU crawler."),
    COUNTER("crawler_reclaimed", "lru_crawler_reclaimed_total", "Items the crawler freed."),
    COUNTER("crawler_items_checked", "lru_crawler_items_checked_total",
            "Items the crawler looked at."),
    COUNTER("moves_to_cold", "lru_crawler_moves_to_cold_total", "Moves to the cold LRU."),
    COUNTER("moves_to_warm", "lru_crawler_moves_to_warm_total", "Moves to the warm LRU."),
    COUNTER("moves_within_lru", "lru_crawler_moves_within_lru_total",
            "Moves within the hot and the warm LRU."),
    GAUGE("total_malloced", "malloced_bytes", "Memory of all slab pages."),
};

constexpr std::array kSettings{
    GAUGE("maxconns", "max_connections", "Connections allowed."),
    GAUGE("lru_crawler", "lru_crawler_enabled", "Whether the LRU crawler runs."),
    GAUGE("lru_crawler_sleep", "lru_crawler_sleep", "Microseconds between its steps."),
    GAUGE("lru_crawler_tocrawl", "lru_crawler_to_crawl", "Items it looks at in a run; 0: all."),
    GAUGE("lru_maintainer_thread", "lru_crawler_maintainer_thread",
          "Whether a thread maintains the LRUs."),
    GAUGE("hot_lru_pct", "lru_crawler_hot_percent", "Memory for the hot LRU, in percent."),
    GAUGE("warm_lru_pct", "lru_crawler_warm_percent", "Memory for the warm LRU, in percent."),
    GAUGE("hot_max_factor", "lru_crawler_hot_max_factor",
          "Age for the hot LRU as a multiple of the cold one's."),
    GAUGE("warm_max_factor", "lru_crawler_warm_max_factor",
          "Age for the warm LRU as a multiple of the cold one's."),
};

// Of `stats items` and `stats slabs`, with the label slab.
constexpr std::array kOfSlab{
    GAUGE("number", "slab_current_items", "Items of the slab class."),
    GAUGE("age", "slab_items_age_seconds", "Age of its oldest item."),
    GAUGE("number_hot", "slab_hot_items", "Items in its hot LRU."),
    GAUGE("number_warm", "slab_warm_items", "Items in its warm LRU."),
    GAUGE("number_cold", "slab_cold_items", "Items in its cold LRU."),
    GAUGE("number_temp", "slab_temporary_items", "Items in its temporary LRU."),
    GAUGE("age_hot", "slab_hot_age_seconds", "Age of the oldest item of its hot LRU."),
    GAUGE("age_warm", "slab_warm_age_seconds", "Age of the oldest item of its warm LRU."),
    COUNTER("crawler_reclaimed", "slab_items_crawler_reclaimed_total",
            "Its items that the crawler freed."),
    COUNTER("evicted", "slab_items_evicted_total", "Its valid items thrown out to make room."),
    COUNTER("evicted_nonzero", "slab_items_evicted_nonzero_total",
            "Those of them that had a time to live."),
    COUNTER("evicted_time", "slab_items_evicted_time_seconds",
            "How long the last one thrown out had not been asked for."),
    COUNTER("evicted_unfetched", "slab_items_evicted_unfetched_total",
            "Those thrown out that nobody had ever asked for."),
    COUNTER("expired_unfetched", "slab_items_expired_unfetched_total",
            "Those expired that nobody had ever asked for."),
    COUNTER("outofmemory", "slab_items_outofmemory_total",
            "Items refused because no other could be thrown out."),
    COUNTER("reclaimed", "slab_items_reclaimed_total",
            "Items stored in the place of expired ones."),
    COUNTER("tailrepairs", "slab_items_tailrepairs_total", "Repairs of its LRU's end."),
    COUNTER("moves_to_cold", "slab_items_moves_to_cold", "Moves to its cold LRU."),
    COUNTER("moves_to_warm", "slab_items_moves_to_warm", "Moves to its warm LRU."),
    COUNTER("moves_within_lru", "slab_items_moves_within_lru",
            "Moves within its hot and its warm LRU."),
    GAUGE("mem_requested", "slab_mem_requested_bytes", "Memory that its items asked for."),
    GAUGE("chunk_size", "slab_chunk_size_bytes", "Size of one of its chunks."),
    GAUGE("chunks_per_page", "slab_chunks_per_page", "Chunks of one of its pages."),
    GAUGE("total_pages", "slab_current_pages", "Its pages."),
    GAUGE("total_chunks", "slab_current_chunks", "Its chunks."),
    GAUGE("used_chunks", "slab_chunks_used", "Its chunks that hold an item."),
    GAUGE("free_chunks", "slab_chunks_free", "Its chunks that hold none."),
    GAUGE("free_chunks_end", "slab_chunks_free_end", "Those of them that were never used."),
};
#undef GAUGE
#undef COUNTER

constexpr FamilySpec kVersion{"memcached_version", MetricType::kGauge,
                              "The server's version; always 1."};
constexpr FamilySpec kCommands{"memcached_commands_total", MetricType::kCounter,
                               "Requests by command and what became of them."};
constexpr FamilySpec kSlabCommands{"memcached_slab_commands_total", MetricType::kCounter,
                                   "Requests of a slab class by command and what became of them."};
constexpr FamilySpec kLruHits{"memcached_slab_lru_hits_total", MetricType::kCounter,
                              "Lookups that one of the LRUs of a slab class answered."};
constexpr FamilySpec kUpFamily{"memcached_up", MetricType::kGauge,
                               "Whether the memcached answers."};

constexpr auto AllFamilies() {
  std::array<FamilySpec, kGeneral.size() + kSettings.size() + kOfSlab.size() + 5 +
                             shapes::kCacheFamilies.size()>
      all{};
  std::size_t n = 0;
  for (const FamilySpec& family : {kUpFamily, kVersion, kCommands, kSlabCommands, kLruHits}) {
    all[n++] = family;
  }
  for (const Stat& stat : kGeneral) all[n++] = stat.family;
  for (const Stat& stat : kSettings) all[n++] = stat.family;
  for (const Stat& stat : kOfSlab) all[n++] = stat.family;
  for (const FamilySpec& family : shapes::kCacheFamilies) all[n++] = family;
  return all;
}
constexpr auto kAll = AllFamilies();

template <class Table>
const FamilySpec* Find(const Table& table, std::string_view key) {
  const auto* const found =
      std::find_if(table.begin(), table.end(), [&](const Stat& stat) { return stat.key == key; });
  return found == table.end() ? nullptr : &found->family;
}

std::optional<double> ValueOf(std::string_view text) {
  if (text == "yes") return 1;
  if (text == "no") return 0;
  return ParseDouble(text);
}

/// "get_hits" as {"get", "hit"}; nothing for what counts no command.
struct CommandStat {
  std::string_view command;
  std::string_view status;
};
std::optional<CommandStat> CommandOf(std::string_view key) {
  if (key == "cas_badval") return CommandStat{"cas", "badval"};
  if (key == "cmd_flush") return CommandStat{"flush", "hit"};
  const auto underscore = key.find('_');
  if (underscore == std::string_view::npos) return std::nullopt;
  const std::string_view command = key.substr(0, underscore);
  const std::string_view status = key.substr(underscore + 1);
  constexpr std::array<std::string_view, 6> kKnown{"get", "delete", "incr", "decr", "cas", "touch"};
  if (std::find(kKnown.begin(), kKnown.end(), command) == kKnown.end()) return std::nullopt;
  if (status == "hits") return CommandStat{command, "hit"};
  if (status == "misses") return CommandStat{command, "miss"};
  return std::nullopt;
}

/// The LRU of "hits_to_hot".
std::string_view LruOf(std::string_view key) {
  if (key == "hits_to_hot") return "hot";
  if (key == "hits_to_warm") return "warm";
  if (key == "hits_to_cold") return "cold";
  if (key == "hits_to_temp") return "temporary";
  return {};
}

}  // namespace

constinit const FamilySpec kUp = kUpFamily;

std::span<const FamilySpec> Families() { return kAll; }

Result<bool> StatsReader::Line(std::string_view line) {
  if (section_ == Section::kDone) return Error{Errc::kMalformed, "more than was asked for"};
  if (line == "END") {
    EndSection();
    return section_ == Section::kDone;
  }
  std::string_view rest = line;
  const std::string_view word = TakeField(rest);
  if (word == "ERROR" || word == "CLIENT_ERROR" || word == "SERVER_ERROR") {
    return Error{Errc::kInvalid, "the server says " + OneLine(line, 150)};
  }
  if (word != "STAT") {
    return Error{Errc::kMalformed, "no answer of memcached: \"" + OneLine(line, 80) + "\""};
  }
  const std::string_view key = TakeField(rest);
  const std::string_view text = TakeField(rest);
  if (section_ == Section::kGeneral && key == "version") out_.Add(kVersion, {{"version", text}}, 1);
  const auto value = ValueOf(text);
  if (!value) return false;
  if (section_ == Section::kGeneral) {
    General(key, *value);
  } else if (section_ == Section::kSettings) {
    if (const auto* family = Find(kSettings, key)) out_.Add(*family, {}, *value);
  } else {
    OfSlab(key, *value);
  }
  return false;
}

void StatsReader::General(std::string_view key, double value) {
  if (const FamilySpec* family = Find(kGeneral, key)) out_.Add(*family, {}, value);
  Command({}, key, value);
  if (key == "get_hits") counts_.hits = value;
  if (key == "get_misses") counts_.misses = value;
  if (key == "evictions") counts_.evictions = value;
  if (key == "curr_items") counts_.entries = value;
  if (key == "bytes") counts_.bytes = value;
}

/// "items:1:number" or "1:chunk_size"; what has no number is of the server as a whole.
void StatsReader::OfSlab(std::string_view key, double value) {
  if (section_ == Section::kItems && key.starts_with("items:")) key.remove_prefix(6);
  const auto colon = key.find(':');
  if (colon == std::string_view::npos) {
    EndSlab();
    if (const FamilySpec* family = Find(kGeneral, key)) out_.Add(*family, {}, value);
    return;
  }
  const std::string_view slab = key.substr(0, colon);
  key.remove_prefix(colon + 1);
  if (slab != slab_) {
    EndSlab();
    slab_ = slab;
  }
  if (section_ == Section::kSlabs) Command(slab, key, value);
  const LabelView label{"slab", slab};
  if (const std::string_view lru = LruOf(key); !lru.empty()) {
    out_.Add(kLruHits, {label, {"lru", lru}}, value);
  } else if (const FamilySpec* family = Find(kOfSlab, key)) {
    out_.Add(*family, {label}, value);
  }
}

void StatsReader::Command(std::string_view slab, std::string_view key, double value) {
  if (key == "cmd_set") {
    sets_.all = value;
    sets_.known = true;
  }
  if (key.starts_with("cas_")) sets_.cas += value;
  const auto stat = CommandOf(key);
  if (!stat) return;
  const LabelView command{"command", stat->command};
  const LabelView status{"status", stat->status};
  if (slab.empty()) {
    out_.Add(kCommands, {command, status}, value);
  } else {
    out_.Add(kSlabCommands, {{"slab", slab}, command, status}, value);
  }
}

/// memcached counts a cas among the sets too.
void StatsReader::EndSlab() {
  if (sets_.known && section_ == Section::kGeneral) {
    out_.Add(kCommands, {{"command", "set"}, {"status", "hit"}}, sets_.all - sets_.cas);
  } else if (sets_.known) {
    out_.Add(kSlabCommands, {{"slab", slab_}, {"command", "set"}, {"status", "hit"}},
             sets_.all - sets_.cas);
  }
  sets_ = {};
  slab_.clear();
}

void StatsReader::EndSection() {
  EndSlab();
  section_ = static_cast<Section>(static_cast<int>(section_) + 1);
}

}  // namespace tocsin::memcached
