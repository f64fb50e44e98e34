/* Two runs' alerts compared: small stories of one zone and rule, in seconds, and what must be said
 * about them. */
#include "processors/replay/difference.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/support.h"

enum { SAID_BYTES = 4096 };

/* A story is a list of "SECOND LEVEL": the levels after the transitions; "40 unknown" keeps what
 * was, with the last known level told; "unknown!" does not tell it. */
static void tell(struct difference *d, enum difference_run run, const char *zone, const char *rule,
                 const char *story)
{
    char copy[256], *save = NULL;
    int level = LEVEL_NONE, n = 0;
    (void)snprintf(copy, sizeof copy, "%s", story);
    for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
        struct result_alert alert;
        struct error err = {0};
        char id[64];
        const char *word = strtok_r(NULL, " ", &save);
        enum level parsed = LEVEL_NONE;
        result_clear(RECORD_ALERT, &alert);
        /* the two runs' ids differ, as their starts do */
        (void)snprintf(id, sizeof id, "v/%s/%s/%d%s", zone, rule, (int)run, w);
        alert.id = str_of(id);
        alert.n = ++n;
        alert.zone = str_of(zone);
        alert.rule = str_of(rule);
        alert.status = STR_LIT("Actual");
        alert.at = strtoll(w, NULL, 10) * 1000;
        bool untold = strcmp(word, "unknown!") == 0;
        assert_true(untold || level_parse(str_of(word), &parsed));
        alert.level = untold ? LEVEL_UNKNOWN : (int8_t)parsed;
        if (parsed == LEVEL_UNKNOWN && !untold)
            alert.last_known_level = (int8_t)level;
        else if (!untold)
            level = parsed;
        assert_true(difference_alert(d, run, &alert, &err));
    }
}

static void say_span(struct text *out, const struct difference_span *span)
{
    text_add_i64(out, span->begin_ms / 1000);
    text_add(out, "-");
    if (span->end_ms != RESULT_ABSENT)
        text_add_i64(out, span->end_ms / 1000);
}

/* "earlier yellow 5-30 before 10-30; …" */
static void say(const struct difference_table *table, bool places, char *out)
{
    struct text t = text_over(out, SAID_BYTES - 1);
    for (uint32_t i = 0; i < table->count; i++) {
        const struct difference_row *row = &table->row[i];
        text_add(&t, i ? "; " : "");
        text_add(&t, difference_text(row->kind));
        text_add_char(&t, ' ');
        text_add(&t, level_text(row->level));
        if (places) {
            text_add_char(&t, ' ');
            text_add_str(&t, row->zone);
            text_add_char(&t, '/');
            text_add_str(&t, row->rule);
        }
        if (row->span[DIFFERENCE_OTHER].begin_ms != RESULT_ABSENT) {
            text_add_char(&t, ' ');
            say_span(&t, &row->span[DIFFERENCE_OTHER]);
        }
        if (row->span[DIFFERENCE_BEFORE].begin_ms != RESULT_ABSENT) {
            text_add(&t, " before ");
            say_span(&t, &row->span[DIFFERENCE_BEFORE]);
        }
    }
    out[t.len] = '\0';
}

