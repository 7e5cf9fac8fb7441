"""Random PromQL that is well typed, bounded in depth, and within what Prometheus 2.42 knows."""
from promql_data import SPAN_S, START_S

METRICS = ["cpu_total", "cpu_total", "mem", "mem", "temp", "temp", "odd", "build_info", "jobs", "single", "bare",
           "latency_bucket", "latency_sum", "latency_count", "nothing"]
EXACT = ["mem", "temp", "jobs", "single", "cpu_total", "build_info"]  # whose sums are exact
LABELS = ["job", "instance", "mode", "role", "le", "none"]
MATCHERS = ['job="api"', 'job!="api"', 'instance=~"0|1"', 'instance!~"2"', 'mode="idle"',
            'job=~".+"', 'mode=""', 'role=~"p.*"', 'instance=~"[01]"', 'none=""']
RANGES = ["30s", "1m", "90s", "2m", "5m", "10m", "17m", "1h"]
MAPS = ["abs", "ceil", "floor", "sqrt", "ln", "log2", "log10", "sgn", "atan", "tanh", "asinh", "deg",
        "rad", "round"]
# Near their poles and far from zero a last digit decides: of exact and small values only.
TOUCHY = ["exp", "sin", "cos", "tan", "asin", "acos", "sinh", "cosh", "acosh", "atanh"]
DATES = ["day_of_month", "day_of_week", "day_of_year", "days_in_month", "hour", "minute", "month",
         "year"]
OVER_TIME = ["avg", "min", "max", "sum", "count", "stddev", "stdvar", "last", "present", "absent"]
WINDOWS = ["rate", "increase", "delta", "irate", "idelta", "deriv", "changes", "resets"]
AGGREGATES = ["sum", "avg", "min", "max", "count", "group", "stddev", "stdvar"]
ARITHMETIC = ["+", "-", "*", "/", "^", "atan2"]
COMPARISONS = ["==", "!=", "<", "<=", ">", ">="]


