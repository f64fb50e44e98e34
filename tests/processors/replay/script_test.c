/* The script language: what each kind of line does, each comparison met and not met, and each
 * mistake with its line and reason. */
#include "processors/replay/script.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/support.h"

/* Seven lines, so that a case's own lines begin at 8. */
#define VENUE                                                                                      \
    "venue\n"                                                                                      \
    "venue: {id: v}\n"                                                                             \
    "builtin_rules: no\n"                                                                          \
    "rules: [{id: full, metric: percent_capacity, kinds: [hall], levels: {yellow: {enter: 80, "    \
    "dwell_s: 10, action: Meter entry.}, red: {enter: 100, dwell_s: 10, action: Stop entry.}}, "   \
    "min_samples: 1, clear_s: 60}]\n"                                                              \
    "zones: [{id: h1, kind: hall, capacity: 1000}, {id: h-2.1, kind: hall, capacity: 100}, {id: "  \
    "p, kind: plaza, area_m2: 100}]\n"                                                             \
    "sensors: [{id: c1, class: crowd, counter: level, zone: h1, silence_s: 30}, {id: c2, class: "  \
    "crowd, counter: level, zone: h-2.1, silence_s: 30}, {id: l1, class: light, zone: p}, {id: "   \
    "g1, class: gate, zone: h1}, {id: d1, class: crowd, counter: delta, zone: p}]\n"               \
    "end\n"
#define FIRST 8

static struct script_report report;

static bool run(const char *text)
{
    struct script_options options = {.path = "case.txt", .text = str_of(text)};
    return script_run(&options, &report);
}

static bool run_venue(const char *lines)
{
    char text[8192];
    assert_true((size_t)snprintf(text, sizeof text, VENUE "%s", lines) < sizeof text);
    return run(text);
}

static void show(const char *text, uint32_t line, const char *expected)
{
    print_message("----\n%s\nexpected: %u: %s\n", text, line, expected);
    for (uint32_t i = 0; i < report.listed; i++)
        print_message("%u: %s\n", report.failure[i].line, report.failure[i].reason);
}

/* ---- what is met ----------------------------------------------------------------------------- */

