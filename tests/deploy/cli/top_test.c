#include "tests/support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "deploy/cli/top_screen.h"
#include "schemas/log/log.h"

enum { PICTURE_BYTES = 1024 * 1024 };
static const int64_t now_ms = INT64_C(1795000000000);

struct place {
    char dir[4096];
    struct log_writer *writer[2]; /* alerts, bulk */
    struct watch_state *state;
    char *picture;
    struct top_choice *choice; /* of the next picture */
    enum top_paint paint;
    bool ascii;
};

static bool open_logs(struct place *p)
{
    struct error err = {0};
    for (int i = 0; i < 2; i++) {
        char dir[4200];
        struct log_recovery recovery;
        (void)snprintf(dir, sizeof dir, "%s/%s", p->dir, i ? "bulk" : "alerts");
        if (!log_writer_open(&(struct log_writer_options){.dir = dir,
                                                          .segment_bytes = LOG_SEGMENT_BYTES_MIN,
                                                          .sync = LOG_SYNC_MANUAL},
                             &p->writer[i], &recovery, &err))
            return false;
    }
    return true;
}

static void close_logs(struct place *p)
{
    log_writer_close(p->writer[0]);
    log_writer_close(p->writer[1]);
}

static int setup(void **state)
{
    struct place *p = calloc(1, sizeof *p);
    support_temp_dir(p->dir, sizeof p->dir);
    if (!open_logs(p))
        return 1;
    p->state = watch_state_new(p->dir);
    p->picture = malloc(PICTURE_BYTES);
    *state = p;
    return p->state && p->picture ? 0 : 1;
}

static int teardown(void **state)
{
    struct place *p = *state;
    watch_state_free(p->state);
    close_logs(p);
    support_remove_tree(p->dir);
    free(p->picture);
    free(p);
    return 0;
}

static void say(struct place *p, uint16_t type, const void *result)
{
    uint8_t body[1024];
    static uint64_t input;
    struct error err = {0};
    const struct result_origin origin = {++input, 1, 0};
    const struct log_record record = {.type = type,
                                      .log_ns = now_ms * 1000000,
                                      .body = body,
                                      .body_len =
                                          result_encode(type, &origin, result, body, sizeof body)};
    assert_true(log_writer_append(p->writer[type < RECORD_ALERT], &record, NULL, &err));
}

static void beat_of(struct place *p, int64_t at_ms, bool drill)
{
    struct result_heartbeat h;
    result_clear(RECORD_HEARTBEAT, &h);
    h.instance = STR_LIT("expo");
    h.at = at_ms;
    h.connected = 1;
    h.drill = drill;
    if (drill) {
        h.drill_until = at_ms + 60000;
        h.drill_by = STR_LIT("ann and bob");
    }
    say(p, RECORD_HEARTBEAT, &h);
}

static void beat(struct place *p, int64_t at_ms)
{
    beat_of(p, at_ms, false);
}

static void zone_of(struct place *p, const char *status, const char *id, int level, int known,
                    double percent)
{
    struct result_zone z;
    result_clear(RECORD_ZONE, &z);
    z.venue = STR_LIT("expo");
    z.zone = str_of(id);
    z.kind = STR_LIT("hall");
    z.status = str_of(status);
    z.level = (int8_t)level;
    z.known = (int8_t)known;
    z.percent_capacity = percent;
    z.occupancy = 1234567;
    z.at = z.data_at = now_ms - 500;
    say(p, RECORD_ZONE, &z);
}

static void zone(struct place *p, const char *id, int level, int known, double percent)
{
    zone_of(p, "Actual", id, level, known, percent);
}

static void alert_of(struct place *p, const char *status, const char *id, const char *in_state,
                     int level)
{
    struct result_alert a;
    result_clear(RECORD_ALERT, &a);
    a.id = str_of(id);
    a.venue = STR_LIT("expo");
    a.zone = STR_LIT("hall-1");
    a.rule = STR_LIT("capacity");
    a.status = str_of(status);
    a.at = now_ms - 1000;
    a.state = str_of(in_state);
    a.level = (int8_t)level;
    a.start = now_ms - 65000;
    a.action = STR_LIT("只出不进: stop entry\033[31m");
    say(p, RECORD_ALERT, &a);
}

static void alert(struct place *p, const char *id, const char *in_state, int level)
{
    alert_of(p, "Actual", id, in_state, level);
}

