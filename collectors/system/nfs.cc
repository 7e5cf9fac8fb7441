#include <array>

#include "base/parse.h"
#include "collectors/host_fs.h"
#include "collectors/source.h"
#include "collectors/system/nfs_rpc.h"
#include "collectors/system/system.h"

namespace tocsin {
namespace {

constexpr std::array<FamilySpec, 6> kFamilies{{
    {"node_nfs_packets_total", MetricType::kCounter,
     "Total NFSd network packets (sent+received) by protocol type."},
    {"node_nfs_connections_total", MetricType::kCounter, "Total number of NFSd TCP connections."},
    {"node_nfs_rpcs_total", MetricType::kCounter, "Total number of RPCs performed."},
    {"node_nfs_rpc_retransmissions_total", MetricType::kCounter,
     "Number of RPC transmissions performed."},
    {"node_nfs_rpc_authentication_refreshes_total", MetricType::kCounter,
     "Number of RPC authentication refreshes performed."},
    {"node_nfs_requests_total", MetricType::kCounter, "Number of NFS procedures invoked."},
}};

/// The client's numbering of version 4's procedures (enum in linux/nfs4.h).
constexpr std::array<std::string_view, 59> kClient4Procedures{"Null",
                                                              "Read",
                                                              "Write",
                                                              "Commit",
                                                              "Open",
                                                              "OpenConfirm",
                                                              "OpenNoattr",
                                                              "OpenDowngrade",
                                                              "Close",
                                                              "Setattr",
                                                              "FsInfo",
                                                              "Renew",
                                                              "SetClientID",
                                                              "SetClientIDConfirm",
                                                              "Lock",
                                                              "Lockt",
                                                              "Locku",
                                                              "Access",
                                                              "Getattr",
                                                              "Lookup",
                                                              "LookupRoot",
                                                              "Remove",
                                                              "Rename",
                                                              "Link",
                                                              "Symlink",
                                                              "Create",
                                                              "Pathconf",
                                                              "StatFs",
                                                              "ReadLink",
                                                              "ReadDir",
                                                              "ServerCaps",
                                                              "DelegReturn",
                                                              "GetACL",
                                                              "SetACL",
                                                              "FsLocations",
                                                              "ReleaseLockowner",
                                                              "Secinfo",
                                                              "FsidPresent",
                                                              "ExchangeID",
                                                              "CreateSession",
                                                              "DestroySession",
                                                              "Sequence",
                                                              "GetLeaseTime",
                                                              "ReclaimComplete",
                                                              "LayoutGet",
                                                              "GetDeviceInfo",
                                                              "LayoutCommit",
                                                              "LayoutReturn",
                                                              "SecinfoNoName",
                                                              "TestStateID",
                                                              "FreeStateID",
                                                              "GetDeviceList",
                                                              "BindConnToSession",
                                                              "DestroyClientID",
                                                              "Seek",
                                                              "Allocate",
                                                              "DeAllocate",
                                                              "LayoutStats",
                                                              "Clone"};

class NfsCollector final : public Collector {
 public:
  explicit NfsCollector(const HostFs& fs) : file_(fs.File(fs.ProcPath("net/rpc/nfs"))) {}

  Status Collect(const RoundContext&, FamilySink& out) override {
    const auto read = file_->Read();
    if (!read) return AbsentIsUnsupported(read.error());
    std::string_view text = *read;
    while (!text.empty()) {
      const RpcLine line = ParseRpcLine(TakeLine(text));
      if (line.key == "net") {
        if (line.count < 4) return MalformedText("rpc/nfs", "four numbers after net", {});
        out.Add(kFamilies[0], {{"protocol", "udp"}}, line[1]);
        out.Add(kFamilies[0], {{"protocol", "tcp"}}, line[2]);
        out.Add(kFamilies[1], {}, line[3]);
      } else if (line.key == "rpc") {
        if (line.count < 3) return MalformedText("rpc/nfs", "three numbers after rpc", {});
        for (std::size_t i = 0; i < 3; ++i) out.Add(kFamilies[2 + i], {}, line[i]);
      } else if (line.key == "proc2") {
        TRY(AddRpcProcedures(line, kFamilies[5], "2", kNfs2Procedures, out));
      } else if (line.key == "proc3") {
        TRY(AddRpcProcedures(line, kFamilies[5], "3", kNfs3Procedures, out));
      } else if (line.key == "proc4") {
        TRY(AddRpcProcedures(line, kFamilies[5], "4", kClient4Procedures, out));
      }
    }
    return Unit{};
  }

 private:
  std::unique_ptr<HostFile> file_;
};

Result<std::unique_ptr<Collector>> Make(const CollectorDeps& deps) {
  return std::unique_ptr<Collector>(std::make_unique<NfsCollector>(deps.fs));
}

}  // namespace

extern const CatalogEntry kNfsCollector{
    .name = "nfs",
    .room = "system",
    .on_by_default = true,
    .interval = seconds(5),
    .help = "Calls of the kernel's NFS client, from /proc/net/rpc/nfs.",
    .families = kFamilies,
    .flags = {},
    .make = &Make,
};

}  // namespace tocsin
