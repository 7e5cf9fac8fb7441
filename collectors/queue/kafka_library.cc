#include "collectors/queue/kafka_library.h"

#include "base/shared_library.h"

namespace tocsin {
namespace {

Status Fill(KafkaLibrary& kafka) {
  TRY_ASSIGN(const SharedLibrary library, SharedLibrary::Load("librdkafka.so.1", "librdkafka1"));
#define TOCSIN_KAFKA_FIND(name) &&library.Find("rd_kafka_" #name, kafka.name##_)
  const bool complete = true TOCSIN_KAFKA_FUNCTIONS(TOCSIN_KAFKA_FIND);
#undef TOCSIN_KAFKA_FIND
  if (complete) return Unit{};
  return Error{Errc::kUnsupported, "librdkafka.so.1 is too old: 2.0 or later is needed"};
}

}  // namespace

Result<const KafkaLibrary*> KafkaLibrary::Load() { return FilledOnce(Fill); }

}  // namespace tocsin
