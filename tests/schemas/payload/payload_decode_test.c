/* payload_decode: maps and messages, and what becomes of them, as people write them in a map's
 * samples. */
#include "schemas/payload/payload_decode.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/support.h"

enum { TEXT_MAX = 128 * 1024, RECEIVED_MS = 1767268800 /* s */ };

struct fixture {
    struct payload_decoder *decoder;
    char payload[PAYLOAD_DOCUMENT_BYTES_MAX + JSON_PADDING_BYTES];
    char text[TEXT_MAX];
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->decoder = payload_decoder_new();
    *state = f;
    return f->decoder ? 0 : -1;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    payload_decoder_free(f->decoder);
    free(f);
    return 0;
}

static struct payload_maps *maps_of(const char *source)
{
    static struct problems problems;
    struct payload_map *map = NULL;
    struct payload_maps *maps = payload_maps_new();
    struct error err = {0};
    problems = (struct problems){0};
    if (!payload_map_parse(str_of(source), &map, &problems))
        for (uint32_t i = 0; i < problems_listed(&problems); i++)
            print_error("%u:%u %s\n", problems.problem[i].line, problems.problem[i].column,
                        problems.problem[i].text);
    assert_non_null(map);
    assert_true(payload_maps_add(maps, map, NULL, 0, &err));
    return maps;
}

static const char *decode(struct fixture *f, const struct payload_maps *maps, const char *topic,
                          const char *payload, const char *content_type)
{
    size_t len = strlen(payload);
    struct payload_outcome outcome;
    assert_true(len <= PAYLOAD_DOCUMENT_BYTES_MAX);
    memset(f->payload, '}', len + JSON_PADDING_BYTES);
    memcpy(f->payload, payload, len);
    const struct payload_message message = {.topic = str_of(topic),
                                            .payload = {f->payload, (uint32_t)len},
                                            .content_type = str_of(content_type),
                                            .received_ms = RECEIVED_MS * INT64_C(1000),
                                            .utc_offset_s = 8 * 3600};
    const struct payload_map *map = payload_maps_find(maps, message.topic);
    if (!map)
        return "no map\n";
    payload_decode(f->decoder, maps, map, &message, &outcome);
    struct text out = text_over(f->text, TEXT_MAX - 1);
    payload_outcome_text(&outcome, &out);
    f->text[out.len] = '\0';
    return f->text;
}

/* Most cases are about one member of one reading. */
#define MAP(entry) "payload: m\ntopics: [\"t/{device}\"]\nreadings:\n  - " entry "\n"
#define TOTAL(members) MAP("{class: crowd, kind: total, device: \"{device}\", " members "}")
#define LEVEL(members) MAP("{class: crowd, kind: level, device: \"{device}\", " members "}")
#define GATE(members) MAP("{class: gate, device: \"{device}\", " members "}")
#define LIGHT(members) MAP("{class: light, device: \"{device}\", " members "}")

