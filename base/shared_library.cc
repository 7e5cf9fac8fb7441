#include "base/shared_library.h"

#include <dlfcn.h>

#include <string>

namespace tocsin {

Result<SharedLibrary> SharedLibrary::Load(const char* file, const char* package) {
  void* const handle = dlopen(file, RTLD_NOW | RTLD_LOCAL);
  if (!handle) {
    const char* const why = dlerror();
    return Error{Errc::kUnsupported, std::string(file) + " cannot be loaded (Debian package " +
                                         package + "): " + (why ? why : "unknown error")};
  }
  return SharedLibrary(handle);
}

void* SharedLibrary::Address(const char* name) const { return dlsym(handle_, name); }

}  // namespace tocsin
