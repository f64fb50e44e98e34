/* Which filters are asked for and given up, and when the client counts as ready: every history of a
 * few filters. */
#include "ingest/mqtt_subscriptions.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/support.h"

static const struct mqtt_filter A = {"a/#", false}, B = {"b/#", false}, DROPS = {"$SYS/d", true};

/* The list of those of A, B and DROPS whose letter is in `which`. */
static bool want(struct mqtt_subscriptions *all, const char *which, struct error *err)
{
    struct mqtt_filter list[3];
    uint32_t count = 0;
    for (; *which; which++)
        list[count++] = *which == 'a' ? A : *which == 'b' ? B : DROPS;
    return mqtt_subscriptions_want(all, &(struct mqtt_filters){.filter = list, .count = count},
                                   NULL, err);
}

/* As text: "+a/# -b/#" is: ask for a, give up b. */
static void plan_is(struct mqtt_subscriptions *all, const char *expected)
{
    enum mqtt_subscription_act act[MQTT_SUBSCRIPTIONS_MAX];
    char text[256] = "";
    size_t len = 0;
    uint32_t count = mqtt_subscriptions_plan(all, act);
    for (uint32_t i = 0; i < count; i++) {
        if (act[i] != MQTT_LEAVE)
            len += (size_t)snprintf(text + len, sizeof text - len, "%s%c%s", len ? " " : "",
                                    act[i] == MQTT_TAKE ? '+' : '-', all->at[i]->filter);
    }
    assert_string_equal(text, expected);
}

static void answer(struct mqtt_subscriptions *all, const char *filter, int code)
{
    for (uint32_t i = 0; i < all->count; i++) {
        if (strcmp(all->at[i]->filter, filter) == 0)
            all->at[i]->code = code;
    }
}

static void ready_once_all_are_granted(void **state)
{
    (void)state;
    struct mqtt_subscriptions all = {0};
    assert_true(want(&all, "abd", NULL));
    plan_is(&all, "+a/# +b/# +$SYS/d");
    answer(&all, "a/#", 1);
    assert_int_equal(mqtt_subscriptions_answer(&all), MQTT_ANSWER_OPEN);
    answer(&all, "b/#", 0); /* granted, but with less than was asked for */
    assert_int_equal(mqtt_subscriptions_answer(&all), MQTT_ANSWER_REFUSED);
    answer(&all, "b/#", 0x87);
    assert_int_equal(mqtt_subscriptions_answer(&all), MQTT_ANSWER_REFUSED);
    plan_is(&all, "+b/# +$SYS/d"); /* what is granted is not asked for again */
    assert_int_equal(mqtt_subscriptions_answer(&all), MQTT_ANSWER_OPEN);
    answer(&all, "b/#", 1);
    answer(&all, "$SYS/d", 0x87); /* nobody waits for what is optional */
    assert_int_equal(mqtt_subscriptions_answer(&all), MQTT_ANSWER_GRANTED);
    mqtt_subscriptions_ask_again(&all);
    assert_int_equal(mqtt_subscriptions_answer(&all), MQTT_ANSWER_OPEN);
    plan_is(&all, "+a/# +b/# +$SYS/d");
    mqtt_subscriptions_free(&all);
}

static void given_up_until_the_broker_says_so(void **state)
{
    (void)state;
    struct mqtt_subscriptions all = {0};
    assert_true(want(&all, "ab", NULL));
    plan_is(&all, "+a/# +b/#");
    answer(&all, "a/#", 1);
    answer(&all, "b/#", 1);
    assert_true(want(&all, "a", NULL));
    plan_is(&all, "-b/#");
    plan_is(&all, "-b/#"); /* no answer: again */
    assert_int_equal(mqtt_subscriptions_answer(&all), MQTT_ANSWER_GRANTED);
    all.at[1]->want = MQTT_ENDED;
    plan_is(&all, "");
    assert_true(want(&all, "ab", NULL)); /* once more wanted: its old answer is void */
    assert_int_equal(mqtt_subscriptions_answer(&all), MQTT_ANSWER_OPEN);
    plan_is(&all, "+b/#");
    assert_int_equal(all.count, 2);
    mqtt_subscriptions_free(&all);
}

static void of_an_earlier_run(void **state)
{
    (void)state;
    struct mqtt_subscriptions all = {0};
    struct mqtt_filter old[] = {A, B};
    assert_true(want(&all, "a", NULL));
    assert_true(mqtt_subscriptions_gone(&all, &(struct mqtt_filters){.filter = old, .count = 2},
                                        NULL, NULL));
    assert_true(mqtt_subscriptions_gone(&all, NULL, NULL, NULL));
    plan_is(&all, "+a/# -b/#");
    mqtt_subscriptions_free(&all);
}

static void too_many_change_nothing(void **state)
{
    (void)state;
    struct mqtt_subscriptions all = {0};
    struct error err = {0};
    char name[16];
    struct mqtt_filter filter = {name, false};
    const struct mqtt_filters one = {.filter = &filter, .count = 1};
    for (int i = 0; i < MQTT_SUBSCRIPTIONS_MAX; i++) {
        (void)snprintf(name, sizeof name, "t/%d", i);
        assert_true(mqtt_subscriptions_want(&all, &one, &all, &err));
    }
    assert_ptr_equal(all.at[0]->owner, &all);
    assert_false(want(&all, "a", &err));
    assert_int_equal(err.code, ERROR_TOO_LARGE);
    assert_int_equal(all.at[MQTT_SUBSCRIPTIONS_MAX - 1]->want, MQTT_WANTED);
    assert_true(mqtt_subscriptions_want(&all, &one, &all, &err)); /* a known one finds its place */
    mqtt_subscriptions_free(&all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ready_once_all_are_granted),
        cmocka_unit_test(given_up_until_the_broker_says_so),
        cmocka_unit_test(of_an_earlier_run),
        cmocka_unit_test(too_many_change_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
