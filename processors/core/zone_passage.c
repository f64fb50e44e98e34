/* Passages through doors, and what of them is not sure. */
#include "processors/core/border.h"
#include "processors/core/zone_private.h"

static void flow_take(const struct core *core, struct zone *zone, int64_t in, int64_t out)
{
    struct debt_passage passage = {.now_ms = core_now_ms(core),
                                   .slot_ms = zone->slot_ms,
                                   .held = zone->fresh < zone->sensors,
                                   .in = in,
                                   .out = out};
    int64_t err; /* stays in the debt's doubt */
    zone->est.x_milli = debt_take(&zone->debt, zone->est.x_milli / 1000, &passage, &err) * 1000;
}

/* What was late, levels have seen already. */
static void fused_take(struct zone *zone, int64_t net, const struct zone_time *when)
{
    zone->est.x_milli += net * 1000;
    if (!when->rates && zone->est.level_ms != ESTIMATE_NEVER)
        zone->est.off_milli -= net * 1000;
}

static void cross(struct core *core, struct crossing *crossing, int64_t in, int64_t out,
                  double error_pct, const struct zone_time *when)
{
    struct zone *zone = &core->model.zones[crossing->zone];
    int64_t before = zone->occupancy;
    zone_advance(zone, when->at_ms);
    history_to(&zone->history, core_now_ms(core), zone->occupancy, zone->known);
    history_count(&zone->history, when->at_ms, in, out);
    if (when->rates) {
        flow_add(&zone->in, when->at_ms / WINDOW_BUCKET_MS, in);
        flow_add(&zone->out, when->at_ms / WINDOW_BUCKET_MS, out);
    }
    zone_touch(core, crossing->zone);
    if (zone->basis == ZONE_BASIS_LEVEL || zone->basis == ZONE_BASIS_NONE)
        return;
    estimate_passage(&zone->est, &crossing->drift, in + out, error_pct);
    if (zone->basis == ZONE_BASIS_FUSED)
        fused_take(zone, in - out, when);
    else
        flow_take(core, zone, in, out);
    zone_settle(core, crossing->zone, when);
    if (zone->basis != ZONE_BASIS_SUM)
        zone_past_shift(core, crossing->zone,
                        &(struct history_span){.from_ms = when->at_ms,
                                               .to_ms = core_now_ms(core),
                                               .people = zone->occupancy - before});
}

void zone_passage(struct core *core, uint32_t s, int64_t in, int64_t out,
                  const struct zone_time *when)
{
    const struct venue_sensor *model = &core->model.venue->sensors[s];
    uint32_t count;
    struct crossing *crossing = border_of(&core->model, s, &count);
    double pct = model->error_pct == model->error_pct ? model->error_pct
                                                      : zone_settings(core)->passage_error_pct;
    /* The side that loses people goes first: a zone that holds both must not see them twice, not
     * even for a moment. */
    for (int pass = 0; pass < 2; pass++) {
        for (uint32_t i = 0; i < count; i++) {
            struct crossing *c = &crossing[i];
            bool loses = c->outer ? in >= out : in < out;
            if (loses == (pass == 0))
                cross(core, c, c->outer ? out : in, c->outer ? in : out, pct, when);
        }
    }
}

void zone_missed(struct core *core, struct crossing *crossing, const int64_t by_milli[2],
                 int64_t silent_ms)
{
    struct zone *zone = &core->model.zones[crossing->zone];
    struct zone_time now = zone_now(core);
    if (zone->basis == ZONE_BASIS_LEVEL || zone->basis == ZONE_BASIS_NONE)
        return;
    estimate_missed(&zone->est, &crossing->missed, by_milli);
    crossing->missed.silent_ms += silent_ms;
    zone_settle(core, crossing->zone, &now);
}

/* At some moment of its absence it became so many more: half of that for all of it. What was
 * counted since (an anchor, a level) is in a new era, and only the rest of the absence counts. */
void zone_missed_rise(struct core *core, struct crossing *crossing, const int64_t by_milli[2])
{
    const struct zone *zone = &core->model.zones[crossing->zone];
    int64_t silent_ms = crossing->missed.era == zone->est.era ? crossing->missed.silent_ms : 0;
    int64_t milli[2];
    for (int d = 0; d < 2; d++)
        milli[d] = by_milli[d] * silent_ms / HISTORY_MINUTE_MS / 2;
    crossing->missed.silent_ms = 0;
    zone_missed(core, crossing, milli, 0);
}

void zone_seen(struct core *core, const struct crossing *crossing)
{
    struct zone *zone = &core->model.zones[crossing->zone];
    if (zone->known || zone->basis == ZONE_BASIS_LEVEL ||
        crossing->missed.silent_ms < ZONE_ADRIFT_MS)
        return;
    do { /* a sum of it, too */
        if (zone_wide(zone))
            zone_adrift_set(core, zone, true);
        zone = zone_around(core, zone);
    } while (zone && zone->basis == ZONE_BASIS_SUM);
}

void zone_suspect_add(struct core *core, uint32_t z, int64_t people)
{
    for (; people; z = core->model.zones[z].parent) {
        struct zone *zone = &core->model.zones[z];
        const struct zone *around = zone_around(core, zone);
        zone->suspect += people;
        if (!around || around->basis != ZONE_BASIS_SUM)
            return;
    }
}

void zone_suspect(struct core *core, uint32_t z, int64_t people)
{
    zone_suspect_add(core, z, people);
    for (; people && z != VENUE_NO_ZONE; z = core->model.zones[z].parent)
        zone_touch(core, z);
}

bool zone_allows(const struct core *core, uint32_t z, int64_t people)
{
    const struct zone *zone = &core->model.zones[z];
    if (zone->basis != ZONE_BASIS_FUSED)
        return false;
    struct zone_witness level = zone_witness(core, zone);
    double off = (double)(people * 1000 - zone->est.x_milli);
    double var = (double)zone->est.var + (double)estimate_var(level.sigma_milli);
    return off * off / 1000 <= ESTIMATE_GATE * ESTIMATE_GATE * var;
}

void zone_doubt(struct core *core, uint32_t z, int64_t people)
{
    struct zone *zone = &core->model.zones[z];
    struct zone_time now = zone_now(core);
    if (people <= 0 || (zone->basis != ZONE_BASIS_FLOW && zone->basis != ZONE_BASIS_FUSED))
        return; /* levels correct it, sums take it from those they sum */
    estimate_doubt(&zone->est, people * SIGMA_MILLI_PER_PERSON);
    for (struct zone *around = zone_around(core, zone); around && around->basis == ZONE_BASIS_SUM;
         around = zone_around(core, around))
        estimate_doubt(&around->est, people * SIGMA_MILLI_PER_PERSON);
    zone_settle(core, z, &now);
}
