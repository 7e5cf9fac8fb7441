/* A collector as a shared object: as many queues as the configuration says. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/plugin/tocsin_plugin.h"

struct state {
  int queues;
  double rounds;
  const char *misbehave; /* for tests */
};

static const struct tocsin_metric kRounds = {"example_rounds_total", "Rounds made.", TOCSIN_COUNTER};
static const struct tocsin_metric kDepth = {"example_depth", "Elements waiting.", TOCSIN_GAUGE};

static void *Create(const char *config, const struct tocsin_round *round) {
  static const char *const kMisbehaviours[] = {"fail", "bad name", "bad label", "twice", "many",
                                               "null"};
  struct state *state;
  size_t i;
  if (strcmp(config, "refuse") == 0) {
    round->fail(round->context, "the configuration says so");
    return NULL;
  }
  state = calloc(1, sizeof *state);
  if (!state) return NULL;
  state->queues = atoi(config);
  for (i = 0; i < sizeof kMisbehaviours / sizeof *kMisbehaviours; ++i) {
    if (strcmp(config, kMisbehaviours[i]) == 0) state->misbehave = kMisbehaviours[i];
  }
  return state;
}

static int Misbehave(const char *how, const struct tocsin_round *round) {
  static const struct tocsin_metric kBad = {"no name", NULL, TOCSIN_GAUGE};
  const struct tocsin_label bad_label = {"no name", "x"};
  int i;
  if (strcmp(how, "fail") == 0) {
    round->fail(round->context, "nothing works today");
    return TOCSIN_FAILED;
  }
  if (strcmp(how, "bad name") == 0) round->add(round->context, &kBad, NULL, 0, 1);
  if (strcmp(how, "bad label") == 0) round->add(round->context, &kDepth, &bad_label, 1, 1);
  if (strcmp(how, "null") == 0) round->add(round->context, NULL, NULL, 1, 1);
  if (strcmp(how, "twice") == 0) {
    round->add(round->context, &kDepth, NULL, 0, 1);
    round->add(round->context, &kDepth, NULL, 0, 1);
  }
  if (strcmp(how, "many") == 0) {
    for (i = 0; i < 1000; ++i) {
      char name[16];
      struct tocsin_label label = {"queue", name};
      snprintf(name, sizeof name, "q%d", i);
      round->add(round->context, &kDepth, &label, 1, i);
    }
  }
  return TOCSIN_OK;
}

static int Collect(void *pointer, const struct tocsin_round *round) {
  struct state *state = pointer;
  int i;
  if (state->misbehave) return Misbehave(state->misbehave, round);
  round->add(round->context, &kRounds, NULL, 0, ++state->rounds);
  for (i = 0; i < state->queues; ++i) {
    char name[16];
    struct tocsin_label label = {"queue", name};
    snprintf(name, sizeof name, "q%d", i);
    round->add(round->context, &kDepth, &label, 1, 10.0 * i);
  }
  return TOCSIN_OK;
}

static void Destroy(void *state) { free(state); }

#ifndef EXAMPLE_ABI
#define EXAMPLE_ABI TOCSIN_PLUGIN_ABI
#endif

const struct tocsin_plugin tocsin_plugin = {
    EXAMPLE_ABI, sizeof(struct tocsin_plugin), "example", Create, Collect, Destroy};
