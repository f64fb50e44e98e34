/* payload_decode: maps and messages, and what becomes of them, as people write them in a map's
 * samples. */
#include <string.h>

#include "tests/support/payload_bench.h"
#include "tests/support/support.h"

static const struct sample {
    const char *name, *map, *payload, *want;
} samples[] = {
    {"a total", PAYLOAD_TOTAL("in: /in, out: /out"), "{\"in\":72,\"out\":200}",
     "d1 crowd_total in=72 out=200\n"},
    {"order of keys", PAYLOAD_TOTAL("in: /in, out: /out"), "{\"out\":200,\"x\":1,\"in\":72}",
     "d1 crowd_total in=72 out=200\n"},
    {"a member that is not there", PAYLOAD_TOTAL("in: /in, out: /out"), "{\"in\":72}",
     "d1 crowd_total in=72\n"},
    {"none is there", PAYLOAD_TOTAL("in: /in"), "{\"x\":72}", "nothing\n"},
    {"a list instead", PAYLOAD_TOTAL("in: /in"), "[{\"in\":72}]",
     "refused wrong_type: payload: not an object, as the map expects\n"},
    {"a number instead", PAYLOAD_TOTAL("in: /in"), "72",
     "refused wrong_type: payload: not an object, as the map expects\n"},
    {"a text instead, deep", PAYLOAD_TOTAL("in: /a/b/in"), "{\"a\":{\"b\":\"in\"}}",
     "refused wrong_type: payload /a/b: not an object, as the map expects\n"},
    {"an object where one of its own counts", PAYLOAD_TOTAL("in: [/n/value, /n]"), "{\"n\":5}",
     "d1 crowd_total in=5\n"},
    {"null where an object should be", PAYLOAD_TOTAL("in: /a/in"), "{\"a\":null}", "nothing\n"},
    {"a list instead, beside what counts", PAYLOAD_TOTAL("in: /in, out: /a/out"),
     "{\"in\":1,\"a\":[2]}", "d1 crowd_total in=1\n"},
    {"no list of objects",
     PAYLOAD_MAP("{each: /*, class: light, device: \"{device}\", lux: ./lux}"),
     "{\"bn\":\"x\",\"lux\":3}",
     "refused wrong_type: payload /*: not an object, as the map expects\n"},
    {"a number where a list should be", PAYLOAD_LEVEL("occupancy: /a/0"), "{\"a\":5}",
     "refused wrong_type: payload /a: not a list, as the map expects\n"},
    {"not this map's, and an object",
     PAYLOAD_MAP("{class: light, device: \"{device}\", lux: /l/x}\nwhen: {at: /m, equals: a}"),
     "{\"m\":\"b\",\"l\":5}", "nothing\n"},
    {"not even an object, which says whose it is",
     PAYLOAD_MAP("{class: light, device: \"{device}\", lux: /l/x}\nwhen: {at: /m, equals: a}"),
     "[{\"m\":\"b\"}]", "refused wrong_type: payload: not an object, as the map expects\n"},
    {"another topic's",
     PAYLOAD_MAP(
         "{class: light, device: \"{device}\", lux: /l}\nwhen: {capture: device, equals: other}"),
     "[5]", "nothing\n"},
    {"null is not there", PAYLOAD_TOTAL("in: /in"), "{\"in\":null}", "nothing\n"},
    {"required", PAYLOAD_TOTAL("in: /in, out: {at: /out, required: yes}"), "{\"in\":72}",
     "d1 crowd_total refused wrong_type: out (/out): missing\n"},
    {"wrong type", PAYLOAD_TOTAL("in: /in"), "{\"in\":\"72\"}",
     "d1 crowd_total refused wrong_type: in (/in): not a whole number\n"},
    {"out of range", PAYLOAD_TOTAL("in: /in"), "{\"in\":-1}",
     "d1 crowd_total refused out_of_range: in (/in): not from 0 to 9007199254740992\n"},
    {"deep", PAYLOAD_LEVEL("occupancy: /a/b~1c/0/d"), "{\"a\":{\"b/c\":[{\"d\":4},{\"d\":5}]}}",
     "d1 crowd_level occupancy=4\n"},
    {"item of a list", PAYLOAD_LEVEL("occupancy: /2"), "[1,[2],{},4]",
     "d1 crowd_level refused wrong_type: occupancy (/2): not a whole number\n"},
    {"the document itself", PAYLOAD_LEVEL("occupancy: \"\""), "17",
     "d1 crowd_level occupancy=17\n"},
    {"text as number", PAYLOAD_LEVEL("occupancy: {at: /n, from: text}"), "{\"n\":\"12\"}",
     "d1 crowd_level occupancy=12\n"},
    {"text that is none", PAYLOAD_LEVEL("occupancy: {at: /n, from: text}"), "{\"n\":\"12x\"}",
     "d1 crowd_level refused wrong_type: occupancy (/n): not a number written as text\n"},
    {"scale to a whole", PAYLOAD_LEVEL("occupancy: {at: /n, scale: 0.1}"), "{\"n\":30}",
     "d1 crowd_level occupancy=3\n"},
    {"scale to a fraction", PAYLOAD_LEVEL("occupancy: {at: /n, scale: 0.1}"), "{\"n\":31}",
     "d1 crowd_level refused wrong_type: occupancy (/n): not a whole number\n"},
    {"add", PAYLOAD_LEVEL("occupancy: {at: /n, add: 2}"), "{\"n\":30}",
     "d1 crowd_level occupancy=32\n"},
    {"scale a real", PAYLOAD_LIGHT("power_w: {at: /kw, scale: 1000}"), "{\"kw\":0.0295}",
     "d1 light power_w=29.5\n"},
    {"min", PAYLOAD_LEVEL("occupancy: {at: /n, min: 5}"), "{\"n\":4}",
     "d1 crowd_level refused out_of_range: occupancy (/n): beyond the map's min and max\n"},
    {"max", PAYLOAD_LIGHT("lux: {at: /n, max: 5}"), "{\"n\":5.5}",
     "d1 light refused out_of_range: lux (/n): beyond the map's min and max\n"},
    {"invalid number", PAYLOAD_LEVEL("occupancy: {at: /n, invalid: [255, N/A]}"), "{\"n\":255}",
     "nothing\n"},
    {"invalid text", PAYLOAD_LEVEL("occupancy: {at: /n, invalid: [255, N/A]}"), "{\"n\":\"N/A\"}",
     "nothing\n"},
    {"valid", PAYLOAD_LEVEL("occupancy: {at: /n, invalid: [255, N/A]}"), "{\"n\":254}",
     "d1 crowd_level occupancy=254\n"},
    {"words of a text", PAYLOAD_LIGHT("state: {at: /s, words: {ON: on, OFF: off}}"),
     "{\"s\":\"OFF\"}", "d1 light state=off\n"},
    {"words of a number", PAYLOAD_LIGHT("state: {at: /s, words: {1: on, 0: off}}"), "{\"s\":1}",
     "d1 light state=on\n"},
    {"words of a boolean", PAYLOAD_LIGHT("state: {at: /s, words: {true: on, false: off}}"),
     "{\"s\":false}", "d1 light state=off\n"},
    {"words into a boolean", PAYLOAD_LIGHT("fault: {at: /s, words: {lampFailed: yes, ok: no}}"),
     "{\"s\":\"lampFailed\"}", "d1 light fault=yes\n"},
    {"words into a number", PAYLOAD_GATE("lanes_open: {at: /s, words: {open: 1, shut: 0}}"),
     "{\"s\":\"shut\"}", "d1 gate lanes_open=0\n"},
    {"no such word", PAYLOAD_LIGHT("state: {at: /s, words: {ON: on}}"), "{\"s\":\"BLINK\"}",
     "d1 light refused out_of_range: state (/s): not among the words of the map\n"},
    {"the member's own words", PAYLOAD_GATE("state: /s"), "{\"s\":\"closed\"}",
     "d1 gate state=closed\n"},
    {"not one of them", PAYLOAD_GATE("state: /s"), "{\"s\":\"ajar\"}",
     "d1 gate refused out_of_range: state (/s): not a word of the contract\n"},
    {"a boolean", PAYLOAD_LIGHT("fault: /f"), "{\"f\":true}", "d1 light fault=yes\n"},
    {"alternatives: the first there", PAYLOAD_LEVEL("occupancy: [/a, /b]"), "{\"b\":2,\"a\":1}",
     "d1 crowd_level occupancy=1\n"},
    {"alternatives: the second", PAYLOAD_LEVEL("occupancy: [/a, /b]"), "{\"b\":2}",
     "d1 crowd_level occupancy=2\n"},
    {"alternatives: by condition",
     PAYLOAD_LIGHT(
         "state: [{is: dim, when: {at: /b, above: 0, below: 100}}, {at: /on, words: {true: on, "
         "false: off}}]"),
     "{\"on\":true,\"b\":50}", "d1 light state=dim\n"},
    {"alternatives: condition fails",
     PAYLOAD_LIGHT(
         "state: [{is: dim, when: {at: /b, above: 0, below: 100}}, {at: /on, words: {true: on, "
         "false: off}}]"),
     "{\"on\":true,\"b\":100}", "d1 light state=on\n"},
    {"a constant event", PAYLOAD_GATE("event: {is: pass}, direction: {is: in}, lane: /door"),
     "{\"door\":3}", "d1 gate lane=3 event=pass direction=in\n"},
    {"a text put together",
     PAYLOAD_GATE("event: {is: reject}, direction: {is: out}, reason: {is: "
                  "\"{/a} {/b}\"}"),
     "{\"a\":\"x\",\"b\":1.5}", "d1 gate event=reject direction=out reason=x 1.5\n"},
    {"when equals", PAYLOAD_LEVEL("when: {at: /k, equals: x}, occupancy: /n"),
     "{\"k\":\"x\",\"n\":1}", "d1 crowd_level occupancy=1\n"},
    {"when equals not", PAYLOAD_LEVEL("when: {at: /k, equals: x}, occupancy: /n"),
     "{\"k\":\"y\",\"n\":1}", "nothing\n"},
    {"when in", PAYLOAD_LEVEL("when: [{at: /k, in: [1, 2]}], occupancy: /n"), "{\"k\":2,\"n\":1}",
     "d1 crowd_level occupancy=1\n"},
    {"when not, absent", PAYLOAD_LEVEL("when: [{at: /k, not: 2}], occupancy: /n"), "{\"n\":1}",
     "d1 crowd_level occupancy=1\n"},
    {"when present", PAYLOAD_LEVEL("when: [{at: /k, present: yes}], occupancy: /n"),
     "{\"k\":0,\"n\":1}", "d1 crowd_level occupancy=1\n"},
    {"when present, null", PAYLOAD_LEVEL("when: [{at: /k, present: yes}], occupancy: /n"),
     "{\"k\":null,\"n\":1}", "nothing\n"},
    {"when absent", PAYLOAD_LEVEL("when: [{at: /k, present: no}], occupancy: /n"), "{\"n\":1}",
     "d1 crowd_level occupancy=1\n"},
    {"when capture", PAYLOAD_LEVEL("when: [{capture: device, in: [d1, d2]}], occupancy: /n"),
     "{\"n\":1}", "d1 crowd_level occupancy=1\n"},
    {"when capture differs", PAYLOAD_LEVEL("when: [{capture: device, equals: d2}], occupancy: /n"),
     "{\"n\":1}", "nothing\n"},
    {"when of a type", PAYLOAD_LEVEL("when: [{at: /k, type: [number, boolean]}], occupancy: /n"),
     "{\"k\":2.5,\"n\":1}", "d1 crowd_level occupancy=1\n"},
    {"when of another type", PAYLOAD_LEVEL("when: [{at: /k, type: number}], occupancy: /n"),
     "{\"k\":\"2\",\"n\":1}", "nothing\n"},
    {"two conditions",
     PAYLOAD_LEVEL("when: [{at: /k, above: 1}, {at: /k, below: 3}], occupancy: /n"),
     "{\"k\":3,\"n\":1}", "nothing\n"},
    {"for",
     PAYLOAD_MAP("{for: {n: [1, 2]}, class: crowd, kind: total, device: \"{device}\", part: "
                 "\"line{n}\", in: \"/l{n}_in\", out: \"/l{n}_out\"}"),
     "{\"l2_in\":5,\"l1_in\":1,\"l1_out\":2}",
     "d1/line1 crowd_total in=1 out=2\nd1/line2 crowd_total in=5\n"},
    {"for, names together",
     PAYLOAD_MAP("{for: {n: [1, 2], p: [a, b]}, class: crowd, kind: level, device: \"{p}\", "
                 "occupancy: \"/{n}\"}"),
     "{\"1\":5,\"2\":6}", "a crowd_level occupancy=5\nb crowd_level occupancy=6\n"},
    {"for, in class and kind",
     PAYLOAD_MAP(
         "{for: {k: [level, delta]}, when: {at: /k, equals: \"{k}\"}, class: crowd, kind: \"{k}\", "
         "device: d, in: /n, occupancy: /n}"),
     "{\"k\":\"level\",\"n\":1}", "d crowd_level occupancy=1 in=1\n"},
    {"each of a list",
     PAYLOAD_MAP(
         "{each: \"/c/*\", class: crowd, kind: total, device: \"{./id}\", part: \"{index}\", "
         "in: ./v}"),
     "{\"c\":[{\"id\":7,\"v\":1},{\"id\":\"x\",\"v\":2},{\"v\":null}]}",
     "7/0 crowd_total in=1\nx/1 crowd_total in=2\n"},
    {"each of an object",
     PAYLOAD_MAP("{each: \"/c/*\", class: crowd, kind: level, device: \"{key}\", occupancy: .}"),
     "{\"c\":{\"a\":1,\"b\":2}}", "a crowd_level occupancy=1\nb crowd_level occupancy=2\n"},
    {"each in each",
     PAYLOAD_MAP(
         "{each: \"/l/*/c/*\", class: crowd, kind: total, device: \"{../id}-{./id}\", in: ./v, "
         "out: /o}"),
     "{\"o\":9,\"l\":[{\"id\":1,\"c\":[{\"id\":2,\"v\":3},{\"id\":3,\"v\":4}]},{\"c\":[{\"id\":2,"
     "\"v\":5}],\"id\":2}]}",
     "1-2 crowd_total in=3 out=9\n1-3 crowd_total in=4 out=9\n2-2 crowd_total in=5 out=9\n"},
    {"where in the elements",
     PAYLOAD_MAP(
         "{each: \"/l/*/c/*\", class: crowd, kind: total, device: d, part: \"{./id}\", in: ./v/w}"),
     "{\"l\":[{},{\"c\":{\"x/y\":{\"id\":1,\"v\":{\"w\":1.5}}}}]}",
     "d/1 crowd_total refused wrong_type: in (/l/1/c/x~1y/v/w): not a whole number\n"},
    {"each of no list",
     PAYLOAD_MAP("{each: \"/c/*\", class: crowd, kind: total, device: d, in: ./v}"), "{\"c\":5}",
     "refused wrong_type: payload /c: neither a list nor an object\n"},
    {"each of nothing",
     PAYLOAD_MAP("{each: \"/c/*\", class: crowd, kind: total, device: d, in: ./v}"), "{\"c\":null}",
     "nothing\n"},
    {"a device that is not there",
     PAYLOAD_MAP("{class: crowd, kind: total, device: \"{/id}\", in: /v}"), "{\"v\":1}",
     " crowd_total refused wrong_type: device: not in the message\n"},
    {"one refused, one read",
     PAYLOAD_MAP(
         "{each: \"/*\", class: crowd, kind: total, device: d, part: \"{index}\", in: ./v}"),
     "[{\"v\":\"x\"},{\"v\":2}]",
     "d/0 crowd_total refused wrong_type: in (/0/v): not a whole number\nd/1 crowd_total in=2\n"},
    {"parts of one reading",
     PAYLOAD_MAP(
         "{each: \"/*\", when: {at: ./n, equals: fw}, class: crowd, kind: delta, device: d, in: "
         "./v}\n  - {each: \"/*\", when: {at: ./n, equals: bw}, class: crowd, kind: delta, "
         "device: d, out: ./v}"),
     "[{\"n\":\"bw\",\"v\":1},{\"n\":\"fw\",\"v\":2}]", "d crowd_delta in=2 out=1\n"},
    {"one member twice, the same",
     PAYLOAD_MAP("{each: \"/*\", class: crowd, kind: delta, device: d, in: ./v}"),
     "[{\"v\":1},{\"v\":1}]", "d crowd_delta in=1\n"},
    {"one member twice, differently",
     PAYLOAD_MAP("{each: \"/*\", class: crowd, kind: delta, device: d, in: ./v}"),
     "[{\"v\":1},{\"v\":2},{\"v\":1}]",
     "d crowd_delta refused out_of_range: in: said twice, and differently, for one time\n"},
    {"an event without direction", PAYLOAD_GATE("event: /e"), "{\"e\":\"pass\"}",
     "d1 gate refused wrong_type: direction: missing beside event\n"},
    {"incomplete", PAYLOAD_TOTAL("in: /i, occupancy: /n"), "{\"n\":1}",
     "d1 crowd_total refused wrong_type: in, out: both missing, and the sensor counts "
     "passages\n"},
    {"incomplete, but partial", PAYLOAD_TOTAL("partial: yes, occupancy: /n"), "{\"n\":1}",
     "d1 crowd_total occupancy=1 partial\n"},
    {"historical", PAYLOAD_TOTAL("historical: yes, in: /n"), "{\"n\":1}",
     "d1 crowd_total in=1 historical\n"},
    {"historical by condition", PAYLOAD_TOTAL("historical: {at: /h, equals: true}, in: /n"),
     "{\"n\":1,\"h\":true}", "d1 crowd_total in=1 historical\n"},
    {"not historical by condition", PAYLOAD_TOTAL("historical: {at: /h, equals: true}, in: /n"),
     "{\"n\":1,\"h\":false}", "d1 crowd_total in=1\n"},
    {"a time of its own", PAYLOAD_LEVEL("occupancy: /n, time: {at: /t, format: epoch_s}"),
     "{\"n\":1,\"t\":1767268800.5}", "d1 crowd_level occupancy=1 ts=2026-01-01T12:00:00.500Z\n"},
    {"a wrong time", PAYLOAD_LEVEL("occupancy: /n, time: {at: /t, format: rfc3339}"),
     "{\"n\":1,\"t\":\"2026-01-01T12:00:00\"}",
     "d1 crowd_level refused wrong_type: time (/t): has no offset, and the map names no zone\n"},
    {"seq", PAYLOAD_LEVEL("occupancy: /n, seq: /s"), "{\"n\":1,\"s\":7}",
     "d1 crowd_level occupancy=1 seq=7\n"},
    {"seq alone says nothing", PAYLOAD_LEVEL("occupancy: /n, seq: /s"), "{\"s\":7}", "nothing\n"},
    {"trailing garbage", PAYLOAD_LEVEL("occupancy: /n"), "{\"n\":1} x",
     "refused malformed: payload: not JSON at byte 9: something behind the end\n"},
    {"bad UTF-8", PAYLOAD_LEVEL("occupancy: /n"), "{\"n\":\"\xff\"}",
     "refused utf8: payload: not UTF-8 at byte 7\n"},
    {"a key twice", PAYLOAD_LEVEL("occupancy: /n"), "{\"n\":1,\"n\":1}",
     "refused duplicate_key: payload: a key occurs twice: \"n\"\n"},
    {"a key twice that nobody looks at", PAYLOAD_LEVEL("occupancy: /n"),
     "{\"x\":1,\"n\":1,\"x\":2}", "refused duplicate_key: payload: a key occurs twice: \"x\"\n"},
    {"a key twice in an object looked into", PAYLOAD_LEVEL("occupancy: /a/n"),
     "{\"a\":{\"n\":1,\"b\":2,\"b\":3}}",
     "refused duplicate_key: payload /a: a key occurs twice: \"b\"\n"},
    {"a key twice where nobody looks", PAYLOAD_LEVEL("occupancy: /n"),
     "{\"n\":1,\"x\":{\"y\":1,\"y\":2}}", "d1 crowd_level occupancy=1\n"},
    {"a key twice in what is iterated",
     PAYLOAD_MAP("{each: \"/*\", class: crowd, kind: level, device: \"{key}\", occupancy: .}"),
     "{\"a\":1,\"a\":2}", "refused duplicate_key: payload: a key occurs twice: \"a\"\n"},
    {"an empty payload", PAYLOAD_LEVEL("occupancy: /n"), "",
     "refused malformed: payload: not JSON at byte 1: it ends where a value should be\n"},
};

