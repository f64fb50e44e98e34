/*
 * The state as bytes: core_save and core_load.
 *
 *   offset  bytes  what
 *   0       8      "CTCORE" 0 6: format and its version; 5 is read, too
 *   then the scalars of struct core, a flag whether a model is in force, its source, and its
 * sensors, gates, lights, light groups, zones and alerts, each behind its id (an alert behind its
 * zone's and rule's), in the model's order; a flag whether a drill is running, what it is, and its
 * shadow state in the same way; last 4 bytes: CRC32C of all before.
 *
 * Arrays go as they are: the host is little-endian (bytes.h).
 *
 * The format has its own version: a core that gives other results (CORE_VERSION) goes on from the
 * state of the one before. What follows from other state (sums, totals over windows, counts) is not
 * kept but made again: model_derive.
 */
#include "processors/core/core.h"

#include <stdlib.h>
#include <string.h>

#include "processors/core/codec.h"
#include "processors/core/drill.h"
#include "processors/core/model.h"
#include "processors/core/save_device.h"
#include "processors/core/save_sensor.h"
#include "schemas/base/crc32c.h"

static const uint8_t save_magic[8] = {'C', 'T', 'C', 'O', 'R', 'E', 0, 6};

/* Cores 5 to 7 wrote it: zones were never adrift, and no rule counted those that are. */
enum { FORMAT_NEVER_ADRIFT = 5 };

/* Of what was owed or in doubt at a door: every passage that a message may tell of, many times. */
#define DEBT_PEOPLE_MAX INT64_C(1000000000000)

/* More than people times milliseconds of a bucket ever are; the buckets of a ring add up within 64
 * bits. */
#define BUCKET_SUM_MAX (INT64_C(1) << 52)

static void walk_bucket(struct codec *c, struct window_bucket *bucket)
{
    codec_i64(c, &bucket->sum);
    codec_i32(c, &bucket->max);
    codec_i32(c, &bucket->first);
    codec_u32(c, &bucket->known_ms);
    if (bucket->sum < -BUCKET_SUM_MAX || bucket->sum > BUCKET_SUM_MAX)
        c->failed = true;
}

static void walk_ring(struct codec *c, struct window_ring *r)
{
    codec_i64(c, &r->end_ms);
    codec_u16(c, &r->head);
    if (r->head >= r->length[1]) {
        c->failed = true;
        r->head = 0;
    }
    for (uint32_t i = 0; i < r->length[1]; i++)
        walk_bucket(c, &r->bucket[i]);
    walk_bucket(c, &r->running);
}

static void walk_window(struct codec *c, struct window *w)
{
    codec_i64(c, &w->at_ms);
    for (int i = 0; i < WINDOW_RINGS; i++)
        walk_ring(c, &w->ring[i]);
}

static void walk_debt(struct codec *c, struct debt *debt)
{
    codec_within(c, &debt->owed, 0, DEBT_PEOPLE_MAX);
    codec_within(c, &debt->doubt, 0, DEBT_PEOPLE_MAX);
    codec_i64(c, &debt->forgiven);
    codec_i64(c, &debt->held_ms);
    codec_i64(c, &debt->slot_from_ms);
    for (int i = 0; i < DEBT_SLOTS; i++)
        codec_i64(c, &debt->left[i]);
}

static void walk_estimate(struct codec *c, struct estimate *e)
{
    codec_within(c, &e->x_milli, -ESTIMATE_X_MAX_MILLI, ESTIMATE_X_MAX_MILLI);
    codec_within(c, &e->var, 0, ESTIMATE_VAR_MAX);
    codec_within(c, &e->origin_var, 0, ESTIMATE_VAR_MAX);
    codec_within(c, &e->off_milli, INT64_MIN / 4, INT64_MAX / 4);
    codec_i64(c, &e->level_ms);
    codec_bool(c, &e->begun);
    codec_u32(c, &e->era);
}

static void walk_history(struct codec *c, struct history *h)
{
    codec_i64(c, &h->at_ms);
    for (int i = 0; i < HISTORY_MINUTES; i++) {
        struct history_minute *m = &h->minute[i];
        codec_i64(c, &m->people_ms);
        codec_i64(c, &m->in);
        codec_i64(c, &m->out);
        codec_i32(c, &m->known_ms);
        codec_i32(c, &m->revision);
        codec_bool(c, &m->changed);
    }
}

