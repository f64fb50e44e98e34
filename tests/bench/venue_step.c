/*
 * venue_step: how fast one core turns MQTT records into results: JSON decoding, the step, and the
 * results' encoding, without logs and servers.
 *
 *     venue_step [--sensors 10000] [--zones 500] [--readings 3000000] [--rate 20000]
 *
 * --rate: readings per second of log time; a tick comes every second. Prints one JSON object:
 * readings per second and ns per reading.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "processors/core/ahead.h"
#include "processors/core/core.h"
#include "schemas/record/record.h"

enum {
    NS_PER_S = 1000000000,
    BODY_BYTES = 512,
    LOG_RECORD_BYTES = 48 /* header of a record in a log */,
    CLEAR_EVERY = 256
};

struct options {
    uint32_t sensors, zones;
    uint64_t readings, rate;
};

/* Records are made before the clock starts, one per sensor and round; log time and seq are patched
 * in while it runs. */
struct bodies {
    uint8_t *at;
    uint32_t *len;
    uint32_t count;
};

static void fail(const char *what)
{
    fprintf(stderr, "venue_step: %s\n", what);
    exit(1);
}

/* Halls of 20 cells, half of the sensors level counters in cells, a third delta counters between
 * cells and halls, the rest gates. */
static char *venue_make(const struct options *o)
{
    size_t cap = 4096 + 256 * ((size_t)o->sensors + o->zones);
    char *yaml = malloc(cap);
    if (!yaml)
        fail("no memory");
    struct text t = text_over(yaml, cap - 1);
    text_add(&t, "venue: {id: bench, capacity: 200000}\nzones:\n");
    for (uint32_t z = 0; z < o->zones; z++) {
        char line[160];
        if (z % 20 == 0)
            snprintf(line, sizeof line,
                     "  - {id: z%u, kind: hall, capacity: 10000, area_m2: 10000}\n", z);
        else
            snprintf(line, sizeof line, "  - {id: z%u, kind: cell, parent: z%u, area_m2: 25}\n", z,
                     z - z % 20);
        text_add(&t, line);
    }
    text_add(&t, "sensors:\n");
    for (uint32_t s = 0; s < o->sensors; s++) {
        char line[160];
        uint32_t z = s % o->zones, hall = z - z % 20;
        if (z == hall)
            snprintf(line, sizeof line, "  - {id: sensor-%u, class: gate, zone: z%u, lanes: 4}\n",
                     s, hall);
        else if (z % 3 == 0)
            snprintf(line, sizeof line,
                     "  - {id: sensor-%u, class: crowd, counter: delta, zone: z%u, outside: z%u}\n",
                     s, z, hall + (z % 20 == 1 ? 2 : 1));
        else
            snprintf(line, sizeof line,
                     "  - {id: sensor-%u, class: crowd, counter: level, zone: z%u}\n", s, z);
        text_add(&t, line);
    }
    if (t.overflow)
        fail("venue too large");
    yaml[t.len] = '\0';
    return yaml;
}

static void step(struct core *core, unsigned type, uint64_t seq, int64_t log_ns,
                 const uint8_t *body, uint32_t len, struct core_results *results)
{
    struct error err = {0};
    struct log_view view = {.seq = seq,
                            .epoch = 1,
                            .type = (uint16_t)type,
                            .log_ns = log_ns,
                            .wall_ns = log_ns,
                            .body = body,
                            .body_len = len};
    if (!core_step(core, &view, results, &err))
        fail(err.where);
}

static uint32_t body_make(const struct options *o, uint32_t s, uint64_t n, int64_t ts_ms,
                          uint8_t *to)
{
    char topic[64], payload[192];
    uint32_t z = s % o->zones;
    const char *class = z % 20 == 0 ? "gate" : "crowd";
    snprintf(topic, sizeof topic, "crowdtide/bench/%s/sensor-%u", class, s);
    if (z % 20 == 0)
        snprintf(
            payload, sizeof payload,
            "{\"ts\":%lld,\"seq\":%llu,\"lane\":\"%llu\",\"event\":\"pass\",\"direction\":\"%s\"}",
            (long long)ts_ms, (unsigned long long)n, (unsigned long long)n % 4,
            n % 2 ? "in" : "out");
    else if (z % 3 == 0)
        snprintf(payload, sizeof payload, "{\"ts\":%lld,\"seq\":%llu,\"in\":%llu,\"out\":%llu}",
                 (long long)ts_ms, (unsigned long long)n, (unsigned long long)n % 5,
                 (unsigned long long)(n + 2) % 5);
    else
        snprintf(payload, sizeof payload, "{\"ts\":%lld,\"seq\":%llu,\"occupancy\":%llu}",
                 (long long)ts_ms, (unsigned long long)n, (unsigned long long)(n + s) % 12);
    struct record_mqtt mqtt = {.topic = str_of(topic), .payload = str_of(payload), .qos = 1};
    return record_mqtt_encode(&mqtt, to, BODY_BYTES - LOG_READ_PADDING_BYTES);
}

