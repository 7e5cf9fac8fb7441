"""Caches, queues and services, by the shapes that all their collectors share; then what is theirs alone."""
from panels import above, dashboard, graph, no_zero_is_bad, panel, rule, stat, steps, variable

R = "[$__rate_interval]"
# Each dashboard here has instances of its own, so their variables have names of their own: links between dashboards
# hand on the values of all variables, and an agent's instance is none of a cache.


def caches():
    c = 'cache=~"$cache",instance=~"$cache_instance"'
    i = 'instance=~"$cache_instance"'
    ratio = (f"100 * rate(cache_hits_total{{{c}}}{R}) / (rate(cache_hits_total{{{c}}}{R})"
             f" + rate(cache_misses_total{{{c}}}{R}))")
    name = "{{cache}} ({{instance}})"
    shape = [
        panel("bargauge", "Hit rate now", "Share of the lookups that the cache answered. Colours: CacheHitRateLow.",
              [(ratio, name)], "percent", thresholds=rule("CacheHitRateLow"), min=0, max=100, width=8),
        graph("Hit rate", "Share of the lookups that the cache answered. Nothing while nobody asks. Lines: "
              "CacheHitRateLow.", [(ratio, name)], "percent", thresholds=rule("CacheHitRateLow"), min=0, max=100,
              width=16),
        graph("Lookups", "A second: hits above, misses below.",
              [(f"rate(cache_hits_total{{{c}}}{R})", f"{name} hits"),
               (f"-rate(cache_misses_total{{{c}}}{R})", f"{name} misses")], "ops"),
        graph("Evictions", "Entries thrown out a second to make room: the cache is smaller than what is asked of it.",
              [(f"rate(cache_evictions_total{{{c}}}{R})", name)], "ops", min=0),
        graph("Entries", "A fall to nothing is a restart or a flush.", [(f"cache_entries{{{c}}}", name)], min=0),
        graph("Size", "Memory that the entries take.", [(f"cache_size_bytes{{{c}}}", name)], "bytes", min=0),
    ]
    redis = [
        stat("Redis", "Whether it answers.", f"min by (instance) (redis_up{{{i}}})", legend="{{instance}}", width=6,
             thresholds=no_zero_is_bad()),
        stat("Slow log", "Commands in the slow log (SLOWLOG GET shows them).",
             f"sum by (instance) (redis_slowlog_length{{{i}}})", legend="{{instance}}", width=6,
             thresholds=above(10, 100)),
        stat("Clients", "Connected now.", f"sum by (instance) (redis_connected_clients{{{i}}})",
             legend="{{instance}}", width=6),
        stat("Keys", "Of all databases.", f"sum by (instance) (redis_db_keys{{{i}}})", legend="{{instance}}",
             width=6),
        graph("Commands", "That Redis processed, a second.",
              [(f"rate(redis_commands_processed_total{{{i}}}{R})", "{{instance}}")], "ops", min=0),
        graph("Redis memory", "Used, and what it may use (0: no limit).",
              [(f"redis_memory_used_bytes{{{i}}}", "{{instance}} used"),
               (f"redis_memory_max_bytes{{{i}}}", "{{instance}} limit")], "bytes", min=0),
        graph("Redis network", "Received above, sent below.",
              [(f"rate(redis_net_input_bytes_total{{{i}}}{R})", "{{instance}} received"),
               (f"-rate(redis_net_output_bytes_total{{{i}}}{R})", "{{instance}} sent")], "Bps"),
    ]
    memcached = [
        stat("memcached", "Whether it answers.", f"min by (instance) (memcached_up{{{i}}})", legend="{{instance}}",
             width=6, height=7, thresholds=no_zero_is_bad()),
        graph("memcached commands", "A second, by command and result.",
              [(f"rate(memcached_commands_total{{{i}}}{R})", "{{instance}} {{command}} {{status}}")], "ops", min=0,
              width=6),
        graph("memcached memory", "Of its items, and what it may use.",
              [(f"memcached_current_bytes{{{i}}}", "{{instance}} used"),
               (f"memcached_limit_bytes{{{i}}}", "{{instance}} limit")], "bytes", min=0, width=6),
        graph("memcached connections", "Open now.", [(f"memcached_current_connections{{{i}}}", "{{instance}}")],
              min=0, width=6),
    ]
    return dashboard(
        "tocsin-caches", "Tocsin / Caches", "Hit rates, evictions and size of every cache; Redis and memcached.",
        [variable("cache_instance", "Instance", "label_values(cache_hits_total, instance)"),
         variable("cache", "Cache", 'label_values(cache_hits_total{instance=~"$cache_instance"}, cache)')],
        [("All caches", shape), ("Redis", redis), ("memcached", memcached)])


