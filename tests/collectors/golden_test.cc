// Every collector of the catalog on every case of its fixtures. UPDATE_GOLDEN=1 in the environment
// writes what came out as what is expected: read the diff before you commit it.

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <set>

#include "base/yaml.h"
#include "collectors/catalog.h"
#include "collectors/family_labels.h"
#include "collectors/net/network.h"
#include "collectors/net/target_pool.h"
#include "tests/collectors/fixture.h"
#include "tests/collectors/fixture_server.h"

namespace tocsin {
namespace {

namespace fs = std::filesystem;

/// What one round came to, as an expected file says it.
struct Outcome {
  std::string file;  // expected.prom or expected.error
  std::string text;
};

class Rounds {
 public:
  Rounds(Collector& collector, fs::path root) : collector_(collector), root_(std::move(root)) {}

  Outcome Run(const RoundContext& round) {
    writer_.Begin(round.now);
    const Status status = collector_.Collect(round, writer_);
    snapshot_ = nullptr;
    if (!status) return Failed(status.error());
    auto finished = writer_.Finish();
    if (!finished) return Failed(finished.error());
    snapshot_ = *std::move(finished);
    return {"expected.prom", WithoutRoot(RenderText(snapshot_))};
  }

  /// Null after a failed round.
  const Ref<const Snapshot>& snapshot() const { return snapshot_; }

 private:
  Outcome Failed(const Error& error) const {
    EXPECT_TRUE(error.code() == Errc::kUnsupported || error.code() == Errc::kIo ||
                error.code() == Errc::kMalformed)
        << ErrcName(error.code()) << " is no error of a collector";
    return {"expected.error",
            std::string(ErrcName(error.code())) + ": " + WithoutRoot(error.message()) + "\n"};
  }

  /// Paths in messages and labels as from the tree's root, wherever the working copy is.
  std::string WithoutRoot(std::string text) const {
    const std::string prefix = root_.string() + "/";
    for (auto at = text.find(prefix); at != std::string::npos; at = text.find(prefix, at)) {
      text.erase(at, prefix.size());
    }
    return text;
  }

