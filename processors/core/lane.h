/*
 * lane, reason: the parts of a gate: its lanes, as it names them, and why it refused people, as it
 * says. Pure; gate.h moves and shows them.
 *
 *     struct lane *lane = lanes_find(&gate->lanes, name);
 *     lane_count(lane, &(struct lane_passage){.in = 1, .ts_ms = …});
 *
 * Each gate has room for VENUE_GATE_LANES_MAX lanes and REASONS_MAX reasons, and one more of each for
 * all further ones. The room is only touched, and only saved, as it comes to be used.
 */
#ifndef CROWDTIDE_PROCESSORS_CORE_LANE_H
#define CROWDTIDE_PROCESSORS_CORE_LANE_H

#include <stdbool.h>

#include "processors/core/flow.h"
#include "processors/core/label.h"
#include "schemas/venue/venue.h"

enum { REASONS_MAX = 16 };

/* As last shown: compared as bytes. */
struct lane_shown {
    int64_t per_min[2], total[2], rejects;
};
struct lane {
    struct label label;
    bool shown_once;
    int64_t used_ms; /* source time of the newest passage or refusal in it that was not late */
    int64_t total_in, total_out, total_rejects;
    struct lane_shown shown;
    struct flow in, out;
};

struct reason_shown {
    int64_t per_min, total;
};
struct reason {
    struct label label;
    bool shown_once;
    int64_t total;
    struct flow rejects;
    struct reason_shown shown;
};

struct lanes {
    struct lane *lane; /* VENUE_GATE_LANES_MAX + 1, of the model's; the last: other */
    uint32_t count;    /* in use, without the last */
};
struct reasons {
    struct reason *reason; /* REASONS_MAX + 1, likewise */
    uint32_t count;
};

/* Finds the lane, or begins it. */
struct lane *lanes_find(struct lanes *lanes, struct str name);
struct reason *reasons_find(struct reasons *reasons, struct str name);

struct lane_passage {
    int64_t in, out, rejects;
    int64_t ts_ms;  /* source time, clamped */
    int64_t now_ms; /* log time */
    bool late;      /* counts in totals only */
};
void lane_count(struct lane *lane, const struct lane_passage *passage);
void reason_count(struct reason *reason, const struct lane_passage *passage);

/* The i-th in use, i from 0; NULL when there are no more. */
struct lane *lanes_at(const struct lanes *lanes, uint32_t i);
struct reason *reasons_at(const struct reasons *reasons, uint32_t i);

/* Time passes, to a second boundary. The second at which a rate next changes by itself, INT64_MAX:
 * none does. */
int64_t lanes_advance(struct lanes *lanes, int64_t at_ms);
int64_t reasons_advance(struct reasons *reasons, int64_t at_ms);
/* Lanes used since then, and when the one was that has not been used for longest; INT64_MAX. */
uint32_t lanes_used(const struct lanes *lanes, int64_t since_ms, int64_t *ret_oldest_ms);

/* The same in the room of another model: totals go on, and all of them are shown again. */
void lanes_carry(struct lanes *to, const struct lanes *from);
void reasons_carry(struct reasons *to, const struct reasons *from);

#endif
