/* blind: when the venue counts as blind, second by second, by clocks that are right, set, and stand
 * still. */
#include "tests/support/support.h"

#include <stdlib.h>
#include <string.h>

#include "processors/watch/blind.h"

#define START INT64_C(1795000000000)

enum { NEVER = -1, BLIND_MS = 60000, PHASES = 7 };

enum what {
    END,
    BEATS,   /* every second a heartbeat, all heard a second ago */
    NOTHING, /* none */
    SILENT,  /* heartbeats that say that nothing has been heard since the phase began */
    STOPPED, /* the reader itself is stopped, the others are not */
    ASLEEP,  /* the whole machine is */
};

struct phase {
    enum what what;
    int64_t s;
    int64_t
        set_ms; /* the wall clock is set by so much as it begins; ingest sees it with the next */
};

static const struct {
    const char *name;
    struct phase phase[PHASES];
    int64_t begins_s, ends_s; /* NEVER */
} cases[] = {
    {"all is well", {{BEATS, 300, 0}}, NEVER, NEVER},
    {"never a heartbeat", {{NOTHING, 100, 0}}, 60, NEVER},
    {"begins late", {{NOTHING, 55, 0}, {BEATS, 100, 0}}, NEVER, NEVER},
    {"begins too late", {{NOTHING, 65, 0}, {BEATS, 100, 0}}, 60, 75},
    {"a short silence", {{BEATS, 100, 0}, {NOTHING, 55, 0}, {BEATS, 100, 0}}, NEVER, NEVER},
    {"silence", {{BEATS, 100, 0}, {NOTHING, 100, 0}, {BEATS, 100, 0}}, 158, 210},
    {"the path is silent", {{BEATS, 100, 0}, {SILENT, 100, 0}, {BEATS, 100, 0}}, 158, 210},
    {"silence, then the path",
     {{BEATS, 100, 0}, {NOTHING, 30, 0}, {SILENT, 100, 0}, {BEATS, 50, 0}},
     158,
     240},
    {"a gleam is no sight",
     {{BEATS, 100, 0}, {NOTHING, 50, 0}, {BEATS, 1, 0}, {NOTHING, 60, 0}},
     159,
     NEVER},
    {"it ends only after ten seconds of sight",
     {{BEATS, 100, 0}, {NOTHING, 100, 0}, {BEATS, 1, 0}, {NOTHING, 20, 0}, {BEATS, 100, 0}},
     158,
     231},
    {"the clock is set an hour ahead", {{BEATS, 100, 0}, {BEATS, 200, 3600000}}, NEVER, NEVER},
    {"an hour back", {{BEATS, 100, 0}, {BEATS, 200, -3600000}}, NEVER, NEVER},
    {"set ahead in the silence",
     {{BEATS, 100, 0}, {NOTHING, 20, 0}, {NOTHING, 100, 3600000}},
     158,
     NEVER},
    {"set back in the silence",
     {{BEATS, 100, 0}, {NOTHING, 20, 0}, {NOTHING, 100, -3600000}},
     158,
     NEVER},
    {"the path is silent, and the clock is set back",
     {{BEATS, 100, 0}, {SILENT, 20, 0}, {SILENT, 100, -3600000}},
     158,
     NEVER},
    {"the reader was stopped", {{BEATS, 100, 0}, {STOPPED, 300, 0}, {BEATS, 50, 0}}, NEVER, NEVER},
    {"stopped in the silence",
     {{BEATS, 100, 0}, {NOTHING, 30, 0}, {STOPPED, 300, 0}, {NOTHING, 60, 0}},
     459,
     NEVER},
    {"the machine slept", {{BEATS, 100, 0}, {ASLEEP, 3600, 0}, {BEATS, 50, 0}}, NEVER, NEVER},
    {"asleep, and then silence",
     {{BEATS, 100, 0}, {ASLEEP, 3600, 0}, {NOTHING, 100, 0}},
     3750,
     NEVER},
};

struct world {
    int64_t t_s, set_ms, seen_set_ms, proven_s; /* since START; -1: never */
    struct result_heartbeat beat;
    bool beaten;
};

static void beat(struct world *w)
{
    result_clear(RECORD_HEARTBEAT, &w->beat);
    w->beat.at = START + w->t_s * 1000;
    w->beat.clock_offset_ms = w->seen_set_ms;
    w->beat.valid_until = START + w->proven_s * 1000 + RESULT_VALID_MS + w->seen_set_ms;
    w->beaten = true;
    w->seen_set_ms = w->set_ms; /* the tick after a clock was set knows it */
}