/* Each line after the venue; every expectation is met. */
static const struct {
    const char *lines;
    uint32_t expectations;
} met[] = {
    /* clang-format off */
    {"10:00:00 sensor c1 occupancy 812\nexpect h1 yellow by 10:00:10\n", 1},
    {"10:00:00 sensor c1 occupancy 812\nexpect h1 yellow at 10:00:10\n", 1},
    {"10:00:00 sensor c1 occupancy 812\nexpect h1 none by 10:00:09\nexpect h1 stays none until 10:00:09\n", 2},
    {"10:00:00 sensor c1 occupancy 812\n10:00:10 expect h1 yellow\n", 1},
    /* on one line, either separator; a part without a time is of the time before */
    {"10:00:00 sensor c1 occupancy 812 … expect h1 yellow by 10:00:10\n", 1},
    {"10:00:00 sensor c1 occupancy 812 ; sensor c2 occupancy 100 ; expect h-2.1 red at 10:00:10 ; expect h1 yellow\n", 2},
    {"  10:00:00\tsensor  c1 occupancy 1   # a comment\n\n# another\n10:00:01 expect zone h1 occupancy 1 # and one\r\n", 1},
    /* unknown before anything was said; fractions of a second; past midnight */
    {"10:00:00.250 sensor c1 occupancy 5\n10:00:00.250 expect reading c1 received 10:00:00.250\n", 1},
    {"23:59:59 sensor c1 occupancy 5\n24:00:00 expect zone h1 at 24:00:00 occupancy 5\n", 1},
    {"10:00:00 expect h1 unknown\n", 1},
    /* every; its until is included */
    {"10:00:00 every 5 until 10:01:00 sensor c1 occupancy 812\n10:01:00 expect reading c1 received 10:01:00\n", 1},
    {"10:00:00 every 5 until 10:00:10 sensor c1 occupancy 812\n10:00:20 expect reading c1 received 10:00:10\n", 1},
    {"10:00:00 every 0.5 until 10:00:01 sensor c1 occupancy 812\n10:00:01 expect books decoded 2\n10:00:02 expect books decoded 3\n", 2},
    /* values that go from one to another */
    {"10:00:00 every 5 until 10:00:20 sensor c1 occupancy 100..900\n10:00:00 expect reading c1 occupancy 100\n10:00:05 expect reading c1 occupancy 300\n10:00:06 expect reading c1 occupancy 300\n10:00:21 expect reading c1 occupancy 900\n", 4},
    {"10:00:00 every 5 until 10:00:19 sensor c1 occupancy 8..4\n10:00:06 expect reading c1 occupancy 7\n10:00:19 expect reading c1 occupancy 4\n", 2},
    {"10:00:00 every 5 until 10:00:20 sensor l1 lux 1.0..2 state on\n10:00:06 expect reading l1 lux 1.25\n", 1},
    {"10:00:00 every 5 until 10:00:00 sensor c1 occupancy 100..900\n10:00:00 expect reading c1 occupancy 900\n", 1},
    /* every sensor whose id begins so */
    {"10:00:00 sensor c* occupancy 50\n10:00:01 expect zone h1 occupancy 50\n10:00:01 expect zone h-2.1 occupancy 50\n10:00:01 expect books decoded 2\n", 3},
    /* words of messages */
    {"10:00:00 sensor c1 ts 09:59:50 occupancy 5\n10:00:00 expect reading c1 ts 09:59:50 received 10:00:00\n", 1},
    {"10:00:00 sensor c1 occupancy 5 ts 09:59:50\n10:00:00 expect reading c1 ts 2026-11-23T09:59:50.000Z\n", 1},
    {"10:00:00 sensor d1 retained in 5 out 0\n10:00:01 sensor d1 in 6 out 0 retained\n10:00:02 expect books ignored_retained 2\n", 1},
    {"10:00:00 sensor c1 seq 1 occupancy 5\n10:00:00 sensor c1 seq 1 occupancy 5 dup\n10:00:01 expect books duplicate 1\n", 1},
    {"10:00:00 sensor c1 occupancy 5\n10:00:01 sensor c1 offline\n10:00:02 expect zone h1 known false\n", 1},
    {"10:00:00 sensor g1 lane 3 event pass direction in\n10:00:00 expect reading g1 lane 3 event pass\n", 1},
    {"10:00:00 sensor g1 lane \"3\" event reject direction in reason \"no ticket\"\n10:00:00 expect reading g1 reason \"no ticket\"\n", 1},
    {"10:00:00 publish crowdtide/v/crowd/c1 {\"occupancy\" : 7} ; x\n10:00:01 expect deadletter reason malformed\n", 1},
    {"10:00:00 publish crowdtide/v/crowd/c1 {\"occupancy\" : 7}\n10:00:01 expect zone h1 occupancy 7\n", 1},
    /* drills are kept apart */
    {"10:00:00 sensor c2 occupancy 100 drill\n10:00:00 expect exercise reading c2 status Exercise\n10:00:00 expect nothing reading c2\n", 2},
    {"10:00:00 sensor c1 occupancy 900\n10:00:00 sensor c2 occupancy 100 drill\nexpect exercise h-2.1 red by 10:00:10\nexpect h-2.1 unknown by 10:00:10\nexpect exercise nothing v/h1/full\n10:00:10 expect exercise alert v/h-2.1/full status Exercise\n10:00:10 expect nothing v/h-2.1/full\n", 5},
    /* broker, gap, pause, restart */
    {"10:00:00 broker lost\n10:00:01 expect books connected false\n10:00:02 broker back\n10:00:03 expect books connected true\n", 2},
    {"10:00:00 sensor c1 occupancy 900\n10:00:09 gap\n10:00:09 sensor c1 occupancy 900\nexpect h1 none by 10:00:18\nexpect h1 yellow at 10:00:19\n", 2},
    {"10:00:00 sensor c1 occupancy 900\n10:00:09 pause\n10:00:09 sensor c1 occupancy 900\nexpect h1 none by 10:00:18\n", 1},
    {"10:00:00 every 1 until 10:00:30 sensor c1 occupancy 900\n10:00:20 gap\n10:00:30 expect books decoded 11\n", 1},
    {"10:00:00 sensor c1 occupancy 900\n10:00:05 restart\nexpect h1 yellow at 10:00:10\n", 1},
    /* the day and the offset */
    {"date 2027-01-02\n10:00:00 sensor c1 occupancy 5\n10:00:00 expect reading c1 received 2027-01-02T10:00:00.000Z\n", 1},
    {"utc_offset +08:00\n10:00:00 sensor c1 occupancy 5\n10:00:00 expect reading c1 received 2026-11-23T02:00:00.000Z\n10:00:00 expect reading c1 received 10:00:00\n", 2},
    {"10:00:00 sensor c1 occupancy 5\ndate 2026-11-24\n00:00:01 expect zone h1 known false\n", 1},
    /* commands are answered, whatever the answer */
    {"10:00:00 command ack operator lin alert v/h1/full text \"seen it\"\n10:00:00 expect reply lin command ack nonce present ok false at 10:00:00\n", 1},
    {"10:00:00 command ack operator lin nonce abc-123456\n10:00:00 expect reply lin nonce abc-123456\n", 1},
    {"10:00:00 command {\"operator\":\"lin\",\"command\":\"note\"}\n10:00:00 expect reply lin command note\n", 1},
    /* another venue comes into force */
    {"10:00:00 sensor c1 occupancy 812\n10:00:05 venue\nvenue: {id: v}\nzones: [{id: h1, kind: hall, capacity: 1000}, {id: new, kind: plaza, area_m2: 100}]\nsensors: [{id: c1, class: crowd, counter: level, zone: h1}, {id: n1, class: crowd, counter: level, zone: new}]\nend\n10:00:06 sensor n1 occupancy 3\n10:00:07 expect zone new occupancy 3\n", 1},
    /* comparisons */
    {"10:00:00 sensor c1 occupancy 812\n10:00:01 expect zone h1 occupancy = 812 occupancy != 5 occupancy <= 812 occupancy < 813 occupancy >= 812 occupancy > 811\n", 1},
    {"10:00:00 sensor c1 occupancy 812\n10:00:01 expect zone h1 occupancy 812..812 occupancy 800..900 occupancy 810±2 occupancy 814+-2 percent_capacity 81..81.5\n", 1},
    {"10:00:00 sensor c1 occupancy 812\n10:00:11 expect zone h1 level yellow level >= yellow level < red level blue..orange\n", 1},
    {"10:00:00 sensor c1 occupancy 812\n10:00:01 expect zone h1 known true density absent occupancy present kind != plaza\n", 1},
    {"10:00:00 sensor c1 occupancy 812\n10:00:11 expect alert v/h1/full action contains entry action \"Meter entry.\" at 10:00:10 start 09:59:55..10:00:05 n 1\n", 1},
    {"10:00:00 sensor c1 ts 09:59:59 occupancy 812\n10:00:01 expect reading c1 ts 10:00:00±1000\n", 1},
    /* kinds and keys */
    {"10:00:00 sensor l1 lux 12.5 state on\n10:00:01 expect light l1 lux 12.5\n", 1},
    {"10:00:00 sensor g1 lane 1 event pass direction in\n10:00:01 expect gate g1 in total 1\n10:00:01 expect gate g1 out total 0\n", 2},
    {"10:00:00 expect nothing v/h1/full\n10:00:00 expect nothing reading l1\n10:00:00 expect nothing deadletter\n", 3},
    /* clang-format on */
};

