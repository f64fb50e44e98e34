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

static uint32_t bucket_of(const struct payload_reading *r, uint32_t mask)
{
    uint64_t h = payload_hash(r->device) + 3 * payload_hash(r->part) + (uint64_t)r->values.ts;
    return (uint32_t)(h ^ h >> 16) & mask;
}

/* Each reading once, in the order of their first parts. A few are compared one by one, many found
 * by a table. */
static void parts_merge(struct payload_decoder *d)
{
    uint32_t kept = 0, mask = 0;
    if (d->count > FEW)
        for (mask = 4 * FEW - 1; mask < 2 * d->count;)
            mask = 2 * mask + 1;
    memset(d->bucket, 0, (mask + 1) * sizeof d->bucket[0]);
    for (uint32_t i = 0; i < d->count; i++) {
        struct payload_reading *r = &d->reading[i];
        uint16_t *bucket = &d->bucket[mask ? bucket_of(r, mask) : 0];
        uint32_t same = *bucket;
        while (same && !same_reading(&d->reading[same - 1], r))
            same = d->chain[same - 1];
        if (same) {
            merge(&d->reading[same - 1], r);
            continue;
        }
        if (kept != i) /* the refusal is last */
            memcpy(&d->reading[kept], r,
                   r->refused ? sizeof *r : offsetof(struct payload_reading, refusal));
        d->chain[kept] = *bucket;
        *bucket = (uint16_t)++kept;
    }
    d->count = kept;
}

void payload_merge(struct payload_decoder *d)
{
    if (d->count > 1)
        parts_merge(d);
    for (uint32_t i = 0; i < d->count; i++) {
        struct payload_reading *r = &d->reading[i];
        if (!r->refused && !r->partial)
            r->refused = !members_complete(r->class, r->kind, &r->values, &r->refusal);
    }
}
