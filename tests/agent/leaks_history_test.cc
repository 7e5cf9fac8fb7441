#include "agent/commands/leaks_history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace tocsin {
namespace {

using testing::HasSubstr;
using testing::Not;

/// Two series over 9 h, a row a minute: one grows by 80.0 MiB an hour, one stays.
std::string Csv() {
  std::string text = "time,leaking,\"steady\"\n";
  for (int minute = 0; minute < 540; ++minute) {
    const long leaking = (200 + 80L * minute / 60) * 1048576;
    text += std::to_string(1'700'000'000 + 60 * minute) + "," + std::to_string(leaking) + ",5e8\n";
  }
  return text;
}

LeakArguments ForCsv() {
  LeakArguments arguments;
  arguments.csv = "x.csv";
  arguments.limit = "1000MB";
  return arguments;
}

TEST(LeaksHistory, FindsLeaksInCsv) {
  const auto found = FindLeaksIn(Csv(), "x.csv", ForCsv());
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_THAT(*found, HasSubstr("leaking grows by 80.0 MiB an hour and reaches its limit in "));
  EXPECT_THAT(*found, HasSubstr("2 series over 8h59m\n"));
  EXPECT_THAT(*found, HasSubstr("Limit: 1000 MiB (the rule), reached in 1h"));
  EXPECT_THAT(*found, HasSubstr("Floor: ▁"));
  EXPECT_THAT(*found, Not(HasSubstr("steady")));
}

TEST(LeaksHistory, FindsLeaksInOpenMetrics) {
  std::string text = "# TYPE memory_bytes gauge\n";
  for (int minute = 0; minute < 540; ++minute) {
    const long value = (200 + 80L * minute / 60) * 1048576;
    text += "memory_bytes{name=\"a\"} " + std::to_string(minute < 500 ? value : 209715200) + " " +
            std::to_string(1'700'000'000 + 60 * minute) + "\n";
  }
  LeakArguments arguments;
  arguments.file = "x.om";
  arguments.limit = "1000MB";
  const auto found = FindLeaksIn(text + "# EOF\n", "x.om", arguments);
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_THAT(*found, HasSubstr(" a grows by 80.0 MiB an hour"));
  EXPECT_THAT(*found, HasSubstr("memory_bytes{name=\"a\"} does not leak any more\n"));
  EXPECT_THAT(*found, Not(HasSubstr("Floor:")));
}

TEST(LeaksHistory, SaysWhatIsWrongAndWhere) {
  const auto error = [](const std::string& text, const LeakArguments& arguments) {
    const auto found = FindLeaksIn(text, "x.csv", arguments);
    return found ? *found : found.error().message();
  };
  EXPECT_THAT(error("time\n", ForCsv()), HasSubstr("x.csv:1: expected a header"));
  EXPECT_THAT(error("time,a\nnow,1\n", ForCsv()), HasSubstr("x.csv:2: expected a time"));
  EXPECT_THAT(error("time,a\n10,1\n10,1\n", ForCsv()), HasSubstr("x.csv:3: times must rise"));
  EXPECT_THAT(error("time,a\n10,one\n", ForCsv()), HasSubstr("x.csv:2: \"one\" is not a number"));
  LeakArguments wrong = ForCsv();
  wrong.limit = "sum(";
  EXPECT_THAT(error(Csv(), wrong), HasSubstr("limit of"));
  wrong = ForCsv();
  wrong.step = "1ms";
  EXPECT_THAT(error(Csv(), wrong), HasSubstr("at least 1s"));
}

TEST(ShowLeaks, ForATerminal) {
  const auto shown = ShowLeaks(
      R"({"status":"success","data":{"leaks":[{"rule":"R","labels":{},"state":"confirmed",)"
      R"("summary":"a grows","description":"one\ntwo"},{"rule":"S","labels":{"__name__":"x",)"
      R"("b":"1"},"state":"suspected"}],"followed":7}})");
  ASSERT_TRUE(shown);
  EXPECT_EQ(*shown,
            "confirmed: R a grows\n  one\n  two\nsuspected: S x{b=\"1\"}\n7 series are followed\n");
  EXPECT_EQ(*ShowLeaks(R"({"data":{"leaks":[{"rule":"R","labels":{},"state":"confirmed",)"
                       R"("present":false,"summary":"a grows","description":"one"}],)"
                       R"("followed":1}})"),
            "confirmed: R a grows\n"
            "  It was not there at the last look: ended, or not collected any more.\n"
            "  one\n1 series are followed\n");
  EXPECT_EQ(*ShowLeaks(R"({"data":{"leaks":[],"followed":2}})"),
            "nothing is suspected\n2 series are followed\n");
  EXPECT_FALSE(ShowLeaks("<html>"));
  EXPECT_FALSE(ShowLeaks("{}"));
}

}  // namespace
}  // namespace tocsin