static void every_expectation_is_met(void **state)
{
    int wrong = 0;
    (void)state;
    for (size_t i = 0; i < sizeof met / sizeof *met; i++) {
        if (!run_venue(met[i].lines) || report.expectations != met[i].expectations) {
            wrong++;
            show(met[i].lines, report.expectations, "met");
        }
    }
    assert_int_equal(wrong, 0);
}

/* ---- what is not ----------------------------------------------------------------------------- */

/* Lines after the venue, the failure's line counted from the first of them, what the reason says.
 */
static const struct {
    const char *lines;
    uint32_t line;
    const char *reason;
} unmet[] = {
    /* clang-format off */
    {"10:00:00 sensor c1 occupancy 812\nexpect h1 red by 10:00:20\n", 2, "expected h1 red by 10:00:20: it is yellow since 10:00:10, none before"},
    {"10:00:00 sensor c1 occupancy 812\nexpect h1 yellow at 10:00:20\n", 2, "expected h1 yellow at 10:00:20: it is yellow since 10:00:10, none before"},
    {"10:00:00 sensor c1 occupancy 812\nexpect h1 yellow at 10:00:09\n", 2, "expected h1 yellow at 10:00:09: it is none since 10:00:01, unknown before"},
    {"10:00:00 sensor c1 occupancy 812\n10:00:05 expect h1 none\nexpect h1 stays yellow until 10:00:20\n", 3, "expected h1 to stay yellow until 10:00:20: it is yellow since 10:00:10"},
    {"10:00:00 sensor c1 occupancy 5 ; 10:00:01 expect h1 red\n", 1, "expected h1 red at 10:00:01: it is none since 10:00:01, unknown before"},
    {"10:00:00 sensor c1 occupancy 5 drill … expect exercise h1 red by 10:00:20\n", 1, "expected exercise h1 red by 10:00:20"},
    {"10:00:00 sensor c1 occupancy 812\n10:00:01 expect zone h1 occupancy 813 known true level red\n", 2, "expected zone h1 occupancy 813, level red: occupancy is 812, level is none, as said at 10:00:01"},
    {"10:00:00 sensor c1 occupancy 812\n10:00:01 expect zone h1 occupancy > 812\n", 2, "zone h1 occupancy > 812: occupancy is 812"},
    {"10:00:00 sensor c1 occupancy 812\n10:00:01 expect zone h1 occupancy >= 813\n", 2, "occupancy is 812"},
    {"10:00:00 sensor c1 occupancy 812\n10:00:01 expect zone h1 occupancy < 812\n", 2, "occupancy is 812"},
    {"10:00:00 sensor c1 occupancy 812\n10:00:01 expect zone h1 occupancy <= 811\n", 2, "occupancy is 812"},
    {"10:00:00 sensor c1 occupancy 812\n10:00:01 expect zone h1 occupancy != 812\n", 2, "occupancy is 812"},
    {"10:00:00 sensor c1 occupancy 812\n10:00:01 expect zone h1 occupancy 813..900\n", 2, "occupancy is 812"},
    {"10:00:00 sensor c1 occupancy 812\n10:00:01 expect zone h1 occupancy 700..811\n", 2, "occupancy is 812"},
    {"10:00:00 sensor c1 occupancy 812\n10:00:01 expect zone h1 occupancy 820±7\n", 2, "occupancy is 812"},
    {"10:00:00 sensor c1 occupancy 812\n10:00:01 expect zone h1 occupancy absent\n", 2, "occupancy is 812"},
    {"10:00:00 sensor c1 occupancy 812\n10:00:01 expect zone h1 density present\n", 2, "density is absent"},
    {"10:00:00 sensor c1 occupancy 812\n10:00:01 expect zone h1 density > 0\n", 2, "density is absent"},
    {"10:00:00 sensor c1 occupancy 812\n10:00:01 expect zone h1 known false\n", 2, "known is true"},
    {"10:00:00 sensor c1 occupancy 812\n10:00:01 expect zone h1 kind \"a hall\"\n", 2, "kind \"a hall\": kind is \"hall\""},
    {"10:00:00 sensor c1 occupancy 812\n10:00:01 expect zone h1 kind != hall\n", 2, "kind is \"hall\""},
    {"10:00:00 sensor c1 occupancy 812\n10:00:01 expect zone h1 kind contains hole\n", 2, "kind is \"hall\""},
    {"10:00:00 sensor c1 occupancy 812\n10:00:01 expect reading c1 received 10:00:01\n", 2, "received is 10:00:00"},
    {"10:00:00 sensor c1 occupancy 812\n10:00:00 expect reading c1 status Exercise\n", 2, "status is \"Actual\""},
    {"10:00:00 sensor c1 occupancy 812\n10:00:00 expect exercise reading c1 status Actual\n", 2, "expected a result of exercise reading c1: there is none yet"},
    {"10:00:00 expect reading l1 lux 5\n", 1, "expected a result of reading l1: there is none yet"},
    {"10:00:00 sensor c1 occupancy 812\n10:00:20 expect nothing v/h1/full\n", 2, "expected nothing about alert v/h1/full: at 10:00:10 was said {\"id\":\"v/h1/full/"},
    {"10:00:00 sensor c1 occupancy 812\n10:00:20 expect nothing reading c1\n", 2, "expected nothing about reading c1"},
    {"10:00:00 publish a b\n10:00:20 expect nothing deadletter\n", 2, "expected nothing about deadletter: at 10:00:00"},
    /* clang-format on */
};

