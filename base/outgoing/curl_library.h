#pragma once
// libcurl's functions, found at run time: linked in, it would cost every agent some 5 MB of
// resident memory, whether it pages or not. Only sources that speak to libcurl include this.

#include <curl/curl.h>

#include "base/result.h"

namespace tocsin::outgoing {

struct CurlLibrary {
  decltype(&::curl_global_init) global_init;
  decltype(&::curl_easy_init) easy_init;
  decltype(&::curl_easy_setopt) easy_setopt;
  decltype(&::curl_easy_getinfo) easy_getinfo;
  decltype(&::curl_easy_cleanup) easy_cleanup;
  decltype(&::curl_easy_strerror) easy_strerror;
  decltype(&::curl_slist_append) slist_append;
  decltype(&::curl_slist_free_all) slist_free_all;
  decltype(&::curl_multi_init) multi_init;
  decltype(&::curl_multi_setopt) multi_setopt;
  decltype(&::curl_multi_add_handle) multi_add_handle;
  decltype(&::curl_multi_remove_handle) multi_remove_handle;
  decltype(&::curl_multi_perform) multi_perform;
  decltype(&::curl_multi_poll) multi_poll;
  decltype(&::curl_multi_info_read) multi_info_read;
  decltype(&::curl_multi_socket_action) multi_socket_action;
  decltype(&::curl_multi_cleanup) multi_cleanup;

  /// Loads libcurl.so.4 once; it then stays for the life of the process. Thread-safe.
  /// Errors: kUnsupported, saying what to install; tried anew at the next call.
  static Result<const CurlLibrary*> Load();
};

}  // namespace tocsin::outgoing