def queues():
    q = 'queue=~"$queue",instance=~"$queue_instance"'
    name = "{{queue}} ({{instance}})"
    shape = [
        panel("bargauge", "Waiting now", "Items in each queue. Colours: QueueLong.",
              [(f"topk(20, queue_depth{{{q}}})", name)], thresholds=rule("QueueLong"), min=0, width=8),
        graph("Waiting", "Items in each queue. Lines: QueueLong.", [(f"topk(20, queue_depth{{{q}}})", name)],
              thresholds=rule("QueueLong"), min=0, width=16),
        graph("Growth", "Items a minute, over ten minutes: above zero more comes in than goes out.",
              [(f"60 * deriv(queue_depth{{{q}}}[10m])", name)], "short"),
        graph("Longest in ten minutes", "The most that waited in each queue.",
              [(f"max_over_time(queue_depth{{{q}}}[10m])", name)], min=0, thresholds=rule("QueueLong")),
        graph("Full in", "Time until each queue holds as many items as QueueLong calls critical, if it goes on growing "
              "as in the last ten minutes. Nothing for those that do not grow.",
              [(f"clamp_min({rule('QueueLong')[-1]['value']} - queue_depth{{{q}}}, 0)"
                f" / (deriv(queue_depth{{{q}}}[10m]) > 0)", name)], "s", min=0, noValue="none grows"),
    ]
    flow = [
        graph("Oldest item", "How long the oldest one has waited; of sources that can tell. Lines: QueueOld.",
              [(f"queue_oldest_seconds{{{q}}}", name)], "s", thresholds=rule("QueueOld"), min=0),
        graph("In and out", "Put in above, taken out below; of sources that count.",
              [(f"rate(queue_enqueued_total{{{q}}}{R})", f"{name} in"),
               (f"-rate(queue_dequeued_total{{{q}}}{R})", f"{name} out")], "ops"),
        graph("Consumers", "That wait for items; of sources that know them.", [(f"queue_consumers{{{q}}}", name)],
              min=0),
    ]
    return dashboard(
        "tocsin-queues", "Tocsin / Queues", "What waits, for how long, and whether it grows.",
        [variable("queue_instance", "Instance", "label_values(queue_depth, instance)"),
         variable("queue", "Queue", 'label_values(queue_depth{instance=~"$queue_instance"}, queue)')],
        [("Waiting", shape), ("Flow", flow)])


def responses():
    s = 'service=~"$service",instance=~"$service_instance"'
    i = 'instance=~"$probe"'
    name = "{{service}}"

    def quantile(q):
        return (f"histogram_quantile({q}, sum by (service, le) (rate(response_time_seconds_bucket{{{s}}}{R})))",
                f"{name} p{round(q * 100)}")

    errors = (f"100 * sum by (service) (rate(response_errors_total{{{s}}}{R}))"
              f" / sum by (service) (rate(responses_total{{{s}}}{R}))")
    services = [
        graph("Response time", "Half, 95 % and 99 % of the answers came within. Lines: ResponseTimeHigh, which judges "
              "the 95 %.", [quantile(q) for q in (.5, .95, .99)], "s", thresholds=rule("ResponseTimeHigh"), min=0,
              width=12),
        graph("Errors", "Share of the answers that were failures of the service. Lines: ErrorRateHigh.",
              [(errors, name)], "percent", thresholds=rule("ErrorRateHigh"), min=0, width=12),
        graph("Requests", "Answers a second.", [(f"sum by (service) (rate(responses_total{{{s}}}{R}))", name)],
              "reqps", min=0),
        graph("By code", "Answers a second.",
              [(f"sum by (service, code) (rate(responses_total{{{s}}}{R}))", "{{service}} {{code}}")], "reqps",
              stacked=True, min=0),
        panel("heatmap", "Where the time goes", "Answers by the time they took.",
              [(f"sum by (le) (increase(response_time_seconds_bucket{{{s}}}{R}))", "{{le}}")], "s"),
    ]
    probes = [
        stat("Probes that succeed", "Of all probes.",
             f"100 * avg(probe_success{{{i}}})", "percent", thresholds=steps(
                 [(None, "red"), (90, "orange"), (100, "green")]), width=6, height=7),
        graph("Success", "1: the last probe succeeded. Colours: ProbeFailed.",
              [(f"probe_success{{{i}}}", "{{instance}}")], thresholds=rule("ProbeFailed"), min=0, max=1, width=6),
        graph("Duration", "Of the last probe, with all its phases.",
              [(f"probe_duration_seconds{{{i}}}", "{{instance}}")], "s", thresholds=rule("ResponseTimeHigh"), min=0,
              width=6),
        graph("Phases of HTTP probes", "Where the time of a probe goes.",
              [(f"sum by (phase) (avg by (instance, phase) (probe_http_duration_seconds{{{i}}}))", "{{phase}}")], "s",
              stacked=True, min=0, width=6),
    ]
    return dashboard(
        "tocsin-responses", "Tocsin / Response times",
        "How long services take to answer, how often they fail, and what probes say.",
        [variable("service_instance", "Instance", "label_values(responses_total, instance)"),
         variable("service", "Service", 'label_values(responses_total{instance=~"$service_instance"}, service)'),
         variable("probe", "Probe", "label_values(probe_success, instance)")],
        [("Services", services), ("Probes", probes)])
