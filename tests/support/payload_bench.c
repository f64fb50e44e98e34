#include "tests/support/payload_bench.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/support.h"

int payload_bench_setup(void **state)
{
    struct payload_bench *bench = calloc(1, sizeof *bench);
    bench->decoder = payload_decoder_new();
    bench->received_ms = INT64_C(1767268800000);
    *state = bench;
    return bench->decoder ? 0 : -1;
}

int payload_bench_teardown(void **state)
{
    struct payload_bench *bench = *state;
    payload_decoder_free(bench->decoder);
    free(bench);
    return 0;
}

struct payload_maps *payload_bench_maps(const char *source)
{
    static struct problems problems;
    struct payload_map *map = NULL;
    struct payload_maps *maps = payload_maps_new();
    struct error err = {0};
    problems = (struct problems){0};
    if (!payload_map_parse(str_of(source), &map, &problems))
        for (uint32_t i = 0; i < problems_listed(&problems); i++)
            print_error("%u:%u %s\n", problems.problem[i].line, problems.problem[i].column,
                        problems.problem[i].text);
    assert_non_null(map);
    assert_true(payload_maps_add(maps, map, NULL, 0, &err));
    return maps;
}

const char *payload_bench_decode(struct payload_bench *bench, const struct payload_maps *maps,
                                 const char *topic, const char *payload, const char *content_type)
{
    size_t len = strlen(payload);
    struct payload_outcome outcome;
    assert_true(len <= PAYLOAD_DOCUMENT_BYTES_MAX);
    memset(bench->payload, '}', len + JSON_PADDING_BYTES);
    memcpy(bench->payload, payload, len);
    const struct payload_message message = {.topic = str_of(topic),
                                            .payload = {bench->payload, (uint32_t)len},
                                            .content_type = str_of(content_type),
                                            .received_ms = bench->received_ms,
                                            .utc_offset_s = 8 * 3600};
    const struct payload_map *map = payload_maps_find(maps, message.topic);
    if (!map)
        return "no map\n";
    payload_decode(bench->decoder, maps, map, &message, &outcome);
    struct text out = text_over(bench->text, PAYLOAD_BENCH_TEXT_BYTES - 1);
    payload_outcome_text(&outcome, &out);
    bench->text[out.len] = '\0';
    return bench->text;
}

void payload_bench_expect(struct payload_bench *bench, const char *name, const char *map,
                          const char *payload, const char *want)
{
    struct payload_maps *maps = payload_bench_maps(map);
    const char *got = payload_bench_decode(bench, maps, "t/d1", payload, "");
    if (strcmp(got, want) != 0)
        fail_msg("%s:\nwant %sgot  %s", name, want, got);
    payload_maps_free(maps);
}