static void what_is_not_met_says_what_was_seen(void **state)
{
    int wrong = 0;
    (void)state;
    for (size_t i = 0; i < sizeof unmet / sizeof *unmet; i++) {
        bool ok = run_venue(unmet[i].lines);
        const struct script_failure *f = &report.failure[0];
        if (ok || report.broken || report.unmet != 1 || report.listed != 1 ||
            f->fault != SCRIPT_UNMET || f->line != FIRST - 1 + unmet[i].line ||
            !strstr(f->reason, unmet[i].reason)) {
            wrong++;
            show(unmet[i].lines, FIRST - 1 + unmet[i].line, unmet[i].reason);
        }
    }
    assert_int_equal(wrong, 0);
}

static void a_script_goes_on_after_an_unmet_expectation(void **state)
{
    (void)state;
    assert_false(run_venue("10:00:00 sensor c1 occupancy 5\n10:00:01 expect h1 red\n10:00:02 "
                           "expect h1 none\n10:00:03 expect h1 blue\n"));
    assert_int_equal(report.expectations, 3);
    assert_int_equal(report.unmet, 2);
    assert_int_equal(report.failure[1].line, FIRST + 3);
}

static void many_failures_are_counted_and_the_mistake_is_listed(void **state)
{
    char lines[4096];
    struct text t = text_over(lines, sizeof lines - 1);
    (void)state;
    text_add(&t, "10:00:00 sensor c1 occupancy 5\n");
    for (int i = 0; i < SCRIPT_FAILURES_MAX + 5; i++)
        text_add(&t, "10:00:01 expect h1 red\n");
    text_add(&t, "10:00:02 nonsense\n");
    lines[t.len] = '\0';
    assert_false(run_venue(lines));
    assert_int_equal(report.unmet, SCRIPT_FAILURES_MAX + 5);
    assert_int_equal(report.listed, SCRIPT_FAILURES_MAX);
    assert_true(report.broken);
    assert_int_equal(report.failure[SCRIPT_FAILURES_MAX - 1].fault, SCRIPT_BROKEN);
    assert_int_equal(report.failure[SCRIPT_FAILURES_MAX - 1].line, FIRST + SCRIPT_FAILURES_MAX + 6);
}

