/* What a reader keeps in its memory of a log that it reads from end to end. */
#include <stdio.h>
#include <string.h>

#include "schemas/log/log.h"
#include "tests/support/support.h"

enum { RECORDS = 1000, BODY_BYTES = 16 * 1024, KEPT_KIB_MAX = 4096 };

static char root[256], dir[300];

static int setup(void **state)
{
    (void)state;
    support_temp_dir(root, sizeof root);
    (void)snprintf(dir, sizeof dir, "%s/log", root);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    support_remove_tree(root);
    return 0;
}

/* Resident pages of mapped files. */
static long file_kib(void)
{
    FILE *status = fopen("/proc/self/status", "r");
    assert_non_null(status);
    char line[256];
    long kib = -1;
    while (fgets(line, sizeof line, status))
        if (sscanf(line, "RssFile: %ld kB", &kib) == 1)
            break;
    (void)fclose(status);
    assert_true(kib >= 0);
    return kib;
}

static void test_reader_forgets_what_it_passed(void **state)
{
    (void)state;
    static uint8_t body[BODY_BYTES];
    struct log_writer_options options = {.dir = dir, .sync = LOG_SYNC_MANUAL};
    struct log_writer *writer = NULL;
    assert_true(log_writer_open(&options, &writer, NULL, NULL));
    for (int i = 0; i < RECORDS; i++) {
        memset(body, i & 0xff, sizeof body);
        struct log_record record = {.type = 1, .body = body, .body_len = sizeof body};
        assert_true(log_writer_append(writer, &record, NULL, NULL));
    }
    struct log_reader_options reading = {.dir = dir, .verify_crc = true};
    struct log_reader *reader = NULL;
    assert_true(log_reader_open(&reading, &reader, NULL));
    long before_kib = file_kib(), most_kib = 0;
    struct log_view view;
    for (int i = 0; i < RECORDS; i++) {
        assert_int_equal(log_reader_next(reader, &view, NULL), LOG_READ_RECORD);
        assert_int_equal(view.body[BODY_BYTES - 1], i & 0xff);
        long kib = file_kib() - before_kib;
        most_kib = kib > most_kib ? kib : most_kib;
    }
    assert_true(most_kib < KEPT_KIB_MAX);
    /* What was passed is still there to be read again. */
    assert_true(log_reader_seek(reader, 1, NULL));
    assert_int_equal(log_reader_next(reader, &view, NULL), LOG_READ_RECORD);
    assert_int_equal(view.seq, 1);
    assert_int_equal(view.body[0], 0);
    log_reader_close(reader);
    log_writer_close(writer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_reader_forgets_what_it_passed, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
