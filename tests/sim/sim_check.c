/* What must be so after every run. The readings log, as it is in the end, is the truth: everything
 * else follows from it. */
#include <stdlib.h>
#include <string.h>

#include "processors/core/core.h"
#include "processors/process/outputs.h"
#include "schemas/counters/counters.h"
#include "schemas/log/log_format.h"
#include "tests/sim/sim_broker.h"
#include "tests/sim/sim_check.h"
#include "tests/sim/sim_desk.h"
#include "tests/sim/sim_sensors.h"

/* ---- counting by text ---- */

struct tally_entry {
    uint64_t hash, a, b, c;
    char *text;
};

struct tally {
    struct tally_entry *at;
    size_t count, slots;
};

static struct tally_entry *tally_at(struct tally *t, const char *text)
{
    if (t->count * 2 >= t->slots) {
        struct tally old = *t;
        t->slots = old.slots ? old.slots * 2 : 4096;
        t->at = sim_keep(t->slots * sizeof *t->at);
        for (size_t i = 0; i < old.slots; i++) {
            if (!old.at[i].text)
                continue;
            size_t j = old.at[i].hash % t->slots;
            while (t->at[j].text)
                j = (j + 1) % t->slots;
            t->at[j] = old.at[i];
        }
        sim_keep_free(old.at);
    }
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (const char *c = text; *c; c++)
        hash = (hash ^ (uint8_t)*c) * UINT64_C(0x100000001b3);
    size_t i = hash % t->slots;
    while (t->at[i].text && (t->at[i].hash != hash || strcmp(t->at[i].text, text) != 0))
        i = (i + 1) % t->slots;
    if (!t->at[i].text) {
        size_t n = strlen(text) + 1;
        t->at[i] = (struct tally_entry){.hash = hash, .text = memcpy(sim_keep(n), text, n)};
        t->count++;
    }
    return &t->at[i];
}

static void tally_free(struct tally *t)
{
    for (size_t i = 0; i < t->slots; i++)
        sim_keep_free(t->at[i].text);
    sim_keep_free(t->at);
}

/* ---- logs ---- */

static void check_log(enum sim_log log)
{
    const char *name = sim_log_names[log];
    char dir[64];
    struct log_check check;
    struct error err = {0};
    (void)snprintf(dir, sizeof dir, "%s/%s", SIM_STATE, name);
    if (!log_verify(dir, NULL, NULL, &check, &err))
        sim_fail("log verify %s: %s", name, err.where);
    (void)sim_tap_read(log, UINT64_MAX);
}

/* ---- the broker's books: each acknowledged message is there, once for each time it was handed
 * over at most ---- */

static void message_key(char *out, size_t cap, struct str topic, struct str payload)
{
    (void)snprintf(out, cap, "%.*s %.*s", (int)topic.len, topic.at, (int)payload.len, payload.at);
}

/* a: handed over; b: acknowledged and not to be lost; c: in the log. */
static void check_messages(const struct sim_broker *broker, struct tally *t)
{
    char key[SIM_TOPIC_BYTES + SIM_PAYLOAD_BYTES + 8];
    for (size_t i = 0; i < broker->count; i++) {
        const struct sim_message *m = &broker->messages[i];
        if (m->own)
            continue;
        message_key(key, sizeof key, str_of(m->topic), str_of(m->payload));
        struct tally_entry *e = tally_at(t, key);
        e->a += m->handed;
        e->b += m->acked && !m->forgiven;
    }
    for (size_t i = 0; i < t->slots; i++) {
        const struct tally_entry *e = &t->at[i];
        if (!e->text)
            continue;
        if (e->c < e->b && !sim->rotten)
            sim_fail("acknowledged, but not in the log: %s", e->text);
        if (e->c > e->a)
            sim_fail("%llu times in the log, %llu times handed over: %s", (unsigned long long)e->c,
                     (unsigned long long)e->a, e->text);
    }
}

/* ---- commands: what was answered is in the log ---- */

