/* payload_map: mistakes in a map and what is said of them, what a map says of itself, and maps
 * damaged at random. */
#include "schemas/payload/payload_map.h"

#include <stdio.h>
#include <stdlib.h>

#include "schemas/payload/payload_decode.h"
#include "tests/support/support.h"

#define HEAD "payload: m\ntopics: [\"t/{device}\"]\n"
#define ENTRY(members)                                                                             \
    HEAD "readings:\n  - {class: crowd, kind: total, device: \"{device}\", " members "}\n"
#define LIGHT(members) HEAD "readings:\n  - {class: light, device: \"{device}\", " members "}\n"
#define EACH(members)                                                                              \
    HEAD "readings:\n  - {each: \"/a/*\", class: crowd, kind: total, device: "                     \
         "\"{device}\", " members "}\n"

static const struct {
    const char *map, *problem;
} mistakes[] = {
    {"", "1:1 payload is missing: the map's id"},
    {"payload: m\n", "1:1 the map has neither readings nor a status"},
    {"payload: m\nreadings: [{class: light, device: d, lux: /l}]\n",
     "1:1 topics is missing: the MQTT filters whose messages this map reads"},
    {HEAD "raedings: []\n", "3:1 the map has no key \"raedings\"; did you mean \"readings\"?"},
    {"payload: m\ntopics: [\"a/#/b\"]\nreadings: [{class: light, device: d, lux: /l}]\n",
     "2:10 topics: \"a/#/b\": + and # each fill a level of their own, # the last"},
    {HEAD "readings:\n  - {device: d, in: /in}\n",
     "4:5 a reading has a class: crowd, gate, vehicle_gate or light"},
    {HEAD "readings:\n  - {class: crowd, device: d, in: /in}\n",
     "4:5 a reading of class crowd has a kind: level, delta, daily or total"},
    {HEAD "readings:\n  - {class: gate, kind: delta, device: d, in: /in}\n",
     "4:25 kind is only for class crowd; gates and lights have none"},
    {HEAD "readings:\n  - {class: gate, in: /in}\n",
     "4:5 a reading has a device: \"{name}\" of the topic, \"{/pointer}\" of the payload, or a "
     "text"},
    {HEAD "readings:\n  - {class: crowd, kind: level, device: d, in: /in}\n",
     "4:5 kind level says how many there are: it needs occupancy"},
    {HEAD "readings:\n  - {class: light, device: d, lux: /l}\n"
          "  - {class: crowd, kind: daily, device: d, occupancy: /n}\n",
     "5:5 kind daily counts passages: it needs in or out"},
    {ENTRY("seq: /s"), "4:5 a reading that has no member says nothing"},
    {ENTRY("inn: /in"), "4:53 a crowd_total reading has no \"inn\"; did you mean \"in\"?; it may "
                        "say seq, in, out, occupancy"},
    {ENTRY("lux: /in"),
     "4:53 a crowd_total reading has no \"lux\"; it may say seq, in, out, occupancy"},
    {ENTRY("ts: /in"),
     "4:53 a crowd_total reading has no \"ts\"; it may say seq, in, out, occupancy"},
    {ENTRY("in: in"),
     "4:57 \"in\": a pointer begins with /, ./ or ../; a constant is written {is: …}"},
    {ENTRY("in: /a~2"), "4:57 \"/a~2\": a ~ is written ~0, and a / inside a key ~1"},
    {ENTRY("in: ./a"),
     "4:57 \"./a\": ./ and ../ begin at an element, and nothing is iterated here"},
    {ENTRY("in: \"/l{n}\""),
     "4:57 \"/l{n}\": only `for` gives names to a pointer, and it gives none of this name"},
    {EACH("in: ../a"),
     "4:71 \"../a\": ../ leads out of the elements; the document's pointers begin with /"},
    {EACH("in: .a"), "4:71 \".a\": a pointer begins with /, ./ or ../"},
    {ENTRY("each: /a, in: /in"),
     "4:59 each: it ends with /*: the items of a list, or the members of an object"},
    {ENTRY("each: \"/*/*/*/*/*\", in: /in"), "4:59 each: at most four * in one another"},
    {ENTRY("in: {ta: /in}"), "4:58 in has no key \"ta\""},
    {ENTRY("in: {scale: 2}"), "4:57 in: one of at (a pointer) or is (a constant) is expected"},
    {ENTRY("in: {at: /a, is: 2}"),
     "4:57 in: one of at (a pointer) or is (a constant) is expected, not both"},
    {ENTRY("in: {at: /a, scale: 0}"), "4:73 in: scale: 0 leaves nothing of any value"},
    {ENTRY("in: {at: /a, scale: x}"),
     "4:73 scale: \"x\" is not a decimal number of at most 15 digits"},
    {ENTRY("in: {at: /a, add: bt}"), "4:71 in: add: neither a number nor a name of `carry`"},
    {ENTRY("in: {at: /a, from: number}"),
     "4:72 in: from: only \"text\": a number that is written as a string"},
    {ENTRY("in: {at: /a, min: 3, max: 2}"), "4:71 in: min: more than max"},
    {ENTRY("in: {at: /a, format: epoch_s}"), "4:74 in: format: only for times"},
    {ENTRY("in: {text: payload}"),
     "4:64 in: text: the whole payload is a text: a number needs from: text"},
    {ENTRY("in: [{is: 1}, /a]"),
     "4:58 in: a constant without `when` always applies, so what follows never does"},
    {ENTRY("in: /a, when: {at: /a}"),
     "4:67 a condition asks something: equals, in, not, present, above, below or type"},
    {ENTRY("in: /a, when: {equals: 1}"), "4:67 a condition has one of `at` (a pointer), `capture` "
                                         "(a name of the topic) and `carried` (a name of `carry`)"},
    {ENTRY("in: /a, when: {at: /a, capture: device, equals: 1}"),
     "4:67 a condition has one of `at` (a pointer), `capture` (a name of the topic) and `carried` "
     "(a name of `carry`)"},
    {ENTRY("in: /a, when: {capture: devcie, equals: 1}"),
     "4:77 capture: no topic filter captures {devcie}"},
    {ENTRY("in: /a, when: {capture: device, above: 1}"),
     "4:92 above: of a capture only equals, in and not"},
    {ENTRY("in: /a, time: {at: /t}"), "4:67 time: format: a time has one: epoch_s, epoch_ms, "
                                      "epoch_us, rfc3339, local, compact, senml"},
    {ENTRY("in: /a, time: {at: /t, format: local}"),
     "4:84 time: format: such a time has no offset, so it needs a zone: venue, UTC, or an offset "
     "such as +08:00"},
    {ENTRY("in: /a, time: {at: /t, format: local, zone: CET}"),
     "4:97 time: zone: venue, UTC, or an offset such as +08:00 is expected"},
    {ENTRY("in: /a, time: {at: /t, format: epoch_s, zone: UTC}"),
     "4:99 time: zone: seconds since 1970 are the same everywhere"},
    {ENTRY("in: /a, time: {at: /t, format: unix}"),
     "4:84 format: \"unix\" is not one of epoch_s, epoch_ms, epoch_us, rfc3339, local, compact, "
     "senml"},
    {ENTRY("in: /a, part: \"{devcie}\""),
     "4:67 part: nothing is called {devcie}; did you mean {device}?; captured or carried: device; "
     "pointers begin with /, ./ or ../"},
    {ENTRY("in: /a, part: \"{index}\""),
     "4:67 part: {index} and {key} are of an element, and the entry has no `each`"},
    {ENTRY("in: /a, part: \"{device\""), "4:67 part: a { without its }"},
    {ENTRY("in: /a, part: \"device}\""), "4:67 part: a } without its {"},
    {ENTRY("in: /a, unbound: drop"), "4:70 unbound: \"drop\" is not one of refuse, ignore"},
    {ENTRY("in: /a, binding: {saturates_at: 255}"),
     "4:85 saturates_at is only for counters of kind level"},
    {ENTRY("in: /a, binding: {wrap: 1000}"),
     "4:77 wrap: 65536, 4294967296 or 0 (does not wrap) is expected"},
    {ENTRY("in: /a, for: {n: [1, 2], m: [1]}"),
     "4:81 for: the lists go together, so they are of the same length"},
    {ENTRY("in: \"/{n}/{m}\", for: {n: [1, 2]}"),
     "4:57 \"/1/{m}\": only `for` gives names to a pointer, and it gives none of this name"},
    {LIGHT("state: {is: dimm}"),
     "4:52 \"dimm\" is not a word of state: on, off, dim; did you mean \"dim\"?"},
    {LIGHT("state: {at: /s, words: {ON: an}}"), "4:68 \"an\" is not a word of state: on, off, dim"},
    {LIGHT("state: {at: /s, scale: 2}"), "4:63 state: scale: only for members that are numbers"},
    {LIGHT("fault: {at: /s, words: {bad: maybe}}"), "4:69 fault: \"maybe\" is neither yes nor no"},
    {LIGHT("lux: {at: /l, words: {x: 1}, scale: 2}"),
     "4:61 lux: words: words are not scaled, added to or read as numbers"},
    {HEAD "carry: {bt: {at: ./bt, start: 0}}\nreadings: [{class: light, device: d, lux: /x}]\n",
     "3:8 carry: it is for elements, and no reading has an `each`"},
    {"payload: m\ntopics: [\"t/{device}\", \"u/+\"]\nreadings: [{class: light, device: "
     "\"{device}\", lux: /x}]\n",
     "2:9 topic filter \"u/+\" does not capture {device}, which the map uses"},
    {HEAD "status: [{topics: [\"l/+\"], device: \"{device}\", value: {text: payload}}]\n",
     "3:9 topic filter \"l/+\" does not capture {device}, which the map uses"},
    {HEAD "status: [{topics: [\"l/{device}\"], device: \"{device}\", value: {text: payload, words: "
          "{A: up}}}]\n",
     "3:89 \"up\" is not a word of status: online, offline"},
    {HEAD "status: [{device: \"{device}\", value: {text: payload}}]\n",
     "3:10 a status has a device, a value, and topics or (of the messages that the map reads "
     "anyway) when"},
    {HEAD "privacy: [{at: /p, do: encrypt}]\nreadings: [{class: light, device: d, lux: /x}]\n",
     "3:24 do: \"encrypt\" is not one of drop, hash"},
    {HEAD "privacy: [{capture: card, do: drop}]\nreadings: [{class: light, device: d, lux: /x}]\n",
     "3:21 capture: no topic filter captures {card}"},
    {HEAD "privacy: [{at: /p, capture: device, do: drop}]\nreadings: [{class: light, device: d, "
          "lux: /x}]\n",
     "3:11 a privacy rule has `at`, a pointer, or `capture`, a name of the topic, and `do`: drop "
     "or "
     "hash"},
    {"payload: m\ntopics: [\"t/{card}\", \"u/+\"]\nprivacy: [{capture: card, do: drop}]\n"
     "readings: [{class: light, device: d, lux: /x}]\n",
     "2:9 topic filter \"u/+\" does not capture {card}, which the map uses"},
    {HEAD "privacy: [{at: p, do: drop}]\nreadings: [{class: light, device: d, lux: /x}]\n",
     "3:16 at: a pointer begins with /"},
    {HEAD
     "samples: [{topic: t/a, payload: \"{}\"}]\nreadings: [{class: light, device: d, lux: /x}]\n",
     "3:11 a sample has a topic, a payload, and what becomes of it: readings, nothing, refused or "
     "status"},
    {HEAD "verified: yes\nreadings: [{class: light, device: d, lux: /x}]\n",
     "3:11 verified: \"yes\" is not one of unverified, document, sample"},
};

