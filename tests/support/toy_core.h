/*
 * toy_core: a core small enough to see through, in place of the real one. Its state is a hash over
 * every record that it has seen, and every result carries that hash, so two results logs are equal
 * only when each input was seen once, in order, from the right state.
 *
 * What it does with a record depends on its body: none to four results over both logs; a MODEL
 * gives an ERA, a GAP an ALERT; a message "poison" aborts; a message "hang" never returns.
 */
#ifndef CROWDTIDE_TESTS_SUPPORT_TOY_CORE_H
#define CROWDTIDE_TESTS_SUPPORT_TOY_CORE_H

#include "processors/process/process.h"

/* Version "toy-1", and "toy-2", which reads the states of toy-1 and gives other results, one more of each message. */
const struct process_core *toy_core(void);
const struct process_core *toy_core_next(void);
/* Version "toy-3", which reads no other's states. */
const struct process_core *toy_core_foreign(void);
/* toy-1 with a fault: a message "venom" aborts, too. */
const struct process_core *toy_core_fragile(void);

#endif
