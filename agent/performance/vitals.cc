#include "agent/performance/vitals.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace tocsin::performance {
namespace {

// Devices that stand for others, or for nothing that can be slow.
#define DISKS R"(device!~"(loop|ram|zram|sr|fd|dm-|md)[0-9]*")"
#define LINKS \
  R"(device!~"lo|veth.*|docker.*|br-.*|cali.*|flannel.*|cni.*|virbr.*|tap.*|tun.*|ifb.*")"
#define REAL_FS R"(fstype!~"tmpfs|devtmpfs|ramfs|overlay|squashfs|iso9660|erofs|udf|fuse.*|nsfs")"

constexpr std::array kVitals{
    // CPU
    VitalSpec{"cpu_pressure", Resource::kCpu, Aspect::kSaturation, Measure::kPercent,
              "tasks wait for a CPU", "100 * rate(node_pressure_cpu_waiting_seconds_total[2m])", "",
              50, 80,
              "More runs than there are cores for. Move work away, lower its priority, or add "
              "cores; in a "
              "container look at its quota first.",
              "top -o %CPU\npidstat -u 1\ncat /proc/pressure/cpu", "HostCpuPressure"},
    VitalSpec{"cpu_run_queue", Resource::kCpu, Aspect::kSaturation, Measure::kCount,
              "runnable tasks for each core",
              "avg_over_time(node_procs_running[2m]) / on () group_left () count(count by (cpu) "
              "(node_cpu_seconds_total))",
              "", 2, 4,
              "Tasks that run or wait for a core, on average for each core. Which ones they are "
              "says the CPU time of their programs.",
              "vmstat 1\nps -eo stat,pcpu,comm --sort -pcpu | grep ^R", "HostLoadHigh"},
    VitalSpec{"cpu_throttled", Resource::kCpu, Aspect::kSaturation, Measure::kPercent,
              "periods in which a cgroup reached its quota",
              "100 * rate(container_cpu_cfs_throttled_periods_total[2m]) / "
              "(rate(container_cpu_cfs_periods_total[2m]) > 0)",
              "id", 25, 75,
              "The cgroup is held back by its own limit, not by the host. Raise CPUQuota= or the "
              "container's limit, or run fewer threads in it.",
              "systemd-cgtop -c\ngrep -r . /sys/fs/cgroup/CGROUP/cpu.stat", ""},
    VitalSpec{"cpu_steal", Resource::kCpu, Aspect::kSaturation, Measure::kPercent,
              "time taken by the hypervisor",
              "100 * avg without (cpu, mode) (rate(node_cpu_seconds_total{mode=\"steal\"}[2m]))",
              "", 5, 20,
              "Other virtual machines use the cores that this one was promised. Nothing on this "
              "host helps: move it, or buy cores of its own.",
              "mpstat -P ALL 1", ""},
    VitalSpec{"cpu_utilisation", Resource::kCpu, Aspect::kUtilisation, Measure::kPercent,
              "CPU busy",
              "100 * (1 - sum without (cpu, mode) "
              "(rate(node_cpu_seconds_total{mode=~\"idle|iowait\"}[2m])) / on () group_left () "
              "count(count by (cpu) (node_cpu_seconds_total)))",
              "", 70, 90,
              "All cores together. Which programs use them, and is it time of their own or of the "
              "kernel (mode)?",
              "top -o %CPU\nperf top", "HostCpuBusy"},

    // Memory
    VitalSpec{"memory_pressure", Resource::kMemory, Aspect::kSaturation, Measure::kPercent,
              "all tasks stall for memory",
              "100 * rate(node_pressure_memory_stalled_seconds_total[2m])", "", 5, 20,
              "The host thrashes: it reads back what it has just thrown out. End or shrink the "
              "largest programs, or add memory; the OOM killer comes late.",
              "ps -eo rss,comm --sort -rss | head\ncat /proc/pressure/memory\nvmstat 1",
              "HostMemoryPressure"},
    VitalSpec{"memory_waiting", Resource::kMemory, Aspect::kSaturation, Measure::kPercent,
              "some task waits for memory",
              "100 * rate(node_pressure_memory_waiting_seconds_total[2m])", "", 10, 40,
              "Tasks reclaim pages before they get one. It may be one cgroup at its limit: "
              "memory.pressure of each says which.",
              "cat /proc/pressure/memory\nsystemd-cgtop -m", ""},
    VitalSpec{"memory_swapping", Resource::kMemory, Aspect::kSaturation, Measure::kPerSecond,
              "pages to and from swap",
              "rate(node_vmstat_pswpin[2m]) + rate(node_vmstat_pswpout[2m])", "", 200, 2000,
              "Memory is used that is not there. Which programs lie in swap says VmSwap in their "
              "status; a leak is in `tocsin leaks`.",
              "vmstat 1\ngrep VmSwap /proc/[0-9]*/status | sort -k2 -n | tail", ""},
    VitalSpec{"memory_oom_kills", Resource::kMemory, Aspect::kErrors, Measure::kCount,
              "OOM kills in 10 minutes", "increase(node_vmstat_oom_kill[10m])", "", 0.5, 2.5,
              "The kernel's log names the processes and what they used; with a limit of their "
              "cgroup it is that limit which was reached.",
              "journalctl -k -g 'Out of memory|oom-kill'", "HostOomKill"},
    VitalSpec{"memory_ecc", Resource::kMemory, Aspect::kErrors, Measure::kCount,
              "memory errors in an hour",
              "increase(node_edac_correctable_errors_total[1h]) + on (controller, instance) "
              "increase(node_edac_uncorrectable_errors_total[1h])",
              "controller", 0.5, 100,
              "A memory module fails. Corrected errors slow the host down and announce others.",
              "edac-util -v\nras-mc-ctl --errors", ""},
    VitalSpec{"memory_utilisation", Resource::kMemory, Aspect::kCapacity, Measure::kPercent,
              "memory in use",
              "100 * (1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes)", "", 80, 95,
              "What cannot be handed out without swapping. The largest programs, and what grows "
              "among them (`tocsin leaks`).",
              "ps -eo rss,comm --sort -rss | head\ntocsin leaks", "HostMemoryUsed"},

    // Disk: the time of its operations. What is stored on it is Resource::kFilesystem.
    VitalSpec{"io_pressure", Resource::kDisk, Aspect::kSaturation, Measure::kPercent,
              "all tasks stall for I/O", "100 * rate(node_pressure_io_stalled_seconds_total[2m])",
              "", 20, 50,
              "Nothing runs because everything waits for storage. Which device, and who uses it?",
              "iostat -x 1\npidstat -d 1\ncat /proc/pressure/io", "HostIoPressure"},
    VitalSpec{"io_waiting", Resource::kDisk, Aspect::kSaturation, Measure::kPercent,
              "some task waits for I/O", "100 * rate(node_pressure_io_waiting_seconds_total[2m])",
              "", 60, 90,
              "At least one task waits for storage most of the time. `ps` names those in "
              "uninterruptible sleep.",
              "ps -eo stat,wchan,comm | grep ^D\niostat -x 1", ""},
    VitalSpec{"disk_queue", Resource::kDisk, Aspect::kSaturation, Measure::kCount,
              "operations queued or in flight",
              "rate(node_disk_io_time_weighted_seconds_total{" DISKS "}[2m])", "device", 8, 32,
              "More is asked of the device than it completes. An SSD works on many at a time; look "
              "at the time that an operation takes.",
              "iostat -x 1\npidstat -d 1", ""},
    VitalSpec{"disk_wait", Resource::kDisk, Aspect::kSaturation, Measure::kMilliseconds,
              "an operation takes",
              "1000 * (rate(node_disk_read_time_seconds_total{" DISKS
              "}[2m]) + rate(node_disk_write_time_seconds_total[2m])) / "
              "(rate(node_disk_reads_completed_total[2m]) + "
              "rate(node_disk_writes_completed_total[2m]) > 5)",
              "device", 30, 150,
              "From asking to having, on average. Above some 30 ms an SSD is at its limit, a "
              "rotating disk above 100.",
              "iostat -x 1\nsmartctl -a /dev/DEVICE", ""},
    VitalSpec{"disk_utilisation", Resource::kDisk, Aspect::kUtilisation, Measure::kPercent,
              "device busy", "100 * rate(node_disk_io_time_seconds_total{" DISKS "}[2m])", "device",
              80, 95,
              "The time in which the device had anything to do. Of devices that work on many "
              "operations at once this alone says little.",
              "iostat -x 1", ""},
    VitalSpec{"raid_failed", Resource::kDisk, Aspect::kErrors, Measure::kCount, "failed disks",
              "node_md_disks{state=\"failed\"}", "device", 0.5, 1.5,
              "The array has lost redundancy. Replace the disk before the next one fails.",
              "cat /proc/mdstat\nmdadm --detail /dev/DEVICE", ""},

    // File systems
    VitalSpec{
        "filesystem_space", Resource::kFilesystem, Aspect::kCapacity, Measure::kPercent,
        "space used",
        "100 * (1 - node_filesystem_avail_bytes{" REAL_FS
        "} / node_filesystem_size_bytes) unless node_filesystem_readonly == 1",
        "mountpoint", 85, 95, "Find what is large; files that are deleted but held open count too.",
        "du -xh --max-depth=2 MOUNTPOINT | sort -h | tail\nlsof +L1 MOUNTPOINT", "HostDiskFull"},
    VitalSpec{"filesystem_inodes", Resource::kFilesystem, Aspect::kCapacity, Measure::kPercent,
              "inodes used",
              "100 * (1 - node_filesystem_files_free{" REAL_FS
              "} / (node_filesystem_files > 0)) unless node_filesystem_readonly == 1",
              "mountpoint", 85, 95,
              "No file can be created once they are used up. Find the folders with the most files.",
              "du --inodes -x -d 3 MOUNTPOINT | sort -n | tail", "HostInodesFull"},
    VitalSpec{"filesystem_errors", Resource::kFilesystem, Aspect::kErrors, Measure::kCount,
              "cannot be looked at", "node_filesystem_device_error{" REAL_FS "}", "mountpoint", 0.5,
              1.5, "The mount does not answer: a dead network mount, or missing rights.",
              "stat -f MOUNTPOINT\ndmesg | tail", ""},

    // Network
    VitalSpec{"network_drops", Resource::kNetwork, Aspect::kSaturation, Measure::kPercent,
              "packets dropped",
              "100 * (rate(node_network_receive_drop_total{" LINKS
              "}[2m]) + rate(node_network_transmit_drop_total[2m])) / "
              "clamp_min(rate(node_network_receive_packets_total[2m]) + "
              "rate(node_network_transmit_packets_total[2m]), 10)",
              "device", 0.5, 2,
              "The kernel or the card has no room for them: ring buffers, queues, or one core that "
              "serves all interrupts.",
              "ip -s -s link show DEVICE\nethtool -S DEVICE | grep -i drop\nethtool -g DEVICE", ""},
    VitalSpec{"network_backlog", Resource::kNetwork, Aspect::kSaturation, Measure::kPerSecond,
              "packets dropped before the stack",
              "sum without (cpu) (rate(node_softnet_dropped_total[2m]))", "", 1, 100,
              "The backlog of a core was full. Spread interrupts (RSS, RPS) or raise "
              "net.core.netdev_max_backlog.",
              "cat /proc/net/softnet_stat\ncat /proc/interrupts", ""},
    VitalSpec{"network_listen_drops", Resource::kNetwork, Aspect::kSaturation, Measure::kPerSecond,
              "connections refused by full queues", "rate(node_netstat_TcpExt_ListenDrops[2m])", "",
              0.1, 10, "A server does not accept fast enough. `ss` shows which: Recv-Q at Send-Q.",
              "ss -ltn\nnstat -az TcpExtListenDrops TcpExtListenOverflows", ""},
    VitalSpec{"network_udp_buffer", Resource::kNetwork, Aspect::kSaturation, Measure::kPerSecond,
              "datagrams lost for lack of buffer",
              // Without IPv6 there is no Udp6.
              "rate(node_netstat_Udp_RcvbufErrors[2m]) + (rate(node_netstat_Udp6_RcvbufErrors[2m]) "
              "or 0 * rate(node_netstat_Udp_RcvbufErrors[2m]))",
              "", 1, 100,
              "A program reads its UDP socket too slowly. `ss` shows which one, its buffer is "
              "limited by net.core.rmem_max.",
              "ss -lunpm", ""},
    VitalSpec{"network_retransmits", Resource::kNetwork, Aspect::kErrors, Measure::kPercent,
              "TCP segments sent again",
              "100 * rate(node_netstat_Tcp_RetransSegs[2m]) / "
              "clamp_min(rate(node_netstat_Tcp_OutSegs[2m]), 10)",
              "", 3, 10,
              "Packets are lost between here and the peers: a full link, a bad cable, or far away. "
              "`ss` shows the connections.",
              "ss -ti | grep -B1 retrans\nnstat -az TcpRetransSegs", ""},
    VitalSpec{
        "network_errors", Resource::kNetwork, Aspect::kErrors, Measure::kPercent,
        "packets with errors",
        "100 * (rate(node_network_receive_errs_total{" LINKS
        "}[2m]) + rate(node_network_transmit_errs_total[2m])) / "
        "clamp_min(rate(node_network_receive_packets_total[2m]) + "
        "rate(node_network_transmit_packets_total[2m]), 10)",
        "device", 1, 5,
        "Cable, transceiver, duplex or driver. The switch's counters say which side it is on.",
        "ethtool -S DEVICE\nethtool DEVICE", "HostNetworkErrors"},
    VitalSpec{"network_receive", Resource::kNetwork, Aspect::kUtilisation, Measure::kPercent,
              "of the link's speed received",
              "100 * rate(node_network_receive_bytes_total{" LINKS
              "}[2m]) / (node_network_speed_bytes > 0)",
              "device", 70, 90, "Who receives it, and from whom?", "ss -tinp\niftop -i DEVICE", ""},
    VitalSpec{"network_transmit", Resource::kNetwork, Aspect::kUtilisation, Measure::kPercent,
              "of the link's speed sent",
              "100 * rate(node_network_transmit_bytes_total{" LINKS
              "}[2m]) / (node_network_speed_bytes > 0)",
              "device", 70, 90, "Who sends it, and to whom?", "ss -tinp\niftop -i DEVICE", ""},

    // What the kernel bounds
    VitalSpec{"conntrack", Resource::kLimits, Aspect::kCapacity, Measure::kPercent,
              "connection tracking table used",
              "100 * node_nf_conntrack_entries / (node_nf_conntrack_entries_limit > 0)", "", 80, 95,
              "When it is full, new connections are dropped without a word.",
              "conntrack -S\nsysctl net.netfilter.nf_conntrack_max", "HostConntrackFull"},
    VitalSpec{"file_descriptors", Resource::kLimits, Aspect::kCapacity, Measure::kPercent,
              "of all file descriptors in use", "100 * node_filefd_allocated / node_filefd_maximum",
              "", 70, 90, "Which program holds them, and does it close them?",
              "lsof -n | awk '{print $1}' | sort | uniq -c | sort -n | tail",
              "HostFileDescriptors"},
    VitalSpec{
        "program_descriptors", Resource::kLimits, Aspect::kCapacity, Measure::kPercent,
        "of its own file descriptors in use",
        "100 * topk(5, namedprocess_namegroup_worst_fd_ratio)", "groupname", 80, 95,
        "At 100 it cannot open a file or accept a connection. Raise LimitNOFILE=, or find what "
        "it does not close (`tocsin leaks`).",
        "ls -l /proc/PID/fd | awk '{print $NF}' | sort | uniq -c | sort -n | tail",
        "ProcessDescriptorLeak"},
};

#undef DISKS
#undef LINKS
#undef REAL_FS

std::string Number(double value, const char* unit) {
  const double size = std::fabs(value);
  const int decimals = size >= 10 || size == std::floor(size) ? 0 : size >= 0.1 ? 1 : 2;
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.*f%s", decimals, value, unit);
  return text.data();
}

std::string Bytes(double value) {
  constexpr std::array<const char*, 5> kUnits{" B", " KiB", " MiB", " GiB", " TiB"};
  std::size_t unit = 0;
  while (std::fabs(value) >= 1024 && unit + 1 < kUnits.size()) {
    value /= 1024;
    ++unit;
  }
  return Number(value, kUnits.at(unit));
}

}  // namespace

