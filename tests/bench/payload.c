/*
 * payload: what it costs to decode a message. For each map, over those of its samples that are
 * JSON: ns a message for finding the map and decoding by it, beside simdjson's DOM parse of the
 * same bytes alone. For the canonical payloads, which need no map: reading_parse likewise. One JSON
 * line each.
 *
 *     payload [--rounds N] MAP.yaml…
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "processors/core/reading.h"
#include "schemas/base/clock.h"
#include "schemas/payload/payload_decode.h"

enum {
    ROUND_MESSAGES = 1000,
    SAMPLES_MAX = PAYLOAD_SAMPLES_MAX,
    PLACES = 31,
    PAD_BYTES_MIN = 1 << 20,
};

struct bench {
    struct json_parser *parser;
    struct payload_decoder *decoder;
    struct payload_maps *maps;
    const struct payload_map *map; /* that is measured */
    uint32_t rounds;
    uint64_t sum; /* of all results, so that none is left out */
    struct result_reading cleared;
    uint32_t random;
    uint16_t order[ROUND_MESSAGES]; /* of this round's messages */
};

/* What is measured, once. */
typedef uint64_t (*work_fn)(struct bench *b, const struct payload_message *message);

static uint64_t work_dom(struct bench *b, const struct payload_message *m)
{
    struct json_document document;
    return json_parse_document(b->parser, (const uint8_t *)m->payload.at, m->payload.len,
                               &document);
}

static uint64_t work_find(struct bench *b, const struct payload_message *m)
{
    return payload_maps_find(b->maps, m->topic) != NULL;
}

static uint64_t work_decode(struct bench *b, const struct payload_message *m)
{
    struct payload_outcome outcome;
    payload_decode(b->decoder, b->maps, b->map, m, &outcome);
    return outcome.count;
}

static uint64_t work_canonical(struct bench *b, const struct payload_message *m)
{
    static const struct venue_sensor sensor = {.class = SENSOR_CROWD, .kind = COUNTER_TOTAL};
    struct result_reading reading = b->cleared; /* as the core does */
    struct refusal refusal;
    return reading_parse(b->parser, TOPIC_CROWD, &sensor, m->payload, &reading, &refusal);
}

static uint32_t next_random(struct bench *b, uint32_t below)
{
    b->random = b->random * 1664525 + 1013904223;
    return (b->random >> 8) % below;
}

/* An order of messages, each as often as the others. Messages come in no order, as they do in life:
 * a few in a circle, or the same thousand in every round, and the processor learns them by heart,
 * those of the shortest work best. */
static void order_shuffle(struct bench *b, uint32_t n)
{
    for (uint32_t i = 0; i < ROUND_MESSAGES; i++)
        b->order[i] = (uint16_t)(i % n);
    for (uint32_t i = ROUND_MESSAGES - 1; i > 0; i--) {
        uint32_t other = next_random(b, i + 1);
        uint16_t kept = b->order[i];
        b->order[i] = b->order[other];
        b->order[other] = kept;
    }
}

/* ns a message, of one round. */
static double round_ns(struct bench *b, work_fn work, const struct payload_message *messages)
{
    int64_t start = clock_boot_ns();
    for (uint32_t i = 0; i < ROUND_MESSAGES; i++)
        b->sum += work(b, &messages[b->order[i]]);
    return (double)(clock_boot_ns() - start) / ROUND_MESSAGES;
}