static const char *draw(struct place *p, int64_t at_ms, uint32_t columns, uint32_t rows)
{
    struct error err = {0};
    struct watch_figures figures = {.at_ms = at_ms, .present = true};
    struct text out = text_over(p->picture, PICTURE_BYTES - 1);
    assert_true(watch_state_follow(p->state, &err));
    top_screen_draw(&(struct top_view){.state_dir = "/state",
                                       .state = p->state,
                                       .now = &figures,
                                       .columns = columns,
                                       .rows = rows,
                                       .choice = p->choice,
                                       .paint = p->paint,
                                       .ascii = p->ascii},
                    &out);
    assert_false(out.overflow);
    p->picture[out.len] = '\0';
    return p->picture;
}

static void assert_order(const char *text, const char *first, const char *second)
{
    const char *a = strstr(text, first), *b = strstr(text, second);
    assert_non_null(a);
    assert_non_null(b);
    assert_true(a < b);
}

static void zones_stand_worst_first(void **state)
{
    struct place *p = *state;
    beat(p, now_ms - 800);
    zone(p, "calm-hall", LEVEL_NONE, 1, 20);
    zone(p, "red-hall", LEVEL_RED, 1, 101);
    zone(p, "silent-hall", LEVEL_NONE, 0, 10);
    zone(p, "yellow-hall", LEVEL_YELLOW, 1, 81);
    zone(p, "busy-hall", LEVEL_NONE, 1, 45);
    const char *text = draw(p, now_ms, 120, 0);
    assert_order(text, "red     red-hall", "unknown silent-hall");
    assert_order(text, "unknown silent-hall", "yellow  yellow-hall");
    assert_order(text, "yellow  yellow-hall", "none    busy-hall");
    assert_order(text, "none    busy-hall", "none    calm-hall");
    assert_non_null(strstr(text, "1,234,567"));
    assert_non_null(strstr(text, "5 zones:  1 red  0 orange  1 unknown  1 yellow  0 blue  2 none"));
    zone(p, "calm-hall", LEVEL_RED, 1, 150); /* the last word counts */
    text = draw(p, now_ms, 120, 0);
    assert_order(text, "red     calm-hall", "red     red-hall");
    assert_null(strstr(text, "none    calm-hall"));
}

static void without_a_fresh_heartbeat_nothing_is_calm(void **state)
{
    struct place *p = *state;
    zone(p, "calm-hall", LEVEL_NONE, 1, 20);
    alert(p, "expo/hall-1/capacity/1", "active_unacked", LEVEL_RED);
    const char *text = draw(p, now_ms, 120, 0);
    assert_non_null(strstr(text, "UNKNOWN: no heartbeat has ever come"));
    assert_non_null(strstr(text, "unknown calm-hall"));
    beat(p, now_ms);
    static const struct {
        int64_t age_ms;
        bool stale;
    } cases[] = {{0, false}, {10000, false}, {10001, true}, {-10000, false}, {-10001, true}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        text = draw(p, now_ms + cases[i].age_ms, 120, 0);
        assert_int_equal(strstr(text, "UNKNOWN: the last heartbeat") != NULL, cases[i].stale);
        assert_int_equal(strstr(text, "unknown calm-hall") != NULL, cases[i].stale);
        assert_int_equal(strstr(text, "none    calm-hall") != NULL, !cases[i].stale);
        assert_int_equal(strstr(text, "red     hall-1") != NULL, !cases[i].stale);
    }
}

/* Heartbeats come, and say that what is said holds no more: their valid_until has stopped. */
static void a_broken_path_is_named(void **state)
{
    struct place *p = *state;
    struct result_heartbeat h;
    result_clear(RECORD_HEARTBEAT, &h);
    h.instance = STR_LIT("expo");
    h.at = now_ms;
    h.clock_offset_ms = -3600000; /* log time is ahead of the wall clock, and that is known */
    h.valid_until = now_ms - 3600000 - 3000;
    h.connected = 1;
    h.path = STR_LIT("silent");
    zone(p, "calm-hall", LEVEL_NONE, 1, 20);
    say(p, RECORD_HEARTBEAT, &h);
    const char *text = draw(p, now_ms - 3600000, 160, 0);
    assert_non_null(
        strstr(text, "UNKNOWN: for 13 s ingest is connected to the broker, but no probe comes"));
    assert_non_null(strstr(text, "unknown calm-hall"));
    h.valid_until = now_ms - 3600000 + 9000;
    h.path = STR_LIT("unproven");
    say(p, RECORD_HEARTBEAT, &h);
    text = draw(p, now_ms - 3600000, 160, 0);
    assert_non_null(strstr(text, "NO PROBE COMES BACK"));
    assert_non_null(strstr(text, "none    calm-hall"));
}

