"""Reads an exposition for the scripts that compare two."""
import re

LABEL = re.compile(r'([a-zA-Z_]\w*)="((?:\\.|[^"\\])*)"')


def parse(text):
    """{(name, labels): value} and {family: (type, help)}."""
    series, families = {}, {}
    for line in text.splitlines():
        if line.startswith("# "):
            _, what, name, rest = (line.split(" ", 3) + [""])[:4]
            families.setdefault(name, {})[what] = rest
        elif line:
            name = re.match(r"[a-zA-Z_:][\w:]*", line)[0]
            labels, _, value = line[len(name):].rpartition(" ")
            # An empty label is none.
            key = (name, tuple(sorted(x for x in LABEL.findall(labels) if x[1])))
            series[key] = float(value)
    return series, families


def show(key):
    return key[0] + ("{" + ",".join(f'{k}="{v}"' for k, v in key[1]) + "}" if key[1] else "")
