"""The host; its processes and what leaks among them."""
from panels import above, dashboard, graph, hosts, panel, rule, stat, steps, to, variable

I = 'instance=~"$instance"'
R = "[$__rate_interval]"
REAL_FS = 'fstype!~"tmpfs|devtmpfs|ramfs|overlay|squashfs|iso9660|erofs|udf|fuse.*|nsfs"'
LINKS = 'device!~"lo|veth.*|docker.*|br-.*|cali.*|flannel.*|cni.*|virbr.*|tap.*|tun.*"'
DISKS = 'device!~"(loop|ram|zram|sr|fd|dm-|md)[0-9]*"'

CPU_BUSY = f'100 * (1 - avg without (cpu, mode) (rate(node_cpu_seconds_total{{mode="idle",{I}}}{R})))'
MEMORY_USED = f"100 * (1 - node_memory_MemAvailable_bytes{{{I}}} / node_memory_MemTotal_bytes)"
DISK_FULL = (f"100 * (1 - node_filesystem_avail_bytes{{{REAL_FS},{I}}} / node_filesystem_size_bytes)"
             " unless node_filesystem_readonly == 1")
NOT_IDLE = 'mode!="idle"'
CORES = 'count without (cpu, mode) (node_cpu_seconds_total{mode="idle"})'


def rate(metric, matchers=""):
    return f"rate({metric}{{{matchers + ',' if matchers else ''}{I}}}{R})"