/* Parser and decoder anew, elsewhere in memory than before. */
static void place_anew(struct bench *b)
{
    void *pad = malloc(PAD_BYTES_MIN + (size_t)64 * next_random(b, PAD_BYTES_MIN / 64));
    payload_decoder_free(b->decoder);
    json_parser_free(b->parser);
    b->parser = json_parser_new(PAYLOAD_DOCUMENT_BYTES_MAX);
    void *between = malloc(PAD_BYTES_MIN + (size_t)64 * next_random(b, PAD_BYTES_MIN / 64));
    b->decoder = payload_decoder_new();
    if (!pad || !between || !b->parser || !b->decoder)
        exit(1);
    free(pad);
    free(between);
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* In each place the best of many short rounds, the works by turns: what else the machine does costs
 * time, never saves it, and none of them should have the quiet moments alone. Of the places the
 * median: where memory lies makes a tenth, by lines of it that the cache cannot hold together. */
static void compare(struct bench *b, const char *name, work_fn decode,
                    const struct payload_message *messages, uint32_t n)
{
    const work_fn works[] = {work_dom, decode, work_find};
    double best[3][PLACES], ns[3];
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < n; i++)
        bytes += messages[i].payload.len;
    for (uint32_t place = 0; place < PLACES; place++) {
        place_anew(b);
        for (uint32_t w = 0; w < 3; w++)
            best[w][place] = 1e18;
        for (uint32_t round = 0; round < b->rounds; round++)
            for (uint32_t w = 0; w < (b->map ? 3 : 2); w++) {
                order_shuffle(b, n);
                double took = round_ns(b, works[w], messages);
                best[w][place] = took < best[w][place] ? took : best[w][place];
            }
    }
    for (uint32_t w = 0; w < 3; w++) {
        qsort(best[w], PLACES, sizeof best[w][0], by_size);
        ns[w] = best[w][PLACES / 2];
    }
    printf("{\"payload\":\"%s\",\"samples\":%u,\"bytes\":%.0f,\"dom_ns\":%.0f,"
           "\"decode_ns\":%.0f,\"ratio\":%.2f",
           name, n, (double)bytes / n, ns[0], ns[1], ns[1] / ns[0]);
    if (b->map)
        printf(",\"find_ns\":%.0f", ns[2]);
    printf("}\n");
}

/* A copy with readable bytes behind it. */
static struct str padded(struct str payload)
{
    char *copy = calloc(1, payload.len + JSON_PADDING_BYTES);
    if (!copy)
        exit(1);
    if (payload.len)
        memcpy(copy, payload.at, payload.len);
    return (struct str){copy, payload.len};
}

static char *file_read(const char *path)
{
    FILE *file = fopen(path, "rb");
    char *text = calloc(1, PAYLOAD_MAP_BYTES_MAX + 1);
    if (!file || !text || fread(text, 1, PAYLOAD_MAP_BYTES_MAX, file) == 0) {
        fprintf(stderr, "payload: %s: cannot be read\n", path);
        exit(1);
    }
    (void)fclose(file);
    return text;
}

static void map_add(struct bench *b, const char *path)
{
    static struct problems problems;
    struct payload_map *map = NULL;
    struct error err = {0};
    char *text = file_read(path);
    if (!payload_map_parse(str_of(text), &map, &problems) ||
        !payload_maps_add(b->maps, map, NULL, 0, &err)) {
        fprintf(stderr, "payload: %s: %s%s\n", path, problems.count ? problems.problem[0].text : "",
                err.where);
        exit(1);
    }
    free(text);
}

static void map_measure(struct bench *b, const struct payload_map *map)
{
    struct payload_message message[SAMPLES_MAX];
    const struct payload_sample *sample;
    uint32_t n = 0;
    for (uint32_t i = 0; (sample = payload_map_sample(map, i)); i++) {
        struct json_document unused;
        struct payload_message m = {.topic = sample->topic,
                                    .payload = padded(sample->payload),
                                    .content_type = sample->content_type,
                                    .received_ms = sample->received_ms,
                                    .utc_offset_s = sample->utc_offset_s};
        if (json_parse_document(b->parser, (const uint8_t *)m.payload.at, m.payload.len, &unused) ==
            JSON_OK)
            message[n++] = m;
        else
            free((char *)(uintptr_t)m.payload.at);
    }
    b->map = map;
    if (n)
        compare(b, payload_map_facts(map)->id.at, work_decode, message, n);
    while (n)
        free((char *)(uintptr_t)message[--n].payload.at);
}

