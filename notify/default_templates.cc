#include "notify/default_templates.h"

namespace tocsin::notify {

std::string_view DefaultTemplates() {
  return R"TEMPLATE(
{{- define "__alertmanager" }}Tocsin{{ end }}
{{- define "__alertmanagerURL" }}{{ .ExternalURL }}/alerts?receiver={{ .Receiver | urlquery }}{{ end }}
{{- define "__subject" -}}
  [{{ .Status | toUpper }}{{ if eq .Status "firing" }}:{{ len .Alerts.Firing }}{{ end }}]
  {{- " " }}{{ join " " .GroupLabels.SortedPairs.Values }} {{ if gt (len .CommonLabels) (len .GroupLabels) -}}
  ({{ join " " (.CommonLabels.Remove .GroupLabels.Names).Values }})
  {{- end }}
{{- end }}
{{- define "__description" }}{{ end }}

{{- define "__text_alert" }}{{ or .Annotations.summary .Labels.alertname }}
{{ with .Annotations.description }}{{ . }}
{{ end }}{{ range (.Annotations.Remove (stringSlice "summary" "description")).SortedPairs }}{{ .Name }}: {{ .Value }}
{{ end }}{{ range .Labels.SortedPairs }} - {{ .Name }} = {{ .Value }}
{{ end }}Since: {{ .StartsAt.UTC.Format "2006-01-02 15:04:05 MST" }}
{{ if eq .Status "resolved" }}Until: {{ .EndsAt.UTC.Format "2006-01-02 15:04:05 MST" }}
{{ end }}{{ with .GeneratorURL }}Graph: {{ . }}
{{ end }}{{ end }}

{{- define "__text_alert_list" }}{{ range . }}{{ template "__text_alert" . }}
{{ end }}{{ end }}

{{- define "__text_alerts" }}
{{- with .Alerts.Firing }}FIRING
{{ template "__text_alert_list" . }}{{ end }}
{{- with .Alerts.Resolved }}RESOLVED
{{ template "__text_alert_list" . }}{{ end }}
{{- with .AcknowledgeURL }}Acknowledge: {{ . }}
{{ end }}
{{- end }}

{{- define "__text_alert_list_markdown" }}{{ range . }}
**{{ or .Annotations.summary .Labels.alertname }}**

{{ with .Annotations.description }}{{ . }}

{{ end }}{{ range (.Annotations.Remove (stringSlice "summary" "description")).SortedPairs }}- {{ .Name }}: {{ .Value }}
{{ end }}{{ range .Labels.SortedPairs }}- {{ .Name }} = {{ .Value }}
{{ end }}- since {{ .StartsAt.UTC.Format "2006-01-02 15:04:05 MST" }}
{{ if eq .Status "resolved" }}- until {{ .EndsAt.UTC.Format "2006-01-02 15:04:05 MST" }}
{{ end }}
{{ with .GeneratorURL }}[Graph]({{ . }})

{{ end }}{{ end }}{{ end }}

{{- define "slack.default.title" }}{{ template "__subject" . }}{{ end }}
{{- define "slack.default.username" }}{{ template "__alertmanager" . }}{{ end }}
{{- define "slack.default.titlelink" }}{{ template "__alertmanagerURL" . }}{{ end }}
{{- define "slack.default.fallback" }}{{ template "slack.default.title" . }} | {{ template "slack.default.titlelink" . }}{{ end }}
{{- define "slack.default.callbackid" }}{{ end }}
{{- define "slack.default.pretext" }}{{ end }}
{{- define "slack.default.iconemoji" }}{{ end }}
{{- define "slack.default.iconurl" }}{{ end }}
{{- define "slack.default.text" }}{{ range .Alerts }}{{ if eq .Status "resolved" }}Resolved: {{ end }}{{ or .Annotations.summary .Labels.alertname }}
{{ with .Annotations.description }}{{ . }}
{{ end }}{{ range (.Annotations.Remove (stringSlice "summary" "description")).SortedPairs }}{{ .Name }}: {{ .Value }}
{{ end }}{{ with .GeneratorURL }}<{{ . }}|Graph>
{{ end }}{{ end }}{{ with .AcknowledgeURL }}<{{ . }}|Acknowledge>{{ end }}{{ end }}
{{- define "slack.default.footer" }}{{ end }}

{{- define "pagerduty.default.description" }}{{ template "__subject" . }}{{ end }}
{{- define "pagerduty.default.client" }}{{ template "__alertmanager" . }}{{ end }}
{{- define "pagerduty.default.clientURL" }}{{ template "__alertmanagerURL" . }}{{ end }}
{{- define "pagerduty.default.instances" }}{{ template "__text_alert_list" . }}{{ end }}

{{- define "opsgenie.default.message" }}{{ template "__subject" . }}{{ end }}
{{- define "opsgenie.default.source" }}{{ template "__alertmanagerURL" . }}{{ end }}
{{- define "opsgenie.default.description" }}{{ join " " .CommonAnnotations.SortedPairs.Values }}
{{ template "__text_alerts" . }}{{ end }}

{{- define "pushover.default.title" }}{{ template "__subject" . }}{{ end }}
{{- define "pushover.default.url" }}{{ template "__alertmanagerURL" . }}{{ end }}
{{- define "pushover.default.message" }}{{ join " " .CommonAnnotations.SortedPairs.Values }}
{{ template "__text_alerts" . }}{{ end }}

{{- define "telegram.default.message" }}{{ template "__text_alerts" . }}{{ end }}

{{- define "discord.default.content" }}{{ end }}
{{- define "discord.default.title" }}{{ template "__subject" . }}{{ end }}
{{- define "discord.default.message" }}{{ template "__text_alerts" . }}{{ end }}

{{- define "msteams.default.title" }}{{ template "__subject" . }}{{ end }}
{{- define "msteams.default.summary" }}{{ template "__subject" . }}{{ end }}
{{- define "msteams.default.text" }}
{{- with .Alerts.Firing }}# Alerts Firing:
{{ template "__text_alert_list_markdown" . }}{{ end }}
{{- with .Alerts.Resolved }}# Alerts Resolved:
{{ template "__text_alert_list_markdown" . }}{{ end }}
{{- with .AcknowledgeURL }}[Acknowledge]({{ . }})
{{ end }}
{{- end }}

{{- define "ntfy.default.title" }}{{ template "__subject" . }}{{ end }}
{{- define "ntfy.default.message" }}{{ template "__text_alerts" . }}{{ end }}

{{- define "email.default.subject" }}{{ template "__subject" . }}{{ end }}
{{- define "email.default.html" -}}
<!DOCTYPE html>
<html>
<head><meta charset="utf-8"><title>{{ template "__subject" . }}</title></head>
<body style="font-family: sans-serif; max-width: 42em; margin: auto">
<h2 style="color: {{ if eq .Status "firing" }}#c0392b{{ else }}#2e7d32{{ end }}">{{ template "__subject" . }}</h2>
{{ if .Alerts.Firing }}<h3>{{ len .Alerts.Firing }} firing</h3>
{{ range .Alerts.Firing }}{{ template "__html_alert" . }}{{ end }}{{ end }}
{{ if .Alerts.Resolved }}<h3>{{ len .Alerts.Resolved }} resolved</h3>
{{ range .Alerts.Resolved }}{{ template "__html_alert" . }}{{ end }}{{ end }}
{{ with .AcknowledgeURL }}<p><a href="{{ . }}">Acknowledge</a>: no more pages until it has ended</p>
{{ end }}<p><a href="{{ .ExternalURL }}">Sent by {{ template "__alertmanager" . }}</a></p>
</body>
</html>
{{ end }}
{{- define "__html_alert" -}}
<div style="border-left: 4px solid #bbb; padding: 0 1em; margin: 1em 0">
<h4>{{ or .Annotations.summary .Labels.alertname }}</h4>
{{ with .Annotations.description }}<p>{{ . }}</p>
{{ end }}<p>{{ range (.Annotations.Remove (stringSlice "summary" "description")).SortedPairs -}}
<b>{{ .Name }}</b>: {{ if match "^https?://" .Value }}<a href="{{ .Value }}">{{ .Value }}</a>{{ else }}{{ .Value }}{{ end }}<br>
{{ end }}</p>
<p style="color: #555">{{ range .Labels.SortedPairs }}{{ .Name }} = {{ .Value }}<br>
{{ end }}since {{ .StartsAt.UTC.Format "2006-01-02 15:04:05 MST" }}{{ if eq .Status "resolved" }}
until {{ .EndsAt.UTC.Format "2006-01-02 15:04:05 MST" }}{{ end }}</p>
{{ if .GeneratorURL }}<p><a href="{{ .GeneratorURL }}">Graph</a></p>{{ end }}
</div>
{{ end }}
)TEMPLATE";
}

}  // namespace tocsin::notify
