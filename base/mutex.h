#pragma once
// std::mutex with clang's thread-safety annotations (checked by -Wthread-safety).

#include <chrono>
#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define TOCSIN_TSA(x) __attribute__((x))
#else
#define TOCSIN_TSA(x)
#endif
#define CAPABILITY(x) TOCSIN_TSA(capability(x))
#define SCOPED_CAPABILITY TOCSIN_TSA(scoped_lockable)
#define GUARDED_BY(x) TOCSIN_TSA(guarded_by(x))
#define REQUIRES(...) TOCSIN_TSA(requires_capability(__VA_ARGS__))
#define ACQUIRE(...) TOCSIN_TSA(acquire_capability(__VA_ARGS__))
#define RELEASE(...) TOCSIN_TSA(release_capability(__VA_ARGS__))
#define EXCLUDES(...) TOCSIN_TSA(locks_excluded(__VA_ARGS__))
#define NO_THREAD_SAFETY_ANALYSIS TOCSIN_TSA(no_thread_safety_analysis)

namespace tocsin {

class CAPABILITY("mutex") Mutex {
 public:
  void lock() ACQUIRE() { mutex_.lock(); }
  void unlock() RELEASE() { mutex_.unlock(); }

 private:
  std::mutex mutex_;
};

class SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
  ~MutexLock() RELEASE() { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

/// Waits on a Mutex that the caller holds. Spurious wake-ups happen: loop on the condition.
class CondVar {
 public:
  void Wait(Mutex& mutex) REQUIRES(mutex) NO_THREAD_SAFETY_ANALYSIS { cv_.wait(mutex); }
  void WaitUntil(Mutex& mutex, std::chrono::steady_clock::time_point deadline)
      REQUIRES(mutex) NO_THREAD_SAFETY_ANALYSIS {
    cv_.wait_until(mutex, deadline);
  }
  void NotifyOne() { cv_.notify_one(); }
  void NotifyAll() { cv_.notify_all(); }

 private:
  std::condition_variable_any cv_;
};

}  // namespace tocsin
