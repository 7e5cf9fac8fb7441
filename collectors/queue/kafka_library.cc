#include "collectors/queue/kafka_library.h"

#include <dlfcn.h>

#include <string>

#include "base/mutex.h"

namespace tocsin {
namespace {

template <class Function>
bool Find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  return function != nullptr;
}

bool FindAll(void* so, KafkaLibrary& kafka) {
#define TOCSIN_KAFKA_FIND(name) &&Find(so, "rd_kafka_" #name, kafka.name##_)
  return true TOCSIN_KAFKA_FUNCTIONS(TOCSIN_KAFKA_FIND);
#undef TOCSIN_KAFKA_FIND
}

}  // namespace

Result<const KafkaLibrary*> KafkaLibrary::Load() {
  static Mutex mutex;
  static KafkaLibrary kafka;
  static bool loaded = false;
  const MutexLock lock(mutex);
  if (loaded) return &kafka;
  void* library = dlopen("librdkafka.so.1", RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    const char* why = dlerror();
    return Error{Errc::kUnsupported,
                 std::string("librdkafka.so.1 cannot be loaded (Debian package librdkafka1): ") +
                     (why ? why : "unknown error")};
  }
  if (!FindAll(library, kafka)) {
    return Error{Errc::kUnsupported, "librdkafka.so.1 is too old: 2.0 or later is needed"};
  }
  loaded = true;
  return &kafka;
}

}  // namespace tocsin
