#!/usr/bin/env python3
"""What people use today, over the same corpus, for score.py:

  baselines.py deriv|predict_linear|mann_kendall < corpus.jsonl > verdicts.jsonl

deriv           deriv(x[1h]) > 0 for 1h
predict_linear  predict_linear(x[1h], 24h) > limit for 2h (the best of 75 settings that were tried)
mann_kendall    Mann-Kendall over 6 h (5-minute medians), Z > 1.96, and Sen's line reaches the limit within 24 h
All are evaluated once a minute (mann_kendall: each 15 minutes). Missing samples are left out.
"""
import json
import math
import statistics
import sys

HOUR = 3600


def window_sums(times, values):
    """Prefix sums for least squares."""
    sums = [(0, 0.0, 0.0, 0.0, 0.0)]
    y0 = values[0] if values else 0.0
    for t, v in zip(times, values):
        n, st, sy, stt, sty = sums[-1]
        y = v - y0
        sums.append((n + 1, st + t, sy + y, stt + t * t, sty + t * y))
    return sums, y0


def regressions(times, values, span, every):
    """(t, slope, value of the line at t) of the last `span` seconds, once `every`."""
    sums, y0 = window_sums(times, values)
    lo = 0
    due = 0
    for i, t in enumerate(times):
        if t < due:
            continue
        due = t + every
        while times[lo] <= t - span:
            lo += 1
        n, st, sy, stt, sty = (a - b for a, b in zip(sums[i + 1], sums[lo]))
        if n < 2:
            continue
        spread = stt - st * st / n
        if spread <= 0:
            continue
        slope = (sty - st * sy / n) / spread
        yield t, slope, y0 + sy / n + slope * (t - st / n)


def held(events, seconds):
    """The first event that has been true for so long: events are (t, is_true, eta)."""
    since = None
    for t, is_true, eta in events:
        if not is_true:
            since = None
            continue
        since = t if since is None else since
        if t - since >= seconds:
            return t, eta
    return None, None


def deriv(times, values, limit):
    return held(((t, slope > 0, (limit - line) / slope if slope > 0 else None)
                 for t, slope, line in regressions(times, values, HOUR, 60)), HOUR)


def predict_linear(times, values, limit):
    return held(((t, line + slope * 24 * HOUR > limit, (limit - line) / slope if slope > 0 else None)
                 for t, slope, line in regressions(times, values, HOUR, 60)), 2 * HOUR)


def mann_kendall(times, values, limit):
    points = []
    bucket, inside = None, []
    for t, v in zip(times, values):
        b = t // 300
        if b != bucket and inside:
            points.append((bucket * 300 + 300, statistics.median(inside)))
            inside = []
            if b % 3 == 0 and len(points) >= 72:
                last = points[-72:]
                slopes = [(q - p) / (u - s) for i, (s, p) in enumerate(last) for u, q in last[i + 1:]]
                score = sum((x > 0) - (x < 0) for x in slopes)
                n = len(last)
                z = (score - 1) / math.sqrt(n * (n - 1) * (2 * n + 5) / 18)
                slope = statistics.median(slopes)
                left = (limit - last[-1][1]) / slope if slope > 0 else math.inf
                if z > 1.96 and left < 24 * HOUR:
                    return t, left
        bucket = b
        inside.append(v)
    return None, None


def main():
    detector = {"deriv": deriv, "predict_linear": predict_linear, "mann_kendall": mann_kendall}[sys.argv[1]]
    for line in sys.stdin:
        c = json.loads(line)
        known = [(i * c["step_s"], v) for i, v in enumerate(c["samples"]) if v is not None]
        at, eta = detector([t for t, _ in known], [float(v) for _, v in known], c["limit_bytes"])
        print(json.dumps({"id": c["id"], "alarm_at_s": at, "eta_s": eta}))


if __name__ == "__main__":
    main()
