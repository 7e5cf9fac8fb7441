#include "collectors/queue/pq_library.h"

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

bool FindAll(void* so, PqLibrary& pq) {
  return Find(so, "PQconnectStartParams", pq.connect_start_params) &&
         Find(so, "PQconnectPoll", pq.connect_poll) && Find(so, "PQsocket", pq.socket) &&
         Find(so, "PQstatus", pq.status) && Find(so, "PQfinish", pq.finish) &&
         Find(so, "PQerrorMessage", pq.error_message) &&
         Find(so, "PQserverVersion", pq.server_version) &&
         Find(so, "PQconnectionNeedsPassword", pq.connection_needs_password) &&
         Find(so, "PQconnectionUsedPassword", pq.connection_used_password) &&
         Find(so, "PQsetNoticeReceiver", pq.set_notice_receiver) &&
         Find(so, "PQsetnonblocking", pq.set_nonblocking) &&
         Find(so, "PQsendQuery", pq.send_query) &&
         Find(so, "PQsendQueryParams", pq.send_query_params) &&
         Find(so, "PQsetSingleRowMode", pq.set_single_row_mode) && Find(so, "PQflush", pq.flush) &&
         Find(so, "PQconsumeInput", pq.consume_input) && Find(so, "PQisBusy", pq.is_busy) &&
         Find(so, "PQgetResult", pq.get_result) && Find(so, "PQresultStatus", pq.result_status) &&
         Find(so, "PQresultErrorField", pq.result_error_field) &&
         Find(so, "PQresultErrorMessage", pq.result_error_message) &&
         Find(so, "PQclear", pq.clear) && Find(so, "PQntuples", pq.ntuples) &&
         Find(so, "PQnfields", pq.nfields) && Find(so, "PQfname", pq.fname) &&
         Find(so, "PQgetvalue", pq.getvalue) && Find(so, "PQgetlength", pq.getlength) &&
         Find(so, "PQgetisnull", pq.getisnull);
}

}  // namespace

Result<const PqLibrary*> PqLibrary::Load() {
  static Mutex mutex;
  static PqLibrary pq;
  static bool loaded = false;
  const MutexLock lock(mutex);
  if (loaded) return &pq;
  void* library = dlopen("libpq.so.5", RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    const char* why = dlerror();
    return Error{Errc::kUnsupported,
                 std::string("libpq.so.5 cannot be loaded (Debian package libpq5): ") +
                     (why ? why : "unknown error")};
  }
  if (!FindAll(library, pq)) {
    return Error{Errc::kUnsupported, "libpq.so.5 is too old: PostgreSQL 9.2's or later is needed"};
  }
  loaded = true;
  return &pq;
}

}  // namespace tocsin
