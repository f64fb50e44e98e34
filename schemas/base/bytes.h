/*
 * bytes: explicit little-endian loads and stores at any alignment. Every format of this project that reaches a disk
 * is written with these; structs are never dumped.
 */
#ifndef CROWDTIDE_SCHEMAS_BASE_BYTES_H
#define CROWDTIDE_SCHEMAS_BASE_BYTES_H

#include <stdint.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "bytes_* assume a little-endian host; add byte swaps before porting");

static inline void bytes_put_u16(uint8_t *to, uint16_t v)
{
    memcpy(to, &v, sizeof v);
}

static inline void bytes_put_u32(uint8_t *to, uint32_t v)
{
    memcpy(to, &v, sizeof v);
}

static inline void bytes_put_u64(uint8_t *to, uint64_t v)
{
    memcpy(to, &v, sizeof v);
}

static inline uint16_t bytes_get_u16(const uint8_t *from)
{
    uint16_t v;
    memcpy(&v, from, sizeof v);
    return v;
}

static inline uint32_t bytes_get_u32(const uint8_t *from)
{
    uint32_t v;
    memcpy(&v, from, sizeof v);
    return v;
}

static inline uint64_t bytes_get_u64(const uint8_t *from)
{
    uint64_t v;
    memcpy(&v, from, sizeof v);
    return v;
}

#endif
