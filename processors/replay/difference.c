#include "processors/replay/difference.h"

#include <assert.h>
#include <stdlib.h>

enum { LEVELS = 4, SLOTS_FIRST = 256, SPANS_FIRST = 4 };

struct spans {
    struct difference_span *at;
    uint32_t count, cap;
};

struct track { /* one zone and rule in one run */
    int level; /* now, latched when unknown */
    struct spans spans[LEVELS];
};

struct key {
    char *zone, *rule;
    uint64_t hash;
    bool announced[LEVELS]; /* in either run */
    struct track track[DIFFERENCE_RUNS];
};

struct difference {
    struct key **slot; /* open addressing */
    uint32_t slots, count;
    uint64_t spans;
    struct difference_row *row;
    size_t row_cap;
};

static const char *const texts[] = {
#define DIFFERENCE_ROW(name, text, meaning) text,
    DIFFERENCES(DIFFERENCE_ROW)
#undef DIFFERENCE_ROW
};
static const char *const meanings[] = {
#define DIFFERENCE_ROW(name, text, meaning) meaning,
    DIFFERENCES(DIFFERENCE_ROW)
#undef DIFFERENCE_ROW
};

const char *difference_text(enum difference_kind kind)
{
    return texts[kind];
}

const char *difference_meaning(enum difference_kind kind)
{
    return meanings[kind];
}

struct difference *difference_new(struct error *err)
{
    struct difference *d = calloc(1, sizeof *d);
    if (!d)
        error_set(err, ERROR_NO_MEMORY, 0, "alerts to compare");
    return d;
}

static void key_free(struct key *key)
{
    for (int run = 0; key && run < DIFFERENCE_RUNS; run++) {
        for (int l = 0; l < LEVELS; l++)
            free(key->track[run].spans[l].at);
    }
    if (key) {
        free(key->zone);
        free(key->rule);
    }
    free(key);
}

void difference_free(struct difference *d)
{
    if (!d)
        return;
    for (uint32_t i = 0; i < d->slots; i++)
        key_free(d->slot[i]);
    free(d->slot);
    free(d->row);
    free(d);
}

/* ---- taking transitions ---------------------------------------------------------------------- */

static struct key **slot_of(struct key **slot, uint32_t slots, struct str zone, struct str rule,
                            uint64_t hash)
{
    uint32_t at = (uint32_t)hash & (slots - 1);
    while (slot[at] && (slot[at]->hash != hash || !str_is(zone, slot[at]->zone) ||
                        !str_is(rule, slot[at]->rule)))
        at = (at + 1) & (slots - 1);
    return &slot[at];
}

static bool grow(struct difference *d)
{
    uint32_t slots = d->slots ? d->slots * 2 : SLOTS_FIRST;
    struct key **fresh = calloc(slots, sizeof(struct key *));
    if (!fresh)
        return false;
    for (uint32_t i = 0; i < d->slots; i++) {
        const struct key *key = d->slot[i];
        if (key)
            *slot_of(fresh, slots, str_of(key->zone), str_of(key->rule), key->hash) = d->slot[i];
    }
    free(d->slot);
    d->slot = fresh;
    d->slots = slots;
    return true;
}

static struct key *key_new(struct str zone, struct str rule, uint64_t hash)
{
    struct key *key = calloc(1, sizeof *key);
    if (key) {
        key->zone = strndup(zone.at, zone.len);
        key->rule = strndup(rule.at, rule.len);
        key->hash = hash;
    }
    if (key && key->zone && key->rule)
        return key;
    key_free(key);
    return NULL;
}

/* Found or made; NULL with the error. */
static struct key *key_for(struct difference *d, struct str zone, struct str rule,
                           struct error *err)
{
    uint64_t hash = str_hash(zone) * 31 + str_hash(rule);
    struct key **slot, *key = NULL;
    if (d->count * 2 < d->slots || grow(d)) {
        slot = slot_of(d->slot, d->slots, zone, rule, hash);
        if (*slot)
            return *slot;
        if (d->count == DIFFERENCE_KEYS_MAX) {
            error_set(err, ERROR_TOO_LARGE, 0, "more than %d zones by rules", DIFFERENCE_KEYS_MAX);
            return NULL;
        }
        key = *slot = key_new(zone, rule, hash);
        d->count += key != NULL;
    }
    if (!key)
        error_set(err, ERROR_NO_MEMORY, 0, "alerts to compare");
    return key;
}

