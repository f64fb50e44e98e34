/* The virtual clock of a script: what ingest would have written into the readings log, second by
 * second. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "processors/replay/script_private.h"
#include "schemas/record/record.h"
#include "schemas/yaml/tree.h"

enum { NS_PER_MS = 1000000, SECOND_MS = 1000 };

bool script_clock_begin(struct script *s, int64_t t_ms)
{
    struct error err = {0};
    s->clock.core = core_new(&err);
    s->clock.connected = true;
    s->clock.t_ms = t_ms;
    return s->clock.core || script_broken(s, "%s", error_text(err.code));
}

void script_clock_end(struct script *s)
{
    core_free(s->clock.core);
    core_results_free(&s->clock.results);
    free(s->clock.body);
    free(s->clock.repeat);
}

uint8_t *script_clock_room(struct script *s, size_t len)
{
    size_t need = len + LOG_READ_PADDING_BYTES;
    if (need > s->clock.body_cap) {
        uint8_t *grown = realloc(s->clock.body, need);
        if (!grown) {
            (void)script_broken(s, "out of memory");
            return NULL;
        }
        s->clock.body = grown;
        s->clock.body_cap = need;
    }
    return s->clock.body;
}

bool script_clock_record(struct script *s, int64_t t_ms, unsigned type, const uint8_t *body,
                         uint32_t len)
{
    struct script_clock *c = &s->clock;
    uint64_t max = s->options->records_max ? s->options->records_max : SCRIPT_RECORDS_MAX;
    struct error err = {0};
    if (c->seq == max)
        return script_broken(s, "more than %" PRIu64 " messages, ticks and the like", max);
    struct log_view view = {.seq = ++c->seq,
                            .epoch = 1,
                            .type = (uint16_t)type,
                            .log_ns = t_ms * NS_PER_MS,
                            .wall_ns = t_ms * NS_PER_MS,
                            .body = body,
                            .body_len = len};
    c->t_ms = t_ms;
    c->messages += type == RECORD_MQTT || type == RECORD_OVERSIZED;
    core_results_clear(&c->results);
    if (!core_step(c->core, &view, &c->results, &err))
        return script_broken(s, "the core refuses this: %s", err.where);
    for (uint32_t i = 0; i < c->results.count; i++) {
        const struct core_result *r = &c->results.result[i];
        if (!script_results_take(s, r, c->results.bytes + r->offset))
            return false;
    }
    uint32_t every = s->options->restart_every;
    return every == 0 || c->seq % every != 0 || script_clock_restart(s);
}

bool script_clock_restart(struct script *s)
{
    struct core *again = NULL;
    struct error err = {0};
    uint8_t *bytes = NULL;
    size_t len = 0;
    bool ok = core_save(s->clock.core, &bytes, &len, &err) && core_load(bytes, len, &again, &err);
    free(bytes);
    if (!ok)
        return script_broken(s, "the core's state can't be saved and loaded: %s", err.where);
    core_free(s->clock.core);
    s->clock.core = again;
    return true;
}

bool script_clock_tick(struct script *s, int64_t t_ms)
{
    struct record_tick tick = {.connected = s->clock.connected,
                               .messages = s->clock.messages,
                               .utc_offset_s = s->clock.utc_offset_s,
                               .broker_dropped = s->clock.broker_dropped,
                               .probe = s->clock.probed ? RECORD_PROBE_SENT : RECORD_PROBE_NONE,
                               .probe_ms = s->clock.silent ? (uint32_t)(t_ms - s->clock.silent_ms)
                                                           : SECOND_MS};
    uint8_t body[64 + LOG_READ_PADDING_BYTES];
    return script_clock_record(s, t_ms, RECORD_TICK, body, record_tick_encode(&tick, body, 64));
}

static bool ticks_to(struct script *s, int64_t t_ms)
{
    for (int64_t t = (s->clock.t_ms / SECOND_MS + 1) * SECOND_MS; t <= t_ms; t += SECOND_MS) {
        if (!script_clock_tick(s, t))
            return false;
    }
    return true;
}

/* The `every` line that sends next, at t_ms or before; NULL: none does. */
static struct script_repeat *repeat_due(struct script *s, int64_t t_ms)
{
    struct script_repeat *first = NULL;
    for (uint32_t i = 0; i < s->clock.repeat_count; i++) {
        struct script_repeat *r = &s->clock.repeat[i];
        if (r->next_ms <= r->until_ms && r->next_ms <= t_ms &&
            (!first || r->next_ms < first->next_ms))
            first = r;
    }
    return first;
}

static bool forward(struct script *s, int64_t t_ms)
{
    char was[SCRIPT_CLOCK_BYTES];
    return t_ms >= s->clock.t_ms || script_broken(s, "time runs forward: it is %s already",
                                                  script_clock_text(s, s->clock.t_ms, was));
}

