/*
 * sim_copy: the state directory copied while programs run, and put in its own place later. A copy
 * in which a log was opened meanwhile is dropped: its listing is older than its files.
 */
#ifndef CROWDTIDE_TESTS_SIM_SIM_COPY_H
#define CROWDTIDE_TESTS_SIM_SIM_COPY_H

#include "tests/sim/sim.h"

void sim_copy_begin(void);
void sim_copy_turn(void);
void sim_copy_spoil(void);
void sim_copy_drop(void);
/* False: there is no whole copy. Kills all programs. */
bool sim_copy_restore(void);

#endif
