// Lines of StatsD and its dialects, and the mapping of names.

#include <gtest/gtest.h>

#include <string>

#include "base/format.h"
#include "collectors/response/statsd/distinct.h"
#include "collectors/response/statsd/line.h"
#include "collectors/response/statsd/mapping.h"

namespace tocsin::statsd {
namespace {

/// Writes down what a line holds: "name=1 c; !malformed_value".
class Recorder final : public LineSink {
 public:
  void Take(const Sample& sample) override {
    const Identity identity = ReadIdentity(sample);
    Next() += identity.name;
    for (const auto& [name, value] : identity.tags) text_ += "{" + name + "=" + value + "}";
    for (std::uint32_t i = 0; i < identity.tag_errors; ++i) text_ += "{!}";
    constexpr const char* kKinds[] = {" c", " g", " ms", " h", " s"};
    text_ += kKinds[static_cast<std::size_t>(sample.kind)];
    if (sample.kind == Kind::kSet) {
      text_ += " " + std::string(sample.member);
      return;
    }
    text_ += (sample.relative ? " by " : " ") + FormatGoFloat(sample.value);
    if (sample.weight != 1) text_ += " x" + FormatGoFloat(sample.weight);
  }
  void TakeError(SampleError error) override {
    Next() += "!" + std::string(SampleErrorText(error));
  }

  std::string text_;

