/* A venue with its payload maps: one text, taken apart again, and what is wrong said of the right
 * file. */
#include "schemas/venue/bundle.h"

#include <string.h>

#include "schemas/payload/payload_map.h"
#include "schemas/venue/venue.h"
#include "tests/support/support.h"

#define VENUE                                                                                      \
    "venue: {id: v}\n"                                                                             \
    "payloads:\n"                                                                                  \
    "  - map: door\n"                                                                              \
    "  - {map: maps/lamp.yaml, topics: [\"x/{device}\"]}\n"                                        \
    "zones: [{id: h, kind: hall, capacity: 10}]\n"                                                 \
    "sensors:\n"                                                                                   \
    "  - {id: a, class: crowd, counter: total, zone: h, device: cam, part: l1}\n"                  \
    "  - {id: b, class: crowd, counter: total, zone: h, device: cam, part: l2}\n"                  \
    "  - {id: c, class: crowd, counter: level, zone: h}\n"
#define DOOR                                                                                       \
    "payload: door\n"                                                                              \
    "topics: [\"site/{device}/count\"]\n"                                                          \
    "readings: [{class: crowd, kind: total, device: \"{device}\", in: /in}]\n"
#define LAMP                                                                                       \
    "payload: lamp\n"                                                                              \
    "topics: [\"lamps/{device}\"]\n"                                                               \
    "readings: [{class: light, device: \"{device}\", lux: /lux}]\n"
#define MARK(name, path) BUNDLE_MARK name " " path "\n"
#define WHOLE                                                                                      \
    VENUE MARK("door", "payloads/door.yaml") DOOR MARK("maps/lamp.yaml", "maps/lamp.yaml") LAMP

static void names_are_found(void **state)
{
    (void)state;
    struct bundle_name names[BUNDLE_MAPS_MAX];
    assert_int_equal(bundle_names(STR_LIT(VENUE), names), 2);
    assert_string_equal(names[0].text, "door");
    assert_int_equal(names[0].line, 3);
    assert_string_equal(names[1].text, "maps/lamp.yaml");
    assert_int_equal(bundle_names(STR_LIT("venue: {id: v}\n"), names), 0);
    assert_int_equal(
        bundle_names(STR_LIT("payloads: [{map: a}, {map: a}, {map: b}, {}, 7]\n"), names), 2);
    assert_int_equal(bundle_names(STR_LIT("payloads: [\n"), names), 0); /* venue_parse says why */
}

static void a_bundle_is_taken_apart_as_it_was_made(void **state)
{
    (void)state;
    static char made[sizeof WHOLE + 64];
    struct text t = text_over(made, sizeof made);
    text_add(&t, VENUE);
    bundle_add(&t, STR_LIT("door"), STR_LIT("payloads/door.yaml"), STR_LIT(DOOR));
    bundle_add(&t, STR_LIT("maps/lamp.yaml"), STR_LIT("maps/lamp.yaml"), STR_LIT(LAMP));
    assert_true(str_equal((struct str){made, (uint32_t)t.len}, STR_LIT(WHOLE)));
    struct bundle bundle;
    struct problems problems = {0};
    assert_true(bundle_split(STR_LIT(WHOLE), &bundle, &problems));
    assert_true(str_equal(bundle.venue, STR_LIT(VENUE)));
    assert_int_equal(bundle.map_count, 2);
    assert_true(str_equal(bundle.map[0].text, STR_LIT(DOOR)));
    assert_true(str_is(bundle.map[0].path, "payloads/door.yaml"));
    assert_true(str_equal(bundle_find(&bundle, STR_LIT("maps/lamp.yaml"))->text, STR_LIT(LAMP)));
    assert_null(bundle_find(&bundle, STR_LIT("lamp")));
    assert_int_equal(bundle_marked(STR_LIT(WHOLE)), 10);
    /* A file without a last line feed gets one: its last line must not swallow the mark. */
    t = text_over(made, sizeof made);
    text_add(&t, "venue: {id: v}");
    bundle_add(&t, STR_LIT("d"), STR_LIT("d"), STR_LIT("payload: d"));
    assert_true(bundle_split((struct str){made, (uint32_t)t.len}, &bundle, &problems));
    assert_true(str_is(bundle.map[0].text, "payload: d"));
    assert_true(bundle_split(STR_LIT(VENUE), &bundle, &problems)); /* without maps: itself */
    assert_true(str_equal(bundle.venue, STR_LIT(VENUE)) && bundle.map_count == 0);
}

static struct venue *venue_of(const char *source)
{
    struct venue *v = NULL;
    struct problems problems = {0};
    if (!venue_parse(str_of(source), &v, &problems))
        fail_msg("%s:%u: %s", problems.problem[0].file, problems.problem[0].line,
                 problems.problem[0].text);
    return v;
}