static bool holds(const struct sim_tap *tap, const struct sim_command *c)
{
    for (size_t i = tap->count; i > 0 && tap->views[i - 1].seq >= c->seq; i--) {
        const struct log_view *view = &tap->views[i - 1];
        if (view->seq == c->seq)
            return view->type == RECORD_COMMAND &&
                   memmem(view->body, view->body_len, c->line, strlen(c->line)) != NULL;
    }
    return false;
}

static void check_commands(void)
{
    /* What a bit took from behind the last mark looks like a torn end. */
    for (uint32_t i = 0; i < sim->desk->next && !sim->restored && !sim->rotten; i++)
        if (!holds(&sim->tap[SIM_READINGS], &sim->desk->commands[i]))
            sim_fail("command answered with %llu, but not there: %s",
                     (unsigned long long)sim->desk->commands[i].seq, sim->desk->commands[i].line);
}

/* ---- results ---- */

struct results_log {
    enum sim_log log;
    size_t at;                   /* in the tap */
    const struct log_view *view; /* NULL: no more */
};

static void advance(struct results_log *log)
{
    const struct sim_tap *tap = &sim->tap[log->log];
    /* process's own results, of its eras, come from no input */
    do
        log->view = log->at < tap->count ? &tap->views[log->at++] : NULL;
    while (log->view && result_origin_decode(log->view->body).index >= OUTPUTS_OWN_INDEX);
}

static void check_result(struct results_log *log, const struct log_view *input,
                         const struct core_results *results, uint32_t i)
{
    const struct core_result *want = &results->result[i];
    const struct log_view *have = log->view;
    const char *name = sim_log_names[log->log];
    if (!have) {
        sim_fail("%s: result %u of input %llu is missing", name, i, (unsigned long long)input->seq);
        return;
    }
    struct result_origin origin = result_origin_decode(have->body);
    if (origin.input_seq != input->seq || origin.index != i)
        sim_fail("%s: result %u of input %llu is wanted, that of %llu/%u is there", name, i,
                 (unsigned long long)input->seq, (unsigned long long)origin.input_seq,
                 origin.index);
    else if (have->type != want->type || have->log_ns != input->log_ns ||
             have->body_len != want->len ||
             memcmp(have->body, results->bytes + want->offset, want->len) != 0)
        sim_fail("%s: result %u of input %llu is not what the readings give", name, i,
                 (unsigned long long)input->seq);
    advance(log);
}

/* How often the log's sequences skipped ahead; it remembers LOG_SKIPS_KEPT times. */
static uint32_t skips_of(const struct sim_tap *tap)
{
    uint32_t skips = 0;
    uint64_t last_seq = 0;
    for (size_t i = 0; i < tap->count; last_seq = tap->views[i++].seq)
        skips += tap->views[i].seq > last_seq + 1;
    return skips;
}

/* The books of process, and what it said of them. */
static void check_books(const struct core *core, uint64_t messages)
{
    struct core_books b = core_books(core);
    struct counters *c = NULL;
    struct error err = {0};
    if (b.received != messages ||
        b.received != b.decoded + b.duplicate + b.quarantined + b.ignored_retained)
        sim_fail("books: %llu messages, received %llu = %llu + %llu + %llu + %llu",
                 (unsigned long long)messages, (unsigned long long)b.received,
                 (unsigned long long)b.decoded, (unsigned long long)b.duplicate,
                 (unsigned long long)b.quarantined, (unsigned long long)b.ignored_retained);
    if (!counters_open_reader(SIM_STATE, &c, &err)) {
        sim_fail("counters: %s", err.where);
        return;
    }
    const struct {
        enum counter counter;
        uint64_t value;
    } said[] = {
        {COUNTER_PROCESS_RECEIVED, b.received},
        {COUNTER_PROCESS_DECODED, b.decoded},
        {COUNTER_PROCESS_DUPLICATE, b.duplicate},
        {COUNTER_PROCESS_QUARANTINED, b.quarantined},
        {COUNTER_PROCESS_IGNORED_RETAINED, b.ignored_retained},
    };
    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++)
        if (counters_get(c, said[i].counter) != said[i].value)
            sim_fail("books: process says %s %llu, it is %llu",
                     counter_info_of(said[i].counter)->name,
                     (unsigned long long)counters_get(c, said[i].counter),
                     (unsigned long long)said[i].value);
