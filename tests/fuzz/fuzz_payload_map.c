/* A payload map: refused with reasons and places, or compiled; and then its samples are decoded,
 * which must give the same twice. */
#include <string.h>

#include "schemas/payload/payload_decode.h"
#include "tests/fuzz/fuzz.h"

enum { SOURCE_BYTES_MAX = 16384, TEXT_BYTES = 1024 * 1024 };

static struct payload_decoder *decoder;

static void on_ignored(void *context, struct str pointer)
{
    (void)context;
    FUZZ_MUST(pointer.len == 0 || pointer.at[0] == '/');
}

static void sample_decode(const struct payload_maps *maps, const struct payload_map *map,
                          const struct payload_sample *sample)
{
    static char once[TEXT_BYTES], twice[TEXT_BYTES];
    struct text first = text_over(once, sizeof once), second = text_over(twice, sizeof twice);
    struct payload_outcome outcome;
    uint8_t *payload = malloc((size_t)sample->payload.len + JSON_PADDING_BYTES);
    FUZZ_MUST(payload);
    if (sample->payload.len)
        memcpy(payload, sample->payload.at, sample->payload.len);
    memset(payload + sample->payload.len, 0, JSON_PADDING_BYTES);
    struct payload_message message = {.topic = sample->topic,
                                      .payload = {(const char *)payload, sample->payload.len},
                                      .content_type = sample->content_type,
                                      .received_ms = sample->received_ms,
                                      .utc_offset_s = sample->utc_offset_s};
    payload_decode(decoder, maps, map, &message, &outcome);
    payload_outcome_text(&outcome, &first);
    payload_ignored(decoder, map, on_ignored, NULL);
    payload_decode(decoder, maps, map, &message, &outcome);
    payload_outcome_text(&outcome, &second);
    FUZZ_MUST(!first.overflow && first.len == second.len && memcmp(once, twice, first.len) == 0);
    free(payload);
}

static void must_hold(const struct payload_map *map)
{
    const struct payload_facts *facts = payload_map_facts(map);
    FUZZ_MUST(id_valid(facts->id));
    uint32_t i = 0;
    for (const struct payload_binding *b; (b = payload_map_binding(map, i)); i++)
        FUZZ_MUST(b->class <= SENSOR_LIGHT && b->kind <= COUNTER_TOTAL);
    FUZZ_MUST(i <= PAYLOAD_ENTRIES_MAX);
    i = 0;
    for (const struct payload_privacy *p; (p = payload_map_privacy(map, i)); i++)
        FUZZ_MUST(p->line >= 1 && p->column >= 1 && p->pointer.len);
    FUZZ_MUST(i <= PAYLOAD_RULES_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct payload_map *map = NULL;
    struct problems problems = {0};
    struct error err = {0};
    if (size > SOURCE_BYTES_MAX)
        return 0;
    decoder = decoder ? decoder : payload_decoder_new();
    FUZZ_MUST(decoder);
    bool ok = payload_map_parse((struct str){(const char *)data, (uint32_t)size}, &map, &problems);
    FUZZ_MUST(ok == !problems_refuse(&problems));
    for (uint32_t i = 0; i < problems_listed(&problems); i++)
        FUZZ_MUST(problems.problem[i].line >= 1 && problems.problem[i].column >= 1 &&
                  problems.problem[i].text[0]);
    if (!ok)
        return 0;
    must_hold(map);
    struct payload_maps *maps = payload_maps_new();
    FUZZ_MUST(maps);
    if (!payload_maps_add(maps, map, NULL, 0, &err)) {
        FUZZ_MUST(err.code != ERROR_NONE);
        payload_map_free(map);
        payload_maps_free(maps);
        return 0;
    }
    for (uint32_t i = 0; i < payload_maps_filter_count(maps); i++)
        FUZZ_MUST(payload_maps_filter(maps, i).len);
    uint32_t i = 0;
    for (const struct payload_sample *s; (s = payload_map_sample(map, i)); i++)
        sample_decode(maps, map, s);
    FUZZ_MUST(i <= PAYLOAD_SAMPLES_MAX);
    payload_maps_free(maps);
    return 0;
}