static void walk_zone(struct codec *c, struct zone *zone)
{
    codec_bool(c, &zone->known);
    codec_bool(c, &zone->shown_once);
    codec_bool(c, &zone->closed);
    codec_bool(c, &zone->evacuation);
    codec_bool(c, &zone->unswept);
    codec_bool(c, &zone->played);
    if (c->format != FORMAT_NEVER_ADRIFT)
        codec_bool(c, &zone->adrift);
    codec_i64(c, &zone->capacity);
    codec_f64(c, &zone->gate_worst.wait_min);
    codec_f64(c, &zone->gate_worst.load);
    codec_f64(c, &zone->gate_worst.reject_percent);
    if (c->format != FORMAT_NEVER_ADRIFT)
        codec_f64(c, &zone->gate_worst.wait_most_min);
    else
        zone->gate_worst.wait_most_min = zone->gate_worst.wait_min;
    walk_estimate(c, &zone->est);
    codec_within(c, &zone->anchor.bias_milli, -ESTIMATE_X_MAX_MILLI, ESTIMATE_X_MAX_MILLI);
    codec_within(c, &zone->anchor.var, 0, ESTIMATE_VAR_MAX);
    codec_i64(c, &zone->anchor.at_ms);
    codec_f64(c, &zone->anchor.share);
    if (!(zone->anchor.share >= 0 && zone->anchor.share <= 1)) {
        c->failed = true;
        zone->anchor.share = 0;
    }
    codec_bool(c, &zone->anchor.partial);
    codec_bool(c, &zone->anchor.doubted);
    codec_u32(c, &zone->level_round);
    codec_u32(c, &zone->level_spoken);
    walk_debt(c, &zone->debt);
    codec_i64(c, &zone->data_ms);
    codec_bytes(c, &zone->shown, sizeof zone->shown);
    save_flow(c, &zone->in);
    save_flow(c, &zone->out);
    walk_window(c, &zone->window);
    walk_history(c, &zone->history);
}

static void walk_alert(struct codec *c, struct alert *a)
{
    codec_u8(c, &a->state);
    codec_i8(c, &a->level);
    codec_bool(c, &a->acked);
    for (int i = 0; i < VENUE_LEVELS; i++) {
        codec_i64(c, &a->since_ns[i]);
        codec_i64(c, &a->since_ts_ms[i]);
        codec_u32(c, &a->samples[i]);
    }
    codec_bool(c, &a->paged);
    codec_bool(c, &a->dark);
    codec_bool(c, &a->hushed);
    codec_bool(c, &a->acked_lost);
    codec_u8(c, &a->cause);
    codec_u8(c, &a->escalation);
    codec_i64(c, &a->clear_since_ns);
    codec_i64(c, &a->alarm_ns);
    codec_i64(c, &a->start_ms);
    codec_i64(c, &a->acked_ms);
    codec_i64(c, &a->shelved_ms);
    codec_i64(c, &a->lost_told_ms);
    codec_i64(c, &a->group_ms);
    codec_i64(c, &a->n);
    codec_f64(c, &a->value);
    codec_f64(c, &a->estimate);
    codec_f64(c, &a->peak);
    codec_bytes(c, a->care.assigned, sizeof a->care.assigned);
    codec_bytes(c, a->care.done, sizeof a->care.done);
    codec_bytes(c, a->care.done_by, sizeof a->care.done_by);
    if (a->state >= ALERT_STATE_COUNT || a->cause >= CAUSE_COUNT || a->level < LEVEL_NONE ||
        a->level > LEVEL_RED)
        c->failed = true;
}

static void walk_falls(struct codec *c, struct model *m, struct alert *a)
{
    uint32_t count = (uint32_t)m->venue->settings.chatter_changes;
    codec_u32(c, &a->chatter);
    if (a->chatter >= count) {
        c->failed = true;
        a->chatter = 0;
    }
    codec_bytes(c, &m->falls_ms[(size_t)a->at * count], count * sizeof m->falls_ms[0]);
}

static void walk_figures(struct codec *c, struct figures *f)
{
    codec_i64(c, &f->second);
    codec_bytes(c, f->in_second, sizeof f->in_second);
    codec_bytes(c, f->in_minute, sizeof f->in_minute);
    codec_bool(c, &f->shown_once);
    codec_bytes(c, &f->shown, sizeof f->shown);
    if (f->second < 0) {
        c->failed = true;
        f->second = 0;
    }
}

/* Writes the id, or reads one and demands that it is this one: the source that came with the bytes
 * gives the same order. */
