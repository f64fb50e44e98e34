#include "processors/watch/watch_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schemas/log/log.h"

enum { PATH_BYTES = 4200, KEY_BYTES = 400, LOGS = 2 };

/* One zone, gate or alert: the body of the last result about it. */
struct item {
    uint64_t hash;
    char *key;
    uint8_t *body;
    uint32_t len, cap;
    int64_t rank; /* the greater, the worse; exercises stand below everything real */
    bool exercise;
    int64_t at_ms;
};

struct table {
    unsigned type; /* enum record_type */
    struct item *items;
    uint32_t count, cap;
    uint32_t *slots; /* item + 1, by hash; 0: free */
    uint32_t slot_count;
    bool sorted;
};

struct watch_state {
    char state_dir[PATH_BYTES];
    struct log_reader *reader[LOGS];
    bool placed[LOGS]; /* the reader, near the log's end */
    struct table table[WATCH_KINDS];
    struct last {
        uint8_t body[1024];
        uint32_t len;
    } heartbeat, figures;
};

static const char *const log_names[LOGS] = {"alerts", "bulk"};

struct watch_state *watch_state_new(const char *state_dir)
{
    struct watch_state *state = calloc(1, sizeof *state);
    if (!state)
        return NULL;
    (void)snprintf(state->state_dir, sizeof state->state_dir, "%s", state_dir);
    state->table[WATCH_ZONES].type = RECORD_ZONE;
    state->table[WATCH_GATES].type = RECORD_GATE;
    state->table[WATCH_ALERTS].type = RECORD_ALERT;
    return state;
}

void watch_state_free(struct watch_state *state)
{
    if (!state)
        return;
    for (int l = 0; l < LOGS; l++)
        log_reader_close(state->reader[l]);
    for (int k = 0; k < WATCH_KINDS; k++) {
        for (uint32_t i = 0; i < state->table[k].count; i++) {
            free(state->table[k].items[i].key);
            free(state->table[k].items[i].body);
        }
        free(state->table[k].items);
        free(state->table[k].slots);
    }
    free(state);
}

/* ---- tables ---------------------------------------------------------------------------------- */

static void reindex(struct table *t)
{
    memset(t->slots, 0, (size_t)t->slot_count * sizeof *t->slots);
    for (uint32_t i = 0; i < t->count; i++) {
        uint32_t at = (uint32_t)t->items[i].hash & (t->slot_count - 1);
        while (t->slots[at])
            at = (at + 1) & (t->slot_count - 1);
        t->slots[at] = i + 1;
    }
}

static struct item *find(const struct table *t, struct str key, uint64_t hash)
{
    if (!t->slot_count)
        return NULL;
    for (uint32_t at = (uint32_t)hash & (t->slot_count - 1); t->slots[at];
         at = (at + 1) & (t->slot_count - 1)) {
        struct item *item = &t->items[t->slots[at] - 1];
        if (item->hash == hash && str_is(key, item->key))
            return item;
    }
    return NULL;
}

/* NULL: full, or out of memory; the item is not shown then. */
static struct item *add(struct table *t, struct str key, uint64_t hash)
{
    if (t->count == t->cap) {
        uint32_t cap = t->cap ? t->cap * 2 : 64;
        if (cap > WATCH_ITEMS_MAX)
            return NULL;
        struct item *items = realloc(t->items, cap * sizeof *items);
        if (!items)
            return NULL;
        t->items = items;
        uint32_t *slots = realloc(t->slots, (size_t)cap * 2 * sizeof *slots);
        if (!slots)
            return NULL;
        t->slots = slots;
        t->slot_count = cap * 2;
        t->cap = cap;
        reindex(t);
    }
    char *copy = key.len ? strndup(key.at, key.len) : NULL;
    if (!copy)
        return NULL;
    struct item *item = &t->items[t->count];
    *item = (struct item){.hash = hash, .key = copy};
    uint32_t at = (uint32_t)hash & (t->slot_count - 1);
    while (t->slots[at])
        at = (at + 1) & (t->slot_count - 1);
    t->slots[at] = ++t->count;
    return item;
}

static void drop(struct table *t, struct item *item)
{
    free(item->key);
    free(item->body);
    *item = t->items[--t->count];
    reindex(t);
    t->sorted = false;
}

static int worst_first(const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    if (x->rank != y->rank)
        return x->rank < y->rank ? 1 : -1;
    return strcmp(x->key, y->key);
}