static const struct sample {
    const char *name, *map, *payload, *want;
} samples[] = {
    {"a total", TOTAL("in: /in, out: /out"), "{\"in\":72,\"out\":200}",
     "d1 crowd_total in=72 out=200\n"},
    {"order of keys", TOTAL("in: /in, out: /out"), "{\"out\":200,\"x\":1,\"in\":72}",
     "d1 crowd_total in=72 out=200\n"},
    {"a member that is not there", TOTAL("in: /in, out: /out"), "{\"in\":72}",
     "d1 crowd_total in=72\n"},
    {"none is there", TOTAL("in: /in"), "{\"x\":72}", "nothing\n"},
    {"a list instead", TOTAL("in: /in"), "[{\"in\":72}]",
     "refused wrong_type: payload: not an object, as the map expects\n"},
    {"a number instead", TOTAL("in: /in"), "72",
     "refused wrong_type: payload: not an object, as the map expects\n"},
    {"a text instead, deep", TOTAL("in: /a/b/in"), "{\"a\":{\"b\":\"in\"}}",
     "refused wrong_type: payload /a/b: not an object, as the map expects\n"},
    {"an object where one of its own counts", TOTAL("in: [/n/value, /n]"), "{\"n\":5}",
     "d1 crowd_total in=5\n"},
    {"null where an object should be", TOTAL("in: /a/in"), "{\"a\":null}", "nothing\n"},
    {"a list instead, beside what counts", TOTAL("in: /in, out: /a/out"), "{\"in\":1,\"a\":[2]}",
     "d1 crowd_total in=1\n"},
    {"no list of objects", MAP("{each: /*, class: light, device: \"{device}\", lux: ./lux}"),
     "{\"bn\":\"x\",\"lux\":3}",
     "refused wrong_type: payload /*: not an object, as the map expects\n"},
    {"a number where a list should be", LEVEL("occupancy: /a/0"), "{\"a\":5}",
     "refused wrong_type: payload /a: not a list, as the map expects\n"},
    {"not this map's, and an object",
     MAP("{class: light, device: \"{device}\", lux: /l/x}\nwhen: {at: /m, equals: a}"),
     "{\"m\":\"b\",\"l\":5}", "nothing\n"},
    {"not even an object, which says whose it is",
     MAP("{class: light, device: \"{device}\", lux: /l/x}\nwhen: {at: /m, equals: a}"),
     "[{\"m\":\"b\"}]", "refused wrong_type: payload: not an object, as the map expects\n"},
    {"another topic's",
     MAP("{class: light, device: \"{device}\", lux: /l}\nwhen: {capture: device, equals: other}"),
     "[5]", "nothing\n"},
    {"null is not there", TOTAL("in: /in"), "{\"in\":null}", "nothing\n"},
    {"required", TOTAL("in: /in, out: {at: /out, required: yes}"), "{\"in\":72}",
     "d1 crowd_total refused wrong_type: out (/out): missing\n"},
    {"wrong type", TOTAL("in: /in"), "{\"in\":\"72\"}",
     "d1 crowd_total refused wrong_type: in (/in): not a whole number\n"},
    {"out of range", TOTAL("in: /in"), "{\"in\":-1}",
     "d1 crowd_total refused out_of_range: in (/in): not from 0 to 9007199254740992\n"},
    {"deep", LEVEL("occupancy: /a/b~1c/0/d"), "{\"a\":{\"b/c\":[{\"d\":4},{\"d\":5}]}}",
     "d1 crowd_level occupancy=4\n"},
    {"item of a list", LEVEL("occupancy: /2"), "[1,[2],{},4]",
     "d1 crowd_level refused wrong_type: occupancy (/2): not a whole number\n"},
    {"the document itself", LEVEL("occupancy: \"\""), "17", "d1 crowd_level occupancy=17\n"},
    {"text as number", LEVEL("occupancy: {at: /n, from: text}"), "{\"n\":\"12\"}",
     "d1 crowd_level occupancy=12\n"},
    {"text that is none", LEVEL("occupancy: {at: /n, from: text}"), "{\"n\":\"12x\"}",
     "d1 crowd_level refused wrong_type: occupancy (/n): not a number written as text\n"},
    {"scale to a whole", LEVEL("occupancy: {at: /n, scale: 0.1}"), "{\"n\":30}",
     "d1 crowd_level occupancy=3\n"},
    {"scale to a fraction", LEVEL("occupancy: {at: /n, scale: 0.1}"), "{\"n\":31}",
     "d1 crowd_level refused wrong_type: occupancy (/n): not a whole number\n"},
    {"add", LEVEL("occupancy: {at: /n, add: 2}"), "{\"n\":30}", "d1 crowd_level occupancy=32\n"},
    {"scale a real", LIGHT("power_w: {at: /kw, scale: 1000}"), "{\"kw\":0.0295}",
     "d1 light power_w=29.5\n"},
    {"min", LEVEL("occupancy: {at: /n, min: 5}"), "{\"n\":4}",
     "d1 crowd_level refused out_of_range: occupancy (/n): beyond the map's min and max\n"},
    {"max", LIGHT("lux: {at: /n, max: 5}"), "{\"n\":5.5}",
     "d1 light refused out_of_range: lux (/n): beyond the map's min and max\n"},
    {"invalid number", LEVEL("occupancy: {at: /n, invalid: [255, N/A]}"), "{\"n\":255}",
     "nothing\n"},
    {"invalid text", LEVEL("occupancy: {at: /n, invalid: [255, N/A]}"), "{\"n\":\"N/A\"}",
     "nothing\n"},
    {"valid", LEVEL("occupancy: {at: /n, invalid: [255, N/A]}"), "{\"n\":254}",
     "d1 crowd_level occupancy=254\n"},
    {"words of a text", LIGHT("state: {at: /s, words: {ON: on, OFF: off}}"), "{\"s\":\"OFF\"}",
     "d1 light state=off\n"},
    {"words of a number", LIGHT("state: {at: /s, words: {1: on, 0: off}}"), "{\"s\":1}",
     "d1 light state=on\n"},
    {"words of a boolean", LIGHT("state: {at: /s, words: {true: on, false: off}}"), "{\"s\":false}",
     "d1 light state=off\n"},
    {"words into a boolean", LIGHT("fault: {at: /s, words: {lampFailed: yes, ok: no}}"),
     "{\"s\":\"lampFailed\"}", "d1 light fault=yes\n"},
    {"words into a number", GATE("lanes_open: {at: /s, words: {open: 1, shut: 0}}"),
     "{\"s\":\"shut\"}", "d1 gate lanes_open=0\n"},
    {"no such word", LIGHT("state: {at: /s, words: {ON: on}}"), "{\"s\":\"BLINK\"}",
     "d1 light refused out_of_range: state (/s): not among the words of the map\n"},
    {"the member's own words", GATE("state: /s"), "{\"s\":\"closed\"}", "d1 gate state=closed\n"},
    {"not one of them", GATE("state: /s"), "{\"s\":\"ajar\"}",
     "d1 gate refused out_of_range: state (/s): not a word of the contract\n"},
    {"a boolean", LIGHT("fault: /f"), "{\"f\":true}", "d1 light fault=yes\n"},
    {"alternatives: the first there", LEVEL("occupancy: [/a, /b]"), "{\"b\":2,\"a\":1}",
     "d1 crowd_level occupancy=1\n"},
    {"alternatives: the second", LEVEL("occupancy: [/a, /b]"), "{\"b\":2}",
     "d1 crowd_level occupancy=2\n"},
    {"alternatives: by condition",
     LIGHT("state: [{is: dim, when: {at: /b, above: 0, below: 100}}, {at: /on, words: {true: on, "
           "false: off}}]"),
     "{\"on\":true,\"b\":50}", "d1 light state=dim\n"},
    {"alternatives: condition fails",
     LIGHT("state: [{is: dim, when: {at: /b, above: 0, below: 100}}, {at: /on, words: {true: on, "
           "false: off}}]"),
     "{\"on\":true,\"b\":100}", "d1 light state=on\n"},
    {"a constant event", GATE("event: {is: pass}, direction: {is: in}, lane: /door"),
     "{\"door\":3}", "d1 gate lane=3 event=pass direction=in\n"},
    {"a text put together",
     GATE("event: {is: reject}, direction: {is: out}, reason: {is: "
          "\"{/a} {/b}\"}"),
     "{\"a\":\"x\",\"b\":1.5}", "d1 gate event=reject direction=out reason=x 1.5\n"},
    {"when equals", LEVEL("when: {at: /k, equals: x}, occupancy: /n"), "{\"k\":\"x\",\"n\":1}",
     "d1 crowd_level occupancy=1\n"},
    {"when equals not", LEVEL("when: {at: /k, equals: x}, occupancy: /n"), "{\"k\":\"y\",\"n\":1}",
     "nothing\n"},
    {"when in", LEVEL("when: [{at: /k, in: [1, 2]}], occupancy: /n"), "{\"k\":2,\"n\":1}",
     "d1 crowd_level occupancy=1\n"},
    {"when not, absent", LEVEL("when: [{at: /k, not: 2}], occupancy: /n"), "{\"n\":1}",
     "d1 crowd_level occupancy=1\n"},
    {"when present", LEVEL("when: [{at: /k, present: yes}], occupancy: /n"), "{\"k\":0,\"n\":1}",
     "d1 crowd_level occupancy=1\n"},
    {"when present, null", LEVEL("when: [{at: /k, present: yes}], occupancy: /n"),
     "{\"k\":null,\"n\":1}", "nothing\n"},
    {"when absent", LEVEL("when: [{at: /k, present: no}], occupancy: /n"), "{\"n\":1}",
     "d1 crowd_level occupancy=1\n"},
    {"when capture", LEVEL("when: [{capture: device, in: [d1, d2]}], occupancy: /n"), "{\"n\":1}",
     "d1 crowd_level occupancy=1\n"},
    {"when capture differs", LEVEL("when: [{capture: device, equals: d2}], occupancy: /n"),
     "{\"n\":1}", "nothing\n"},
    {"when of a type", LEVEL("when: [{at: /k, type: [number, boolean]}], occupancy: /n"),
     "{\"k\":2.5,\"n\":1}", "d1 crowd_level occupancy=1\n"},
    {"when of another type", LEVEL("when: [{at: /k, type: number}], occupancy: /n"),
     "{\"k\":\"2\",\"n\":1}", "nothing\n"},
    {"two conditions", LEVEL("when: [{at: /k, above: 1}, {at: /k, below: 3}], occupancy: /n"),
     "{\"k\":3,\"n\":1}", "nothing\n"},
    {"for",
     MAP("{for: {n: [1, 2]}, class: crowd, kind: total, device: \"{device}\", part: "
         "\"line{n}\", in: \"/l{n}_in\", out: \"/l{n}_out\"}"),
     "{\"l2_in\":5,\"l1_in\":1,\"l1_out\":2}",
     "d1/line1 crowd_total in=1 out=2\nd1/line2 crowd_total in=5\n"},
    {"for, names together",
     MAP("{for: {n: [1, 2], p: [a, b]}, class: crowd, kind: level, device: \"{p}\", "
         "occupancy: \"/{n}\"}"),
     "{\"1\":5,\"2\":6}", "a crowd_level occupancy=5\nb crowd_level occupancy=6\n"},
    {"for, in class and kind",
     MAP("{for: {k: [level, delta]}, when: {at: /k, equals: \"{k}\"}, class: crowd, kind: \"{k}\", "
         "device: d, in: /n, occupancy: /n}"),
     "{\"k\":\"level\",\"n\":1}", "d crowd_level occupancy=1 in=1\n"},
    {"each of a list",
     MAP("{each: \"/c/*\", class: crowd, kind: total, device: \"{./id}\", part: \"{index}\", "
         "in: ./v}"),
     "{\"c\":[{\"id\":7,\"v\":1},{\"id\":\"x\",\"v\":2},{\"v\":null}]}",
     "7/0 crowd_total in=1\nx/1 crowd_total in=2\n"},
    {"each of an object",
     MAP("{each: \"/c/*\", class: crowd, kind: level, device: \"{key}\", occupancy: .}"),
     "{\"c\":{\"a\":1,\"b\":2}}", "a crowd_level occupancy=1\nb crowd_level occupancy=2\n"},
    {"each in each",
     MAP("{each: \"/l/*/c/*\", class: crowd, kind: total, device: \"{../id}-{./id}\", in: ./v, "
         "out: /o}"),
     "{\"o\":9,\"l\":[{\"id\":1,\"c\":[{\"id\":2,\"v\":3},{\"id\":3,\"v\":4}]},{\"c\":[{\"id\":2,"
     "\"v\":5}],\"id\":2}]}",
     "1-2 crowd_total in=3 out=9\n1-3 crowd_total in=4 out=9\n2-2 crowd_total in=5 out=9\n"},
    {"where in the elements",
     MAP("{each: \"/l/*/c/*\", class: crowd, kind: total, device: d, part: \"{./id}\", in: ./v/w}"),
     "{\"l\":[{},{\"c\":{\"x/y\":{\"id\":1,\"v\":{\"w\":1.5}}}}]}",
     "d/1 crowd_total refused wrong_type: in (/l/1/c/x~1y/v/w): not a whole number\n"},
    {"each of no list", MAP("{each: \"/c/*\", class: crowd, kind: total, device: d, in: ./v}"),
     "{\"c\":5}", "refused wrong_type: payload /c: neither a list nor an object\n"},
    {"each of nothing", MAP("{each: \"/c/*\", class: crowd, kind: total, device: d, in: ./v}"),
     "{\"c\":null}", "nothing\n"},
    {"a device that is not there", MAP("{class: crowd, kind: total, device: \"{/id}\", in: /v}"),
     "{\"v\":1}", " crowd_total refused wrong_type: device: not in the message\n"},
    {"one refused, one read",
     MAP("{each: \"/*\", class: crowd, kind: total, device: d, part: \"{index}\", in: ./v}"),
     "[{\"v\":\"x\"},{\"v\":2}]",
     "d/0 crowd_total refused wrong_type: in (/0/v): not a whole number\nd/1 crowd_total in=2\n"},
    {"parts of one reading",
     MAP("{each: \"/*\", when: {at: ./n, equals: fw}, class: crowd, kind: delta, device: d, in: "
         "./v}\n  - {each: \"/*\", when: {at: ./n, equals: bw}, class: crowd, kind: delta, "
         "device: d, out: ./v}"),
     "[{\"n\":\"bw\",\"v\":1},{\"n\":\"fw\",\"v\":2}]", "d crowd_delta in=2 out=1\n"},
    {"one member twice, the same",
     MAP("{each: \"/*\", class: crowd, kind: delta, device: d, in: ./v}"), "[{\"v\":1},{\"v\":1}]",
     "d crowd_delta in=1\n"},
    {"one member twice, differently",
     MAP("{each: \"/*\", class: crowd, kind: delta, device: d, in: ./v}"),
     "[{\"v\":1},{\"v\":2},{\"v\":1}]",
     "d crowd_delta refused out_of_range: in: said twice, and differently, for one time\n"},
    {"an event without direction", GATE("event: /e"), "{\"e\":\"pass\"}",
     "d1 gate refused wrong_type: direction: missing beside event\n"},
    {"incomplete", TOTAL("occupancy: /n"), "{\"n\":1}",
     "d1 crowd_total refused wrong_type: in, out: both missing, and the sensor counts "
     "passages\n"},
    {"incomplete, but partial", TOTAL("partial: yes, occupancy: /n"), "{\"n\":1}",
     "d1 crowd_total occupancy=1 partial\n"},
    {"historical", TOTAL("historical: yes, in: /n"), "{\"n\":1}",
     "d1 crowd_total in=1 historical\n"},
    {"historical by condition", TOTAL("historical: {at: /h, equals: true}, in: /n"),
     "{\"n\":1,\"h\":true}", "d1 crowd_total in=1 historical\n"},
    {"not historical by condition", TOTAL("historical: {at: /h, equals: true}, in: /n"),
     "{\"n\":1,\"h\":false}", "d1 crowd_total in=1\n"},
    {"a time of its own", LEVEL("occupancy: /n, time: {at: /t, format: epoch_s}"),
     "{\"n\":1,\"t\":1767268800.5}", "d1 crowd_level occupancy=1 ts=2026-01-01T12:00:00.500Z\n"},
    {"a wrong time", LEVEL("occupancy: /n, time: {at: /t, format: rfc3339}"),
     "{\"n\":1,\"t\":\"2026-01-01T12:00:00\"}",
     "d1 crowd_level refused wrong_type: time (/t): has no offset, and the map names no zone\n"},
    {"seq", LEVEL("occupancy: /n, seq: /s"), "{\"n\":1,\"s\":7}",
     "d1 crowd_level occupancy=1 seq=7\n"},
    {"seq alone says nothing", LEVEL("occupancy: /n, seq: /s"), "{\"s\":7}", "nothing\n"},
    {"trailing garbage", LEVEL("occupancy: /n"), "{\"n\":1} x",
     "refused malformed: payload: not JSON at byte 9: something behind the end\n"},
    {"bad UTF-8", LEVEL("occupancy: /n"), "{\"n\":\"\xff\"}",
     "refused utf8: payload: not UTF-8 at byte 7\n"},
    {"a key twice", LEVEL("occupancy: /n"), "{\"n\":1,\"n\":1}",
     "refused duplicate_key: payload: a key occurs twice: \"n\"\n"},
    {"a key twice that nobody looks at", LEVEL("occupancy: /n"), "{\"x\":1,\"n\":1,\"x\":2}",
     "refused duplicate_key: payload: a key occurs twice: \"x\"\n"},
    {"a key twice in an object looked into", LEVEL("occupancy: /a/n"),
     "{\"a\":{\"n\":1,\"b\":2,\"b\":3}}",
     "refused duplicate_key: payload /a: a key occurs twice: \"b\"\n"},
    {"a key twice where nobody looks", LEVEL("occupancy: /n"), "{\"n\":1,\"x\":{\"y\":1,\"y\":2}}",
     "d1 crowd_level occupancy=1\n"},
    {"a key twice in what is iterated",
     MAP("{each: \"/*\", class: crowd, kind: level, device: \"{key}\", occupancy: .}"),
     "{\"a\":1,\"a\":2}", "refused duplicate_key: payload: a key occurs twice: \"a\"\n"},
    {"an empty payload", LEVEL("occupancy: /n"), "",
     "refused malformed: payload: not JSON at byte 1: it ends where a value should be\n"},
};

