#include "tests/support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "deploy/cli/payload_shown.h"
#include "schemas/base/problems.h"

static const char bundle[] =
    "venue: {id: v, time_zone: UTC}\n"
    "payloads:\n"
    "  - {map: door}\n"
    "zones:\n"
    "  - {id: hall-1, kind: hall, capacity: 1000}\n"
    "  - {id: cell-1, kind: cell, parent: hall-1, area_m2: 20}\n"
    "  - {id: hall-2, kind: hall, capacity: 1000}\n"
    "sensors:\n"
    "  - {id: north, class: crowd, counter: total, zone: hall-1, device: cam1, part: line1}\n"
    "  - {id: odd, class: crowd, counter: delta, zone: hall-1, device: cam2, part: line1}\n"
    "  - {id: look, class: crowd, counter: level, zone: hall-2}\n"
    "  - {id: lamp, class: light, zone: hall-2, service: maintenance}\n"
    "--- # payload map door door.yaml\n"
    "payload: door\n"
    "title: A door\n"
    "topics: [\"site/{device}/count\"]\n"
    "readings:\n"
    "  - for: {n: [1, 2]}\n"
    "    class: crowd\n"
    "    kind: total\n"
    "    device: \"{device}\"\n"
    "    part: \"line{n}\"\n"
    "    in: /in{n}\n"
    "    out: /out{n}\n"
    "    binding: {wrap: 65536, silence_s: 60}\n"
    "status:\n"
    "  - topics: [\"site/{device}/will\"]\n"
    "    device: \"{device}\"\n"
    "    value: {text: payload, words: {here: online, gone: offline}}\n";

struct place {
    struct venue *venue;
    struct payload_shown *shown;
    char *page;
};

/* The venue, or what is wrong with it. */
static struct venue *parse(const char *text)
{
    struct problems *problems = calloc(1, sizeof *problems);
    struct venue *venue = NULL;
    assert_non_null(problems);
    if (!venue_parse(str_of(text), &venue, problems)) {
        for (uint32_t i = 0; i < problems_listed(problems); i++) {
            if (!problems->problem[i].warning)
                fail_msg("%s\n%s", problems->problem[i].text, text);
        }
    }
    free(problems);
    return venue;
}

static int setup(void **state)
{
    struct place *p = calloc(1, sizeof *p);
    struct error err = {0};
    assert_non_null(p);
    p->venue = parse(bundle);
    p->page = malloc(SHOWN_BYTES_MAX + 1);
    assert_non_null(p->page);
    assert_true(
        payload_shown_new(p->venue, CROWDTIDE_SOURCE_DIR "/deploy/payloads", &p->shown, &err));
    *state = p;
    return 0;
}

static int teardown(void **state)
{
    struct place *p = *state;
    payload_shown_free(p->shown);
    venue_free(p->venue);
    free(p->page);
    free(p);
    return 0;
}

static enum shown_fate show(struct place *p, const char *topic, const char *payload)
{
    char padded[4096] = {0};
    struct text out = text_over(p->page, SHOWN_BYTES_MAX);
    size_t len = strlen(payload);
    assert_true(len + JSON_PADDING_BYTES < sizeof padded);
    memcpy(padded, payload, len);
    enum shown_fate fate =
        payload_shown_message(p->shown,
                              &(struct payload_message){.topic = str_of(topic),
                                                        .payload = {padded, (uint32_t)len},
                                                        .received_ms = INT64_C(1790000000000)},
                              &out);
    assert_false(out.overflow);
    p->page[out.len] = '\0';
    return fate;
}

static const char *advice(struct place *p)
{
    struct text out = text_over(p->page, SHOWN_BYTES_MAX);
    payload_shown_advice(p->shown, "venue.yaml", &out);
    p->page[out.len] = '\0';
    return p->page;
}

