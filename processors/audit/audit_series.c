/* The results against the time-series store: each point by measurement, tags and time. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "processors/audit/audit_private.h"
#include "processors/audit/audit_store.h"

enum { MEASUREMENT_BYTES = 48, REJECTIONS_AT_START = 64 };

/* A field that no point of the measurement lacks: what is asked for. */
static const struct {
    unsigned type;
    const char *field;
} always_there[] = {
    {RECORD_READING, "received"},   {RECORD_ZONE, "sensors"},
    {RECORD_GATE, "known"},         {RECORD_LIGHT, "known"},
    {RECORD_LANE, "total"},         {RECORD_REJECT, "total"},
    {RECORD_LIGHT_GROUP, "lights"}, {RECORD_SENSOR, "silence_ms"},
    {RECORD_HISTORY, "revision"},   {RECORD_ALERT, "n"},
    {RECORD_FIGURES, "open"},       {RECORD_HEARTBEAT, "valid_until"},
};
enum { TYPES = sizeof always_there / sizeof always_there[0] };

struct point {
    uint64_t hash; /* of measurement, tags and time */
    uint64_t input_seq;
    int64_t stamp_ns;
    uint32_t index;
    uint8_t kind; /* place in always_there */
    uint8_t output;
    bool exercise, found;
    uint16_t more; /* times that it is there beyond once */
    uint32_t seen; /* of all points with this hash: counted at the first of them */
};

struct rejections {
    uint64_t *seq; /* of the results log */
    uint64_t count, cap;
    bool failed;
};

struct sink {
    struct audit *a;
    struct audit_store store;
    struct log_position at[OUTPUT_COUNT];
    struct rejections rejected[OUTPUT_COUNT];
    struct point *point; /* by hash, once sorted */
    uint32_t count;
};

static void name_of(unsigned kind, bool exercise, char out[MEASUREMENT_BYTES])
{
    (void)snprintf(out, MEASUREMENT_BYTES, "%s%s",
                   exercise ? RESULT_EXERCISE_MEASUREMENT_PREFIX : "",
                   result_type_of(always_there[kind].type)->measurement);
}

/* The point that the result is in the store. */
static void point_of(const struct audit_store *store, const union result_any *any,
                     const struct audit_item *item, uint8_t kind, struct point *ret)
{
    const struct result_type *t = result_type_of(item->view.type);
    bool exercise = result_is_exercise(item->view.type, any);
    char measurement[MEASUREMENT_BYTES];
    name_of(kind, exercise, measurement);
    uint64_t series = audit_series_hash(str_of(measurement));
    int64_t stamp_ms = 0;
    for (uint32_t i = 0; i < t->field_count; i++) {
        const struct result_field *field = &t->fields[i];
        const char *at = (const char *)any + field->offset;
        struct str value;
        if (field->place == RESULT_STAMP)
            memcpy(&stamp_ms, at, sizeof stamp_ms);
        if (field->place != RESULT_TAG)
            continue;
        memcpy(&value, at, sizeof value);
        if (value.len)
            series += audit_tag_hash((struct str){field->name, field->name_len}, value);
    }
    int64_t stamp_ns =
        stamp_ms * 1000000 + result_line_below_ms(item->view.type, any, item->origin.input_seq);
    *ret = (struct point){.hash = audit_point_hash(store, series, stamp_ns),
                          .input_seq = item->origin.input_seq,
                          .stamp_ns = stamp_ns,
                          .index = item->origin.index,
                          .kind = kind,
                          .output = (uint8_t)item->output,
                          .exercise = exercise};
}

static int by_hash(const void *a, const void *b)
{
    const struct point *x = a, *y = b;
    return x->hash != y->hash ? (x->hash < y->hash ? -1 : 1)
                              : (x->input_seq > y->input_seq) - (x->input_seq < y->input_seq);
}

static int by_input(const void *a, const void *b)
{
    const struct point *x = a, *y = b;
    return x->input_seq != y->input_seq ? (x->input_seq < y->input_seq ? -1 : 1)
                                        : (x->index > y->index) - (x->index < y->index);
}

/* Counts it at the first result that is this point. */
static void count(void *arg, uint64_t hash)
{
    struct sink *s = arg;
    uint32_t low = 0, high = s->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (s->point[middle].hash < hash)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < s->count && s->point[low].hash == hash)
        s->point[low].seen++;
}

/* Results that are the same point to the store are there when it is; a store that keeps repeats has
   it more often than they are many. */
static void conclude(struct sink *s)
{
    for (uint32_t first = 0, end; first < s->count; first = end) {
        uint32_t seen = s->point[first].seen;
        for (end = first; end < s->count && s->point[end].hash == s->point[first].hash; end++)
            s->point[end].found = seen > 0;
        if (seen > end - first)
            s->point[end - 1].more = (uint16_t)(seen - (end - first));
    }
}

/* ---- comparing ---- */

static bool ask_kind(struct sink *s, unsigned kind, bool exercise, struct error *err)
{
    int64_t from_ns = INT64_MAX, to_ns = INT64_MIN;
    char measurement[MEASUREMENT_BYTES];
    for (uint32_t i = 0; i < s->count; i++) {
        const struct point *p = &s->point[i];
        if (p->kind != kind || p->exercise != exercise)
            continue;
        from_ns = p->stamp_ns < from_ns ? p->stamp_ns : from_ns;
        to_ns = p->stamp_ns > to_ns ? p->stamp_ns : to_ns;
    }
    if (from_ns > to_ns)
        return true;
    name_of(kind, exercise, measurement);
    const struct audit_store_query query = {.measurement = measurement,
                                            .field = always_there[kind].field,
                                            .from_ns = from_ns,
                                            .to_ns = to_ns};
    return audit_store_ask(&s->store, &query, count, s, err);
}

