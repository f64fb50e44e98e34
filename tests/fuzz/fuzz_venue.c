/* A venue file: refused with reasons, or a model that keeps its promises. */
#include <math.h>

#include "schemas/venue/venue.h"
#include "tests/fuzz/fuzz.h"

static void must_hold(const struct venue *v)
{
    FUZZ_MUST(id_valid(v->id) && v->zone_count >= 1);
    for (uint32_t i = 0; i < v->zone_count; i++) {
        uint32_t depth = 0;
        FUZZ_MUST(venue_zone_find(v, v->zones[i].id) == i);
        for (uint32_t at = i; at != 0; at = v->zones[at].parent)
            FUZZ_MUST(++depth <= VENUE_DEPTH_MAX);
    }
    for (uint32_t i = 0; i < v->sensor_count; i++) {
        const struct venue_sensor *s = &v->sensors[i];
        FUZZ_MUST(venue_sensor_find(v, s->id) == i && s->zone < v->zone_count);
        FUZZ_MUST(s->outside == VENUE_NO_ZONE || s->outside < v->zone_count);
        FUZZ_MUST(venue_gate_zone(s) < v->zone_count);
    }
    for (uint32_t i = 0; i < v->rule_count; i++) {
        char words[8192];
        struct text out = text_over(words, sizeof words);
        venue_rule_explain(v, &v->rules[i], &out);
        FUZZ_MUST(!out.overflow);
        double before = 0;
        for (uint32_t level = 0; level < VENUE_LEVELS; level++) {
            double enter = v->rules[i].enter[level];
            FUZZ_MUST(isnan(enter) || enter > before);
            before = isnan(enter) ? before : enter;
        }
    }
}

static void people_must_hold(const struct venue *v)
{
    for (uint32_t i = 0; i < v->operator_count; i++) {
        char words[8192];
        struct text out = text_over(words, sizeof words);
        FUZZ_MUST(venue_operator_find(v, v->operators[i].id) == i);
        venue_operator_explain(v, i, &out);
        FUZZ_MUST(!out.overflow);
    }
    for (uint32_t i = 1; i < v->shift_count; i++)
        FUZZ_MUST(v->shift_min[i] > v->shift_min[i - 1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct venue *venue = NULL;
    struct problems problems = {0};
    bool ok = venue_parse((struct str){(const char *)data, (uint32_t)size}, &venue, &problems);
    FUZZ_MUST(ok == !problems_refuse(&problems));
    for (uint32_t i = 0; i < problems_listed(&problems); i++)
        FUZZ_MUST(problems.problem[i].line >= 1 && problems.problem[i].column >= 1 &&
                  problems.problem[i].text[0]);
    if (ok) {
        must_hold(venue);
        people_must_hold(venue);
    }
    venue_free(venue);
    return 0;
}
