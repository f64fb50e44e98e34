/* sim_check: what must be so after a run (sim.h). The parts of it that look into Kafka, the
   store and those who are paged; sim_check itself does all. */
#ifndef CROWDTIDE_TESTS_SIM_SIM_CHECK_H
#define CROWDTIDE_TESTS_SIM_SIM_CHECK_H

#include "tests/sim/sim_tap.h"

/* One results log: what readers with read_committed see is each of its results once, in order. */
void sim_check_kafka(enum sim_log log);
void sim_check_store(void);
/* Webhooks and Alertmanager were told what they had to be, in order, once. */
void sim_check_pages(void);
/* Whether they have been by now; `why` names what lacks. */
bool sim_check_told(char *why, size_t cap);

#endif