static void a_resolved_alert_leaves(void **state)
{
    struct place *p = *state;
    beat(p, now_ms);
    alert(p, "expo/hall-1/capacity/1", "active_unacked", LEVEL_YELLOW);
    alert(p, "expo/hall-1/capacity/2", "active_unacked", LEVEL_RED);
    const char *text = draw(p, now_ms, 120, 0);
    assert_order(text, "red     hall-1", "yellow  hall-1");
    assert_non_null(strstr(text, "65 s"));
    alert(p, "expo/hall-1/capacity/2", "resolved", LEVEL_NONE);
    text = draw(p, now_ms, 120, 0);
    assert_null(strstr(text, "red     hall-1"));
    assert_non_null(strstr(text, "yellow  hall-1"));
    alert(p, "expo/hall-1/capacity/1", "resolved", LEVEL_NONE);
    assert_non_null(strstr(draw(p, now_ms, 120, 0), "\nnone\n"));
}

static void a_drill_is_not_real(void **state)
{
    struct place *p = *state;
    beat_of(p, now_ms - 800, true);
    zone(p, "hall-1", LEVEL_YELLOW, 1, 81);
    zone_of(p, "Exercise", "hall-1", LEVEL_RED, 1, 120);
    zone_of(p, "Exercise", "hall-2", LEVEL_NONE, 0, 120);
    alert(p, "expo/hall-1/capacity/1", "active_unacked", LEVEL_YELLOW);
    alert_of(p, "Exercise", "drill/expo/hall-1/capacity/1", "active_unacked", LEVEL_RED);
    const char *text = draw(p, now_ms, 160, 0);
    assert_non_null(strstr(text, "EXERCISE: a drill is running"));
    assert_non_null(strstr(text, "started by ann and bob"));
    assert_non_null(strstr(text, "1 zone:  0 red  0 orange  0 unknown  1 yellow"));
    assert_order(text, "\nyellow  hall-1", "\nred     drill/hall-1"); /* alerts */
    assert_order(strstr(text, "LEVEL "), "\nyellow  hall-1", "\nred     drill/hall-1");
    assert_null(strstr(text, "red     hall-1"));
    beat_of(p, now_ms, false);
    text = draw(p, now_ms, 160, 0);
    assert_null(strstr(text, "EXERCISE"));
    assert_null(strstr(text, "drill/"));
    assert_order(text, "\nyellow  hall-1", "LEVEL ");
}

static void a_zone_says_what_its_level_rests_on(void **state)
{
    struct place *p = *state;
    struct result_zone z;
    beat(p, now_ms);
    result_clear(RECORD_ZONE, &z);
    z.venue = STR_LIT("expo");
    z.zone = STR_LIT("hall-1");
    z.kind = STR_LIT("hall");
    z.status = STR_LIT("Actual");
    z.level = LEVEL_RED;
    z.known = 1;
    z.at = now_ms;
    z.occupancy = 9400;
    z.occupancy_upper = 10020;
    z.percent_capacity = 94;
    z.percent_capacity_upper = 100.2;
    say(p, RECORD_ZONE, &z);
    assert_non_null(strstr(draw(p, now_ms, 160, 0), "9,400 ≤10,020"));
    assert_non_null(strstr(draw(p, now_ms, 160, 0), "94.0  100.2"));
    assert_null(strstr(draw(p, now_ms, 160, 0), "recount"));
    z.lower_bound = z.closed = z.recount = z.evacuation = 1;
    z.remaining = STR_LIT("about 200, up to 300");
    z.suspect = 150;
    say(p, RECORD_ZONE, &z);
    const char *text = draw(p, now_ms, 200, 0);
    assert_non_null(strstr(text, "9,400 ≤10,020+"));
    assert_non_null(strstr(text, "evacuation: about 200, up to 300  closed  suspect 150  recount"));
}

