/*
 * Parts of one reading. A sensor whose message has `in` in one element and `out` in another (Xovis,
 * SenML) gives two parts with the same device, part, kind and time: together they are the reading.
 * Two that say the same member differently would overwrite each other in every series, and which is
 * right nobody knows: refused.
 */
#include "schemas/payload/decoder.h"

static bool same_reading(const struct payload_reading *a, const struct payload_reading *b)
{
    return a->values.ts == b->values.ts && a->class == b->class && a->kind == b->kind &&
           str_equal(a->part, b->part) && str_equal(a->device, b->device);
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

static uint32_t bucket_of(const struct payload_reading *r)
{
    uint64_t h = str_hash(r->device) * 31 + str_hash(r->part) * 7 + (uint64_t)r->values.ts;
    return (uint32_t)((h * UINT64_C(0x9e3779b97f4a7c15)) >> 55); /* 9 bits: 512 buckets */
}

void payload_merge(struct payload_decoder *d)
{
    uint32_t kept = 0;
    _Static_assert(2 * PAYLOAD_READINGS_MAX == 1 << 9, "bucket_of gives 9 bits");
    if (d->count > 1)
        memset(d->bucket, 0, sizeof d->bucket);
    for (uint32_t i = 0; i < d->count; i++) {
        struct payload_reading *r = &d->reading[i];
        uint16_t *bucket = d->count > 1 ? &d->bucket[bucket_of(r)] : d->bucket;
        uint32_t same = d->count > 1 ? *bucket : 0;
        while (same && !same_reading(&d->reading[same - 1], r))
            same = d->chain[same - 1];
        if (same) {
            merge(&d->reading[same - 1], r);
            continue;
        }
        if (kept != i)
            d->reading[kept] = *r;
        d->chain[kept] = d->count > 1 ? *bucket : 0;
        *bucket = (uint16_t)++kept;
    }
    d->count = kept;
    for (uint32_t i = 0; i < d->count; i++) {
        struct payload_reading *r = &d->reading[i];
        if (!r->refused && !r->partial)
            r->refused = !members_complete(r->class, r->kind, &r->values, &r->refusal);
    }
}
