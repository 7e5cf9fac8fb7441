// LinePattern says what RE2 says, of every expression that it takes and of any line.

#include <gtest/gtest.h>
#include <re2/re2.h>

#include <random>
#include <string>
#include <vector>

#include "collectors/response/line_pattern.h"

namespace tocsin {
namespace {

struct Tally {
  int matches = 0;
  int others = 0;
  int undecided = 0;
};

/// Compares on one line; groups that RE2 has and that are not named are not looked at.
void Compare(const re2::RE2& expected, LinePattern& pattern, const std::string& line,
             Tally& tally) {
  const auto groups = static_cast<std::size_t>(expected.NumberOfCapturingGroups()) + 1;
  std::vector<re2::StringPiece> pieces(groups);
  const bool matches = expected.Match(line, 0, line.size(), re2::RE2::UNANCHORED, pieces.data(),
                                      static_cast<int>(groups));
  std::vector<std::string_view> found(groups, "stale");
  const auto answer = pattern.Search(line, found);
  if (answer == LinePattern::Answer::kUndecided) {
    ++tally.undecided;
    return;
  }
  ++(matches ? tally.matches : tally.others);
  ASSERT_EQ(answer == LinePattern::Answer::kMatch, matches) << expected.pattern() << "\n" << line;
  if (!matches) return;
  for (const auto& [number, name] : expected.CapturingGroupNames()) {
    const auto i = static_cast<std::size_t>(number);
    ASSERT_EQ(found[i].data() == nullptr, pieces[i].data() == nullptr) << expected.pattern() << "\n"
                                                                       << line << "\n"
                                                                       << name;
    ASSERT_EQ(found[i], std::string_view(pieces[i].data(), pieces[i].size()))
        << expected.pattern() << "\n"
        << line << "\n"
        << name;
    ASSERT_EQ(found[i].data(), pieces[i].data()) << expected.pattern() << "\n" << line;
  }
}

constexpr const char* kLogs[] = {
    R"re(203.0.113.7 - ann [21/Nov/2026:13:24:15 +0000] "GET /a/b?c=d HTTP/1.1" 200 512 "https://x/" "Mozilla/5.0 (X11)" 0.125)re",
    R"(::1 - - [21/Nov/2026:13:24:15 +0000] "POST /x HTTP/2.0" 503 - "-" "curl")",
    R"(Nov 21 13:24:15 lb haproxy[123]: 10.0.0.1:5000 [21/Nov/2026:13:24:15.123] http-in be/srv1 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 {h} {} "GET /index.html HTTP/1.1")",
    R"(10.0.0.1 - - [21/Nov/2026:13:24:15 +0000] "GET /whoami HTTP/1.1" 404 19 "-" "-" 1 "web@docker" "http://10.0.0.2:80" 3ms)",
};

/// What people write for such lines, good and bad.
constexpr const char* kTaken[] = {
    R"re(^\S+ - \S+ \[[^\]]*\] "(?P<request>[^"]*)" (?P<status>\d+) (?P<bytes>\d+) "[^"]*" "[^"]*" (?P<seconds>[\d.]+)$)re",
    R"re(^(\S+) (\S+) (\S+) \[([^\]]+)\] "(?P<method>\S+) (?P<path>\S+)(?: HTTP/\S+)?" (?P<status>\d{3}) (?P<bytes>\d+|-))re",
    R"re("(?P<request>[^"]*)" (?P<status>\d{3}) (?P<bytes>\d+|-)(?: "[^"]*" "[^"]*")?(?: (?P<seconds>[0-9.]+))?$)re",
    R"re(\S+:\d+ \[[^\]]+\] \S+ \S+/\S+ -?\d+/-?\d+/-?\d+/-?\d+/\+?(?P<milliseconds>\d+) (?P<status>-?\d+) \+?(?P<bytes>\d+) .* "(?P<request>[^"]*)"$)re",
    R"re(^\S+ \S+ \S+ \[.+?\] "(?P<method>[A-Z]+) (?P<path>.*?) ?(?:HTTP/[\d.]+)?" (?P<status>\d+) (?P<bytes>\d+) ".*" ".*" \d+ ".*" "(?P<url>.*)" (?P<milliseconds>\d+)ms$)re",
    R"re(.*"(?P<request>.*)" (?P<status>\d+).*)re",
    R"re((?P<method>GET|POST|PUT) (?P<path>/[^ ?"]*)(\?[^ ]*)? .* (?P<status>[1-5]\d\d) )re",
    R"re((?P<path>a*?)(?P<status>a*)b??c{2,3}?)re",
    R"re(^(?:(?P<method>a)|(?P<path>ab)|)(?P<status>b?c?)$)re",
    R"re([^"]{3}(?P<status>.)[\s\S]*\]?)re",
    R"re((?P<status>)(?:(?P<path>x|)y|[]a-c\-]+?|[^^]z)?$)re",
};
constexpr const char* kRefused[] = {
    "(?i)a",
    "a\\b",
    "(a|b)*",
    "(?:ab){2}",
    "\\pL",
    "[[:alpha:]]",
    "\xc3\xa9",
    "\\Qa\\E",
    "\\x41",
    "[\\pL]",
    "(?s:.)",
    "a{,2}",
    R"re((?:\{[^}]*\} )*"(?P<request>[^"]*)")re",
};

class LineMaker {
 public:
  explicit LineMaker(unsigned seed) : random_(seed) {}

  std::size_t Below(std::size_t n) { return random_() % n; }

  /// A log's line with some pieces of it changed, or junk.
  std::string Line() {
    constexpr const char* kPieces[] = {"\"",
                                       " ",
                                       "a",
                                       "ab",
                                       "cc",
                                       "xyz",
                                       "/",
                                       "200",
                                       "-",
                                       "\t",
                                       "]",
                                       "[",
                                       "\xc3\xa9",
                                       "\xe2\x82\xac",
                                       "\xf0\x9f\x98\x80",
                                       "\x80",
                                       "\xff",
                                       "\xc3",
                                       "\r",
                                       "\n",
                                       "."};
    std::string line = Below(3) == 0 ? "" : kLogs[Below(std::size(kLogs))];
    for (std::size_t changes = Below(6); changes > 0; --changes) {
      const std::size_t at = Below(line.size() + 1);
      if (Below(3) == 0) {
        line.erase(at, Below(4));
      } else {
        line.insert(at, kPieces[Below(std::size(kPieces))]);
      }
    }
    if (Below(20) == 0) line += '\0';
    return line;
  }

  std::string Expression(int depth = 0) {
    std::string out;
    if (depth == 0 && Below(4) == 0) out += "^";
    for (std::size_t pieces = Below(5); pieces > 0; --pieces) out += Piece(depth);
    if (Below(6) == 0) out += "|" + Piece(depth);
    if (depth == 0 && Below(4) == 0) out += "$";
    return out;
  }

 private:
  std::string Piece(int depth) {
    constexpr const char* kAtoms[] = {"a",      "b",    "c",   " ",        "\"",  ".",
                                      "[^\"]",  "[ab]", "\\S", "\\d",      "\\w", "[^a\\s]",
                                      "[0-9.]", "\\[",  "/",   "[\\S\\s]", "x"};
    constexpr const char* kRepeats[] = {"",   "",   "",    "*",     "+",   "?",    "*?",
                                        "+?", "??", "{2}", "{1,3}", "{0}", "{2,}?"};
    if (depth < 3 && Below(4) == 0) {
      const std::string inner = Expression(depth + 1);
      const std::string name = "?P<g" + std::to_string(names_++) + ">";
      return "(" +
             (Below(3) == 0   ? "?:"
              : Below(2) == 0 ? ""
                              : name) +
             inner + ")" + (Below(3) == 0 ? Below(2) == 0 ? "?" : "??" : "");
    }
    return std::string(kAtoms[Below(std::size(kAtoms))]) + kRepeats[Below(std::size(kRepeats))];
  }

  std::mt19937 random_;
  int names_ = 0;
};

TEST(LinePatternTest, FindsWhatRe2Finds) {
  LineMaker maker(1);
  for (const char* text : kTaken) {
    const re2::RE2 expected(text);
    ASSERT_TRUE(expected.ok()) << text;
    auto program = CompileLineProgram(text);
    ASSERT_TRUE(program) << text;
    LinePattern pattern(*std::move(program));
    Tally tally;
    for (int i = 0; i < 2000; ++i) Compare(expected, pattern, maker.Line(), tally);
    EXPECT_GT(tally.matches, 20) << text;
    EXPECT_LT(tally.undecided, 1000) << text;
  }
}

TEST(LinePatternTest, WhatItDoesNotKnowIsLeftToRe2) {
  for (const char* text : kRefused) EXPECT_FALSE(CompileLineProgram(text)) << text;
}

TEST(LinePatternTest, AgreesOnExpressionsMadeAtRandom) {
  LineMaker maker(2);
  Tally tally;
  int taken = 0;
  for (int i = 0; i < 3000; ++i) {
    const std::string text = maker.Expression();
    re2::RE2::Options options;
    options.set_log_errors(false);
    const re2::RE2 expected(text, options);
    if (!expected.ok()) continue;
    auto program = CompileLineProgram(text);
    if (!program) continue;
    ++taken;
    LinePattern pattern(*std::move(program));
    for (int j = 0; j < 20; ++j) Compare(expected, pattern, maker.Line(), tally);
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(taken, 2000);
  EXPECT_GT(tally.matches, 10'000);
  EXPECT_GT(tally.others, 5'000);
}

TEST(LinePatternTest, AnEmptyLineMayBeNull) {
  LinePattern pattern(*CompileLineProgram("a|(?P<b>b?)"));
  std::vector<std::string_view> groups(2);
  EXPECT_EQ(pattern.Search({}, groups), LinePattern::Answer::kMatch);
  EXPECT_NE(groups[1].data(), nullptr);
}

TEST(LinePatternTest, GivesUpRatherThanTakeLong) {
  LinePattern pattern(*CompileLineProgram("(?:a?){1}a*a*a*a*a*b$"));
  std::vector<std::string_view> groups;
  EXPECT_EQ(pattern.Search(std::string(5000, 'a'), groups), LinePattern::Answer::kUndecided);
  EXPECT_EQ(pattern.Search("aab", groups), LinePattern::Answer::kMatch);
}

}  // namespace
}  // namespace tocsin