static void a_gate_says_who_waits(void **state)
{
    struct place *p = *state;
    struct result_gate g;
    beat(p, now_ms);
    result_clear(RECORD_GATE, &g);
    g.venue = STR_LIT("expo");
    g.gate = STR_LIT("gate-1");
    g.direction = STR_LIT("in");
    g.status = STR_LIT("Actual");
    g.state = STR_LIT("open");
    g.known = 1;
    g.at = now_ms;
    g.per_min = 120;
    g.lanes_open = 6;
    g.lanes = 24;
    say(p, RECORD_GATE, &g);
    assert_non_null(strstr(draw(p, now_ms, 120, 0), "6/24        -       -  open"));
    g.queue = 340;
    g.wait_s = 75;
    g.queue_basis = STR_LIT("counted");
    say(p, RECORD_GATE, &g);
    assert_non_null(strstr(draw(p, now_ms, 120, 0), " 340 "));
    assert_non_null(strstr(draw(p, now_ms, 120, 0), "75 s  open"));
    g.queue_basis = STR_LIT("estimated");
    say(p, RECORD_GATE, &g);
    assert_non_null(strstr(draw(p, now_ms, 120, 0), "~    340"));
}

static void alarm_figures_are_those_of_reality(void **state)
{
    struct place *p = *state;
    struct result_figures f;
    beat(p, now_ms);
    assert_null(strstr(draw(p, now_ms, 160, 0), "alarms "));
    result_clear(RECORD_FIGURES, &f);
    f.venue = STR_LIT("expo");
    f.status = STR_LIT("Actual");
    f.at = now_ms;
    f.open = 14;
    f.unacknowledged = 12;
    f.shelved = 0;
    f.alerts_day = 31;
    f.flood = 1;
    say(p, RECORD_FIGURES, &f);
    f.status = STR_LIT("Exercise");
    f.open = 99;
    say(p, RECORD_FIGURES, &f);
    assert_non_null(
        strstr(draw(p, now_ms, 160, 0), "alarms 14 open, 12 not acknowledged, 31 in 24 h  FLOOD"));
    assert_null(strstr(draw(p, now_ms + 20000, 160, 0), "alarms ")); /* stale */
}

static void crowd(struct place *p)
{
    beat(p, now_ms);
    for (int i = 0; i < 300; i++) {
        char id[32];
        (void)snprintf(id, sizeof id, "zone-%d", i);
        zone(p, id, i % 5, 1, i);
    }
    for (int i = 0; i < 40; i++) {
        char id[64];
        (void)snprintf(id, sizeof id, "expo/hall-1/capacity/%d", i);
        alert(p, id, "active_unacked", 1 + i % 4);
    }
}

/* Bytes of a line that are no continuation bytes; wide characters only occur in the action. */
static void every_size_is_kept(void **state)
{
    struct place *p = *state;
    crowd(p);
    struct top_choice choice = {0};
    for (int page = -1; page < TOP_PAGE_COUNT; page++) {
        for (uint32_t columns = 40; columns < 200; columns += 7) {
            for (uint32_t rows = 5; rows < 80; rows += 5) {
                choice.page = page < 0 ? TOP_PAGE_ALL : (enum top_page)page;
                choice.help = page == TOP_PAGE_GATES && rows % 2;
                p->choice = page < 0 ? NULL : &choice;
                const char *text = draw(p, now_ms, columns, rows);
                uint32_t lines = 0;
                assert_null(strchr(text, '\033')); /* neither ours nor the action's */
                for (const char *at = text; *at; lines++) {
                    const char *end = strchr(at, '\n');
                    assert_non_null(end);
                    uint32_t width = 0;
                    for (; at < end; at++)
                        width += ((unsigned char)*at & 0xc0) != 0x80;
                    assert_true(width <= columns);
                    at = end + 1;
                }
                assert_true(page < 0 ? lines <= rows : lines == rows);
            }
        }
    }
    p->choice = NULL;
}

static void press(struct top_choice *choice, const char *keys)
{
    top_choice_key(choice, keys, strlen(keys));
}

