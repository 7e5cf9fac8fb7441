"""The data of the query benchmarks: 2,000 series of a small fleet, 3 hours at 15 s, as OpenMetrics
with timestamps; and the queries that dashboards and alerts ask of it."""
import random

HOURS, STEP = 3, 15

QUERIES = [
    'node_load1',
    'node_load1{instance="host-3"}',
    'up == 0',
    'count(up)',
    'sum by (mode) (rate(node_cpu_seconds_total[5m]))',
    '100 * (1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[5m])))',
    'avg without (cpu) (irate(node_cpu_seconds_total[1m]))',
    'sum(rate(node_cpu_seconds_total{mode!="idle"}[2m])) / count(node_cpu_seconds_total{mode="idle"})',
    '1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes',
    'node_memory_MemTotal_bytes - node_memory_MemFree_bytes - node_memory_Cached_bytes',
    'avg_over_time(node_memory_MemAvailable_bytes[30m])',
    'max_over_time(node_load1[1h])',
    'min_over_time(node_memory_MemAvailable_bytes[15m]) / node_memory_MemTotal_bytes < 0.2',
    'quantile_over_time(0.95, node_load1[30m])',
    'sum by (instance) (rate(node_network_receive_bytes_total{device!="lo"}[5m])) * 8',
    'topk(5, rate(node_network_transmit_bytes_total[5m]))',
    'rate(node_disk_io_time_seconds_total[5m])',
    'increase(node_disk_reads_completed_total[1h])',
    'node_filesystem_avail_bytes / node_filesystem_size_bytes * 100',
    'predict_linear(node_filesystem_avail_bytes[1h], 4 * 3600) < 0',
    'deriv(node_filesystem_avail_bytes[30m])',
    'histogram_quantile(0.95, sum by (le) (rate(http_request_duration_seconds_bucket[5m])))',
    'histogram_quantile(0.99, sum by (handler, le) (rate(http_request_duration_seconds_bucket[5m])))',
    'sum by (handler) (rate(http_request_duration_seconds_bucket{le="+Inf"}[5m]))',
    'sum(rate(http_request_duration_seconds_bucket{le="0.5"}[5m])) / '
    'sum(rate(http_request_duration_seconds_bucket{le="+Inf"}[5m]))',
    'rate(node_network_receive_bytes_total[5m]) > on (instance) group_left () (node_load1 * 1000)',
    'count by (instance) (node_cpu_seconds_total{mode="idle"})',
    'changes(node_load1[10m])',
    'stddev by (job) (node_load1)',
    'sum({__name__=~"node_disk_.*_total"}) by (__name__)',
]

BOUNDS = ["0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "+Inf"]
MODES = ["idle", "user", "system", "iowait", "irq", "softirq", "nice", "steal"]


def series():
    """[(family, type, labels, kind, scale)]: kind is counter, gauge or constant."""
    out = []
    for host in range(10):
        base = f'instance="host-{host}",job="node"'
        for cpu in range(8):
            for mode in MODES:
                out.append(("node_cpu_seconds_total", f'{base},cpu="{cpu}",mode="{mode}"', "counter", 0.8))
        for name in ("MemAvailable", "MemFree", "Cached", "Buffers", "Slab", "Dirty", "Mapped"):
            out.append((f"node_memory_{name}_bytes", base, "gauge", 4e9))
        out.append(("node_memory_MemTotal_bytes", base, "constant", 16e9))
        for name in ("node_load1", "node_load5", "node_load15"):
            out.append((name, base, "gauge", 4))
        out.append(("up", base, "constant", 1))
        for device in ("lo", "eth0", "eth1", "br0", "docker0", "wg0"):
            for way in ("receive", "transmit"):
                out.append((f"node_network_{way}_bytes_total", f'{base},device="{device}"', "counter", 1e5))
        for device in ("sda", "sdb", "nvme0n1", "dm-0"):
            for name in ("reads_completed", "writes_completed", "io_time_seconds"):
                out.append((f"node_disk_{name}_total", f'{base},device="{device}"', "counter", 30))
        for mount in ("/", "/boot", "/home", "/var", "/srv", "/tmp"):
            labels = f'{base},fstype="ext4",mountpoint="{mount}"'
            out.append(("node_filesystem_avail_bytes", labels, "gauge", 5e10))
            out.append(("node_filesystem_size_bytes", labels, "constant", 1e11))
        for handler in ("/", "/api", "/login", "/search", "/static"):
            for bound in BOUNDS:
                out.append(("http_request_duration_seconds_bucket",
                            f'{base},handler="{handler}",le="{bound}"', "counter", 20))
        for number in range(28):
            out.append(("app_queue_size", f'{base},queue="q{number}"', "gauge", 100))
    return sorted(out)


def write(path, end):
    """Writes the file; `end` is the last timestamp in whole seconds."""
    rng = random.Random(1)
    times = range(end - HOURS * 3600 + STEP, end + 1, STEP)
    family = None
    with open(path, "w") as out:
        for name, labels, kind, scale in series():
            if name != family:
                family = name
                out.write(f"# TYPE {name} unknown\n")
            value = scale if kind == "constant" else scale * rng.random()
            for t in times:
                if kind == "counter":
                    value += rng.randrange(1 + int(scale * STEP)) if scale >= 1 else scale * STEP * rng.random()
                elif kind == "gauge":
                    value = max(0, value + (rng.random() - 0.5) * scale / 50)
                    value = round(value) if scale > 1000 else round(value, 2)
                out.write(f"{name}{{{labels}}} {round(value, 2):.12g} {t}\n")
        out.write("# EOF\n")
    return len(series())
