/* sim_check: what must be so after a run (sim.h). The parts of it that look into Kafka and the
   store; sim_check itself does all. */
#ifndef CROWDTIDE_TESTS_SIM_SIM_CHECK_H
#define CROWDTIDE_TESTS_SIM_SIM_CHECK_H

#include "tests/sim/sim_tap.h"

/* One results log: what readers with read_committed see is each of its results once, in order. */
void sim_check_kafka(enum sim_log log);
void sim_check_store(void);

#endif
