/*
 * sim_tap: all that the three logs ever held and did not lose to a power cut, whatever retention
 * has deleted since. It is read from the logs whenever their writer has opened them, before
 * retention deletes, and in the end; each time what was there before must be there still.
 */
#ifndef CROWDTIDE_TESTS_SIM_SIM_TAP_H
#define CROWDTIDE_TESTS_SIM_SIM_TAP_H

#include "schemas/log/log.h"
#include "tests/sim/sim.h"

enum sim_log { SIM_READINGS, SIM_ALERTS, SIM_BULK, SIM_LOGS };

struct sim_tap {
    struct log_view *views; /* bodies owned, LOG_READ_PADDING_BYTES behind each */
    size_t count, cap;
    struct log_uuid uuid;
    uint64_t forced_seq; /* below: deleted on a full disk although somebody still wanted it */
};

extern const char *const sim_log_names[SIM_LOGS];

/* What is in the log now; what lies behind last_seq is void. False, and the run has failed, when it
 * can't be read or what was there has changed. */
bool sim_tap_read(enum sim_log log, uint64_t last_seq);

#endif