static const struct {
    const char *before, *other, *said;
} stories[] = {
    /* clang-format off */
    {"", "", ""},
    {"10 yellow 30 none", "10 yellow 30 none", "same yellow 10-30 before 10-30"},
    {"10 yellow 30 none", "", "missed yellow before 10-30"},
    {"", "10 yellow 30 none", "raised yellow 10-30"},
    {"10 yellow 30 none", "5 yellow 30 none", "earlier yellow 5-30 before 10-30"},
    {"10 yellow 30 none", "15 yellow 30 none", "later yellow 15-30 before 10-30"},
    /* the end alone makes no difference in kind, but is told */
    {"10 yellow 30 none", "10 yellow 90 none", "same yellow 10-90 before 10-30"},
    /* apart in time: two events; touching: one */
    {"10 yellow 30 none", "31 yellow 40 none", "missed yellow before 10-30; raised yellow 31-40"},
    {"50 yellow 60 none", "10 yellow 30 none", "raised yellow 10-30; missed yellow before 50-60"},
    {"10 yellow 30 none", "30 yellow 40 none", "later yellow 30-40 before 10-30"},
    {"30 yellow 40 none", "10 yellow 30 none", "earlier yellow 10-30 before 30-40"},
    /* open at the end: nothing ends it */
    {"10 yellow", "20 yellow", "later yellow 20- before 10-"},
    {"10 yellow", "900 yellow 950 none", "later yellow 900-950 before 10-"},
    {"10 yellow 20 none", "30 yellow", "missed yellow before 10-20; raised yellow 30-"},
    {"10 yellow", "", "missed yellow before 10-"},
    /* several levels: each on its own; a level is reached by the ones above it */
    {"10 yellow 20 red 40 yellow 50 none", "10 yellow 25 red 40 yellow 50 none", "same yellow 10-50 before 10-50; later red 25-40 before 20-40"},
    {"10 yellow 20 red 50 none", "15 red 50 none", "later yellow 15-50 before 10-50; earlier red 15-50 before 20-50"},
    {"10 red 50 none", "10 orange 50 none", "missed red before 10-50; same orange 10-50 before 10-50"},
    {"10 blue 20 none 30 blue 40 none", "10 blue 20 none", "same blue 10-20 before 10-20; missed blue before 30-40"},
    /* levels that nobody announces are not spoken of */
    {"10 red 50 none", "10 red 50 none", "same red 10-50 before 10-50"},
    /* unknown keeps the level, whether it is told or not, and ends at none */
    {"10 red 20 unknown 40 none", "10 red 40 none", "same red 10-40 before 10-40"},
    {"10 red 20 unknown! 40 none", "10 red 40 none", "same red 10-40 before 10-40"},
    {"10 red 20 unknown", "10 red 20 unknown", "same red 10- before 10-"},
    {"10 yellow 20 unknown 30 red 40 none", "10 yellow 40 none", "same yellow 10-40 before 10-40; missed red before 30-40"},
    {"5 unknown 10 yellow 20 none", "10 yellow 20 none", "same yellow 10-20 before 10-20"},
    /* left and reached again at once: it never ended */
    {"10 yellow 20 none 20 yellow 30 none", "10 yellow 30 none", "same yellow 10-30 before 10-30"},
    /* one long, several short */
    {"10 yellow 100 none", "20 yellow 30 none 40 yellow 50 none 60 yellow 70 none", "later yellow 20-30 before 10-100; again yellow 40-50 before 10-100; again yellow 60-70 before 10-100"},
    {"20 yellow 30 none 40 yellow 50 none", "10 yellow 100 none", "earlier yellow 10-100 before 20-30; joined yellow 10-100 before 40-50"},
    {"0 yellow 10 none 20 yellow 30 none", "5 yellow 25 none 26 yellow 40 none", "later yellow 5-25 before 0-10; joined yellow 5-25 before 20-30; again yellow 26-40 before 20-30"},
    {"10 yellow 50 none 90 yellow 99 none", "20 yellow 30 none 40 yellow 95 none", "later yellow 20-30 before 10-50; again yellow 40-95 before 10-50; joined yellow 40-95 before 90-99"},
    /* clang-format on */
};

static void each_story(void **state)
{
    int wrong = 0;
    (void)state;
    for (size_t i = 0; i < sizeof stories / sizeof *stories; i++) {
        struct error err = {0};
        struct difference_table table;
        char said[SAID_BYTES];
        struct difference *d = difference_new(&err);
        assert_non_null(d);
        tell(d, DIFFERENCE_OTHER, "h", "full", stories[i].other);
        tell(d, DIFFERENCE_BEFORE, "h", "full", stories[i].before);
        assert_true(difference_compare(d, INT64_MIN, INT64_MAX, &table, &err));
        say(&table, false, said);
        if (strcmp(said, stories[i].said) != 0) {
            wrong++;
            print_message("before %s, other %s:\n  %s\n  was expected: %s\n", stories[i].before,
                          stories[i].other, said, stories[i].said);
        }
        difference_free(d);
    }
    assert_int_equal(wrong, 0);
}

static void zones_and_rules_are_kept_apart_and_put_in_order(void **state)
{
    struct error err = {0};
    struct difference_table table;
    char said[SAID_BYTES];
    struct difference *d = difference_new(&err);
    (void)state;
    tell(d, DIFFERENCE_BEFORE, "h1", "full", "10 yellow 20 none");
    tell(d, DIFFERENCE_OTHER, "h2", "full", "10 yellow 20 none");
    tell(d, DIFFERENCE_OTHER, "h1", "dense", "10 yellow 20 none");
    tell(d, DIFFERENCE_OTHER, "a", "full", "9 red 20 none");
    tell(d, DIFFERENCE_OTHER, "h1", "full", "30 red 35 yellow 40 none");
    assert_true(difference_compare(d, INT64_MIN, INT64_MAX, &table, &err));
    say(&table, true, said);
    assert_string_equal(said, "raised red a/full 9-20; raised yellow h1/dense 10-20; "
                              "missed yellow h1/full before 10-20; raised yellow h2/full 10-20; "
                              "raised red h1/full 30-35; raised yellow h1/full 30-40");
    difference_free(d);
}