std::string_view ResourceText(Resource resource) {
  switch (resource) {
    case Resource::kCpu:
      return "cpu";
    case Resource::kMemory:
      return "memory";
    case Resource::kDisk:
      return "disk";
    case Resource::kFilesystem:
      return "filesystem";
    case Resource::kNetwork:
      return "network";
    case Resource::kLimits:
      return "limits";
  }
  return "";
}

std::string_view AspectText(Aspect aspect) {
  switch (aspect) {
    case Aspect::kUtilisation:
      return "utilisation";
    case Aspect::kCapacity:
      return "capacity";
    case Aspect::kSaturation:
      return "saturation";
    case Aspect::kErrors:
      return "errors";
  }
  return "";
}

std::string_view MeasureText(Measure measure) {
  switch (measure) {
    case Measure::kPercent:
      return "percent";
    case Measure::kPerSecond:
      return "per_second";
    case Measure::kMilliseconds:
      return "milliseconds";
    case Measure::kCount:
      return "count";
    case Measure::kBytes:
      return "bytes";
    case Measure::kCores:
      return "cores";
  }
  return "";
}

std::string ShowValue(double value, Measure measure) {
  switch (measure) {
    case Measure::kPercent:
      return Number(value, " %");
    case Measure::kPerSecond:
      return Number(value, "/s");
    case Measure::kMilliseconds:
      return Number(value, " ms");
    case Measure::kCount:
      return Number(value, "");
    case Measure::kBytes:
      return Bytes(value);
    case Measure::kCores:
      return Number(value, " cores");
  }
  return "";
}

