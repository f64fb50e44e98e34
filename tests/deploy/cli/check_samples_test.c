#include "tests/support/support.h"

#include <stdlib.h>
#include <string.h>

#include "deploy/cli/check_samples.h"

#define VENUE "venue: {id: v}\npayloads: [{map: door}]\nzones: [{id: hall, kind: hall}]\n"
#define MAP                                                                                        \
    "--- # payload map door door.yaml\n"                                                           \
    "payload: door\n"                                                                              \
    "topics: [\"site/{device}/count\"]\n"                                                          \
    "readings:\n"                                                                                  \
    "  - {class: crowd, kind: total, device: \"{device}\", in: /in, out: /out}\n"                  \
    "samples:\n"

/* Every sample of a map, and what is said of it; "" nothing. */
static void a_sample_that_is_not_so_is_told_with_its_line(void **state)
{
    static const struct {
        const char *sample, *says;
        uint32_t line;
    } cases[] = {
        {"  - {topic: site/a/count, payload: '{\"in\":1}', readings: [\"a crowd_total in=1\"]}\n",
         "", 0},
        {"  - {topic: site/a/count, payload: '{\"in\":2}', readings: [\"a crowd_total in=1\"]}\n",
         "the sample says \"a crowd_total in=1\", the message becomes \"a crowd_total in=2\"", 6},
        {"  - {topic: site/a/count, payload: '{}', readings: [\"a crowd_total in=1\"]}\n",
         "the message becomes \"nothing\"", 6},
        {"  - {topic: site/a/count, payload: '{', nothing: yes}\n",
         "the message becomes \"refused malformed", 6},
        {"  - {topic: elsewhere, payload: '{}', nothing: yes}\n", "no filter of the map fits", 6},
        {"  - {topic: site/a/count, payload: '{}', nothing: yes}\n"
         "  - {topic: site/b/count, payload: '{\"in\":2}', nothing: yes}\n",
         "the sample says \"nothing\"", 7},
    };
    (void)state;
    struct problems *problems = calloc(1, sizeof *problems);
    assert_non_null(problems);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char bundle[2048];
        struct text text = text_over(bundle, sizeof bundle);
        text_add(&text, VENUE MAP);
        text_add(&text, cases[i].sample);
        *problems = (struct problems){0};
        check_samples((struct str){bundle, (uint32_t)text.len}, problems);
        assert_false(problems_refuse(problems));
        const struct problem *p = &problems->problem[0];
        if (problems_listed(problems) != (cases[i].line ? 1 : 0))
            fail_msg("case %zu: %u told: %s", i, problems->count, p->text);
        if (cases[i].line && (p->line != cases[i].line || !strstr(p->text, cases[i].says) ||
                              strcmp(problem_file(p, "?"), "door.yaml") != 0))
            fail_msg("case %zu: %s:%u: %s", i, problem_file(p, "?"), p->line, p->text);
    }
    free(problems);
}

static void a_venue_without_maps_has_none(void **state)
{
    (void)state;
    struct problems problems = {0};
    check_samples(STR_LIT(VENUE), &problems);
    assert_int_equal(problems.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sample_that_is_not_so_is_told_with_its_line),
        cmocka_unit_test(a_venue_without_maps_has_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
