#include "tests/support/toy_core.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "schemas/base/bytes.h"
#include "schemas/result/result.h"

enum { STATE_BYTES = 40, BODY_BYTES = RESULT_ORIGIN_BYTES + 16 };

struct core {
    uint64_t hash;
    struct core_books books;
    uint64_t generation; /* of the version: changes every result */
};

static struct core *make(uint64_t generation, struct error *err)
{
    struct core *core = calloc(1, sizeof *core);
    if (!core)
        error_set(err, ERROR_NO_MEMORY, 0, "toy core");
    else
        core->generation = generation;
    return core;
}

static struct core *make_1(struct error *err)
{
    return make(1, err);
}

static struct core *make_2(struct error *err)
{
    return make(2, err);
}

static struct core *make_3(struct error *err)
{
    return make(3, err);
}

static void toy_free(struct core *core)
{
    free(core);
}

static uint64_t mix(uint64_t hash, const void *bytes, size_t len)
{
    return (hash * UINT64_C(0x9e3779b97f4a7c15)) ^ str_hash((struct str){bytes, (uint32_t)len});
}

static uint8_t *room(struct core_results *results, uint16_t type, uint32_t len)
{
    if (results->count == results->cap) {
        results->cap = results->cap ? results->cap * 2 : 8;
        results->result = realloc(results->result, results->cap * sizeof *results->result);
    }
    if (results->bytes_cap - results->len < len) {
        results->bytes_cap = results->bytes_cap * 2 + len;
        results->bytes = realloc(results->bytes, results->bytes_cap);
    }
    if (!results->result || !results->bytes)
        abort();
    results->result[results->count++] =
        (struct core_result){.type = type, .offset = (uint32_t)results->len, .len = len};
    results->len += len;
    return results->bytes + results->len - len;
}

static void emit(struct core *core, const struct log_view *record, uint16_t type,
                 struct core_results *results)
{
    const struct result_origin origin = {record->seq, record->epoch, results->count};
    uint8_t *to = room(results, type, BODY_BYTES);
    result_origin_encode(&origin, to);
    bytes_put_u64(to + RESULT_ORIGIN_BYTES, core->hash);
    bytes_put_u64(to + RESULT_ORIGIN_BYTES + 8, core->generation);
    core->books.results++;
}

static void emit_struct(struct core *core, const struct log_view *record, uint16_t type,
                        const void *from, struct core_results *results)
{
    uint8_t body[512];
    const struct result_origin origin = {record->seq, record->epoch, results->count};
    uint32_t len = result_encode(type, &origin, from, body, sizeof body);
    memcpy(room(results, type, len), body, len);
    core->books.results++;
}

static void see(struct core *core, const struct log_view *record)
{
    uint8_t head[16];
    bytes_put_u64(head, record->seq);
    bytes_put_u32(head + 8, record->epoch);
    bytes_put_u32(head + 12, record->type);
    core->hash = mix(mix(core->hash, head, sizeof head), record->body, record->body_len);
    core->books.received += record->type == RECORD_MQTT;
}

static bool step(struct core *core, const struct log_view *record, struct core_results *results,
                 struct error *err)
{
    (void)err;
    if (record->body_len == 6 && memcmp(record->body, "poison", 6) == 0)
        abort();
    while (record->body_len == 4 && memcmp(record->body, "hang", 4) == 0)
        pause();
    see(core, record);
    if (record->type == RECORD_MODEL) {
        struct result_era era;
        result_clear(RECORD_ERA, &era);
        era.core_version = STR_LIT("toy");
        emit_struct(core, record, RECORD_ERA, &era, results);
    } else if (record->type == RECORD_TICK) {
        emit(core, record, RECORD_HEARTBEAT, results);
        emit(core, record, RECORD_ZONE, results);
    } else if (record->type == RECORD_GAP) {
        emit(core, record, RECORD_ALERT, results);
    } else if (record->type == RECORD_MQTT) {
        core->books.decoded++;
        if (core->generation == 2)
            emit(core, record, RECORD_ZONE, results);
        for (uint64_t n = core->hash % 4, h = core->hash >> 8; n > 0; n--, h >>= 8) {
            static const uint16_t types[] = {RECORD_READING, RECORD_READING,   RECORD_READING,
                                             RECORD_ZONE,    RECORD_GATE,      RECORD_LIGHT,
                                             RECORD_READING, RECORD_DEADLETTER};
            emit(core, record, h % 64 == 0 ? RECORD_ALERT : types[h % 8], results);
        }
    }
    return true;
}

