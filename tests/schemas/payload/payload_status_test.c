/* Messages that tell how a device is, by topics of their own or among readings; mistakes in such
 * maps. */
#include <string.h>

#include "tests/support/payload_bench.h"
#include "tests/support/support.h"

/* A message of the map's own topics that tells how the device is; it is no reading then. */
static void test_a_status_among_readings(void **state)
{
    static const char map[] = "payload: covered\n"
                              "topics: [\"t/{device}\"]\n"
                              "when: {at: /type, not: heartbeat}\n"
                              "readings:\n"
                              "  - {class: crowd, kind: total, device: \"{device}\", in: /in}\n"
                              "status:\n"
                              "  - when: {at: /kind, equals: lens}\n"
                              "    device: \"{device}\"\n"
                              "    value: {at: /alarm, words: {on: offline, off: online}}\n"
                              "  - when: {at: /kind, equals: power}\n"
                              "    device: \"{/who}\"\n"
                              "    value: {at: /alarm, words: {on: offline, off: online}}\n";
    struct payload_bench *f = *state;
    payload_bench_expect(f, "a reading", map, "{\"in\":1,\"alarm\":\"on\"}",
                         "d1 crowd_total in=1\n");
    payload_bench_expect(f, "the first", map, "{\"kind\":\"lens\",\"alarm\":\"on\"}",
                         "offline d1\n");
    payload_bench_expect(f, "the second", map,
                         "{\"kind\":\"power\",\"alarm\":\"off\",\"who\":\"d2\"}", "online d2\n");
    payload_bench_expect(f, "with a count beside it", map,
                         "{\"in\":1,\"kind\":\"lens\",\"alarm\":\"on\"}", "offline d1\n");
    payload_bench_expect(f, "its value is missing", map, "{\"in\":1,\"kind\":\"lens\"}",
                         "d1 crowd_total in=1\n");
    payload_bench_expect(f, "its value is another", map, "{\"in\":1,\"kind\":\"lens\",\"alarm\":1}",
                         "refused out_of_range: status (/alarm): not among the words of the map\n");
    payload_bench_expect(f, "of nobody", map, "{\"kind\":\"power\",\"alarm\":\"on\"}",
                         "refused wrong_type: device: not in the message\n");
    payload_bench_expect(f, "whatever the map's own conditions", map,
                         "{\"type\":\"heartbeat\",\"kind\":\"lens\",\"alarm\":\"off\"}",
                         "online d1\n");
    payload_bench_expect(f, "no JSON", map, "offline",
                         "refused malformed: payload: not JSON at byte 1: no value\n");
}

/* Some versions wrap it in JSON, some don't. */
static void test_a_status_as_text_or_json(void **state)
{
    static const char map[] = "payload: versions\n"
                              "status:\n"
                              "  - topics: [\"t/{device}\"]\n"
                              "    when: {at: /internal, not: true}\n"
                              "    device: \"{device}\"\n"
                              "    value: [{at: /state}, {text: payload}]\n";
    struct payload_bench *f = *state;
    payload_bench_expect(f, "JSON", map, "{\"state\":\"offline\"}", "offline d1\n");
    payload_bench_expect(f, "text", map, "online", "online d1\n");
    payload_bench_expect(f, "conditions", map, "{\"state\":\"offline\",\"internal\":true}",
                         "nothing\n");
    payload_bench_expect(f, "another text", map, "asleep",
                         "refused out_of_range: status: not a word of the contract\n");
    payload_bench_expect(f, "not UTF-8", map, "\xff", "refused utf8: payload: not UTF-8\n");
}

static void test_mistakes_in_statuses_and_conditions(void **state)
{
    (void)state;
    static const struct {
        const char *map, *problem;
    } mistakes[] = {
        {"payload: m\nstatus: [{device: a, value: {at: /s}}]\n",
         "a status has a device, a value, and topics or"},
        {"payload: m\ntopics: [\"t/{d}\"]\ncarry: {b: {at: ./b, start: 0}}\nreadings:\n"
         "  - {each: /*, class: crowd, kind: level, device: \"{d}\", occupancy: ./n,\n"
         "     when: {carried: c, equals: 1}}\n",
         "carried: `carry` has no \"c\""},
        {"payload: m\ntopics: [\"t/{d}\"]\ncarry: {b: {at: ./b, start: 0}}\nreadings:\n"
         "  - {each: /*, class: crowd, kind: level, device: \"{d}\", occupancy: ./n}\n"
         "  - {class: crowd, kind: level, device: \"{d}\", occupancy: /n, when: {carried: b, "
         "equals: 1}}\n",
         "carried: \"b\" belongs to elements"},
        {"payload: m\ntopics: [\"t/{d}\"]\nreadings:\n"
         "  - {class: crowd, kind: level, device: \"{d}\", occupancy: /n, when: {equals: 1}}\n",
         "a condition has one of `at`"},
    };
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        struct problems problems = {0};
        struct payload_map *map = NULL;
        assert_false(payload_map_parse(str_of(mistakes[i].map), &map, &problems));
        bool said = false;
        for (uint32_t k = 0; k < problems_listed(&problems); k++)
            said = said || strstr(problems.problem[k].text, mistakes[i].problem);
        if (!said)
            fail_msg("%s: not said", mistakes[i].problem);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAYLOAD_BENCH_TEST(test_a_status_among_readings),
        PAYLOAD_BENCH_TEST(test_a_status_as_text_or_json),
        cmocka_unit_test(test_mistakes_in_statuses_and_conditions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