static void sort(struct table *t)
{
    if (t->sorted || t->count == 0)
        return;
    qsort(t->items, t->count, sizeof *t->items, worst_first);
    reindex(t);
    t->sorted = true;
}

/* ---- results --------------------------------------------------------------------------------- */

/* Unknown stands above yellow: somebody has to look. */
static int64_t level_rank(int level)
{
    switch (level) {
    case LEVEL_RED:
        return 6;
    case LEVEL_ORANGE:
        return 5;
    case LEVEL_UNKNOWN:
        return 4;
    case LEVEL_YELLOW:
        return 3;
    case LEVEL_BLUE:
        return 2;
    default:
        return 1;
    }
}

static int64_t scaled(double value)
{
    return value >= 0 && value < 1e6 ? (int64_t)(value * 1000) : 0;
}

static int64_t rank_of(unsigned type, const union result_any *any)
{
    const int64_t step = INT64_C(1) << 50;
    if (type == RECORD_ALERT) /* the newer above the older */
        return level_rank(any->alert.level) * step + any->alert.start / 1000;
    if (type == RECORD_GATE)
        return (any->gate.known ? 0 : step) + (any->gate.per_min > 0 ? any->gate.per_min : 0);
    int level = any->zone.known ? any->zone.level : LEVEL_UNKNOWN;
    return level_rank(level) * step + scaled(any->zone.percent_capacity) * 1000 +
           scaled(any->zone.density);
}

static bool over(const union result_any *any)
{
    return str_is(any->alert.state, "resolved") || str_is(any->alert.state, "normal") ||
           any->alert.duration_ms != RESULT_ABSENT; /* also when its rule is gone */
}

/* A drill's zones, gates and alerts are others: their keys say so. */
static void key_of(unsigned type, const union result_any *any, struct text *out)
{
    result_key(type, any, out);
    if (type == RECORD_GATE) {
        text_add_char(out, ' ');
        text_add_str(out, any->gate.direction);
    }
}

static int64_t at_of(unsigned type, const union result_any *any)
{
    return type == RECORD_ALERT ? any->alert.at : type == RECORD_GATE ? any->gate.at : any->zone.at;
}

static void take(struct table *t, const struct log_view *view, const union result_any *any)
{
    char bytes[KEY_BYTES];
    struct text out = text_over(bytes, sizeof bytes);
    key_of(t->type, any, &out);
    struct str key = {out.at, (uint32_t)out.len};
    uint64_t hash = str_hash(key);
    struct item *item = find(t, key, hash);
    if (t->type == RECORD_ALERT && over(any)) {
        if (item)
            drop(t, item);
        return;
    }
    if (!item)
        item = add(t, key, hash);
    if (!item)
        return;
    if (item->cap < view->body_len) {
        uint8_t *body = realloc(item->body, view->body_len);
        if (!body)
            return;
        item->body = body;
        item->cap = view->body_len;
    }
    memcpy(item->body, view->body, view->body_len);
    item->len = view->body_len;
    item->exercise = result_is_exercise(t->type, any);
    item->at_ms = at_of(t->type, any);
    item->rank = rank_of(t->type, any) - (item->exercise ? INT64_C(1) << 60 : 0);
    t->sorted = false;
}

static void last_keep(struct last *last, const struct log_view *view)
{
    if (view->body_len > sizeof last->body)
        return;
    memcpy(last->body, view->body, view->body_len);
    last->len = view->body_len;
}

static bool last_get(const struct last *last, unsigned type, union result_any *ret)
{
    struct result_origin origin;
    return last->len && result_decode(type, last->body, last->len, &origin, ret, NULL);
}

static void see(struct watch_state *state, const struct log_view *view)
{
    union result_any any;
    struct result_origin origin;
    if (view->type == RECORD_HEARTBEAT)
        last_keep(&state->heartbeat, view);
    if (view->type == RECORD_FIGURES &&
        result_decode(view->type, view->body, view->body_len, &origin, &any, NULL) &&
        !result_is_exercise(view->type, &any))
        last_keep(&state->figures, view);
    for (int k = 0; k < WATCH_KINDS; k++) {
        if (view->type == state->table[k].type &&
            result_decode(view->type, view->body, view->body_len, &origin, &any, NULL))
            take(&state->table[k], view, &any);
    }
}

/* ---- following ------------------------------------------------------------------------------- */

