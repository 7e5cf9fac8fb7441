#pragma once
// Shared libraries that are found at run time: who does not use one does not pay for it in memory.

#include "base/mutex.h"
#include "base/result.h"

namespace tocsin {

/// Once loaded, it stays for the life of the process.
class SharedLibrary {
 public:
  /// `file` as the dynamic linker looks for it: "libpq.so.5".
  /// Errors: kUnsupported, saying that Debian has it in `package`.
  static Result<SharedLibrary> Load(const char* file, const char* package);

  /// False if the library has no such function.
  template <class Function>
  bool Find(const char* name, Function*& function) const {
    function = reinterpret_cast<Function*>(Address(name));
    return function != nullptr;
  }

 private:
  explicit SharedLibrary(void* handle) : handle_(handle) {}
  void* Address(const char* name) const;

  void* handle_;
};

/// The process's one Table of functions. `fill` is called until it has succeeded once.
/// Thread-safe.
template <class Table>
Result<const Table*> FilledOnce(Status (*fill)(Table&)) {
  static Mutex mutex;
  static Table table;
  static bool filled = false;
  const MutexLock lock(mutex);
  if (!filled) TRY(fill(table));
  filled = true;
  return &table;
}

}  // namespace tocsin
