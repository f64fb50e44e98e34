#include "processors/core/emit.h"
#include "processors/core/judge.h"
#include "processors/core/light.h"
#include "processors/core/path.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "processors/core/zone.h"

enum {
    RESULTS_COUNT_FIRST = 64,
    RESULTS_BYTES_FIRST = 64 * 1024,
};

static bool grow_count(struct core_results *r)
{
    if (r->count < r->cap)
        return true;
    uint32_t cap = r->cap ? 2 * r->cap : RESULTS_COUNT_FIRST;
    struct core_result *result = realloc(r->result, cap * sizeof *result);
    if (!result)
        return false;
    r->result = result;
    r->cap = cap;
    return true;
}

static bool grow_bytes(struct core_results *r)
{
    size_t cap = r->bytes_cap ? 2 * r->bytes_cap : RESULTS_BYTES_FIRST;
    if (cap > CORE_RESULTS_BYTES_MAX)
        return false;
    uint8_t *bytes = realloc(r->bytes, cap);
    if (!bytes)
        return false;
    r->bytes = bytes;
    r->bytes_cap = cap;
    return true;
}

void core_results_clear(struct core_results *results)
{
    results->count = 0;
    results->len = 0;
    results->source_age_ms = -1;
}

void core_results_free(struct core_results *results)
{
    free(results->result);
    free(results->bytes);
    *results = (struct core_results){0};
}

/* Nobody knows whether it is still so: for those, too, who look neither at heartbeats nor at
 * valid_until. */
static void unheard(unsigned type, union result_any *result)
{
    struct result_light_group *group = &result->light_group;
    switch (type) {
    case RECORD_ZONE:
        if (result->zone.known > 0)
            result->zone.cause = str_of(health_cause_text(CAUSE_BROKER));
        result->zone.known = 0;
        result->zone.level = LEVEL_UNKNOWN;
        break;
    case RECORD_GATE:
        result->gate.known = 0;
        break;
    case RECORD_LIGHT:
        result->light.known = 0;
        break;
    case RECORD_LIGHT_GROUP:
        group->unknown = group->lights;
        group->on = group->off = group->faults = 0;
        group->burning_in_daylight = group->dark_while_on = 0;
        break;
    default:
        break;
    }
}

/* What is the same for all results. What a drill's shadow state says is an exercise, also where the
 * module that says it gave no status; what tells how something is says until when. */
static const void *complete(const struct core *core, unsigned type, const void *result,
                            union result_any *copy)
{
    if (!core->exercise && !result_valid_until(type, copy)) /* as most are */
        return result;
    memcpy(copy, result, result_type_of(type)->struct_bytes);
    struct str *status = core->exercise ? result_status(type, copy) : NULL;
    int64_t *until = result_valid_until(type, copy);
    if (status)
        *status = STR_LIT("Exercise");
    if (until)
        *until = path_valid_until_ms(core);
    if (until && path_overdue(core))
        unheard(type, copy);
    return copy;
}

bool emit_again(const struct core *core, uint32_t place, uint32_t every_s)
{
    int64_t turn = place % every_s;
    return core->path.turned ||
           (core->second - turn) / every_s != (core->second_before - turn) / every_s;
}

void emit(struct core *core, unsigned type, const void *result)
{
    struct core_results *r = core->results;
    union result_any copy;
    uint32_t len = 0;
    result = complete(core, type, result, &copy);
    if (core->no_memory || !grow_count(r)) {
        core->no_memory = true;
        return;
    }
    for (;;) {
        if (r->bytes_cap > r->len)
            len = result_encode(type, &core->origin, result, r->bytes + r->len,
                                r->bytes_cap - r->len);
        if (len)
            break;
        if (!grow_bytes(r)) {
            core->no_memory = true;
            return;
        }
    }
    r->result[r->count++] =
        (struct core_result){.type = (uint16_t)type, .offset = (uint32_t)r->len, .len = len};
    r->len += len;
    core->origin.index++;
    core->books.results++;
}

/* What an unknown zone changes by nobody knows. */
static double rate_of(const struct zone *zone, enum window_length length)
{
    return zone->known ? window_rate_per_min(&zone->window, length, zone->occupancy) : (double)NAN;
}