static bool open_tail(struct watch_state *state, int which, struct error *err)
{
    char dir[PATH_BYTES + 16];
    struct log_reader *reader = NULL;
    (void)snprintf(dir, sizeof dir, "%s/%s", state->state_dir, log_names[which]);
    const struct log_reader_options options = {.dir = dir, .verify_crc = true};
    if (!log_reader_open(&options, &reader, err))
        return err->code == ERROR_NOT_FOUND;
    state->reader[which] = reader;
    return true;
}

static void drop_tail(struct watch_state *state, int which)
{
    log_reader_close(state->reader[which]);
    state->reader[which] = NULL;
    state->placed[which] = false;
}

static bool place(struct watch_state *state, int which, struct error *err)
{
    struct log_reader *reader = state->reader[which];
    uint64_t last = log_reader_last_seq(reader);
    uint64_t from = last > WATCH_TAIL_RECORDS ? last - WATCH_TAIL_RECORDS : 0;
    state->placed[which] = log_reader_seek(reader, from, err) ||
                           (err->code == ERROR_LOST && log_reader_seek(reader, 0, err));
    if (!state->placed[which])
        drop_tail(state, which);
    return state->placed[which];
}

static bool follow(struct watch_state *state, int which, struct error *err)
{
    if (!state->reader[which] && !open_tail(state, which, err))
        return false;
    if (!state->reader[which])
        return true;
    log_reader_follow(state->reader[which]);
    if (log_reader_waits(state->reader[which], err) ||
        (!state->placed[which] && !place(state, which, err)))
        return false;
    for (;;) {
        struct log_view view;
        switch (log_reader_next(state->reader[which], &view, err)) {
        case LOG_READ_RECORD:
            see(state, &view);
            break;
        case LOG_READ_CAUGHT_UP:
            return true;
        case LOG_READ_ERROR:
            /* Begin again where the log now begins; after other errors, with a new reader. */
            if (err->code == ERROR_LOST && log_reader_seek(state->reader[which], 0, err))
                break;
            drop_tail(state, which);
            return false;
        }
    }
}

/* Nothing of a drill outlives it: its zones and gates have no last word. */
static void exercises_drop(struct watch_state *state)
{
    struct result_heartbeat beat;
    if (!watch_state_heartbeat(state, &beat) || beat.drill > 0)
        return;
    for (int k = 0; k < WATCH_KINDS; k++) {
        struct table *t = &state->table[k];
        for (uint32_t i = t->count; i > 0; i--) {
            if (t->items[i - 1].exercise && t->items[i - 1].at_ms <= beat.at)
                drop(t, &t->items[i - 1]);
        }
    }
}

bool watch_state_follow(struct watch_state *state, struct error *err)
{
    bool alerts = follow(state, 0, err);
    bool bulk = follow(state, 1, err);
    exercises_drop(state);
    return bulk && alerts;
}

bool watch_state_exists(const struct watch_state *state)
{
    return state->reader[0] || state->reader[1];
}

uint32_t watch_state_count(struct watch_state *state, enum watch_kind kind)
{
    sort(&state->table[kind]);
    return state->table[kind].count;
}

void watch_state_get(struct watch_state *state, enum watch_kind kind, uint32_t i,
                     union result_any *ret)
{
    struct table *t = &state->table[kind];
    struct result_origin origin;
    sort(t);
    if (!result_decode(t->type, t->items[i].body, t->items[i].len, &origin, ret, NULL))
        result_clear(t->type, ret); /* it could be read when it came */
}

bool watch_state_heartbeat(struct watch_state *state, struct result_heartbeat *ret)
{
    union result_any any;
    if (!last_get(&state->heartbeat, RECORD_HEARTBEAT, &any))
        return false;
    *ret = any.heartbeat;
    return true;
}

bool watch_state_figures(struct watch_state *state, struct result_figures *ret)
{
    union result_any any;
    if (!last_get(&state->figures, RECORD_FIGURES, &any))
        return false;
    *ret = any.figures;
    return true;
}

struct validity watch_state_validity(struct watch_state *state, int64_t now_ms)
{
    struct result_heartbeat beat;
    return validity_of(watch_state_heartbeat(state, &beat) ? &beat : NULL, now_ms);
}

bool watch_state_stale(struct watch_state *state, int64_t now_ms)
{
    return watch_state_validity(state, now_ms).fault != VALIDITY_NONE;
}