def host():
    glance = [
        stat("CPU", "Share of the time in which all cores together did something. Colours: HostCpuBusy.",
             f"max({CPU_BUSY})", "percent", thresholds=rule("HostCpuBusy"), decimals=0),
        stat("Memory", "What cannot be handed out any more without swapping. Colours: HostMemoryUsed.",
             f"max({MEMORY_USED})", "percent", thresholds=rule("HostMemoryUsed"), decimals=0),
        stat("Fullest file system", "The one with the least space left. Colours: HostDiskFull.",
             f"max({DISK_FULL})", "percent", thresholds=rule("HostDiskFull"), decimals=0),
        stat("Load per core", "Tasks that run, wait for a core or for storage, for each core, over 15 minutes. "
             "Colours: HostLoadHigh.", f"max(node_load15{{{I}}} / {CORES})", "short",
             thresholds=rule("HostLoadHigh"), decimals=2),
        stat("Alerts that fire", "Of the rules of this agent. The dashboard Alerts says which.",
             f'sum(tocsin_alerts{{state="firing",{I}}}) or vector(0)', thresholds=above(1, 5),
             links=[("Alerts", to("tocsin-alerts"))]),
        stat("Up for", "Since the kernel was booted.", f"min(node_time_seconds{{{I}}} - node_boot_time_seconds)",
             "s"),
    ]
    cpu = [
        graph("CPU by mode", "Cores in use, by what for. iowait is idle time in which something waited for storage; "
              "steal was taken by the hypervisor.",
              [(f"sum by (instance, mode) ({rate('node_cpu_seconds_total', NOT_IDLE)})",
                "{{instance}} {{mode}}")], stacked=True, min=0),
        graph("CPU busy", "All cores together, without idle time. Lines: HostCpuBusy.",
              [(CPU_BUSY, "{{instance}}")], "percent", thresholds=rule("HostCpuBusy"), min=0, max=100),
        graph("Load per core", "Lines: HostLoadHigh, which judges the 15 minutes.",
              [(f"node_load{n}{{{I}}} / {CORES}", f"{{{{instance}}}} {n}m") for n in (1, 5, 15)],
              thresholds=rule("HostLoadHigh"), min=0),
        graph("Pressure: something waits", "Share of the time in which at least one task waited for it (PSI).",
              [(f"100 * {rate(f'node_pressure_{what}_waiting_seconds_total')}", f"{{{{instance}}}} {what}")
               for what in ("cpu", "memory", "io")], "percent", min=0),
        graph("Tasks", "Running or waiting for a core, and waiting in uninterruptible sleep, mostly for storage.",
              [(f"node_procs_running{{{I}}}", "{{instance}} running"),
               (f"node_procs_blocked{{{I}}}", "{{instance}} blocked")], min=0),
        graph("Switches and interrupts", "A second. A jump without more work is a spinning program or device.",
              [(rate("node_context_switches_total"), "{{instance}} context switches"),
               (rate("node_intr_total"), "{{instance}} interrupts")], "ops", min=0),
    ]
    memory = [
        graph("Memory by use", "Page cache is given back when it is needed; the rest is not.",
              [(f"node_memory_{kind}_bytes{{{I}}}", f"{{{{instance}}}} {name}")
               for kind, name in (("AnonPages", "programs"), ("Shmem", "shared"), ("SUnreclaim", "kernel"),
                                  ("SReclaimable", "kernel, reclaimable"), ("Cached", "page cache"),
                                  ("Buffers", "buffers"), ("MemFree", "free"))], "bytes", stacked=True, min=0),
        graph("Memory used", "Lines: HostMemoryUsed.", [(MEMORY_USED, "{{instance}}")], "percent",
              thresholds=rule("HostMemoryUsed"), min=0, max=100),
        graph("All tasks stall for memory", "Share of the time in which nothing could go on for lack of memory (PSI). "
              "Lines: HostMemoryPressure.",
              [(f"100 * {rate('node_pressure_memory_stalled_seconds_total')}", "{{instance}}")], "percent",
              thresholds=rule("HostMemoryPressure"), min=0),
        graph("Swapping", "Pages read from and written to swap. Once in a while is housekeeping, lasting is a lack "
              "of memory.", [(rate("node_vmstat_pswpin"), "{{instance}} in"),
                             (rate("node_vmstat_pswpout"), "{{instance}} out")], "ops", min=0),
        graph("Page faults from storage", "Pages that had to be read back: programs starting, or thrashing.",
              [(rate("node_vmstat_pgmajfault"), "{{instance}}")], "ops", min=0),
        graph("OOM kills", "Processes that the kernel killed for lack of memory in ten minutes. Lines: HostOomKill.",
              [(f"increase(node_vmstat_oom_kill{{{I}}}[10m])", "{{instance}}")],
              thresholds=rule("HostOomKill"), min=0),
    ]
    disk = [
        graph("Busy", "Share of the time in which the device had anything to do. Full use alone is no shortage.",
              [(f"100 * {rate('node_disk_io_time_seconds_total', DISKS)}", "{{instance}} {{device}}")], "percent",
              min=0, max=100),
        graph("Throughput", "Read above, written below.",
              [(rate("node_disk_read_bytes_total", DISKS), "{{instance}} {{device}} read"),
               (f"-{rate('node_disk_written_bytes_total', DISKS)}", "{{instance}} {{device}} written")], "Bps"),
        graph("Operations", "Completed a second: reads above, writes below.",
              [(rate("node_disk_reads_completed_total", DISKS), "{{instance}} {{device}} reads"),
               (f"-{rate('node_disk_writes_completed_total', DISKS)}", "{{instance}} {{device}} writes")], "iops"),
        graph("Time of an operation", "From asking to having, on average. Nothing where nothing is asked.",
              [(f"({rate('node_disk_read_time_seconds_total', DISKS)} + rate(node_disk_write_time_seconds_total{R}))"
                f" / (rate(node_disk_reads_completed_total{R}) + rate(node_disk_writes_completed_total{R}))",
                "{{instance}} {{device}}")], "s", min=0),
        graph("In flight", "Operations queued or being worked on, on average.",
              [(rate("node_disk_io_time_weighted_seconds_total", DISKS), "{{instance}} {{device}}")], min=0),
        graph("All tasks stall for I/O", "Share of the time in which everything waited for storage (PSI). Lines: "
              "HostIoPressure.", [(f"100 * {rate('node_pressure_io_stalled_seconds_total')}", "{{instance}}")],
              "percent", thresholds=rule("HostIoPressure"), min=0),
        panel("bargauge", "Space used", "Of each file system, for everybody but root. Colours: HostDiskFull.",
              [(DISK_FULL, "{{instance}} {{mountpoint}}")], "percent", thresholds=rule("HostDiskFull"), min=0,
              max=100, width=12),
        panel("bargauge", "Inodes used", "No file can be created without one. Colours: HostInodesFull.",
              [(f"100 * (1 - node_filesystem_files_free{{{REAL_FS},{I}}} / node_filesystem_files)"
                " unless node_filesystem_readonly == 1", "{{instance}} {{mountpoint}}")], "percent",
              thresholds=rule("HostInodesFull"), min=0, max=100, width=12),
    ]
    network = [
        graph("Traffic", "Received above, sent below.",
              [(rate("node_network_receive_bytes_total", LINKS), "{{instance}} {{device}} received"),
               (f"-{rate('node_network_transmit_bytes_total', LINKS)}", "{{instance}} {{device}} sent")], "Bps"),
        graph("Packets", "Received above, sent below.",
              [(rate("node_network_receive_packets_total", LINKS), "{{instance}} {{device}} received"),
               (f"-{rate('node_network_transmit_packets_total', LINKS)}", "{{instance}} {{device}} sent")], "pps"),
        graph("Drops and errors", "Packets a second that a device dropped or could not read.",
              [(f"{rate(f'node_network_{way}_{what}_total', LINKS)}", f"{{{{instance}}}} {{{{device}}}} {way} {what}")
               for way in ("receive", "transmit") for what in ("drop", "errs")], "pps", min=0),
        graph("Packets with errors", "Share of all packets of a device. Lines: HostNetworkErrors.",
              [(f"100 * ({rate('node_network_receive_errs_total', LINKS)} + rate(node_network_transmit_errs_total{R}))"
                f" / clamp_min(rate(node_network_receive_packets_total{R})"
                f" + rate(node_network_transmit_packets_total{R}), 1)", "{{instance}} {{device}}")], "percent",
              thresholds=rule("HostNetworkErrors"), min=0),
        graph("TCP", "Segments sent again, and connections that full queues refused, a second.",
              [(rate("node_netstat_Tcp_RetransSegs"), "{{instance}} sent again"),
               (rate("node_netstat_TcpExt_ListenDrops"), "{{instance}} refused")], "ops", min=0),
        graph("Connections", "TCP connections that are established, and sockets that wait out their end.",
              [(f"node_netstat_Tcp_CurrEstab{{{I}}}", "{{instance}} established"),
               (f"node_sockstat_TCP_tw{{{I}}}", "{{instance}} time wait")], min=0),
    ]
    kernel = [
        graph("File descriptors", "Of all that the kernel gives out. Lines: HostFileDescriptors.",
              [(f"100 * node_filefd_allocated{{{I}}} / node_filefd_maximum", "{{instance}}")], "percent",
              thresholds=rule("HostFileDescriptors"), min=0),
        graph("Connection tracking", "Entries of the table of all that it may have. Lines: HostConntrackFull.",
              [(f"100 * node_nf_conntrack_entries{{{I}}} / node_nf_conntrack_entries_limit", "{{instance}}")],
              "percent", thresholds=rule("HostConntrackFull"), min=0),
        graph("Clock", "How far it is off, as the kernel is told. Lines: HostClockOffset.",
              [(f"abs(node_timex_offset_seconds{{{I}}})", "{{instance}}")], "s", thresholds=rule("HostClockOffset"),
              min=0),
    ]
    return dashboard("tocsin-host", "Tocsin / Host", "One Linux host: CPU, memory, disks, network, kernel.", hosts(),
                     [("At a glance", glance), ("CPU", cpu), ("Memory", memory), ("Disks and file systems", disk),
                      ("Network", network), ("Kernel", kernel)])


