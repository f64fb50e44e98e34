#include "processors/core/lane.h"

#include <string.h>

enum { SECOND_MS = 1000 };

struct lane *lanes_find(struct lanes *lanes, struct str name)
{
    return &lanes->lane[label_place(&lanes->lane[0].label, sizeof(struct lane), &lanes->count,
                                    VENUE_GATE_LANES_MAX, name)];
}

struct reason *reasons_find(struct reasons *reasons, struct str name)
{
    return &reasons->reason[label_place(&reasons->reason[0].label, sizeof(struct reason),
                                        &reasons->count, REASONS_MAX, name)];
}

/* The others' place stands behind all that are in use. */
static uint32_t place_at(uint32_t i, uint32_t count, uint32_t max)
{
    return i < count ? i : max;
}

struct lane *lanes_at(const struct lanes *lanes, uint32_t i)
{
    struct lane *lane = &lanes->lane[place_at(i, lanes->count, VENUE_GATE_LANES_MAX)];
    return i <= lanes->count && lane->label.len ? lane : NULL;
}

struct reason *reasons_at(const struct reasons *reasons, uint32_t i)
{
    struct reason *reason = &reasons->reason[place_at(i, reasons->count, REASONS_MAX)];
    return i <= reasons->count && reason->label.len ? reason : NULL;
}

static void flow_count(struct flow *flow, const struct lane_passage *p, int64_t n)
{
    flow_to(flow, p->now_ms / SECOND_MS);
    if (!p->late)
        flow_add(flow, p->ts_ms / SECOND_MS, n);
}

void lane_count(struct lane *lane, const struct lane_passage *p)
{
    lane->total_in += p->in;
    lane->total_out += p->out;
    lane->total_rejects += p->rejects;
    flow_count(&lane->in, p, p->in);
    flow_count(&lane->out, p, p->out);
    if (!p->late && p->in + p->out + p->rejects > 0 && p->ts_ms > lane->used_ms)
        lane->used_ms = p->ts_ms;
}

void reason_count(struct reason *reason, const struct lane_passage *p)
{
    reason->total += p->rejects;
    flow_count(&reason->rejects, p, p->rejects);
}

static int64_t sooner(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t lanes_advance(struct lanes *lanes, int64_t at_ms)
{
    struct lane *lane;
    int64_t next = INT64_MAX;
    for (uint32_t i = 0; (lane = lanes_at(lanes, i)); i++) {
        flow_to(&lane->in, at_ms / SECOND_MS);
        flow_to(&lane->out, at_ms / SECOND_MS);
        next = sooner(next, sooner(flow_next(&lane->in), flow_next(&lane->out)));
    }
    return next;
}

int64_t reasons_advance(struct reasons *reasons, int64_t at_ms)
{
    struct reason *reason;
    int64_t next = INT64_MAX;
    for (uint32_t i = 0; (reason = reasons_at(reasons, i)); i++) {
        flow_to(&reason->rejects, at_ms / SECOND_MS);
        next = sooner(next, flow_next(&reason->rejects));
    }
    return next;
}

uint32_t lanes_used(const struct lanes *lanes, int64_t since_ms, int64_t *ret_oldest_ms)
{
    const struct lane *lane;
    uint32_t used = 0;
    *ret_oldest_ms = INT64_MAX;
    for (uint32_t i = 0; (lane = lanes_at(lanes, i)); i++) {
        if (lane->used_ms <= since_ms)
            continue;
        used++;
        *ret_oldest_ms = sooner(*ret_oldest_ms, lane->used_ms);
    }
    return used;
}

void lanes_carry(struct lanes *to, const struct lanes *from)
{
    struct lane *lane;
    memcpy(to->lane, from->lane, from->count * sizeof *to->lane);
    to->lane[VENUE_GATE_LANES_MAX] = from->lane[VENUE_GATE_LANES_MAX];
    to->count = from->count;
    for (uint32_t i = 0; (lane = lanes_at(to, i)); i++)
        lane->shown_once = false;
}

void reasons_carry(struct reasons *to, const struct reasons *from)
{
    struct reason *reason;
    memcpy(to->reason, from->reason, from->count * sizeof *to->reason);
    to->reason[REASONS_MAX] = from->reason[REASONS_MAX];
    to->count = from->count;
    for (uint32_t i = 0; (reason = reasons_at(to, i)); i++)
        reason->shown_once = false;
}
