// A host that has nothing: what collectors ask of it.

#include <gtest/gtest.h>

#include <string>

#include "collectors/catalog.h"
#include "collectors/net/network.h"
#include "metrics/writer.h"
#include "tests/base/temp_folder.h"
#include "tests/bench/recording_host_fs.h"

namespace tocsin {
namespace {

/// Sources that may be in either of a few places.
constexpr std::size_t kMostPlaces = 3;

TEST(AbsentSourceTest, ARoundThatFindsNothingAsksForAFileOrTwo) {
  const TempFolder empty;
  const std::string root = empty.path();
  RecordingHostFs host({root, root, root, root});
  const YamlFile file{"none", std::make_shared<const YamlNode>()};
  const SystemClock clock;
  net::Network network(clock);
  std::size_t absent = 0;
  for (const CatalogEntry& entry : CollectorCatalog()) {
    auto collector = entry.make({host, file, *file.root, network});
    ASSERT_TRUE(collector.ok()) << entry.name;
    host.Clear();
    RoundWriter writer;
    writer.Begin(WallTime(seconds(1)));
    const Status status =
        (*collector)->Collect({WallTime(seconds(1)), MonoTime::max(), {}}, writer);
    if (status.ok() || status.error().code() != Errc::kUnsupported) continue;
    ++absent;
    EXPECT_LE(host.files().size(), kMostPlaces)
        << entry.name << " looked for " << testing::PrintToString(host.files());
  }
  EXPECT_GE(absent, 30u) << "most sources are absent from an empty host";
}

}  // namespace
}  // namespace tocsin
