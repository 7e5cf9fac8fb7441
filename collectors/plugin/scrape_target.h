#pragma once
// One exporter that is scraped as Prometheus scrapes it.

#include <memory>
#include <string>
#include <vector>

#include "collectors/net/target_pool.h"
#include "collectors/plugin/foreign_series.h"
#include "collectors/plugin/http_fetch.h"

namespace tocsin::plugin {

struct ScrapeTarget {
  std::string url;
  std::vector<std::pair<std::string, std::string>> labels;  // job, instance and others
  std::shared_ptr<const FetchSettings> fetch;
  ForeignOptions foreign;        // `labels` are the above
  std::size_t sample_limit = 0;  // after relabelling; more fails the scrape; 0: none
};

/// Exports the series, and of Prometheus's own: up, scrape_duration_seconds,
/// scrape_samples_scraped, scrape_samples_post_metric_relabeling, scrape_series_added.
std::unique_ptr<net::Target> MakeScrapeTarget(net::Network& network, ScrapeTarget target);

}  // namespace tocsin::plugin
