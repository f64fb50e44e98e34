/* Who gives a command, how many have to, and whether it is of the drill or of what is real. */
#include "tests/support/desk.h"
#include "tests/support/support.h"

/* The kernel says who asks; root is no exception, and what did not come through the socket of this
 * machine is nobody's. */
static void test_who_asks(void **state)
{
    (void)state;
    static const uint32_t others[] = {0, DESK_LI, DESK_BO, UINT32_MAX};
    struct desk desk;
    desk_open(&desk, DESK_VENUE);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        desk.uid = &others[i];
        struct result_reply reply = desk_give_watched(&desk, DESK_ACK_H1);
        desk_says(&reply, false, "operator: the command comes from another user", "uid");
        /* Whoever may not can't use up the memory of those who may. */
        assert_int_equal(desk.feed.core->commands.next, 0);
    }
    uint8_t body[512 + LOG_READ_PADDING_BYTES];
    struct record_command command = {
        .by = RECORD_COMMAND_LOCAL + 1, .uid = DESK_MO, .text = desk_line(&desk, DESK_ACK_H1)};
    core_feed_record(&desk.feed, desk.feed.t_ms, RECORD_COMMAND, body,
                     record_command_encode(&command, body, 512));
    struct result_reply reply = desk_reply(&desk.feed);
    desk_says(&reply, false, "operator: the command comes from another user", "by");
    /* Nobody to tell apart: any id may do anything but what takes somebody. */
    desk_close(&desk);
    desk_open(&desk, DESK_HALLS(""));
    desk.uid = &others[3];
    reply = desk_give(&desk, DESK_SHELVE_H1 ",'operator':'anyone'");
    desk_says(&reply, true, "", "no operators");
    assert_true(desk_give(&desk, "'command':'service','sensor':'b','state':'retired'").ok);
    reply = desk_give(&desk, "'command':'anchor','zone':'h2','people':5,'operator':'x'");
    desk_says(&reply, true, "the zone stays unknown: a supervisor's count ends that",
              "no operators");
    for (const char *const *who = (const char *const[]){DESK_START("x"), DESK_START("y"), NULL};
         *who; who++) {
        reply = desk_give(&desk, *who);
        desk_says(&reply, false,
                  "operator: two people start a drill, and the venue file names none",
                  "no operators");
    }
    assert_true(desk_give(&desk, "'command':'assign','alert':'h1/full','to':'anyone'").ok);
    desk_close(&desk);
}

static void test_second_person(void **state)
{
    (void)state;
    for (int late = 0; late < 2; late++) {
        struct desk desk;
        desk_open(&desk, DESK_VENUE);
        assert_true(desk_give(&desk, DESK_START("mo")).ok);
        desk.feed.t_ms += COMMAND_SECOND_MS + late;
        struct result_reply reply = desk_give(&desk, DESK_START("bo"));
        desk_says(&reply, true, late ? DESK_WAITS : "", "second person");
        assert_int_equal(desk.feed.core->drill.running, !late);
        if (late) { /* now the late one is the first */
            reply = desk_give(&desk, DESK_START("mo"));
            desk_says(&reply, true, "", "the other way round");
        }
        assert_int_equal(desk.feed.core->drill.announced, true);
        desk_close(&desk);
    }
}

static void test_to_the_drill(void **state)
{
    (void)state;
    struct desk desk;
    desk_open(&desk, DESK_VENUE);
    assert_true(desk_give(&desk, DESK_START("mo")).ok && desk_give(&desk, DESK_START("bo")).ok);
    desk_publish(&desk, "drill/v/crowd/b", 850);
    struct result_reply reply = desk_give(&desk, "'command':'ack','alert':'h2/full'");
    desk_says(&reply, false, "alert: it is not open", "the real one");
    assert_true(str_is(reply.status, "Actual"));
    reply = desk_give(&desk, "'command':'ack','alert':'drill/v/h2/full/1795424402000'");
    desk_says(&reply, true, "", "by its id");
    assert_true(str_is(reply.status, "Exercise"));
    reply = desk_give(&desk, "'command':'evacuation','zone':'h2','state':'on','drill':true");
    assert_true(reply.ok && str_is(reply.status, "Exercise"));
    reply = desk_give(&desk, "'command':'capacity','zone':'h2','people':850,'drill':true");
    assert_true(reply.ok && str_is(reply.status, "Exercise"));
    const struct core *core = desk.feed.core;
    uint32_t z = venue_zone_find(core->model.venue, STR_LIT("h2"));
    assert_false(core->model.zones[z].evacuation);
    assert_true(core->drill.aside.zones[z].evacuation);
    assert_int_equal(core->model.zones[z].capacity, 1000);
    assert_int_equal(core->drill.aside.zones[z].capacity, 850);
    /* What it is told of it plays, also where nobody knows. */
    uint32_t h1 = venue_zone_find(core->model.venue, STR_LIT("h1"));
    assert_false(core->drill.aside.zones[h1].played);
    assert_true(desk_give(&desk, "'command':'anchor','zone':'h1','people':5,'drill':true").ok);
    assert_true(core->drill.aside.zones[h1].played);
    /* A member that the command has no use for does not lead it astray. */
    reply = desk_give(&desk, "'command':'close','zone':'h2','alert':'drill/v/h2/full/1'");
    assert_true(reply.ok && str_is(reply.status, "Actual"));
    assert_true(core->model.zones[z].closed && !core->drill.aside.zones[z].closed);
    desk_close(&desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_asks),
        cmocka_unit_test(test_second_person),
        cmocka_unit_test(test_to_the_drill),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