static void run(size_t c, int64_t *ret_begins_s, int64_t *ret_ends_s)
{
    struct world w = {.proven_s = 0};
    struct blind blind;
    blind_start(&blind, BLIND_MS, START, 0);
    for (int p = 0; p < PHASES && cases[c].phase[p].what != END; p++) {
        const struct phase *phase = &cases[c].phase[p];
        w.set_ms += phase->set_ms;
        for (int64_t s = 0; s < phase->s; s++, w.t_s++) {
            if (phase->what == BEATS || phase->what == STOPPED)
                w.proven_s = w.t_s - 1;
            if (phase->what == BEATS || phase->what == SILENT || phase->what == STOPPED)
                beat(&w);
            if (phase->what == STOPPED || phase->what == ASLEEP)
                continue;
            const struct blind_look look = {.wall_ms = START + w.t_s * 1000 + w.set_ms + 300,
                                            .boot_ms = w.t_s * 1000 + 300,
                                            .beat = w.beaten ? &w.beat : NULL};
            enum blind_turn turn = blind_step(&blind, &look);
            if (turn == BLIND_BEGINS && *ret_begins_s == NEVER)
                *ret_begins_s = w.t_s;
            else if (turn == BLIND_ENDS && *ret_ends_s == NEVER)
                *ret_ends_s = w.t_s;
            else if (turn != BLIND_SAME)
                fail_msg("%s: again at %lld s", cases[c].name, (long long)w.t_s);
        }
    }
}

static void each_case(void **state)
{
    (void)state;
    bool failed = false;
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        int64_t begins_s = NEVER, ends_s = NEVER;
        run(c, &begins_s, &ends_s);
        if (begins_s == cases[c].begins_s && ends_s == cases[c].ends_s)
            continue;
        print_error("%s: begins %lld, ends %lld\n", cases[c].name, (long long)begins_s,
                    (long long)ends_s);
        failed = true;
    }
    assert_false(failed);
}

static void who_was_told_before_is_told_the_end(void **state)
{
    (void)state;
    struct blind blind;
    struct world w = {0};
    blind_start(&blind, BLIND_MS, START, 0);
    blind_resume(&blind);
    enum blind_turn turn = BLIND_SAME;
    for (w.t_s = 0; w.t_s < 30 && turn == BLIND_SAME; w.t_s++) {
        w.proven_s = w.t_s;
        beat(&w);
        turn = blind_step(&blind, &(struct blind_look){.wall_ms = START + w.t_s * 1000,
                                                       .boot_ms = w.t_s * 1000,
                                                       .beat = &w.beat});
    }
    assert_int_equal(turn, BLIND_ENDS);
    assert_int_equal(w.t_s, 11);
}

static void the_part_is_named(void **state)
{
    (void)state;
    struct blind blind;
    struct world w = {0};
    static struct watch_figures figures;
    char words[512];
    for (int p = 0; p < PROGRAM_COUNT; p++)
        figures.program[p] = (struct counters_program){
            .pid = 1, .running = true, .alive_wall_ns = (START + 90000) * 1000000};
    blind_start(&blind, BLIND_MS, START, 0);
    beat(&w);
    const struct blind_look look = {
        .wall_ms = START + 90000, .boot_ms = 90000, .beat = &w.beat, .figures = &figures};
    (void)blind_step(&blind, &look);
    assert_false(blind_holds(&blind));
    static const struct {
        int program;
        bool running;
        const char *words;
    } parts[] = {
        {-1, true, "the last heartbeat is 90 s old"},
        {PROGRAM_PROCESS, false, "process is not running"},
        {PROGRAM_INGEST, true, "ingest says nothing any more: it hangs, or is stopped"},
    };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        struct text text = text_over(words, sizeof words - 1);
        if (parts[i].program >= 0) {
            figures.program[parts[i].program].running = parts[i].running;
            figures.program[parts[i].program].alive_wall_ns -= INT64_C(6000) * 1000000;
        }
        blind_explain(&blind, &look, &text);
        words[text.len] = '\0';
        assert_string_equal(words, parts[i].words);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_case),
        cmocka_unit_test(who_was_told_before_is_told_the_end),
        cmocka_unit_test(the_part_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