static void test_samples(void **state)
{
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++)
        payload_bench_expect(*state, samples[i].name, samples[i].map, samples[i].payload,
                             samples[i].want);
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
    struct payload_maps *maps = payload_bench_maps(whole);
    for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++)
        assert_string_equal(payload_bench_decode(*state, maps, messages[i].topic,
                                                 messages[i].payload, messages[i].type),
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
    payload_bench_expect(*state, "bare text", map, "ON", "d1 light state=on\n");
    payload_bench_expect(*state, "bare text of another kind", map, "on",
                         "d1 light refused out_of_range: state: not among the words of the map\n");
    payload_bench_expect(*state, "not UTF-8", map, "\xc0\x80",
                         "refused utf8: payload: not UTF-8\n");
    payload_bench_expect(*state, "bare number",
                         PAYLOAD_LEVEL("occupancy: {text: payload, from: text}"), "17",
                         "d1 crowd_level occupancy=17\n");
}

static void test_each_message_has_a_time_of_its_own(void **state)
{
    struct payload_bench *bench = *state;
    struct payload_maps *maps =
        payload_bench_maps(PAYLOAD_LEVEL("occupancy: {text: payload, from: text}, "
                                         "time: {is: 0, format: senml}"));
    assert_string_equal(payload_bench_decode(bench, maps, "t/d1", "17", ""),
                        "d1 crowd_level occupancy=17 ts=2026-01-01T12:00:00.000Z\n");
    bench->received_ms += 1500;
    assert_string_equal(payload_bench_decode(bench, maps, "t/d1", "18", ""),
                        "d1 crowd_level occupancy=18 ts=2026-01-01T12:00:01.500Z\n");
    payload_maps_free(maps);
}