static void judge(struct sink *s)
{
    for (uint32_t i = 0; i < s->count; i++) {
        const struct point *p = &s->point[i];
        struct audit_sink *books = &s->a->report->series[p->output];
        char measurement[MEASUREMENT_BYTES];
        if (!p->found && p->stamp_ns < s->store.oldest_ns) {
            books->expired++;
            continue;
        }
        books->judged++;
        books->found += p->found;
        books->missing += !p->found;
        if (p->found && !p->more)
            continue;
        name_of(p->kind, p->exercise, measurement);
        audit_note(s->a, &(struct audit_fault){.where = "series",
                                               .what = p->found ? "doubled" : "missing",
                                               .seq = p->input_seq,
                                               .index = p->index,
                                               .text = measurement});
    }
}

static bool portion(struct sink *s, struct error *err)
{
    qsort(s->point, s->count, sizeof *s->point, by_hash);
    for (unsigned kind = 0; kind < TYPES; kind++) {
        if (!ask_kind(s, kind, false, err) || !ask_kind(s, kind, true, err))
            return false;
    }
    conclude(s);
    qsort(s->point, s->count, sizeof *s->point, by_input);
    judge(s);
    s->count = 0;
    return true;
}

static void reject(void *arg, const struct audit_rejection *rejection)
{
    struct rejections *r = arg;
    if (r->count == r->cap) {
        uint64_t cap = r->cap ? r->cap * 2 : REJECTIONS_AT_START;
        uint64_t *grown = realloc(r->seq, cap * sizeof *grown);
        r->failed = r->failed || !grown;
        if (!grown)
            return;
        r->seq = grown;
        r->cap = cap;
    }
    r->seq[r->count++] = rejection->result_seq;
}

static int rising(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* How far the publisher has come, and what it wrote down as refused. */
static bool sink_state(struct sink *s, enum output o, struct error *err)
{
    const char *state_dir = s->a->options->config->state_dir;
    char path[AUDIT_PATH_BYTES], name[64];
    struct log_cursor *cursor = NULL;
    struct error why = {0};
    (void)snprintf(path, sizeof path, "%s/cursors", state_dir);
    (void)snprintf(name, sizeof name, "%s.series", output_name(o));
    if (log_cursor_open(path, name, false, &cursor, &why)) {
        s->at[o] = log_cursor_load(cursor);
        log_cursor_close(cursor);
    }
    s->a->report->series[o].position_seq = s->at[o].input_seq;
    (void)snprintf(name, sizeof name, "series-%s", output_name(o));
    struct rejections *r = &s->rejected[o];
    if (!audit_losses(s->a, "series", o, err) || !audit_rejections(state_dir, name, reject, r, err))
        return false;
    if (r->failed)
        return error_set(err, ERROR_NO_MEMORY, 0, "rejected results");
    if (r->count)
        qsort(r->seq, r->count, sizeof *r->seq, rising);
    return true;
}

static bool take(struct sink *s, const struct audit_item *item, struct error *err)
{
    union result_any any;
    struct result_origin origin;
    struct audit_sink *books = &s->a->report->series[item->output];
    const struct rejections *r = &s->rejected[item->output];
    uint8_t kind = 0;
    while (kind < TYPES && always_there[kind].type != item->view.type)
        kind++;
    if (kind == TYPES)
        return true;
    if (item->view.seq > s->at[item->output].seq) {
        books->pending++;
        return true;
    }
    if (r->count && bsearch(&item->view.seq, r->seq, r->count, sizeof *r->seq, rising)) {
        books->judged++;
        books->rejected++;
        return true;
    }
    if (!result_decode(item->view.type, item->view.body, item->view.body_len, &origin, &any, err))
        return false;
    point_of(&s->store, &any, item, kind, &s->point[s->count++]);
    return s->count < AUDIT_POINTS || portion(s, err);
}

static bool compare(struct sink *s, struct error *err)
{
    struct audit_walk walk;
    const struct audit_item *item;
    bool ok = audit_walk_open(s->a, &walk, err);
    while (ok && !audit_stopping(s->a) && (item = audit_walk_next(&walk, err)))
        ok = take(s, item, err);
    audit_walk_close(&walk);
    return ok && err->code == ERROR_NONE && (s->count == 0 || portion(s, err));
}

bool audit_series(struct audit *a, struct error *err)
{
    struct sink s = {.a = a};
    s.point = malloc(AUDIT_POINTS * sizeof *s.point);
    bool ok = s.point || error_set(err, ERROR_NO_MEMORY, 0, "audit: points");
    /* The positions first: what they cover is there when the store is asked. */
    ok = ok && sink_state(&s, OUTPUT_ALERTS, err) && sink_state(&s, OUTPUT_BULK, err) &&
         audit_store_open(&s.store, a->options->config, err) && compare(&s, err);
    for (int o = 0; o < OUTPUT_COUNT; o++)
        free(s.rejected[o].seq);
    audit_store_close(&s.store);
    free(s.point);
    return ok;
}
