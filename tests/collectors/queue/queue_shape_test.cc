#include "collectors/queue/queue_shape.h"

#include <gtest/gtest.h>

#include "metrics/exposition/render.h"

namespace tocsin {
namespace {

std::string Rendered(const QueueValues& values) {
  RoundWriter writer;
  writer.Begin(WallTime(seconds(1)));
  WriteQueue("mail", values, writer);
  const auto snapshot = writer.Finish();
  EXPECT_TRUE(snapshot.ok());
  std::string page = exposition::RenderPage({&*snapshot, 1}, exposition::Format::kText);
  // Only samples: names, labels and values are what rules see.
  std::string samples;
  for (std::size_t at = 0; at < page.size();) {
    const auto end = page.find('\n', at);
    if (page[at] != '#') samples += page.substr(at, end - at + 1);
    at = end + 1;
  }
  return samples;
}

TEST(QueueShapeTest, WritesWhatIsKnownAndNothingElse) {
  EXPECT_EQ(Rendered({.depth = 3}), "queue_depth{queue=\"mail\"} 3\n");
  EXPECT_EQ(Rendered({}), "");
}

TEST(QueueShapeTest, NamesAreThoseOfTheShippedRules) {
  EXPECT_EQ(
      Rendered({.depth = 1, .oldest_seconds = 2.5, .enqueued = 30, .dequeued = 29, .consumers = 0}),
      "queue_consumers{queue=\"mail\"} 0\n"
      "queue_depth{queue=\"mail\"} 1\n"
      "queue_dequeued_total{queue=\"mail\"} 29\n"
      "queue_enqueued_total{queue=\"mail\"} 30\n"
      "queue_oldest_seconds{queue=\"mail\"} 2.5\n");
}

}  // namespace
}  // namespace tocsin