static void test_mistakes_are_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        static struct problems problems;
        struct payload_map *map = NULL;
        char got[PROBLEM_BYTES + 32];
        problems = (struct problems){0};
        if (payload_map_parse(str_of(mistakes[i].map), &map, &problems))
            fail_msg("accepted, but wanted: %s", mistakes[i].problem);
        snprintf(got, sizeof got, "%u:%u %s", problems.problem[0].line, problems.problem[0].column,
                 problems.problem[0].text);
        if (strcmp(got, mistakes[i].problem) != 0)
            fail_msg("\nwant %s\ngot  %s", mistakes[i].problem, got);
        assert_null(map);
    }
}

static const char full[] = "payload: full\n"
                           "title: All that a map can say\n"
                           "source: a document\n"
                           "verified: document\n"
                           "unverified: [/a, /b]\n"
                           "topics: [\"t/{device}/#\"]\n"
                           "privacy: [{at: /p/*/q, do: hash}, {at: /r, do: drop}]\n"
                           "readings:\n"
                           "  - for: {n: [1, 2]}\n"
                           "    class: crowd\n"
                           "    kind: total\n"
                           "    device: \"{device}\"\n"
                           "    part: \"line{n}\"\n"
                           "    unbound: ignore\n"
                           "    in: \"/l{n}\"\n"
                           "    binding: {wrap: 65536, silence_s: 300, interval_s: 60}\n"
                           "samples:\n"
                           "  - topic: t/a/b\n"
                           "    payload: '{\"l1\":5}'\n"
                           "    received: 2026-01-02T00:00:00Z\n"
                           "    utc_offset: -03:00\n"
                           "    readings: [a/line1 crowd_total in=5]\n"
                           "  - {topic: t/a/b, payload: '{}', nothing: yes}\n";

