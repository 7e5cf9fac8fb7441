#include "collectors/queue/queue_shape.h"

#include "tests/collectors/queue/rendered.h"

namespace tocsin {
namespace {

std::string Written(const QueueValues& values) {
  return Rendered([&](FamilySink& out) -> Status {
    SeenSet names;
    EXPECT_TRUE(WriteQueue("mail", values, names, out));
    EXPECT_FALSE(WriteQueue("mail", values, names, out)) << "a name is one queue";
    return Unit{};
  });
}

TEST(QueueShapeTest, WritesWhatIsKnownAndNothingElse) {
  EXPECT_EQ(Written({.depth = 3}), "queue_depth{queue=\"mail\"} 3\n");
  EXPECT_EQ(Written({}), "");
}

TEST(QueueShapeTest, NamesAreThoseOfTheShippedRules) {
  EXPECT_EQ(
      Written({.depth = 1, .oldest_seconds = 2.5, .enqueued = 30, .dequeued = 29, .consumers = 0}),
      "queue_consumers{queue=\"mail\"} 0\n"
      "queue_depth{queue=\"mail\"} 1\n"
      "queue_dequeued_total{queue=\"mail\"} 29\n"
      "queue_enqueued_total{queue=\"mail\"} 30\n"
      "queue_oldest_seconds{queue=\"mail\"} 2.5\n");
}

}  // namespace
}  // namespace tocsin
