#pragma once
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "metrics/exposition/render.h"
#include "metrics/writer.h"
#include "tests/collectors/page.h"

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
  return SamplesOf(exposition::RenderPage({&*snapshot, 1}, exposition::Format::kText));
}

}  // namespace tocsin
