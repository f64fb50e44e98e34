/* The alerts log as a target's source: what the disk cap took before it was read; logs that come
 * later. */
#include <stdio.h>
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

/* What comes, at most some seconds later: it looks now and then. */
static enum page_read soon(const struct page_source *source, struct page_item *ret)
{
    struct error err = {0};
    enum page_read got = PAGE_READ_NONE;
    for (int i = 0; i < 500 && got == PAGE_READ_NONE; i++) {
        got = source->next(source->arg, ret, &err);
        if (got == PAGE_READ_NONE)
            source->wait(source->arg, 10);
    }
    return got;
}

static void give(struct result_logs *logs, uint32_t alerts)
{
    result_logs_step(logs, &(struct result_step){.alerts = alerts});
    result_logs_sync(logs);
}

static void a_log_that_comes_later_is_read_from_its_beginning(void **state)
{
    (void)state;
    static struct page_position none, at;
    char dir[4096];
    struct result_logs logs;
    struct page_item item;
    struct error err = {0};
    support_temp_dir(dir, sizeof dir);
    struct page_source source = source_of(dir, &none);
    assert_int_equal(source.next(source.arg, &item, &err), PAGE_READ_NONE);
    assert_non_null(strstr(source.trouble(source.arg), "/alerts"));
    source.position(source.arg, &at);
    assert_memory_equal(&at, &none, sizeof at);
    assert_true(source.keep(source.arg, &at, &err));
    result_logs_open(&logs, dir, true);
    give(&logs, 2);
    assert_int_equal(soon(&source, &item), PAGE_READ_ALERT);
    assert_true(str_is(item.alert.id, "expo/hall-1/density/0"));
    assert_string_equal(source.trouble(source.arg), "");
    assert_int_equal(source.next(source.arg, &item, &err), PAGE_READ_ALERT);
    assert_int_equal(source.next(source.arg, &item, &err), PAGE_READ_NONE);
    source.close(source.arg);
    result_logs_close(&logs);
    support_remove_tree(dir);
}

static void aside(const char *dir, bool back)
{
    char log[4200], kept[4200];
    (void)snprintf(log, sizeof log, "%s/alerts", dir);
    (void)snprintf(kept, sizeof kept, "%s/aside", dir);
    assert_int_equal(back ? rename(kept, log) : rename(log, kept), 0);
}

static void the_position_holds_while_its_log_is_away(void **state)
{
    (void)state;
    static struct page_position none, at, away;
    char dir[4096];
    struct result_logs logs;
    struct page_item item;
    struct error err = {0};
    support_temp_dir(dir, sizeof dir);
    result_logs_open(&logs, dir, true);
    give(&logs, 1);
    struct page_source source = source_of(dir, &none);
    assert_int_equal(soon(&source, &item), PAGE_READ_ALERT);
    source.position(source.arg, &at);
    source.close(source.arg);
    give(&logs, 1);
    aside(dir, false);
    source = source_of(dir, &at);
    assert_int_equal(source.next(source.arg, &item, &err), PAGE_READ_NONE);
    source.position(source.arg, &away);
    assert_memory_equal(&away, &at, sizeof at);
    assert_true(source.keep(source.arg, &away, &err));
    aside(dir, true);
    assert_int_equal(soon(&source, &item), PAGE_READ_ALERT);
    assert_true(str_is(item.alert.id, "expo/hall-1/density/1"));
    source.close(source.arg);
    result_logs_close(&logs);
    support_remove_tree(dir);
}

static void another_log_that_comes_later_is_told(void **state)
{
    (void)state;
    static struct page_position other;
    char dir[4096];
    struct result_logs logs;
    struct page_item item;
    struct error err = {0};
    support_temp_dir(dir, sizeof dir);
    other.log.seq = other.log.input_seq = 7;
    other.log.log.bytes[0] = other.readings.bytes[0] = 1;
    struct page_source source = source_of(dir, &other);
    assert_int_equal(source.next(source.arg, &item, &err), PAGE_READ_NONE);
    result_logs_open(&logs, dir, true);
    give(&logs, 1);
    assert_int_equal(soon(&source, &item), PAGE_READ_FRESH);
    assert_int_equal(source.next(source.arg, &item, &err), PAGE_READ_ALERT);
    assert_true(str_is(item.alert.id, "expo/hall-1/density/0"));
    assert_int_equal(source.next(source.arg, &item, &err), PAGE_READ_NONE);
    source.close(source.arg);
    result_logs_close(&logs);
    support_remove_tree(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_loss_lies_before_what_is_read_next),
        cmocka_unit_test(a_log_that_comes_later_is_read_from_its_beginning),
        cmocka_unit_test(the_position_holds_while_its_log_is_away),
        cmocka_unit_test(another_log_that_comes_later_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
