#include "collectors/queue/pg_rows.h"

#include <gtest/gtest.h>

#include "tests/collectors/queue/rendered.h"

namespace tocsin {
namespace {

using Row = std::vector<PgCell>;

PgQuery Query(std::string_view yaml) {
  const auto file = ParseYaml(yaml, "queries.yaml");
  EXPECT_TRUE(file.ok());
  auto queries = ReadPgQueries(*file, *file->root);
  EXPECT_TRUE(queries.ok()) << queries.error().message();
  return queries->front();
}

/// The samples, or the error.
std::string Written(const PgQuery& query, std::vector<std::string_view> columns,
                    const std::vector<Row>& rows, std::size_t expected_doubles = 0) {
  PgRows kept(100, 1'000);
  kept.Begin(columns);
  for (const Row& row : rows) kept.Add(row);
  return Rendered([&](FamilySink& out) -> Status {
    SeenSet names;
    TRY_ASSIGN(const std::size_t doubles, WritePgRows(query, kept, names, out));
    EXPECT_EQ(doubles, expected_doubles);
    return Unit{};
  });
}

const std::string_view kJobs = R"(
jobs:
  query: SELECT 1
  metrics:
    - shop: { usage: LABEL }
    - done: { usage: COUNTER, description: Jobs done. }
    - open: { usage: GAUGE }
    - note: { usage: DISCARD }
)";

TEST(PgRowsTest, ColumnsAreMetricsNamedByTheQuery) {
  EXPECT_EQ(Written(Query(kJobs), {"note", "open", "done", "shop"},
                    {{"x", "3", "1e3", "north"}, {"y", "-4.5", "7", "south"}}),
            "jobs_done{shop=\"north\"} 1000\n"
            "jobs_done{shop=\"south\"} 7\n"
            "jobs_open{shop=\"north\"} 3\n"
            "jobs_open{shop=\"south\"} -4.5\n");
}

TEST(PgRowsTest, NullIsNoSampleAndAnEmptyLabel) {
  EXPECT_EQ(Written(Query(kJobs), {"note", "open", "done", "shop"}, {{{}, {}, "1", {}}}),
            "jobs_done{shop=\"\"} 1\n");
}

TEST(PgRowsTest, NoRowsAreNoSamples) {
  EXPECT_EQ(Written(Query(kJobs), {"note", "open", "done", "shop"}, {}), "");
}

TEST(PgRowsTest, AHistogramIsFourColumns) {
  const PgQuery query = Query(R"(
queries:
  query: SELECT 1
  metrics:
    - shop: { usage: LABEL }
    - time: { usage: HISTOGRAM }
)");
  const std::vector<std::string_view> columns{"shop", "time", "time_bucket", "time_sum",
                                              "time_count"};
  EXPECT_EQ(Written(query, columns,
                    {{"n", "{0.1,1,Infinity}", "{2,5,7}", "12.5", "7"},
                     {"s", "{0.1,1}", "{2}", "0", "2"},
                     {"t", "{}", "{}", "0", "0"},
                     {"u", {}, "{1}", "0", "1"}}),
            "queries_time_bucket{shop=\"n\",le=\"0.1\"} 2\n"
            "queries_time_bucket{shop=\"n\",le=\"1\"} 5\n"
            "queries_time_bucket{shop=\"n\",le=\"+Inf\"} 7\n"
            "queries_time_sum{shop=\"n\"} 12.5\n"
            "queries_time_count{shop=\"n\"} 7\n"
            "queries_time_bucket{shop=\"s\",le=\"0.1\"} 2\n"
            "queries_time_bucket{shop=\"s\",le=\"+Inf\"} 2\n"
            "queries_time_sum{shop=\"s\"} 0\n"
            "queries_time_count{shop=\"s\"} 2\n"
            "queries_time_bucket{shop=\"t\",le=\"+Inf\"} 0\n"
            "queries_time_sum{shop=\"t\"} 0\n"
            "queries_time_count{shop=\"t\"} 0\n");
  EXPECT_EQ(Written(query, {"shop", "time", "time_bucket", "time_sum"}, {}),
            "error: queries: the answer has no column \"time_count\"\n");
  const struct {
    std::vector<PgCell> row;
    const char* error;
  } kBad[] = {
      {{"n", "0.1", "{2}", "1", "2"}, "bounds: expected an array of numbers, found \"0.1\""},
      {{"n", "{0.1,}", "{2}", "1", "2"}, "bounds: expected an array of numbers, found \"{0.1,}\""},
      {{"n", "{1}", "{NULL}", "1", "2"}, "_bucket: expected an array of numbers, found \"{NULL}\""},
      {{"n", "{1,NaN}", "{1,2}", "1", "2"},
       "bounds: expected an array of numbers, found \"{1,NaN}\""},
      {{"n", "{1,1}", "{1,2}", "1", "2"}, "bounds: expected numbers that rise, found \"{1,1}\""},
      {{"n", "{1,2}", "{3,2}", "1", "3"}, "_bucket: expected cumulative counts, found \"{3,2}\""},
      {{"n", "{1,2}", "{3,4}", "1", "3"},
       "_count: expected no less than the last bucket, found \"3\""},
      {{"n", "{1}", "{1}", "x", "1"}, "_sum: expected a number, found \"x\""},
  };
  for (const auto& bad : kBad) {
    EXPECT_EQ(Written(query, columns, {bad.row}),
              std::string("error: queries: histogram time of row 1: ") + bad.error + "\n");
  }
}

TEST(PgRowsTest, OfRowsWithTheSameLabelsTheFirstCounts) {
  EXPECT_EQ(Written(Query(kJobs), {"note", "open", "done", "shop"},
                    {{"", "1", {}, "n"}, {"", "2", {}, "n"}, {"", "3", {}, "s"}}, 1),
            "jobs_open{shop=\"n\"} 1\njobs_open{shop=\"s\"} 3\n");
}

TEST(PgRowsTest, AMissingColumnOrTextForANumberIsAnErrorAndNothingIsWritten) {
  EXPECT_EQ(Written(Query(kJobs), {"open", "done", "shop"}, {{"1", "1", "n"}}),
            "error: jobs: the answer has no column \"note\"\n");
  EXPECT_EQ(Written(Query(kJobs), {"note", "open", "done", "shop"},
                    {{"", "1", "1", "n"}, {"", "many", "1", "s"}}),
            "error: jobs: column open of row 2: expected a number, found \"many\"\n");
}

TEST(PgRowsTest, AQueueColumnMakesTheShapeOfQueues) {
  const PgQuery query = Query("jobs: { query: SELECT 1, queue: name }");
  EXPECT_EQ(Written(query, {"name", "depth", "oldest_seconds", "else"},
                    {{"mail", "12", "3.5", "?"}, {"print", "0", {}, "?"}, {{}, "1", "1", "?"}}, 1),
            "queue_depth{queue=\"mail\"} 12\n"
            "queue_depth{queue=\"print\"} 0\n"
            "queue_oldest_seconds{queue=\"mail\"} 3.5\n");
  EXPECT_EQ(Written(query, {"name", "enqueued", "dequeued", "consumers"}, {{"a", "5", "4", "2"}}),
            "queue_consumers{queue=\"a\"} 2\n"
            "queue_dequeued_total{queue=\"a\"} 4\n"
            "queue_enqueued_total{queue=\"a\"} 5\n");
  EXPECT_EQ(Written(query, {"name", "length"}, {{"a", "5"}}),
            "error: jobs: the answer has none of the columns depth, oldest_seconds, enqueued, "
            "dequeued, consumers\n");
}

TEST(PgRowsTest, RowsAndBytesAreBounded) {
  PgRows rows(2, 10);
  const std::vector<std::string_view> columns{"a"};
  rows.Begin(columns);
  const Row small{"1234"};
  const Row large{std::string_view("12345678901")};
  rows.Add(large);
  EXPECT_EQ(rows.size(), 0u);
  rows.Add(small);
  rows.Add(Row{"1234567"});
  rows.Add(small);
  rows.Add(small);
  EXPECT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows.dropped(), 3u);
  EXPECT_EQ(rows.Cell(1, 0), "1234");
  rows.Begin(columns);
  EXPECT_EQ(rows.size() + rows.dropped(), 0u);
}

TEST(PgRowsTest, NumbersBooleansAndTimestamps) {
  const std::vector<std::pair<std::string_view, std::optional<double>>> cases{
      {"12", 12},
      {"-0.5", -0.5},
      {"1e-3", 0.001},
      {"t", 1},
      {"f", 0},
      {"1970-01-01 00:00:10+00", 10},
      {"1970-01-01 00:00:10.25+00", 10.25},
      {"2024-02-29 12:00:00+01", 1709204400},
      {"2024-02-29 12:00:00-03:30", 1709220600},
      {"2024-02-29 12:00:00", 1709208000},
      {"2023-02-29 12:00:00+00", {}},
      {"2024-13-01 12:00:00+00", {}},
      {"2024-02-29", {}},
      {"2024-02-29 12:00:00+", {}},
      {"2024-02-29 12:00:00+01:", {}},
      {"", {}},
      {"true", {}},
      {"1 day", {}},
      {"{1,2}", {}},
  };
  for (const auto& [text, value] : cases) EXPECT_EQ(ParsePgNumber(text), value) << text;
}

TEST(PgRowsTest, EveryBuiltinQueryNamesItsMetrics) {
  for (const PgQuery& query : BuiltinPgQueries()) {
    EXPECT_FALSE(query.columns.empty()) << query.name;
    for (const PgColumn& column : query.columns) {
      EXPECT_NE(query.sql.find(column.name), std::string::npos) << query.name << column.name;
      if (column.usage != PgUsage::kLabel && column.usage != PgUsage::kDiscard) {
        EXPECT_FALSE(column.family.help.empty()) << column.family.name;
      }
    }
  }
}

}  // namespace
}  // namespace tocsin