static void keys_move_sort_and_filter(void **state)
{
    struct place *p = *state;
    struct top_choice choice = {0};
    p->choice = &choice;
    crowd(p);
    press(&choice, "2"); /* zones alone */
    const char *text = draw(p, now_ms, 100, 20);
    assert_null(strstr(text, "ALERTS"));
    assert_non_null(strstr(text, "[zones] 1-14 of 300"));
    assert_order(text, "red     zone-299", "red     zone-294");
    press(&choice, "\033[Bj");
    assert_non_null(strstr(draw(p, now_ms, 100, 20), "[zones] 3-16 of 300"));
    press(&choice, "\033[6~");
    assert_non_null(strstr(draw(p, now_ms, 100, 20), "[zones] 16-29 of 300"));
    press(&choice, "G");
    assert_non_null(strstr(draw(p, now_ms, 100, 20), "[zones] 287-300 of 300"));
    press(&choice, "\033[5~\033[A");
    assert_non_null(strstr(draw(p, now_ms, 100, 20), "[zones] 273-286 of 300"));
    press(&choice, "s"); /* by name, from the first again; numbers as numbers */
    text = draw(p, now_ms, 100, 20);
    assert_non_null(strstr(text, "[zones] 1-14 of 300, by name"));
    assert_order(text, "zone-9 ", "zone-10 ");
    press(&choice, "/ZONE-29x\x7f");
    text = draw(p, now_ms, 100, 20);
    assert_non_null(strstr(text, "filter: ZONE-29_"));
    press(&choice, "\rn");
    text = draw(p, now_ms, 100, 20);
    assert_non_null(strstr(text, "[zones] 1-9 of 9, by name FILTER ZONE-29 not calm: 291 hidden"));
    assert_null(strstr(text, "zone-290 ")); /* calm */
    assert_non_null(strstr(text, "zone-29 "));
    press(&choice, "\033");
    assert_non_null(strstr(draw(p, now_ms, 100, 20), "of 300"));
    press(&choice, "3");
    text = draw(p, now_ms, 100, 20);
    assert_non_null(strstr(text, "[alerts] 1-14 of 40"));
    assert_non_null(strstr(text, "65 s  NOT ACKED"));
    press(&choice, "?");
    assert_non_null(strstr(draw(p, now_ms, 100, 24), "KEYS"));
    press(&choice, "2"); /* only goes back */
    assert_int_equal(choice.page, TOP_PAGE_ALERTS);
    press(&choice, "\033[99z\033[Z");
    assert_int_equal(choice.page, TOP_PAGE_ZONES);
    press(&choice, "\t\t\t\t");
    assert_int_equal(choice.page, TOP_PAGE_ALL);
    assert_false(choice.quit);
    press(&choice, "q");
    assert_true(choice.quit);
    p->choice = NULL;
}

static void any_bytes_are_keys(void **state)
{
    struct place *p = *state;
    struct top_choice choice = {0};
    uint64_t random = 1;
    p->choice = &choice;
    crowd(p);
    for (int i = 0; i < 3000; i++) {
        char bytes[16];
        for (size_t b = 0; b < sizeof bytes; b++) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            bytes[b] = (char)(random >> 40);
            if (random >> 60 == 0)
                bytes[b] = '\033';
        }
        top_choice_key(&choice, bytes, 1 + (random >> 50) % sizeof bytes);
        if (i % 30 == 0)
            assert_non_null(strstr(draw(p, now_ms, 80, 24), "crowdtide"));
        choice.quit = false;
    }
    p->choice = NULL;
}