static bool span_begin(struct difference *d, struct spans *spans, int64_t at_ms, struct error *err)
{
    if (spans->count && spans->at[spans->count - 1].end_ms == at_ms) {
        spans->at[spans->count - 1].end_ms = RESULT_ABSENT; /* it never ended */
        return true;
    }
    if (spans->count == spans->cap) {
        uint32_t cap = spans->cap ? spans->cap * 2 : SPANS_FIRST;
        struct difference_span *grown = realloc(spans->at, cap * sizeof *grown);
        if (!grown)
            return error_set(err, ERROR_NO_MEMORY, 0, "alerts to compare");
        spans->at = grown;
        spans->cap = cap;
    }
    if (d->spans == DIFFERENCE_SPANS_MAX)
        return error_set(err, ERROR_TOO_LARGE, 0, "more than %d spans of alerts",
                         DIFFERENCE_SPANS_MAX);
    d->spans++;
    spans->at[spans->count++] = (struct difference_span){at_ms, RESULT_ABSENT};
    return true;
}

/* The level after a transition; without data the one before holds. */
static int level_after(const struct track *track, const struct result_alert *alert)
{
    if (alert->level != LEVEL_UNKNOWN)
        return alert->level > LEVEL_NONE ? alert->level : LEVEL_NONE;
    return alert->last_known_level > LEVEL_NONE ? alert->last_known_level : track->level;
}

bool difference_alert(struct difference *d, enum difference_run run,
                      const struct result_alert *alert, struct error *err)
{
    if (str_is(alert->status, "Exercise"))
        return true;
    struct key *key = key_for(d, alert->zone, alert->rule, err);
    if (!key)
        return false;
    struct track *track = &key->track[run];
    int level = level_after(track, alert);
    if (level > LEVEL_NONE)
        key->announced[level - 1] = true;
    for (int l = track->level; l < level; l++) { /* reached: track->level + 1 … level */
        if (!span_begin(d, &track->spans[l], alert->at, err))
            return false;
    }
    for (int l = level; l < track->level; l++) { /* left */
        struct spans *spans = &track->spans[l];
        spans->at[spans->count - 1].end_ms = alert->at;
    }
    track->level = level;
    return true;
}

/* ---- comparing ------------------------------------------------------------------------------- */

static int64_t end_of(const struct difference_span *span)
{
    return span->end_ms == RESULT_ABSENT ? INT64_MAX : span->end_ms;
}

static bool touch(const struct difference_span *a, const struct difference_span *b)
{
    return a->begin_ms <= end_of(b) && b->begin_ms <= end_of(a);
}

struct writer { /* of rows; kept rows only, those in the window */
    struct difference *d;
    struct difference_table *table;
    int64_t from_ms, until_ms;
    const struct key *key;
    int level;
};

static const struct difference_span no_span = {RESULT_ABSENT, RESULT_ABSENT};

static bool in_window(const struct writer *w, const struct difference_span *span)
{
    return span->begin_ms != RESULT_ABSENT && span->begin_ms <= w->until_ms &&
           end_of(span) >= w->from_ms;
}

static bool row_add(struct writer *w, enum difference_kind kind,
                    const struct difference_span *before, const struct difference_span *other,
                    struct error *err)
{
    struct difference_table *table = w->table;
    if (!in_window(w, before) && !in_window(w, other))
        return true;
    if (table->count == w->d->row_cap) {
        size_t cap = w->d->row_cap ? w->d->row_cap * 2 : SLOTS_FIRST;
        struct difference_row *grown = realloc(w->d->row, cap * sizeof *grown);
        if (!grown)
            return error_set(err, ERROR_NO_MEMORY, 0, "differences");
        w->d->row = grown;
        w->d->row_cap = cap;
    }
    struct difference_row row = {.kind = kind,
                                 .zone = str_of(w->key->zone),
                                 .rule = str_of(w->key->rule),
                                 .level = w->level,
                                 .span = {*before, *other}};
    if (kind == DIFFERENCE_EARLIER || kind == DIFFERENCE_LATER)
        row.shift_ms = other->begin_ms - before->begin_ms;
    int64_t apart_ms = row.shift_ms < 0 ? -row.shift_ms : row.shift_ms;
    int64_t *max = kind == DIFFERENCE_EARLIER ? &table->earlier_max_ms : &table->later_max_ms;
    int64_t *sum = kind == DIFFERENCE_EARLIER ? &table->earlier_sum_ms : &table->later_sum_ms;
    *max = apart_ms > *max ? apart_ms : *max;
    *sum += apart_ms;
    table->total[kind]++;
    w->d->row[table->count++] = row;
    return true;
}