static void test_what_a_map_says_of_itself(void **state)
{
    (void)state;
    static struct problems problems;
    struct payload_map *map = NULL;
    assert_true(payload_map_parse(STR_LIT(full), &map, &problems));
    assert_int_equal(problems.count, 0);
    const struct payload_facts *facts = payload_map_facts(map);
    assert_true(str_is(facts->id, "full") && str_is(facts->title, "All that a map can say") &&
                str_is(facts->source, "a document"));
    assert_int_equal(facts->verified, PAYLOAD_DOCUMENT);
    assert_int_equal(facts->unverified_count, 2);
    assert_true(str_is(facts->unverified[1], "/b"));
    const struct payload_binding *b = payload_map_binding(map, 1);
    assert_true(str_is(b->device, "{device}") && str_is(b->part, "line2") && b->unbound_ignore);
    assert_int_equal(b->wrap, 65536);
    assert_int_equal(b->silence_ms, 300000);
    assert_int_equal(b->interval_ms, 60000);
    assert_null(payload_map_binding(map, 2));
    const struct payload_privacy *rule = payload_map_privacy(map, 0);
    assert_int_equal(rule->act, PAYLOAD_HASH);
    assert_int_equal(rule->token_count, 3);
    assert_true(str_is(rule->token[0].text, "p") && rule->token[1].any && !rule->token[2].any);
    assert_int_equal(payload_map_privacy(map, 1)->act, PAYLOAD_DROP);
    assert_null(payload_map_privacy(map, 2));
    const struct payload_sample *sample = payload_map_sample(map, 0);
    assert_int_equal(sample->line, 18);
    assert_true(str_is(sample->topic, "t/a/b") && str_is(sample->payload, "{\"l1\":5}"));
    assert_int_equal(sample->received_ms, INT64_C(1767312000000));
    assert_int_equal(sample->utc_offset_s, -10800);
    assert_true(sample->reading_count == 1 &&
                str_is(sample->reading[0], "a/line1 crowd_total in=5"));
    assert_true(payload_map_sample(map, 1)->nothing);
    assert_null(payload_map_sample(map, 2));
    payload_map_free(map);
}

