#include "base/yaml.h"

#include <gtest/gtest.h>

namespace tocsin {
namespace {

std::string ErrorOf(std::string_view text) {
  const auto file = ParseYaml(text, "f.yml");
  return file.ok() ? "no error" : file.error().message();
}

TEST(ParseYamlTest, SaysWhatWasMeantByWhatIsNoYaml) {
  const struct {
    std::string_view text;
    std::string_view at;
    std::string_view meant;
  } kCases[] = {
      {"groups:\n  - name: a\n\trules: []\n", "3:1", "a tab in the indentation"},
      {"groups:\n- name: a\n  rules:\n\t- alert: A\n", "4:2", "a tab in the indentation"},
      {"a:\n\tb: c\n", "2:3", "a tab in the indentation"},
      {"summary: Disk full: 95%\n", "1:19", "lacks its quotes"},
      {"a:1\nb: 2\n", "2:2", "lacks a blank"},
      {"rules:\n  - alert: A\n   expr: x\n", "3:4", "indented otherwise than that list's"},
      {"a:\n  b: 1\n c: 2\n", "3:2", "indented otherwise than that map's"},
      {"a: [1, 2\nb: 3\n", "2:2", "\"[\" before this is not closed"},
      {"a: {b: 1\nc: 3\n", "2:2", "\"{\" before this is not closed"},
      {"a: 'it's'\n", "1:8", "in quotes as a whole"},
      {"a: {{ $value }} used\n", "1:5", "begins with {{"},
      {"a: {{ $value }}\n", "1:5", "begins with {{"},
      {"a: \"\\d+\"\n", "1:7", "single quotes"},
      {"a: @x\n", "1:4", "must stand in quotes"},
      {"a: *.yml\n", "1:4", "begins with *"},
      {"a: ]\n", "1:4", "nothing was opened"},
      {"a: > x\n", "1:6", "begins on the next line"},
      {"a: 1\nb: \"x\nc: d\n", "2:4", "this quote is not closed"},
      {"a: 1\nb: 'it''s\nc: d\n", "2:4", "this quote is not closed"},
      {"b: \"x\\\"\n", "1:4", "this quote is not closed"},
  };
  for (const auto& one : kCases) {
    const auto parsed = ParseYaml(one.text, "f.yml");
    ASSERT_FALSE(parsed) << one.text;
    const std::string& said = parsed.error().message();
    EXPECT_TRUE(said.starts_with("f.yml:" + std::string(one.at) + ": ")) << one.text << said;
    EXPECT_NE(said.find(one.meant), std::string::npos) << one.text << said;
  }
  EXPECT_TRUE(ParseYaml("a: 'it''s'  # it's\n", "f.yml"));
  EXPECT_TRUE(ParseYaml("a: \"\\\\\"\n", "f.yml"));
}

TEST(YamlTest, KeepsPositionsAndKinds) {
  const auto file = ParseYaml("a: 1\nb:\n  - 'x'\n  - ~\n", "f.yml");
  ASSERT_TRUE(file.ok());
  const YamlNode* b = file->root->Find("b");
  ASSERT_NE(b, nullptr);
  ASSERT_EQ(b->items.size(), 2u);
  EXPECT_TRUE(b->items[0]->quoted);
  EXPECT_TRUE(b->items[1]->IsNull());
  EXPECT_EQ(file->At(*b->items[0], "no").message(), "f.yml:3:5: no");
}

TEST(YamlTest, RefusesDuplicateKeysAndBrokenText) {
  EXPECT_EQ(ErrorOf("a: 1\na: 2\n"), "f.yml:2:1: the key \"a\" stands twice");
  EXPECT_TRUE(ErrorOf("a: [1\n").starts_with("f.yml:")) << ErrorOf("a: [1\n");
}

TEST(YamlTest, MergesMaps) {
  const auto file = ParseYaml(R"(
a: &a { x: 1, y: 2 }
b: &b { y: 3, z: 4 }
one: { <<: *a, x: 5 }
both:
  <<: [*a, *b]
  w: 6
nested: &n { <<: *b, x: 7 }
again: { <<: *n }
text: { "<<": 8 }
)",
                              "f.yml");
  ASSERT_TRUE(file.ok()) << file.error().message();
  const auto shown = [&](std::string_view key) {
    std::string text;
    for (const auto& [name, value] : file->root->Find(key)->entries) {
      text += name->scalar + "=" + value->scalar + " ";
    }
    return text;
  };
  EXPECT_EQ(shown("one"), "x=5 y=2 ") << "what the map says itself counts";
  EXPECT_EQ(shown("both"), "w=6 x=1 y=2 z=4 ") << "the first of the list counts most";
  EXPECT_EQ(shown("again"), "x=7 y=3 z=4 ");
  EXPECT_EQ(shown("text"), "<<=8 ") << "quoted it is a name like any other";
  EXPECT_EQ(ErrorOf("a: &a 1\nb: { <<: *a }"),
            "f.yml:1:4: \"<<\" takes a map or a list of maps, as in \"<<: *anchor\"");
}

TEST(YamlTest, SharesAliasesAndCountsThem) {
  const auto file = ParseYaml("a: &x [1, 2]\nb: *x\n", "f.yml");
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(file->root->Find("a"), file->root->Find("b"));

  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    const std::string p = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + p + "," + p + "," + p +
            "," + p + "," + p + "," + p + "," + p + "," + p + "]\n";
  }
  EXPECT_NE(ErrorOf(bomb).find("counting aliases"), std::string::npos);
}

TEST(YamlTest, RefusesCyclesDepthAndSize) {
  EXPECT_NE(ErrorOf("&a [*a]").find("alias"), std::string::npos);
  EXPECT_NE(ErrorOf(std::string(100'000, '[')).find("deep"), std::string::npos);
  EXPECT_NE(ErrorOf(std::string(2 << 20, 'x')).find("larger than"), std::string::npos);
}

TEST(YamlFieldsTest, NamesUnknownKeysAndTheNearestKnownOne) {
  const auto file = ParseYaml("intervall: 5s\n", "f.yml");
  YamlFields fields(*file, *file->root, "global");
  ASSERT_TRUE(fields.Read("interval", YamlDuration, std::chrono::milliseconds(0)).ok());
  EXPECT_EQ(fields.Finish().error().message(),
            "f.yml:1:1: unknown key \"intervall\" in global: did you mean \"interval\"?");
}

TEST(YamlFieldsTest, SaysWhatWasExpected) {
  const auto file = ParseYaml("a: [1]\nb: 5 sec\n", "f.yml");
  YamlFields fields(*file, *file->root, "global");
  EXPECT_EQ(fields.ReadRequired("a", YamlDouble).error().message(),
            "f.yml:1:4: expected a number, found a list");
  EXPECT_TRUE(fields.ReadRequired("b", YamlDuration)
                  .error()
                  .message()
                  .starts_with("f.yml:2:4: bad duration"));
  EXPECT_EQ(fields.Require("c").error().message(), "f.yml:1:1: global needs \"c\"");
}

}  // namespace
}  // namespace tocsin