static void canonical_measure(struct bench *b)
{
    static const char *const payloads[] = {
        "{\"ts\":1767268800000,\"seq\":4711,\"in\":5300,\"out\":6797}",
        "{\"ts\":\"2026-01-01T12:00:00.000Z\",\"seq\":4712,\"in\":5301,\"out\":6799,"
        "\"occupancy\":12}"};
    struct payload_message message[2];
    for (uint32_t i = 0; i < 2; i++)
        message[i] = (struct payload_message){.payload = padded(str_of(payloads[i]))};
    compare(b, "canonical, without a map", work_canonical, message, 2);
    for (uint32_t i = 0; i < 2; i++)
        free((char *)(uintptr_t)message[i].payload.at);
}

/* The largest list there is: every map with as many filters as it may have, half of them with a
 * wildcard in front. */
static void find_measure(struct bench *b)
{
    static const char source[] =
        "payload: m\ntopics: [\"never/{device}\"]\nreadings: [{class: light, device: "
        "\"{device}\", lux: /lux}]\n";
    static char text[PAYLOAD_MAPS_MAX][PAYLOAD_FILTERS_MAX][64], topic[PAYLOAD_MAPS_MAX][64];
    static struct problems problems;
    struct payload_message message[PAYLOAD_MAPS_MAX];
    struct payload_maps *maps = payload_maps_new(), *given = b->maps;
    for (uint32_t m = 0; m < PAYLOAD_MAPS_MAX; m++) {
        struct payload_map *map = NULL;
        struct str filter[PAYLOAD_FILTERS_MAX];
        struct error err = {0};
        for (uint32_t i = 0; i < PAYLOAD_FILTERS_MAX; i++) {
            snprintf(text[m][i], sizeof text[m][i],
                     i % 2 ? "+/maker%u/{device}/%u" : "site/maker%u/{device}/event/%u/#", m, i);
            filter[i] = str_of(text[m][i]);
        }
        snprintf(topic[m], sizeof topic[m],
                 m % 2 ? "site/maker%u/dev-1/%u" : "site/maker%u/dev-1/event/%u/x", m,
                 m % 2 ? 15 : 14);
        message[m] = (struct payload_message){.topic = str_of(topic[m])};
        if (!maps || !payload_map_parse(str_of(source), &map, &problems) ||
            !payload_maps_add(maps, map, filter, PAYLOAD_FILTERS_MAX, &err))
            exit(1);
    }
    b->maps = maps;
    double best = 1e18;
    for (uint32_t round = 0; round < b->rounds; round++) {
        order_shuffle(b, PAYLOAD_MAPS_MAX);
        double ns = round_ns(b, work_find, message);
        best = ns < best ? ns : best;
    }
    printf("{\"maps\":%d,\"filters\":%d,\"find_ns\":%.0f}\n", PAYLOAD_MAPS_MAX,
           PAYLOAD_MAPS_MAX * PAYLOAD_FILTERS_MAX, best);
    b->maps = given;
    payload_maps_free(maps);
}

int main(int argc, char **argv)
{
    struct bench b = {.parser = json_parser_new(PAYLOAD_DOCUMENT_BYTES_MAX),
                      .decoder = payload_decoder_new(),
                      .maps = payload_maps_new(),
                      .rounds = 300};
    int first = 1;
    result_clear(RECORD_READING, &b.cleared);
    if (argc > 2 && strcmp(argv[1], "--rounds") == 0) {
        b.rounds = (uint32_t)strtoul(argv[2], NULL, 10);
        first = 3;
    }
    if (!b.parser || !b.decoder || !b.maps || b.rounds == 0)
        return 1;
    for (int i = first; i < argc; i++)
        map_add(&b, argv[i]);
    canonical_measure(&b);
    find_measure(&b);
    for (uint32_t i = 0; i < payload_maps_count(b.maps); i++)
        map_measure(&b, payload_maps_at(b.maps, i));
    payload_maps_free(b.maps);
    payload_decoder_free(b.decoder);
    json_parser_free(b.parser);
    return b.sum == UINT64_MAX;
}
