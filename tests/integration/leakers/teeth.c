/* Healthy: what a collector does, garbage up to a limit, then all of it at once; every 4 s. */
#include "leaker.h"

enum { kGarbage = 4 * TICKS_PER_SECOND };

int main(void) {
  static void* garbage[kGarbage];
  begin();
  touched(30 * MIB);
  for (unsigned i = 0;; ++i) {
    if (i % kGarbage == 0) {
      for (unsigned k = 0; k < kGarbage; ++k) {
        free(garbage[k]);
        garbage[k] = NULL;
      }
    }
    garbage[i % kGarbage] = touched(MIB / 2);
    tick();
  }
}
