#include "processors/core/codec.h"

#include <stdlib.h>
#include <string.h>

#include "schemas/base/bytes.h"

enum { CODEC_BYTES_FIRST = 64 * 1024 };

static bool room(struct codec *c, size_t len)
{
    if (c->no_memory)
        return false;
    if (len <= c->out_cap - c->len)
        return true;
    size_t cap = c->out_cap ? c->out_cap : CODEC_BYTES_FIRST;
    while (cap - c->len < len)
        cap *= 2;
    uint8_t *out = realloc(c->out, cap);
    if (!out) {
        c->no_memory = true;
        return false;
    }
    c->out = out;
    c->out_cap = cap;
    return true;
}

void codec_bytes(struct codec *c, void *bytes, size_t len)
{
    if (len == 0)
        return;
    if (c->saving) {
        if (!room(c, len))
            return;
        memcpy(c->out + c->len, bytes, len);
        c->len += len;
        return;
    }
    if (c->failed || len > c->len - c->at) {
        c->failed = true;
        memset(bytes, 0, len);
        return;
    }
    memcpy(bytes, c->in + c->at, len);
    c->at += len;
}

void codec_u8(struct codec *c, uint8_t *v)
{
    codec_bytes(c, v, 1);
}

void codec_bool(struct codec *c, bool *v)
{
    uint8_t byte = *v;
    codec_u8(c, &byte);
    if (byte > 1)
        c->failed = true;
    *v = byte == 1;
}

void codec_u16(struct codec *c, uint16_t *v)
{
    uint8_t bytes[2];
    bytes_put_u16(bytes, *v);
    codec_bytes(c, bytes, sizeof bytes);
    *v = bytes_get_u16(bytes);
}

void codec_u32(struct codec *c, uint32_t *v)
{
    uint8_t bytes[4];
    bytes_put_u32(bytes, *v);
    codec_bytes(c, bytes, sizeof bytes);
    *v = bytes_get_u32(bytes);
}

void codec_u64(struct codec *c, uint64_t *v)
{
    uint8_t bytes[8];
    bytes_put_u64(bytes, *v);
    codec_bytes(c, bytes, sizeof bytes);
    *v = bytes_get_u64(bytes);
}

void codec_i8(struct codec *c, int8_t *v)
{
    uint8_t byte = (uint8_t)*v;
    codec_u8(c, &byte);
    *v = (int8_t)byte;
}

void codec_i32(struct codec *c, int32_t *v)
{
    uint32_t word = (uint32_t)*v;
    codec_u32(c, &word);
    *v = (int32_t)word;
}

void codec_i64(struct codec *c, int64_t *v)
{
    uint64_t word = (uint64_t)*v;
    codec_u64(c, &word);
    *v = (int64_t)word;
}

void codec_within(struct codec *c, int64_t *v, int64_t least, int64_t most)
{
    codec_i64(c, v);
    if (!c->saving && (*v < least || *v > most)) {
        c->failed = true;
        *v = 0;
    }
}

void codec_f64(struct codec *c, double *v)
{
    uint64_t word;
    memcpy(&word, v, sizeof word);
    codec_u64(c, &word);
    memcpy(v, &word, sizeof word);
}

void codec_str(struct codec *c, struct str *s)
{
    codec_u32(c, &s->len);
    if (c->saving) {
        if (s->len && room(c, s->len)) {
            memcpy(c->out + c->len, s->at, s->len);
            c->len += s->len;
        }
        return;
    }
    if (c->failed || s->len > c->len - c->at) {
        c->failed = true;
        *s = (struct str){0};
        return;
    }
    s->at = (const char *)c->in + c->at;
    c->at += s->len;
}