static void walk_id(struct codec *c, struct str id)
{
    struct str as = id;
    codec_str(c, &as);
    if (!str_equal(as, id))
        c->failed = true;
}

static void walk_model(struct codec *c, struct model *m)
{
    const struct venue *venue = m->venue;
    codec_bool(c, &m->health_lost_said);
    for (uint32_t s = 0; s < venue->sensor_count && !c->failed; s++) {
        walk_id(c, venue->sensors[s].id);
        save_sensor(c, m, s);
    }
    for (uint32_t g = 0; g < m->gate_count && !c->failed; g++) {
        walk_id(c, venue->sensors[m->gates[g].sensor].id);
        save_gate(c, &m->gates[g]);
    }
    for (uint32_t l = 0; l < m->light_count && !c->failed; l++) {
        walk_id(c, venue->sensors[m->lights[l].sensor].id);
        save_light(c, &m->lights[l]);
    }
    for (uint32_t i = 0; i < m->light_group_count && !c->failed; i++)
        save_light_group(c, &m->light_groups[i]); /* the lights' order gives theirs */
    for (uint32_t z = 0; z < venue->zone_count && !c->failed; z++) {
        walk_id(c, venue->zones[z].id);
        walk_zone(c, &m->zones[z]);
    }
    for (uint32_t i = 0; i < m->alert_count && !c->failed; i++) {
        if (c->format == FORMAT_NEVER_ADRIFT &&
            venue->rules[m->alerts[i].rule].metric == METRIC_RECOUNT_ZONES)
            continue;
        walk_id(c, venue->zones[m->alerts[i].zone].id);
        walk_id(c, venue->rules[m->alerts[i].rule].id);
        walk_alert(c, &m->alerts[i]);
        walk_falls(c, m, &m->alerts[i]);
    }
    walk_figures(c, m->figures);
}

static void walk_drill(struct codec *c, struct drill *drill)
{
    codec_bool(c, &drill->announced);
    codec_i64(c, &drill->until_ms);
    codec_u32(c, &drill->by_len);
    if (drill->by_len > DRILL_BY_BYTES) {
        c->failed = true;
        drill->by_len = 0;
    }
    codec_bytes(c, drill->by, drill->by_len);
    walk_model(c, &drill->aside);
}

static void walk_commands(struct codec *c, struct command_memory *m)
{
    codec_bytes(c, m->nonce, sizeof m->nonce);
    codec_bytes(c, m->until_ms, sizeof m->until_ms);
    codec_u32(c, &m->next);
    codec_bytes(c, m->waits, sizeof m->waits);
    codec_u32(c, &m->waits_uid);
    codec_i64(c, &m->waits_until_ms);
    if (m->next >= COMMAND_NONCES) {
        c->failed = true;
        m->next = 0;
    }
}

static void walk_drops(struct codec *c, struct drops *d)
{
    codec_bool(c, &d->said);
    codec_u64(c, &d->last);
    for (int i = 0; i < DROPS_SLOTS; i++) {
        codec_i64(c, &d->slot[i].number);
        codec_u64(c, &d->slot[i].dropped);
    }
}

static void walk_path(struct codec *c, struct path *path)
{
    codec_i64(c, &path->proven_ms);
    codec_i64(c, &path->probe_ms);
    codec_u8(c, &path->state);
    codec_bool(c, &path->probed);
    codec_bool(c, &path->overdue_said);
    if (path->state >= PATH_STATE_COUNT ||
        (path->proven_ms != CORE_NEVER &&
         (path->proven_ms < 0 || path->proven_ms > INT64_MAX / CORE_MS_NS)))
        c->failed = true;
}

static void walk_scalars(struct codec *c, struct core *core)
{
    codec_i64(c, &core->late_ms);
    codec_bool(c, &core->started);
    codec_i64(c, &core->now_ns);
    codec_i64(c, &core->second);
    if (core->second < 0 || core->second > INT64_MAX / CORE_SECOND_NS)
        c->failed = true;
    codec_bool(c, &core->connected);
    codec_i64(c, &core->ears.lost_ms);
    codec_i64(c, &core->ears.since_ms);
    codec_i64(c, &core->ears.deaf_end_ms);
    codec_u8(c, &core->ears.deaf_cause);
    if (core->ears.deaf_cause >= CAUSE_COUNT)
        c->failed = true;
    walk_drops(c, &core->drops);
    walk_path(c, &core->path);
    codec_i64(c, &core->clock_offset_ns);
    codec_i32(c, &core->utc_offset_s);
    codec_u64(c, &core->messages);
    codec_u64(c, &core->books.received);
    codec_u64(c, &core->books.decoded);
    codec_u64(c, &core->books.duplicate);
    codec_u64(c, &core->books.quarantined);
    codec_u64(c, &core->books.ignored_retained);
    codec_u64(c, &core->books.results);
    codec_u64(c, &core->books.unbound_readings);
    codec_u64(c, &core->books.no_reading);
    walk_commands(c, &core->commands);
}

