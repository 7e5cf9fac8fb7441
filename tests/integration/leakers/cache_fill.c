/* Healthy: a cache that fills within 15 s and then replaces what is in it. */
#include "leaker.h"

enum { kEntries = 15 * TICKS_PER_SECOND };

int main(void) {
  static void* cache[kEntries];
  begin();
  touched(20 * MIB);
  for (unsigned i = 0;; ++i) {
    free(cache[i % kEntries]);
    cache[i % kEntries] = touched(MIB / 5);
    tick();
  }
}
