/* payload_topic and the list of maps: a table of filters, and the index against a matcher that is
 * written down from the words of the specification. */
#include "schemas/payload/payload_topic.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/support/support.h"

static const struct match {
    const char *filter, *topic;
    bool fits;
    const char *captures; /* in order of their names, each followed by a blank */
} matches[] = {
    {"a/b", "a/b", true, ""},
    {"a/b", "a/c", false, ""},
    {"a/b", "a/b/c", false, ""},
    {"a/b", "a", false, ""},
    {"a/b", "a/b/", false, ""},
    {"/a", "/a", true, ""},
    {"/a", "a", false, ""},
    {"a//b", "a//b", true, ""},
    {"a/+", "a/b", true, ""},
    {"a/+", "a/", true, ""},
    {"a/+", "a", false, ""},
    {"+", "a", true, ""},
    {"+", "/a", false, ""},
    {"+/+", "/a", true, ""},
    {"/+", "/a", true, ""},
    {"#", "a/b/c", true, ""},
    {"a/#", "a", true, ""},
    {"a/#", "a/b/c", true, ""},
    {"a/#", "ab", false, ""},
    {"+/#", "a", true, ""},
    {"#", "$SYS/x", false, ""},
    {"+/x", "$SYS/x", false, ""},
    {"{a}/x", "$SYS/x", false, ""},
    {"$SYS/#", "$SYS/x", true, ""},
    {"$SYS/+", "$SYS/x", true, ""},
    {"a/+", "a/$b", true, ""},
    {"m/{d}/up", "m/vs1/up", true, "vs1 "},
    {"m/{d}/up", "m//up", false, ""},
    {"m/{d}/{e}", "m/1/2", true, "1 2 "},
    {"vs-{d}/+", "vs-7/up", true, "7 "},
    {"vs-{d}/+", "vs-/up", false, ""},
    {"vs-{d}/+", "vt-7/up", false, ""},
    {"{a}-{b}", "x-y-z", true, "x y-z "},
    {"{a}-{b}.up", "x-y-z.up", true, "x y-z "},
    {"{a}-{b}.up", "x-.up", false, ""},
    {"{a}-{b}.up", "x.up", false, ""},
    {"p{a}s", "ps", false, ""},
    {"p{a}s", "pps", true, "p "},
    {"p{a}s", "psss", true, "ss "},
    {"{a}/#", "x", true, "x "},
    {"axis/{s}/event/#", "axis/ACCC8E/event/tns/x", true, "ACCC8E "},
};

static void test_matches(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof matches / sizeof matches[0]; i++) {
        struct arena *arena = arena_new(65536);
        struct payload_captures names = {0};
        struct payload_filter filter;
        const char *reason = NULL;
        struct str capture[PAYLOAD_CAPTURES_MAX] = {0};
        char got[128];
        struct text out = text_over(got, sizeof got - 1);
        if (!payload_filter_parse(arena, str_of(matches[i].filter), &names, false, &filter,
                                  &reason))
            fail_msg("%s: %s", matches[i].filter, reason);
        bool fits = payload_filter_match(&filter, str_of(matches[i].topic), capture);
        for (uint32_t c = 0; fits && c < names.count; c++) {
            text_add_str(&out, capture[c]);
            text_add_char(&out, ' ');
        }
        got[out.len] = '\0';
        if (fits != matches[i].fits || strcmp(got, matches[i].captures) != 0)
            fail_msg("%s on %s: %d \"%s\"", matches[i].filter, matches[i].topic, fits, got);
        arena_free(arena);
    }
}

static const struct {
    const char *filter, *reason;
} refused[] = {
    {"", "it is empty, or longer than 512 bytes"},
    {"a/#/b", "+ and # each fill a level of their own, # the last"},
    {"a/b#", "+ and # each fill a level of their own, # the last"},
    {"a+", "+ and # each fill a level of their own, # the last"},
    {"a/{x", "a { without its }"},
    {"a/x}", "a } without its {"},
    {"crowdtide/{x}/#", "what is below crowdtide/ and drill/ never comes to a map"},
    {"drill/v/raw/a", "what is below crowdtide/ and drill/ never comes to a map"},
    {"a/{}", "a capture's name is letters, digits and _"},
    {"a/{x-y}", "a capture's name is letters, digits and _"},
    {"{a}{b}", "two captures without text between them"},
    {"{a}/{a}", "a name is captured twice"},
    {"$x{a}/b", "a first level that begins with $ is written out"},
    {"{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}", "the map captures more than 8 names"},
    {"1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18/19/20/21/22/23/24/25/26/27/28/29/30/31/32/33",
     "it has more than 32 levels"},
};

static void test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct arena *arena = arena_new(65536);
        struct payload_captures names = {0};
        struct payload_filter filter;
        const char *reason = "accepted";
        assert_false(payload_filter_parse(arena, str_of(refused[i].filter), &names, false, &filter,
                                          &reason));
        assert_string_equal(reason, refused[i].reason);
        arena_free(arena);
    }
}