static void run(struct fixture *f, const char *name, const char *map, const char *payload,
                const char *want)
{
    struct payload_maps *maps = maps_of(map);
    const char *got = decode(f, maps, "t/d1", payload, "");
    if (strcmp(got, want) != 0)
        fail_msg("%s:\nwant %sgot  %s", name, want, got);
    payload_maps_free(maps);
}

static void test_samples(void **state)
{
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++)
        run(*state, samples[i].name, samples[i].map, samples[i].payload, samples[i].want);
}

static const char senml[] = "payload: senml\n"
                            "topics: [\"t/{x}\"]\n"
                            "carry:\n"
                            "  bn: {at: ./bn, start: \"\"}\n"
                            "  bt: {at: ./bt, start: 0}\n"
                            "  bv: {at: ./bv, start: 0}\n"
                            "time:\n"
                            "  - {at: ./t, format: senml, add: bt}\n"
                            "  - {is: 0, format: senml, add: bt}\n"
                            "readings:\n"
                            "  - each: /*\n"
                            "    when: {at: ./n, equals: in}\n"
                            "    class: crowd\n"
                            "    kind: total\n"
                            "    device: \"{bn}\"\n"
                            "    in: {at: ./v, add: bv}\n"
                            "  - each: /*\n"
                            "    when: {at: ./n, equals: out}\n"
                            "    class: crowd\n"
                            "    kind: total\n"
                            "    device: \"{bn}\"\n"
                            "    out: {at: ./v, add: bv}\n";

