/* A command is carried out once, whatever comes again, and not at all where process crashed on it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/core_stream.h"
#include "tests/support/desk.h"
#include "tests/support/support.h"

/* More commands than nonces are kept for: refused, until the oldest has expired. */
static void test_nonces(void **state)
{
    (void)state;
    struct desk desk;
    desk_open(&desk, DESK_VENUE);
    for (int i = 0; i < COMMAND_NONCES; i++)
        assert_true(desk_give(&desk, DESK_NOTE_H1).ok);
    struct result_reply reply = desk_give_watched(&desk, DESK_NOTE_H1);
    desk_says(&reply, false, "more commands than can be told apart; wait a moment", "full");
    int64_t full_ms = desk.feed.t_ms;
    core_feed_until(&desk.feed, full_ms + 60000);
    assert_false(desk_give(&desk, DESK_NOTE_H1).ok);
    /* Every one of them is still known, and too old by itself. */
    reply = desk_give(&desk, DESK_NOTE_H1 ",'nonce':'test-000001'");
    desk_says(&reply, false, "nonce: this command has been given before", "known");
    core_feed_until(&desk.feed, full_ms + 61000);
    assert_true(desk_give(&desk, DESK_NOTE_H1).ok);
    desk_close(&desk);
}

/* A command is never carried out twice, whatever order its copies come in. */
static void test_replays(void **state)
{
    (void)state;
    struct core_stream s = core_stream_begin(7);
    struct desk desk;
    char line[64][DESK_LINE_BYTES];
    uint32_t done[64] = {0};
    desk_open(&desk, DESK_VENUE);
    for (int i = 0; i < 64; i++)
        line[i][0] = '\0';
    for (int i = 0; i < 4000; i++) {
        uint32_t at = core_stream_below(&s, 64);
        if (core_stream_below(&s, 40) == 0)
            core_feed_until(&desk.feed, desk.feed.t_ms + 1000 * (int64_t)core_stream_below(&s, 40));
        if (core_stream_below(&s, 8) == 0 || !line[at][0]) {
            char members[DESK_LINE_BYTES];
            snprintf(members, sizeof members, DESK_NOTE_H1 ",'issued':%" PRId64,
                     desk.feed.t_ms + (int64_t)core_stream_below(&s, 40000) - 20000);
            (void)desk_line(&desk, members);
            memcpy(line[at], desk.line, DESK_LINE_BYTES);
            done[at] = 0;
        }
        core_feed_command(&desk.feed, desk.feed.t_ms, DESK_MO, str_of(line[at]));
        done[at] += desk_reply(&desk.feed).ok == 1;
        assert_true(done[at] <= 1);
    }
    desk_close(&desk);
}

static void test_poison(void **state)
{
    (void)state;
    struct desk desk;
    struct error err = {0};
    uint8_t body[512 + LOG_READ_PADDING_BYTES];
    desk_open(&desk, DESK_VENUE);
    struct record_command command = {
        .by = RECORD_COMMAND_LOCAL, .uid = DESK_MO, .text = desk_line(&desk, DESK_ACK_H1)};
    uint32_t len = record_command_encode(&command, body, 512);
    struct log_view view = {.seq = ++desk.feed.seq,
                            .epoch = 1,
                            .type = RECORD_COMMAND,
                            .log_ns = desk.feed.t_ms * 1000000,
                            .body = body,
                            .body_len = len};
    core_results_clear(&desk.feed.results);
    assert_true(core_skip(desk.feed.core, &view, 3, &desk.feed.results, &err));
    struct result_reply reply = desk_reply(&desk.feed);
    desk_says(&reply, false, "process crashed on this command and goes on without it", "poison");
    assert_true(desk_give(&desk, DESK_ACK_H1).ok); /* it was not carried out */
    desk_close(&desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nonces),
        cmocka_unit_test(test_replays),
        cmocka_unit_test(test_poison),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
