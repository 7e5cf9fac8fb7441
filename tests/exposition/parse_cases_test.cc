// Expositions as data: cases/parse.jsonl, one JSON object a line: `format`, `text` or `base64`,
// `valid`, `utf8`; then `samples`, what is read, or `error`, the whole message. Files of the same
// form named in TOCSIN_EXPOSITION_CASES (separated by ':') are checked too.

#include <gtest/gtest.h>
#include <simdjson.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "base/format.h"
#include "metrics/exposition/parse.h"

namespace tocsin::exposition {
namespace {

std::string Base64(std::string_view text) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  unsigned bits = 0;
  int count = 0;
  for (const char c : text) {
    if (c == '=') break;
    bits = bits << 6 | static_cast<unsigned>(kAlphabet.find(c));
    count += 6;
    if (count >= 8) out += static_cast<char>(bits >> (count -= 8) & 0xFF);
  }
  return out;
}

std::string Show(std::span<const LabelView> labels) {
  std::string out = "{";
  for (const LabelView& label : labels) {
    if (out.size() > 1) out += ',';
    out.append(label.name).append("=\"").append(label.value) += '"';
  }
  return out + '}';
}

/// "counter a_total{x="1"} 5 @1500 exemplar={…} 2 @3", then what the family says.
struct Shown : ParseVisitor {
  std::vector<std::string> lines;
  Status OnSample(const ParsedFamily& family, const ParsedSample& sample) override {
    std::string line(TypeText(family.type));
    line += ' ';
    AppendSampleName(family.name, family.type, sample.suffix, line);
    line += Show(sample.labels);
    line.append(" ").append(FormatGoFloat(sample.value));
    if (sample.timestamp_ms) line += " @" + std::to_string(*sample.timestamp_ms);
    if (sample.exemplar) {
      line += " exemplar=" + Show(sample.exemplar->labels) + ' ';
      line += FormatGoFloat(sample.exemplar->value);
      if (sample.exemplar->timestamp_seconds) {
        line += " @" + FormatGoFloat(*sample.exemplar->timestamp_seconds);
      }
    }
    lines.push_back(line);
    families.push_back(sample.family);
    return Unit{};
  }
  std::vector<std::uint32_t> families;

  /// Help may come after the samples in text 0.0.4.
  void AddMetadata(std::span<const ParsedFamily> all) {
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const ParsedFamily& family = all[families[i]];
      if (!family.unit.empty()) lines[i].append(" unit=").append(family.unit);
      if (!family.help.empty()) lines[i].append(" help=").append(family.help);
    }
  }
};

void CheckCase(simdjson::dom::element c) {
  std::string text;
  if (std::string_view base64; c["base64"].get(base64) == simdjson::SUCCESS) {
    text = Base64(base64);
  } else {
    text = std::string(std::string_view(c["text"]));
  }
  ParseOptions options;
  options.format =
      std::string_view(c["format"]) == "text-0.0.4" ? Format::kText : Format::kOpenMetrics;
  bool utf8 = false;
  if (c["utf8"].get(utf8) == simdjson::SUCCESS) options.utf8_names = utf8;
  SCOPED_TRACE(::testing::PrintToString(text));

  Document document;
  const Status status = document.Parse(text, options);
  EXPECT_EQ(status.ok(), bool(c["valid"])) << (status.ok() ? "" : status.error().message());
  if (std::string_view error; c["error"].get(error) == simdjson::SUCCESS && !status.ok()) {
    EXPECT_EQ(status.error().message(), error);
  }
  if (simdjson::dom::array samples; c["samples"].get(samples) == simdjson::SUCCESS && status.ok()) {
    Shown shown;
    ASSERT_TRUE(Parse(text, options, shown).ok());
    shown.AddMetadata(document.families());
    std::vector<std::string> expected;
    for (const auto s : samples) expected.emplace_back(std::string_view(s));
    EXPECT_EQ(shown.lines, expected);
    // The document holds the same, after the call.
    ASSERT_EQ(document.samples().size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
      EXPECT_NE(expected[i].find(Show(document.samples()[i].labels)), std::string::npos);
    }
  }
}

void CheckFile(const std::string& path) {
  SCOPED_TRACE(path);
  std::ifstream file(path);
  ASSERT_TRUE(file) << "cannot be read";
  simdjson::dom::parser parser;
  std::string line;
  int cases = 0;
  for (int number = 1; std::getline(file, line); ++number) {
    SCOPED_TRACE("line " + std::to_string(number));
    CheckCase(parser.parse(line));
    ++cases;
  }
  EXPECT_GT(cases, 0);
}

TEST(ParseCasesTest, EveryCaseIsReadOrRefusedAsItSays) {
  CheckFile(TOCSIN_SOURCE_DIR "/tests/exposition/cases/parse.jsonl");
  const char* more = std::getenv("TOCSIN_EXPOSITION_CASES");
  std::istringstream paths(more ? more : "");
  for (std::string path; std::getline(paths, path, ':');) CheckFile(path);
}

}  // namespace
}  // namespace tocsin::exposition
