/*
 * Snapshots. The input is a list of changes to a state that the core saved: two bytes where, one
 * how many, then the bytes that stand there instead. The first byte says what becomes of it: a file
 * of process, with its checksums right or wrong, or bytes that are no state at all. Whatever is
 * taken for a state is one: saved again, it gives the same bytes.
 */
#include <stdio.h>
#include <string.h>

#include "processors/core/core.h"
#include "processors/process/snapshot.h"
#include "schemas/base/bytes.h"
#include "schemas/base/crc32c.h"
#include "schemas/record/record.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/scratch.h"

enum {
    BODY_BYTES = 8192,
    SEQ = 7,
    HEADER_BYTES = 104,
    BIT_RAW = 1,        /* the input itself is the state */
    BIT_FILE = 2,       /* through a file; the changes are to its header, too */
    BIT_CUT = 4,        /* two more bytes: what is missing at its end */
    BIT_CRC_WRONG = 8,  /* the state's own checksum is left alone */
    BIT_FILE_WRONG = 16 /* and the file's */
};

static const char model[] = "venue: {id: f, time_zone: UTC, capacity: 300}\n"
                            "zones:\n"
                            "  - {id: h, kind: hall, capacity: 100}\n"
                            "sensors:\n"
                            "  - {id: l, class: crowd, counter: level, zone: h}\n"
                            "  - {id: t, class: crowd, counter: total, zone: h}\n"
                            "  - {id: g, class: gate, zone: h, lanes: 2}\n"
                            "  - {id: i, class: light, zone: h}\n";

static const char *const messages[] = {
    "crowdtide/f/crowd/l {\"occupancy\":120}", "crowdtide/f/crowd/t {\"in\":5,\"out\":1}",
    "crowdtide/f/gate/g {\"lane\":\"1\",\"event\":\"pass\",\"direction\":\"in\"}",
    "crowdtide/f/light/i {\"lux\":20,\"state\":\"on\"}"};

static struct {
    uint8_t *bytes;
    size_t len;
} state;

static void step(struct core *core, struct log_view *view, uint16_t type, uint8_t *body,
                 uint32_t len)
{
    struct core_results results = {0};
    FUZZ_MUST(len > 0);
    view->seq++;
    view->type = type;
    view->log_ns += 1000000000;
    view->wall_ns = view->log_ns;
    view->body = body;
    view->body_len = len;
    FUZZ_MUST(core_step(core, view, &results, NULL));
    core_results_free(&results);
}

static void state_make(void)
{
    static uint8_t body[BODY_BYTES + LOG_READ_PADDING_BYTES];
    struct log_view view = {.epoch = 1, .log_ns = 1795000000000000000};
    struct core *core = core_new(NULL);
    FUZZ_MUST(core);
    struct record_model record = {.source = str_of(model), .path = STR_LIT("fuzz.yaml")};
    record.hash = str_hash(record.source);
    step(core, &view, RECORD_MODEL, body, record_model_encode(&record, body, BODY_BYTES));
    for (uint32_t i = 0; i < 2 * sizeof messages / sizeof messages[0]; i++) {
        const char *line = messages[i / 2];
        const char *space = strchr(line, ' ');
        struct record_mqtt mqtt = {.topic = {line, (uint32_t)(space - line)},
                                   .payload = str_of(space + 1)};
        step(core, &view, RECORD_MQTT, body, record_mqtt_encode(&mqtt, body, BODY_BYTES));
    }
    FUZZ_MUST(core_save(core, &state.bytes, &state.len, NULL));
    core_free(core);
}

static void change(uint8_t *bytes, size_t len, const uint8_t *at, const uint8_t *end)
{
    while (end - at >= 3 && len > 0) {
        /* Where: a sixteenth bit and a multiplier reach what lies behind 64 KiB. */
        size_t to = ((size_t)at[0] << 8 | at[1]) * (len / 65536 + 1) % len, n = at[2] % 16 + 1u;
        at += 3;
        n = n < len - to ? n : len - to;
        n = n < (size_t)(end - at) ? n : (size_t)(end - at);
        if (n)
            memcpy(bytes + to, at, n);
        at += n;
    }
}

/* The state by way of a file; false when it is refused. */
static bool through_file(uint8_t bits, const uint8_t *with, const uint8_t *end, uint8_t **bytes,
                         size_t *len)
{
    static uint8_t *file;
    static size_t cap;
    struct snapshot s = {.input_seq = SEQ, .input_epoch = 1, .core_version = "1"}, got;
    struct error err = {0};
    s.state = *bytes;
    s.state_len = *len;
    char path[SCRATCH_PATH_BYTES];
    FUZZ_MUST(snapshot_write(scratch_dir(), &s, &err));
    scratch_path("7.snap", path);
    FILE *in = fopen(path, "rb");
    if (cap < HEADER_BYTES + *len) {
        free(file);
        cap = HEADER_BYTES + *len;
        file = malloc(cap);
    }
    FUZZ_MUST(in && file && fread(file, 1, HEADER_BYTES + *len, in) == HEADER_BYTES + *len);
    (void)fclose(in);
    change(file, HEADER_BYTES, with, end);
    if (!(bits & BIT_FILE_WRONG))
        bytes_put_u32(file + 8, crc32c(0, file + 12, HEADER_BYTES - 12 + *len));
    scratch_write("7.snap", file, HEADER_BYTES + *len, 0);
    if (!snapshot_load_newest(scratch_dir(), UINT64_MAX, &got, &err)) {
        FUZZ_MUST(err.code != ERROR_NONE && err.where[0]);
        return false;
    }
    FUZZ_MUST(got.input_seq == SEQ && memchr(got.core_version, '\0', SNAPSHOT_VERSION_BYTES));
    FUZZ_MUST(got.state_len == *len && memcmp(got.state, *bytes, *len) == 0);
    snapshot_clear(&got);
    return true;
}

static void must_be_one(const uint8_t *bytes, size_t len)
{
    struct core *core = NULL;
    struct error err = {0};
    uint8_t *again = NULL;
    size_t again_len = 0;
    if (!core_load(bytes, len, &core, &err)) {
        FUZZ_MUST(err.code != ERROR_NONE && err.where[0]);
        return;
    }
    FUZZ_MUST(core_save(core, &again, &again_len, &err));
    FUZZ_MUST(again_len == len && memcmp(again, bytes, len) == 0);
    (void)core_summary(core);
    free(again);
    core_free(core);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 3)
        return 0;
    if (!state.bytes)
        state_make();
    uint8_t bits = data[0];
    const uint8_t *at = data + 1, *end = data + size;
    size_t cut = 0;
    if (bits & BIT_CUT) {
        cut = (size_t)at[0] << 8 | at[1];
        at += 2;
    }
    size_t len = bits & BIT_RAW ? (size_t)(end - at) : state.len;
    len -= cut < len ? cut : len;
    uint8_t *bytes = malloc(len ? len : 1);
    FUZZ_MUST(bytes);
    memcpy(bytes, bits & BIT_RAW ? at : state.bytes, len);
    if (!(bits & BIT_RAW))
        change(bytes, len, at, end);
    if (len >= 12 && !(bits & BIT_CRC_WRONG))
        bytes_put_u32(bytes + len - 4, crc32c(0, bytes, len - 4));
    if (!(bits & BIT_FILE) || through_file(bits, at, end, &bytes, &len))
        must_be_one(bytes, len);
    free(bytes);
    return 0;
}
