/*
 * codec: one walk over the state that writes it or reads it, so that the two cannot disagree.
 * Little-endian, no padding. A read past the end or an over-long id sets failed; the walk goes on
 * with zeros and the caller looks at the end.
 *
 *     struct codec c = {.saving = true};
 *     codec_i64(&c, &zone->occupancy);
 */
#ifndef CROWDTIDE_PROCESSORS_CORE_CODEC_H
#define CROWDTIDE_PROCESSORS_CORE_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "schemas/base/str.h"

struct codec {
    bool saving;
    uint8_t format; /* reading: of the state, where it is not the newest */
    bool failed;    /* reading: not such bytes */
    bool no_memory; /* saving */
    uint8_t *out;   /* saving: malloc'ed, the caller's */
    size_t out_cap;
    const uint8_t *in; /* reading */
    size_t len;        /* saving: written; reading: of in */
    size_t at;         /* reading */
};

void codec_bytes(struct codec *c, void *bytes, size_t len);
void codec_u8(struct codec *c, uint8_t *v);
void codec_bool(struct codec *c, bool *v); /* a byte that is neither 0 nor 1 fails */
void codec_u16(struct codec *c, uint16_t *v);
void codec_u32(struct codec *c, uint32_t *v);
void codec_u64(struct codec *c, uint64_t *v);
void codec_i8(struct codec *c, int8_t *v);
void codec_i32(struct codec *c, int32_t *v);
void codec_i64(struct codec *c, int64_t *v);
/* Read, a value outside least … most fails and is 0: what is made again of it stays within int64.
 */
void codec_within(struct codec *c, int64_t *v, int64_t least, int64_t most);
void codec_f64(struct codec *c, double *v);
/* Length and bytes; read, it borrows from the input. */
void codec_str(struct codec *c, struct str *s);

#endif
