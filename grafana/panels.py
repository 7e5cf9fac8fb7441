"""What the dashboards are written with: panels, rows and variables of Grafana's JSON (schema 38, Grafana 10).

Thresholds are not written down a second time: rule("HostCpuBusy") takes them from config/rules."""
import pathlib

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[1]
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
SCHEMA = 38
COLOURS = {"ok": "green", "warning": "orange", "critical": "red"}


def shipped_rules():
    alerts = {}
    for path in sorted((ROOT / "config/rules").glob("*.yml")):
        if path.stem.endswith("_test"):
            continue
        for group in yaml.safe_load(path.read_text())["groups"]:
            alerts.update({r["alert"]: r for r in group["rules"] if "alert" in r})
    return alerts


RULES = shipped_rules()


def steps(bounds):
    """Grafana's steps: the colour of each holds from its value on; the first has none."""
    return [{"color": colour, "value": value} for value, colour in bounds]


def rule(name, scale=1):
    """The thresholds of a shipped rule, `scale` times as large where the panel has another unit."""
    levels = {level: RULES[name].get(level, {}) for level in ("warning", "critical")}
    above = [(levels[level]["above"] * scale, COLOURS[level]) for level in levels if "above" in levels[level]]
    if above:
        return steps([(None, COLOURS["ok"]), *above])
    below = [(levels[level]["below"] * scale, level) for level in levels if "below" in levels[level]]
    below.sort()  # critical, warning
    colours = [COLOURS[level] for _, level in below] + [COLOURS["ok"]]
    return steps(list(zip([None] + [value for value, _ in below], colours)))


def above(warning, critical=None):
    """Thresholds where no shipped rule judges."""
    return steps([(None, "green"), (warning, "orange")] + ([(critical, "red")] if critical is not None else []))


def no_zero_is_bad():
    """1 is well, 0 is not."""
    return steps([(None, "red"), (1, "green")])


def panel(kind, title, description, targets, unit="short", width=8, height=7, thresholds=None, **extra):
    """A panel; `targets` are (expression, legend). Its place is given by `dashboard`."""
    instant = kind in ("stat", "table", "bargauge", "gauge")
    defaults = {"unit": unit, "color": {"mode": "palette-classic" if kind == "timeseries" else "thresholds"},
                "thresholds": {"mode": "absolute", "steps": thresholds or steps([(None, "green")])},
                "mappings": extra.pop("mappings", [])}
    for key in ("min", "max", "decimals", "noValue"):
        if key in extra:
            defaults[key] = extra.pop(key)
    options = extra.pop("options", {})
    if kind == "timeseries":
        stacked = extra.pop("stacked", False)
        defaults["custom"] = {
            "drawStyle": "line", "lineWidth": 1, "fillOpacity": 60 if stacked else 8, "showPoints": "never",
            "spanNulls": False, "stacking": {"mode": "normal" if stacked else "none", "group": "A"},
            "thresholdsStyle": {"mode": "line" if thresholds else "off"}, "axisPlacement": "auto"}
        options = {"legend": {"displayMode": "table", "placement": "bottom", "showLegend": True,
                              "calcs": ["lastNotNull", "max"]},
                   "tooltip": {"mode": "multi", "sort": "desc"}, **options}
    elif kind == "stat":
        options = {"reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
                   "colorMode": "value", "graphMode": "none", "textMode": "auto", "justifyMode": "auto",
                   "orientation": "auto", **options}
    elif kind == "bargauge":
        options = {"reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
                   "displayMode": "lcd", "orientation": "horizontal", "showUnfilled": True, **options}
    elif kind == "table":
        options = {"showHeader": True, "cellHeight": "sm", "footer": {"show": False}, **options}
    elif kind == "heatmap":
        options = {"calculate": False, "yAxis": {"unit": unit}, "color": {"mode": "scheme", "scheme": "Oranges",
                                                                         "steps": 64}, "cellGap": 1, **options}
    result = {
        "type": kind, "title": title, "description": description, "datasource": SOURCE,
        "gridPos": {"w": width, "h": height}, "fieldConfig": {"defaults": defaults, "overrides": []},
        "options": options,
        "targets": [{"refId": chr(ord("A") + i), "datasource": SOURCE, "expr": expr, "legendFormat": legend,
                     "editorMode": "code", "instant": instant, "range": not instant,
                     **({"format": "table"} if kind == "table" else {}),
                     **({"format": "heatmap"} if kind == "heatmap" else {})}
                    for i, (expr, legend) in enumerate(targets)]}
    links = extra.pop("links", None)
    if links:
        result["fieldConfig"]["defaults"]["links"] = [
            {"title": t, "url": url, "targetBlank": False} for t, url in links]
    hide = extra.pop("hide", None)
    if hide:
        result["transformations"] = [{"id": "organize", "options": {
            "excludeByName": {name: True for name in hide}, "indexByName": {}, "renameByName": {}}}]
    if extra:
        raise ValueError(f"{title}: unknown {sorted(extra)}")
    return result