static struct zone_shown zone_look(const struct core *core, uint32_t z)
{
    const struct zone *zone = &core->model.zones[z];
    struct zone_shown now;
    now.occupancy = zone->occupancy;
    now.err = zone_err(zone);
    now.upper = zone_upper(core, z);
    now.lower = zone_lower(zone);
    now.capacity = zone->capacity;
    now.suspect = zone->suspect;
    now.flags = zone_lower_bound(zone) | zone_recount(core, z) << 1 | zone->closed << 2 |
                zone->evacuation << 3;
    now.in = zone->in.sum;
    now.out = zone->out.sum;
    now.sensors = zone->sensors;
    now.fresh = zone->fresh;
    now.data_ms = zone->data_ms;
    for (int i = 0; i < WINDOW_LENGTHS; i++) {
        double mean = window_mean(&zone->window, (enum window_length)i);
        double rate = rate_of(zone, (enum window_length)i);
        memcpy(&now.mean_bits[i], &mean, sizeof mean);
        memcpy(&now.rate_bits[i], &rate, sizeof rate);
        now.max[i] = window_max(&zone->window, (enum window_length)i);
    }
    struct judge_view view = judge_view(core, z);
    now.level = view.level;
    now.rules_unknown = view.unknown;
    now.known = zone->known;
    now.cause = health_cause_of(core, z);
    now.lux = light_zone_lux(core, z);
    now.dark = light_zone_darkness(core, z);
    return now;
}

static int64_t max_or_absent(int64_t max)
{
    return max == WINDOW_NO_VALUE ? RESULT_ABSENT : max;
}

/* length, end of the fields' names */
#define WINDOW_FIELDS(F)                                                                           \
    F(WINDOW_10S, 10s) F(WINDOW_60S, 60s) F(WINDOW_300S, 300s) F(WINDOW_900S, 900s)

static void occupancies(const struct zone *zone, struct result_zone *to)
{
#define OCCUPANCY_OVER(length, field)                                                              \
    to->occupancy_mean_##field = window_mean(&zone->window, length);                               \
    to->occupancy_max_##field = max_or_absent(window_max(&zone->window, length));                  \
    to->occupancy_rate_##field = rate_of(zone, length);
    WINDOW_FIELDS(OCCUPANCY_OVER)
#undef OCCUPANCY_OVER
}

static double max_per_area(int64_t max, double area_m2)
{
    return max == WINDOW_NO_VALUE ? (double)NAN : (double)max / area_m2;
}

static void densities(const struct zone *zone, const struct venue_zone *model,
                      struct result_zone *to)
{
    double area_m2 = model->area_m2;
    if (!(area_m2 > 0)) {
        occupancies(zone, to);
        return;
    }
    to->density = (double)zone->occupancy / area_m2;
    to->los = zone_los(model->kind, to->density);
#define DENSITY_OVER(length, field)                                                                \
    to->density_mean_##field = window_mean(&zone->window, length) / area_m2;                       \
    to->density_max_##field = max_per_area(window_max(&zone->window, length), area_m2);            \
    to->density_rate_##field = rate_of(zone, length) / area_m2;
    WINDOW_FIELDS(DENSITY_OVER)
#undef DENSITY_OVER
}

struct str emit_remaining(const struct core *core, uint32_t z, char buffer[EMIT_REMAINING_BYTES])
{
    const struct zone *zone = &core->model.zones[z];
    struct text t = text_over(buffer, EMIT_REMAINING_BYTES);
    int64_t upper = zone_upper(core, z);
    if (zone->data_ms == CORE_NEVER)
        return STR_LIT("unknown");
    if (!zone->known)
        text_add(&t, "unknown; when last heard ");
    text_add(&t, "about ");
    text_add_i64(&t, zone->occupancy);
    if (zone_lower_bound(zone)) { /* nobody knows how many more */
        text_add(&t, ", at least ");
        text_add_i64(&t, zone_lower(zone));
        text_add(&t, ", perhaps over ");
    } else {
        text_add(&t, ", up to ");
    }
    text_add_i64(&t, upper > 0 ? upper : 1); /* one person is never excluded */
    return (struct str){buffer, (uint32_t)t.len};
}

