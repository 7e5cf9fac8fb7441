#pragma once
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "metrics/exposition/render.h"
#include "metrics/writer.h"

namespace tocsin {

/// The samples of one round, a line each, without what describes the families; or "error: why".
inline std::string Rendered(const std::function<Status(FamilySink&)>& write) {
  RoundWriter writer;
  writer.Begin(WallTime(seconds(1)));
  if (const Status status = write(writer); !status) {
    return "error: " + status.error().message() + "\n";
  }
  const auto snapshot = writer.Finish();
  if (!snapshot) return "error: " + snapshot.error().message() + "\n";
  const std::string page = exposition::RenderPage({&*snapshot, 1}, exposition::Format::kText);
  std::string samples;
  for (std::size_t at = 0; at < page.size();) {
    const auto end = page.find('\n', at);
    if (page[at] != '#') samples += page.substr(at, end - at + 1);
    at = end + 1;
  }
  return samples;
}

}  // namespace tocsin
