#pragma once
// librdkafka's functions, found at run time: nobody without Kafka pays for it. Only sources that
// speak to librdkafka include this.

#include <librdkafka/rdkafka.h>

#include "base/result.h"

namespace tocsin {

// Every function that is called, once.
// clang-format off
#define TOCSIN_KAFKA_FUNCTIONS(X) \
  X(conf_new) \
  X(conf_destroy) \
  X(conf_set) \
  X(conf_set_log_cb) \
  X(new) \
  X(destroy_flags) \
  X(err2str) \
  X(metadata) \
  X(metadata_destroy) \
  X(offsets_for_times) \
  X(topic_partition_list_new) \
  X(topic_partition_list_add) \
  X(topic_partition_list_destroy) \
  X(queue_new) \
  X(queue_destroy) \
  X(queue_poll) \
  X(event_destroy) \
  X(event_error) \
  X(event_error_string) \
  X(AdminOptions_new) \
  X(AdminOptions_destroy) \
  X(AdminOptions_set_request_timeout) \
  X(ListConsumerGroupOffsets) \
  X(ListConsumerGroupOffsets_new) \
  X(ListConsumerGroupOffsets_destroy) \
  X(event_ListConsumerGroupOffsets_result) \
  X(ListConsumerGroupOffsets_result_groups) \
  X(group_result_error) \
  X(group_result_partitions) \
  X(error_code) \
  X(error_string)
// clang-format on

struct KafkaLibrary {
#define TOCSIN_KAFKA_MEMBER(name) decltype(&::rd_kafka_##name) name##_;
  TOCSIN_KAFKA_FUNCTIONS(TOCSIN_KAFKA_MEMBER)
#undef TOCSIN_KAFKA_MEMBER

  /// Loads librdkafka.so.1 once; it then stays for the life of the process. Thread-safe.
  /// Errors: kUnsupported, saying what to install; tried anew at the next call.
  static Result<const KafkaLibrary*> Load();
};

}  // namespace tocsin
