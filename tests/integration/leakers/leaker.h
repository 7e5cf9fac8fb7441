/* What the programs share. They do their work in ticks of 50 ms until they are killed, so that the
 * work done is the same throughout: what grows is what they keep. With LEAKER_SLOWNESS in the
 * environment a tick is so many times as long. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define TICK_NS 50000000L
#define TICKS_PER_SECOND 20
#define MIB 1048576u

/* Nobody is left behind when the test dies. */
static inline void begin(void) { prctl(PR_SET_PDEATHSIG, SIGKILL); }

static inline void tick(void) {
  static struct timespec at;
  static long length;
  if (length == 0) {
    const char* slowness = getenv("LEAKER_SLOWNESS");
    length = TICK_NS * (slowness ? atol(slowness) : 1);
    clock_gettime(CLOCK_MONOTONIC, &at);
  }
  at.tv_nsec += length;
  at.tv_sec += at.tv_nsec / 1000000000L;
  at.tv_nsec %= 1000000000L;
  clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
}

/* Memory that is really there. */
static inline void* touched(size_t bytes) {
  char* memory = malloc(bytes);
  if (memory) memset(memory, 1, bytes);
  return memory;
}