static void each_message_has_its_fate_and_says_why(void **state)
{
    static const struct {
        const char *topic, *payload;
        enum shown_fate fate;
        const char *says;
    } cases[] = {
        {"crowdtide/v/crowd/look", "{\"occupancy\":7}", SHOWN_COUNTS,
         "  reading  look crowd_level occupancy=7  -> sensor look, zone hall-2\n"},
        {"drill/v/crowd/look", "{\"occupancy\":7}", SHOWN_COUNTS, "for a drill"},
        {"crowdtide/v/light/lamp", "{\"lux\":7}", SHOWN_COUNTS, "maintenance: it does not count"},
        {"crowdtide/v/crowd/look", "{\"occupancy\":-7}", SHOWN_REFUSED,
         "  refused  out_of_range: occupancy: not from 0 to"},
        {"crowdtide/v/crowd/look", "{\"occupancy\":7", SHOWN_REFUSED, "  refused  malformed: "},
        {"crowdtide/v/gate/look", "{\"in\":7}", SHOWN_REFUSED,
         "wrong_type: topic says gate, the venue says crowd"},
        {"crowdtide/v/crowd/who", "{\"occupancy\":7}", SHOWN_UNBOUND, "unknown_sensor"},
        {"crowdtide/other/crowd/look", "{}", SHOWN_REFUSED, "level 2 is not this venue"},
        {"site/cam1/count", "{\"in1\":3,\"out1\":2,\"battery\":9}", SHOWN_COUNTS,
         "  map      door: A door\n"
         "  reading  cam1/line1 crowd_total in=3 out=2  -> sensor north, zone hall-1\n"
         "  ignored  /battery\n"},
        {"site/cam1/count", "{\"in1\":3,\"in2\":5}", SHOWN_COUNTS,
         "  reading  cam1/line2 crowd_total in=5  -> no sensor; other parts of the device have "
         "one\n"},
        {"site/cam1/count", "{\"in1\":3,\"in2\":\"5\"}", SHOWN_COUNTS, "other parts of the device"},
        {"site/cam9/count", "{\"in2\":5}", SHOWN_UNBOUND,
         "  reading  cam9/line2 crowd_total in=5  -> no sensor is bound to it\n"},
        {"site/cam9/count", "{\"in2\":\"5\"}", SHOWN_UNBOUND,
         "whole number  -> no sensor is bound to it\n"},
        {"site/cam2/count", "{\"in1\":3}", SHOWN_REFUSED,
         "  refused  wrong_type: the map says crowd total, the venue file crowd delta\n"},
        {"site/cam1/count", "{\"in1\":\"3\"}", SHOWN_REFUSED, "refused wrong_type"},
        {"site/cam1/count", "{}", SHOWN_COUNTS, "understood, and says nothing"},
        {"site/cam1/count", "nonsense", SHOWN_REFUSED, "malformed"},
        {"site/cam1/will", "gone", SHOWN_COUNTS, "device cam1 is offline: 1 sensor of the venue"},
        {"site/cam9/will", "here", SHOWN_COUNTS, "device cam9 is online: 0 sensors"},
        {"drill/v/raw/site/cam1/count", "{\"in1\":3}", SHOWN_COUNTS, "for a drill"},
        {"tele/lamp3/SENSOR", "{\"Time\":\"2019-11-03T20:45:37\",\"BH1750\":{\"Illuminance\":79}}",
         SHOWN_UNKNOWN, "  map      tasmota: "},
        {"tele/lamp3/LWT", "Online", SHOWN_UNKNOWN, "device lamp3 is online"},
        {"site/a\x1b[2Jb\nc/count", "{\"in1\":3,\"\\u001b[2J\":1}",
         SHOWN_UNBOUND, /* of a stranger */
         "  reading  a\\u001b[2Jb\\u000ac/line1 crowd_total in=3  -> no sensor is bound to it\n"
         "  ignored  /\\u001b[2J\n"},
        {"what/ever", "{\"x\":1}", SHOWN_UNKNOWN, "no map that comes with crowdtide"},
    };
    struct place *p = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum shown_fate fate = show(p, cases[i].topic, cases[i].payload);
        if (fate != cases[i].fate || !strstr(p->page, cases[i].says))
            fail_msg("%s %s: fate %d\n%s", cases[i].topic, cases[i].payload, fate, p->page);
    }
}