/* ---- mistakes -------------------------------------------------------------------------------- */

static const struct {
    const char *lines;
    uint32_t line;
    const char *reason;
} broken[] = {
    /* clang-format off */
    {"nonsense\n", 1, "not understood: \"nonsense\""},
    {"10:00:00 nonsense c1\n", 1, "not understood: \"nonsense c1\""},
    {"10:00:00\n", 1, "not understood"},
    {"expect h1 red by 10:00:00\n", 1, "nothing has happened yet"},
    {"10:00:60 sensor c1 occupancy 1\n", 1, "not understood"},
    {"10:00:00 sensor c1 occupancy 1\n09:59:59 sensor c1 occupancy 1\n", 2, "time runs forward: it is 10:00:00 already"},
    {"10:00:00 sensor c1 occupancy 1\n09:59:59 gap\n", 2, "time runs forward"},
    {"10:00:00 sensor c1 occupancy 1 ; expect h1 none by 09:00:00\n", 1, "time runs forward"},
    {"10:00:00 sensor c1 occupancy 1\nvenue\nend\n", 2, "a second venue needs a time"},
    {"10:00:00 sensor\n", 1, "sensor ID member value … is the form"},
    {"10:00:00 sensor c9 occupancy 1\n", 1, "the venue has no sensor \"c9\""},
    {"10:00:00 sensor x* occupancy 1\n", 1, "the venue has no sensor \"x*\""},
    {"10:00:00 sensor c1 occupancy\n", 1, "a value is expected after \"occupancy\""},
    {"10:00:00 sensor c1 note \"not closed\n", 1, "a quote is not closed"},
    {"10:00:00 publish\n", 1, "publish [retained] [dup] [as CONTENT-TYPE] TOPIC PAYLOAD is the form"},
    {"10:00:00 command\n", 1, "command NAME operator ID member value … is the form"},
    {"10:00:00 command ack operator\n", 1, "a value is expected after \"operator\""},
    {"10:00:00 command ack uid five\n", 1, "a number is expected, not \"five\""},
    {"10:00:00 command ack uid -5\n", 1, "a number is expected, not \"-5\""},
    {"10:00:00 command ack uid 99999999999\n", 1, "a number is expected"},
    {"10:00:00 broker gone\n", 1, "broker lost, back, silent or answers, or broker dropped N is the form"},
    {"10:00:00 every 5 sensor c1 occupancy 1\n", 1, "every SECONDS until TIME sensor"},
    {"10:00:00 every 5 until 10:00:10 publish a b\n", 1, "every SECONDS until TIME sensor"},
    {"10:00:00 every 0 until 10:00:10 sensor c1 occupancy 1\n", 1, "every SECONDS: 0.001 to 86400, not \"0\""},
    {"10:00:00 every x until 10:00:10 sensor c1 occupancy 1\n", 1, "every SECONDS: 0.001 to 86400"},
    {"10:00:00 every 5 until later sensor c1 occupancy 1\n", 1, "a time hh:mm:ss is expected, not \"later\""},
    {"10:00:00 every 5 until 10:00:10 sensor c1 occupancy\n", 1, "a value is expected after \"occupancy\""},
    {"10:00:00 every 5 until 10:01:00 sensor c9 occupancy 1\n10:00:01 sensor c1 occupancy 1\n", 1, "the venue has no sensor \"c9\""},
    {"date today\n", 1, "date 2026-11-23 is the form"},
    {"date 2026-13-01\n", 1, "date 2026-11-23 is the form"},
    {"date 2200-01-01\n", 1, "date 2026-11-23 is the form"},
    {"date 1970-12-31\n", 1, "date 2026-11-23 is the form"},
    {"utc_offset 8\n", 1, "utc_offset +08:00 is the form"},
    {"utc_offset +15:00\n", 1, "utc_offset +08:00 is the form"},
    /* expectations that can't be judged */
    {"10:00:00 expect\n", 1, "is the form"},
    {"10:00:00 expect h1\n", 1, "is the form"},
    {"10:00:00 expect h1 yellow soon 10:00:10\n", 1, "is the form"},
    {"10:00:00 expect h1 stays yellow for 10:00:10\n", 1, "is the form"},
    {"10:00:00 expect h1 yellow by then\n", 1, "a time hh:mm:ss is expected, not \"then\""},
    {"10:00:00 expect h9 yellow\n", 1, "the venue has no zone \"h9\", and it is no kind of result"},
    {"10:00:00 expect h1 violet\n", 1, "a level is expected, not \"violet\""},
    {"10:00:00 expect zone\n", 1, "`zone` is named by 1 words"},
    {"10:00:00 expect gate g1\n", 1, "`gate` is named by 2 words"},
    {"10:00:00 expect zone h1\n", 1, "a member and its value are expected after `zone h1`"},
    {"10:00:00 expect zone h9 occupancy 1\n", 1, "the venue in force has no zone \"h9\""},
    {"10:00:00 expect light c9 lux 1\n", 1, "the venue in force has no light \"c9\""},
    {"10:00:00 expect nothing v/h9/full\n", 1, "the venue in force has no alert \"v/h9/full\": VENUE/ZONE/RULE is the form"},
    {"10:00:00 expect nothing v/h1/fool\n", 1, "has no alert \"v/h1/fool\""},
    {"10:00:00 expect nothing w/h1/full\n", 1, "has no alert \"w/h1/full\""},
    {"10:00:00 expect nothing h1\n", 1, "VENUE/ZONE/RULE is the form"},
    {"10:00:00 expect nothing v/h1/full at 10:00:00\n", 1, "\"at\" is one word too many"},
    {"10:00:00 sensor c1 occupancy 1\n10:00:01 expect zone h1 ocupancy 1\n", 2, "`zone` has no member \"ocupancy\"; did you mean \"occupancy\"?"},
    {"10:00:00 sensor c1 occupancy 1\n10:00:01 expect zone h1 occupancy\n", 2, "a value is expected after \"occupancy\""},
    {"10:00:00 sensor c1 occupancy 1\n10:00:01 expect zone h1 occupancy >=\n", 2, "a value is expected after \"occupancy\""},
    {"10:00:00 sensor c1 occupancy 1\n10:00:01 expect zone h1 occupancy many\n", 2, "\"many\" is no value that occupancy can have"},
    {"10:00:00 sensor c1 occupancy 1\n10:00:01 expect zone h1 level 5\n", 2, "\"5\" is no value that level can have"},
    {"10:00:00 sensor c1 occupancy 1\n10:00:01 expect zone h1 known 1\n", 2, "\"1\" is no value that known can have"},
    {"10:00:00 sensor c1 occupancy 1\n10:00:01 expect zone h1 kind > hall\n", 2, "kind is a text"},
    {"10:00:00 sensor c1 occupancy 1\n10:00:01 expect zone h1 occupancy contains 1\n", 2, "occupancy is no text that could contain another"},
    /* a member is wrong even where there is no result */
    {"10:00:00 expect zone p occupants 1\n", 1, "`zone` has no member \"occupants\""},
    /* venues */
    {"10:00:00 sensor c1 occupancy 1\n10:00:01 venue\nzones: []\n", 2, "venue: no line `end` follows"},
    {"10:00:00 sensor c1 occupancy 1\n10:00:01 venue\nvenue: {id: v}\nzones: [{id: h1, kind: castle}]\nend\n", 4, "venue: "},
    {"10:00:00 sensor c1 occupancy 1\n10:00:01 venue nowhere.yaml\n", 2, "nowhere.yaml: not found"},
    /* clang-format on */
};

