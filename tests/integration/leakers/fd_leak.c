/* Leaks descriptors: opens a file for each request, works on it, and closes it only every other
 * time. 10 a second, of 900. */
#include <fcntl.h>
#include <sys/resource.h>

#include "leaker.h"

int main(void) {
  static char work[4 * MIB];
  const struct rlimit limit = {900, 900};
  begin();
  setrlimit(RLIMIT_NOFILE, &limit);
  for (int i = 0;; ++i) {
    const int file = open("/dev/zero", O_RDONLY | O_CLOEXEC);
    for (int k = 0; file >= 0 && k < 4; ++k) {
      if (read(file, work, sizeof work) < 0) break;
    }
    if (file >= 0 && i % 2 == 0) close(file);
    tick();
  }
}
