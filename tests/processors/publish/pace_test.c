/* A publisher lives while each of its feeds comes by. */
#include "processors/publish/pace.h"
#include "schemas/base/clock.h"
#include "tests/support/support.h"

enum { S = 1000000000 };

static void test_a_silent_feed_is_named(void **state)
{
    (void)state;
    static struct publish_shared shared;
    int64_t start_ns = clock_boot_ns();
    publish_seen(&shared, 0);
    publish_seen(&shared, 1);
    assert_int_equal(publish_silent(&shared, 2, clock_boot_ns()), PUBLISH_FEEDS_MAX);
    assert_int_equal(publish_silent(&shared, 2, start_ns + PUBLISH_SILENT_S_MAX * (int64_t)S),
                     PUBLISH_FEEDS_MAX);
    shared.seen_ns[1] = start_ns - PUBLISH_SILENT_S_MAX * (int64_t)S;
    assert_int_equal(publish_silent(&shared, 2, clock_boot_ns()), 1);
    assert_int_equal(publish_silent(&shared, 1, clock_boot_ns()), PUBLISH_FEEDS_MAX);
    publish_seen(&shared, 1);
    assert_int_equal(publish_silent(&shared, 2, clock_boot_ns()), PUBLISH_FEEDS_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_a_silent_feed_is_named)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
