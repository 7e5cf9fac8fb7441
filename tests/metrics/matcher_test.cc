#include "metrics/matcher.h"

#include <gtest/gtest.h>
#include <re2/re2.h>

#include <random>

#include "metrics/anchored_regex.h"

namespace tocsin {
namespace {

bool ReadsAsWildcards(std::string_view regex) { return WildcardPattern().Read(regex); }

TEST(MatcherTest, NamesListsAndWildcardsNeedNoRegularExpression) {
  for (const char* text : {"", "a", "lo|eth0", "host-.*", ".+", ".*", "node_.*_total", "a|.*b|",
                           R"(10\.0\.0\.1:9100)", "a b", "veth.+|docker.*|lo"}) {
    EXPECT_TRUE(ReadsAsWildcards(text)) << text;
  }
}

TEST(MatcherTest, EverythingElseDoes) {
  for (const char* text : {"a.", ".", "a*", "a.*?", ".**", "(a|b)", "[ab]", "a{2}", "^a", "a$",
                           R"(\d)", R"(\_)", "a\\", "é.*", "a?", "(?i)a", "{"}) {
    EXPECT_FALSE(ReadsAsWildcards(text)) << text;
  }
  EXPECT_FALSE(ReadsAsWildcards(std::string(4096, 'a')));
  EXPECT_FALSE(ReadsAsWildcards(std::string(1024, '|')));
}

TEST(MatcherTest, RefusesBadExpressions) {
  EXPECT_FALSE(Matcher::Make(MatchOp::kRegex, "a", "("));
  EXPECT_FALSE(Matcher::Make(MatchOp::kNotRegex, "a", "x**"));
}

TEST(MatcherTest, AgreesWithRe2OnRandomPatternsAndTexts) {
  std::mt19937 random(7);  // NOLINT: the same each time
  const auto pick = [&](std::initializer_list<const char*> from) {
    return std::string(from.begin()[random() % from.size()]);
  };
  int matched = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string pattern;
    for (std::size_t n = random() % 7; n > 0; --n) {
      pattern += pick({"a", "b", "ab", ".*", ".+", "|", "\\.", "-", ".*"});
    }
    std::string text;
    for (std::size_t n = random() % 7; n > 0; --n) {
      text += pick({"a", "b", "ab", ".", "-", "a", "b", "\n", "é", "\xff"});
    }
    const auto matcher = Matcher::Make(MatchOp::kRegex, "x", pattern);
    ASSERT_TRUE(matcher) << pattern;
    for (const bool newline : {true, false}) {
      re2::RE2::Options options;
      options.set_dot_nl(newline);
      const bool want = re2::RE2::FullMatch(text, re2::RE2(pattern, options));
      const bool got = (newline ? *matcher : matcher->WithoutDotNewline()).Matches(text);
      ASSERT_EQ(got, want) << pattern << " on " << testing::PrintToString(text) << newline;
      matched += want ? 1 : 0;
    }
  }
  EXPECT_GT(matched, 1000);
}

}  // namespace
}  // namespace tocsin
