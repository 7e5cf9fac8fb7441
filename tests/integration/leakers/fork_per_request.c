/* Healthy: each request is a child that takes memory and ends. Every 25 s the server is started
 * anew, as by a deploy; until then it holds a little more with each request, far from any limit.
 * Without an argument it is the supervisor that starts itself with one. */
#include <sys/wait.h>

#include "leaker.h"

static void serve(void) {
  touched(15 * MIB);
  for (int i = 0; i < 25 * TICKS_PER_SECOND; ++i) {
    touched(MIB / 16);
    const pid_t child = fork();
    if (child == 0) {
      free(touched(8 * MIB));
      _exit(0);
    }
    if (child > 0) waitpid(child, NULL, 0);
    tick();
  }
}

int main(int argc, char** argv) {
  begin();
  if (argc > 1) {
    serve();
    return 0;
  }
  for (;;) {
    const pid_t server = fork();
    if (server == 0) {
      execl("/proc/self/exe", argv[0], "serve", (char*)NULL);
      _exit(127);
    }
    waitpid(server, NULL, 0);
  }
}