def graph(title, description, targets, unit="short", **extra):
    return panel("timeseries", title, description, targets, unit, **extra)


def stat(title, description, expr, unit="short", legend="", **extra):
    return panel("stat", title, description, [(expr, legend)], unit, **{"width": 4, "height": 4, **extra})


def datasource():
    return {"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus",
            "refresh": 1, "regex": "", "hide": 0, "multi": False, "includeAll": False, "options": [],
            "skipUrlSync": False}


def variable(name, label, query, hide=0):
    return {"name": name, "label": label, "type": "query", "datasource": SOURCE,
            "query": {"qryType": 1, "query": query, "refId": "PrometheusVariableQueryEditor-VariableQuery"},
            "refresh": 2, "regex": "", "sort": 1, "multi": True, "includeAll": True, "allValue": ".*",
            "current": {"selected": True, "text": ["All"], "value": ["$__all"]}, "options": [], "hide": hide,
            "skipUrlSync": False}


def hosts():
    """Host and, among those, instance: the host is what its kernel calls itself, the instance what was scraped."""
    return [variable("host", "Host", "label_values(node_uname_info, nodename)"),
            variable("instance", "Instance", 'label_values(node_uname_info{nodename=~"$host"}, instance)')]


def to(uid, **variables):
    """The address of another dashboard, with this one's time and data source."""
    return (f"/d/{uid}?${{datasource:queryparam}}&${{__url_time_range}}"
            + "".join(f"&var-{name}={value}" for name, value in variables.items()))


def dashboard(uid, title, description, variables, rows):
    """`rows`: (title, panels); panels fill lines of 24 columns from the left."""
    panels, y = [], 0
    for row_title, members in rows:
        panels.append({"type": "row", "title": row_title, "collapsed": False, "panels": [],
                       "gridPos": {"x": 0, "y": y, "w": 24, "h": 1}})
        y += 1
        x = line = 0
        for member in members:
            place = member["gridPos"]
            if x + place["w"] > 24:
                x, y, line = 0, y + line, 0
            member["gridPos"] = {"x": x, "y": y, **place}
            x += place["w"]
            line = max(line, place["h"])
            panels.append(member)
        y += line
    for number, member in enumerate(panels, 1):
        member["id"] = number
    return {
        "uid": uid, "title": title, "description": description, "tags": ["tocsin"], "schemaVersion": SCHEMA,
        "version": 1, "id": None, "editable": True, "graphTooltip": 1, "timezone": "browser", "refresh": "15s",
        "fiscalYearStartMonth": 0, "liveNow": False, "weekStart": "",
        "time": {"from": "now-1h", "to": "now"}, "timepicker": {},
        "annotations": {"list": [{"builtIn": 1, "datasource": {"type": "grafana", "uid": "-- Grafana --"},
                                  "enable": True, "hide": True, "iconColor": "rgba(0, 211, 255, 1)",
                                  "name": "Annotations & Alerts", "type": "dashboard"}]},
        "links": [{"title": "Tocsin", "type": "dashboards", "tags": ["tocsin"], "asDropdown": True, "icon":
                   "external link", "includeVars": True, "keepTime": True, "targetBlank": False, "tooltip": "",
                   "url": ""}],
        "templating": {"list": [datasource(), *variables]}, "panels": panels}
