#!/usr/bin/env python3
"""The corpus of corpus.py with what else an agent sees of the same process.

  covariate_corpus.py --seed 1 --per-class 12 > dev.jsonl

The samples, limits and onsets are those of corpus.py with the same seed. Added to each line:
 load    work done by the process (requests or CPU a second) beside each sample
 file    bytes of the sample that are file-backed (page cache, mappings); the rest is anonymous
 age_s   age of the process at the first sample
 settled level that older processes of the same program (siblings, the life before a restart) hold
         without growing, or null where there are none, or where they grow too
 before  {step_s, samples, load, file} of the 24 hours before, where the process and the agent were
         there, else null

What is drawn, so that nothing gives the class away:
 - Load drives memory in diurnal, load_ramp, bursts, some sawtooth, leak_diurnal; leaks per request
   in leak_under_load. In 10 % of these what we see as load is not what drives the memory.
 - Everything else, leaks too, has a load of its own: flat (40 %), daily (40 %), ramping up (10 %) or
   down (10 %). So healthy load ramps stand beside leaks.
 - Page cache is the growth in half of linear_fill, a third of log_growth, a fifth of warmup. A leak
   is anonymous memory.
 - Warm-ups, 85 % of the fills and 90 % of log_growth (whose formula counts from its start) begin
   with the process; so do half of the leaks from the first sample on. The others begin in an old
   process (a cache that was flushed, a deploy of configuration, a change of traffic).
 - 60 % of the programs have older processes. Those of a healthy one hold its level once it is warm
   (of a load ramp: the level before it). Those of a leaking one leak too in half of the cases and
   have no level; in the other half they run the version before, which did not leak.
"""
import argparse
import json
import math
import random
import sys

import corpus

DAY = 24 * 3600
BEFORE_STEP = 300
LOAD_DRIVEN = {"diurnal", "load_ramp", "bursts", "leak_diurnal", "leak_under_load"}
PAGE_CACHE = {"linear_fill": .5, "log_growth": 1 / 3, "warmup": .2}
BEGINS_WITH_PROCESS = {"warmup": 1.0, "linear_fill": .85, "log_growth": .9, "leak_warmup": 1.0,
                       "leak_oom_cycle": 1.0, "leak_deploys": 1.0}


class Clean:
    """The same series without noise, bursts, gaps and quantisation, and its load curve if it has one."""

    def __init__(self, cls, seed, idx, step):
        noise, nuis, curve = corpus.noise, corpus.nuis, corpus.load_curve
        self.curve = None

        def no_noise(r, n, *args):
            return [0.0] * n, noise(r, n, *args)[1]     # the random numbers are drawn all the same

        def keep_curve(*args, **kw):
            self.curve = curve(*args, **kw)
            return self.curve

        def keep_values(r, v, *args):
            self.values = v
            return []

        corpus.noise, corpus.nuis, corpus.load_curve = no_noise, keep_values, keep_curve
        try:
            corpus.make(cls, seed, idx, step)
        finally:
            corpus.noise, corpus.nuis, corpus.load_curve = noise, nuis, curve
        self.base = corpus.lu(random.Random(f"leakcorpus/{seed}/{cls}/{idx}"), 40 * corpus.MiB, 8 * corpus.GiB)
        if cls == "wrapped":
            self.base = self.values[0]
        known = [x for x in self.values if x is not None]
        self.values = [known[0] if x is None else x for x in self.values]


def scaled(shape):
    low, high = min(shape), max(shape)
    return [(x - low) / (high - low) if high > low else 0.0 for x in shape]


def smooth(x, width):
    out, total = [], 0.0
    for i, v in enumerate(x):
        total += v - (x[i - width] if i >= width else 0)
        out.append(total / min(i + 1, width))
    return out


def own_load(r, n, step, n_before):
    """A load that has nothing to do with the memory; over the day before too."""
    kind = r.choices(["flat", "daily", "up", "down"], [40, 40, 10, 10])[0]
    start, length = r.uniform(0, .7) * n, r.uniform(.1, .6) * n
    phase, depth = r.uniform(0, DAY), r.uniform(.2, .9)
    shape = []
    for i in range(-n_before, n):
        if kind == "flat":
            shape.append(.5)
        elif kind == "daily":
            shape.append(.5 - .5 * depth * math.cos(2 * math.pi * (i * step - phase) / DAY))
        else:
            u = min(1.0, max(0.0, (i - start) / length))
            shape.append(u if kind == "up" else 1 - u)
    return shape[:n_before], shape[n_before:]


def driving_load(r, cls, clean, n, step, n_before):
    """The load behind the memory, some minutes earlier than the memory shows it."""
    lead = int(r.uniform(60, 600) / step)
    if cls in ("diurnal", "leak_diurnal", "sawtooth"):
        curve = clean.curve
        day = int(DAY / step)
        shape = [curve[min(i + lead, len(curve) - 1)] for i in range(n)]
        before = [curve[(i - n_before) % min(day, len(curve))] for i in range(n_before)]
        return before, shape
    v = clean.values
    if cls == "leak_under_load":
        rise = [0.0] + [max(0.0, b - a) for a, b in zip(v, v[1:])]
        shape = scaled(smooth(rise, max(1, int(300 / step))))
    else:
        shape = scaled(v)
    shape = [shape[min(i + lead, n - 1)] for i in range(n)]
    if cls == "bursts":
        return [shape[(i - n_before) % n] for i in range(n_before)], shape
    return [shape[0]] * n_before, shape


