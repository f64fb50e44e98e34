/* Sensors that are bound to what their payload map does not make. */
#include <string.h>

#include "schemas/venue/venue.h"
#include "tests/support/support.h"

#define VENUE(sensor)                                                                              \
    "venue: {id: v}\n"                                                                             \
    "payloads: [{map: cam}, {map: any}]\n"                                                         \
    "zones: [{id: h, kind: hall, capacity: 10}]\n"                                                 \
    "sensors: [" sensor "]\n"                                                                      \
    "--- # payload map cam cam.yaml\n"                                                             \
    "payload: cam\n"                                                                               \
    "topics: [\"cam/{device}\"]\n"                                                                 \
    "readings:\n"                                                                                  \
    "  - {class: crowd, kind: total, device: \"{device}\", in: /in, binding: {wrap: 65536}}\n"     \
    "  - {class: crowd, kind: level, device: \"{device}\", part: now, occupancy: /now, binding: "  \
    "{saturates_at: 255}}\n"                                                                       \
    "--- # payload map any any.yaml\n"                                                             \
    "payload: any\n"                                                                               \
    "topics: [\"any/{device}\"]\n"                                                                 \
    "readings: [{class: light, device: \"{device}\", part: \"{/name}\", lux: /lux}]\n"

static const struct row {
    const char *venue, *warning; /* "": none */
} rows[] = {
    {VENUE("{id: s, class: crowd, counter: total, zone: h, device: c1, wrap: 65536}"), ""},
    {VENUE("{id: s, class: crowd, counter: total, zone: h, device: c1}"),
     "sensor s has wrap 0, and payload map \"cam\" says that its counter has 65536"},
    {VENUE("{id: s, class: crowd, counter: level, zone: h, device: c1}"),
     "sensor s is crowd level, and payload map \"cam\" makes crowd total of this part: each of its "
     "readings would be refused"},
    {VENUE("{id: s, class: gate, zone: h, device: c1, part: now}"),
     "sensor s is gate, and payload map \"cam\" makes crowd level of this part: each of its "
     "readings would be refused"},
    {VENUE("{id: s, class: crowd, counter: level, zone: h, device: c1, part: now, saturates_at: "
           "255}"),
     ""},
    {VENUE("{id: s, class: crowd, counter: level, zone: h, device: c1, part: now}"),
     "sensor s has saturates_at 0, and payload map \"cam\" says that its counter has 255"},
    {VENUE("{id: s, class: light, zone: h, device: l1, part: lamp}"), ""}, /* a part by its name */
    {VENUE("{id: s, class: gate, zone: h, device: g1, part: else}"), ""},  /* no map says so */
    {VENUE("{id: s, class: gate, zone: h}"), ""}, /* crowdtide's own topics */
};

static void test_bindings(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct venue *venue = NULL;
        struct problems problems = {0};
        if (!venue_parse(str_of(rows[i].venue), &venue, &problems))
            fail_msg("row %zu: %s", i, problems.problem[0].text);
        problems = (struct problems){0};
        venue_warn_bindings(venue, &problems);
        assert_false(problems_refuse(&problems));
        const char *got = problems.count ? problems.problem[0].text : "";
        if (strcmp(got, rows[i].warning) != 0)
            fail_msg("row %zu: want \"%s\", got \"%s\"", i, rows[i].warning, got);
        venue_free(venue);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_bindings)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
