#pragma once
// libcurl's functions, found at run time: linked in, it would cost every agent some 5 MB of
// resident memory, whether it pages or not. Only sources that speak to libcurl include this.

#include <curl/curl.h>

#include "base/result.h"

namespace tocsin::outgoing {

// Every function that is called, once.
// clang-format off
#define TOCSIN_CURL_FUNCTIONS(X) \
  X(global_init) \
  X(easy_init) \
  X(easy_setopt) \
  X(easy_getinfo) \
  X(easy_cleanup) \
  X(easy_strerror) \
  X(slist_append) \
  X(slist_free_all) \
  X(multi_init) \
  X(multi_setopt) \
  X(multi_add_handle) \
  X(multi_remove_handle) \
  X(multi_perform) \
  X(multi_poll) \
  X(multi_info_read) \
  X(multi_socket_action) \
  X(multi_cleanup)
// clang-format on

struct CurlLibrary {
#define TOCSIN_CURL_MEMBER(name) decltype(&::curl_##name) name;
  TOCSIN_CURL_FUNCTIONS(TOCSIN_CURL_MEMBER)
#undef TOCSIN_CURL_MEMBER

  /// Loads libcurl.so.4 once; it then stays for the life of the process. Thread-safe.
  /// Errors: kUnsupported, saying what to install; tried anew at the next call.
  static Result<const CurlLibrary*> Load();
};

}  // namespace tocsin::outgoing
