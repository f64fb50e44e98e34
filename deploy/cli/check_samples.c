#include "deploy/cli/check_samples.h"

#include <stdlib.h>
#include <string.h>

#include "schemas/payload/payload_decode.h"
#include "schemas/venue/bundle.h"

enum { OUTCOME_BYTES_MAX = 32768 };

struct samples {
    struct payload_decoder *decoder;
    struct problems own; /* of one map */
    char want[OUTCOME_BYTES_MAX], have[OUTCOME_BYTES_MAX];
};

/* The first line of both texts that differs, for a person. */
static void tell(struct samples *s, const struct payload_sample *sample)
{
    char *want = s->want, *have = s->have;
    for (;;) {
        char *want_end = strchrnul(want, '\n'), *have_end = strchrnul(have, '\n');
        bool last = *want_end == '\0' || *have_end == '\0';
        *want_end = *have_end = '\0';
        if (strcmp(want, have) != 0 || last)
            break;
        want = want_end + 1;
        have = have_end + 1;
    }
    problems_warn(&s->own, sample->line, 1,
                  "the sample says \"%.150s\", the message becomes \"%.150s\"", want, have);
}

static bool sample_run(struct samples *s, const struct payload_maps *maps,
                       const struct payload_sample *sample)
{
    struct payload_outcome outcome;
    const struct payload_map *map = payload_maps_find(maps, sample->topic);
    if (!map) {
        problems_warn(&s->own, sample->line, 1, "no filter of the map fits the sample's topic");
        return true;
    }
    char *padded = calloc(1, sample->payload.len + JSON_PADDING_BYTES);
    if (!padded)
        return false;
    if (sample->payload.len)
        memcpy(padded, sample->payload.at, sample->payload.len);
    const struct payload_message message = {.topic = sample->topic,
                                            .payload = {padded, sample->payload.len},
                                            .content_type = sample->content_type,
                                            .received_ms = sample->received_ms,
                                            .utc_offset_s = sample->utc_offset_s};
    struct text want = text_over(s->want, sizeof s->want - 1);
    struct text have = text_over(s->have, sizeof s->have - 1);
    payload_decode(s->decoder, maps, map, &message, &outcome);
    payload_sample_text(sample, &want);
    payload_outcome_text(&outcome, &have);
    s->want[want.len] = s->have[have.len] = '\0';
    if (strcmp(s->want, s->have) != 0)
        tell(s, sample);
    free(padded);
    return true;
}

static void map_run(struct samples *s, const struct bundle_map *from)
{
    struct payload_maps *maps = payload_maps_new();
    struct payload_map *map = NULL;
    if (maps && payload_map_parse(from->text, &map, &s->own)) {
        s->own = (struct problems){0}; /* its warnings have been told */
        if (payload_maps_add(maps, map, NULL, 0, NULL)) {
            const struct payload_sample *sample;
            for (uint32_t i = 0; (sample = payload_map_sample(map, i)); i++) {
                if (!sample_run(s, maps, sample))
                    break;
            }
        } else {
            payload_map_free(map);
        }
    }
    payload_maps_free(maps);
}

void check_samples(struct str text, struct problems *problems)
{
    struct bundle bundle;
    struct samples *s = calloc(1, sizeof *s);
    if (s)
        s->decoder = payload_decoder_new();
    if (s && s->decoder && bundle_split(text, &bundle, &s->own)) {
        for (uint32_t i = 0; i < bundle.map_count; i++) {
            s->own = (struct problems){0};
            map_run(s, &bundle.map[i]);
            problems_file(&s->own, bundle.map[i].path);
            problems_append(problems, &s->own);
        }
    }
    if (s)
        payload_decoder_free(s->decoder);
    free(s);
}