static void programs_get_one_line(void **state)
{
    struct place *p = *state;
    char line[512];
    struct text out = text_over(line, sizeof line - 1);
    enum shown_fate fate = show(p, "site/cam1/count", "{\"in1\":3,\"b\":\"x\"}");
    payload_shown_json(STR_LIT("site/\"cam1"), true, 0, fate, str_of(p->page), &out);
    line[out.len] = '\0';
    assert_string_equal(
        line, "{\"at\":\"1970-01-01T00:00:00.000Z\",\"topic\":\"site/\\\"cam1\","
              "\"retain\":true,\"fate\":\"counts\",\"lines\":[\"  map      door: A door\","
              "\"  reading  cam1/line1 crowd_total in=3  -> sensor north, zone hall-1\","
              "\"  ignored  /b\"]}\n");
}

/* What was left on the broker is state for some, and an old story for others. */
static void retained_counters_do_not_count(void **state)
{
    struct place *p = *state;
    static const struct {
        const char *topic, *payload;
        bool told;
    } cases[] = {
        {"site/cam1/count", "{\"in1\":3}", true},
        {"crowdtide/v/crowd/look", "{\"occupancy\":7}", false},
        {"crowdtide/v/status/look", "offline", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char padded[256] = {0};
        struct text out = text_over(p->page, SHOWN_BYTES_MAX);
        size_t len = strlen(cases[i].payload);
        memcpy(padded, cases[i].payload, len);
        (void)payload_shown_message(p->shown,
                                    &(struct payload_message){.topic = str_of(cases[i].topic),
                                                              .payload = {padded, (uint32_t)len},
                                                              .retained = true},
                                    &out);
        p->page[out.len] = '\0';
        if ((strstr(p->page, ", retained: what has passed before does not count") != NULL) !=
            cases[i].told)
            fail_msg("%s", p->page);
    }
}

static void what_all_counts_needs_no_advice(void **state)
{
    struct place *p = *state;
    show(p, "crowdtide/v/crowd/look", "{\"occupancy\":7}");
    show(p, "site/cam1/count", "{\"in1\":3,\"out1\":2}");
    show(p, "crowdtide/v/crowd/look", "{\"occupancy\":-7}");
    assert_string_equal(advice(p), "");
}

static void the_stanzas_are_what_the_venue_lacks(void **state)
{
    struct place *p = *state;
    for (int i = 0; i < 3; i++) {
        show(p, "site/cam1/count", "{\"in1\":3,\"in2\":5}");
        show(p, "site/a b/count", "{\"in1\":3}");
        show(p, "crowdtide/v/crowd/who", "{\"occupancy\":7}");
        show(p, "crowdtide/v/crowd/door", "{\"in\":7}");
        show(p, "crowdtide/v/gate/g1", "{\"in\":7}");
        show(p, "east/lamp3/SENSOR",
             "{\"Time\":\"2019-11-03T20:45:37\",\"BH1750\":{\"Illuminance\":79}}");
        show(p, "east/lamp4/SENSOR",
             "{\"Time\":\"2019-11-03T20:45:37\",\"BH1750\":{\"Illuminance\":79}}");
        show(p, "milesight/vs350/24E3/up", "{\"battery\":90}"); /* not all that it sends is read */
        show(p, "milesight/vs350/24E3/up", "{\"total_in\":7,\"period_in\":1}");
        show(p, "site/${HOME}/count", "{\"in1\":3}");
        show(p, "site/\u4e00/count", "{\"in1\":3}");
        show(p, "site/\u4e8c/count", "{\"in1\":3}");
        show(p, "crowdtide/v/crowd/null", "{\"occupancy\":7}");
        show(p, "what/ever", "{\"x\":1}");
    }
    static const char *const lines[] = {
        "  3 messages  what/ever\n",
        "payloads:\n  - {map: tasmota, topics: [\"east/{device}/SENSOR\"]}\n  - {map: "
        "milesight-vs350}\n",
        "  # - {id: cam1-line2, class: crowd, counter: total, zone: ZONE, device: cam1, part: "
        "line2, "
        "wrap: 65536, silence_s: 60}   # if wanted: other parts of the device have a sensor\n",
        "  - {id: 24E3, class: crowd, counter: total, zone: ZONE, wrap: 65536, silence_s: 3600}\n",
        "  # - {id: 24E3-period, class: crowd, counter: delta, zone: ZONE, device: 24E3, part: "
        "period, "
        "silence_s: 3600}   # if wanted: never beside a part that tells of the same people\n",
        "  - {id: a-b-line1, class: crowd, counter: total, zone: ZONE, device: \"a b\", part: "
        "line1, wrap: 65536, silence_s: 60}\n",
        "  - {id: x---line1, class: crowd, counter: total, zone: ZONE, device: \"\u4e00\", ",
        "  - {id: x---line1-2, class: crowd, counter: total, zone: ZONE, device: \"\u4e8c\", ",
        "device: \"$${HOME}\", part: line1", /* not to be taken from the environment */
        "  - {id: \"null\", class: crowd, counter: level, zone: ZONE}\n",
        "  - {id: who, class: crowd, counter: level, zone: ZONE}\n",
        "  - {id: door, class: crowd, counter: delta, zone: ZONE}   # counter: delta",
        "  - {id: g1, class: gate, zone: ZONE}   # vehicle_gate",
        "  - {id: lamp3, class: light, zone: ZONE",
        "  - {id: lamp4, class: light, zone: ZONE",
        "Zones of the venue: hall-1, hall-2\n",
    };
    const char *text = advice(p);
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        if (!strstr(text, lines[i]))
            fail_msg("not there: %s\n%s", lines[i], text);
    }
    assert_null(strstr(strstr(text, "map: tasmota") + 1, "map: tasmota")); /* once */
}