static void devices_are_found(void **state)
{
    (void)state;
    struct venue *v = venue_of(WHOLE);
    assert_int_equal(venue_device_find(v, STR_LIT("cam"), STR_LIT("l1")), 0);
    assert_int_equal(venue_device_find(v, STR_LIT("cam"), STR_LIT("l2")), 1);
    assert_int_equal(venue_device_find(v, STR_LIT("cam"), STR_LIT("")), UINT32_MAX);
    assert_int_equal(venue_device_find(v, STR_LIT("c"), STR_LIT("")), 2); /* its id is its device */
    assert_int_equal(venue_device_find(v, STR_LIT("a"), STR_LIT("")), UINT32_MAX);
    assert_int_equal(venue_device_first(v, STR_LIT("cam")), 0);
    assert_int_equal(v->devices[0].next, 1);
    assert_int_equal(v->devices[1].next, UINT32_MAX);
    assert_int_equal(venue_device_first(v, STR_LIT("l1")), UINT32_MAX);
    assert_ptr_equal(payload_maps_find(v->payloads, STR_LIT("site/cam/count")),
                     payload_maps_at(v->payloads, 0));
    assert_ptr_equal(payload_maps_find(v->payloads, STR_LIT("x/c")),
                     payload_maps_at(v->payloads, 1));
    assert_null(
        payload_maps_find(v->payloads, STR_LIT("lamps/c"))); /* `topics` replaces the map's own */
    venue_free(v);
    v = venue_of("venue: {id: v}\n");
    assert_null(v->payloads);
    assert_int_equal(venue_device_find(v, STR_LIT("a"), STR_LIT("")), UINT32_MAX);
    venue_free(v);
}

/* A changed map is another model. */
static void the_hash_is_of_all(void **state)
{
    (void)state;
    struct venue *a = venue_of(WHOLE), *b = venue_of(WHOLE "# a remark\n");
    assert_true(a->hash != b->hash);
    venue_free(a);
    venue_free(b);
}

static const struct {
    const char *source, *file;
    uint32_t line;
    const char *words;
} mistakes[] = {
    {VENUE MARK("door", "d.yaml") DOOR, "", 4, "\"maps/lamp.yaml\" was not put into the bundle"},
    {WHOLE MARK("spare", "s.yaml") LAMP, "", 1, "\"spare\" is named nowhere"},
    {VENUE BUNDLE_MARK "door\n" DOOR, "", 10, "is expected"},
    {"venue: {id: v}\npayloads: {map: a}\n", "", 2, "payloads"},
    {"venue: {id: v}\npayloads:\n- topics: [a]\n", "", 3, "map is missing"},
    {"venue: {id: v}\npayloads:\n- {map: d, topic: a}\n" MARK("d", "d.yaml") DOOR, "", 3, "topic"},
    {"venue: {id: v}\npayloads:\n- {map: d, topics: [\"a/#/b\"]}\n" MARK("d", "d.yaml") DOOR, "", 3,
     "map \"d\""},
    {"venue: {id: v}\npayloads:\n- map: d\n" MARK("d",
                                                  "dir/d.yaml") "payload: d\nreadings: [{class: "
                                                                "crowd}]\nnonsense: 1\n",
     "dir/d.yaml", 3, "nonsense"},
    {"venue: {id: v}\nzones: [{id: h, kind: hall, capacity: 9}]\npayloads: [{map: d}]\nsensors:\n"
     "- {id: a, class: crowd, counter: level, zone: h, device: x}\n"
     "- {id: x, class: crowd, counter: level, zone: h}\n" MARK("d", "d.yaml") DOOR,
     "", 6, "are the same part \"\" of device \"x\""},
};

static void mistakes_have_their_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        struct venue *v = NULL;
        struct problems problems = {0};
        bool found = false;
        assert_false(venue_parse(str_of(mistakes[i].source), &v, &problems));
        for (uint32_t k = 0; k < problems_listed(&problems); k++) {
            const struct problem *p = &problems.problem[k];
            found =
                found || (p->line == mistakes[i].line && strcmp(p->file, mistakes[i].file) == 0 &&
                          strstr(p->text, mistakes[i].words));
        }
        if (!found)
            fail_msg("case %zu: %s:%u: %s", i, problems.problem[0].file, problems.problem[0].line,
                     problems.problem[0].text);
    }
}

static void raw_topics(void **state)
{
    (void)state;
    static const struct {
        const char *topic, *raw; /* NULL: none of a map's */
        bool drill;
    } rows[] = {
        {"site/cam", "site/cam", false},         {"crowdtide/v/crowd/a", NULL, false},
        {"drill/v/crowd/a", NULL, false},        {"drill/v/raw/site/cam", "site/cam", true},
        {"drill/w/raw/site/cam", NULL, false},   {"drill/v/raw/", NULL, false},
        {"crowdtides/x", "crowdtides/x", false}, {"", "", false},
    };
    struct venue *v = venue_of("venue: {id: v}\n");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct str raw = {0};
        bool drill = false;
        bool is = venue_raw_topic(v, str_of(rows[i].topic), &raw, &drill);
        assert_int_equal(is, rows[i].raw != NULL);
        if (is)
            assert_true(str_is(raw, rows[i].raw) && drill == rows[i].drill);
    }
    venue_free(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_found),
        cmocka_unit_test(a_bundle_is_taken_apart_as_it_was_made),
        cmocka_unit_test(devices_are_found),
        cmocka_unit_test(the_hash_is_of_all),
        cmocka_unit_test(mistakes_have_their_place),
        cmocka_unit_test(raw_topics),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
