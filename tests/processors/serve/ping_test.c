/* ping: asked for as long as all is well, at its pace, and again soon when nobody answers. */
#include "tests/support/support.h"

#include <string.h>

#include "processors/serve/ping.h"
#include "schemas/base/clock.h"
#include "tests/support/http_server.h"

enum { ANSWER_MS = 5000 };

static struct ping *opened(const char *url, int64_t every_s)
{
    struct ping *ping = NULL;
    struct error err = {0};
    assert_true(ping_new(&(struct ping_options){.url = url, .ca_file = "", .every_s = every_s},
                         &ping, &err));
    return ping;
}

/* What comes of a ping that is due now; the clock of the schedule stands still meanwhile. */
static enum ping_turn turn_at(struct ping *ping, int64_t boot_ms, bool well)
{
    int64_t until_ns = clock_boot_ns() + INT64_C(1000000) * ANSWER_MS;
    enum ping_turn turn = ping_turn(ping, boot_ms, well);
    for (int quiet = 0; turn == PING_NOTHING && quiet < 20 && clock_boot_ns() < until_ns; quiet++) {
        ping_wait(ping, 10);
        turn = ping_turn(ping, boot_ms, false); /* none may follow at once */
    }
    return turn;
}

static void only_while_all_is_well(void **state)
{
    (void)state;
    const struct http_rule rules[] = {{.status = 200, .body = "OK"}};
    struct http_server *server = http_server_start(rules, 1);
    struct ping *ping = opened(http_server_url(server), 30);
    static const struct {
        int64_t at_ms;
        bool well;
        enum ping_turn turn;
    } turns[] = {
        {1000, false, PING_NOTHING},  {2000, true, PING_ANSWERED},  {31999, true, PING_NOTHING},
        {32000, true, PING_ANSWERED}, {62000, false, PING_NOTHING}, {70000, true, PING_ANSWERED},
        {99000, true, PING_NOTHING},
    };
    for (size_t i = 0; i < sizeof turns / sizeof turns[0]; i++) {
        if (turn_at(ping, turns[i].at_ms, turns[i].well) != turns[i].turn)
            fail_msg("turn %zu", i);
    }
    assert_int_equal(http_server_count(server, -1), 3);
    ping_free(ping);
    http_server_stop(server);
}

static void who_does_not_answer_is_asked_again_soon(void **state)
{
    (void)state;
    const struct http_rule rules[] = {{.times = 1, .status = 0},
                                      {.times = 1, .status = 503},
                                      {.times = 1, .status = 302},
                                      {.status = 200}};
    struct http_server *server = http_server_start(rules, 4);
    struct ping *ping = opened(http_server_url(server), 3600);
    assert_int_equal(turn_at(ping, 0, true), PING_FAILED);
    assert_true(strlen(ping_problem(ping)) > 0);
    assert_int_equal(turn_at(ping, PING_RETRY_S * 1000 - 1, true), PING_NOTHING);
    assert_int_equal(turn_at(ping, PING_RETRY_S * 1000, true), PING_FAILED);
    assert_string_equal(ping_problem(ping), "status 503");
    assert_int_equal(turn_at(ping, PING_RETRY_S * 2000, true), PING_FAILED);
    assert_string_equal(ping_problem(ping), "status 302");
    assert_int_equal(turn_at(ping, PING_RETRY_S * 3000, true), PING_ANSWERED);
    assert_int_equal(turn_at(ping, PING_RETRY_S * 4000, true), PING_NOTHING);
    ping_free(ping);
    http_server_stop(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_while_all_is_well),
        cmocka_unit_test(who_does_not_answer_is_asked_again_soon),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