def processes():
    g = f'groupname=~"$group",{I}'
    by = "sum by (instance, groupname)"
    here = [("Only this group", to("tocsin-processes", group="${__field.labels.groupname}"))]

    def top(expr, count=10):
        return [(f"topk({count}, {expr})", "{{groupname}} ({{instance}})")]

    use = [
        graph("CPU", "Cores that each group uses: the ten with the most.",
              top(f"{by} (rate(namedprocess_namegroup_cpu_seconds_total{{{g}}}{R}))"), min=0, links=here, width=12),
        graph("Memory", "Resident memory of each group: the ten with the most. Pages that processes share count in each "
              "of them.", top(f'namedprocess_namegroup_memory_bytes{{memtype="resident",{g}}}'), "bytes", min=0,
              links=here, width=12),
        graph("Reads and writes", "Bytes a second from and to storage: the ten groups with the most.",
              top(f"{by} (rate(namedprocess_namegroup_read_bytes_total{{{g}}}{R})) + "
                  f"{by} (rate(namedprocess_namegroup_write_bytes_total{{{g}}}{R}))"), "Bps", min=0),
        graph("Descriptors", "Share of its own limit that the process of a group which is nearest to it has open.",
              top(f"100 * namedprocess_namegroup_worst_fd_ratio{{{g}}}"), "percent", thresholds=above(80, 95), min=0),
        graph("Threads", "Of each group: the ten with the most.", top(f"namedprocess_namegroup_num_threads{{{g}}}"),
              min=0),
        graph("Processes", "Of each group: the ten with the most.", top(f"namedprocess_namegroup_num_procs{{{g}}}"),
              min=0),
        graph("States", "Processes by what they do. Zombies have ended and were not fetched by their parent.",
              [(f"sum by (instance, state) (namedprocess_namegroup_states{{{g}}})", "{{state}} ({{instance}})")],
              stacked=True, min=0),
        graph("Page faults from storage", "A second: the ten groups with the most.",
              top(f"{by} (rate(namedprocess_namegroup_major_page_faults_total{{{g}}}{R}))"), "ops", min=0),
    ]
    suspects = [
        stat("Confirmed leaks", "Series whose floor grows towards a limit. docs/leaks.md says how that is decided.",
             f"count(tocsin_leak_state{{{I}}} == 2) or vector(0)", thresholds=above(1)),
        stat("Suspects", "Series that may leak: it is too early to tell.",
             f"count(tocsin_leak_state{{{I}}} == 1) or vector(0)", thresholds=above(1)),
        stat("Followed", "Series that leak rules look at.", f"count(tocsin_leak_state{{{I}}})"),
        stat("Until the first is full", "Time until the first leaking series reaches its limit. Colours: "
             "ProcessMemoryLeak (4 h critical, 24 h warning).",
             f'min(tocsin_leak_exhaustion_seconds{{bound="mid",{I}}})', "s", width=12, noValue="none leaks",
             thresholds=steps([(None, "red"), (4 * 3600, "orange"), (24 * 3600, "green")])),
        panel("table", "What is followed", "Every followed series by its state: 2 confirmed, 1 suspected, 0 healthy.",
              [(f"sort_desc(topk(20, tocsin_leak_state{{{I}}}))", "")], width=24, hide=["Time", "__name__", "job"],
              thresholds=above(1, 2)),
        graph("Floor of anonymous memory", "The least of ten minutes: what a group never gives back. A leak lifts it; "
              "load does not.", top(f"min_over_time(namedprocess_namegroup_anon_bytes{{{g}}}[10m])"), "bytes", min=0,
              links=here, width=12),
        graph("Open descriptors", "The least of ten minutes of each group.",
              top(f"min_over_time(namedprocess_namegroup_open_filedesc{{{g}}}[10m])"), min=0, links=here, width=12),
        graph("Growth of what leaks", "Of the floor, a second, in the unit of the series.",
              [(f"tocsin_leak_slope_bytes_per_second{{{I}}}",
                "{{rule}} {{groupname}}{{id}} ({{instance}})")], "Bps", width=12, noValue="none leaks"),
        graph("Time until the limit", "With its interval: low and high bound some 80 %.",
              [(f"tocsin_leak_exhaustion_seconds{{{I}}}",
                "{{rule}} {{groupname}}{{id}} {{bound}} ({{instance}})")], "s", min=0, width=12, noValue="none leaks",
              thresholds=steps([(None, "red"), (4 * 3600, "orange"), (24 * 3600, "green")])),
    ]
    group = variable("group", "Group",
                     'label_values(namedprocess_namegroup_num_procs{instance=~"$instance"}, groupname)')
    return dashboard("tocsin-processes", "Tocsin / Processes and leaks",
                     "What uses the host, group by group, and what does not give it back.", [*hosts(), group],
                     [("Leaks", suspects), ("Use", use)])