/* Empty text of a `for`: the same pointers with and without an outer element. */
static void test_a_round_of_nothing(void **state)
{
    static const char map[] = "payload: outer\n"
                              "topics: [\"t/{device}\"]\n"
                              "readings:\n"
                              "  - {for: {r: [/Event, \"\"]}, class: crowd, kind: level, device: "
                              "\"{device}\", part: \"c{{r}/id}\", occupancy: \"{r}/n\"}\n";
    struct payload_bench *f = *state;
    payload_bench_expect(f, "with", map, "{\"Event\":{\"id\":1,\"n\":7}}",
                         "d1/c1 crowd_level occupancy=7\n");
    payload_bench_expect(f, "without", map, "{\"id\":1,\"n\":7}",
                         "d1/c1 crowd_level occupancy=7\n");
}

static void ignored_add(void *context, struct str pointer)
{
    struct text *out = context;
    text_add_str(out, pointer);
    text_add_char(out, ' ');
}

static void test_ignored_members(void **state)
{
    struct payload_bench *f = *state;
    char got[512];
    struct text out = text_over(got, sizeof got - 1);
    struct payload_maps *maps = payload_bench_maps(PAYLOAD_MAP(
        "{each: \"/c/*\", when: {at: /k, equals: 1}, class: crowd, kind: delta, device: "
        "\"{./id}\", in: ./v/0, out: /o/x}"));
    (void)payload_bench_decode(
        f, maps, "t/d",
        "{\"k\":1,\"o\":{\"x\":1,\"y~/\":2},\"c\":[{\"id\":1,\"v\":[1,2],\"w\":{}},{\"w\":"
        "1,\"z\":2}],\"m\":[1,{}]}",
        "");
    payload_ignored(f->decoder, payload_maps_at(maps, 0), ignored_add, &out);
    got[out.len] = '\0';
    assert_string_equal(got, "/o/y~0~1 /c/*/v/1 /c/*/w /c/*/z /m ");
    payload_maps_free(maps);
}

