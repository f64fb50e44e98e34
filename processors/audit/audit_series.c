/* The results against the time-series store: each point by measurement, tags and time. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "processors/audit/audit_private.h"
#include "processors/net/http_lines.h"
#include "processors/publish/series_target.h"
#include "schemas/base/clock.h"
#include "schemas/json/json_document.h"

enum { STATEMENT_BYTES = 1024, MEASUREMENT_BYTES = 48, REJECTIONS_AT_START = 64, SINKS = 2 };
enum { MARGIN_S = 60 }; /* at the edge of what retention is about to take */

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
};

struct rejections {
    uint64_t *seq; /* of the results log */
    uint64_t count, cap;
    bool failed;
};

struct sink {
    struct audit *a;
    struct series_target target;
    struct log_position at[OUTPUT_COUNT];
    struct rejections rejected[OUTPUT_COUNT];
    int64_t oldest_ns;   /* what the store keeps; INT64_MIN: everything */
    struct point *point; /* by hash, once sorted */
    uint32_t count;
    struct json_parser *parser;
    char problem[ERROR_WHERE_BYTES];
};

/* ---- identity ---- */

static uint64_t mix(uint64_t h)
{
    h ^= h >> 33;
    h *= UINT64_C(0xff51afd7ed558ccd);
    return h ^ h >> 29;
}

/* The order of the tags does not matter. In the store some bytes of a value are others: see
 * result_line. */
static uint64_t tag_hash(struct str name, struct str value)
{
    uint64_t h = mix(str_hash(name));
    for (uint32_t i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char)value.at[i];
        h = mix(h + (c < 0x20 || c == 0x7f || c == '\\' ? '_' : c) + i);
    }
    return h;
}

static uint64_t begin_hash(const char *measurement, bool exercise)
{
    return mix(str_hash(str_of(measurement)) + exercise);
}

static uint64_t stamp_hash(uint64_t series, int64_t stamp_ns)
{
    return mix(series ^ mix((uint64_t)stamp_ns));
}

/* The point that the result is in the store. */
static void point_of(const union result_any *any, const struct audit_item *item, uint8_t kind,
                     struct point *ret)
{
    const struct result_type *t = result_type_of(item->view.type);
    bool exercise = result_is_exercise(item->view.type, any);
    uint64_t series = begin_hash(t->measurement, exercise);
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
            series += tag_hash((struct str){field->name, field->name_len}, value);
    }
    int64_t stamp_ns =
        stamp_ms * 1000000 + result_line_below_ms(item->view.type, any, item->origin.input_seq);
    *ret = (struct point){.hash = stamp_hash(series, stamp_ns),
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

/* Marks every result that is this point. */
static void found(struct sink *s, uint64_t hash)
{
    uint32_t low = 0, high = s->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (s->point[middle].hash < hash)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < s->count && s->point[low].hash == hash; low++)
        s->point[low].found = true;
}

/* ---- the store's answers ---- */

static uint32_t member(const struct json_document *d, uint32_t object, const char *name)
{
    if (!object || json_kind_at(d, object) != JSON_OBJECT)
        return 0;
    for (uint32_t at = json_first(object), end = json_end(d, object); at != end;
         at = json_after(d, at + 1)) {
        if (str_is(json_text(d, at), name))
            return at + 1;
    }
    return 0;
}

static uint32_t first_item(const struct json_document *d, uint32_t array)
{
    if (!array || json_kind_at(d, array) != JSON_ARRAY || json_first(array) == json_end(d, array))
        return 0;
    return json_first(array);
}