bool core_save(const struct core *from, uint8_t **ret_bytes, size_t *ret_len, struct error *err)
{
    /* One walk serves both ways; this way it only reads. */
    struct core *core = (struct core *)(uintptr_t)from;
    struct codec c = {.saving = true};
    uint8_t magic[sizeof save_magic];
    bool has_model = core->model.venue != NULL;
    memcpy(magic, save_magic, sizeof magic);
    codec_bytes(&c, magic, sizeof magic);
    walk_scalars(&c, core);
    codec_bool(&c, &has_model);
    if (has_model) {
        struct str source = {core->model.source, core->model.source_len};
        codec_str(&c, &source);
        walk_model(&c, &core->model);
        codec_bool(&c, &core->drill.running);
        if (core->drill.running)
            walk_drill(&c, &core->drill);
    }
    uint32_t crc = crc32c(0, c.out, c.len);
    codec_u32(&c, &crc);
    if (c.no_memory) {
        free(c.out);
        return error_set(err, ERROR_NO_MEMORY, 0, "snapshot of the state");
    }
    *ret_bytes = c.out;
    *ret_len = c.len;
    return true;
}

static bool load_drill(struct core *core, struct codec *c, struct error *err)
{
    bool running = false;
    codec_bool(c, &running);
    if (!running)
        return true;
    if (!model_shadow(core))
        return error_set(err, ERROR_NO_MEMORY, 0, "state of a drill");
    walk_drill(c, &core->drill);
    return true;
}

static bool load_model(struct core *core, struct codec *c, struct error *err)
{
    struct str source;
    struct venue *venue;
    struct problems problems = {0};
    codec_str(c, &source);
    if (c->failed)
        return error_set(err, ERROR_CORRUPT, 0, "state: the model's source is cut");
    if (!venue_parse(source, &venue, &problems))
        return error_set(err, ERROR_CORRUPT, 0, "state: the model in it is refused");
    if (!model_take(core, venue, source, err)) {
        venue_free(venue);
        return false;
    }
    walk_model(c, &core->model);
    return load_drill(core, c, err);
}

static bool load_into(struct core *core, struct codec *c, struct error *err)
{
    bool has_model = false;
    walk_scalars(c, core);
    codec_bool(c, &has_model);
    if (has_model && !load_model(core, c, err))
        return false;
    if (c->failed || c->at != c->len)
        return error_set(err, ERROR_CORRUPT, 0, "state: not as this version writes it");
    if (has_model)
        model_derive(core);
    if (drill_running(core)) {
        drill_enter(core);
        model_derive(core);
        drill_leave(core);
    }
    return true;
}

bool core_load(const uint8_t *bytes, size_t len, struct core **ret_core, struct error *err)
{
    uint8_t magic[sizeof save_magic] = {0};
    if (len < sizeof save_magic + 4 || memcmp(bytes, save_magic, 6) != 0)
        return error_set(err, ERROR_CORRUPT, 0, "state: not a state of the core");
    struct codec c = {.in = bytes, .len = len - 4};
    codec_bytes(&c, magic, sizeof magic);
    if (magic[7] == FORMAT_NEVER_ADRIFT) {
        c.format = FORMAT_NEVER_ADRIFT;
        magic[7] = save_magic[7];
    }
    if (memcmp(magic, save_magic, sizeof magic) != 0)
        return error_set(err, ERROR_VERSION, 0, "state: written in another version of its format");
    struct codec tail = {.in = bytes + c.len, .len = 4};
    uint32_t crc = 0;
    codec_u32(&tail, &crc);
    if (crc != crc32c(0, bytes, c.len))
        return error_set(err, ERROR_CORRUPT, 0, "state: its checksum does not match");
    struct core *core = core_new(err);
    if (!core)
        return false;
    if (!load_into(core, &c, err)) {
        core_free(core);
        return false;
    }
    *ret_core = core;
    return true;
}
