#pragma once
// The three shapes that every cache, queue and service is exported in besides its own names, so
// that one rule and one dashboard serve them all. Several collectors export them: the texts are
// said here once.

#include "metrics/family.h"

namespace tocsin::shapes {

// Labels: cache, instance.
inline constexpr FamilySpec kCacheHits{"cache_hits_total", MetricType::kCounter,
                                       "Lookups that the cache answered."};
inline constexpr FamilySpec kCacheMisses{"cache_misses_total", MetricType::kCounter,
                                         "Lookups that the cache could not answer."};
inline constexpr FamilySpec kCacheEvictions{"cache_evictions_total", MetricType::kCounter,
                                            "Entries that were thrown out to make room."};
inline constexpr FamilySpec kCacheEntries{"cache_entries", MetricType::kGauge,
                                          "Entries in the cache."};
inline constexpr FamilySpec kCacheSize{"cache_size_bytes", MetricType::kGauge,
                                       "Memory that the cache's entries take."};
inline constexpr FamilySpec kCacheHitRatio{
    "cache_hit_ratio", MetricType::kGauge,
    "Part of the lookups that the cache answered, between 0 and 1."};

// Labels: queue, instance.
inline constexpr FamilySpec kQueueDepth{"queue_depth", MetricType::kGauge,
                                        "Entries that wait in the queue."};
inline constexpr FamilySpec kQueueOldest{"queue_oldest_seconds", MetricType::kGauge,
                                         "Age of the entry that has waited longest."};
inline constexpr FamilySpec kQueueEnqueued{"queue_enqueued_total", MetricType::kCounter,
                                           "Entries that were put into the queue."};
inline constexpr FamilySpec kQueueDequeued{"queue_dequeued_total", MetricType::kCounter,
                                           "Entries that were taken out of the queue."};
inline constexpr FamilySpec kQueueConsumers{"queue_consumers", MetricType::kGauge,
                                            "Consumers that wait for entries of the queue."};

// Labels: service, instance, and what each source knows: route, method, code.
inline constexpr FamilySpec kResponseTime{"response_time_seconds", MetricType::kHistogram,
                                          "Time that the service took to answer."};
inline constexpr FamilySpec kResponseTimeQuantile{
    "response_time_quantile_seconds", MetricType::kGauge,
    "Time within which that part (quantile) of the answers of the last while (window) came."};
inline constexpr FamilySpec kResponses{"responses_total", MetricType::kCounter,
                                       "Answers of the service."};
inline constexpr FamilySpec kResponseErrors{
    "response_errors_total", MetricType::kCounter,
    "Answers of the service that were failures of its own."};

}  // namespace tocsin::shapes
