/*
 * venue_step: how fast one core turns MQTT records into results: JSON decoding, the step, and the
 * results' encoding, without logs and servers.
 *
 *     venue_step [--sensors 10000] [--zones 500] [--readings 3000000] [--rate 20000]
 *                [--window 10] [--long-bucket 10]
 *
 * --rate: readings per second of log time; a tick comes every second.
 * --window: seconds of log time that pass before the clock starts. The core keeps all of its
 * windows (10 s to 15 min) for every zone whatever anybody asks for; what differs is how much of
 * them is full. After 10 s the shortest are, after 900 all: the state that a venue is in for the
 * rest of its day. What comes before is start-up: every sensor's first message, memory touched for
 * the first time. It is printed too, but is no part of the other figures.
 * --long-bucket: seconds of a bucket of the two long windows: 1 makes the longest 900 buckets.
 *
 * Prints one JSON object: readings per second; ns per reading, how much of that was spent at second
 * boundaries, and before the clock started; page faults while it ran.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
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
    uint32_t sensors, zones, long_bucket_s;
    uint64_t readings, rate, window_s;
};

struct spent {
    int64_t ns, boundary_ns; /* the one holds the other */
};

enum { AHEAD = 65536 }; /* records made at a time, outside of the measured time */
struct bench {
    struct options options;
    struct core *core;
    struct core_results results;
    uint64_t seq, done, result_count, result_bytes;
    int64_t start_ns, ticked_s; /* log time */
    /* AHEAD records, one behind the other, as in a log. */
    uint8_t *bodies;
    uint32_t *lens, *places;
    uint8_t tick[64 + LOG_READ_PADDING_BYTES];
    uint32_t tick_len;
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
    text_add(&t, "venue: {id: bench, capacity: 200000}\nsettings: {long_bucket_s: ");
    text_add_u64(&t, o->long_bucket_s);
    text_add(&t, "}\nzones:\n");
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

static void step(struct bench *b, unsigned type, int64_t log_ns, const uint8_t *body, uint32_t len)
{
    struct error err = {0};
    struct log_view view = {.seq = b->seq++,
                            .epoch = 1,
                            .type = (uint16_t)type,
                            .log_ns = log_ns,
                            .wall_ns = log_ns,
                            .body = body,
                            .body_len = len};
    if (!core_step(b->core, &view, &b->results, &err))
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
        else if (strcmp(argv[i], "--window") == 0)
            o->window_s = v;
        else if (strcmp(argv[i], "--long-bucket") == 0)
            o->long_bucket_s = (uint32_t)v;
        else
            fail("unknown option");
    }
    if (o->sensors == 0 || o->zones == 0 || o->rate == 0 || o->readings == 0)
        fail("--sensors, --zones, --readings and --rate must be above 0");
}

static int64_t log_ns_of(const struct bench *b, uint64_t reading)
{
    return b->start_ns + (int64_t)(reading * NS_PER_S / b->options.rate);
}

static void bodies_make(struct bench *b, uint32_t count)
{
    uint32_t place = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t n = b->done + i;
        /* A stride that shares no factor with the number of sensors: they come in no order. */
        uint32_t s = (uint32_t)(n * 7919 % b->options.sensors);
        b->lens[i] = body_make(&b->options, s, n / b->options.sensors + 2,
                               log_ns_of(b, n) / 1000000, b->bodies + place);
        b->places[i] = place;
        place += (b->lens[i] + LOG_RECORD_BYTES + 7) & ~7u;
    }
}

static void boundary(struct bench *b, int64_t log_ns, struct spent *spent)
{
    if (log_ns / NS_PER_S <= b->ticked_s)
        return;
    int64_t from_ns = cpu_ns();
    b->ticked_s = log_ns / NS_PER_S;
    step(b, RECORD_TICK, log_ns, b->tick, b->tick_len);
    spent->boundary_ns += cpu_ns() - from_ns;
}

static void results_count(struct bench *b)
{
    b->result_count += b->results.count;
    b->result_bytes += b->results.len;
    core_results_clear(&b->results);
}