static void wide_and_combined_characters_keep_columns(void **state)
{
    struct place *p = *state;
    static const struct {
        const char *shown, *expected; /* as zone, 18 columns wide, before the kind */
    } cases[] = {
        {"hall-1", "hall-1             hall"},
        {"\xe5\x8c\x97\xe5\x8e\x85", "\xe5\x8c\x97\xe5\x8e\x85               hall"},
        {"e\xcc\x81t\xcc\x81", "e\xcc\x81t\xcc\x81                 hall"},
        {"\xe2\x80\xae"
         "abc\xe2\x80\x8b",
         "abc                hall"}, /* right-to-left, zero width */
        {"\xf0\x9f\x8f\x9b", "\xf0\x9f\x8f\x9b                 hall"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        beat(p, now_ms);
        zone(p, cases[i].shown, LEVEL_NONE, 1, 20);
        assert_non_null(strstr(draw(p, now_ms, 120, 0), cases[i].expected));
    }
    p->ascii = true;
    const char *text = draw(p, now_ms, 120, 0);
    assert_non_null(strstr(text, "????               hall")); /* as wide as what it stands for */
    for (const char *at = text; *at; at++)
        assert_true((unsigned char)*at < 0x80);
    p->ascii = false;
}

static void paint_is_marks_or_colours(void **state)
{
    struct place *p = *state;
    beat(p, now_ms);
    zone(p, "hall-1", LEVEL_RED, 1, 120);
    p->paint = TOP_PAINT_COLOUR;
    assert_non_null(strstr(draw(p, now_ms, 120, 0), "\033[1;97;41mred"));
    p->paint = TOP_PAINT_MARKS;
    const char *text = draw(p, now_ms, 120, 0);
    assert_non_null(strstr(text, "\033[1;7mred"));
    assert_null(strstr(text, ";4"));
    assert_null(strstr(text, "[3"));
    p->paint = TOP_PAINT_TEXT;
    assert_null(strchr(draw(p, now_ms, 120, 0), '\033'));
}

static void nothing_there_is_unknown(void **state)
{
    (void)state;
    char *picture = malloc(PICTURE_BYTES);
    struct watch_state *empty = watch_state_new("/nonexistent");
    struct watch_figures figures = {.at_ms = now_ms};
    struct text out = text_over(picture, PICTURE_BYTES - 1);
    struct error err = {0};
    assert_true(watch_state_follow(empty, &err));
    assert_true(watch_figures_read("/nonexistent", now_ms, &figures, &err));
    assert_false(figures.present);
    top_screen_draw(
        &(struct top_view){.state_dir = "x", .state = empty, .now = &figures, .columns = 80}, &out);
    picture[out.len] = '\0';
    assert_non_null(strstr(picture, "UNKNOWN: nothing has run"));
    assert_null(strstr(picture, "none\n"));
    watch_state_free(empty);
    free(picture);
}

/* Nothing in a copy counts before its writers have opened it; the screen says why. */
static void a_copy_is_shown_once_it_is_opened(void **state)
{
    struct place *p = *state;
    struct error err = {0};
    char command[2 * 4200];
    struct result_heartbeat newest;
    beat(p, now_ms);
    watch_state_free(p->state);
    close_logs(p);
    (void)snprintf(
        command, sizeof command,
        "cd '%s' && for log in alerts bulk; do cp -r $log copy && rm -r $log && mv copy $log; done",
        p->dir);
    assert_int_equal(system(command), 0);
    p->state = watch_state_new(p->dir);
    assert_false(watch_state_follow(p->state, &err));
    assert_int_equal(err.code, ERROR_UNOPENED);
    assert_true(watch_state_exists(p->state));
    assert_false(watch_state_heartbeat(p->state, &newest));
    assert_true(open_logs(p));
    assert_true(watch_state_follow(p->state, &err));
    assert_true(watch_state_heartbeat(p->state, &newest));
}

static void programs_read_stale_levels_as_unknown(void **state)
{
    struct place *p = *state;
    struct error err = {0};
    beat(p, now_ms - 60000);
    zone(p, "calm-hall", LEVEL_NONE, 1, 20);
    assert_true(watch_state_follow(p->state, &err));
    struct watch_figures figures = {.at_ms = now_ms, .present = true};
    struct text out = text_over(p->picture, PICTURE_BYTES - 1);
    top_screen_json(&(struct top_view){.state = p->state, .now = &figures, .columns = 80}, &out);
    p->picture[out.len] = '\0';
    assert_non_null(
        strstr(p->picture, "\"stale\":true,\"stale_reason\":\"the last heartbeat is 60 s old\""));
    assert_non_null(strstr(p->picture, "\"heartbeat_age_ms\":60000"));
    assert_non_null(strstr(p->picture, "\"level\":\"unknown\""));
    assert_null(strstr(p->picture, "\"level\":\"none\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        T(zones_stand_worst_first),
        T(without_a_fresh_heartbeat_nothing_is_calm),
        T(a_resolved_alert_leaves),
        T(a_zone_says_what_its_level_rests_on),
        T(a_gate_says_who_waits),
        T(alarm_figures_are_those_of_reality),
        T(every_size_is_kept),
        T(nothing_there_is_unknown),
        T(a_copy_is_shown_once_it_is_opened),
        T(a_broken_path_is_named),
        T(keys_move_sort_and_filter),
        T(any_bytes_are_keys),
        T(wide_and_combined_characters_keep_columns),
        T(paint_is_marks_or_colours),
        T(a_drill_is_not_real),
        T(programs_read_stale_levels_as_unknown),
#undef T
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
