#include "processors/core/dedup.h"

#include <stdlib.h>
#include <string.h>

#include "schemas/base/bytes.h"
#include "schemas/result/result.h"

static const uint64_t mix_odd = 0x9e3779b97f4a7c15u;

static uint64_t mix(uint64_t h, uint64_t v)
{
    h = (h ^ v) * mix_odd;
    return h ^ (h >> 32);
}

/* Eight bytes at a time: the payload of every message without identity passes through here. */
static uint64_t bytes_hash(struct str s)
{
    uint64_t h = s.len;
    uint32_t i = 0;
    for (; i + 8 <= s.len; i += 8)
        h = mix(h, bytes_get_u64((const uint8_t *)s.at + i));
    uint64_t rest = 0;
    for (uint32_t shift = 0; i < s.len; i++, shift += 8)
        rest |= (uint64_t)(uint8_t)s.at[i] << shift;
    return mix(h, rest);
}

bool dedup_init(struct dedup *d, uint32_t sensors)
{
    /* calloc of this size is fresh zero pages: memory appears as messages come. */
    d->blocks = calloc((size_t)DEDUP_BLOCKS * sensors + 1, sizeof *d->blocks);
    d->sensors = sensors;
    return d->blocks != NULL;
}

void dedup_free(struct dedup *d)
{
    free(d->blocks);
    d->blocks = NULL;
}

void dedup_memory_init(struct dedup_memory *memory)
{
    *memory = (struct dedup_memory){
        .newest_ts = INT64_MIN, .newest_seq = INT64_MIN, .newest_bare_seq = INT64_MIN};
}

static struct dedup_block *block_at(const struct dedup *d, uint32_t sensor, uint32_t block)
{
    return &d->blocks[(size_t)block * d->sensors + sensor];
}

uint32_t dedup_block_used(const struct dedup_memory *memory, uint32_t block)
{
    uint32_t current = memory->next / DEDUP_BLOCK;
    if (block == current)
        return memory->next % DEDUP_BLOCK;
    return memory->wrapped || block < current ? DEDUP_BLOCK : 0;
}

static bool key_known(const struct dedup *d, uint32_t sensor, const struct dedup_memory *memory,
                      int64_t ts, uint32_t key)
{
    for (uint32_t b = 0; b < DEDUP_BLOCKS; b++) {
        uint32_t used = dedup_block_used(memory, b);
        if (used == 0)
            continue;
        const struct dedup_block *block = block_at(d, sensor, b);
        if (ts < block->ts_min || ts > block->ts_max)
            continue;
        for (uint32_t i = 0; i < used; i++) {
            if (block->key[i] == key)
                return true;
        }
    }
    return false;
}

static void key_remember(struct dedup *d, uint32_t sensor, struct dedup_memory *memory, int64_t ts,
                         uint32_t key)
{
    struct dedup_block *block = block_at(d, sensor, memory->next / DEDUP_BLOCK);
    uint32_t place = memory->next % DEDUP_BLOCK;
    if (place == 0) {
        block->ts_min = ts;
        block->ts_max = ts;
    } else {
        block->ts_min = ts < block->ts_min ? ts : block->ts_min;
        block->ts_max = ts > block->ts_max ? ts : block->ts_max;
    }
    block->key[place] = key;
    memory->last_key = key;
    memory->next++;
    if (memory->next == DEDUP_BLOCKS * DEDUP_BLOCK) {
        memory->next = 0;
        memory->wrapped = true;
    }
}

/* Newer than everything before in the order (time, seq): it cannot be a repeat. */
static bool newest_with_time(struct dedup_memory *memory, int64_t ts, int64_t seq)
{
    bool newer = ts > memory->newest_ts || (ts == memory->newest_ts && seq > memory->newest_seq);
    if (newer) {
        memory->newest_ts = ts;
        memory->newest_seq = seq;
    }
    return newer;
}

static bool newest_bare(struct dedup_memory *memory, int64_t seq, uint32_t key)
{
    if (seq <= 1 && key != memory->last_key) { /* the device counts anew */
        memory->next = 0;
        memory->wrapped = false;
        memory->newest_bare_seq = seq;
        return true;
    }
    bool newer = seq > memory->newest_bare_seq;
    if (newer)
        memory->newest_bare_seq = seq;
    return newer;
}

bool dedup_seen(struct dedup *d, uint32_t sensor, struct dedup_memory *memory,
                const struct dedup_message *message)
{
    bool has_seq = message->seq != RESULT_ABSENT;
    bool has_time = message->ts_ms != RESULT_ABSENT;
    int64_t ts = has_seq && has_time ? message->ts_ms : 0;
    bool certainly_new;
    uint32_t key;
    if (has_seq && has_time) {
        key = (uint32_t)mix(mix(1, (uint64_t)ts), (uint64_t)message->seq);
        certainly_new = newest_with_time(memory, ts, message->seq);
    } else if (has_seq) {
        key = (uint32_t)mix(mix(2, bytes_hash(message->bytes)), (uint64_t)message->seq);
        certainly_new = newest_bare(memory, message->seq, key);
    } else {
        key = (uint32_t)mix(3, bytes_hash(message->bytes));
        certainly_new = !message->dup;
    }
    if (!certainly_new && key_known(d, sensor, memory, ts, key))
        return true;
    key_remember(d, sensor, memory, ts, key);
    return false;
}

void dedup_copy(struct dedup *to, uint32_t to_sensor, const struct dedup *from,
                uint32_t from_sensor, const struct dedup_memory *memory)
{
    for (uint32_t b = 0; b < DEDUP_BLOCKS; b++) {
        if (dedup_block_used(memory, b))
            *block_at(to, to_sensor, b) = *block_at(from, from_sensor, b);
    }
}
