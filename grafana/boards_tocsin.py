"""Alerts and silences; the agent itself."""
from panels import above, dashboard, graph, hosts, panel, rule, stat, steps, to

I = 'instance=~"$instance"'
R = "[$__rate_interval]"
NAME = "{{instance}}"


def alerts():
    a = f'state="firing",{I}'
    now = [
        stat("Critical", "Alerts that fire.", f'sum(tocsin_alerts{{severity="critical",{a}}}) or vector(0)',
             thresholds=steps([(None, "green"), (1, "red")])),
        stat("Warning", "Alerts that fire.", f'sum(tocsin_alerts{{severity="warning",{a}}}) or vector(0)',
             thresholds=above(1)),
        stat("Pending", "Conditions that hold, but not yet for long enough.",
             f'sum(tocsin_alerts{{state="pending",{I}}}) or vector(0)', thresholds=above(1)),
        stat("Silences", "That are in force.", f'sum(tocsin_silences{{state="active",{I}}})'),
        stat("Undelivered", "Notifications that wait or are on their way.",
             f"sum(tocsin_notifications_queued{{{I}}}) or vector(0)", thresholds=above(10, 1000)),
        stat("Rules that fail", "Evaluations that failed in five minutes. Colours: TocsinRulesFailing.",
             f"sum(increase(tocsin_rule_evaluation_failures_total{{{I}}}[5m]))", thresholds=above(1), decimals=0),
        panel("table", "What fires and is pending", "By rule; the agent's page /alerts has every instance and its value.",
              [(f"sort_desc(sum by (instance, alertname, group, severity, state) (tocsin_alerts{{{I}}}))", "")],
              width=24, hide=["Time"], links=[("Host", to("tocsin-host"))]),
    ]
    time = [
        graph("Firing", "Alerts by rule.",
              [(f"sum by (alertname, severity) (tocsin_alerts{{{a}}})", "{{alertname}} {{severity}}")], stacked=True,
              min=0, width=12),
        graph("Silences", "By state. Those that have ended are kept for five days.",
              [(f"sum by (state) (tocsin_silences{{{I}}})", "{{state}}")], min=0, width=12),
    ]
    delivery = [
        graph("Delivered", "Notifications a second, by destination.",
              [(f"rate(tocsin_notifications_delivered_total{{{I}}}{R})", "{{destination}}")], "ops", min=0),
        graph("Failed attempts", "A second, by destination. What failed is tried again.",
              [(f"sum by (destination) (rate(tocsin_notification_failures_total{{{I}}}{R}))"
                f" or 0 * sum by (destination) (tocsin_notifications_queued{{{I}}})", "{{destination}}")], "ops",
              min=0),
        graph("Waiting", "Notifications by destination.", [(f"tocsin_notifications_queued{{{I}}}", "{{destination}}")],
              min=0),
        graph("The oldest that waits", "Lines: TocsinPagesStuck.",
              [(f"tocsin_notifications_oldest_seconds{{{I}}}", "{{destination}}")], "s",
              thresholds=rule("TocsinPagesStuck"), min=0),
        graph("Given up", "Notifications that were lost, in all: TocsinPagesLost fires on any.",
              [(f"sum by (destination) (tocsin_notifications_abandoned_total{{{I}}})"
                f" or 0 * sum by (destination) (tocsin_notifications_queued{{{I}}})", "{{destination}}")],
              thresholds=above(1), min=0),
        graph("Rules", "Evaluations a second, and the share of a core that they take.",
              [(f"rate(tocsin_rule_evaluations_total{{{I}}}{R})", f"{NAME} evaluations"),
               (f"rate(tocsin_rule_evaluation_seconds_total{{{I}}}{R})", f"{NAME} cores")], min=0),
    ]
    return dashboard("tocsin-alerts", "Tocsin / Alerts and silences",
                     "What fires, what is silenced, and whether pages leave.", hosts(),
                     [("Now", now), ("Over time", time), ("Delivery", delivery)])