static void test_carried_values_hold_until_renewed(void **state)
{
    struct fixture *f = *state;
    run(f, "absolute", senml,
        "[{\"bn\":\"a\",\"bt\":1767268000,\"n\":\"in\",\"v\":1},{\"n\":\"out\",\"v\":2},"
        "{\"bn\":\"b\",\"bv\":10,\"n\":\"in\",\"v\":3,\"t\":1.5},{\"n\":\"in\",\"v\":4}]",
        "a crowd_total in=1 out=2 ts=2026-01-01T11:46:40.000Z\n"
        "b crowd_total in=13 ts=2026-01-01T11:46:41.500Z\n"
        "b crowd_total in=14 ts=2026-01-01T11:46:40.000Z\n");
    run(f, "the next message begins anew, relative to receipt", senml,
        "[{\"bn\":\"c\"},{\"n\":\"in\",\"v\":3,\"t\":-10}]",
        "c crowd_total in=3 ts=2026-01-01T11:59:50.000Z\n");
    run(f, "a base of another kind", senml, "[{\"bn\":\"a\"},{\"bt\":\"x\",\"n\":\"in\",\"v\":1}]",
        "refused wrong_type: payload /1/bt: not a number\n");
}

static void test_a_quoted_start_is_a_text(void **state)
{
    static const char map[] = "payload: m\ntopics: [\"t/+\"]\n"
                              "carry: {id: {at: ./id, start: \"0\"}}\n"
                              "readings: [{each: /*, class: crowd, kind: level, device: \"{id}\", "
                              "occupancy: ./v}]\n";
    run(*state, "a text", map, "[{\"v\":1},{\"id\":\"a\",\"v\":2}]",
        "0 crowd_level occupancy=1\na crowd_level occupancy=2\n");
    run(*state, "a number", map, "[{\"id\":1,\"v\":2}]",
        "refused wrong_type: payload /0/id: not a text\n");
}

