/* Leaks: forgets a little of what it allocates for each request. 2 MiB a second. */
#include "leaker.h"

int main(void) {
  begin();
  touched(20 * MIB);
  for (;;) {
    void* request = touched(MIB);
    void* forgotten = touched(2 * MIB / TICKS_PER_SECOND);
    (void)forgotten;
    free(request);
    tick();
  }
}