static void each_mistake_has_its_line_and_reason(void **state)
{
    int wrong = 0;
    (void)state;
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        bool ok = run_venue(broken[i].lines);
        const struct script_failure *f = &report.failure[report.listed ? report.listed - 1 : 0];
        if (ok || !report.broken || report.listed == 0 || f->fault != SCRIPT_BROKEN ||
            f->line != FIRST - 1 + broken[i].line || !strstr(f->reason, broken[i].reason)) {
            wrong++;
            show(broken[i].lines, FIRST - 1 + broken[i].line, broken[i].reason);
        }
    }
    assert_int_equal(wrong, 0);
}

/* Scripts that don't begin as the others do. */
static void mistakes_of_a_whole_script(void **state)
{
    static const struct {
        const char *text, *reason;
        uint32_t line;
    } cases[] = {
        {"", "the script has no line with a time", 0},
        {"# nothing\n", "the script has no line with a time", 1},
        {"10:00:00 sensor c1 occupancy 1\n", "no venue yet: begin with `venue FILE`", 1},
        {"venue nowhere/at-all.yaml\n", "nowhere/at-all.yaml: not found", 1},
        {"venue\nvenue: {id: v\nend\n", "venue: ", 3},
        {"\xff\n", "is not UTF-8", 0},
    };
    int wrong = 0;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool ok = run(cases[i].text);
        if (ok || !report.broken || !strstr(report.failure[0].reason, cases[i].reason) ||
            report.failure[0].line != cases[i].line) {
            wrong++;
            show(cases[i].text, cases[i].line, cases[i].reason);
        }
    }
    assert_int_equal(wrong, 0);
    struct script_options missing = {.path = "/nowhere/at/all.txt"};
    assert_false(script_run(&missing, &report));
    assert_string_equal(report.failure[0].reason, "can't be read: not found");
}