#define SINK(sink, log)                                                                            \
    {                                                                                              \
        COUNTER_##sink##_##log##_SEQ, COUNTER_##sink##_##log##_DELIVERED,                          \
            COUNTER_##sink##_##log##_REJECTED, COUNTER_##sink##_##log##_SKIPPED,                   \
            COUNTER_##sink##_##log##_LOST, COUNTER_##sink##_##log##_UNCOUNTED                      \
    }
    static const enum counter sinks[][6] = {SINK(KAFKA, ALERTS), SINK(KAFKA, BULK),
                                            SINK(SERIES, ALERTS), SINK(SERIES, BULK)};
#undef SINK
    for (size_t i = 0; i < 4; i++) {
        uint64_t sum = 0;
        for (int k = 1; k < 6; k++)
            sum += counters_get(c, sinks[i][k]);
        if (counters_get(c, sinks[i][4]) >= LOG_SEQ_SKIP &&
            skips_of(&sim->tap[i % 2 ? SIM_BULK : SIM_ALERTS]) <= LOG_SKIPS_KEPT)
            sim_fail("books: %s %llu: sequences that were skipped are not lost",
                     counter_info_of(sinks[i][4])->name,
                     (unsigned long long)counters_get(c, sinks[i][4]));
        if (sum != counters_get(c, sinks[i][0]))
            sim_fail("books: %s %llu, delivered, rejected, skipped, lost and uncounted %llu",
                     counter_info_of(sinks[i][0])->name,
                     (unsigned long long)counters_get(c, sinks[i][0]), (unsigned long long)sum);
    }
    counters_close(c);
}

/* One input through a core that nothing ever happened to. */
static void check_input(struct core *core, const struct log_view *view,
                        struct core_results *results, struct results_log logs[OUTPUT_COUNT])
{
    struct error err = {0};
    core_results_clear(results);
    if (!core_step(core, view, results, &err))
        sim_fail("input %llu: %s", (unsigned long long)view->seq, err.where);
    for (uint32_t i = 0; i < results->count && sim->report.ok; i++)
        check_result(&logs[output_of(results->result[i].type)], view, results, i);
    sim->report.results += results->count;
}

static void check_results(void)
{
    const struct sim_tap *readings = &sim->tap[SIM_READINGS];
    struct results_log logs[OUTPUT_COUNT] = {
        [OUTPUT_ALERTS] = {.log = SIM_ALERTS}, [OUTPUT_BULK] = {.log = SIM_BULK}};
    struct error err = {0};
    struct core *core = core_new(&err);
    struct core_results results = {0};
    struct tally messages = {0};
    uint64_t count = 0;
    for (int o = 0; o < OUTPUT_COUNT; o++)
        advance(&logs[o]);
    for (size_t i = 0; i < readings->count && sim->report.ok; i++) {
        char key[SIM_TOPIC_BYTES + SIM_PAYLOAD_BYTES + 8];
        const struct log_view *view = &readings->views[i];
        struct record_mqtt mqtt;
        if (i && view->log_ns < readings->views[i - 1].log_ns)
            sim_fail("log time falls at %llu", (unsigned long long)view->seq);
        if (view->type == RECORD_MQTT &&
            record_mqtt_decode(view->body, view->body_len, &mqtt, &err)) {
            message_key(key, sizeof key, mqtt.topic, mqtt.payload);
            tally_at(&messages, key)->c++;
            count++;
        }
        check_input(core, view, &results, logs);
    }
    for (int o = 0; o < OUTPUT_COUNT && sim->report.ok; o++)
        if (logs[o].view)
            sim_fail("%s: result %llu has no input", sim_log_names[logs[o].log],
                     (unsigned long long)logs[o].view->seq);
    if (sim->report.ok) {
        check_messages(sim->broker, &messages);
        check_books(core, count);
    }
    tally_free(&messages);
    core_results_free(&results);
    core_free(core);
}