  Collector& collector_;
  fs::path root_;
  RoundWriter writer_;
  Ref<const Snapshot> snapshot_;
};

void CompareWithExpected(const fs::path& folder, const Outcome& outcome) {
  const fs::path other = outcome.file == "expected.prom" ? "expected.error" : "expected.prom";
  if (std::getenv("UPDATE_GOLDEN")) {
    fs::remove(folder / other);
    std::ofstream(folder / outcome.file, std::ios::trunc) << outcome.text;
    return;
  }
  EXPECT_FALSE(fs::exists(folder / other)) << other << " is expected, but " << outcome.text;
  ASSERT_TRUE(fs::exists(folder / outcome.file)) << "no " << outcome.file << "; " << outcome.text;
  EXPECT_EQ(outcome.text, ReadTextFile(folder / outcome.file));
}

void ExpectDocumented(const CatalogEntry& entry, const Layout& layout) {
  if (entry.families.empty()) return;
  std::map<std::string_view, const FamilySpec*> known;
  for (const FamilySpec& family : entry.families) known[family.name] = &family;
  for (const FamilySpec& family : net::kTargetFamilies) known[family.name] = &family;
  for (const Family& family : layout.families) {
    const auto found = known.find(family.name);
    if (found == known.end()) {
      ADD_FAILURE() << family.name << " is not in the catalog entry";
      continue;
    }
    EXPECT_EQ(TypeText(family.type), TypeText(found->second->type)) << family.name;
    EXPECT_EQ(family.help, found->second->help) << family.name;
  }
}

/// Which labels each family was seen with.
using SeenLabels = std::map<std::string, std::set<std::string>>;

void RememberLabels(const Layout& layout, SeenLabels& seen) {
  for (const Family& family : layout.families) seen[family.name];
  for (const SeriesMeta& series : layout.series) {
    for (const LabelView label : series.labels) {
      if (label.name == "le" || label.name == "quantile") continue;
      seen[layout.families[series.family].name].emplace(label.name);
    }
  }
}

/// What the documentation says of labels is what the fixtures show. UPDATE_LABELS=FILE appends it
/// to that file instead, for tests/collectors/family_labels.
void ExpectDocumentedLabels(const CatalogEntry& entry, const SeenLabels& seen) {
  for (const FamilySpec& family : entry.families) {
    const auto found = seen.find(std::string(family.name));
    if (found == seen.end()) {
      ADD_FAILURE() << "no fixture exports " << family.name;
      continue;
    }
    std::string labels;
    for (const std::string& label : found->second) labels += (labels.empty() ? "" : ", ") + label;
    if (const char* update = std::getenv("UPDATE_LABELS")) {
      std::ofstream(update, std::ios::app)
          << entry.name << '\t' << family.name << '\t' << labels << '\n';
      continue;
    }
    EXPECT_EQ(labels, LabelsOf(entry.name, family.name)) << family.name;
  }
}

void RunCase(const CatalogEntry& entry, const fs::path& source, SeenLabels& seen) {
  FixtureTree tree(source);
  const auto host = MakeFixtureHostFs(tree.root());
  const auto servers = StartFixtureServers(tree.root());
  std::string text = ReadTextFile(source / "settings.yml");
  for (auto at = text.find("{root}"); at != std::string::npos; at = text.find("{root}")) {
    text.replace(at, 6, tree.root().string());
  }
  auto settings = ParseYaml(text, "settings.yml");
  ASSERT_TRUE(settings.ok()) << settings.error().message();
  // Durations of exchanges are zero by a clock that stands still.
  const ManualClock clock(kFixtureNow);
  net::Network network(clock, {.grace = {}});
  auto made = entry.make({*host, *settings, *settings->root, network});
  if (!made) {
    CompareWithExpected(source, {"expected.error", std::string(ErrcName(made.error().code())) +
                                                       ": " + made.error().message() + "\n"});
    return;
  }
  Rounds rounds(**made, tree.root());
  // Far enough for helper threads of a collector to answer.
  RoundContext round{kFixtureNow, MonoTime::clock::now() + seconds(30), {}};
  for (int step = 1;; ++step) {
    const fs::path folder = step == 1 ? source : source / std::to_string(step);
    if (!fs::exists(folder)) break;
    SCOPED_TRACE("step " + std::to_string(step));
    if (step > 1) {
      tree.Advance(step);
      round.now += seconds(60);
      round.deadline += seconds(60);
    }
    CompareWithExpected(folder, rounds.Run(round));
    if (!rounds.snapshot()) continue;
    ExpectDocumented(entry, *rounds.snapshot()->layout);
    RememberLabels(*rounds.snapshot()->layout, seen);
    const Ref<const Layout> first = rounds.snapshot()->layout;
    const Outcome again = rounds.Run(round);
    ASSERT_TRUE(rounds.snapshot()) << "the second round: " << again.text;
    EXPECT_EQ(rounds.snapshot()->layout, first) << "the second round is laid out differently";
    CompareWithExpected(folder, again);
  }
}

std::vector<std::string> CollectorNames() {
  std::vector<std::string> names;
  for (const CatalogEntry& entry : CollectorCatalog()) names.emplace_back(entry.name);
  return names;
}

class Golden : public testing::TestWithParam<std::string> {};

TEST_P(Golden, EveryFixtureRendersAsExpected) {
  const CatalogEntry& entry = *FindCollector(GetParam());
  const auto cases = FixtureCases(entry.name);
  ASSERT_FALSE(cases.empty()) << "no fixture in tests/fixtures/" << entry.name;
  SeenLabels seen;
  for (const fs::path& source : cases) {
    SCOPED_TRACE(source.lexically_relative(TOCSIN_SOURCE_DIR).string());
    RunCase(entry, source, seen);
  }
  ExpectDocumentedLabels(entry, seen);
}

INSTANTIATE_TEST_SUITE_P(Collectors, Golden, testing::ValuesIn(CollectorNames()),
                         [](const testing::TestParamInfo<std::string>& name) {
                           return name.param;
                         });

TEST(CatalogTest, IsSortedByName) {
  const auto catalog = CollectorCatalog();
  for (std::size_t i = 1; i < catalog.size(); ++i) {
    EXPECT_LT(catalog[i - 1].name, catalog[i].name);
  }
}

TEST(CatalogTest, EveryCollectorHasASeedForTheFuzzer) {
  for (const CatalogEntry& entry : CollectorCatalog()) {
    if (!ReadsHostFiles(entry)) continue;
    const fs::path seed =
        fs::path(TOCSIN_SOURCE_DIR "/tests/fuzz/corpus/system_collectors") / entry.name;
    EXPECT_TRUE(ReadTextFile(seed).starts_with(std::string(entry.name) + "\n")) << seed;
  }
}

TEST(FixtureTest, EveryFixtureFolderBelongsToACollector) {
  for (const auto& folder : fs::directory_iterator(TOCSIN_SOURCE_DIR "/tests/fixtures")) {
    EXPECT_NE(FindCollector(folder.path().filename().string()), nullptr) << folder.path();
  }
}

}  // namespace
}  // namespace tocsin
