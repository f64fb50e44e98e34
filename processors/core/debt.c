#include "processors/core/debt.h"

#include <string.h>

int64_t debt_slot_ms(int64_t interval_ms)
{
    if (interval_ms < DEBT_SLOT_MS_MIN)
        return DEBT_SLOT_MS_MIN;
    return interval_ms < DEBT_SLOT_MS_MAX ? interval_ms : DEBT_SLOT_MS_MAX;
}

static void forgive(struct debt *d, const struct debt_passage *p)
{
    bool held = d->held_ms > 0 && p->now_ms - d->held_ms <= p->slot_ms;
    int64_t limit = held ? DEBT_MAX : 0;
    for (int i = 0; i < DEBT_SLOTS; i++)
        limit += d->left[i];
    limit = limit < DEBT_MAX ? limit : DEBT_MAX;
    if (d->owed <= limit)
        return;
    int64_t by = d->owed - limit;
    d->owed -= by;
    d->doubt -= by; /* it was never less than owed */
    d->forgiven += by;
}

static void advance(struct debt *d, const struct debt_passage *p)
{
    int64_t slots = (p->now_ms - d->slot_from_ms) / p->slot_ms;
    if (slots <= 0)
        return;
    if (slots >= DEBT_SLOTS) {
        memset(d->left, 0, sizeof d->left);
    } else {
        for (int64_t i = DEBT_SLOTS - 1; i >= 0; i--)
            d->left[i] = i >= slots ? d->left[i - slots] : 0;
    }
    d->slot_from_ms += slots * p->slot_ms;
    forgive(d, p);
}

int64_t debt_take(struct debt *d, int64_t occupancy, const struct debt_passage *p, int64_t *ret_err)
{
    if (p->held)
        d->held_ms = p->now_ms;
    advance(d, p);
    int64_t sum = occupancy - d->owed + p->in - p->out;
    d->left[0] += p->out;
    d->owed = sum < 0 ? -sum : 0;
    *ret_err = d->owed > d->doubt ? d->owed - d->doubt : 0;
    d->doubt += *ret_err;
    forgive(d, p);
    return sum < 0 ? 0 : sum;
}