static bool step_fragile(struct core *core, const struct log_view *record,
                         struct core_results *results, struct error *err)
{
    if (record->body_len == 5 && memcmp(record->body, "venom", 5) == 0)
        abort();
    return step(core, record, results, err);
}

static bool skip(struct core *core, const struct log_view *record, uint32_t crashes,
                 struct core_results *results, struct error *err)
{
    (void)err;
    see(core, record);
    core->books.quarantined++;
    struct result_skipped skipped;
    result_clear(RECORD_SKIPPED, &skipped);
    skipped.input_seq = (int64_t)record->seq;
    skipped.crashes = crashes;
    emit_struct(core, record, RECORD_SKIPPED, &skipped, results);
    emit(core, record, RECORD_DEADLETTER, results);
    return true;
}

static bool save(const struct core *core, uint8_t **ret_bytes, size_t *ret_len, struct error *err)
{
    (void)err;
    uint8_t *bytes = malloc(STATE_BYTES);
    if (!bytes)
        abort();
    bytes_put_u64(bytes, core->generation);
    bytes_put_u64(bytes + 8, core->hash);
    bytes_put_u64(bytes + 16, core->books.received);
    bytes_put_u64(bytes + 24, core->books.decoded);
    bytes_put_u64(bytes + 32, core->books.results);
    *ret_bytes = bytes;
    *ret_len = STATE_BYTES;
    return true;
}

static bool load(const uint8_t *bytes, size_t len, uint64_t least, uint64_t generation,
                 struct core **ret_core, struct error *err)
{
    if (len != STATE_BYTES)
        return error_set(err, ERROR_CORRUPT, 0, "toy state of %zu bytes", len);
    if (bytes_get_u64(bytes) < least || bytes_get_u64(bytes) > generation)
        return error_set(err, ERROR_VERSION, 0, "toy state");
    struct core *core = make(generation, err);
    if (!core)
        return false;
    core->hash = bytes_get_u64(bytes + 8);
    core->books.received = bytes_get_u64(bytes + 16);
    core->books.decoded = bytes_get_u64(bytes + 24);
    core->books.results = bytes_get_u64(bytes + 32);
    *ret_core = core;
    return true;
}

static bool load_1(const uint8_t *bytes, size_t len, struct core **ret_core, struct error *err)
{
    return load(bytes, len, 1, 1, ret_core, err);
}

static bool load_2(const uint8_t *bytes, size_t len, struct core **ret_core, struct error *err)
{
    return load(bytes, len, 1, 2, ret_core, err);
}

static bool load_3(const uint8_t *bytes, size_t len, struct core **ret_core, struct error *err)
{
    return load(bytes, len, 3, 3, ret_core, err);
}

static struct core_books books(const struct core *core)
{
    return core->books;
}

static struct core_summary summary(const struct core *core)
{
    (void)core;
    return (struct core_summary){0};
}

#define TOY(number, step_it)                                                                       \
    {                                                                                              \
        .version = "toy-" #number, .make = make_##number, .free = toy_free, .step = step_it,       \
        .skip = skip, .save = save, .load = load_##number, .books = books, .summary = summary      \
    }

const struct process_core *toy_core(void)
{
    static const struct process_core core = TOY(1, step);
    return &core;
}

const struct process_core *toy_core_next(void)
{
    static const struct process_core core = TOY(2, step);
    return &core;
}

const struct process_core *toy_core_foreign(void)
{
    static const struct process_core core = TOY(3, step);
    return &core;
}

const struct process_core *toy_core_fragile(void)
{
    static const struct process_core core = TOY(1, step_fragile);
    return &core;
}
