#include "base/outgoing/curl_library.h"

#include "base/shared_library.h"

namespace tocsin::outgoing {
namespace {

Status Fill(CurlLibrary& curl) {
  TRY_ASSIGN(const SharedLibrary library, SharedLibrary::Load("libcurl.so.4", "libcurl4"));
#define TOCSIN_CURL_FIND(name) &&library.Find("curl_" #name, curl.name)
  const bool complete = true TOCSIN_CURL_FUNCTIONS(TOCSIN_CURL_FIND);
#undef TOCSIN_CURL_FIND
  if (!complete) {
    return Error{Errc::kUnsupported, "libcurl.so.4 is too old: 7.85 or later is needed"};
  }
  if (curl.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
    return Error{Errc::kUnsupported, "libcurl.so.4 does not initialise"};
  }
  return Unit{};
}

}  // namespace

Result<const CurlLibrary*> CurlLibrary::Load() { return FilledOnce(Fill); }

}  // namespace tocsin::outgoing