static void limits_are_said(void **state)
{
    static char text[SCRIPT_LINE_BYTES_MAX * 64];
    struct text t = text_over(text, sizeof text - 1);
    (void)state;
    text_add(&t, VENUE "10:00:00 sensor c1 occupancy 1\n10:00:00 publish a ");
    for (int i = 0; i < SCRIPT_LINE_BYTES_MAX; i++)
        text_add_char(&t, 'x');
    text[t.len] = '\0';
    assert_false(run(text));
    assert_string_equal(report.failure[0].reason, "the line is longer than 4096 bytes");
    t.len = 0;
    text_add(&t, VENUE "10:00:00 sensor c1");
    for (int i = 0; i < 40; i++)
        text_add(&t, " member 1");
    text[t.len] = '\0';
    assert_false(run(text));
    assert_string_equal(report.failure[0].reason, "too many words");
    assert_false(script_run(
        &(struct script_options){
            .path = "x",
            .text = STR_LIT(VENUE "10:00:00 every 0.1 until 20:00:00 sensor c1 occupancy 1\n"
                                  "11:00:00 expect h1 none\n"),
            .records_max = 5000},
        &report));
    assert_string_equal(report.failure[0].reason, "more than 5000 messages, ticks and the like");
    t.len = 0;
    text_add(&t, VENUE);
    for (int i = 0; i <= SCRIPT_REPEATS_MAX; i++)
        text_add(&t, "10:00:00 every 5 until 09:00:00 sensor c1 occupancy 1\n");
    text[t.len] = '\0';
    assert_false(t.overflow);
    assert_false(run(text));
    assert_string_equal(report.failure[0].reason, "more than 1024 `every` lines");
    assert_int_equal(report.failure[0].line, FIRST + SCRIPT_REPEATS_MAX);
}

/* ---- files, and what is seen ----------------------------------------------------------------- */

static void put(const char *dir, const char *name, const char *text)
{
    char path[600];
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    assert_int_equal(fwrite(text, 1, strlen(text), out), strlen(text));
    assert_int_equal(fclose(out), 0);
}

