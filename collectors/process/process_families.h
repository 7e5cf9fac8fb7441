#pragma once
// The process collector's families. Names, types and help of namedprocess_* are process-exporter's.

#include <array>

#include "metrics/family.h"

namespace tocsin::process_families {

constexpr MetricType kCounter = MetricType::kCounter;
constexpr MetricType kGauge = MetricType::kGauge;

constexpr FamilySpec kProcesses{"namedprocess_namegroup_num_procs", kGauge,
                                "number of processes in this group"};
constexpr FamilySpec kCpu{"namedprocess_namegroup_cpu_seconds_total", kCounter,
                          "Cpu user usage in seconds"};
constexpr FamilySpec kRead{"namedprocess_namegroup_read_bytes_total", kCounter,
                           "number of bytes read by this group"};
constexpr FamilySpec kWritten{"namedprocess_namegroup_write_bytes_total", kCounter,
                              "number of bytes written by this group"};
constexpr FamilySpec kMajorFaults{"namedprocess_namegroup_major_page_faults_total", kCounter,
                                  "Major page faults"};
constexpr FamilySpec kMinorFaults{"namedprocess_namegroup_minor_page_faults_total", kCounter,
                                  "Minor page faults"};
constexpr FamilySpec kSwitches{"namedprocess_namegroup_context_switches_total", kCounter,
                               "Context switches"};
constexpr FamilySpec kMemory{"namedprocess_namegroup_memory_bytes", kGauge,
                             "number of bytes of memory in use"};
constexpr FamilySpec kOpenFiles{"namedprocess_namegroup_open_filedesc", kGauge,
                                "number of open file descriptors for this group"};
constexpr FamilySpec kWorstRatio{
    "namedprocess_namegroup_worst_fd_ratio", kGauge,
    "the worst (closest to 1) ratio between open fds and max fds among all procs in this group"};
constexpr FamilySpec kOldest{"namedprocess_namegroup_oldest_start_time_seconds", kGauge,
                             "start time in seconds since 1970/01/01 of oldest process in group"};
constexpr FamilySpec kThreads{"namedprocess_namegroup_num_threads", kGauge, "Number of threads"};
constexpr FamilySpec kStates{
    "namedprocess_namegroup_states", kGauge,
    "Number of processes in states Running, Sleeping, Waiting, Zombie, or Other"};
constexpr FamilySpec kWaits{"namedprocess_namegroup_threads_wchan", kGauge,
                            "Number of threads in this group waiting on each wchan"};
constexpr FamilySpec kThreadCount{"namedprocess_namegroup_thread_count", kGauge,
                                  "Number of threads in this group with same threadname"};
constexpr FamilySpec kThreadCpu{"namedprocess_namegroup_thread_cpu_seconds_total", kCounter,
                                "Cpu user/system usage in seconds"};
constexpr FamilySpec kThreadIo{"namedprocess_namegroup_thread_io_bytes_total", kCounter,
                               "number of bytes read/written by these threads"};
constexpr FamilySpec kThreadMajorFaults{"namedprocess_namegroup_thread_major_page_faults_total",
                                        kCounter, "Major page faults for these threads"};
constexpr FamilySpec kThreadMinorFaults{"namedprocess_namegroup_thread_minor_page_faults_total",
                                        kCounter, "Minor page faults for these threads"};
constexpr FamilySpec kThreadSwitches{"namedprocess_namegroup_thread_context_switches_total",
                                     kCounter, "Context switches for these threads"};
constexpr FamilySpec kScrapeErrors{"namedprocess_scrape_errors", kCounter,
                                   "general scrape errors: no proc metrics collected during a "
                                   "cycle"};
constexpr FamilySpec kReadErrors{"namedprocess_scrape_procread_errors", kCounter,
                                 "incremented each time a proc's metrics collection fails"};
constexpr FamilySpec kPartialErrors{"namedprocess_scrape_partial_errors", kCounter,
                                    "incremented each time a tracked proc's metrics collection "
                                    "fails partially, e.g. unreadable I/O stats"};

// Past process-exporter.
constexpr FamilySpec kAnon{"namedprocess_namegroup_anon_bytes", kGauge,
                           "Anonymous resident memory (RssAnon) of the group's processes."};
constexpr FamilySpec kCpuMax{"namedprocess_namegroup_cpu_cores_max", kGauge,
                             "Most CPUs that the group used between two rounds of the window."};
constexpr FamilySpec kMemoryMax{"namedprocess_namegroup_memory_bytes_max", kGauge,
                                "Most resident memory of the group in the window."};
constexpr FamilySpec kOneMemory{"tocsin_process_memory_bytes", kGauge,
                                "Resident and anonymous memory of a long-lived process."};
constexpr FamilySpec kOneOpenFiles{"tocsin_process_open_fds", kGauge,
                                   "Open file descriptors of a long-lived process."};
constexpr FamilySpec kOneThreads{"tocsin_process_threads", kGauge,
                                 "Threads of a long-lived process."};
constexpr FamilySpec kOneStart{"tocsin_process_start_time_seconds", kGauge,
                               "When a long-lived process began, since the Unix epoch."};
constexpr FamilySpec kOneCpu{"tocsin_process_cpu_seconds_total", kCounter,
                             "CPU time that a long-lived process used."};
constexpr FamilySpec kTracked{"tocsin_processes_tracked", kGauge,
                              "Processes that are remembered between rounds."};
constexpr FamilySpec kDropped{"tocsin_processes_dropped", kGauge,
                              "Processes past max_processes in the last sweep over all."};

constexpr std::array kAll{kProcesses,
                          kCpu,
                          kRead,
                          kWritten,
                          kMajorFaults,
                          kMinorFaults,
                          kSwitches,
                          kMemory,
                          kOpenFiles,
                          kWorstRatio,
                          kOldest,
                          kThreads,
                          kStates,
                          kWaits,
                          kThreadCount,
                          kThreadCpu,
                          kThreadIo,
                          kThreadMajorFaults,
                          kThreadMinorFaults,
                          kThreadSwitches,
                          kScrapeErrors,
                          kReadErrors,
                          kPartialErrors,
                          kAnon,
                          kCpuMax,
                          kMemoryMax,
                          kOneMemory,
                          kOneOpenFiles,
                          kOneThreads,
                          kOneStart,
                          kOneCpu,
                          kTracked,
                          kDropped};

}  // namespace tocsin::process_families