/* MQTT 5, sections 4.7.1 and 4.7.2, by its words: levels one by one; + is one level whatever it
   holds; # is the rest, its parent included; neither is a first level that begins with $. A capture
   is a + that is not empty. */
static bool naive_match(const char *filter, const char *topic)
{
    if (topic[0] == '$' && (filter[0] == '+' || filter[0] == '#' || filter[0] == '{'))
        return false;
    for (;;) {
        size_t f = strcspn(filter, "/"), t = strcspn(topic, "/");
        if (filter[0] == '#')
            return true;
        bool any = f == 1 && filter[0] == '+', capture = filter[0] == '{';
        if (capture ? t == 0 : !any && (f != t || memcmp(filter, topic, f) != 0))
            return false;
        if (!filter[f] && !topic[t])
            return true;
        if (!topic[t])
            return strcmp(filter + f, "/#") == 0;
        if (!filter[f])
            return false;
        filter += f + 1;
        topic += t + 1;
    }
}

static uint64_t seed = 1;
static uint32_t below(uint32_t n)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((seed >> 33) % n);
}

/* A few words, so that much fits much. */
static void levels(char *to, bool filter)
{
    static const char *const words[] = {"a", "b", "", "ab", "$s", "+", "{x}", "{y}", "#"};
    uint32_t n = 1 + below(4);
    char *at = to;
    bool x = false, y = false;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t word = below(filter ? 9 : 5);
        if ((word == 6 && x) || (word == 7 && y))
            word = 5;
        x = x || word == 6;
        y = y || word == 7;
        at += sprintf(at, "%s%s", i ? "/" : "", words[word]);
        if (word == 8)
            break;
    }
    if (at == to)
        memcpy(to, "a", 2);
}

static struct payload_map *map_with(const char *source)
{
    static struct problems problems;
    struct payload_map *map = NULL;
    problems = (struct problems){0};
    if (!payload_map_parse(str_of(source), &map, &problems))
        fail_msg("%s", problems.problem[0].text);
    return map;
}

enum { FILTER_BYTES = 64, ROUNDS = 60, TOPICS = 400 };

/* The list's index says what trying every filter says, in lists of all sizes. */
static void test_index_finds_what_trying_all_finds(void **state)
{
    (void)state;
    static char filter[PAYLOAD_MAPS_MAX][PAYLOAD_FILTERS_MAX][FILTER_BYTES];
    uint32_t found = 0;
    for (uint32_t round = 0; round < ROUNDS; round++) {
        uint32_t maps_count = 1 + below(PAYLOAD_MAPS_MAX), filters[PAYLOAD_MAPS_MAX];
        struct payload_maps *maps = payload_maps_new();
        for (uint32_t m = 0; m < maps_count; m++) {
            struct str given[PAYLOAD_FILTERS_MAX];
            filters[m] = 1 + below(round % 4 ? 2 : PAYLOAD_FILTERS_MAX);
            for (uint32_t i = 0; i < filters[m]; i++) {
                levels(filter[m][i], true);
                given[i] = str_of(filter[m][i]);
            }
            struct payload_map *map = map_with("payload: m\ntopics: [never]\nreadings: [{class: "
                                               "light, device: d, lux: /x}]\n");
            struct error err = {0};
            if (!payload_maps_add(maps, map, given, filters[m], &err))
                fail_msg("%s", err.where);
        }
        for (uint32_t t = 0; t < TOPICS; t++) {
            char topic[FILTER_BYTES];
            uint32_t want = maps_count;
            levels(topic, false);
            for (uint32_t m = 0; m < maps_count && want == maps_count; m++)
                for (uint32_t i = 0; i < filters[m]; i++)
                    if (naive_match(filter[m][i], topic))
                        want = m;
            const struct payload_map *got = payload_maps_find(maps, str_of(topic));
            if (got != (want < maps_count ? payload_maps_at(maps, want) : NULL))
                fail_msg("round %u topic %s: map %u is wanted", round, topic, want);
            found += got != NULL;
        }
        payload_maps_free(maps);
    }
    assert_true(found > ROUNDS * TOPICS / 4 && found < ROUNDS * TOPICS);
}

