#include "processors/core/dedup.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "schemas/base/array.h"
#include "schemas/base/bytes.h"
#include "schemas/base/fetch.h"
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
    size_t blocks = (size_t)DEDUP_BLOCKS * sensors + 1;
    d->steps = calloc(blocks, sizeof *d->steps);
    d->looses = calloc(blocks, sizeof *d->looses);
    d->sensors = sensors;
    if (d->steps)
        array_huge(d->steps, blocks * sizeof *d->steps);
    return d->steps && d->looses;
}

void dedup_free(struct dedup *d)
{
    free(d->steps);
    free(d->looses);
    *d = (struct dedup){0};
}

void dedup_memory_init(struct dedup_memory *memory)
{
    *memory = (struct dedup_memory){
        .newest_ts = INT64_MIN, .newest_seq = INT64_MIN, .newest_bare_seq = INT64_MIN};
}

struct dedup_step *dedup_step_at(const struct dedup *d, uint32_t sensor, uint32_t block)
{
    return &d->steps[(size_t)block * d->sensors + sensor];
}

struct dedup_loose *dedup_loose_at(const struct dedup *d, uint32_t sensor, uint32_t block)
{
    return &d->looses[(size_t)block * d->sensors + sensor];
}

bool dedup_block_loose(const struct dedup_memory *memory, uint32_t block)
{
    return memory->loose >> block & 1u;
}

uint32_t dedup_block_used(const struct dedup_memory *memory, uint32_t block)
{
    uint32_t current = memory->next / DEDUP_BLOCK;
    if (block == current)
        return memory->next % DEDUP_BLOCK;
    return memory->wrapped || block < current ? DEDUP_BLOCK : 0;
}

/* ---- blocks in step -------------------------------------------------------------------------- */

struct identity { /* of a message in hand */
    int64_t ts, seq;
    bool timed; /* has both */
    uint32_t key;
};

static uint32_t key_of(int64_t ts, int64_t seq)
{
    return (uint32_t)mix(mix(1, (uint64_t)ts), (uint64_t)seq);
}

static bool step_has(const struct dedup_step *step, uint32_t used, const struct identity *id)
{
    if (!id->timed || id->ts < step->ts_first || id->seq < step->seq_first ||
        (uint64_t)id->seq - (uint64_t)step->seq_first >= used)
        return false;
    int64_t ts = step->ts_first;
    for (int64_t i = 0; i < id->seq - step->seq_first; i++)
        ts += step->gap_ms[i];
    return ts == id->ts;
}

/* ---- loose blocks ---------------------------------------------------------------------------- */

static bool loose_has(const struct dedup_loose *loose, uint32_t used, const struct identity *id)
{
    if (id->ts < loose->ts_min || id->ts > loose->ts_max)
        return false;
    for (uint32_t i = 0; i < used; i++) {
        if (loose->key[i] == id->key)
            return true;
    }
    return false;
}

static void loose_put(struct dedup_loose *loose, uint32_t place, int64_t ts, uint32_t key)
{
    if (place == 0) {
        loose->ts_min = ts;
        loose->ts_max = ts;
    } else {
        loose->ts_min = ts < loose->ts_min ? ts : loose->ts_min;
        loose->ts_max = ts > loose->ts_max ? ts : loose->ts_max;
    }
    loose->key[place] = key;
}

static void loosen(const struct dedup_step *step, uint32_t used, struct dedup_loose *to)
{
    int64_t ts = step->ts_first;
    for (uint32_t i = 0; i < used; i++) {
        if (i)
            ts += step->gap_ms[i - 1];
        loose_put(to, i, ts, key_of(ts, step->seq_first + i));
    }
}

/* ---- both ------------------------------------------------------------------------------------ */

static bool known(const struct dedup *d, uint32_t sensor, const struct dedup_memory *memory,
                  const struct identity *id)
{
    for (uint32_t b = 0; b < DEDUP_BLOCKS; b++) {
        uint32_t used = dedup_block_used(memory, b);
        if (used == 0)
            continue;
        if (dedup_block_loose(memory, b) ? loose_has(dedup_loose_at(d, sensor, b), used, id)
                                         : step_has(dedup_step_at(d, sensor, b), used, id))
            return true;
    }
    return false;
}

static void place_taken(struct dedup_memory *memory)
{
    memory->next++;
    if (memory->next == DEDUP_BLOCKS * DEDUP_BLOCK) {
        memory->next = 0;
        memory->wrapped = true;
    }
}

void dedup_fetch(const struct dedup *d, uint32_t sensor, const struct dedup_memory *memory)
{
    uint32_t block = memory->next / DEDUP_BLOCK, place = memory->next % DEDUP_BLOCK;
    if (dedup_block_loose(memory, block))
        fetch(&dedup_loose_at(d, sensor, block)->key[place], sizeof(uint32_t));
    else
        fetch(&dedup_step_at(d, sensor, block)->gap_ms[place ? place - 1 : 0], sizeof(uint16_t));
}

