"""Random series for the differential test, and how they get into both engines: remote write (the
protobuf and snappy of which are written here by hand) and the line protocol of query --stdin."""
import http.client
import math
import struct

STALE = object()
START_S = 1_600_000_000
SPAN_S = 2 * 3600
STALE_BITS = 0x7FF0000000000002
NAN_BITS = 0x7FF8000000000001
JOBS = ["api", "db"]
INSTANCES = ["0", "1", "2"]
BOUNDS = ["0.05", "0.1", "0.25", "0.5", "1", "2.5", "+Inf"]


def dyadic(rng, low, high):
    """A multiple of 1/8: sums of these are exact, whatever the order of summation."""
    return rng.randint(low * 8, high * 8) / 8


def times(rng, interval_s):
    """Milliseconds, some of them jittered, with gaps."""
    jitter = rng.choice([0, 0, 300, 2000])
    t = START_S * 1000 + rng.randrange(0, interval_s * 1000)
    while t < (START_S + SPAN_S) * 1000:
        yield t + (rng.randrange(0, jitter) if jitter else 0)
        gap = rng.randrange(2, 60) if rng.random() < 0.01 else 1
        t += interval_s * 1000 * gap


def with_stale(rng, points):
    """Some samples replaced by staleness markers."""
    for t, value in points:
        yield t, STALE if rng.random() < 0.01 else value


def gauge(rng, interval_s):
    value = dyadic(rng, -50, 50)
    for t in times(rng, interval_s):
        if rng.random() < 0.8:
            value += dyadic(rng, -5, 5)
        yield t, value


def counter(rng, interval_s, step):
    value = dyadic(rng, 0, 1000)
    for t in times(rng, interval_s):
        if rng.random() < 0.01:
            value = 0.0
        elif rng.random() < 0.8:
            value += dyadic(rng, 0, step)
        yield t, value


def weird(rng, interval_s):
    for t in times(rng, interval_s):
        yield t, rng.choice([math.nan, math.inf, -math.inf, 0.0, -0.0, 1.0, -1.0, 1e300, 1e-300,
                             dyadic(rng, -3, 3)])


def histogram(rng, labels):
    """The series of one classic histogram; now and then its buckets contradict each other."""
    points = {bound: [] for bound in BOUNDS}
    sums, counts = [], []
    observed = [0] * len(BOUNDS)
    total = 0.0
    broken = rng.random() < 0.3
    for t in times(rng, 15):
        if rng.random() < 0.005:
            observed, total = [0] * len(BOUNDS), 0.0
        for _ in range(rng.randrange(0, 6)):
            observed[rng.randrange(len(BOUNDS))] += 1
            total += dyadic(rng, 0, 3)
        below = 0
        for bound, n in zip(BOUNDS, observed):
            below += n
            off = rng.choice([-1, 0, 1]) if broken and rng.random() < 0.05 else 0
            points[bound].append((t, float(max(0, below + off))))
        sums.append((t, total))
        counts.append((t, float(below)))
    for bound in BOUNDS:
        yield {"__name__": "latency_bucket", "le": bound, **labels}, points[bound]
    yield {"__name__": "latency_sum", **labels}, sums
    yield {"__name__": "latency_count", **labels}, counts


def series(rng):
    """[(labels, [(ms, value or STALE)])]"""
    out = []
    for job in JOBS:
        for instance in INSTANCES:
            labels = {"job": job, "instance": instance}
            interval = rng.choice([15, 15, 30, 60])
            for mode in ("idle", "user"):
                out.append(({"__name__": "cpu_total", "mode": mode, **labels},
                            list(with_stale(rng, counter(rng, interval, 20)))))
            out.append(({"__name__": "mem", **labels}, list(with_stale(rng, gauge(rng, interval)))))
            out.append(({"__name__": "temp", **labels}, list(gauge(rng, interval))))
            out.append(({"__name__": "odd", **labels}, list(with_stale(rng, weird(rng, interval)))))
            if rng.random() < 0.8:
                role = rng.choice(["primary", "replica"])
                out.append(({"__name__": "build_info", "role": role, **labels},
                            [(t, 1.0) for t in times(rng, 60)]))
        out += histogram(rng, {"job": job, "instance": "0"})
        out.append(({"__name__": "jobs", "job": job}, list(gauge(rng, 30))))
    out.append(({"__name__": "single"}, list(gauge(rng, 15))))
    out.append(({"__name__": "bare", "job": "api"}, [(START_S * 1000 + 3_600_000, 42.0)]))
    return out


def varint(n):
    out = bytearray()
    while n > 0x7F:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    return bytes(out) + bytes([n])


def field(number, payload):
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def sample(t, value):
    if value is STALE:
        bits = STALE_BITS
    elif math.isnan(value):
        bits = NAN_BITS
    else:
        bits, = struct.unpack("<Q", struct.pack("<d", value))
    return field(2, b"\x09" + struct.pack("<Q", bits) + b"\x10" + varint(t))


def snappy(data):
    """The block format with nothing but literals."""
    out = [varint(len(data))]
    for i in range(0, len(data), 65536):
        chunk = data[i:i + 65536]
        out.append(bytes([61 << 2]) + struct.pack("<H", len(chunk) - 1) + chunk)
    return b"".join(out)


def remote_write(port, all_series, window_ms=600_000):
    """In windows of time, since Prometheus takes nothing much older than what it has."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    for start in range(START_S * 1000, (START_S + SPAN_S + 60) * 1000, window_ms):
        body = bytearray()
        for labels, points in all_series:
            inside = [p for p in points if start <= p[0] < start + window_ms]
            if inside:
                label_bytes = b"".join(
                    field(1, field(1, k.encode()) + field(2, v.encode()))
                    for k, v in sorted(labels.items()))
                body += field(1, label_bytes + b"".join(sample(*p) for p in inside))
        connection.request("POST", "/api/v1/write", snappy(bytes(body)),
                           {"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy",
                            "X-Prometheus-Remote-Write-Version": "0.1.0"})
        answer = connection.getresponse()
        text = answer.read()
        if answer.status // 100 != 2:
            raise RuntimeError(f"remote write: {answer.status} {text!r}")
    connection.close()


def load_request(all_series):
    """For query --stdin."""
    def text(value):
        return "stale" if value is STALE else repr(value)
    return {"op": "load", "series": [{"labels": labels, "points": [[t, text(v)] for t, v in points]}
                                     for labels, points in all_series]}