 private:
  std::string& Next() {
    if (!text_.empty()) text_ += "; ";
    return text_;
  }
};

struct Case {
  const char* line;
  const char* expected;
};

TEST(StatsdLineTest, EveryDialect) {
  const Case cases[] = {
      {"a.b:1|c", "a.b c 1"},
      {"a:2|c|@0.1", "a c 20"},
      {"a:-3|c", "a c -3"},
      {"a:5|g", "a g 5"},
      {"a:+5|g", "a g by 5"},
      {"a:-5.5|g|@0.5", "a g by -5.5"},
      {"a:320|ms", "a ms 0.32"},
      {"a:320|ms|@0.1", "a ms 0.32 x10"},
      {"a:1e3|h", "a h 1000"},
      {"a:7|d|@0.3", "a h 7 x3"},
      {"a:user:7|s", "a s user:7"},
      {"a:2001:db8::1|s|#k:v", "a{k=v} s 2001:db8::1"},
      {"a:user7|s", "a s user7"},
      {"a:1|c:2|c:3|ms", "a c 1; a c 2; a ms 0.003"},
      {"a:1|c|#k:v,k-2:v:2", "a{k=v}{k_2=v:2} c 1"},
      {"a:1:2.5:x|h|@0.5|#k:v", "a{k=v} h 1 x2; a{k=v} h 2.5 x2; !malformed_value"},
      {"a:1:2|c", "!invalid_extended_aggregate_type"},
      {"a:1|c|#k:v|c:abc|T1656581400", "a{k=v}{container_id=abc} c 1"},
      {"a:1|c|c:abc", "a{container_id=abc} c 1"},
      {"a:1|c|#", "a c 1"},
      {"a:1|c|#k,:v,k:,,#x:y", "a{x=y}{!}{!}{!}{!} c 1"},
      {"a#k=v,l=w:1|c", "a{k=v}{l=w} c 1"},
      {"a,k=v:1|g", "a{k=v} g 1"},
      {"a[k=v,l=w].b:1|c", "a.b{k=v}{l=w} c 1"},
      {"a[k=v:1|c", "a[k=v{!} c 1"},
      {"a,k=v:1|c|#l:w", "!mixed_tagging_styles"},
      {"", "!malformed_line"},
      {":1|c", "!malformed_line"},
      {"a", "!malformed_line"},
      {"a:1", "!not_enough_parts_after_colon"},
      {"a:1|", "!illegal_event"},
      {"a:1|x", "!illegal_event"},
      {"a:|c", "!malformed_value"},
      {"a:nan|g", "!malformed_value"},
      {"a:inf|ms", "!malformed_value"},
      {"a:1e999|c", "!malformed_value"},
      {"a:0x10|c", "!malformed_value"},
      {"a:1|c|@0", "!invalid_sample_factor"},
      {"a:1|c|@-1", "!invalid_sample_factor"},
      {"a:1|c|@2", "!invalid_sample_factor"},
      {"a:1|ms|@1e-300", "!invalid_sample_factor"},
      {"a:1|c|@x", "!invalid_sample_factor"},
      {"a:1|c|x", "!invalid_sample_factor"},
      {"a:1|c||#k:v", "!malformed_component"},
      {"a:1|c|@1|@1|@1|@1|@1|@1|@1", "!malformed_component"},
      {"a:1|c|#k:v|c", "!malformed_container_id"},
      {"a:1|c|#k:v|Tx", "!malformed_timestamp"},
      {"a:1|c:2", "a c 1; !malformed_component"},
  };
  for (const Case& c : cases) {
    Recorder recorder;
    EXPECT_EQ(ReadLine(c.line, recorder), LineKind::kSamples);
    EXPECT_EQ(recorder.text_, c.expected) << c.line;
  }
  Recorder none;
  EXPECT_EQ(ReadLine("_e{5,4}:title|text|#a:b", none), LineKind::kEvent);
  EXPECT_EQ(ReadLine("_sc|name|0|#a:b", none), LineKind::kServiceCheck);
  EXPECT_EQ(none.text_, "");
}

TEST(StatsdLineTest, NamesBecomeFit) {
  const Case cases[] = {{"a.b-c", "a_b_c"}, {"1a", "_1a"},       {"a--b", "a_b"},
                        {"a b/c", "a_b_c"}, {"h\xc3\xa9", "h_"}, {"", ""}};
  for (const Case& c : cases) EXPECT_EQ(EscapeName(c.line), c.expected) << c.line;
}

TEST(DistinctCountTest, ExactThenNear) {
  DistinctCount count;
  double last = 0;
  for (int i = 1; i <= 20'000; ++i) {
    count.Add("user" + std::to_string(i));
    count.Add("user" + std::to_string(i / 2 + 1));
    if (i <= 512) {
      EXPECT_EQ(count.Estimate(), i);
    }
    if (i % 4'000 == 0) {
      EXPECT_NEAR(count.Estimate(), i, i * 0.06);
      EXPECT_GT(count.Estimate(), last);
      last = count.Estimate();
    }
  }
  count.Clear();
  EXPECT_EQ(count.Estimate(), 0);
}

Result<Mapping> MappingOf(std::string_view text) {
  const auto file = ParseYaml(text, "mapping.yml");
  EXPECT_TRUE(file.ok());
  return Mapping::Read(*file, *file->root);
}

/// "name{label=value}", "drop", or "none".
std::string Map(const Mapping& mapping, std::string_view name, EventType type) {
  const auto mapped = mapping.Find(name, type);
  if (!mapped) return "none";
  if (mapped->rule->drop) return "drop";
  std::string text = mapped->name;
  for (const auto& [label, value] : mapped->labels) text += "{" + label + "=" + value + "}";
  return text;
}

TEST(StatsdMappingTest, AsStatsdExporterMaps) {
  const auto mapping = MappingOf(R"(
defaults: {observer_type: summary, ttl: 1m, match_type: glob}
mappings:
  - match: '^server-(\w+)\.(?P<verb>[a-z]+)$'
    match_type: regex
    name: server_${verb}
    labels: {host: "$1", verb: "${verb}", odd: "$1_x$$"}
  - match: "test.dispatcher.*.*.*"
    name: "dispatcher_events_total"
    labels: {processor: "$1", action: "${2}", result: "$3-$9"}
  - match: "*.signup.*.*"
    name: "${1}_signup"
    match_metric_type: counter
    labels: {provider: "$2"}
  - match: "timers.*"
    name: timers
    observer_type: histogram
    histogram_options: {buckets: [0.1, 1, +Inf]}
    ttl: 2h
    scale: 0.001
  - {match: "noisy.*", action: drop, name: dropped}
)");
  ASSERT_TRUE(mapping.ok()) << mapping.error().message();
  struct {
    const char* name;
    EventType type;
    const char* expected;
  } const cases[] = {
      {"test.dispatcher.a.b.c", EventType::kCounter,
       "dispatcher_events_total{processor=a}{action=b}{result=c-}"},
      {"test.dispatcher.a.b", EventType::kCounter, "none"},
      {"test.dispatcher.a.b.c.d", EventType::kCounter, "none"},
      {"web.signup.google.ok", EventType::kCounter, "web_signup{provider=google}"},
      {"web.signup.google.ok", EventType::kGauge, "none"},
      {"server-a1.get", EventType::kGauge, "server_get{host=a1}{verb=get}{odd=$}"},
      {"noisy.x", EventType::kSet, "drop"},
      {"other", EventType::kSet, "none"},
  };
  for (const auto& c : cases) EXPECT_EQ(Map(*mapping, c.name, c.type), c.expected) << c.name;
  const auto timers = mapping->Find("timers.x", EventType::kObserver);
  ASSERT_TRUE(timers);
  EXPECT_FALSE(timers->rule->observer.summary);
  EXPECT_EQ(timers->rule->observer.bounds, (std::vector<double>{0.1, 1}));
  EXPECT_EQ(timers->rule->ttl, std::chrono::hours(2));
  EXPECT_EQ(timers->rule->scale, 0.001);
  EXPECT_TRUE(mapping->observer().summary);
  EXPECT_EQ(mapping->ttl(), std::chrono::minutes(1));
}

TEST(StatsdMappingTest, ErrorsSayWhere) {
  const Case cases[] = {
      {"mappings: [{match: 'a..b', name: x}]", "mapping.yml:1:20"},
      {"mappings: [{match: 'a.b*', name: x}]", "each a word or *"},
      {"mappings: [{match: '(', match_type: regex, name: x}]", "missing )"},
      {"mappings: [{match: a}]", "needs a name"},
      {"mappings: [{match: a, name: x, labels: {0a: b}}]", "no name of a label"},
      {"mappings: [{match: a, name: x, match_metric_type: metre}]", "expected counter"},
      {"mappings: [{match: a, name: x, nmae: y}]", "nmae"},
      {"mappings: [{match: a, name: x, buckets: [1, 1]}]", "rising"},
      {"defaults: {glob_disable_ordering: true}", "not supported"},
      {"mappings: 5", "expected a list"},
  };
  for (const Case& c : cases) {
    const auto mapping = MappingOf(c.line);
    ASSERT_FALSE(mapping.ok()) << c.line;
    EXPECT_NE(mapping.error().message().find(c.expected), std::string::npos)
        << mapping.error().message();
  }
}

}  // namespace
}  // namespace tocsin::statsd
