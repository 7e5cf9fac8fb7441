// OTLP in both encodings becomes Prometheus's series.

#include <gtest/gtest.h>

#include <protozero/pbf_writer.hpp>

#include <functional>

#include "base/format.h"
#include "collectors/response/otlp/histogram.h"
#include "collectors/response/otlp/naming.h"
#include "collectors/response/otlp/store.h"

namespace tocsin::otlp {
namespace {

constexpr MonoTime kStart{std::chrono::hours(1)};

struct NameCase {
  DataType type;
  bool monotonic;
  const char* name;
  const char* unit;
  const char* expected;
};

TEST(OtlpNamingTest, AsPrometheusNames) {
  const NameCase cases[] = {
      {DataType::kSum, true, "http.server.requests", "{request}", "http_server_requests_total"},
      {DataType::kSum, true, "a.total.b", "1", "a_b_total"},
      {DataType::kSum, false, "queue.size", "1", "queue_size"},
      {DataType::kHistogram, false, "http.server.duration", "ms",
       "http_server_duration_milliseconds"},
      {DataType::kHistogram, false, "duration_seconds", "s", "duration_seconds"},
      {DataType::kGauge, false, "cpu.utilization", "1", "cpu_utilization_ratio"},
      {DataType::kGauge, false, "disk.ratio.used", "1", "disk_used_ratio"},
      {DataType::kGauge, false, "speed", "m/s", "speed_meters_per_second"},
      {DataType::kGauge, false, "rate", "By/min", "rate_bytes_per_min"},
      {DataType::kGauge, false, "mem", "MiBy", "mem_mebibytes"},
      {DataType::kGauge, false, "load", "%", "load_percent"},
      {DataType::kGauge, false, "x", "foo bar", "x_foo_bar"},
      {DataType::kGauge, false, "1st--place", "", "_1st_place"},
      {DataType::kGauge, false, "job:rate", "", "job:rate"},
      {DataType::kGauge, false, "\xe6\xb8\xa9", "", ""},
  };
  for (const NameCase& c : cases) {
    EXPECT_EQ(MetricName({c.name, "", c.unit, c.type, Temporality::kCumulative, c.monotonic}),
              c.expected);
  }
  EXPECT_EQ(LabelName("http.method"), "http_method");
  EXPECT_EQ(LabelName("1a"), "key_1a");
  EXPECT_EQ(LabelName("_a"), "key_a");
  EXPECT_EQ(LabelName("__a"), "__a");
}

TEST(OtlpHistogramTest, ExponentialBecomesClassic) {
  Point point;
  point.scale = 1;  // base: the square root of two
  point.zero_count = 3;
  point.positive.offset = -2;  // from 1/2: buckets end at 2^-0.5, 1, 2^0.5, 2, 2^1.5
  point.positive.counts = {1, 2, 4, 8, 16};
  point.negative.counts = {5};
  const auto classic = ClassicOfExponential(point);
  ASSERT_TRUE(classic);
  const auto at = [&](double bound) {
    const auto found = std::find(classic->bounds.begin(), classic->bounds.end(), bound);
    return classic->counts[static_cast<std::size_t>(found - classic->bounds.begin())];
  };
  EXPECT_EQ(classic->counts[0], 8);
  EXPECT_EQ(at(0.5), 0);
  EXPECT_EQ(at(1), 3);
  EXPECT_EQ(at(2), 12);
  EXPECT_EQ(at(4), 16);
  point.positive.offset = 1'000'000;
  EXPECT_TRUE(ClassicOfExponential(point));
  point.positive.offset = std::numeric_limits<std::int32_t>::max();
  EXPECT_TRUE(ClassicOfExponential(point));
  point.positive.counts.assign(20'000, 1);
  EXPECT_FALSE(ClassicOfExponential(point));
  point.positive.counts.clear();
  point.scale = 1000;
  EXPECT_FALSE(ClassicOfExponential(point));
}

/// `name{labels} = value`, each series in a line.
class Lines final : public FamilySink {
 public:
  void AddSample(const FamilySpec& family, Suffix suffix, std::span<const LabelView> labels,
                 double value) override {
    text_ += std::string(family.name) + std::string(SuffixText(suffix)) +
             Labels(labels).ToString() + " " + FormatGoFloat(value) + "\n";
  }
  std::string text_;
};

class OtlpStoreTest : public testing::Test {
 protected:
  OtlpStoreTest() { store_.MoveTo(kStart); }

  static bool Reserved(std::string_view name) { return name == "node_load1"; }

  PushResult Push(const std::string& metrics,
                  const std::string& resource = R"({"attributes":[]})") {
    auto pushed = store_.Push(R"({"resourceMetrics":[{"resource":)" + resource +
                                  R"(,"scopeMetrics":[{"metrics":[)" + metrics + "]}]}]}",
                              Store::Encoding::kJson);
    EXPECT_TRUE(pushed.ok());
    return pushed ? *pushed : PushResult{};
  }
  std::string Show() const {
    Lines lines;
    store_.AddTo(lines);
    return lines.text_;
  }
  static std::string Sum(const std::string& name, int temporality, const std::string& value,
                         const std::string& more = "") {
    return R"({"name":")" + name + R"(","sum":{"isMonotonic":true,"aggregationTemporality":)" +
           std::to_string(temporality) + R"(,"dataPoints":[{"asInt":")" + value + "\"" + more +
           "}]}}";
  }

  StoreLimits limits_;
  Store store_{limits_, &Reserved};
};

TEST_F(OtlpStoreTest, JsonOfEveryKind) {
  Push(Sum("hits", 2, "7",
           R"(,"attributes":[{"key":"a.b","value":{"stringValue":"x"}},)"
           R"({"key":"a-b","value":{"intValue":"5"}},)"
           R"({"key":"ok","value":{"boolValue":true}},)"
           R"({"key":"r","value":{"doubleValue":0.5}},)"
           R"({"key":"no","value":{"arrayValue":{"values":[]}}}])") +
           R"(,{"name":"temp","unit":"Cel","gauge":{"dataPoints":[{"asDouble":21.5}]}})"
           R"(,{"name":"lat","unit":"s","histogram":{"aggregationTemporality":2,"dataPoints":[)"
           R"({"count":"3","sum":1.5,"bucketCounts":["1","1","1"],"explicitBounds":[0.1,1]}]}})"
           R"(,{"name":"q","summary":{"dataPoints":[{"count":2,"sum":3,"quantileValues":[)"
           R"({"quantile":0.99,"value":2},{"quantile":0.5,"value":1}]}]}})",
       R"({"attributes":[{"key":"service.name","value":{"stringValue":"shop"}},)"
       R"({"key":"service.namespace","value":{"stringValue":"eu"}},)"
       R"({"key":"service.instance.id","value":{"stringValue":"i1"}},)"
       R"({"key":"host.name","value":{"stringValue":"h"}}]})");
  const std::string own = R"(instance="i1", job="eu/shop")";
  EXPECT_EQ(Show(), "hits_total{a_b=\"x;5\", " + own + ", ok=\"true\", r=\"0.5\"} 7\n" +
                        "lat_seconds_bucket{" + own + ", le=\"0.1\"} 1\n" + "lat_seconds_bucket{" +
                        own + ", le=\"1\"} 2\n" + "lat_seconds_bucket{" + own +
                        ", le=\"+Inf\"} 3\n" + "lat_seconds_sum{" + own +
                        "} 1.5\nlat_seconds_count{" + own + "} 3\n" + "q{" + own +
                        ", quantile=\"0.5\"} 1\nq{" + own + ", quantile=\"0.99\"} 2\n" + "q_sum{" +
                        own + "} 3\nq_count{" + own + "} 2\n" + "target_info{host_name=\"h\", " +
                        own + "} 1\n" + "temp_celsius{" + own + "} 21.5\n");
}

TEST_F(OtlpStoreTest, CumulativeReplacesAndDeltaAdds) {
  Push(Sum("c", 2, "7") + "," + Sum("d", 1, "7"));
  Push(Sum("c", 2, "9") + "," + Sum("d", 1, "9"));
  EXPECT_EQ(Show(), "c_total{} 9\nd_total{} 16\n");
  const std::string histogram =
      R"({"name":"h","histogram":{"aggregationTemporality":1,"dataPoints":[)"
      R"({"count":2,"sum":1,"bucketCounts":[1,1],"explicitBounds":[1]}]}})";
  Push(histogram);
  Push(histogram);
  EXPECT_TRUE(
      Show().ends_with("h_bucket{le=\"1\"} 2\nh_bucket{le=\"+Inf\"} 4\nh_sum{} 2\n"
                       "h_count{} 4\n"))
      << Show();
}

TEST_F(OtlpStoreTest, SeriesEndWhenTheySaySoOrGoStale) {
  Push(Sum("a", 2, "1") + "," + Sum("b", 2, "1"));
  store_.MoveTo(kStart + seconds(200));
  Push(Sum("a", 2, "2", R"(,"flags":1)"));
  EXPECT_EQ(Show(), "b_total{} 1\n");
  Push(Sum("a", 2, "3"));
  store_.MoveTo(kStart + seconds(301));
  EXPECT_EQ(Show(), "a_total{} 3\n");
  EXPECT_EQ(store_.size(), 1u);
}

TEST_F(OtlpStoreTest, BadPointsAreRejectedAndCounted) {
  Push(Sum("good", 2, "1"));
  const char* bad[] = {
      R"({"name":"","gauge":{"dataPoints":[{"asInt":1}]}})",
      R"({"name":"node_load1","gauge":{"dataPoints":[{"asInt":1}]}})",
      R"({"name":"good_total","gauge":{"dataPoints":[{"asInt":1}]}})",
      R"({"name":"s","sum":{"isMonotonic":true,"dataPoints":[{"asInt":1}]}})",
      R"({"name":"s","sum":{"isMonotonic":true,"aggregationTemporality":2,"dataPoints":[{"asInt":-1}]}})",
      R"({"name":"h","histogram":{"aggregationTemporality":2,"dataPoints":[{"bucketCounts":[1],"explicitBounds":[1]}]}})",
      R"({"name":"h","histogram":{"aggregationTemporality":2,"dataPoints":[{"bucketCounts":[1,1,1],"explicitBounds":[2,1]}]}})",
      R"({"name":"e","exponentialHistogram":{"aggregationTemporality":2,"dataPoints":[{"scale":99}]}})",
      R"({"name":"q","summary":{"dataPoints":[{"quantileValues":[{"quantile":2,"value":1}]}]}})",
  };
  for (const char* metric : bad) {
    const PushResult result = Push(metric);
    EXPECT_EQ(result.rejected, 1u) << metric;
    EXPECT_NE(result.message.find("rejected because of its"), std::string::npos);
  }
  EXPECT_EQ(Show(), "good_total{} 1\n");
  for (const char* body : {"", "{", "[]", "\xff", "5"}) {
    EXPECT_FALSE(store_.Push(body, Store::Encoding::kJson).ok()) << body;
  }
  for (const std::string& body : {std::string("\x0a\xff"), std::string("\xff\xff\xff\xff"),
                                  std::string("\x0a\x02\x12\x7f")}) {
    EXPECT_FALSE(store_.Push(body, Store::Encoding::kProtobuf).ok());
  }
  EXPECT_EQ(JsonResponse(2, "why"),
            R"({"partialSuccess":{"rejectedDataPoints":"2","errorMessage":"why"}})");
  EXPECT_EQ(JsonResponse(0, ""), "{}");
  EXPECT_EQ(ProtobufResponse(0, ""), "");
  EXPECT_EQ(ProtobufResponse(2, "why"), std::string("\x0a\x07\x08\x02\x12\x03why"));
}

TEST_F(OtlpStoreTest, SeriesAreBounded) {
  StoreLimits limits;
  limits.max_series = 3;
  Store store(limits, &Reserved);
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(store
                    .Push(R"({"resourceMetrics":[{"scopeMetrics":[{"metrics":[)" +
                              Sum("c" + std::to_string(i), 2, "1") + "]}]}]}",
                          Store::Encoding::kJson)
                    .ok());
  }
  EXPECT_EQ(store.size(), 3u);
  EXPECT_EQ(store.counters().rejected[static_cast<std::size_t>(Reject::kLimit)], 7u);
}

/// What `fill` writes, as an embedded message.
std::string Message(const std::function<void(protozero::pbf_writer&)>& fill) {
  std::string out;
  protozero::pbf_writer writer(out);
  fill(writer);
  return out;
}

TEST_F(OtlpStoreTest, ProtobufOfEveryKind) {
  const auto text = [](std::string_view t) {
    return Message([&](auto& w) { w.add_string(1, t.data(), t.size()); });
  };
  const auto attribute = [&](std::string_view key, std::string_view value) {
    return Message([&](auto& w) {
      w.add_string(1, key.data(), key.size());
      w.add_message(2, text(value));
    });
  };
  const auto metric = [](std::string_view name, std::uint32_t tag, const std::string& data) {
    return Message([&](auto& w) {
      w.add_message(tag, data);  // before the name: fields may come in any order
      w.add_string(1, name.data(), name.size());
    });
  };
  const std::string number = Message([&](auto& w) {
    w.add_message(7, attribute("a", "b"));
    w.add_fixed64(3, 123);
    w.add_sfixed64(6, -5);
  });
  const std::string histogram = Message([](auto& w) {
    const std::uint64_t counts[] = {1, 2};
    const double bounds[] = {0.5};
    w.add_fixed64(4, 3);
    w.add_double(5, 4.5);
    w.add_packed_fixed64(6, std::begin(counts), std::end(counts));
    w.add_packed_double(7, std::begin(bounds), std::end(bounds));
  });
  const std::string exponential = Message([](auto& w) {
    w.add_fixed64(4, 1);
    w.add_sint32(6, 0);
    w.add_message(8, Message([](auto& b) {
                    const std::uint64_t counts[] = {1};
                    b.add_sint32(1, -1);
                    b.add_packed_uint64(2, std::begin(counts), std::end(counts));
                  }));
  });
  const std::string summary = Message([](auto& w) {
    w.add_fixed64(4, 2);
    w.add_double(5, 6);
    w.add_message(6, Message([](auto& q) {
                    q.add_double(1, 0.5);
                    q.add_double(2, 3);
                  }));
  });
  const auto data = [](const std::string& point, bool monotonic) {
    return Message([&](auto& w) {
      w.add_message(1, point);
      w.add_enum(2, 2);
      if (monotonic) w.add_bool(3, true);
    });
  };
  const std::string body = Message([&](auto& request) {
    request.add_message(
        1, Message([&](auto& of_resource) {
          of_resource.add_message(
              2, Message([&](auto& scope) {
                scope.add_message(
                    2, metric("g", 5, Message([&](auto& w) { w.add_message(1, number); })));
                scope.add_message(2, metric("h", 9, data(histogram, false)));
                scope.add_message(2, metric("e", 10, data(exponential, false)));
                scope.add_message(
                    2, metric("q", 11, Message([&](auto& w) { w.add_message(1, summary); })));
                scope.add_message(2, metric("neg", 7, data(number, true)));
              }));
          of_resource.add_message(1, Message([&](auto& resource) {
                                    resource.add_message(1, attribute("service.name", "shop"));
                                  }));
        }));
  });
  const auto pushed = store_.Push(body, Store::Encoding::kProtobuf);
  ASSERT_TRUE(pushed.ok()) << pushed.error().message();
  EXPECT_EQ(pushed->rejected, 1u) << "a counter below zero";
  const std::string shown = Show();
  for (const char* line :
       {"g{a=\"b\", job=\"shop\"} -5\n", "h_bucket{job=\"shop\", le=\"0.5\"} 1\n",
        "h_bucket{job=\"shop\", le=\"+Inf\"} 3\n", "h_sum{job=\"shop\"} 4.5\n",
        "e_bucket{job=\"shop\", le=\"0.5\"} 0\n", "e_bucket{job=\"shop\", le=\"1\"} 1\n",
        "q{job=\"shop\", quantile=\"0.5\"} 3\n"}) {
    EXPECT_NE(shown.find(line), std::string::npos) << line << shown;
  }
}

}  // namespace
}  // namespace tocsin::otlp
