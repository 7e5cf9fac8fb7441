#pragma once
// A SQLite file system layer that fails at the n-th change of a file, once or from then on; and
// that syncs nothing, which makes tests quick.

#include <sqlite3.h>

#include <cstring>
#include <string>

namespace tocsin::notify {

class FaultVfs {
 public:
  enum class After { kWorksAgain, kDead };

  /// Registered as `name` until the end of the process (SQLite keeps the pointer).
  static FaultVfs& Get() {
    static FaultVfs vfs;
    return vfs;
  }
  static constexpr const char* kName = "tocsin-fault";

  /// The `n`-th change from now (from 1) fails with `code`; 0: none.
  void FailAt(int n, int code, After after) {
    countdown_ = n;
    code_ = code;
    after_ = after;
    dead_ = false;
    changes_ = 0;
  }
  int changes() const { return changes_; }

 private:
  struct File {
    sqlite3_file base;
    sqlite3_file* real;
  };

  FaultVfs() {
    real_ = sqlite3_vfs_find(nullptr);
    vfs_ = *real_;
    vfs_.zName = kName;
    vfs_.szOsFile = static_cast<int>(sizeof(File)) + real_->szOsFile;
    vfs_.xOpen = &Open;
    vfs_.xDelete = &Delete;
    sqlite3_vfs_register(&vfs_, 0);
    methods_.iVersion = 1;
    methods_.xClose = [](sqlite3_file* f) { return Real(f)->pMethods->xClose(Real(f)); };
    methods_.xRead = [](sqlite3_file* f, void* p, int n, sqlite3_int64 at) {
      return Real(f)->pMethods->xRead(Real(f), p, n, at);
    };
    methods_.xWrite = [](sqlite3_file* f, const void* p, int n, sqlite3_int64 at) {
      if (const int code = Get().Fault()) {
        // Half of the bytes get through: a torn write.
        Real(f)->pMethods->xWrite(Real(f), p, n / 2, at);
        return code;
      }
      return Real(f)->pMethods->xWrite(Real(f), p, n, at);
    };
    methods_.xTruncate = [](sqlite3_file* f, sqlite3_int64 size) {
      if (const int code = Get().Fault()) return code;
      return Real(f)->pMethods->xTruncate(Real(f), size);
    };
    // Nothing is synced for real: the tests end processes, not the machine.
    methods_.xSync = [](sqlite3_file*, int) { return Get().Fault(); };
    methods_.xFileSize = [](sqlite3_file* f, sqlite3_int64* size) {
      return Real(f)->pMethods->xFileSize(Real(f), size);
    };
    methods_.xLock = [](sqlite3_file* f, int how) {
      return Real(f)->pMethods->xLock(Real(f), how);
    };
    methods_.xUnlock = [](sqlite3_file* f, int how) {
      return Real(f)->pMethods->xUnlock(Real(f), how);
    };
    methods_.xCheckReservedLock = [](sqlite3_file* f, int* out) {
      return Real(f)->pMethods->xCheckReservedLock(Real(f), out);
    };
    methods_.xFileControl = [](sqlite3_file* f, int op, void* arg) {
      return Real(f)->pMethods->xFileControl(Real(f), op, arg);
    };
    methods_.xSectorSize = [](sqlite3_file* f) { return Real(f)->pMethods->xSectorSize(Real(f)); };
    methods_.xDeviceCharacteristics = [](sqlite3_file* f) {
      return Real(f)->pMethods->xDeviceCharacteristics(Real(f));
    };
  }

  static sqlite3_file* Real(sqlite3_file* file) { return reinterpret_cast<File*>(file)->real; }

  static int Open(sqlite3_vfs*, const char* name, sqlite3_file* out, int flags, int* out_flags) {
    auto* file = reinterpret_cast<File*>(out);
    file->real = reinterpret_cast<sqlite3_file*>(file + 1);
    file->base.pMethods = nullptr;
    const int code = Get().real_->xOpen(Get().real_, name, file->real, flags, out_flags);
    if (code == SQLITE_OK) file->base.pMethods = &Get().methods_;
    return code;
  }
  static int Delete(sqlite3_vfs*, const char* name, int sync) {
    if (const int code = Get().Fault()) return code;
    return Get().real_->xDelete(Get().real_, name, sync);
  }

  int Fault() {
    ++changes_;
    if (dead_) return code_;
    if (countdown_ == 0 || --countdown_ > 0) return 0;
    dead_ = after_ == After::kDead;
    return code_;
  }

  sqlite3_vfs* real_;
  sqlite3_vfs vfs_{};
  sqlite3_io_methods methods_{};
  int countdown_ = 0;
  int code_ = 0;
  After after_ = After::kWorksAgain;
  bool dead_ = false;
  int changes_ = 0;
};

}  // namespace tocsin::notify
