// Every case of corpus/*.txt gives what promtool and amtool gave (see corpus_file.py).

#include <gtest/gtest.h>
#include <simdjson.h>

#include <fstream>
#include <map>
#include <sstream>

#include "base/parse.h"
#include "rules/template/alertmanager.h"
#include "rules/template/template.h"

namespace tocsin::tmpl {
namespace {

const std::string kCorpus = TOCSIN_SOURCE_DIR "/tests/template/corpus/";

std::string ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

struct Case {
  std::string name;
  std::map<std::string, std::string> keys;
  std::string text;
  std::string output;
  std::string error;  // what the real program said; empty: it succeeded
};

void AddLine(std::string& text, std::string_view line, bool& first) {
  if (!first) text += '\n';
  first = false;
  text += line.size() > 2 ? line.substr(2) : std::string_view{};
}

std::vector<Case> Load(const std::string& file) {
  const std::string all = ReadAll(kCorpus + file);
  std::vector<Case> cases;
  bool first_text = true;
  bool first_output = true;
  std::string_view rest = all;
  while (!rest.empty()) {
    const std::string_view line = TakeLine(rest);
    if (line.starts_with("=== ")) {
      cases.emplace_back().name = line.substr(4);
      first_text = first_output = true;
    } else if (cases.empty() || line.empty()) {
      continue;
    } else if (line[0] == '>') {
      AddLine(cases.back().text, line, first_text);
    } else if (line[0] == '<') {
      AddLine(cases.back().output, line, first_output);
    } else if (line[0] == '!') {
      cases.back().error = line.substr(2);
    } else if (const auto colon = line.find(": "); colon != std::string_view::npos) {
      cases.back().keys[std::string(line.substr(0, colon))] = line.substr(colon + 2);
    }
  }
  return cases;
}

void Check(const Case& expected, const Result<std::string>& got) {
  SCOPED_TRACE(expected.name + "\n" + expected.text);
  if (!expected.error.empty()) {
    EXPECT_FALSE(got) << "gave: " << *got << "\nbut the real one failed: " << expected.error;
    return;
  }
  ASSERT_TRUE(got) << got.error().message();
  EXPECT_EQ(*got, expected.output);
}

// ---- Prometheus ---------------------------------------------------------------------------------

/// `{a="b",…}` as the corpus' header has it.
Labels ParseLabels(std::string_view text, std::string_view metric) {
  LabelsBuilder builder;
  if (!metric.empty()) builder.Set(kMetricName, metric);
  text = text.substr(1, text.size() - 2);
  while (!text.empty()) {
    const auto equals = text.find('=');
    const std::string name(text.substr(0, equals));
    text.remove_prefix(equals + 2);
    std::string value;
    for (; text[0] != '"'; text.remove_prefix(1)) {
      if (text[0] == '\\') text.remove_prefix(1);
      value += text[0];
    }
    builder.Set(name, value);
    text.remove_prefix(text.starts_with("\",") ? 2 : 1);
  }
  return builder.Build();
}

struct PrometheusData {
  AlertTextData data;
  std::string url;
  std::vector<QuerySample> series;

