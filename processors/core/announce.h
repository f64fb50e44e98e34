/*
 * announce: what is said of an alert's changes, seen among the other alerts of its zone: which of
 * them page, which chatter, and what a red one says for all.
 *
 *     for each alert of the zone: {
 *         changes = announce_room(core);
 *         alert_evaluate(a, &terms, &in, changes);
 *         announce_keep(core, place);
 *     }
 *     announce_kept(core, zone, at_ns, NULL);       one ALERT result for each change
 *     announce_settle(core, zone, at_ns);           once the zone's alerts have all been judged
 *
 * Pages. The alerts of a zone that are open at once, at yellow or above, share a page group, named
 * after the start of the first. A change pages when an alert begins or rises, loses its data,
 * escalates or comes back from a shelf, unless another alert of the zone, at the same level or
 * above, has paged for the same reason and nobody has answered yet; alerts of people, of equipment
 * and of zones that nobody has counted do not speak for each other. When the one that paged falls or ends, also with an old venue file,
 * the highest of those it spoke for pages. What changes at once is said from the highest level down,
 * so that one page says it. Blue never pages. Nor does silence that the loss of the broker explains,
 * while the venue's own alert of that loss is open; nor that silence has another cause now, unless
 * the broker explained it until then. A zone whose data come and go pages once in
 * ANNOUNCE_LOST_AGAIN_MS; when they stay away, the alert escalates.
 *
 * Red. While an alert of a zone is red, its lower ones of the same subject are
 * suppressed and page only when their data are lost; they go on being judged, and rising breaks the
 * suppression.
 *
 * Chattering. An alert that falls under its clear margin (or ends) chatter_changes times within
 * chatter_ms does; `chattering` marks what is said of it until a fall is that long ago.
 */
#ifndef CROWDTIDE_PROCESSORS_CORE_ANNOUNCE_H
#define CROWDTIDE_PROCESSORS_CORE_ANNOUNCE_H

#include "processors/core/state.h"

enum { ANNOUNCE_LOST_AGAIN_MS = 10 * 60 * 1000 }; /* no two pages of a zone's lost data within */

struct announce_about { /* len 0: not so */
    struct str operator_id, note;
    struct str cause; /* else what the change itself tells */
};

/* Room for what the next alert of the zone in hand does, empty; the model's. It is kept, for that
 * alert, the zone's `place`-th, when there is anything in it. */
struct alert_changes *announce_room(struct core *core);
void announce_keep(struct core *core, uint32_t place);
/* Says what was kept. False: nothing was. about: as below. */
bool announce_kept(struct core *core, uint32_t zone, int64_t at_ns,
                   const struct announce_about *about);
/* Silence of this cause does not page: it is the broker's, and the venue's alert of that is open. */
bool announce_hushes(const struct core *core, enum health_cause cause);
/* One alert by itself. about: NULL: nobody's command. at_ns: log time. */
void announce(struct core *core, struct alert *a, const struct alert_changes *changes,
              int64_t at_ns, const struct announce_about *about);
/* Suppresses what a red alert of the zone says too, and releases it when none is red any more. */
void announce_settle(struct core *core, uint32_t zone, int64_t at_ns);
/* Raised and fallen too often lately. */
bool announce_chatters(const struct core *core, const struct alert *a, int64_t now_ms);
/* Room that an alert's last falls take in model.falls_ms. */
static inline size_t announce_falls_bytes(const struct venue *venue)
{
    return (size_t)venue->settings.chatter_changes * sizeof(int64_t);
}

#endif