std::span<const VitalSpec> Vitals() { return kVitals; }

const VitalSpec* FindVital(std::string_view name) {
  const auto* found = std::find_if(kVitals.begin(), kVitals.end(),
                                   [&](const VitalSpec& vital) { return vital.name == name; });
  return found == kVitals.end() ? nullptr : found;
}

CulpritSpec Culprits(Resource resource) {
  switch (resource) {
    case Resource::kCpu:
      return {"topk(3, sum by (groupname) (rate(namedprocess_namegroup_cpu_seconds_total[2m])))",
              "groupname", Measure::kCores};
    case Resource::kMemory:
      return {
          "topk(3, sum by (groupname) "
          "(namedprocess_namegroup_memory_bytes{memtype=~\"resident|swapped\"}))",
          "groupname", Measure::kBytes};
    case Resource::kDisk:
      return {
          "topk(3, sum by (groupname) (rate(namedprocess_namegroup_read_bytes_total[2m]) + "
          "rate(namedprocess_namegroup_write_bytes_total[2m])))",
          "groupname", Measure::kBytes};
    case Resource::kLimits:
      return {"topk(3, sum by (groupname) (namedprocess_namegroup_open_filedesc))", "groupname",
              Measure::kCount};
    case Resource::kFilesystem:
    case Resource::kNetwork:
      return {};
  }
  return {};
}

std::string Runbook(Resource resource) {
  return "docs/performance.md#" + std::string(ResourceText(resource));
}

}  // namespace tocsin::performance
