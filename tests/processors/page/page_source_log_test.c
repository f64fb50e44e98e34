/* The alerts log as a target's source: what the disk cap took before it was read. */
#include <string.h>

#include "processors/page/page_source.h"
#include "tests/support/result_logs.h"
#include "tests/support/support.h"

enum { ALERTS = 6000 };

static struct page_source source_of(const char *dir, const struct page_position *from)
{
    struct page_source source;
    struct error err = {0};
    bool fresh = true;
    if (!page_source_log(dir, STR_LIT("t"), &source, &err) ||
        !source.start(source.arg, from, &fresh, &err))
        fail_msg("%s", err.where);
    assert_false(fresh);
    return source;
}

/* The loss belongs to the place behind it: who begins before that meets it again. */
static void a_loss_lies_before_what_is_read_next(void **state)
{
    (void)state;
    static struct page_position none, at;
    char dir[4096];
    struct result_logs logs;
    struct page_item item;
    struct error err = {0};
    uint64_t lost = 0;
    support_temp_dir(dir, sizeof dir);
    result_logs_open(&logs, dir, true);
    for (int i = 0; i < ALERTS; i++)
        result_logs_step(&logs, &(struct result_step){.alerts = 1});
    result_logs_sync(&logs);
    struct page_source source = source_of(dir, &none); /* from now on all is meant for it */
    source.close(source.arg);
    assert_true(log_writer_retain(logs.alerts, 1, 1, true, &lost, &err));
    assert_true(lost > 0);
    for (int round = 0; round < 2; round++) {
        source = source_of(dir, &none);
        source.position(source.arg, &at);
        assert_int_equal(at.lost, 0);
        assert_int_equal(source.next(source.arg, &item, &err), PAGE_READ_ALERT);
        source.position(source.arg, &at);
        assert_int_equal(at.lost, lost);
        source.close(source.arg);
    }
    source = source_of(dir, &at);
    assert_int_equal(source.next(source.arg, &item, &err), PAGE_READ_ALERT);
    source.position(source.arg, &at);
    assert_int_equal(at.lost, 0);
    source.close(source.arg);
    result_logs_close(&logs);
    support_remove_tree(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_loss_lies_before_what_is_read_next)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
