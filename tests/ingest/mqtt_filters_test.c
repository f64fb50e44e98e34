/* Topic filters: which are kept, so that no broker delivers a message twice. */
#include "ingest/mqtt_filters.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schemas/payload/topic_filter.h"
#include "schemas/venue/venue.h"
#include "tests/support/support.h"

static void covering_and_overlapping(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        bool covers, overlaps;
    } rows[] = {
        {"a/#", "a/b/+", true, true},     {"a/#", "a", true, true},
        {"#", "a/b", true, true},         {"a/b", "a/b", true, true},
        {"a/+", "a/b", true, true},       {"a/b", "a/+", false, true},
        {"a/+", "a/#", false, true},      {"a/+/c", "a/b/+", false, true},
        {"a/+", "a/b/c", false, false},   {"a/b", "a/c", false, false},
        {"a", "a/b", false, false},       {"+/b", "a/#", false, true},
        {"#", "$SYS/x", false, false},    {"+/x", "$SYS/x", false, false},
        {"$SYS/#", "$SYS/x", true, true}, {"a/+/#", "a/b", true, true},
        {"a//b", "a/+/b", false, true},   {"+", "", true, true},
        {"a/b/#", "a/b/c/d", true, true}, {"a/b/#", "a/+", false, true},
        {"a/b/#", "a", false, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (topic_filter_covers(rows[i].a, rows[i].b) != rows[i].covers ||
            topic_filter_overlaps(rows[i].a, rows[i].b) != rows[i].overlaps ||
            topic_filter_overlaps(rows[i].b, rows[i].a) != rows[i].overlaps)
            fail_msg("%s and %s", rows[i].a, rows[i].b);
    }
}

static struct venue *venue_of(const char *topics)
{
    char source[1024];
    struct venue *v = NULL;
    struct problems problems = {0};
    (void)snprintf(source, sizeof source,
                   "venue: {id: v}\npayloads: [{map: m}]\n--- # payload map m m.yaml\npayload: m\n"
                   "topics: [%s]\nreadings: [{class: light, device: x, lux: /l}]\n",
                   topics);
    if (!venue_parse(str_of(source), &v, &problems))
        fail_msg("%s", problems.problem[0].text);
    return v;
}

static void wanted(const char *own, const char *topics, bool watch, const char *expected)
{
    char own_copy[64], words[512];
    (void)snprintf(own_copy, sizeof own_copy, "%s", own);
    const struct config config = {.mqtt_filters = own_copy, .mqtt_watch_drops = watch};
    struct venue *v = venue_of(topics);
    struct mqtt_filters filters;
    struct error err = {0};
    struct text out = text_over(words, sizeof words - 1);
    assert_true(mqtt_filters_wanted(&config, v->id, "c", v->payloads, &filters, &err));
    for (uint32_t i = 0; i < filters.count; i++) {
        text_add(&out, i ? " " : "");
        text_add(&out, filters.filter[i].text);
        text_add(&out, filters.filter[i].optional ? "?" : "");
    }
    words[out.len] = '\0';
    assert_string_equal(words, expected);
    mqtt_filters_free(&filters);
    venue_free(v);
}

static void maps_add_theirs(void **state)
{
    (void)state;
    wanted("", "\"a/{device}/up\"", true,
           "crowdtide/v/# drill/v/# a/+/up $SYS/broker/publish/messages/dropped?");
    wanted("", "\"a/{device}/up\"", false, "crowdtide/v/# drill/v/# a/+/up");
    wanted("#", "\"a/{device}/up\"", true, "# $SYS/broker/publish/messages/dropped?");
    wanted("a/b/up", "\"a/{device}/up\"", false, "a/+/up"); /* the wider one takes its place */
    wanted("x", "\"a/{device}/#\", \"a/{device}/up\", \"b-{device}\"", false,
           "a/+/# +"); /* b-{device} is + */
}

/* A broker would deliver what fits two of them twice. */
static void maps_never_overlap(void **state)
{
    (void)state;
    wanted("x", "\"a/{device}/c\", \"a/b/+\"", false, "x a/+/+");
    wanted("x", "\"a/{device}/c/d\", \"a/b/#\"", false, "x a/+/#");
    wanted("x", "\"p/+/q\", \"p/r/+\", \"p/s/t/u\", \"p/#\"", false, "x p/#");
    wanted("a/b", "\"{device}/b\"", false, "+/b");
    wanted("", "\"+/+/crowd/{device}\"", false, "+/+/#"); /* crowdtide's own among them */
    /* At crowdtide/v and crowdtide/v/x nobody counts: they need not become all topics there are. */
    wanted("", "\"{device}/online\", \"zigbee2mqtt/{device}\", \"+/{device}/up\"", false,
           "crowdtide/v/# drill/v/# +/+ +/+/up");
    wanted("", "\"{device}/x/#\"", false, "crowdtide/v/# drill/v/# +/x/#");
    wanted("", "\"{device}/+/#\"", false, "+/+/#");
    /* What these bring is told from what is nobody's by the venue, too. */
    struct venue *v = venue_of("\"+/+/crowd/{device}\"");
    assert_true(payload_maps_widened(v->payloads, STR_LIT("any/thing")));
    venue_free(v);
    char *joined = topic_filter_join("a/+/#", "a/b");
    assert_string_equal(joined, "a/+/#");
    free(joined);
}

static void overlaps_are_told(void **state)
{
    (void)state;
    char own[] = "a/+/c\nb\na/b/+";
    const struct config config = {.mqtt_filters = own};
    struct mqtt_filters filters;
    const char *a = NULL, *b = NULL;
    assert_true(mqtt_filters_from(&config, STR_LIT("v"), &filters, NULL));
    assert_true(mqtt_filters_overlap(&filters, &a, &b));
    assert_string_equal(a, "a/+/c");
    assert_string_equal(b, "a/b/+");
    filters.filter[2].text[0] = 'x';
    assert_false(mqtt_filters_overlap(&filters, &a, &b));
    mqtt_filters_free(&filters);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(covering_and_overlapping),
        cmocka_unit_test(maps_add_theirs),
        cmocka_unit_test(maps_never_overlap),
        cmocka_unit_test(overlaps_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