static int64_t cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

static void options_read(int argc, char **argv, struct options *o)
{
    for (int i = 1; i + 1 < argc; i += 2) {
        uint64_t v = strtoull(argv[i + 1], NULL, 10);
        if (strcmp(argv[i], "--sensors") == 0)
            o->sensors = (uint32_t)v;
        else if (strcmp(argv[i], "--zones") == 0)
            o->zones = (uint32_t)v;
        else if (strcmp(argv[i], "--readings") == 0)
            o->readings = v;
        else if (strcmp(argv[i], "--rate") == 0)
            o->rate = v;
        else
            fail("unknown option");
    }
    if (o->sensors == 0 || o->zones == 0 || o->rate == 0)
        fail("--sensors, --zones and --rate must be above 0");
}

int main(int argc, char **argv)
{
    struct options o = {.sensors = 10000, .zones = 500, .readings = 3000000, .rate = 20000};
    options_read(argc, argv, &o);
    struct error err = {0};
    struct core *core = core_new(&err);
    struct core_results results = {0};
    char *yaml = venue_make(&o);
    size_t model_cap = strlen(yaml) + 256;
    uint8_t *model_body = malloc(model_cap + LOG_READ_PADDING_BYTES);
    enum { AHEAD = 65536 }; /* records made at a time, outside of the measured time */
    /* One behind the other, as in a log. */
    uint8_t *bodies = calloc(AHEAD + 1, BODY_BYTES);
    uint32_t *lens = calloc(AHEAD, sizeof *lens), *places = calloc(AHEAD, sizeof *places);
    if (!core || !model_body || !bodies || !lens || !places)
        fail("no memory");
    struct record_model model = {.source = str_of(yaml), .hash = str_hash(str_of(yaml))};
    const int64_t start_ns = INT64_C(1795424400) * NS_PER_S;
    uint64_t seq = 1, done = 0, result_count = 0, bytes = 0;
    int64_t spent_ns = 0;
    step(core, RECORD_MODEL, seq++, start_ns, model_body,
         record_model_encode(&model, model_body, model_cap), &results);
    uint8_t tick_body[64 + LOG_READ_PADDING_BYTES] = {0};
    struct record_tick tick = {.connected = true};
    uint32_t tick_len = record_tick_encode(&tick, tick_body, 64);
    int64_t ticked_s = start_ns / NS_PER_S;
    while (done < o.readings) {
        uint32_t batch = o.readings - done < AHEAD ? (uint32_t)(o.readings - done) : AHEAD;
        uint32_t place = 0;
        for (uint32_t i = 0; i < batch; i++) {
            int64_t log_ns = start_ns + (int64_t)((done + i) * NS_PER_S / o.rate);
            /* A stride that shares no factor with the number of sensors: they come in no order. */
            uint32_t s = (uint32_t)((done + i) * 7919 % o.sensors);
            lens[i] =
                body_make(&o, s, (done + i) / o.sensors + 2, log_ns / 1000000, bodies + place);
            places[i] = place;
            place += (lens[i] + LOG_RECORD_BYTES + 7) & ~7u;
        }
        int64_t from_ns = cpu_ns();
        for (uint32_t i = 0; i < batch; i++) {
            int64_t log_ns = start_ns + (int64_t)((done + i) * NS_PER_S / o.rate);
            if (log_ns / NS_PER_S > ticked_s) {
                ticked_s = log_ns / NS_PER_S;
                step(core, RECORD_TICK, seq++, log_ns, tick_body, tick_len, &results);
            }
            uint32_t coming = i + AHEAD_RECORDS < batch ? i + AHEAD_RECORDS : i;
            struct log_view next = {
                .type = RECORD_MQTT, .body = bodies + places[coming], .body_len = lens[coming]};
            core_ahead(core, &next);
            step(core, RECORD_MQTT, seq++, log_ns, bodies + places[i], lens[i], &results);
            if (i % CLEAR_EVERY == 0) {
                result_count += results.count;
                bytes += results.len;
                core_results_clear(&results);
            }
        }
        spent_ns += cpu_ns() - from_ns;
        done += batch;
    }
    result_count += results.count;
    bytes += results.len;
    struct core_books books = core_books(core);
    printf("{\"sensors\":%u,\"zones\":%u,\"readings\":%llu,\"decoded\":%llu,\"results\":%llu,"
           "\"result_bytes\":%llu,\"readings_per_s\":%.0f,\"ns_per_reading\":%.1f}\n",
           o.sensors, o.zones, (unsigned long long)done, (unsigned long long)books.decoded,
           (unsigned long long)result_count, (unsigned long long)bytes,
           (double)done * NS_PER_S / (double)spent_ns, (double)spent_ns / (double)done);
    free(yaml);
    free(model_body);
    free(bodies);
    free(lens);
    free(places);
    core_results_free(&results);
    core_free(core);
    return 0;
}
