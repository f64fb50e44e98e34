/* payload_draft: what is drafted for topics that nothing reads, and that it needs no more than its
 * capitals filled in. */
#include "deploy/cli/payload_draft.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schemas/base/problems.h"
#include "schemas/payload/payload_map.h"
#include "tests/support/support.h"

#define LONG_KEY "0123456789012345678901234567890123456789012345678901234567890123456789"
static const char long_keys[] = "{\"" LONG_KEY "\":{\"" LONG_KEY "\":1},\"n\":1}";
enum { PAGE_BYTES = 64 * 1024 };

struct place {
    struct payload_drafts *drafts;
    char page[PAGE_BYTES + 1];
};

static int setup(void **state)
{
    struct place *p = calloc(1, sizeof *p);
    assert_non_null(p);
    p->drafts = payload_drafts_new();
    assert_non_null(p->drafts);
    *state = p;
    return 0;
}

static int teardown(void **state)
{
    struct place *p = *state;
    payload_drafts_free(p->drafts);
    free(p);
    return 0;
}

static void keep(struct place *p, const char *topic, const char *payload)
{
    payload_drafts_keep(p->drafts, str_of(topic), str_of(payload));
}

static const char *page(struct place *p)
{
    struct text out = text_over(p->page, PAGE_BYTES);
    payload_drafts_write(p->drafts, "venue.yaml", &out);
    assert_false(out.overflow);
    p->page[out.len] = '\0';
    return p->page;
}

static void a_draft_as_a_whole(void **state)
{
    struct place *p = *state;
    keep(p, "acme/door 1/up",
         "{\"when\":\"2026-11-26T08:00:00Z\",\"counters\":[{\"id\":\"a\",\"entered\":12,\"left\":5,"
         "\"state\":3},{\"id\":\"b\",\"entered\":1}],\"lamp\":{\"illuminance\":\"38.5\"},\"owner\":"
         "\"Ann\"}");
    const char *draft = strstr(page(p), "# ----");
    assert_string_equal(
        draft, "# ---- acme-up.yaml (in the venue file, below payloads:   - {map: acme-up.yaml})\n"
               "payload: acme-up\n"
               "topics: [\"acme/{device}/up\"]\n"
               "time: {at: /when, format: rfc3339}\n"
               "readings:\n"
               "  - each: /counters/*\n"
               "    class: crowd   # or gate, vehicle_gate, light\n"
               "    kind: KIND     # level: how many there are; total: since ever; daily: since "
               "midnight; delta: since the "
               "last message\n"
               "    device: \"{device}\"\n"
               "    part: \"{./id}\"\n"
               "    in: ./entered   # 12\n"
               "    out: ./left   # 5\n"
               "    # MEMBER: ./state   # 3\n"
               "  - class: light\n"
               "    device: \"{device}\"\n"
               "    lux: {at: /lamp/illuminance, from: text}   # \"38.5\"\n"
               "\n");
}