static void venue_files_are_found_from_the_script(void **state)
{
    static const char venue[] =
        "venue: {id: v}\nzones: [{id: h1, kind: hall, capacity: \"${HALL}\"}]\nsensors: [{id: c1, "
        "class: crowd, counter: level, zone: h1}]\n";
    static const char lines[] =
        "10:00:00 sensor c1 occupancy 5\n10:00:01 expect zone h1 percent_capacity 50\n";
    char dir[400], path[600], other[600], text[400];
    (void)state;
    (void)support_temp_dir(dir, sizeof dir);
    assert_int_equal(setenv("HALL", "10", 1), 0);
    put(dir, "v.yaml", venue);
    (void)snprintf(path, sizeof path, "%s/s.txt", dir);
    (void)snprintf(other, sizeof other, "%s/v.yaml", dir);
    (void)snprintf(text, sizeof text, "venue v.yaml\n%s", lines);
    put(dir, "s.txt", text);
    assert_true(script_run(&(struct script_options){.path = path}, &report));
    /* named by the caller: only for a script without one */
    put(dir, "s.txt", lines);
    assert_false(script_run(&(struct script_options){.path = path}, &report));
    assert_true(script_run(&(struct script_options){.path = path, .venue_path = other}, &report));
    (void)snprintf(text, sizeof text, "venue v.yaml\n%s", lines);
    put(dir, "s.txt", text);
    assert_true(
        script_run(&(struct script_options){.path = path, .venue_path = "/nowhere"}, &report));
    /* its mistakes have its own lines */
    put(dir, "v.yaml", "venue: {id: v}\nzones:\n  - {id: h1, kind: castle}\n");
    assert_false(script_run(&(struct script_options){.path = path}, &report));
    assert_int_equal(report.failure[0].line, 1);
    assert_non_null(strstr(report.failure[0].reason, "v.yaml:3: "));
    support_remove_tree(dir);
}

struct sights {
    uint32_t alerts;
    char clock[32];
};

static void see(void *arg, const char *clock, unsigned type, const union result_any *result)
{
    struct sights *s = arg;
    if (type != RECORD_ALERT)
        return;
    assert_true(str_is(result->alert.rule, "full"));
    s->alerts++;
    (void)snprintf(s->clock, sizeof s->clock, "%s", clock);
}

static void results_are_seen_as_they_are_said(void **state)
{
    struct sights s = {0};
    (void)state;
    assert_true(script_run(
        &(struct script_options){
            .path = "x",
            .text = STR_LIT(
                VENUE
                "utc_offset +08:00\n10:00:00 sensor c1 occupancy 900\n10:00:20 expect h1 yellow\n"),
            .seen = see,
            .arg = &s},
        &report));
    assert_int_equal(s.alerts, 1);
    assert_string_equal(s.clock, "10:00:10");
}

static void the_same_script_says_the_same(void **state)
{
    const struct str text =
        STR_LIT(VENUE "10:00:00 every 5 until 10:05:00 sensor c1 occupancy 900\n10:02:00 sensor c2 "
                      "occupancy 100 drill\n10:06:00 expect h1 unknown\n");
    struct script_options options = {.path = "x", .text = text};
    (void)state;
    assert_true(script_run(&options, &report));
    uint64_t hash = report.hash, results = report.results;
    options.restart_every = 3;
    assert_true(script_run(&options, &report));
    assert_true(report.hash == hash && report.results == results && results > 100);
    options.text = STR_LIT(
        VENUE
        "10:00:00 every 5 until 10:05:00 sensor c1 occupancy 901\n10:06:00 expect h1 unknown\n");
    assert_true(script_run(&options, &report));
    assert_true(report.hash != hash);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_expectation_is_met),
        cmocka_unit_test(what_is_not_met_says_what_was_seen),
        cmocka_unit_test(a_script_goes_on_after_an_unmet_expectation),
        cmocka_unit_test(many_failures_are_counted_and_the_mistake_is_listed),
        cmocka_unit_test(each_mistake_has_its_line_and_reason),
        cmocka_unit_test(mistakes_of_a_whole_script),
        cmocka_unit_test(limits_are_said),
        cmocka_unit_test(venue_files_are_found_from_the_script),
        cmocka_unit_test(results_are_seen_as_they_are_said),
        cmocka_unit_test(the_same_script_says_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