static void take_series(struct sink *s, const struct json_document *d, uint32_t series)
{
    uint32_t name = member(d, series, "name"), tags = member(d, series, "tags");
    uint32_t values = member(d, series, "values");
    char measurement[MEASUREMENT_BYTES];
    if (!name || !values || json_kind_at(d, name) != JSON_STRING ||
        json_kind_at(d, values) != JSON_ARRAY)
        return;
    struct str text = json_text(d, name);
    const struct str prefix = STR_LIT(RESULT_EXERCISE_MEASUREMENT_PREFIX);
    bool exercise = text.len > prefix.len && memcmp(text.at, prefix.at, prefix.len) == 0;
    if (exercise)
        text = (struct str){text.at + prefix.len, text.len - prefix.len};
    (void)snprintf(measurement, sizeof measurement, STR_FMT, STR_ARG(text));
    uint64_t hash = begin_hash(measurement, exercise);
    for (uint32_t at = tags ? json_first(tags) : 0, end = tags ? json_end(d, tags) : 0; at != end;
         at = json_after(d, at + 1)) {
        if (json_kind_at(d, at + 1) == JSON_STRING && json_text(d, at + 1).len)
            hash += tag_hash(json_text(d, at), json_text(d, at + 1));
    }
    for (uint32_t row = json_first(values), end = json_end(d, values); row != end;
         row = json_after(d, row)) {
        uint32_t time = first_item(d, row);
        struct json_field stamp = {0};
        if (!time || json_kind_at(d, time) != JSON_INT)
            continue;
        json_read(d, time, &stamp);
        found(s, stamp_hash(hash, stamp.integer));
    }
}

/* One line of a chunked answer: {"results":[{"series":[…]}]}, or an error. */
static bool take_line(void *arg, const char *line, size_t len, struct error *err)
{
    struct sink *s = arg;
    struct json_document d;
    if (json_parse_document(s->parser, (const uint8_t *)line, len, &d) != JSON_OK) {
        if (!s->problem[0])
            (void)snprintf(s->problem, sizeof s->problem, "%.*s", (int)(len < 200 ? len : 200),
                           line);
        return true;
    }
    (void)err;
    uint32_t result = first_item(&d, member(&d, JSON_ROOT, "results"));
    uint32_t fault = member(&d, result ? result : JSON_ROOT, "error");
    if (fault && json_kind_at(&d, fault) == JSON_STRING)
        (void)snprintf(s->problem, sizeof s->problem, STR_FMT, STR_ARG(json_text(&d, fault)));
    uint32_t all = member(&d, result, "series");
    for (uint32_t at = all ? json_first(all) : 0, end = all ? json_end(&d, all) : 0; at != end;
         at = json_after(&d, at))
        take_series(s, &d, at);
    return true;
}

static bool ask(struct sink *s, const char *statement,
                bool (*visit)(void *arg, const char *line, size_t len, struct error *err),
                struct error *err)
{
    char url[HTTP_URL_BYTES];
    int status = 0;
    s->problem[0] = '\0';
    if (!series_target_query(s->a->options->config, statement, url, err) ||
        !http_lines(&s->target.http, url, visit, s, &status, err))
        return false;
    if (status / 100 == 2 && !s->problem[0])
        return true;
    return error_set(
        err, status == 401 || status == 403 ? ERROR_REMOTE_DENIED : ERROR_REMOTE_REJECT, 0,
        "the store answers %d to an InfluxQL query: %s. It must be InfluxDB 1.x, or 2.x "
        "with its 1.x query interface",
        status, s->problem);
}

/* ---- what it keeps ---- */

/* InfluxDB writes durations as 168h0m0s. */
static int64_t hours_of(struct str text)
{
    int64_t hours = 0;
    for (uint32_t i = 0; i < text.len && text.at[i] >= '0' && text.at[i] <= '9'; i++)
        hours = hours * 10 + (text.at[i] - '0');
    return hours;
}

/* {"columns":["name","duration","shardGroupDuration","replicaN","default"],"values":[["autogen","0s",…,true]]}
 */