/* An item that is named, too, is looked at as an element as well. */
static void test_ignored_members_of_named_items(void **state)
{
    struct payload_bench *f = *state;
    char got[512];
    struct text out = text_over(got, sizeof got - 1);
    struct payload_maps *maps = payload_bench_maps(
        PAYLOAD_MAP("{each: \"/*\", when: {at: /0/k/v, equals: 1}, class: crowd, kind: delta, "
                    "device: \"{./id}\", in: ./v, out: /1}"));
    (void)payload_bench_decode(f, maps, "t/d",
                               "[{\"k\":{\"v\":1,\"w\":2},\"id\":1,\"v\":2,\"x\":3},4,{\"id\":2,"
                               "\"v\":1,\"k\":1}]",
                               "");
    payload_ignored(f->decoder, payload_maps_at(maps, 0), ignored_add, &out);
    got[out.len] = '\0';
    assert_string_equal(got, "/*/k/w /*/x /*/k ");
    payload_maps_free(maps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAYLOAD_BENCH_TEST(test_samples),
        PAYLOAD_BENCH_TEST(test_messages_of_one_map),
        PAYLOAD_BENCH_TEST(test_a_payload_that_is_no_json),
        PAYLOAD_BENCH_TEST(test_each_message_has_a_time_of_its_own),
        PAYLOAD_BENCH_TEST(test_a_round_of_nothing),
        PAYLOAD_BENCH_TEST(test_ignored_members),
        PAYLOAD_BENCH_TEST(test_ignored_members_of_named_items),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