void emit_zone(struct core *core, uint32_t z, int64_t at_ms)
{
    char remaining[EMIT_REMAINING_BYTES];
    struct zone *zone = &core->model.zones[z];
    const struct venue_zone *model = &core->model.venue->zones[z];
    if (zone->basis == ZONE_BASIS_NONE && !zone->shown_once)
        return;
    struct zone_shown now = zone_look(core, z);
    if (zone->shown_once && emit_same(&now, &zone->shown, sizeof now) &&
        !emit_again(core, z, EMIT_AGAIN_S))
        return;
    zone->shown = now;
    zone->shown_once = zone->basis != ZONE_BASIS_NONE;
    struct result_zone result;
    result_clear(RECORD_ZONE, &result);
    result.venue = core->model.venue->id;
    result.zone = model->id;
    result.kind = str_of(zone_kind_text(model->kind));
    result.at = at_ms;
    result.level = (int8_t)now.level;
    result.in_per_min = now.in;
    result.out_per_min = now.out;
    result.net_per_min = now.in - now.out;
    result.sensors_fresh = now.fresh;
    result.sensors = now.sensors;
    result.known = zone->known;
    result.rules_unknown = now.rules_unknown;
    result.cause = health_cause(core, z);
    result.capacity = zone->capacity > 0 ? zone->capacity : RESULT_ABSENT;
    result.closed = zone->closed;
    result.evacuation = zone->evacuation;
    if (zone->evacuation)
        result.remaining = emit_remaining(core, z, remaining);
    result.basis = zone_basis_text((enum zone_basis)zone->basis);
    result.status = core_status(core);
    result.flow_percent = zone_flow_percent(core, z);
    result.lux = now.lux;
    result.dark = (int8_t)now.dark;
    if (zone->data_ms != CORE_NEVER) { /* before the first reading there is nothing to show */
        result.occupancy = now.occupancy;
        result.occupancy_err = now.err;
        result.occupancy_upper = now.upper;
        result.occupancy_lower = now.lower;
        result.lower_bound = zone_lower_bound(zone);
        result.suspect = zone->suspect;
        result.recount = zone_recount(core, z);
        result.data_at = zone->data_ms;
        if (zone->capacity > 0) {
            double capacity = (double)zone->capacity;
            result.percent_capacity = (double)zone->occupancy * 100 / capacity;
            result.percent_capacity_upper = (double)now.upper * 100 / capacity;
        }
        densities(zone, model, &result);
    }
    emit(core, RECORD_ZONE, &result);
}

void emit_history(struct core *core, uint32_t z)
{
    struct history *h = &core->model.zones[z].history;
    if (core->model.zones[z].basis == ZONE_BASIS_NONE)
        return;
    for (int i = HISTORY_MINUTES - 1; i > 0; i--) {
        int64_t minute = h->at_ms / HISTORY_MINUTE_MS - i;
        struct history_minute *m = &h->minute[(uint64_t)minute % HISTORY_MINUTES];
        bool first = m->revision < 0;
        if (first ? m->known_ms == 0 && !m->changed : !m->changed)
            continue;
        m->revision++;
        m->changed = false;
        struct result_history result;
        result_clear(RECORD_HISTORY, &result);
        result.venue = core->model.venue->id;
        result.zone = core->model.venue->zones[z].id;
        result.at = minute * HISTORY_MINUTE_MS;
        int64_t people_ms = m->people_ms > 0 ? m->people_ms : 0;
        result.occupancy_mean = (double)people_ms / HISTORY_MINUTE_MS;
        result.in = m->in;
        result.out = m->out;
        result.known_ms = m->known_ms;
        result.revision = m->revision;
        result.status = core_status(core);
        emit(core, RECORD_HISTORY, &result);
    }
}

void emit_heartbeat(struct core *core)
{
    struct result_heartbeat result;
    struct core_summary summary = core_summary(core);
    result_clear(RECORD_HEARTBEAT, &result);
    if (core->model.venue)
        result.instance = core->model.venue->id;
    result.at = core_now_ms(core);
    result.connected = core->connected;
    result.path = str_of(path_text(path_of(core)));
    result.probe_ms = core->path.probe_ms;
    result.broker_lost_s = health_broker_lost_ms(core) / 1000;
    if (core->drops.said)
        result.broker_dropped = (int64_t)drops_recent(&core->drops, result.at);
    result.messages = (int64_t)core->messages;
    result.decoded = (int64_t)core->books.decoded;
    result.duplicate = (int64_t)core->books.duplicate;
    result.quarantined = (int64_t)core->books.quarantined;
    result.ignored_retained = (int64_t)core->books.ignored_retained;
    result.received = (int64_t)core->books.received;
    result.results = (int64_t)core->books.results;
    result.unbound_readings = (int64_t)core->books.unbound_readings;
    result.no_reading = (int64_t)core->books.no_reading;
    result.alerts_active = summary.alerts_active;
    result.zones_unknown = summary.zones_unknown;
    result.clock_offset_ms = core->clock_offset_ns / CORE_MS_NS;
    result.input_seq = (int64_t)core->origin.input_seq;
    result.drill = core->drill.running;
    if (core->drill.running) {
        result.drill_until = core->drill.until_ms;
        result.drill_by = (struct str){core->drill.by, core->drill.by_len};
    }
    emit(core, RECORD_HEARTBEAT, &result);
}

void emit_era(struct core *core)
{
    static const char digits[] = "0123456789abcdef";
    char hash[16];
    struct result_era result;
    for (int i = 0; i < 16; i++)
        hash[i] = digits[core->model.venue->hash >> (60 - 4 * i) & 15];
    result_clear(RECORD_ERA, &result);
    result.core_version = STR_LIT(CORE_VERSION);
    result.model_hash = (struct str){hash, sizeof hash};
    result.at = core_now_ms(core);
    emit(core, RECORD_ERA, &result);
}
