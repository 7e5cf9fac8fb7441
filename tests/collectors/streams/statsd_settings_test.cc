#include <gtest/gtest.h>

#include "base/yaml.h"
#include "collectors/catalog.h"
#include "collectors/host_fs.h"
#include "collectors/net/network.h"
#include "tests/base/temp_folder.h"

namespace tocsin {
namespace {

TEST(StatsdSettingsTest, AMappingFileStandsBesideTheConfiguration) {
  const TempFolder folder;
  folder.Write("mapping.yml", "mappings: [{match: a.*, name: a}]");
  const YamlFile file = *ParseYaml("mapping_config: mapping.yml", (folder / "tocsin.yml").string());
  const SystemClock clock;
  net::Network network(clock);
  const auto host = MakeHostFs({});
  const CatalogEntry* const entry = FindCollector("statsd");
  const auto made = entry->make({*host, file, *file.root, network});
  EXPECT_TRUE(made.ok()) << made.error().message();
  EXPECT_EQ(entry->settings_files(file, *file.root),
            std::vector<std::string>{(folder / "mapping.yml").string()});
}

}  // namespace
}  // namespace tocsin
