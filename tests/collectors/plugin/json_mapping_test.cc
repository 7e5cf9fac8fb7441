#include "collectors/plugin/json_mapping.h"

#include <gtest/gtest.h>

#include "metrics/exposition/render.h"
#include "tests/collectors/page.h"

namespace tocsin::plugin {
namespace {

Result<JsonMapping> Mapping(const std::string& rules) {
  const auto file = ParseYaml(rules, "rules");
  EXPECT_TRUE(file.ok()) << file.error().message();
  return JsonMapping::Read(*file, *file->root);
}

/// The series that a document becomes, or the error.
std::string PageOf(const JsonMapping& mapping, std::string_view document,
                   std::size_t max_series = 1'000, MappingCounts* counts = nullptr) {
  RoundWriter writer;
  writer.Begin(WallTime(seconds(1)));
  const auto applied = mapping.Apply(document, max_series, writer);
  if (!applied) return "error: " + applied.error().message();
  if (counts) *counts = *applied;
  const Ref<const Snapshot> snapshots[] = {*writer.Finish()};
  return SamplesOf(exposition::RenderPage(snapshots, exposition::Format::kText));
}

std::string Map(const std::string& rules, std::string_view document) {
  const auto mapping = Mapping(rules);
  return mapping ? PageOf(*mapping, document) : "error: " + mapping.error().message();
}

TEST(JsonMappingTest, TheShippedCacheExampleReadsItsDocuments) {
  const auto file = ReadYamlFile(TOCSIN_SOURCE_DIR "/config/http_json/cache_stats.yml");
  ASSERT_TRUE(file.ok()) << file.error().message();
  const auto mapping = JsonMapping::Read(*file, *file->root->Find("metrics"));
  ASSERT_TRUE(mapping.ok()) << mapping.error().message();
  EXPECT_EQ(PageOf(*mapping, R"({"status":"success","cache_stats":{"hits":1250,"misses":340,)"
                             R"("size":42,"evictions":12,"hit_rate_percent":78.6},)"
                             R"("timestamp":"2026-01-01T00:00:00Z"})"),
            "app_status_ok 1\ncache_entries 42\ncache_evictions_total 12\ncache_hit_ratio "
            "0.786\n"
            "cache_hits_total 1250\ncache_misses_total 340\n");
  EXPECT_EQ(PageOf(*mapping, R"({"status":"error","managers":{"active":2,"mail":{"jobs":7,)"
                             R"("name":"m","on":true}}})"),
            "app_managers{field=\"active\"} 2\n"
            "app_managers{field=\"jobs\",manager=\"mail\"} 7\n"
            "app_managers{field=\"on\",manager=\"mail\"} 1\napp_status_ok 0\n");
  EXPECT_EQ(PageOf(*mapping, R"({"status":"success","websockets":{"connections":3,"rooms":1}})"),
            "app_status_ok 1\napp_websocket_count 2\n"
            "app_websockets{field=\"connections\"} 3\napp_websockets{field=\"rooms\"} 1\n");
}

TEST(JsonMappingTest, AllShippedExamplesAreValid) {
  const char* const kDocuments[][2] = {
      {"varnish.yml", R"({"version":1,"counters":{"MAIN.cache_hit":{"value":5},"SMA.s0.g_bytes":)"
                      R"({"value":1024},"MAIN.n_object":{"value":2}}})"},
      {"nginx_vts.yml",
       R"({"connections":{"active":1,"reading":0},"serverZones":{"*":{"inBytes":7,)"
       R"("requestCounter":5,"responses":{"2xx":4,"5xx":1,"hit":3,"miss":1}}},"upstreamZones":{"back":[{"server":"10.0.0.1:80",)"
       R"("responseMsec":250,"responses":{"5xx":1}}]},)"
       R"("cacheZones":{"z":{"usedSize":9,"responses":{"hit":3,"miss":1}}}})"}};
  const char* const kExpected[] = {
      "cache_entries 2\ncache_hits_total 5\ncache_size_bytes 1024\n",
      "cache_hits_total{cache=\"z\"} 3\ncache_misses_total{cache=\"z\"} 1\n"
      "cache_size_bytes{cache=\"z\"} 9\nnginx_vts_main_connections{status=\"active\"} 1\n"
      "nginx_vts_main_connections{status=\"reading\"} 0\n"
      "nginx_vts_server_bytes_total{direction=\"in\",host=\"*\"} 7\n"
      "nginx_vts_server_cache_total{host=\"*\",status=\"hit\"} 3\n"
      "nginx_vts_server_cache_total{host=\"*\",status=\"miss\"} 1\n"
      "nginx_vts_server_requests_total{code=\"2xx\",host=\"*\"} 4\n"
      "nginx_vts_server_requests_total{code=\"5xx\",host=\"*\"} 1\n"
      "nginx_vts_server_requests_total{code=\"total\",host=\"*\"} 5\n"
      "nginx_vts_upstream_requests_total{backend=\"10.0.0.1:80\",code=\"5xx\",upstream=\"back\"} "
      "1\n"
      "nginx_vts_upstream_response_seconds{backend=\"10.0.0.1:80\",upstream=\"back\"} 0.25\n"};
  for (int i = 0; i < 2; ++i) {
    const auto file =
        ReadYamlFile(std::string(TOCSIN_SOURCE_DIR "/config/http_json/") + kDocuments[i][0]);
    ASSERT_TRUE(file.ok()) << file.error().message();
    const auto mapping = JsonMapping::Read(*file, *file->root->Find("metrics"));
    ASSERT_TRUE(mapping.ok()) << mapping.error().message();
    EXPECT_EQ(PageOf(*mapping, kDocuments[i][1]), kExpected[i]);
  }
}

TEST(JsonMappingTest, ValuesOfEveryKind) {
  const std::string rules =
      "[{ name: v, path: '/*', values: { up: 1, down: 0 }, labels: { k: { key: 1 } } }]";
  EXPECT_EQ(
      Map(rules, R"({"a":1,"b":-2,"c":1.5e3,"d":true,"e":false,"f":"up","g":"down",)"
                 R"("h":" 12.5 ","i":"what","j":null,"k":[1],"l":{},"m":18446744073709551615})"),
      "v{k=\"a\"} 1\nv{k=\"b\"} -2\nv{k=\"c\"} 1500\nv{k=\"d\"} 1\nv{k=\"e\"} 0\n"
      "v{k=\"f\"} 1\nv{k=\"g\"} 0\nv{k=\"h\"} 12.5\nv{k=\"m\"} 1.8446744073709552e+19\n");
  MappingCounts counts;
  PageOf(*Mapping(rules), R"({"a":1,"b":"x","c":null,"d":[]})", 1'000, &counts);
  EXPECT_EQ(counts.samples, 1u);
  EXPECT_EQ(counts.not_numbers, 2u);
  EXPECT_EQ(counts.missing, 0u);
}

TEST(JsonMappingTest, PathsAndLabels) {
  const struct {
    const char* rules;
    const char* document;
    const char* page;
  } kCases[] = {
      {"[{ name: v, path: '' }]", "7", "v 7\n"},
      {"[{ name: v, path: '/a~1b/~0c' }]", R"({"a/b":{"~c":3}})", "v 3\n"},
      {"[{ name: v, path: /a/1 }]", R"({"a":[5,6]})", "v 6\n"},
      {"[{ name: v, path: /a/9 }, { name: w, path: /b }]", R"({"a":[5],"b":1})", "w 1\n"},
      {"[{ name: v, path: /a, count: true, scale: 10 }]", R"({"a":[5,6]})", "v 20\n"},
      {"[{ name: v, path: /s, constant: 1, labels: { state: { path: /s } } }]", R"({"s":"idle"})",
       "v{state=\"idle\"} 1\n"},
      {"[{ name: v, path: '/*/*/n', labels: { a: { key: 1 }, b: { key: 2 }, own: { path: /id, of: "
       "2 }, up: { path: /t, of: 1 }, top: { path: /z }, fixed: f } }]",
       R"({"z":9,"x":{"t":true,"p":{"n":1,"id":"i"}},"y":[{"n":2,"id":4}]})",
       "v{a=\"y\",b=\"0\",fixed=\"f\",own=\"4\",top=\"9\"} 2\n"
       "v{a=\"x\",b=\"p\",fixed=\"f\",own=\"i\",top=\"9\",up=\"true\"} 1\n"},
      // Without a label that tells them apart, the first one counts.
      {"[{ name: v, path: '/*' }]", "[1,2,3]", "v 1\n"},
  };
  for (const auto& c : kCases) EXPECT_EQ(Map(c.rules, c.document), c.page) << c.rules;
}

TEST(JsonMappingTest, BadRulesAreNamedWithTheirPosition) {
  const struct {
    const char* rules;
    const char* error;
  } kCases[] = {
      {"[]", "rules:1:1: expected a list"},
      {"[{ path: /a }]", "name"},
      {"[{ name: 1a, path: /a }]", "\"1a\" is no name for a metric"},
      {"[{ name: a, path: b }]", "rules:1:19: a path is a JSON pointer"},
      {"[{ name: a, path: '/~2' }]", "~ is followed by 0"},
      {"[{ name: a, path: /b, type: summary }]", "gauge, counter or untyped"},
      {"[{ name: a, path: /b, scael: 2 }]", "scael"},
      {"[{ name: a, path: /b, labels: { x: { key: 1 } } }]", "the path has 0 *"},
      {"[{ name: a, path: '/*', labels: { x: { key: 0 } } }]", "there is no number 0"},
      {"[{ name: a, path: '/*', labels: { x: { key: 1, path: /b } } }]", "a label is a text"},
      {"[{ name: a, path: '/*', labels: { x: { path: '/*' } } }]", "a label's path has no *"},
      {"[{ name: a, path: /b, labels: { __name__: x } }]", "no name for a label"},
      {"[{ name: a, path: /b, count: true, constant: 1 }]", "exclude each other"},
      {"[{ name: a, path: /b }, { name: a, type: counter, path: /c }]", "another type"},
  };
  for (const auto& c : kCases) {
    const auto mapping = Mapping(c.rules);
    ASSERT_FALSE(mapping.ok()) << c.rules;
    EXPECT_NE(mapping.error().message().find(c.error), std::string::npos)
        << c.rules << ": " << mapping.error().message();
  }
}

TEST(JsonMappingTest, HostileDocuments) {
  const auto mapping =
      *Mapping("[{ name: v, path: '/*/*', labels: { a: { key: 1 }, b: { key: 2 } } }]");
  for (const char* text :
       {"", "{", "<html>no</html>", "{\"a\":1}}", "\xff\xfe", "{\"a\":NaN}", "nul"}) {
    EXPECT_TRUE(PageOf(mapping, text).starts_with("error: no JSON")) << text;
  }
  EXPECT_TRUE(PageOf(mapping, std::string(100'000, '[')).starts_with("error: no JSON"));
  EXPECT_EQ(
      PageOf(mapping, std::string("{\"a\":") + std::string(500, '[') + std::string(500, ']') + "}"),
      "");
  std::string many = "[[";
  for (int i = 0; i < 1'000; ++i) many += "1,";
  EXPECT_EQ(PageOf(mapping, many + "1]]", 100), "error: more places than max_series allows");
}

}  // namespace
}  // namespace tocsin::plugin
