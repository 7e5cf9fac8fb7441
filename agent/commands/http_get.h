#pragma once
#include <string>

#include "base/result.h"

namespace tocsin {

/// Sends every later request with the logins and TLS settings of that file, in the format of
/// promtool's --http.config.file. Errors: those of the file.
Status UseHttpConfig(const std::string& file);

/// The base of a URL may be "unix:/path/of/socket" also, here and below.

/// The body of one HTTP request by GET, or by POST when `form` is not empty, whatever its status;
/// at most 256 MB, within 2 minutes. For commands; blocks. Errors: kIo, kTimeout, kLimit.
Result<std::string> HttpFetch(const std::string& url, const std::string& form = "");

struct HttpAnswer {
  int status = 0;
  std::string body;
};

/// One request with a JSON body (none if empty), as HttpFetch.
Result<HttpAnswer> HttpSend(const std::string& method, const std::string& url,
                            const std::string& json = "");

}  // namespace tocsin
