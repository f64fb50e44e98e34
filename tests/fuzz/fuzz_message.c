/*
 * MQTT messages and operators' commands into the core: never a crash, the books balance, each
 * command has one reply. The input is lines "topic payload"; each line is a message, a second of
 * log time apart, to a small venue. A line "!N text" is a command of the user with that digit as
 * id; an empty line is a tick.
 */
#include <string.h>

#include "processors/core/core.h"
#include "schemas/record/record.h"
#include "tests/fuzz/fuzz.h"

enum { BODY_BYTES = 70000, MESSAGES_MAX = 400 };

static const char model[] =
    "venue: {id: f, time_zone: Asia/Shanghai, capacity: 300}\n"
    "roles:\n"
    "  - {id: some, commands: [ack, note, drill]}\n"
    "  - {id: all, commands: all, supervisor: yes}\n"
    "operators:\n"
    "  - {id: li, uid: 1, roles: [some]}\n"
    "  - {id: mo, uid: 2, roles: [all]}\n"
    "zones:\n"
    "  - {id: h, kind: hall, capacity: 100}\n"
    "  - {id: c, kind: cell, parent: h, area_m2: 20}\n"
    "sensors:\n"
    "  - {id: l, class: crowd, counter: level, zone: c, saturates_at: 255}\n"
    "  - {id: d, class: crowd, counter: delta, zone: h}\n"
    "  - {id: t, class: crowd, counter: total, zone: h, wrap: 65536}\n"
    "  - {id: y, class: crowd, counter: daily, zone: h}\n"
    "  - {id: g, class: gate, zone: h, lanes: 4}\n"
    "  - {id: v, class: vehicle_gate, zone: h}\n"
    "  - {id: i, class: light, zone: h}\n"
    "  - {id: m, class: crowd, counter: total, zone: h, device: d1, part: a}\n"
    "  - {id: n, class: crowd, counter: level, zone: c, device: d1}\n"
    "  - {id: o, class: light, zone: h, device: d2}\n"
    "payloads: [{map: one}]\n"
    "--- # payload map one one.yaml\n"
    "payload: one\n"
    "topics: [\"x/{device}\"]\n"
    "retransmission: {at: /again, equals: true}\n"
    "readings:\n"
    "  - {class: crowd, kind: total, device: \"{device}\", part: a, in: /in, out: /out,\n"
    "     time: {at: /t, format: epoch_s}, seq: /s}\n"
    "  - {class: crowd, kind: level, device: \"{device}\", occupancy: {at: /n, from: text}}\n"
    "  - {class: light, device: \"{device}\", partial: yes, lux: /lux, state: {at: /on, words: "
    "{true: on,\n"
    "     false: off}}}\n"
    "status:\n"
    "  - {topics: [\"x/{device}/LWT\"], device: \"{device}\", value: {text: payload}}\n";

struct feed {
    struct core *core;
    struct core_results results;
    uint8_t *body;
    struct log_view view;
};

static void step(struct feed *f, uint16_t type, uint32_t len)
{
    struct error err = {0};
    FUZZ_MUST(len > 0);
    memset(f->body + len, 0, LOG_READ_PADDING_BYTES);
    f->view.seq++;
    f->view.type = type;
    f->view.log_ns += 1000000000;
    f->view.wall_ns = f->view.log_ns;
    f->view.body = f->body;
    f->view.body_len = len;
    core_results_clear(&f->results);
    FUZZ_MUST(core_step(f->core, &f->view, &f->results, &err));
}

static void feed_command(struct feed *f, struct str line)
{
    struct record_command command = {.by = RECORD_COMMAND_LOCAL,
                                     .uid = line.len > 1 ? (uint32_t)(line.at[1] - '0') : 0,
                                     .pid = 1};
    uint32_t lead = line.len < 3 ? line.len : 3, replies = 0;
    command.text = (struct str){line.at + lead, line.len - lead};
    if (command.text.len >= BODY_BYTES - 200)
        return;
    step(f, RECORD_COMMAND, record_command_encode(&command, f->body, BODY_BYTES));
    for (uint32_t i = 0; i < f->results.count; i++)
        replies += f->results.result[i].type == RECORD_REPLY;
    FUZZ_MUST(replies == 1);
}

static void feed_line(struct feed *f, struct str line)
{
    if (line.len == 0) {
        struct record_tick tick = {.connected = true, .messages = f->view.seq};
        step(f, RECORD_TICK, record_tick_encode(&tick, f->body, BODY_BYTES));
        return;
    }
    if (line.at[0] == '!') {
        feed_command(f, line);
        return;
    }
    const char *space = memchr(line.at, ' ', line.len);
    uint32_t topic_len = space ? (uint32_t)(space - line.at) : line.len;
    struct record_mqtt mqtt = {
        .topic = {line.at, topic_len},
        .payload = {space ? space + 1 : line.at, space ? line.len - topic_len - 1 : 0},
        .qos = 1};
    if (topic_len < BODY_BYTES / 2 && mqtt.payload.len < BODY_BYTES / 2 - 200)
        step(f, RECORD_MQTT, record_mqtt_encode(&mqtt, f->body, BODY_BYTES));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err = {0};
    struct feed f = {.core = core_new(&err), .body = malloc(BODY_BYTES + LOG_READ_PADDING_BYTES)};
    FUZZ_MUST(f.core && f.body);
    f.view.epoch = 1;
    f.view.log_ns = 1795000000000000000;
    struct record_model record = {.source = str_of(model), .path = STR_LIT("fuzz.yaml")};
    record.hash = str_hash(record.source);
    step(&f, RECORD_MODEL, record_model_encode(&record, f.body, BODY_BYTES));
    FUZZ_MUST(core_summary(f.core).zones > 0); /* the model is not refused */
    const char *at = (const char *)data, *end = at + size;
    for (uint32_t i = 0; i < MESSAGES_MAX && at < end; i++) {
        const char *line = memchr(at, '\n', (size_t)(end - at));
        line = line ? line : end;
        feed_line(&f, (struct str){at, (uint32_t)(line - at)});
        at = line < end ? line + 1 : end;
    }
    struct core_books b = core_books(f.core);
    FUZZ_MUST(b.received == b.decoded + b.duplicate + b.quarantined + b.ignored_retained);
    core_free(f.core);
    core_results_free(&f.results);
    free(f.body);
    return 0;
}