/* Of the document, and of the element around: each inner element takes it up. */
static void test_carried_from_around(void **state)
{
    static const char map[] =
        "payload: m\ntopics: [\"t/{device}\"]\n"
        "carry: {base: {at: /base, start: 0}, add: {at: ../add, start: 1}}\n"
        "readings:\n"
        "  - {each: /list/*/items/*, class: crowd, kind: level, device: \"{./n}\", part: a, "
        "occupancy: {at: ./v, add: base}}\n"
        "  - {each: /list/*/items/*, class: crowd, kind: level, device: \"{./n}\", part: b, "
        "occupancy: {at: ./v, add: add}}\n";
    run(*state, "what was last given holds", map,
        "{\"base\":10,\"list\":[{\"items\":[{\"n\":\"x\",\"v\":1}]},"
        "{\"items\":[{\"n\":\"y\",\"v\":2}],\"add\":5},{\"items\":[{\"n\":\"z\",\"v\":3}]}]}",
        "x/a crowd_level occupancy=11\nx/b crowd_level occupancy=2\n"
        "y/a crowd_level occupancy=12\ny/b crowd_level occupancy=7\n"
        "z/a crowd_level occupancy=13\nz/b crowd_level occupancy=8\n");
    run(*state, "of another kind", map,
        "{\"list\":[{\"items\":[{\"n\":\"x\",\"v\":1}],\"add\":\"5\"}]}",
        "refused wrong_type: payload /list/0/add: not a number\n");
}

static const char whole[] =
    "payload: whole\n"
    "topics: [\"t/{device}\", \"u/{device}/#\"]\n"
    "content_type: [application/json, text/json]\n"
    "when: {at: /type, not: heartbeat}\n"
    "time: {at: /ts, format: local, zone: venue}\n"
    "seq: /fCnt\n"
    "retransmission: {at: /again, equals: true}\n"
    "readings:\n"
    "  - {class: crowd, kind: delta, device: \"{device}\", in: /in}\n"
    "status:\n"
    "  - topics: [\"t/{device}/LWT\", \"u/{device}/LWT\"]\n"
    "    device: \"{device}\"\n"
    "    value: {text: payload, words: {Online: online, Offline: offline}}\n"
    "  - topics: [\"v/{id}\"]\n"
    "    device: \"{id}\"\n"
    "    value: {at: /state}\n";

static const struct {
    const char *topic, *payload, *type, *want;
} messages[] = {
    {"t/a", "{\"in\":1}", "", "a crowd_delta in=1\n"},
    {"t/a", "{\"in\":1,\"fCnt\":3,\"ts\":\"2026-01-01T20:00:00\"}", "Application/JSON; charset=x",
     "a crowd_delta in=1 seq=3 ts=2026-01-01T12:00:00.000Z\n"},
    {"t/a", "{\"in\":1}", "text/plain",
     "refused malformed: content type: not application/json or text/json\n"},
    {"u/b/x/y", "{\"in\":1,\"again\":true}", "text/json", "b crowd_delta in=1 historical\n"},
    {"t/a", "{\"in\":1,\"type\":\"heartbeat\"}", "", "nothing\n"},
    {"t/a/LWT", "Online", "", "online a\n"},
    {"u/a/LWT", "Offline", "", "offline a\n"},
    {"u/a/LWT", "?", "", "refused out_of_range: status: not among the words of the map\n"},
    {"u/a/LWT", "\xff", "", "refused utf8: payload: not UTF-8\n"},
    {"v/a", "{\"state\":\"offline\"}", "", "offline a\n"},
    {"v/a", "{\"status\":\"offline\"}", "", "nothing\n"},
    {"v/a", "offline", "", "refused malformed: payload: not JSON at byte 1: no value\n"},
    {"w/a", "{}", "", "no map\n"},
    {"t/\xf6", "{\"in\":1}", "", "refused utf8: topic: not UTF-8\n"},
    {"u/\xf6/LWT", "Online", "", "refused utf8: topic: not UTF-8\n"},
};

