/*
 * beat: the newest heartbeat of a state directory, and nothing else of its logs.
 *
 *     beat_open(state_dir) → beat
 *     beat_follow(beat, &err);                     as often as wanted
 *     const struct result_heartbeat *newest = beat_newest(beat);
 *     beat_close(beat);
 *
 * Reads only the alerts log, from BEAT_TAIL_RECORDS before its end; a log that is not there yet is
 * looked for again. One thread.
 */
#ifndef CROWDTIDE_PROCESSORS_WATCH_BEAT_H
#define CROWDTIDE_PROCESSORS_WATCH_BEAT_H

#include "schemas/base/error.h"
#include "schemas/result/result.h"

enum { BEAT_TAIL_RECORDS = 1000 };

struct beat; /* opaque */

/* NULL: out of memory. state_dir is copied. */
struct beat *beat_open(const char *state_dir);
void beat_close(struct beat *beat); /* NULL is allowed */

/* False: the log can't be read (UNOPENED: not yet, as log_reader_waits); what was read stays, and
   the next call tries again. */
bool beat_follow(struct beat *beat, struct error *err);

/* NULL before the first. Borrowed until the next follow. */
const struct result_heartbeat *beat_newest(const struct beat *beat);

#endif