static bool pair_add(struct writer *w, const struct difference_span *before,
                     const struct difference_span *other, struct error *err)
{
    enum difference_kind kind = other->begin_ms < before->begin_ms   ? DIFFERENCE_EARLIER
                                : other->begin_ms > before->begin_ms ? DIFFERENCE_LATER
                                                                     : DIFFERENCE_SAME;
    return row_add(w, kind, before, other, err);
}

/* Both lists rise and do not overlap within themselves: one walk along both. */
static bool level_compare(struct writer *w, const struct spans *before, const struct spans *other,
                          struct error *err)
{
    const struct difference_span *last_b = NULL, *last_o = NULL; /* the pair made last */
    uint32_t b = 0, o = 0;
    while (b < before->count || o < other->count) {
        const struct difference_span *sb = b < before->count ? &before->at[b] : NULL;
        const struct difference_span *so = o < other->count ? &other->at[o] : NULL;
        bool ok;
        if (sb && last_o && touch(sb, last_o)) {
            ok = row_add(w, DIFFERENCE_JOINED, sb, last_o, err);
            last_b = sb;
            b++;
        } else if (so && last_b && touch(so, last_b)) {
            ok = row_add(w, DIFFERENCE_AGAIN, last_b, so, err);
            last_o = so;
            o++;
        } else if (sb && so && touch(sb, so)) {
            ok = pair_add(w, sb, so, err);
            last_b = sb;
            last_o = so;
            b++;
            o++;
        } else if (sb && (!so || sb->begin_ms < so->begin_ms)) {
            ok = row_add(w, DIFFERENCE_MISSED, sb, &no_span, err);
            b++;
        } else {
            assert(so); /* one of the two is there */
            ok = row_add(w, DIFFERENCE_RAISED, &no_span, so, err);
            o++;
        }
        if (!ok)
            return false;
    }
    return true;
}

static int64_t row_begin(const struct difference_row *row)
{
    int64_t b = row->span[DIFFERENCE_BEFORE].begin_ms, o = row->span[DIFFERENCE_OTHER].begin_ms;
    if (row->kind == DIFFERENCE_AGAIN || b == RESULT_ABSENT)
        return o;
    if (row->kind == DIFFERENCE_JOINED || o == RESULT_ABSENT)
        return b;
    return b < o ? b : o;
}

/* By time, then zone, rule, the worst level first. */
static int row_order(const void *a, const void *b)
{
    const struct difference_row *x = a, *y = b;
    int64_t tx = row_begin(x), ty = row_begin(y);
    if (tx != ty)
        return tx < ty ? -1 : 1;
    int order = strcmp(x->zone.at, y->zone.at);
    order = order ? order : strcmp(x->rule.at, y->rule.at);
    return order ? order : y->level - x->level;
}

bool difference_compare(struct difference *d, int64_t from_ms, int64_t until_ms,
                        struct difference_table *ret, struct error *err)
{
    struct difference_table table = {0};
    struct writer w = {.d = d, .table = &table, .from_ms = from_ms, .until_ms = until_ms};
    for (uint32_t i = 0; i < d->slots; i++) {
        w.key = d->slot[i];
        for (int l = 0; w.key && l < LEVELS; l++) {
            w.level = l + 1;
            if (w.key->announced[l] &&
                !level_compare(&w, &w.key->track[DIFFERENCE_BEFORE].spans[l],
                               &w.key->track[DIFFERENCE_OTHER].spans[l], err))
                return false;
        }
    }
    if (table.count)
        qsort(d->row, table.count, sizeof *d->row, row_order);
    table.row = d->row;
    *ret = table;
    return true;
}
