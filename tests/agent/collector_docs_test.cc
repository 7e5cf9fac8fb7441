#include "agent/commands/collector_docs.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <map>
#include <string>

#include "base/file.h"
#include "collectors/catalog.h"

namespace tocsin {
namespace {

TEST(CollectorDocsTest, TheFileIsWhatTheCatalogSays) {
  const auto file = ReadWholeFile(TOCSIN_SOURCE_DIR "/docs/collectors.md", 1 << 20);
  ASSERT_TRUE(file.ok()) << file.error().message();
  EXPECT_TRUE(*file == CollectorMarkdown()) << "docs/collectors.md is not the catalog's: tocsin "
                                               "collectors --markdown > docs/collectors.md";
}

TEST(CollectorDocsTest, EveryCollectorMetricAndFlagIsThereWithItsWords) {
  const std::string text = CollectorMarkdown();
  std::map<std::string_view, const FamilySpec*> names;
  for (const CatalogEntry& entry : CollectorCatalog()) {
    EXPECT_FALSE(entry.help.empty()) << entry.name;
    EXPECT_NE(text.find("\n## " + std::string(entry.name) + "\n"), std::string::npos);
    for (const FamilySpec& family : entry.families) {
      // The common shapes are of several collectors, and the same in all.
      const FamilySpec& first = *names.try_emplace(family.name, &family).first->second;
      EXPECT_EQ(TypeText(family.type), TypeText(first.type)) << family.name;
      EXPECT_EQ(family.help, first.help) << family.name;
      EXPECT_FALSE(family.help.empty()) << family.name;
      EXPECT_NE(text.find("| `" + std::string(family.name) + "` | " +
                          std::string(TypeText(family.type)) + " | "),
                std::string::npos)
          << family.name;
    }
    for (const CollectorFlag& flag : entry.flags) {
      EXPECT_FALSE(flag.help.empty()) << flag.flag;
      EXPECT_NE(text.find("| `--collector." + std::string(flag.flag) + "` |"), std::string::npos);
    }
  }
  EXPECT_GT(names.size(), 550u);
}

TEST(CollectorDocsTest, JsonHoldsTheSameFacts) {
  simdjson::dom::parser parser;
  const std::string text = CollectorJson();
  simdjson::dom::array collectors;
  ASSERT_EQ(parser.parse(text).get_array().get(collectors), simdjson::SUCCESS);
  const auto catalog = CollectorCatalog();
  ASSERT_EQ(collectors.size(), catalog.size());
  std::size_t i = 0;
  for (const simdjson::dom::element one : collectors) {
    const CatalogEntry& entry = catalog[i++];
    EXPECT_EQ(std::string_view(one["name"]), entry.name);
    EXPECT_EQ(bool(one["on_by_default"]), entry.on_by_default);
    EXPECT_EQ(one["metrics"].get_array().value().size(), entry.families.size());
    EXPECT_EQ(one["flags"].get_array().value().size(), entry.flags.size());
    for (const simdjson::dom::element metric : one["metrics"].get_array()) {
      if (std::string_view(metric["name"]) != "node_network_receive_bytes_total") continue;
      EXPECT_EQ(std::string_view(metric["type"]), "counter");
      EXPECT_EQ(std::string_view(metric["unit"]), "bytes");
      EXPECT_EQ(std::string_view(metric["labels"]), "device");
    }
  }
}

}  // namespace
}  // namespace tocsin
