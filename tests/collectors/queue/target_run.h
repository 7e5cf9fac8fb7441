#pragma once
// A collector's rounds against scripted servers.

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "collectors/catalog.h"
#include "collectors/host_fs.h"
#include "collectors/net/network.h"
#include "metrics/exposition/render.h"
#include "tests/collectors/page.h"

namespace tocsin {

/// One collector with settings as YAML. Rounds wait until every target has ended.
class CollectorRun {
 public:
  CollectorRun(std::string_view collector, std::string_view settings) {
    auto file = ParseYaml(settings, "settings");
    EXPECT_TRUE(file.ok()) << file.error().message();
    auto made = FindCollector(collector)->make({*host_, *file, *file->root, network_});
    EXPECT_TRUE(made.ok()) << made.error().message();
    if (made) collector_ = *std::move(made);
  }

  /// The samples of a round, one a line, those of tocsin_target_duration_seconds left out.
  std::string Round(milliseconds patience = seconds(30)) {
    RoundWriter writer;
    writer.Begin(WallTime(seconds(1'000)));
    const RoundContext round{WallTime(seconds(1'000)), clock_.Mono() + patience, {}};
    if (const Status status = collector_->Collect(round, writer); !status) {
      return "error: " + status.error().message();
    }
    const auto snapshot = writer.Finish();
    if (!snapshot) return "error: " + snapshot.error().message();
    return "\n" + exposition::RenderPage({&*snapshot, 1}, exposition::Format::kText);
  }

  net::Network& network() { return network_; }

 private:
  const SystemClock clock_;
  net::Network network_{clock_, {.grace = milliseconds(0)}};
  const std::unique_ptr<HostFs> host_ = MakeHostFs({});
  std::unique_ptr<Collector> collector_;
};

/// The reasons for which targets of a page have failed, "auth closed".
inline std::string FailureReasons(const std::string& page) {
  std::string reasons;
  const std::string_view name = "\ntocsin_target_failures_total{";
  for (auto at = page.find(name); at != std::string::npos; at = page.find(name, at + 1)) {
    const auto reason = page.find("reason=\"", at) + 8;
    reasons.append(reasons.empty() ? "" : " ")
        .append(page, reason, page.find('"', reason) - reason);
  }
  return reasons;
}

}  // namespace tocsin