def measured(r, before, shape):
    """Requests a second: a base, the shape, noise that is proportional."""
    scale, floor, sd = corpus.lu(r, 5, 5000), r.uniform(0, 1), corpus.lu(r, .01, .1)
    noise, out = 0.0, []
    for x in before + shape:
        noise = .8 * noise + .6 * r.gauss(0, sd)
        out.append(float(f"{max(0.0, scale * (floor + x) * (1 + noise)):.4g}"))
    return out[:len(before)], out[len(before):]


def file_bytes(r, cls, clean, n):
    constant = clean.base * r.uniform(.02, .3)
    if r.random() < PAGE_CACHE.get(cls, 0):
        return [constant + max(0.0, x - clean.base) for x in clean.values[:n]]
    return [constant] * n


def age(r, cls, clean, line):
    rising = clean.values[min(len(clean.values) - 1, 40)] > clean.values[0] * 1.0005
    if cls in BEGINS_WITH_PROCESS:
        young = r.random() < BEGINS_WITH_PROCESS[cls] * (1 if rising else .5)
    elif line["leaking"]:
        young = r.random() < (.5 if line["onset_s"] == 0 else .3)
    else:
        young = r.random() < .2
    if not young:
        return corpus.lu(r, 3600, 30 * DAY)
    return r.uniform(0, 120) if rising else corpus.lu(r, 60, 3600)


def settled_level(r, cls, clean, line):
    known, old_version, noise = r.random() < .6, r.random() < .5, r.gauss(0, .02)
    if not known or (line["leaking"] and not old_version):
        return None
    if cls in ("diurnal", "leak_diurnal"):
        level = clean.base + load_height(clean) * max(clean.curve)
    elif cls in ("warmup", "linear_fill", "log_growth", "restarts"):
        level = max(clean.values)
    else:
        level = clean.base
    return int(level * (1 + noise) // 4096 * 4096)


def load_height(clean):
    """Bytes that a load of 1 adds. A leak adds to the samples but least to the first ones."""
    first = [(x - clean.base) / c for x, c in zip(clean.values[:40], clean.curve[:40]) if c > .02]
    return min(first) if first else (max(clean.values) - clean.base) / max(clean.curve[:len(clean.values)])


def day_before(r, cls, clean, line, load, step, file_at_start):
    """What the agent kept of the 24 hours before: nothing had gone wrong yet."""
    every = int(BEFORE_STEP / step)
    count = DAY // BEFORE_STEP
    level, _ = corpus.noise(r, count, BEFORE_STEP, clean.base)
    v, n = clean.values, len(clean.values)
    day = int(DAY / step)
    if cls in ("diurnal", "leak_diurnal"):
        curve = clean.curve
        height = load_height(clean)
        level = [x + height * curve[j * every % min(day, len(curve))] for j, x in enumerate(level)]
    elif cls in ("sawtooth", "bursts"):
        level = [x + v[(j - count) * every % n] - clean.base for j, x in enumerate(level)]
    else:
        level = [x + v[0] - clean.base for x in level]
    samples = [max(4096, int((clean.base + x) // 4096 * 4096)) for x in level]
    return {"step_s": BEFORE_STEP, "samples": samples, "load": load[::every][:count],
            "file": int(file_at_start)}


def make(cls, seed, idx, step):
    line = corpus.make(cls, seed, idx, step)
    clean = Clean(cls, seed, idx, step)
    n = len(line["samples"])
    r = random.Random(f"covariates/{seed}/{cls}/{idx}")
    n_before = int(DAY / step)
    driven = cls in LOAD_DRIVEN or (cls == "sawtooth" and clean.curve is not None)
    if driven and r.random() >= .1:
        before, shape = driving_load(r, cls, clean, n, step, n_before)
    else:
        before, shape = own_load(r, n, step, n_before)
    before, load = measured(r, before, shape)
    on_file = file_bytes(r, cls, clean, n)
    age_s = age(r, cls, clean, line)
    line["settled"] = settled_level(r, cls, clean, line)
    steady = cls not in BEGINS_WITH_PROCESS and cls != "restarts"
    line["load"] = [None if x is None else y for x, y in zip(line["samples"], load)]
    line["file"] = [None if x is None else int(min(y, .9 * x) // 4096 * 4096)
                    for x, y in zip(line["samples"], on_file)]
    line["age_s"] = round(age_s)
    line["before"] = day_before(r, cls, clean, line, before, step, on_file[0] // 4096 * 4096) \
        if steady and age_s >= DAY else None
    return line


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--seed", default="1")
    ap.add_argument("--per-class", type=int, default=12)
    ap.add_argument("--classes", default=",".join(corpus.HEALTHY + corpus.LEAKING))
    ap.add_argument("--step", type=int, default=15)
    a = ap.parse_args()
    for cls in a.classes.split(","):
        for idx in range(a.per_class):
            sys.stdout.write(json.dumps(make(cls, a.seed, idx, a.step), separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