/* ---- what the results say ---- */

struct told {
    struct tally alerts;   /* a: the last number of an alert */
    struct tally commands; /* a: how often a nonce was obeyed */
    struct tally readings; /* a: how often sensor and seq count */
    char version[32];      /* of the last era */
    char zones[8][16];
    bool known[8];
    int zone_count;
};

static void zone_known(struct told *told, struct str zone, bool known)
{
    int i = 0;
    while (i < told->zone_count && !str_is(zone, told->zones[i]))
        i++;
    if (i == 8)
        return;
    if (i == told->zone_count)
        (void)snprintf(told->zones[told->zone_count++], 16, "%.*s", (int)zone.len, zone.at);
    told->known[i] = known;
}

static void look_at(struct told *told, const struct log_view *view)
{
    char key[256];
    struct result_origin origin;
    union result_any any;
    struct error err = {0};
    if (!result_decode(view->type, view->body, view->body_len, &origin, &any, &err)) {
        sim_fail("result %llu: %s", (unsigned long long)view->seq, err.where);
        return;
    }
    if (view->type == RECORD_ALERT) {
        (void)snprintf(key, sizeof key, STR_FMT, STR_ARG(any.alert.id));
        struct tally_entry *e = tally_at(&told->alerts, key);
        if ((uint64_t)any.alert.n != e->a + 1)
            sim_fail("alert %s: number %lld comes after %llu", key, (long long)any.alert.n,
                     (unsigned long long)e->a);
        e->a = (uint64_t)any.alert.n;
    } else if (view->type == RECORD_READING && any.reading.seq > 0) {
        (void)snprintf(key, sizeof key, STR_FMT " " STR_FMT " %lld", STR_ARG(any.reading.sensor),
                       STR_ARG(any.reading.status), (long long)any.reading.seq);
        if (++tally_at(&told->readings, key)->a > 1)
            sim_fail("a repeat counts: %s", key);
    } else if (view->type == RECORD_REPLY && any.reply.ok == 1) {
        (void)snprintf(key, sizeof key, STR_FMT, STR_ARG(any.reply.nonce));
        if (++tally_at(&told->commands, key)->a > 1)
            sim_fail("a command is obeyed twice: %s", key);
    } else if (view->type == RECORD_ZONE && str_is(any.zone.status, "Actual")) {
        zone_known(told, any.zone.zone, any.zone.known == 1);
    }
}

static void check_told(void)
{
    struct told told = {0};
    for (int log = SIM_ALERTS; log < SIM_LOGS; log++)
        for (size_t i = 0; i < sim->tap[log].count && sim->report.ok; i++)
            look_at(&told, &sim->tap[log].views[i]);
    for (int i = 0; i < told.zone_count && sim->report.ok; i++) {
        bool mute = strcmp(told.zones[i], "h3") == 0; /* the zone of SIM_SENSOR_MUTE */
        if (told.known[i] == mute)
            sim_fail("zone %s is %s in the end", told.zones[i],
                     mute ? "known, though its sensor is silent"
                          : "unknown, though its sensors speak");
    }
    tally_free(&told.commands);
    tally_free(&told.alerts);
    tally_free(&told.readings);
}

void sim_check(void)
{
    for (int log = 0; log < SIM_LOGS && sim->report.ok; log++)
        check_log((enum sim_log)log);
    if (sim->report.ok)
        check_results();
    if (sim->report.ok)
        check_commands();
    if (sim->report.ok)
        check_told();
    for (int log = SIM_ALERTS; log < SIM_LOGS && sim->report.ok; log++)
        sim_check_kafka((enum sim_log)log);
    if (sim->report.ok)
        sim_check_store();
    if (sim->report.ok)
        sim_check_pages();
}
