#!/usr/bin/env python3
"""Writes unicode_tables.inc: what Go 1.19's package unicode knows (Unicode 13, so run it with Python
3.9) and templates need. Ranges are {first, last}; case ranges {first, last, step, to upper, to lower,
to title}, the last three being distances."""
import pathlib
import unicodedata

assert unicodedata.unidata_version == "13.0.0", unicodedata.unidata_version
ALL = range(0x110000)


def ranges(wanted):
    out = []
    for c in ALL:
        if wanted(unicodedata.category(chr(c))):
            if out and out[-1][1] == c - 1:
                out[-1][1] = c
            else:
                out.append([c, c])
    return out


def simple(c):
    """Distances of the simple (one to one) mappings of UnicodeData.txt."""
    s = chr(c)
    title = s.title() if len(s.title()) == 1 else s
    upper = s.upper() if len(s.upper()) == 1 else title
    lower = s.lower() if len(s.lower()) == 1 else "i"  # only U+0130 has a longer one
    return tuple(ord(x) - c for x in (upper, lower, title))


def case_ranges():
    """Neighbours in pairs (upper, lower, upper, …) give two interleaved ranges of step 2."""
    out = []
    for c in ALL:
        d = simple(c)
        if d == (0, 0, 0):
            continue
        for r in out[-2:]:
            first, last, step = r[:3]
            gap = c - last
            if r[3:] == list(d) and (gap == step or (first == last and gap in (1, 2))):
                r[1:3] = [c, gap]
                break
        else:
            out.append([c, c, 1, *d])
    return out


def table(name, rows, kind):
    cells = ["{" + ",".join(map(str, r)) + "}" for r in rows]
    lines, line = [], ""
    for cell in cells:
        if len(line) + len(cell) > 97:
            lines.append(line)
            line = ""
        line += cell + ","
    lines.append(line)
    return f"constexpr {kind} {name}[] = {{\n" + "\n".join(lines) + "\n};\n"


text = "// Made by make_unicode_tables.py from Unicode 13.0.0.\n"
text += table("kLetters", ranges(lambda k: k[0] == "L"), "Range")
text += table("kDigits", ranges(lambda k: k == "Nd"), "Range")
# Go's unicode.IsPrint: letters, marks, numbers, punctuation, symbols and the ASCII space.
text += table("kPrintable", ranges(lambda k: k[0] in "LMNPS"), "Range")
text += table("kCases", case_ranges(), "CaseRange")
pathlib.Path(__file__).with_name("unicode_tables.inc").write_text(text)
