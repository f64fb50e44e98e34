/*
 * payload_bench: messages decoded by maps that a test writes, and what becomes of them in words
 * (payload_outcome_text).
 *
 *     struct payload_maps *maps = payload_bench_maps(PAYLOAD_LEVEL("occupancy: /n"));
 *     payload_bench_decode(bench, maps, "t/d1", "{\"n\":1}", "")       "d1 crowd_level occupancy=1\n"
 *     payload_bench_expect(bench, "what it is", map, payload, want);   one map, one message of topic t/d1
 *
 * The bench is the state of PAYLOAD_BENCH_TEST. Messages are received at noon of 1 January 2026, UTC, unless a
 * test says when, at a venue eight hours ahead.
 */
#ifndef CROWDTIDE_TESTS_SUPPORT_PAYLOAD_BENCH_H
#define CROWDTIDE_TESTS_SUPPORT_PAYLOAD_BENCH_H

#include "schemas/payload/payload_decode.h"

enum { PAYLOAD_BENCH_TEXT_BYTES = 128 * 1024 };

struct payload_bench {
    struct payload_decoder *decoder;
    int64_t received_ms;
    char payload[PAYLOAD_DOCUMENT_BYTES_MAX + JSON_PADDING_BYTES];
    char text[PAYLOAD_BENCH_TEXT_BYTES];
};

int payload_bench_setup(void **state);
int payload_bench_teardown(void **state);
#define PAYLOAD_BENCH_TEST(test)                                                                   \
    cmocka_unit_test_setup_teardown(test, payload_bench_setup, payload_bench_teardown)

/* Fails the test where the map has a mistake. */
struct payload_maps *payload_bench_maps(const char *source);
/* The bench's text, until the next. */
const char *payload_bench_decode(struct payload_bench *bench, const struct payload_maps *maps,
                                 const char *topic, const char *payload, const char *content_type);
void payload_bench_expect(struct payload_bench *bench, const char *name, const char *map,
                          const char *payload, const char *want);

/* Most cases are about one member of one reading. */
#define PAYLOAD_MAP(entry) "payload: m\ntopics: [\"t/{device}\"]\nreadings:\n  - " entry "\n"
#define PAYLOAD_TOTAL(members) PAYLOAD_MAP("{class: crowd, kind: total, device: \"{device}\", " members "}")
#define PAYLOAD_LEVEL(members) PAYLOAD_MAP("{class: crowd, kind: level, device: \"{device}\", " members "}")
#define PAYLOAD_GATE(members) PAYLOAD_MAP("{class: gate, device: \"{device}\", " members "}")
#define PAYLOAD_LIGHT(members) PAYLOAD_MAP("{class: light, device: \"{device}\", " members "}")

#endif