static void what_names_and_numbers_say(void **state)
{
    static const struct {
        const char *topic, *payload, *says;
    } cases[] = {
        {"a/b7/c", "{\"x\":1}", "topics: [\"a/{device}/c\"]\n"},
        {"a/b", "{\"x\":1}", "topics: [\"a/{device}\"]\n"},
        {"a", "{\"x\":1}", "    device: \"a\"\n"},
        {"a/b/c", "{\"x\":1}", "topics: [\"a/{device}/c\"]\n"},
        {"a/{b}/c/d", "{\"x\":1}", "topics: [\"a/+/{device}/d\"]\n"},
        {"a/b", "{\"x\":1}", "    MEMBER: /x   # 1\n"},
        {"a/b", "{\"x\":true}", "    MEMBER: /x   # true\n"},
        {"a/b", "17", "    MEMBER: {text: payload, from: text}   # 17\n"},
        {"a/b", "{\"line_1_total_in\":7,\"line_1_period_in\":1}",
         "    in: /line_1_total_in   # 7\n    # in: /line_1_period_in   # 1\n"},
        {"a/b", "{\"totalIn\":7,\"inside\":3}",
         "    in: /totalIn   # 7\n    occupancy: /inside   # 3\n"},
        {"a/b", "{\"n\":\"12\"}", "    MEMBER: {at: /n, from: text}   # \"12\"\n"},
        {"a/b", "{\"ts\":1767268800,\"n\":1}", "time: {at: /ts, format: epoch_s}\n"},
        {"a/b", "{\"ts\":1767268800123,\"n\":1}", "time: {at: /ts, format: epoch_ms}\n"},
        {"a/b", "{\"ts\":\"1767268800123456\",\"n\":1}",
         "time: {at: /ts, format: epoch_us, from: text}\n"},
        {"a/b", "{\"timestamp\":\"20260101200000\",\"n\":1}",
         "time: {at: /timestamp, format: compact, zone: venue}\n"},
        {"a/b", "{\"Time\":\"2026-01-01T20:00:00\",\"n\":1}",
         "time: {at: /Time, format: local, zone: venue}\n"},
        {"a/b", "{\"l\":[{\"ts\":1767268800,\"n\":1}]}", "    time: {at: ./ts, format: epoch_s}\n"},
        {"a/b", "{\"n\":[[1,2],[3,4]]}", "  - each: /n/*\n"},
        {"a/b", "{\"a b/c\":{\"~\\\"\":1}}", "    MEMBER: \"/a b~1c/~0\\\"\"   # 1\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        void *place = NULL;
        (void)setup(&place);
        keep(place, cases[i].topic, cases[i].payload);
        if (!strstr(page(place), cases[i].says))
            fail_msg("%s %s: not there: %s\n%s", cases[i].topic, cases[i].payload, cases[i].says,
                     page(place));
        (void)teardown(&place);
    }
    (void)state;
}

/* Nobody's name on a page that may be copied to others; and what has no number needs no draft. */
static void texts_are_not_shown(void **state)
{
    struct place *p = *state;
    keep(p, "a/b", "{\"holder\":\"Ann\",\"id\":\"E200\"}");
    keep(p, "c/d/e", "ON");
    keep(p, "f/g/h/i", "");
    keep(p, "j/k/l/m/n", "{\"n\":");
    keep(p, "o/p/q/r/s/t", "{\"at\":\"2026-01-01T12:00:00Z\"}");
    assert_string_equal(page(p), "");
    keep(p, "a/b",
         "{\"holder\":\"Ann\",\"id\":\"E200\",\"n\":3,\"card\":482913,\"nr\":\"4711815\"}");
    assert_non_null(strstr(page(p), "MEMBER: /n   # 3"));
    assert_null(strstr(page(p), "Ann"));
    assert_null(strstr(page(p), "E200"));
    assert_non_null(strstr(page(p), "MEMBER: /card   # 482913\n"));
    assert_non_null(strstr(page(p), "from: text}   # a long number\n"));
    assert_null(strstr(page(p), "4711815"));
}

static void devices_of_one_kind_have_one_draft(void **state)
{
    struct place *p = *state;
    keep(p, "site/north/east/count", "{\"n\":1}");
    assert_non_null(strstr(page(p), "topics: [\"site/north/{device}/count\"]"));
    keep(p, "site/south/east/count", "{\"n\":1}");
    keep(p, "site/south/east/count", "{\"n\":2}");
    assert_non_null(strstr(page(p), "topics: [\"site/{device}/east/count\"]"));
    assert_null(strstr(strstr(page(p), "readings:") + 1, "readings:"));
}

/* As a person who knows what it counts. */
static const char *kind_for(const char *at)
{
    const char *in = strstr(at, "\n    in: "), *out = strstr(at, "\n    out: "),
               *next = strstr(at, "\n  - ");
    return (in && (!next || in < next)) || (out && (!next || out < next)) ? "total" : "level";
}

static void each_draft_has_a_name_of_its_own(void **state)
{
    struct place *p = *state;
    keep(p, "人流/7/数据", "{\"x\":1}");
    keep(p, "device/2/7/人", "{\"x\":1}");
    keep(p, "停车/7/数/据", "{\"x\":1}");
    const char *at = page(p);
    static const char *const names[] = {"device", "device-2", "device-3"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char want[96];
        (void)snprintf(want, sizeof want, "%s.yaml})\npayload: %s\n", names[i], names[i]);
        at = strstr(at, want);
        assert_non_null(at);
    }
}

static void fill_one(char *at, const char *word, const char *with)
{
    memmove(at + strlen(with), at + strlen(word), strlen(at + strlen(word)) + 1);
    memcpy(at, with, strlen(with));
}

static void fill(char *text, const char *word, const char *with)
{
    for (char *at; (at = strstr(text, word));)
        fill_one(at, word, with);
}

/* As it stands it is refused by its capitals; with them filled in it is a map. */
static void what_is_filled_in_is_a_map(void **state)
{
    static const char *const payloads[] = {
        "{\"x\":1}",
        "17",
        "[1,2,3,4,5,6]",
        "[[[[[[[1]]]]]]]",
        "{\"a\":[{\"b\":[{\"c\":[{\"d\":[{\"e\":[{\"f\":7}]}]}]}]}]}",
        "{\"*\":1,\"a\":{\"*\":2,\"b\":3}}",
        "{\"\":1}",
        "{\"a\":[{\"id\":\"x\",\"people\":4},{\"people\":5}],\"people\":9}",
        "{\"{x}\":1,\"id}\":2,\"l\":[{\"id}\":\"q\",\"n\":1}]}",
        "{\"#a: b\":1,\"'\":2,\"\\u0001\":3,\"\\\\\":4}",
        "{\"in\":1,\"out\":2,\"occupancy\":3,\"lux\":4,\"power\":5,\"ts\":1767268800}",
        "{\"l\":[{\"lux\":1,\"in\":2,\"time\":\"2026-01-01 12:00:00\"}]}",
        "{\"n\":-1.5e300,\"m\":18446744073709551615}",
        long_keys,
    };
    static const char *const topics[] = {"a/b/c",         "a",           "a//b",         "/",
                                         "\u4eba/\u6570", "a/{b}/c }/d", "a/b\"'\\: #/c"};
    static char text[PAGE_BYTES + 1];
    size_t drafted = 0;
    for (size_t i = 0; i < sizeof payloads / sizeof payloads[0] * sizeof topics / sizeof topics[0];
         i++) {
        void *place = NULL;
        struct payload_map *map = NULL;
        static struct problems problems;
        (void)setup(&place);
        keep(place, topics[i % (sizeof topics / sizeof topics[0])],
             payloads[i / (sizeof topics / sizeof topics[0])]);
        const char *draft = strstr(page(place), "payload: ");
        drafted += draft != NULL;
        (void)snprintf(text, sizeof text, "%s", draft ? draft : "payload: x\nstatus: []\n");
        problems = (struct problems){0};
        if (strstr(text, "KIND") && payload_map_parse(str_of(text), &map, &problems))
            fail_msg("nobody has said what it counts, and it is a map:\n%s", text);
        for (char *at; (at = strstr(text, "KIND"));)
            fill_one(at, "KIND", kind_for(at));
        fill(text, "MEMBER", "occupancy");
        problems = (struct problems){0};
        if (draft && !payload_map_parse(str_of(text), &map, &problems))
            fail_msg("%s\n%s", problems.problem[0].text, text);
        payload_map_free(map);
        (void)teardown(&place);
    }
    /* The two that are nested deeper than a map can say have none. */
    assert_int_equal(drafted,
                     (sizeof payloads / sizeof payloads[0] - 2) * sizeof topics / sizeof topics[0]);
    (void)state;
}

static void no_more_than_its_limits(void **state)
{
    struct place *p = *state;
    char topic[64], payload[9000] = "{\"n\":1,\"x\":\"";
    size_t begun = strlen(payload);
    memset(payload + begun, 'x', sizeof payload - begun - 3);
    memcpy(payload + sizeof payload - 3, "\"}", 3);
    keep(p, "too/long", payload);
    assert_string_equal(page(p), "");
    for (int i = 0; i < PAYLOAD_DRAFTS_MAX + 3; i++) {
        (void)snprintf(topic, sizeof topic, "kind-%c/of/%c", 'a' + i, 'a' + i);
        keep(p, topic, "{\"n\":1}");
    }
    int drafts = 0;
    for (const char *at = page(p); (at = strstr(at, "\npayload: ")); at++)
        drafts++;
    assert_int_equal(drafts, PAYLOAD_DRAFTS_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_draft_as_a_whole, setup, teardown),
        cmocka_unit_test(what_names_and_numbers_say),
        cmocka_unit_test_setup_teardown(texts_are_not_shown, setup, teardown),
        cmocka_unit_test_setup_teardown(devices_of_one_kind_have_one_draft, setup, teardown),
        cmocka_unit_test_setup_teardown(each_draft_has_a_name_of_its_own, setup, teardown),
        cmocka_unit_test(what_is_filled_in_is_a_map),
        cmocka_unit_test_setup_teardown(no_more_than_its_limits, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
