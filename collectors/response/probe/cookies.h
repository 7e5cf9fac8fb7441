#pragma once
// Cookies that a chain of redirects sets and expects to see again.

#include <string>
#include <string_view>
#include <vector>

namespace tocsin::probe {

class Cookies {
 public:
  /// A Set-Cookie header of an answer from `host`. One for another host is left out.
  void Take(std::string_view host, std::string_view set_cookie);
  /// The Cookie header for a request, or nothing. `path` begins with '/'.
  std::string For(std::string_view host, std::string_view path, bool secure) const;

 private:
  struct Cookie {
    std::string name;
    std::string value;
    std::string domain;
    bool host_only = true;
    std::string path = "/";
    bool secure = false;
  };
  std::vector<Cookie> cookies_;
};

}  // namespace tocsin::probe
