/*
 * Parts of one reading. A sensor whose message has `in` in one element and `out` in another (Xovis,
 * SenML) gives two parts with the same device, part, kind and time: together they are the reading.
 * Two that say the same member differently would overwrite each other in every series, and which is
 * right nobody knows: refused.
 */
#include "schemas/payload/decoder.h"

enum { FEW = 8 }; /* readings that are compared one by one */

static bool name_same(struct str a, struct str b)
{
    return a.len == b.len && (a.at == b.at || payload_same(a.at, b.at, a.len));
}

static bool same_reading(const struct payload_reading *a, const struct payload_reading *b)
{
    return a->values.ts == b->values.ts && a->class == b->class && a->kind == b->kind &&
           name_same(a->part, b->part) && name_same(a->device, b->device);
}

static size_t size_of(const struct member *m)
{
    static const size_t size[] = {
        [MEMBER_TIME] = sizeof(int64_t),    [MEMBER_COUNT] = sizeof(int64_t),
        [MEMBER_REAL] = sizeof(double),     [MEMBER_BOOL] = sizeof(int8_t),
        [MEMBER_WORD] = sizeof(struct str), [MEMBER_TEXT] = sizeof(struct str)};
    return size[m->kind];
}

static bool equal(const struct member *m, const struct result_reading *a,
                  const struct result_reading *b)
{
    const char *x = (const char *)a + m->offset, *y = (const char *)b + m->offset;
    struct str s, t;
    if (m->kind != MEMBER_WORD && m->kind != MEMBER_TEXT)
        return memcmp(x, y, size_of(m)) == 0;
    memcpy(&s, x, sizeof s);
    memcpy(&t, y, sizeof t);
    return str_equal(s, t);
}

static void refuse_twice(struct payload_reading *reading, const struct member *m)
{
    reading->refused = true;
    (void)refusal_about(&reading->refusal, REFUSAL_OUT_OF_RANGE, m->name.at,
                        "said twice, and differently, for one time");
}

/* `part` into `into`. */
static void merge(struct payload_reading *into, const struct payload_reading *part)
{
    struct members members = members_of(into->class, into->kind);
    into->historical = into->historical || part->historical;
    into->partial = into->partial && part->partial;
    into->unbound_ignore = into->unbound_ignore && part->unbound_ignore;
    if (into->refused)
        return;
    if (part->refused) {
        into->refused = true;
        into->refusal = part->refusal;
        return;
    }
    for (uint32_t i = 0; i < members.count; i++) {
        const struct member *m = &members.member[i];
        if (!member_said(m, &part->values))
            continue;
        if (!member_said(m, &into->values)) {
            memcpy((char *)&into->values + m->offset, (const char *)&part->values + m->offset,
                   size_of(m));
        } else if (!equal(m, &into->values, &part->values)) {
            refuse_twice(into, m);
            return;
        }
    }
}

static uint16_t *bucket_of(struct payload_decoder *d, const struct payload_reading *r)
{
    uint64_t h = payload_hash(r->device) + 3 * payload_hash(r->part) + (uint64_t)r->values.ts;
    return &d->bucket[(h ^ h >> 16) % (2 * PAYLOAD_READINGS_MAX)];
}

/* A few are compared one by one, many found by a table. NULL: it is the first of its parts. */
static struct payload_reading *same_find(struct payload_decoder *d, const struct payload_reading *r)
{
    if (d->count <= FEW) {
        for (uint32_t i = 0; i < d->count; i++)
            if (same_reading(&d->reading[i], r))
                return &d->reading[i];
        return NULL;
    }
    for (uint32_t i = *bucket_of(d, r); i; i = d->chain[i - 1])
        if (same_reading(&d->reading[i - 1], r))
            return &d->reading[i - 1];
    return NULL;
}

/* The last reading, into the table; with all before it when it is the first that needs one. */
static void table_add(struct payload_decoder *d)
{
    uint32_t from = d->count - 1;
    if (d->count == FEW + 1) {
        memset(d->bucket, 0, sizeof d->bucket);
        from = 0;
    }
    for (uint32_t i = from; i < d->count; i++) {
        uint16_t *bucket = bucket_of(d, &d->reading[i]);
        d->chain[i] = *bucket;
        *bucket = (uint16_t)(i + 1);
    }
}

void payload_merge_part(struct payload_decoder *d)
{
    const struct payload_reading *part = &d->reading[d->count];
    struct payload_reading *same = same_find(d, part);
    if (same) {
        merge(same, part);
        return;
    }
    d->count++;
    if (d->count > FEW)
        table_add(d);
}

void payload_merge_finish(struct payload_decoder *d)
{
    for (uint32_t i = 0; i < d->count; i++) {
        struct payload_reading *r = &d->reading[i];
        if (!r->refused && !r->partial)
            r->refused = !members_complete(r->class, r->kind, &r->values, &r->refusal);
    }
}