static void remember_loose(struct dedup *d, uint32_t sensor, struct dedup_memory *memory,
                           const struct identity *id)
{
    uint32_t block = memory->next / DEDUP_BLOCK, place = memory->next % DEDUP_BLOCK;
    struct dedup_loose *loose = dedup_loose_at(d, sensor, block);
    if (!dedup_block_loose(memory, block)) {
        loosen(dedup_step_at(d, sensor, block), place, loose);
        memory->loose |= 1u << block;
    }
    loose_put(loose, place, id->ts, id->key);
    memory->last_key = id->key;
    place_taken(memory);
}

/* Behind the newest message, which is the last one of a block in step. False when it does not fit.
 */
static bool remember_step(struct dedup *d, uint32_t sensor, struct dedup_memory *memory, int64_t ts,
                          int64_t seq)
{
    uint32_t block = memory->next / DEDUP_BLOCK, place = memory->next % DEDUP_BLOCK;
    if (place == 0) {
        struct dedup_step *step = dedup_step_at(d, sensor, block);
        memory->loose &= ~(1u << block);
        step->ts_first = ts;
        step->seq_first = seq;
    } else {
        /* Not behind: out of order, which a gap cannot say. */
        uint64_t gap_ms = (uint64_t)ts - (uint64_t)memory->newest_ts;
        if (dedup_block_loose(memory, block) || ts < memory->newest_ts || gap_ms > UINT16_MAX ||
            seq - 1 != memory->newest_seq)
            return false;
        dedup_step_at(d, sensor, block)->gap_ms[place - 1] = (uint16_t)gap_ms;
    }
    memory->newest_ts = ts;
    memory->newest_seq = seq;
    memory->last_key = 0;
    place_taken(memory);
    return true;
}

/* Newer than everything before in the order (time, seq): it cannot be a repeat. */
static bool newer(const struct dedup_memory *memory, int64_t ts, int64_t seq)
{
    return ts > memory->newest_ts || (ts == memory->newest_ts && seq > memory->newest_seq);
}

static bool newest_bare(struct dedup_memory *memory, int64_t seq, uint32_t key)
{
    if (seq <= 1 && key != memory->last_key) { /* the device counts anew */
        memory->next = 0;
        memory->wrapped = false;
        memory->newest_bare_seq = seq;
        return true;
    }
    bool is_newer = seq > memory->newest_bare_seq;
    if (is_newer)
        memory->newest_bare_seq = seq;
    return is_newer;
}

static bool seen_timed(struct dedup *d, uint32_t sensor, struct dedup_memory *memory, int64_t ts,
                       int64_t seq)
{
    bool is_newer = newer(memory, ts, seq);
    if (is_newer && remember_step(d, sensor, memory, ts, seq))
        return false;
    struct identity id = {.ts = ts, .seq = seq, .timed = true, .key = key_of(ts, seq)};
    if (is_newer) {
        memory->newest_ts = ts;
        memory->newest_seq = seq;
    } else if (known(d, sensor, memory, &id)) {
        return true;
    }
    remember_loose(d, sensor, memory, &id);
    return false;
}

bool dedup_seen(struct dedup *d, uint32_t sensor, struct dedup_memory *memory,
                const struct dedup_message *message)
{
    bool has_seq = message->seq != RESULT_ABSENT;
    bool certainly_new;
    struct identity id = {0};
    if (has_seq && message->ts_ms != RESULT_ABSENT)
        return seen_timed(d, sensor, memory, message->ts_ms, message->seq);
    if (has_seq) {
        id.key = (uint32_t)mix(mix(2, bytes_hash(message->bytes)), (uint64_t)message->seq);
        certainly_new = newest_bare(memory, message->seq, id.key);
    } else {
        id.key = (uint32_t)mix(3, bytes_hash(message->bytes));
        certainly_new = !message->dup;
    }
    if (!certainly_new && known(d, sensor, memory, &id))
        return true;
    remember_loose(d, sensor, memory, &id);
    return false;
}

void dedup_copy(struct dedup *to, uint32_t to_sensor, const struct dedup *from,
                uint32_t from_sensor, const struct dedup_memory *memory)
{
    for (uint32_t b = 0; b < DEDUP_BLOCKS; b++) {
        if (dedup_block_used(memory, b) == 0)
            continue;
        if (dedup_block_loose(memory, b))
            *dedup_loose_at(to, to_sensor, b) = *dedup_loose_at(from, from_sensor, b);
        else
            *dedup_step_at(to, to_sensor, b) = *dedup_step_at(from, from_sensor, b);
    }
}