static uint64_t seed = 7;
static uint32_t below(uint32_t n)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((seed >> 33) % n);
}

enum { DAMAGED = 3000 };

/* Bytes changed, cut out and doubled: a map is refused with a problem, or it decodes. */
static void test_damaged_maps(void **state)
{
    (void)state;
    static struct problems problems;
    struct payload_decoder *decoder = payload_decoder_new();
    uint32_t accepted = 0;
    for (uint32_t round = 0; round < DAMAGED; round++) {
        char text[2 * sizeof full] = {0};
        uint32_t len = sizeof full - 1, at = below(len), n = 1 + below(8);
        static const char odd[] = "{}[]/*~.#+:-'\" \n0a";
        memcpy(text, full, len);
        switch (below(3)) {
        case 0:
            text[at] = odd[below(sizeof odd - 1)];
            break;
        case 1:
            n = n < len - at ? n : len - at;
            memmove(text + at, text + at + n, len - at - n);
            len -= n;
            break;
        default:
            memmove(text + at + n, text + at, len - at);
            len += n;
        }
        struct payload_map *map = NULL;
        problems = (struct problems){0};
        bool ok = payload_map_parse((struct str){text, len}, &map, &problems);
        assert_true(ok == (map != NULL) && ok == !problems_refuse(&problems));
        if (ok) {
            static const char payload[JSON_PADDING_BYTES + 32] = "{\"l1\":5,\"l2\":\"x\"}";
            struct payload_maps *maps = payload_maps_new();
            struct payload_outcome outcome;
            const struct payload_message message = {.topic = STR_LIT("t/a/b"),
                                                    .payload = {payload, 17}};
            assert_true(payload_maps_add(maps, map, NULL, 0, NULL));
            if (payload_maps_find(maps, message.topic))
                payload_decode(decoder, maps, map, &message, &outcome);
            payload_maps_free(maps);
            accepted++;
        }
    }
    assert_true(accepted > 0 && accepted < DAMAGED);
    payload_decoder_free(decoder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mistakes_are_named),
        cmocka_unit_test(test_what_a_map_says_of_itself),
        cmocka_unit_test(test_damaged_maps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