class Queries:
    def __init__(self, rng):
        self.rng = rng
        self.no_at = 0

    def pick(self, *choices):
        """One of (weight, function)."""
        return self.rng.choices([c[1] for c in choices], [c[0] for c in choices])[0]()

    def labels(self, least=0):
        return ", ".join(self.rng.sample(LABELS, self.rng.randrange(least, 3)))

    def shift(self):
        rng, out = self.rng, []
        if rng.random() < 0.15:
            out.append(f"offset {rng.choice(['', '', '-'])}{rng.choice(RANGES)}")
        if rng.random() < 0.1 and not self.no_at:
            at = START_S + rng.randrange(0, SPAN_S)
            out.append("@ " + rng.choice([str(at), f"{at}.250", "start()", "end()"]))
        rng.shuffle(out)
        return "".join(f" {part}" for part in out)

    def without_at(self, generate):
        """Arguments of predict_linear and timestamp, where 2.42 forgets @ from the second step on, or
        an offset beside it; and what is in a subquery that stands alone, which it evaluates once too
        often if there is no step in the range."""
        self.no_at += 1
        out = generate()
        self.no_at -= 1
        return out

    def selector(self, metrics=METRICS):
        rng = self.rng
        name = rng.choice(metrics)
        matchers = rng.sample(MATCHERS, rng.choice([0, 0, 0, 0, 0, 1, 1, 2]))
        if rng.random() < 0.05:
            matchers.append(rng.choice(['__name__=~"mem|temp"', '__name__=~"latency_.*"']))
            name = ""
        return name + ("{" + ",".join(matchers) + "}" if matchers else "")

    def number(self):
        rng = self.rng
        return rng.choice([str(rng.randrange(-3, 10)), f"{rng.randrange(0, 50) / 8}", "0x1F", "1e2",
                           "Inf", "-Inf", "NaN", "0.5", ".25"])

    def scalar(self, depth):
        if depth <= 0:
            return self.number()
        return self.pick(
            (6, self.number),
            (1, lambda: "time()"),
            (1, lambda: "pi()"),
            (2, lambda: f"scalar({self.vector(depth - 1)})"),
            (1, lambda: f"-({self.scalar(depth - 1)})"),
            (2, lambda: f"({self.scalar(depth - 1)} {self.rng.choice(ARITHMETIC)} "
                        f"{self.scalar(depth - 1)})"),
            (1, lambda: f"({self.scalar(depth - 1)} {self.rng.choice(COMPARISONS)} bool "
                        f"{self.scalar(depth - 1)})"))

    def matrix(self, depth):
        rng = self.rng
        if depth <= 0 or rng.random() < 0.75:
            return f"{self.selector()}[{rng.choice(RANGES)}]{self.shift()}"
        return self.subquery(self.vector(depth - 1))

    def subquery(self, vector):
        step = self.rng.choice(["", "15s", "30s", "1m", "47s", "5m"])
        return f"({vector})[{self.rng.choice(RANGES[2:])}:{step}]{self.shift()}"

    def matching(self, set_operator):
        rng = self.rng
        if rng.random() < 0.4:
            return ""
        keyword = rng.choice(["on", "ignoring"])
        out = f"{keyword}({self.labels(1 if keyword == 'on' else 0)})"
        if not set_operator and rng.random() < 0.5:
            out += f" {rng.choice(['group_left', 'group_right'])}({rng.choice(['', '', 'role'])})"
        return out + " "

    def vectors(self, depth):
        rng = self.rng
        left, right = self.vector(depth - 1), self.vector(depth - 1)
        kind = rng.random()
        if kind < 0.35:
            return f"({left} {rng.choice(['and', 'or', 'unless'])} {self.matching(True)}{right})"
        if kind < 0.7:
            return f"({left} {rng.choice(ARITHMETIC)} {self.matching(False)}{right})"
        bool_ = rng.choice(["", "bool "])
        return f"({left} {rng.choice(COMPARISONS)} {bool_}{self.matching(False)}{right})"

    def sides(self, depth):
        """A vector and a scalar."""
        rng = self.rng
        operands = [self.vector(depth - 1), self.scalar(depth - 1)]
        rng.shuffle(operands)
        operator = rng.choice(ARITHMETIC + COMPARISONS)
        bool_ = rng.choice(["", " bool"]) if operator in COMPARISONS else ""
        return f"({operands[0]} {operator}{bool_} {operands[1]})"

    def remainder(self):
        """Of exact values: where a last digit is lost, it jumps."""
        rng = self.rng
        divisor = rng.choice([self.number(), f"on (job, instance) {self.selector(['temp'])}"])
        return f"({self.selector(['mem', 'odd'])} % {divisor})"

    def grouping(self):
        return self.rng.choice(["", f"by ({self.labels()}) ", f"without ({self.labels()}) "])

    def aggregate(self, depth):
        rng = self.rng
        kind = rng.random()
        if kind < 0.75:
            return f"{rng.choice(AGGREGATES)} {self.grouping()}({self.vector(depth - 1)})"
        if kind < 0.9:
            phi = rng.choice(["0", "0.5", "0.9", "1", "-1", "2", "NaN", "0.37"])
            return f"quantile {self.grouping()}({phi}, {self.vector(depth - 1)})"
        return f'count_values {self.grouping()}("value", {self.selector(EXACT)})'

    def window(self, depth):
        rng, matrix = self.rng, self.matrix(depth - 1)
        kind = rng.random()
        if kind < 0.5:
            return f"{rng.choice(WINDOWS)}({matrix})"
        if kind < 0.85:
            return f"{rng.choice(OVER_TIME)}_over_time({matrix})"
        if kind < 0.92:
            return f"quantile_over_time({rng.choice(['0', '0.5', '0.95', '1', '3'])}, {matrix})"
        if kind < 0.97:
            matrix = self.without_at(lambda: self.matrix(depth - 1))
            return f"predict_linear({matrix}, {rng.choice(['60', '3600', '-300'])})"
        return f"holt_winters({matrix}, 0.{rng.randrange(1, 9)}, 0.{rng.randrange(1, 9)})"

    def relabel(self, depth):
        rng, vector = self.rng, self.vector(depth - 1)
        label = rng.choice(LABELS)
        if rng.random() < 0.3:
            return f'label_join({vector}, "{rng.choice(LABELS + ["new"])}", "-", "job", "{label}")'
        regex, replacement = rng.choice([("(.*)", "$1-x"), ("(a|d)(?P<rest>.*)", "${rest}$1"),
                                         ("nomatch", "x"), (".*", ""), ("(.)", "v$1$$")])
        target = rng.choice(LABELS + ["new"])
        return f'label_replace({vector}, "{target}", "{replacement}", "{label}", "{regex}")'

    def vector(self, depth):
        rng = self.rng
        if depth <= 0:
            return self.selector() + self.shift()
        return self.pick(
            (3, lambda: self.selector() + self.shift()),
            (5, lambda: self.window(depth)),
            (4, lambda: self.aggregate(depth)),
            (4, lambda: self.vectors(depth)),
            (3, lambda: self.sides(depth)),
            (2, lambda: f"{rng.choice(MAPS)}({self.vector(depth - 1)})"),
            (1, self.remainder),
            (1, lambda: f"round({self.vector(depth - 1)}, {rng.choice(['0.5', '5', '0.1'])})"),
            (1, lambda: f"clamp({self.vector(depth - 1)}, {self.scalar(0)}, {self.scalar(0)})"),
            (1, lambda: f"clamp_{rng.choice(['min', 'max'])}({self.vector(depth - 1)}, "
                        f"{self.scalar(depth - 1)})"),
            (1, lambda: f"{rng.choice(DATES)}({rng.choice(['', 'timestamp(temp)', 'temp * 1e7'])})"),
            (1, lambda: f"histogram_quantile({rng.choice(['0.5', '0.99', '0', '1', '-1', '2'])}, "
                        f"{self.buckets(depth)})"),
            (1, lambda: self.relabel(depth)),
            (1, lambda: f"absent({self.vector(depth - 1)})"),
            (1, lambda: f"vector({self.scalar(depth - 1)})"),
            (1, lambda: f"timestamp({self.without_at(lambda: self.vector(depth - 1))})"),
            (1, lambda: f"{rng.choice(TOUCHY)}({self.selector(['temp', 'mem', 'odd'])})"),
            (1, lambda: f"-{self.vector(depth - 1)}"),
            (1, lambda: f"({self.vector(depth - 1)})"))

    def buckets(self, depth):
        return self.pick((2, lambda: "latency_bucket"),
                         (3, lambda: f"rate(latency_bucket[{self.rng.choice(RANGES)}])"),
                         (2, lambda: "sum by (le, job) (rate(latency_bucket[5m]))"),
                         (1, lambda: self.vector(depth - 1)))

    def top(self):
        """topk and bottomk stand outermost: which of equals they pick is nobody's promise."""
        rng = self.rng
        return (f"{rng.choice(['topk', 'bottomk'])} {self.grouping()}({rng.randrange(0, 5)}, "
                f"{self.vector(2)})")

    def query(self):
        return self.pick((12, lambda: self.vector(self.rng.randrange(1, 5))),
                         (1, lambda: self.scalar(3)),
                         (1, self.top),
                         (1, lambda: f"{self.rng.choice(['sort', 'sort_desc'])}({self.vector(2)})"),
                         (1, lambda: self.matrix(0)),
                         (1, lambda: self.subquery(self.without_at(lambda: self.vector(2)))))

    def times(self):
        """{'time': ms} or {'start', 'end', 'step'}."""
        rng = self.rng
        start = START_S * 1000 + rng.randrange(600, SPAN_S + 120) * 1000 + rng.choice([0, 0, 1, 250])
        if rng.random() < 0.4:
            return {"time": start}
        step = rng.choice([1000, 7000, 15000, 30000, 60000, 61500, 300000])
        return {"start": start, "end": start + step * rng.randrange(0, 60), "step": step}
