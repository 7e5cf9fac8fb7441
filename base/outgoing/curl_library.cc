#include "base/outgoing/curl_library.h"

#include <dlfcn.h>

#include <string>

#include "base/mutex.h"

namespace tocsin::outgoing {
namespace {

template <class Function>
bool Find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  return function != nullptr;
}

bool FindAll(void* so, CurlLibrary& curl) {
  return Find(so, "curl_global_init", curl.global_init) &&
         Find(so, "curl_easy_init", curl.easy_init) &&
         Find(so, "curl_easy_setopt", curl.easy_setopt) &&
         Find(so, "curl_easy_getinfo", curl.easy_getinfo) &&
         Find(so, "curl_easy_cleanup", curl.easy_cleanup) &&
         Find(so, "curl_easy_strerror", curl.easy_strerror) &&
         Find(so, "curl_slist_append", curl.slist_append) &&
         Find(so, "curl_slist_free_all", curl.slist_free_all) &&
         Find(so, "curl_multi_init", curl.multi_init) &&
         Find(so, "curl_multi_setopt", curl.multi_setopt) &&
         Find(so, "curl_multi_add_handle", curl.multi_add_handle) &&
         Find(so, "curl_multi_remove_handle", curl.multi_remove_handle) &&
         Find(so, "curl_multi_perform", curl.multi_perform) &&
         Find(so, "curl_multi_poll", curl.multi_poll) &&
         Find(so, "curl_multi_info_read", curl.multi_info_read) &&
         Find(so, "curl_multi_socket_action", curl.multi_socket_action) &&
         Find(so, "curl_multi_cleanup", curl.multi_cleanup);
}

}  // namespace

Result<const CurlLibrary*> CurlLibrary::Load() {
  static Mutex mutex;
  static CurlLibrary curl;
  static bool loaded = false;
  const MutexLock lock(mutex);
  if (loaded) return &curl;
  void* library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    const char* why = dlerror();
    return Error{Errc::kUnsupported,
                 std::string("libcurl.so.4 cannot be loaded (Debian package libcurl4): ") +
                     (why ? why : "unknown error")};
  }
  if (!FindAll(library, curl)) {
    return Error{Errc::kUnsupported, "libcurl.so.4 is too old: 7.85 or later is needed"};
  }
  if (curl.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
    return Error{Errc::kUnsupported, "libcurl.so.4 does not initialise"};
  }
  loaded = true;
  return &curl;
}

}  // namespace tocsin::outgoing
