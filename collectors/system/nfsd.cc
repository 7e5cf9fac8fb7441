#include <array>

#include "base/parse.h"
#include "collectors/host_fs.h"
#include "collectors/source.h"
#include "collectors/system/nfs_rpc.h"
#include "collectors/system/system.h"

namespace tocsin {
namespace {

constexpr FamilySpec kPackets{"node_nfsd_packets_total", MetricType::kCounter,
                              "Total NFSd network packets (sent+received) by protocol type."};
constexpr FamilySpec kRpcErrors{"node_nfsd_rpc_errors_total", MetricType::kCounter,
                                "Total number of NFSd RPC errors by error type."};
constexpr FamilySpec kRequests{"node_nfsd_requests_total", MetricType::kCounter,
                               "Total number NFSd Requests by method and protocol."};

/// A number of a line that is exported by itself.
struct Number {
  std::string_view key;
  std::size_t index;
  FamilySpec family;
};

constexpr std::array<Number, 11> kNumbers{{
    {"rc",
     0,
     {"node_nfsd_reply_cache_hits_total", MetricType::kCounter,
      "Total number of NFSd Reply Cache hits (client lost server response)."}},
    {"rc",
     1,
     {"node_nfsd_reply_cache_misses_total", MetricType::kCounter,
      "Total number of NFSd Reply Cache an operation that requires caching (idempotent)."}},
    {"rc",
     2,
     {"node_nfsd_reply_cache_nocache_total", MetricType::kCounter,
      "Total number of NFSd Reply Cache non-idempotent operations (rename/delete/…)."}},
    {"fh",
     0,
     {"node_nfsd_file_handles_stale_total", MetricType::kCounter,
      "Total number of NFSd stale file handles"}},
    {"io", 0, {"node_nfsd_disk_bytes_read_total", MetricType::kCounter, "Total NFSd bytes read."}},
    {"io",
     1,
     {"node_nfsd_disk_bytes_written_total", MetricType::kCounter, "Total NFSd bytes written."}},
    {"th",
     0,
     {"node_nfsd_server_threads", MetricType::kGauge,
      "Total number of NFSd kernel threads that are running."}},
    {"ra",
     0,
     {"node_nfsd_read_ahead_cache_size_blocks", MetricType::kGauge,
      "How large the read ahead cache is in blocks."}},
    {"ra",
     11,
     {"node_nfsd_read_ahead_cache_not_found_total", MetricType::kCounter,
      "Total number of NFSd read ahead cache not found."}},
    {"net",
     3,
     {"node_nfsd_connections_total", MetricType::kCounter,
      "Total number of NFSd TCP connections."}},
    {"rpc", 0, {"node_nfsd_server_rpcs_total", MetricType::kCounter, "Total number of NFSd RPCs."}},
}};

constexpr auto kFamilies = [] {
  std::array<FamilySpec, kNumbers.size() + 3> families{};
  for (std::size_t i = 0; i < kNumbers.size(); ++i) families[i] = kNumbers[i].family;
  families[kNumbers.size()] = kPackets;
  families[kNumbers.size() + 1] = kRpcErrors;
  families[kNumbers.size() + 2] = kRequests;
  return families;
}();

/// Operations of version 4 by their number; those that node_exporter leaves out have no name.
constexpr std::array<std::string_view, 38> kOperations{"",
                                                       "",
                                                       "",
                                                       "Access",
                                                       "Close",
                                                       "Commit",
                                                       "Create",
                                                       "DelegPurge",
                                                       "DelegReturn",
                                                       "GetAttr",
                                                       "GetFH",
                                                       "Link",
                                                       "Lock",
                                                       "Lockt",
                                                       "Locku",
                                                       "Lookup",
                                                       "LookupRoot",
                                                       "Nverify",
                                                       "Open",
                                                       "OpenAttr",
                                                       "OpenConfirm",
                                                       "OpenDgrd",
                                                       "PutFH",
                                                       "",
                                                       "",
                                                       "Read",
                                                       "ReadDir",
                                                       "ReadLink",
                                                       "Remove",
                                                       "Rename",
                                                       "Renew",
                                                       "RestoreFH",
                                                       "SaveFH",
                                                       "SecInfo",
                                                       "SetAttr",
                                                       "Verify",
                                                       "Write",
                                                       "RelLockOwner"};

/// The client's lists without the null procedure.
template <std::size_t kSize>
constexpr auto WithoutNull(std::array<std::string_view, kSize> names) {
  names[0] = {};
  return names;
}
constexpr auto kServed2 = WithoutNull(kNfs2Procedures);
constexpr auto kServed3 = WithoutNull(kNfs3Procedures);

class NfsdCollector final : public Collector {
 public:
  explicit NfsdCollector(const HostFs& fs) : file_(fs.File(fs.ProcPath("net/rpc/nfsd"))) {}

  Status Collect(const RoundContext&, FamilySink& out) override {
    const auto read = file_->Read();
    if (!read) return AbsentIsUnsupported(read.error());
    std::string_view text = *read;
    while (!text.empty()) TRY(AddLine(ParseRpcLine(TakeLine(text)), out));
    return Unit{};
  }

 private:
  static Status AddLine(const RpcLine& line, FamilySink& out) {
    for (const Number& number : kNumbers) {
      if (number.key != line.key) continue;
      if (line.count <= number.index) {
        return MalformedText("rpc/nfsd", "more numbers after " + std::string(line.key), {});
      }
      out.Add(number.family, {}, line[number.index]);
    }
    if (line.key == "net") {
      out.Add(kPackets, {{"proto", "udp"}}, line[1]);
      out.Add(kPackets, {{"proto", "tcp"}}, line[2]);
    } else if (line.key == "rpc") {
      if (line.count < 5) return MalformedText("rpc/nfsd", "five numbers after rpc", {});
      out.Add(kRpcErrors, {{"error", "fmt"}}, line[2]);
      out.Add(kRpcErrors, {{"error", "auth"}}, line[3]);
      out.Add(kRpcErrors, {{"error", "cInt"}}, line[4]);
    } else if (line.key == "proc2") {
      return AddRpcProcedures(line, kRequests, "2", kServed2, out);
    } else if (line.key == "proc3") {
      return AddRpcProcedures(line, kRequests, "3", kServed3, out);
    } else if (line.key == "proc4ops") {
      return AddRpcProcedures(line, kRequests, "4", kOperations, out);
    }
    return Unit{};
  }

  std::unique_ptr<HostFile> file_;
};

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  return std::unique_ptr<Collector>(std::make_unique<NfsdCollector>(deps.fs));
}

}  // namespace

extern const CatalogEntry kNfsdCollector{
    .name = "nfsd",
    .room = "system",
    .on_by_default = true,
    .interval = seconds(5),
    .help = "Requests, threads and caches of the kernel's NFS server, from /proc/net/rpc/nfsd.",
    .families = kFamilies,
    .flags = {},
    .make = &Make,
};

}  // namespace tocsin