static void bodies_step(struct bench *b, uint32_t count, struct spent *spent)
{
    int64_t from_ns = cpu_ns();
    for (uint32_t i = 0; i < count; i++) {
        int64_t log_ns = log_ns_of(b, b->done + i);
        boundary(b, log_ns, spent);
        uint32_t coming = i + AHEAD_RECORDS < count ? i + AHEAD_RECORDS : i;
        struct log_view next = {.type = RECORD_MQTT,
                                .body = b->bodies + b->places[coming],
                                .body_len = b->lens[coming]};
        core_ahead(b->core, &next);
        step(b, RECORD_MQTT, log_ns, b->bodies + b->places[i], b->lens[i]);
        if (i % CLEAR_EVERY == 0)
            results_count(b);
    }
    spent->ns += cpu_ns() - from_ns;
}

static struct spent run(struct bench *b, uint64_t readings)
{
    struct spent spent = {0};
    for (uint64_t left = readings; left;) {
        uint32_t count = left < AHEAD ? (uint32_t)left : AHEAD;
        bodies_make(b, count);
        bodies_step(b, count, &spent);
        b->done += count;
        left -= count;
    }
    results_count(b);
    return spent;
}

static void begin(struct bench *b)
{
    struct error err = {0};
    char *yaml = venue_make(&b->options);
    size_t model_cap = strlen(yaml) + 256;
    uint8_t *model_body = malloc(model_cap + LOG_READ_PADDING_BYTES);
    b->core = core_new(&err);
    b->bodies = calloc(AHEAD + 1, BODY_BYTES);
    b->lens = calloc(AHEAD, sizeof *b->lens);
    b->places = calloc(AHEAD, sizeof *b->places);
    if (!b->core || !model_body || !b->bodies || !b->lens || !b->places)
        fail("no memory");
    b->start_ns = INT64_C(1795424400) * NS_PER_S;
    b->ticked_s = b->start_ns / NS_PER_S;
    b->seq = 1;
    struct record_tick tick = {.connected = true};
    b->tick_len = record_tick_encode(&tick, b->tick, 64);
    struct record_model model = {.source = str_of(yaml), .hash = str_hash(str_of(yaml))};
    step(b, RECORD_MODEL, b->start_ns, model_body,
         record_model_encode(&model, model_body, model_cap));
    free(yaml);
    free(model_body);
}

static void end(struct bench *b)
{
    free(b->bodies);
    free(b->lens);
    free(b->places);
    core_results_free(&b->results);
    core_free(b->core);
}

static long page_faults(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_minflt;
}

int main(int argc, char **argv)
{
    struct bench b = {.options = {.sensors = 10000,
                                  .zones = 500,
                                  .readings = 3000000,
                                  .rate = 20000,
                                  .window_s = 10,
                                  .long_bucket_s = 10}};
    const struct options *o = &b.options;
    options_read(argc, argv, &b.options);
    begin(&b);
    uint64_t before = o->window_s * o->rate;
    struct spent start = run(&b, before);
    uint64_t results = b.result_count, bytes = b.result_bytes;
    long faults = page_faults();
    struct spent spent = run(&b, o->readings);
    faults = page_faults() - faults;
    double readings = (double)o->readings;
    printf("{\"sensors\":%u,\"zones\":%u,\"window_s\":%llu,\"readings\":%llu,\"decoded\":%llu,"
           "\"results\":%llu,\"result_bytes\":%llu,\"page_faults\":%ld,\"readings_per_s\":%.0f,"
           "\"ns_per_reading\":%.1f,\"of_it_at_boundaries\":%.1f,\"ns_before\":%.1f}\n",
           o->sensors, o->zones, (unsigned long long)o->window_s, (unsigned long long)o->readings,
           (unsigned long long)(core_books(b.core).decoded - before),
           (unsigned long long)(b.result_count - results),
           (unsigned long long)(b.result_bytes - bytes), faults,
           readings * NS_PER_S / (double)spent.ns, (double)spent.ns / readings,
           (double)spent.boundary_ns / readings, before ? (double)start.ns / (double)before : 0.0);
    end(&b);
    return 0;
}