static void test_messages_of_one_map(void **state)
{
    struct payload_maps *maps = maps_of(whole);
    for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++)
        assert_string_equal(
            decode(*state, maps, messages[i].topic, messages[i].payload, messages[i].type),
            messages[i].want);
    payload_maps_free(maps);
}

static void test_a_payload_that_is_no_json(void **state)
{
    static const char map[] = "payload: power\n"
                              "topics: [\"t/{device}\"]\n"
                              "readings:\n"
                              "  - {class: light, device: \"{device}\", state: {text: payload, "
                              "words: {ON: on, OFF: off}}}\n";
    run(*state, "bare text", map, "ON", "d1 light state=on\n");
    run(*state, "bare text of another kind", map, "on",
        "d1 light refused out_of_range: state: not among the words of the map\n");
    run(*state, "not UTF-8", map, "\xc0\x80", "refused utf8: payload: not UTF-8\n");
    run(*state, "bare number", LEVEL("occupancy: {text: payload, from: text}"), "17",
        "d1 crowd_level occupancy=17\n");
}

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
    struct fixture *f = *state;
    run(f, "a reading", map, "{\"in\":1,\"alarm\":\"on\"}", "d1 crowd_total in=1\n");
    run(f, "the first", map, "{\"kind\":\"lens\",\"alarm\":\"on\"}", "offline d1\n");
    run(f, "the second", map, "{\"kind\":\"power\",\"alarm\":\"off\",\"who\":\"d2\"}",
        "online d2\n");
    run(f, "with a count beside it", map, "{\"in\":1,\"kind\":\"lens\",\"alarm\":\"on\"}",
        "offline d1\n");
    run(f, "its value is missing", map, "{\"in\":1,\"kind\":\"lens\"}", "d1 crowd_total in=1\n");
    run(f, "its value is another", map, "{\"in\":1,\"kind\":\"lens\",\"alarm\":1}",
        "refused out_of_range: status (/alarm): not among the words of the map\n");
    run(f, "of nobody", map, "{\"kind\":\"power\",\"alarm\":\"on\"}",
        "refused wrong_type: device: not in the message\n");
    run(f, "whatever the map's own conditions", map,
        "{\"type\":\"heartbeat\",\"kind\":\"lens\",\"alarm\":\"off\"}", "online d1\n");
    run(f, "no JSON", map, "offline", "refused malformed: payload: not JSON at byte 1: no value\n");
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
    struct fixture *f = *state;
    run(f, "JSON", map, "{\"state\":\"offline\"}", "offline d1\n");
    run(f, "text", map, "online", "online d1\n");
    run(f, "conditions", map, "{\"state\":\"offline\",\"internal\":true}", "nothing\n");
    run(f, "another text", map, "asleep",
        "refused out_of_range: status: not a word of the contract\n");
    run(f, "not UTF-8", map, "\xff", "refused utf8: payload: not UTF-8\n");
}

static void test_conditions_on_what_is_carried(void **state)
{
    static const char map[] =
        "payload: units\n"
        "topics: [\"t/{x}\"]\n"
        "carry: {bu: {at: ./bu, start: \"\"}, bt: {at: ./bt, start: 0}}\n"
        "readings:\n"
        "  - each: /*\n"
        "    class: light\n"
        "    device: \"{./n}\"\n"
        "    lux: {at: ./v, when: [{carried: bu, equals: lx}, {carried: bt, below: 5}]}\n";
    struct fixture *f = *state;
    run(f, "until renewed", map,
        "[{\"bu\":\"lx\",\"n\":\"a\",\"v\":1},{\"n\":\"b\",\"v\":2},{\"bu\":\"W\",\"n\":\"c\","
        "\"v\":3},"
        "{\"bu\":\"lx\",\"bt\":5,\"n\":\"d\",\"v\":4}]",
        "a light lux=1\nb light lux=2\n");
    run(f, "not of the message before", map, "[{\"n\":\"a\",\"v\":1}]", "nothing\n");
}