  /// A metric's name, with at most one matcher: all that the corpus asks for.
  Result<std::vector<QuerySample>> Query(std::string_view promql) const {
    const auto brace = std::min(promql.find('{'), promql.size());
    const std::string_view metric = promql.substr(0, brace);
    const Labels wanted = brace < promql.size() ? ParseLabels(promql.substr(brace), "") : Labels{};
    std::vector<QuerySample> found;
    for (const QuerySample& sample : series) {
      bool matches = sample.labels.MetricName() == metric;
      for (const LabelView label : wanted) {
        matches = matches && sample.labels.Get(label.name) == label.value;
      }
      if (matches) found.push_back(sample);
    }
    return found;
  }
};

PrometheusData LoadPrometheusData() {
  PrometheusData out;
  const std::string all = ReadAll(kCorpus + "prometheus.txt");
  std::string_view rest = all;
  while (rest.starts_with("#")) {
    std::string_view line = TakeLine(rest);
    if (line.starts_with("# series: ")) {
      line.remove_prefix(10);
      const auto open = line.find('{');
      const auto close = line.rfind('}');
      const std::string_view metric = line.substr(0, open);
      const std::string_view labels = line.substr(open, close + 1 - open);
      const double value = *ParseDouble(line.substr(close + 2));
      if (metric == "subject") {
        out.data.labels = ParseLabels(labels, "");
      } else {
        out.series.push_back({ParseLabels(labels, metric), value});
      }
    } else if (line.starts_with("# external_url: ")) {
      out.url = line.substr(16);
    }
  }
  out.data.external_labels = Labels{{"cluster", "eu-1"}, {"replica", "A"}};
  return out;
}

double CaseValue(const Case& one) {
  const auto key = one.keys.find("value");
  if (key == one.keys.end()) return 1234.5678;
  if (key->second == "0.1 + 0.2") return 0.1 + 0.2;
  return *ParseDouble(key->second);
}

TEST(TemplateCorpusTest, ExpandsAsPromtool) {
  PrometheusData fixture = LoadPrometheusData();
  ASSERT_EQ(fixture.series.size(), 4u);
  const std::vector<Case> cases = Load("prometheus.txt");
  ASSERT_GE(cases.size(), 150u);
  const QueryFunction query = [&](std::string_view promql, WallTime) {
    return fixture.Query(promql);
  };
  Environment environment;
  environment.query = &query;
  environment.external_url = fixture.url;
  for (const Case& one : cases) {
    fixture.data.value = CaseValue(one);
    const auto parsed = AlertText::Parse(one.text, "alert");
    Check(one,
          parsed ? parsed->Expand(fixture.data, environment) : Result<std::string>(parsed.error()));
  }
}

// ---- Alertmanager -------------------------------------------------------------------------------

std::string Text(simdjson::dom::element object, const char* key) {
  return std::string(std::string_view(object[key]));
}

Labels ToLabels(simdjson::dom::object object) {
  LabelsBuilder builder;
  for (const auto [key, value] : object) builder.Set(key, std::string_view(value));
  return builder.Build();
}

/// "2023-03-04T05:06:07.089Z".
Time ParseTime(std::string_view text) {
  const auto number = [&](std::size_t at, std::size_t count) {
    return *ParseInt<int>(text.substr(at, count));
  };
  const std::chrono::year_month_day date{std::chrono::year(number(0, 4)),
                                         std::chrono::month(static_cast<unsigned>(number(5, 2))),
                                         std::chrono::day(static_cast<unsigned>(number(8, 2)))};
  Time time;
  time.unix_seconds =
      std::chrono::sys_seconds(std::chrono::sys_days(date)).time_since_epoch().count() +
      number(11, 2) * 3600 + number(14, 2) * 60 + number(17, 2);
  std::string fraction(text.size() > 20 ? text.substr(20, text.size() - 21) : "0");
  fraction.resize(9, '0');
  time.nanos = *ParseInt<std::int32_t>(fraction);
  return time;
}

NotificationData LoadNotification() {
  simdjson::dom::parser parser;
  const simdjson::dom::element root = parser.load(kCorpus + "alertmanager.json");
  NotificationData data;
  data.receiver = Text(root, "receiver");
  data.status = Text(root, "status");
  data.external_url = Text(root, "externalURL");
  data.group_labels = ToLabels(root["groupLabels"]);
  data.common_labels = ToLabels(root["commonLabels"]);
  data.common_annotations = ToLabels(root["commonAnnotations"]);
  for (const simdjson::dom::element alert : root["alerts"]) {
    data.alerts.push_back({Text(alert, "status"), ToLabels(alert["labels"]),
                           ToLabels(alert["annotations"]), ParseTime(Text(alert, "startsAt")),
                           ParseTime(Text(alert, "endsAt")), Text(alert, "generatorURL"),
                           Text(alert, "fingerprint")});
  }
  return data;
}

TEST(TemplateCorpusTest, RendersAsAmtool) {
  const std::vector<std::string> globs{kCorpus + "*.tmpl"};
  const auto files = ReadTemplateGlobs(globs);
  ASSERT_TRUE(files) << files.error().message();
  ASSERT_EQ(files->size(), 2u);
  const auto library = Library::Parse(*files, AlertmanagerFunctions());
  ASSERT_TRUE(library) << library.error().message();
  const Value data = ToValue(LoadNotification());
  const std::vector<Case> cases = Load("alertmanager.txt");
  ASSERT_GE(cases.size(), 80u);
  for (const Case& one : cases) {
    ParseOptions options;
    options.functions = &AlertmanagerFunctions();
    options.library = &*library;
    Environment environment;
    if (one.keys.contains("type")) environment.escaping = Escaping::kHtml;
    const auto parsed = Template::Parse(one.text, options);
    Check(one, parsed ? parsed->Execute(data, environment) : Result<std::string>(parsed.error()));
  }
}

}  // namespace
}  // namespace tocsin::tmpl