static void totals_and_shifts(void **state)
{
    struct error err = {0};
    struct difference_table table;
    struct difference *d = difference_new(&err);
    (void)state;
    tell(d, DIFFERENCE_BEFORE, "a", "r", "10 red 50 none");
    tell(d, DIFFERENCE_OTHER, "a", "r", "7 red 50 none");
    tell(d, DIFFERENCE_BEFORE, "b", "r", "10 red 50 none");
    tell(d, DIFFERENCE_OTHER, "b", "r", "5 red 50 none");
    tell(d, DIFFERENCE_BEFORE, "c", "r", "10 red 50 none");
    tell(d, DIFFERENCE_OTHER, "c", "r", "19 red 50 none");
    tell(d, DIFFERENCE_OTHER, "e", "r", "10 red");
    assert_true(difference_compare(d, INT64_MIN, INT64_MAX, &table, &err));
    assert_int_equal(table.count, 4);
    assert_int_equal(table.total[DIFFERENCE_EARLIER], 2);
    assert_int_equal(table.earlier_max_ms, 5000);
    assert_int_equal(table.earlier_sum_ms, 8000);
    assert_int_equal(table.total[DIFFERENCE_LATER], 1);
    assert_int_equal(table.later_max_ms, 9000);
    assert_int_equal(table.later_sum_ms, 9000);
    assert_int_equal(table.total[DIFFERENCE_RAISED], 1);
    assert_int_equal(table.total[DIFFERENCE_SAME] + table.total[DIFFERENCE_MISSED], 0);
    for (uint32_t i = 0; i < table.count; i++) {
        int64_t want = str_is(table.row[i].zone, "a")   ? -3000
                       : str_is(table.row[i].zone, "b") ? -5000
                       : str_is(table.row[i].zone, "c") ? 9000
                                                        : 0;
        assert_int_equal(table.row[i].shift_ms, want);
    }
    difference_free(d);
}

static void only_what_touches_the_window(void **state)
{
    static const struct {
        int64_t from_s, until_s;
        const char *said;
    } windows[] = {
        {0, 9, ""},
        {0, 10, "missed yellow before 10-20"},
        {20, 25, "missed yellow before 10-20"},
        {21, 29, ""},
        {30, 30, "later yellow 35-50 before 30-40"},
        {45, 50, "later yellow 35-50 before 30-40"},
        {51, 59, ""},
        {100, 200, "raised yellow 60-"},
    };
    struct error err = {0};
    struct difference *d = difference_new(&err);
    (void)state;
    tell(d, DIFFERENCE_BEFORE, "h", "full", "10 yellow 20 none 30 yellow 40 none");
    tell(d, DIFFERENCE_OTHER, "h", "full", "35 yellow 50 none 60 yellow");
    for (size_t i = 0; i < sizeof windows / sizeof *windows; i++) {
        struct difference_table table;
        char said[SAID_BYTES];
        assert_true(difference_compare(d, windows[i].from_s * 1000, windows[i].until_s * 1000,
                                       &table, &err));
        say(&table, false, said);
        assert_string_equal(said, windows[i].said);
    }
    difference_free(d);
}

static void drills_are_left_out(void **state)
{
    struct error err = {0};
    struct difference_table table;
    struct result_alert alert;
    struct difference *d = difference_new(&err);
    (void)state;
    result_clear(RECORD_ALERT, &alert);
    alert.zone = STR_LIT("h");
    alert.rule = STR_LIT("full");
    alert.level = LEVEL_RED;
    alert.at = 1000;
    alert.status = STR_LIT("Exercise");
    assert_true(difference_alert(d, DIFFERENCE_OTHER, &alert, &err));
    assert_true(difference_compare(d, INT64_MIN, INT64_MAX, &table, &err));
    assert_int_equal(table.count, 0);
    alert.status = STR_LIT("Actual");
    assert_true(difference_alert(d, DIFFERENCE_OTHER, &alert, &err));
    assert_true(difference_compare(d, INT64_MIN, INT64_MAX, &table, &err));
    assert_int_equal(table.count, 1);
    difference_free(d);
}

/* More zones than the first table holds, and more spans than the first list. */
static void many(void **state)
{
    enum { ZONES = 3000, SPANS = 40 };
    struct error err = {0};
    struct difference_table table;
    struct difference *d = difference_new(&err);
    (void)state;
    for (int z = 0; z < ZONES; z++) {
        char zone[32], story[64];
        (void)snprintf(zone, sizeof zone, "zone-%d", z);
        for (int i = 0; i < SPANS; i++) {
            (void)snprintf(story, sizeof story, "%d yellow %d none", i * 10, i * 10 + 5);
            tell(d, DIFFERENCE_OTHER, zone, "full", story);
            if (i % 2)
                tell(d, DIFFERENCE_BEFORE, zone, "full", story);
        }
    }
    assert_true(difference_compare(d, INT64_MIN, INT64_MAX, &table, &err));
    assert_int_equal(table.count, ZONES * SPANS);
    assert_int_equal(table.total[DIFFERENCE_SAME], ZONES * SPANS / 2);
    assert_int_equal(table.total[DIFFERENCE_RAISED], ZONES * SPANS / 2);
    difference_free(d);
}

static void every_kind_has_its_words(void **state)
{
    (void)state;
    for (int k = 0; k < DIFFERENCE_KINDS; k++) {
        assert_true(strlen(difference_text((enum difference_kind)k)) > 3);
        assert_true(strlen(difference_meaning((enum difference_kind)k)) > 10);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_story),
        cmocka_unit_test(zones_and_rules_are_kept_apart_and_put_in_order),
        cmocka_unit_test(totals_and_shifts),
        cmocka_unit_test(only_what_touches_the_window),
        cmocka_unit_test(drills_are_left_out),
        cmocka_unit_test(many),
        cmocka_unit_test(every_kind_has_its_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