/* Pasted as it stands, with the zone filled in, the file is good and the same messages count. */
static void what_is_pasted_works(void **state)
{
    struct place *p = *state;
    show(p, "site/cam1/count", "{\"in2\":5}");
    show(p, "site/a b/count", "{\"in1\":3}");
    char venue[sizeof bundle + 4096], stanza[2048];
    const char *from = strstr(advice(p), "  - {id: ");
    size_t len = (size_t)(strstr(from, "# ZONE") - from);
    memcpy(stanza, from, len);
    stanza[len] = '\0';
    for (char *zone; (zone = strstr(stanza, "zone: ZONE"));) {
        memmove(zone + 12, zone + 10, strlen(zone + 10) + 1);
        memcpy(zone, "zone: hall-1", 12);
    }
    const char *maps = strstr(bundle, "--- #");
    (void)snprintf(venue, sizeof venue, "%.*s%s%s", (int)(maps - bundle), bundle, stanza, maps);
    struct venue *grown = parse(venue);
    struct error err = {0};
    struct payload_shown *before = p->shown;
    assert_true(payload_shown_new(grown, "", &p->shown, &err));
    assert_int_equal(show(p, "site/cam1/count", "{\"in2\":5}"), SHOWN_COUNTS);
    assert_int_equal(show(p, "site/a b/count", "{\"in1\":3}"), SHOWN_COUNTS);
    payload_shown_free(p->shown);
    p->shown = before;
    venue_free(grown);
}

static void strangers_topics_are_plain(void **state)
{
    struct place *p = *state;
    (void)show(p, "a\u202eb/lamp3/x", "{\"BH1750\":{\"Illuminance\":79}}");
    const char *told = advice(p);
    assert_non_null(strstr(told, "topics: [\"a\\u202eb/{device}/x\"]"));
    assert_null(strstr(told, "\u202e"));
}

static void more_than_fits_is_told(void **state)
{
    struct place *p = *state;
    char topic[64];
    for (int i = 0; i < SHOWN_SENSORS_MAX + 5; i++) {
        (void)snprintf(topic, sizeof topic, "crowdtide/v/light/l%d", i);
        assert_int_equal(show(p, topic, "{\"lux\":1}"), SHOWN_UNBOUND);
    }
    const char *text = advice(p);
    assert_non_null(strstr(text, "id: l511,"));
    assert_null(strstr(text, "id: l512,"));
    assert_non_null(strstr(text, "more than fits here"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        T(each_message_has_its_fate_and_says_why),
        T(programs_get_one_line),
        T(retained_counters_do_not_count),
        T(what_all_counts_needs_no_advice),
        T(the_stanzas_are_what_the_venue_lacks),
        T(what_is_pasted_works),
        T(strangers_topics_are_plain),
        T(more_than_fits_is_told),
#undef T
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