static void test_list_of_maps(void **state)
{
    (void)state;
    struct payload_maps *maps = payload_maps_new();
    struct error err = {0};
    static const char source[] =
        "payload: m\ntopics: [\"a/{device}\"]\nreadings: [{class: light, device: \"{device}\", "
        "lux: /x}]\nstatus: [{topics: [\"a/{device}/LWT\", \"a/{device}\"], device: \"{device}\", "
        "value: {text: payload}}]\n";
    struct str bad[] = {STR_LIT("x/{device}"), STR_LIT("y/{devcie}")}, worse[] = {STR_LIT("a/#/b")},
               good[] = {STR_LIT("x/{device}/+/{other}")};
    struct payload_map *map = map_with(source);
    assert_null(payload_maps_find(NULL, STR_LIT("a")));
    assert_false(payload_maps_add(maps, map, bad, 2, &err));
    assert_string_equal(err.where, "topic filter \"y/{devcie}\" does not capture {device}, which "
                                   "the map uses");
    assert_int_equal(err.position, 1);
    assert_false(payload_maps_add(maps, map, worse, 1, &err));
    assert_int_equal(payload_maps_count(maps), 0);
    assert_true(payload_maps_add(maps, map, good, 1, &err));
    assert_true(payload_maps_add(maps, map_with(source), NULL, 0, &err));
    assert_ptr_equal(payload_maps_find(maps, STR_LIT("x/1/2/3")), payload_maps_at(maps, 0));
    assert_ptr_equal(payload_maps_find(maps, STR_LIT("a/1/LWT")), payload_maps_at(maps, 0));
    assert_ptr_equal(payload_maps_find(maps, STR_LIT("a/1")), payload_maps_at(maps, 0));
    assert_null(payload_maps_find(maps, STR_LIT("x/1/2")));
    assert_null(payload_maps_find(maps, STR_LIT("")));
    char all[256];
    struct text out = text_over(all, sizeof all - 1);
    for (uint32_t i = 0; i < payload_maps_filter_count(maps); i++) {
        text_add_str(&out, payload_maps_filter(maps, i));
        text_add_char(&out, ' ');
    }
    all[out.len] = '\0';
    assert_string_equal(all, "a/+/LWT a/+ x/+/+/+ ");
    while (payload_maps_count(maps) < PAYLOAD_MAPS_MAX)
        assert_true(payload_maps_add(maps, map_with(source), NULL, 0, &err));
    map = map_with(source);
    assert_false(payload_maps_add(maps, map, NULL, 0, &err));
    assert_int_equal(err.code, ERROR_TOO_LARGE);
    payload_map_free(map);
    payload_maps_free(maps);
}

/* What MQTT can't subscribe as it is written brings more than was asked for. */
static void test_widened(void **state)
{
    (void)state;
    static const struct {
        const char *topic;
        bool fits, widened;
    } rows[] = {
        {"site/vs-7/up", true, false},
        {"site/door-7/up", false, true},
        {"site/vs-/up", false, true},
        {"site//up", false, true},
        {"site/door-7/down", false, false},
        {"site/door-7/up/x", false, false},
        {"other/door-7/up", false, false},
        {"site", false, false},
        {"", false, false},
        {"all/x7/what/ever", true, false},
        {"all/7/what/ever", false, true},
        {"$SYS/vs-7/up", false, false},
        {"o/x/c", true, false},
        {"o/b/x", true, false},
        {"o/x/y", false, true},
        {"o/x", false, false},
        {"plus/1/up", true, false},
        {"plus/1/down", false, false},
    };
    struct payload_maps *maps = payload_maps_new();
    struct error err = {0};
    assert_true(payload_maps_add(
        maps,
        map_with("payload: m\ntopics: [\"site/vs-{device}/up\", \"all/x{device}/#\", "
                 "\"plus/+/up\", \"o/+/c\", \"o/b/+\"]\nreadings: [{class: light, device: d, lux: "
                 "/x}]\n"),
        NULL, 0, &err));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct str topic = str_of(rows[i].topic);
        bool fits = payload_maps_find(maps, topic) != NULL;
        if (fits != rows[i].fits || (!fits && payload_maps_widened(maps, topic) != rows[i].widened))
            fail_msg("%s", rows[i].topic);
    }
    assert_false(payload_maps_widened(NULL, STR_LIT("site/door-7/up")));
    payload_maps_free(maps);
}

/* What is subscribed beside the maps widens what it overlaps in part, and nothing else. */
static void test_widened_by_what_is_beside(void **state)
{
    (void)state;
    struct payload_maps *maps = payload_maps_new();
    assert_true(payload_maps_add(
        maps,
        map_with("payload: m\ntopics: [\"{device}/online\", \"z/{device}\", "
                 "\"+/+/crowd/{device}\"]\nreadings: [{class: light, device: d, lux: /x}]\n"),
        NULL, 0, NULL));
    assert_true(payload_maps_widened(maps, STR_LIT("other/two"))); /* +/online and z/+ are +/+ */
    assert_false(payload_maps_widened(maps, STR_LIT("other/of/three")));
    assert_true(payload_maps_beside(maps, "drill/v/x/#"));
    assert_false(payload_maps_widened(maps, STR_LIT("other/of/three")));
    assert_true(payload_maps_beside(maps, "crowdtide/v/#"));
    assert_true(payload_maps_widened(maps, STR_LIT("other/of/three")));
    assert_false(payload_maps_widened(maps, STR_LIT("other")));
    payload_maps_free(maps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_matches),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_index_finds_what_trying_all_finds),
        cmocka_unit_test(test_list_of_maps),
        cmocka_unit_test(test_widened),
        cmocka_unit_test(test_widened_by_what_is_beside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
