#pragma once
// A collector with real programs and connections, a round at a time.

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "base/yaml.h"
#include "collectors/collector.h"
#include "collectors/host_fs.h"
#include "collectors/net/network.h"
#include "metrics/exposition/render.h"
#include "metrics/writer.h"
#include "tests/collectors/page.h"

namespace tocsin {

/// Rounds that wait for every target: nothing depends on how fast the machine is.
class CollectorUnderTest {
 public:
  CollectorUnderTest(const CatalogEntry& entry, const std::string& settings,
                     const std::string& name = "settings.yml")
      : file_(*ParseYaml(settings, name)) {
    auto made = entry.make({*host_, file_, *file_.root, network_});
    if (made) {
      collector_ = *std::move(made);
    } else {
      error_ = made.error().message();
    }
  }

  /// Why it was not made; empty if it was.
  const std::string& error() const { return error_; }

  /// The page of one round, or "error: …".
  std::string Round() {
    const RoundContext round{clock_.Wall(), clock_.Mono() + seconds(60), {}};
    writer_.Begin(round.now);
    if (const Status status = collector_->Collect(round, writer_); !status) {
      return "error: " + status.error().message();
    }
    auto snapshot = writer_.Finish();
    if (!snapshot) return "error: " + snapshot.error().message();
    layout_ = (*snapshot)->layout;
    const Ref<const Snapshot> snapshots[] = {*snapshot};
    return exposition::RenderPage(snapshots, exposition::Format::kText);
  }

  /// Of the last round.
  const Ref<const Layout>& layout() const { return layout_; }

 private:
  const SystemClock clock_;
  net::Network network_{clock_, {.grace = {}}};
  std::unique_ptr<HostFs> host_ = MakeHostFs({});
  YamlFile file_;
  std::unique_ptr<Collector> collector_;
  std::string error_;
  RoundWriter writer_;
  Ref<const Layout> layout_;
};

}  // namespace tocsin
