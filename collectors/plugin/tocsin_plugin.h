/* Collectors as shared objects, for any language that can export a C function.
 *
 * A plugin exports one symbol, `tocsin_plugin`, a constant struct tocsin_plugin. Build it with
 *
 *     cc -shared -fPIC -o example.so example.c
 *
 * and name it in the configuration:
 *
 *     collectors:
 *       shared_object:
 *         enabled: true
 *         objects: [ { path: /usr/lib/tocsin/example.so, config: "what create() gets" } ]
 *
 * A plugin runs within the agent: it can crash it and read all that it knows. Prefer exec or plugin
 * unless you need the speed. The file is refused if anybody but root and the agent's user could
 * have changed it.
 *
 * Compatibility: TOCSIN_PLUGIN_ABI changes whenever a plugin built before could go wrong; the agent
 * refuses every other number by name. Within one number, fields are only added at the ends of
 * structs, and `size` says how many there are. This header includes nothing but <stddef.h>.
 */
#ifndef TOCSIN_PLUGIN_H_
#define TOCSIN_PLUGIN_H_

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TOCSIN_PLUGIN_ABI 1
#define TOCSIN_PLUGIN_SYMBOL "tocsin_plugin"

enum tocsin_metric_type {
  TOCSIN_UNTYPED = 0,
  TOCSIN_COUNTER = 1, /* name ends with _total */
  TOCSIN_GAUGE = 2
};

enum tocsin_result {
  TOCSIN_OK = 0,
  TOCSIN_FAILED = 1,     /* this round: what was added is dropped, say why with fail() */
  TOCSIN_UNSUPPORTED = 2 /* this host has no such thing: absent, not a failure */
};

/* All texts are UTF-8, end with NUL, and are copied during the call. */
struct tocsin_label {
  const char* name;
  const char* value;
};

struct tocsin_metric {
  const char* name;
  const char* help;
  int type; /* enum tocsin_metric_type */
};

/* The round, as the agent sees it. Valid during collect() only, on the calling thread only. */
struct tocsin_round {
  size_t size;    /* of this struct */
  double now;     /* seconds since the Unix epoch, when the round began */
  double timeout; /* seconds that it may take */
  void* context;  /* the agent's: hand it back as the first argument */
  /* Adds one value in base units (seconds, bytes, ratios 0..1). Give the same series in the same
   * order each round where you can. 0: taken; otherwise a name is not valid or there are too many
   * series, and the round fails. */
  int (*add)(void* context, const struct tocsin_metric* metric, const struct tocsin_label* labels,
             size_t label_count, double value);
  /* Says why collect() returns TOCSIN_FAILED or TOCSIN_UNSUPPORTED, or create() returns NULL. */
  void (*fail)(void* context, const char* why);
};

struct tocsin_plugin {
  int abi;          /* TOCSIN_PLUGIN_ABI */
  size_t size;      /* sizeof(struct tocsin_plugin) */
  const char* name; /* for messages */
  /* Makes an instance from the configuration's text. NULL: it cannot be; `round->fail` says why
   * (`add` may not be called here). May be NULL itself: then the state is NULL. */
  void* (*create)(const char* config, const struct tocsin_round* round);
  /* One round; enum tocsin_result. Never called twice at once for one state, but from several
   * threads in turn. It may block: that costs the data of shared objects and of nobody else. No C++
   * exception may leave it. */
  int (*collect)(void* state, const struct tocsin_round* round);
  /* Ends an instance; may be NULL. Called after the last collect() has returned. */
  void (*destroy)(void* state);
};

#ifdef __cplusplus
}
#endif

#endif /* TOCSIN_PLUGIN_H_ */