def agent():
    state = [
        stat("Version", "Of the running agent.", f"count by (version) (tocsin_build_info{{{I}}})",
             legend="{{version}}", options={"textMode": "name"}),
        stat("Running for", "Since its last start.",
             f"min(time() - process_start_time_seconds{{{I}}} and on (instance) tocsin_build_info)", "s"),
        stat("Configuration", "1: the last reload succeeded. Colours: TocsinConfigNotLoaded.",
             f"min(tocsin_config_last_reload_successful{{{I}}})", thresholds=rule("TocsinConfigNotLoaded")),
        stat("Samples on disk", "0: in memory only. Colours: TocsinStoreNotKept.",
             f"min(tocsin_store_disk_ok{{{I}}})", thresholds=rule("TocsinStoreNotKept")),
        stat("Collectors that fail", "In their last round. Those whose source this kernel lacks do not count.",
             f"count(tocsin_collector_success{{{I}}} == 0) or vector(0)", thresholds=above(1)),
        stat("Series", "In the agent's store.", f"sum(tocsin_store_series{{{I}}})"),
    ]
    process = [
        graph("Memory", "Resident memory of the agent.",
              [(f"process_resident_memory_bytes{{{I}}} and on (instance) tocsin_build_info", NAME)], "bytes", min=0),
        graph("CPU", "Share of one core that the agent uses.",
              [(f"100 * rate(process_cpu_seconds_total{{{I}}}{R}) and on (instance) tocsin_build_info", NAME)],
              "percent", min=0),
        graph("Descriptors", "Open now.", [(f"process_open_fds{{{I}}} and on (instance) tocsin_build_info", NAME)],
              min=0),
    ]
    collectors = [
        graph("Time of a round", "The ten slowest collectors.",
              [(f"topk(10, tocsin_collector_duration_seconds{{{I}}})", "{{collector}} (" + NAME + ")")], "s", min=0),
        graph("Age", "Since the last round that succeeded: the ten oldest.",
              [(f"topk(10, tocsin_collector_age_seconds{{{I}}})", "{{collector}} (" + NAME + ")")], "s", min=0),
        graph("Failures", "Rounds a second that failed, of all collectors.",
              [(f"sum by (instance) (rate(tocsin_collector_failures_total{{{I}}}{R}))", NAME)], "ops", min=0),
    ]
    store = [
        graph("Memory of the store", "Samples, series and index.", [(f"tocsin_store_bytes{{{I}}}", NAME)], "bytes",
              min=0),
        graph("Samples", "Appended a second.", [(f"rate(tocsin_store_samples_appended_total{{{I}}}{R})", NAME)], "ops",
              min=0),
        graph("Dropped samples", "A second, by reason.",
              [(f"rate(tocsin_store_dropped_total{{{I}}}{R})", "{{reason}} (" + NAME + ")")], "ops", min=0),
        graph("Time that is kept", "Age of the oldest sample.",
              [(f"time() - tocsin_store_oldest_timestamp_seconds{{{I}}}", NAME)], "s", min=0),
        graph("Page", "Scrapes answered from the rendered page, and those that had to render it, a second.",
              [(f"rate(tocsin_page_cache_hits_total{{{I}}}{R})", f"{NAME} rendered before"),
               (f"rate(tocsin_page_cache_misses_total{{{I}}}{R})", f"{NAME} rendered")], "ops", min=0),
        graph("Range queries", "Answered from the cache, and evaluated, a second.",
              [(f"rate(tocsin_query_cache_hits_total{{{I}}}{R})", f"{NAME} kept"),
               (f"rate(tocsin_query_cache_misses_total{{{I}}}{R})", f"{NAME} evaluated")], "ops", min=0),
    ]
    return dashboard("tocsin-agent", "Tocsin / The agent", "How the agent itself is doing.", hosts(),
                     [("State", state), ("Process", process), ("Collectors", collectors),
                      ("Store and queries", store)])