bool script_clock_to(struct script *s, int64_t t_ms)
{
    struct script_repeat *r;
    uint32_t line = s->line;
    if (!forward(s, t_ms))
        return false;
    while ((r = repeat_due(s, t_ms))) {
        int64_t at_ms = r->next_ms;
        r->next_ms += r->step_ms;
        s->line = r->line; /* what goes wrong now is that line's */
        const struct script_ramp ramp = {(at_ms - r->first_ms) / r->step_ms,
                                         (r->until_ms - r->first_ms) / r->step_ms};
        if (!ticks_to(s, at_ms) || !script_message_repeated(s, at_ms, r->what, &ramp))
            return false;
    }
    s->line = line;
    return ticks_to(s, t_ms);
}

bool script_clock_leap(struct script *s, int64_t t_ms, bool gap)
{
    if (!forward(s, t_ms))
        return false;
    for (uint32_t i = 0; i < s->clock.repeat_count; i++) { /* nobody took these */
        struct script_repeat *r = &s->clock.repeat[i];
        while (r->next_ms < t_ms && r->next_ms <= r->until_ms)
            r->next_ms += r->step_ms;
    }
    if (!gap)
        return script_clock_tick(s, t_ms);
    struct record_gap record = {.last_seq = s->clock.seq, .from_ns = s->clock.t_ms * NS_PER_MS};
    uint8_t body[64 + LOG_READ_PADDING_BYTES];
    return script_clock_record(s, t_ms, RECORD_GAP, body, record_gap_encode(&record, body, 64));
}

bool script_clock_broker(struct script *s, int64_t t_ms, bool back)
{
    struct record_connection record = {.session_present = back,
                                       .detail = STR_LIT("as the script says")};
    uint8_t body[128 + LOG_READ_PADDING_BYTES];
    s->clock.connected = back;
    return script_clock_record(s, t_ms, back ? RECORD_CONNECTED : RECORD_DISCONNECTED, body,
                               record_connection_encode(&record, body, 128));
}

bool script_clock_probe(struct script *s, int64_t t_ms, bool back)
{
    s->clock.probed = true;
    if (!back && !s->clock.silent)
        s->clock.silent_ms = t_ms;
    s->clock.silent = !back;
    return true;
}

bool script_clock_dropped(struct script *s, int64_t t_ms, struct str number)
{
    int64_t dropped;
    (void)t_ms;
    if (!tree_parse_int(number, &dropped) || dropped < 0)
        return script_broken(s, "broker dropped N: a number is expected, not \"" STR_FMT "\"",
                             STR_ARG(number));
    s->clock.broker_dropped = (uint64_t)dropped;
    return true;
}

bool script_clock_model(struct script *s, int64_t t_ms, struct str source, const char *path)
{
    struct record_model model = {.hash = str_hash(source), .source = source, .path = str_of(path)};
    size_t cap = (size_t)source.len + model.path.len + 64;
    uint8_t *body = script_clock_room(s, cap);
    return body &&
           script_clock_record(s, t_ms, RECORD_MODEL, body, record_model_encode(&model, body, cap));
}

bool script_clock_repeat(struct script *s, const struct script_repeat *repeat)
{
    struct script_clock *c = &s->clock;
    if (!c->repeat)
        c->repeat = calloc(SCRIPT_REPEATS_MAX, sizeof *c->repeat);
    if (!c->repeat)
        return script_broken(s, "out of memory");
    if (c->repeat_count == SCRIPT_REPEATS_MAX)
        return script_broken(s, "more than %d `every` lines", SCRIPT_REPEATS_MAX);
    c->repeat[c->repeat_count++] = *repeat;
    return true;
}

/* ---- times ----------------------------------------------------------------------------------- */

static int64_t offset_ms(const struct script *s)
{
    return s->clock.utc_offset_s == RECORD_NO_UTC_OFFSET
               ? 0
               : s->clock.utc_offset_s * (int64_t)SECOND_MS;
}

bool script_clock_parse(const struct script *s, struct str word, int64_t *ret_ms)
{
    int64_t ms;
    if (!script_time_of_day(word, &ms))
        return false;
    *ret_ms = s->clock.day_ms + ms - offset_ms(s);
    return true;
}

bool script_clock_need(struct script *s, struct str word, int64_t *ret_ms)
{
    return script_clock_parse(s, word, ret_ms) ||
           script_broken(s, "a time hh:mm:ss is expected, not \"" STR_FMT "\"", STR_ARG(word));
}

const char *script_clock_text(const struct script *s, int64_t t_ms, char *out)
{
    int64_t ms = t_ms + offset_ms(s) - s->clock.day_ms;
    if (ms < 0 || ms >= INT64_C(100) * 3600 * 1000) { /* not of this day: whole, in UTC */
        struct text t = text_over(out, SCRIPT_CLOCK_BYTES - 1);
        text_add_time_ms(&t, t_ms);
        out[t.len] = '\0';
        return out;
    }
    int n = snprintf(out, SCRIPT_CLOCK_BYTES, "%02" PRId64 ":%02" PRId64 ":%02" PRId64,
                     ms / 3600000, ms / 60000 % 60, ms / 1000 % 60);
    if (ms % SECOND_MS)
        (void)snprintf(out + n, SCRIPT_CLOCK_BYTES - (size_t)n, ".%03" PRId64, ms % SECOND_MS);
    return out;
}