static bool take_policy(void *arg, const char *line, size_t len, struct error *err)
{
    struct sink *s = arg;
    struct json_document d;
    if (!take_line(arg, line, len, err) ||
        json_parse_document(s->parser, (const uint8_t *)line, len, &d) != JSON_OK)
        return true;
    uint32_t series =
        first_item(&d, member(&d, first_item(&d, member(&d, JSON_ROOT, "results")), "series"));
    uint32_t values = member(&d, series, "values");
    for (uint32_t row = values ? json_first(values) : 0, end = values ? json_end(&d, values) : 0;
         row != end; row = json_after(&d, row)) {
        uint32_t duration = json_after(&d, json_first(row)), last = duration;
        for (int i = 0; i < 3; i++)
            last = json_after(&d, last);
        struct json_field is_default;
        json_read(&d, last, &is_default);
        int64_t hours = hours_of(json_text(&d, duration));
        if (is_default.kind == JSON_BOOL && is_default.boolean && hours)
            s->oldest_ns = clock_wall_ns() - hours * 3600 * INT64_C(1000000000) +
                           MARGIN_S * INT64_C(1000000000);
    }
    return true;
}

/* ---- comparing ---- */

static bool ask_kind(struct sink *s, unsigned kind, bool exercise, struct error *err)
{
    int64_t from_ns = INT64_MAX, to_ns = INT64_MIN;
    char statement[STATEMENT_BYTES];
    for (uint32_t i = 0; i < s->count; i++) {
        const struct point *p = &s->point[i];
        if (p->kind != kind || p->exercise != exercise)
            continue;
        from_ns = p->stamp_ns < from_ns ? p->stamp_ns : from_ns;
        to_ns = p->stamp_ns > to_ns ? p->stamp_ns : to_ns;
    }
    if (from_ns > to_ns)
        return true;
    (void)snprintf(statement, sizeof statement,
                   "SELECT \"%s\" FROM \"%s%s\" WHERE time >= %" PRId64 " AND time <= %" PRId64
                   " GROUP BY *",
                   always_there[kind].field, exercise ? RESULT_EXERCISE_MEASUREMENT_PREFIX : "",
                   result_type_of(always_there[kind].type)->measurement, from_ns, to_ns);
    return ask(s, statement, take_line, err);
}

static void judge(struct sink *s)
{
    for (uint32_t i = 0; i < s->count; i++) {
        const struct point *p = &s->point[i];
        struct audit_sink *books = &s->a->report->series[p->output];
        char text[AUDIT_WHAT_BYTES];
        if (!p->found && p->stamp_ns < s->oldest_ns) {
            books->expired++;
            continue;
        }
        books->judged++;
        books->found += p->found;
        books->missing += !p->found;
        if (p->found)
            continue;
        (void)snprintf(text, sizeof text, "%s%s",
                       p->exercise ? RESULT_EXERCISE_MEASUREMENT_PREFIX : "",
                       result_type_of(always_there[p->kind].type)->measurement);
        audit_note(s->a, &(struct audit_fault){.where = "series",
                                               .what = "missing",
                                               .seq = p->input_seq,
                                               .index = p->index,
                                               .text = text});
    }
}

static bool portion(struct sink *s, struct error *err)
{
    qsort(s->point, s->count, sizeof *s->point, by_hash);
    for (unsigned kind = 0; kind < TYPES; kind++) {
        if (!ask_kind(s, kind, false, err) || !ask_kind(s, kind, true, err))
            return false;
    }
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
    point_of(&any, item, kind, &s->point[s->count++]);
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
    struct sink s = {.a = a, .oldest_ns = INT64_MIN};
    char statement[STATEMENT_BYTES];
    s.point = malloc(AUDIT_POINTS * sizeof *s.point);
    s.parser = json_parser_new(HTTP_LINE_BYTES_MAX);
    bool ok = (s.point && s.parser) || error_set(err, ERROR_NO_MEMORY, 0, "audit: points");
    ok = ok && series_target_init(a->options->config, &s.target, err) &&
         sink_state(&s, OUTPUT_ALERTS, err) && sink_state(&s, OUTPUT_BULK, err);
    (void)snprintf(statement, sizeof statement, "SHOW RETENTION POLICIES");
    ok = ok && ask(&s, statement, take_policy, err) && compare(&s, err);
    for (int o = 0; o < OUTPUT_COUNT; o++)
        free(s.rejected[o].seq);
    json_parser_free(s.parser);
    free(s.point);
    return ok;
}
