/* Healthy: an arena that grows in three steps as it meets larger work, and is used again and again.
 */
#include "leaker.h"

int main(void) {
  begin();
  char* arena = NULL;
  size_t size = 0;
  for (unsigned i = 0;; ++i) {
    const unsigned seconds = i / TICKS_PER_SECOND;
    const size_t wanted = (seconds < 12 ? 20 : seconds < 30 ? 45 : 70) * (size_t)MIB;
    if (wanted > size) {
      arena = realloc(arena, wanted);
      size = wanted;
    }
    memset(arena, (int)i, size);
    tick();
  }
}
