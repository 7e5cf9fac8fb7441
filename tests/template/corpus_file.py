"""The corpus files of tests/template: cases whose expected output the real programs have written.

    === what it shows
    value: 12              (optional: $value; other keys likewise)
    > template, line by line
    < output, line by line
    ! or: the program's error
"""
import pathlib
import re

CORPUS = pathlib.Path(__file__).with_name("corpus")


def load(path):
    cases = []
    for line in path.read_bytes().decode().split("\n"):
        if line.startswith("=== "):
            cases.append({"name": line[4:], "keys": {}, "template": []})
        elif line.startswith(">"):
            cases[-1]["template"].append(line[2:])
        elif re.match(r"[a-z_]+: ", line) and cases:
            key, value = line.split(": ", 1)
            cases[-1]["keys"][key] = value
    for case in cases:
        case["template"] = "\n".join(case["template"])
    return cases


def save(path, header, cases):
    out = [header.rstrip("\n"), ""]
    for case in cases:
        out.append("=== " + case["name"])
        out += [f"{k}: {v}" for k, v in case["keys"].items()]
        out += [("> " + line).rstrip(" ") if not line else "> " + line for line in case["template"].split("\n")]
        if case.get("error") is not None:
            out.append("! " + case["error"].replace("\n", " "))
        else:
            out += [("< " + line) if line else "<" for line in case["output"].split("\n")]
        out.append("")
    path.write_bytes("\n".join(out).encode())


def header(path):
    return path.read_bytes().decode().split("=== ", 1)[0]
