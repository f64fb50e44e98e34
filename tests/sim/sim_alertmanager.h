/* sim_alertmanager: what an Alertmanager has been told: which alerts are to be held, at which level,
   and which are over. */
#ifndef CROWDTIDE_TESTS_SIM_SIM_ALERTMANAGER_H
#define CROWDTIDE_TESTS_SIM_SIM_ALERTMANAGER_H

#include "schemas/base/str.h"
#include "tests/sim/sim.h"

struct sim_alertmanager; /* opaque */

struct sim_alertmanager *sim_alertmanager_new(void);
void sim_alertmanager_free(struct sim_alertmanager *m);

/* A request's body: an array of alerts. */
void sim_alertmanager_take(struct sim_alertmanager *m, const char *body, size_t len);
/* Whether it holds the alert at that level; NULL: at any. */
bool sim_alertmanager_holds(const struct sim_alertmanager *m, struct str id, const char *level);

#endif
