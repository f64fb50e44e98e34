/* sim_durable: whether the disk holds a record, whatever the programs' marks say of it. */
#ifndef CROWDTIDE_TESTS_SIM_SIM_DURABLE_H
#define CROWDTIDE_TESTS_SIM_SIM_DURABLE_H

#include "tests/sim/sim_tap.h"

/* The run fails unless the bytes of the log's record are on the disk, in a file that the disk has a
   name for. Records that are not there any more were: retention has deleted them. what: is done
   with it, for the failure's text. */
void sim_durable(enum sim_log log, uint64_t seq, const char *what);

/* Up to there the disk holds the readings now: noted with whatever others take from us, for the
   checks after the run. UINT64_MAX: they are as the last power cut left them. */
uint64_t sim_durable_seq(void);

#endif