/* Empty text of a `for`: the same pointers with and without an outer element. */
static void test_a_round_of_nothing(void **state)
{
    static const char map[] = "payload: outer\n"
                              "topics: [\"t/{device}\"]\n"
                              "readings:\n"
                              "  - {for: {r: [/Event, \"\"]}, class: crowd, kind: level, device: "
                              "\"{device}\", part: \"c{{r}/id}\", occupancy: \"{r}/n\"}\n";
    struct fixture *f = *state;
    run(f, "with", map, "{\"Event\":{\"id\":1,\"n\":7}}", "d1/c1 crowd_level occupancy=7\n");
    run(f, "without", map, "{\"id\":1,\"n\":7}", "d1/c1 crowd_level occupancy=7\n");
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

/* n elements that each say something, then one that does not. */
static const char *list_of(char *to, uint32_t n)
{
    char *at = to;
    *at++ = '[';
    for (uint32_t i = 0; i < n; i++)
        at += sprintf(at, "{\"v\":%u},", i);
    memcpy(at, "{}]", 4);
    return to;
}

static void test_at_most_256_readings(void **state)
{
    static const char map[] =
        MAP("{each: \"/*\", class: crowd, kind: delta, device: \"{index}\", in: ./v}");
    static char list[16 * 300];
    struct payload_maps *maps = maps_of(map);
    assert_true(strncmp(decode(*state, maps, "t/d", list_of(list, PAYLOAD_READINGS_MAX), ""), "0 ",
                        2) == 0);
    assert_string_equal(decode(*state, maps, "t/d", list_of(list, PAYLOAD_READINGS_MAX + 1), ""),
                        "refused out_of_range: payload: more than 256 readings\n");
    payload_maps_free(maps);
}

/* Devices 0 to n - 1 say `in` one after the other, then `out`, the last first: their readings. */
static void parts_expect(void *state, const struct payload_maps *maps, uint32_t n)
{
    static char list[32 * PAYLOAD_READINGS_MAX], want[48 * PAYLOAD_READINGS_MAX];
    char *at = list, *to = want;
    for (uint32_t i = 0; i < n; i++) {
        at += sprintf(at, "%s{\"d\":%u,\"i\":%u}", i ? "," : "[", i, 1000 + i);
        to += sprintf(to, "%u crowd_delta in=%u out=%u\n", i, 1000 + i, 2000 + i);
    }
    for (uint32_t i = n; i-- > 0;)
        at += sprintf(at, ",{\"d\":%u,\"o\":%u}", i, 2000 + i);
    memcpy(at, "]", 2);
    assert_string_equal(decode(state, maps, "t/d", list, ""), want);
}

static void test_parts_of_few_and_many_readings(void **state)
{
    static const char map[] =
        MAP("{each: \"/*\", class: crowd, kind: delta, device: \"{./d}\", in: ./i, out: ./o}");
    static char list[16 * 300];
    struct payload_maps *maps = maps_of(map);
    for (uint32_t n = PAYLOAD_READINGS_MAX / 2; n > 0; n--)
        parts_expect(*state, maps, n);
    char *at = list;
    for (uint32_t i = 0; i <= PAYLOAD_READINGS_MAX; i++) /* parts count, not what becomes of them */
        at += sprintf(at, "%s{\"d\":1,\"i\":1}", i ? "," : "[");
    memcpy(at, "]", 2);
    assert_string_equal(decode(*state, maps, "t/d", list, ""),
                        "refused out_of_range: payload: more than 256 readings\n");
    payload_maps_free(maps);
}

/* An object of n members, of which `twice` occurs twice (0: none). */
static const char *object_of(char *to, uint32_t n, uint32_t twice)
{
    char *at = to + sprintf(to, "{\"v\":1");
    for (uint32_t i = 2; i <= n; i++)
        at += sprintf(at, ",\"member_%u\":0", i == n && twice ? twice : i);
    memcpy(at, "}", 2);
    return to;
}

static void test_keys_of_large_objects(void **state)
{
    static char object[32 * 1100];
    struct payload_maps *maps = maps_of(LEVEL("occupancy: /v"));
    assert_string_equal(decode(*state, maps, "t/d", object_of(object, 1024, 0), ""),
                        "d crowd_level occupancy=1\n");
    for (uint32_t twice = 2; twice < 1024; twice += 73) {
        char want[128];
        snprintf(want, sizeof want,
                 "refused duplicate_key: payload: a key occurs twice: \"member_%u\"\n", twice);
        assert_string_equal(decode(*state, maps, "t/d", object_of(object, 1024, twice), ""), want);
    }
    assert_string_equal(decode(*state, maps, "t/d", object_of(object, 1025, 0), ""),
                        "refused out_of_range: payload: more than 1024 members\n");
    payload_maps_free(maps);
}

/* Keys that come in an order seen before take a shorter way, which makes no difference. */
static const struct order {
    const char *payload, *want;
} orders[] = {
    {"{\"in\":1,\"out\":2}", "d crowd_total in=1 out=2\n"},
    {"{\"in\":1,\"out\":2,\"in\":3}",
     "refused duplicate_key: payload: a key occurs twice: \"in\"\n"},
    {"{\"in\":1,\"in\":2}", "refused duplicate_key: payload: a key occurs twice: \"in\"\n"},
    {"{\"in\":1,\"x\":2,\"y\":3,\"x\":4}",
     "refused duplicate_key: payload: a key occurs twice: \"x\"\n"},
    {"{\"in\":1,\"x\":2,\"y\":3}", "d crowd_total in=1\n"},
    {"{\"in\":1,\"z\":0}", "d crowd_total in=1\n"},
    {"{\"z\":0}", "nothing\n"},
    {"{\"\":0,\"out\":5}", "d crowd_total out=5\n"},
    {"{\"o\":0,\"ou\":0,\"outx\":0,\"out\":5}", "d crowd_total out=5\n"},
    {"{\"people_counted_1_in\":6}", "d crowd_total in=6\n"},
    {"{\"people_counted_2_in\":6}", "nothing\n"},
    {"{\"longer_than_the_keys_of_orders_are_1\":7}", "d crowd_total in=7\n"},
    {"{\"longer_than_the_keys_of_orders_are_2\":7}", "nothing\n"},
    {"{\"n\":{\"in\":8}}", "d crowd_total out=8\n"},
    {"{\"n\":{\"in\":8,\"x\":1},\"in\":9}", "d crowd_total in=9 out=8\n"},
    {"{\"n\":{\"x\":8},\"in\":9}", "d crowd_total in=9\n"},
    {"{\"n\":8,\"in\":9}", "d crowd_total in=9\n"},
};
enum { ORDERS = sizeof orders / sizeof orders[0], ORDERS_MANY = 5000 };

static void test_orders_of_keys(void **state)
{
    struct payload_maps *maps =
        maps_of(TOTAL("in: [/in, /people_counted_1_in, /longer_than_the_keys_of_orders_are_1], "
                      "out: [/out, /n/in]"));
    for (uint32_t i = 0; i < ORDERS * ORDERS; i++) {
        uint32_t n = i % 2 ? i / 2 % ORDERS : i * 7 % ORDERS;
        assert_string_equal(decode(*state, maps, "t/d", orders[n].payload, ""), orders[n].want);
    }
    for (uint32_t i = 0; i < ORDERS_MANY; i++) { /* more than there is room for */
        char payload[128], want[64];
        uint32_t k = i % 8, l = i / 8 % 8, m = i / 64 % 8;
        snprintf(payload, sizeof payload,
                 "{\"k%u\":0,\"l%u\":{},\"m%u\":0,\"in\":0,\"n\":{\"k%u\":0,\"l%u\":0,\"m%u\":0,"
                 "\"in\":%u}}",
                 k, l, m, l, m, k, i);
        snprintf(want, sizeof want, "d crowd_total in=0 out=%u\n", i);
        assert_string_equal(decode(*state, maps, "t/d", payload, ""), want);
        assert_string_equal(decode(*state, maps, "t/d", orders[i % ORDERS].payload, ""),
                            orders[i % ORDERS].want);
    }
    payload_maps_free(maps);
}

/* Another map, perhaps in the memory of one before it, has steps of its own. */
static void test_orders_of_another_map(void **state)
{
    for (uint32_t i = 0; i < 20; i++) {
        struct payload_maps *maps =
            maps_of(i % 2 ? TOTAL("out: /in, in: /out") : TOTAL("in: /in, out: /out"));
        for (uint32_t again = 0; again < 2; again++)
            assert_string_equal(decode(*state, maps, "t/d", "{\"in\":1,\"out\":2}", ""),
                                i % 2 ? "d crowd_total in=2 out=1\n"
                                      : "d crowd_total in=1 out=2\n");
        payload_maps_free(maps);
    }
}

static void ignored_add(void *context, struct str pointer)
{
    struct text *out = context;
    text_add_str(out, pointer);
    text_add_char(out, ' ');
}

/* A map that asks about more places, and of one place more constants, than are answered at once:
 * the others are compared one by one, and it makes no difference. */
enum { PLACES = 20, CONSTANTS = 40 };
static void test_more_questions_than_are_answered_at_once(void **state)
{
    struct fixture *f = *state;
    static char source[64 * 1024], payload[4096], want[256];
    struct text out = text_over(source, sizeof source - 1);
    text_add(&out, "payload: m\ntopics: [\"t/{device}\"]\nreadings:\n");
    for (int place = 0; place < PLACES; place++)
        for (int half = 0; half < 2; half++) {
            char entry[160];
            snprintf(entry, sizeof entry,
                     "  - {class: crowd, kind: level, device: \"{device}\", part: p%d-%d, "
                     "occupancy: /n, "
                     "when: [{at: /k%d, in: [",
                     place, half, place);
            text_add(&out, entry);
            for (int i = 0; i < CONSTANTS; i++) {
                snprintf(entry, sizeof entry, "%sc%d", i ? ", " : "", half * CONSTANTS + i);
                text_add(&out, entry);
            }
            text_add(&out, "]}, {at: /n, not: [99, x]}]}\n");
        }
    source[out.len] = '\0';
    assert_false(out.overflow);
    struct payload_maps *maps = maps_of(source);
    for (int place = 0; place < PLACES; place++)
        for (int value = 0; value < 2 * CONSTANTS + 1; value += CONSTANTS - 1) {
            snprintf(payload, sizeof payload, "{\"n\":7,\"k%d\":\"c%d\"}", place, value);
            snprintf(want, sizeof want, "d1/p%d-%d crowd_level occupancy=7\n", place,
                     value / CONSTANTS);
            assert_string_equal(decode(f, maps, "t/d1", payload, ""),
                                value < 2 * CONSTANTS ? want : "nothing\n");
            snprintf(payload, sizeof payload, "{\"k%d\":\"c%d\",\"n\":99}", place, value);
            assert_string_equal(decode(f, maps, "t/d1", payload, ""), "nothing\n");
        }
    payload_maps_free(maps);
}

static void test_ignored_members(void **state)
{
    struct fixture *f = *state;
    char got[512];
    struct text out = text_over(got, sizeof got - 1);
    struct payload_maps *maps = maps_of(
        MAP("{each: \"/c/*\", when: {at: /k, equals: 1}, class: crowd, kind: delta, device: "
            "\"{./id}\", in: ./v/0, out: /o/x}"));
    (void)decode(f, maps, "t/d",
                 "{\"k\":1,\"o\":{\"x\":1,\"y~/\":2},\"c\":[{\"id\":1,\"v\":[1,2],\"w\":{}},{\"w\":"
                 "1,\"z\":2}],\"m\":[1,{}]}",
                 "");
    payload_ignored(f->decoder, payload_maps_at(maps, 0), ignored_add, &out);
    got[out.len] = '\0';
    assert_string_equal(got, "/o/y~0~1 /c/*/v/1 /c/*/w /c/*/z /m ");
    payload_maps_free(maps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_samples, setup, teardown),
        cmocka_unit_test_setup_teardown(test_carried_values_hold_until_renewed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_carried_from_around, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_quoted_start_is_a_text, setup, teardown),
        cmocka_unit_test_setup_teardown(test_messages_of_one_map, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_payload_that_is_no_json, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_status_among_readings, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_status_as_text_or_json, setup, teardown),
        cmocka_unit_test_setup_teardown(test_conditions_on_what_is_carried, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_round_of_nothing, setup, teardown),
        cmocka_unit_test(test_mistakes_in_statuses_and_conditions),
        cmocka_unit_test_setup_teardown(test_at_most_256_readings, setup, teardown),
        cmocka_unit_test_setup_teardown(test_parts_of_few_and_many_readings, setup, teardown),
        cmocka_unit_test_setup_teardown(test_keys_of_large_objects, setup, teardown),
        cmocka_unit_test_setup_teardown(test_orders_of_keys, setup, teardown),
        cmocka_unit_test_setup_teardown(test_orders_of_another_map, setup, teardown),
        cmocka_unit_test_setup_teardown(test_more_questions_than_are_answered_at_once, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_ignored_members, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
