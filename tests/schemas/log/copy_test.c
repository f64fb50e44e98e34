/*
 * A log whose directory was copied file by file, piece by piece, while it was written: where the
 * copier read a place before a record came to stand there and what is behind it afterwards, the
 * copy ends, and that is all. Only there: what can't come of copying stays damage, also in a copy.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "schemas/base/clock.h"
#include "schemas/log/log.h"
#include "schemas/log/log_format.h"
#include "schemas/log/log_io.h"
#include "tests/support/support.h"

enum {
    BODY = 200,
    FEW = 20,
    PIECE = 8192,
    PATH = 600,
    FILE_MAX = LOG_SEGMENT_BYTES_MIN,
    CONTROL = 8192
};

static char root[256], dir[300], copy[300];
static struct log_io io;
static int64_t began_ns;            /* the copying */
static int64_t born_ns, written_ns; /* of every file of the copy */

static int times(void *state, const char *path, int64_t *ret_born_ns, int64_t *ret_written_ns)
{
    (void)state;
    (void)path;
    *ret_born_ns = born_ns;
    *ret_written_ns = written_ns;
    return 0;
}

static int setup(void **state)
{
    (void)state;
    support_temp_dir(root, sizeof root);
    (void)snprintf(dir, sizeof dir, "%s/log", root);
    (void)snprintf(copy, sizeof copy, "%s/copy", root);
    assert_int_equal(mkdir(copy, 0755), 0);
    io = *log_io_files();
    io.times = times;
    began_ns = born_ns = clock_wall_ns();
    written_ns = INT64_MAX;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    support_remove_tree(root);
    return 0;
}

static struct log_writer *open_writer(const char *at, struct log_recovery *ret, struct error *err)
{
    const struct log_writer_options options = {
        .dir = at, .segment_bytes = LOG_SEGMENT_BYTES_MIN, .sync = LOG_SYNC_MANUAL, .io = &io};
    struct log_writer *writer = NULL;
    return log_writer_open(&options, &writer, ret, err) ? writer : NULL;
}

/* Records made `ago_s` before the copying began (below 0: since). */
static void append(struct log_writer *writer, int count, int ago_s)
{
    static const uint8_t body[BODY] = {1, 2, 3};
    for (int i = 0; i < count; i++) {
        const struct log_record record = {.type = 1,
                                          .log_ns = (int64_t)log_writer_last_seq(writer) + 1,
                                          .wall_ns = began_ns - ago_s * INT64_C(1000000000),
                                          .body = body,
                                          .body_len = BODY};
        assert_true(log_writer_append(writer, &record, NULL, NULL));
    }
    assert_true(log_writer_sync(writer, NULL));
}

/* Bytes [from, to) of a file, as they are now. */
static void copy_piece(const char *name, uint64_t from, uint64_t to)
{
    static uint8_t bytes[FILE_MAX];
    char path[PATH];
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    int fd = open(path, O_RDONLY);
    assert_true(fd >= 0);
    ssize_t n = pread(fd, bytes, to - from, (off_t)from);
    assert_true(n > 0);
    (void)close(fd);
    (void)snprintf(path, sizeof path, "%s/%s", copy, name);
    fd = open(path, O_WRONLY | O_CREAT, 0644);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, bytes, (size_t)n, (off_t)from), n);
    (void)close(fd);
}

/* The first segment read in two pieces with `between` records written meanwhile; the records in the
 * first piece. */
static uint64_t torn(int before, int before_ago_s, int between, int between_ago_s)
{
    char name[LOG_NAME_BYTES];
    struct log_writer *writer = open_writer(dir, NULL, NULL);
    log_name_segment(1, 1, name);
    append(writer, before, before_ago_s);
    copy_piece(name, 0, PIECE);
    append(writer, between / 2, between_ago_s);
    append(writer, between / 2, between_ago_s); /* these say that those before were durable */
    copy_piece(name, PIECE, FILE_MAX);
    copy_piece("control", 0, CONTROL);
    log_writer_close(writer);
    return (uint64_t)before;
}

static void ends_at(uint64_t last_seq)
{
    struct log_recovery recovery;
    struct error err = {0};
    struct log_reader *reader = NULL;
    struct log_view view;
    assert_true(log_reader_open(
        &(struct log_reader_options){.dir = copy, .ignore_published = true, .io = &io}, &reader,
        &err));
    assert_int_equal(log_reader_last_seq(reader), last_seq);
    log_reader_close(reader);
    struct log_writer *writer = open_writer(copy, &recovery, &err);
    assert_non_null(writer);
    assert_int_equal(recovery.last_seq, last_seq);
    assert_true(recovery.power_cut_possible);
    append(writer, 3, -60);
    uint64_t first = log_writer_last_seq(writer) - 2;
    assert_true(first > last_seq + LOG_SEQ_SKIP); /* the original goes on, too */
    log_writer_close(writer);
    writer = open_writer(copy, &recovery, &err); /* from now on it is a log like any other */
    assert_non_null(writer);
    assert_int_equal(recovery.last_seq, first + 2);
    assert_false(recovery.power_cut_possible);
    log_writer_close(writer);
    struct log_check check;
    assert_true(log_verify(copy, NULL, NULL, &check, &err));
    assert_int_equal(check.records, last_seq + 3);
    assert_true(log_reader_open(
        &(struct log_reader_options){.dir = copy, .ignore_published = true, .io = &io}, &reader,
        &err));
    for (uint64_t seq = 1; seq <= last_seq + 3; seq++) {
        assert_int_equal(log_reader_next(reader, &view, &err), LOG_READ_RECORD);
        assert_int_equal(view.seq, seq <= last_seq ? seq : first + (seq - last_seq - 1));
    }
    log_reader_close(reader);
}

static void is_refused(uint64_t at_seq)
{
    struct error err = {0};
    assert_null(open_writer(copy, NULL, &err));
    assert_int_equal(err.code, ERROR_CORRUPT);
    assert_int_equal(err.position, at_seq);
}

static void test_a_torn_copy_ends_where_it_was_torn(void **state)
{
    (void)state;
    ends_at(torn(FEW, 3600, 200, -1));
}

/* Such a record may have waited for its batch when the copying began. */
static void test_records_just_before_may_be_lacking(void **state)
{
    (void)state;
    ends_at(torn(FEW, 3600, 200, 2));
}

static void test_verify_says_the_same(void **state)
{
    (void)state;
    struct log_check check;
    struct error err = {0};
    int64_t made_ns, ns;
    if (log_io_files()->times(NULL, root, &made_ns, &ns) != 0 || made_ns == INT64_MAX)
        skip(); /* this file system knows no births */
    uint64_t last = torn(FEW, 3600, 200, -1);
    assert_true(log_verify(copy, NULL, NULL, &check, &err));
    assert_int_equal(check.records, last);
    assert_true(check.torn_bytes > 0);
}

/* What follows was there before the copying began: it lacks nothing for that reason. */
static void test_damage_of_old_records_stays_damage(void **state)
{
    (void)state;
    is_refused(torn(FEW, 3600, 200, 3600) + 1);
}

static void test_an_unknown_birth_excuses_nothing(void **state)
{
    (void)state;
    uint64_t last = torn(FEW, 3600, 200, -1);
    born_ns = INT64_MAX;
    is_refused(last + 1);
}

/* cp -a there and, an hour later, back: the time of the last write is still that of the original.
 */
static void test_a_copy_of_a_copy(void **state)
{
    (void)state;
    uint64_t last = torn(FEW, 3600, 200, -1);
    born_ns = began_ns + INT64_C(3600) * 1000000000;
    is_refused(last + 1); /* cp -r: nothing tells */
    written_ns = began_ns;
    ends_at(last);
}

/* The very same bytes, but with the page where it always was: a disk that lost what it had taken.
 */
static void test_the_original_is_never_excused(void **state)
{
    char from[PATH], to[PATH], name[LOG_NAME_BYTES];
    (void)state;
    uint64_t last = torn(FEW, 3600, 200, -1);
    log_name_segment(1, 1, name);
    (void)snprintf(from, sizeof from, "%s/%s", copy, name);
    (void)snprintf(to, sizeof to, "%s/%s", dir, name);
    assert_int_equal(rename(from, to), 0);
    (void)snprintf(copy, sizeof copy, "%s", dir);
    is_refused(last + 1);
    struct log_check check;
    struct error err = {0};
    assert_false(log_verify(dir, NULL, NULL, &check, &err));
    assert_int_equal(err.code, ERROR_CORRUPT);
}

/* Nobody says then that it is a copy. */
static void test_without_its_page_nothing_is_excused(void **state)
{
    char path[PATH];
    (void)state;
    uint64_t last = torn(FEW, 3600, 200, -1);
    (void)snprintf(path, sizeof path, "%s/control", copy);
    assert_int_equal(unlink(path), 0);
    is_refused(last + 1);
}

/* Appends until a segment begins with the last record; returns its sequence. */
static uint64_t begin_segment(struct log_writer *writer, int ago_s)
{
    char name[LOG_NAME_BYTES], path[PATH];
    do {
        append(writer, 1, ago_s);
        log_name_segment(log_writer_last_seq(writer), 1, name);
        (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    } while (access(path, F_OK) != 0);
    return log_writer_last_seq(writer);
}

/* The tear is in a segment that others follow, whole. */
static uint64_t torn_before_others(int ago_s)
{
    char name[LOG_NAME_BYTES];
    struct log_writer *writer = open_writer(dir, NULL, NULL);
    append(writer, FEW, 3600);
    log_name_segment(1, 1, name);
    copy_piece(name, 0, PIECE);
    uint64_t second = begin_segment(writer, ago_s);
    append(writer, FEW, ago_s);
    copy_piece(name, FILE_MAX - PIECE / 8, FILE_MAX); /* nothing of the records is in it */
    log_name_segment(second, 1, name);
    copy_piece(name, 0, FILE_MAX);
    copy_piece("control", 0, CONTROL);
    log_writer_close(writer);
    return FEW;
}

static void test_what_follows_in_other_segments_is_in_vain(void **state)
{
    (void)state;
    ends_at(torn_before_others(-1));
}

/* Copied an hour later: what is lacking was lacking before. Opening looks only at the end, as ever;
 * verify looks at all. */
static void test_but_not_when_it_was_there_before(void **state)
{
    (void)state;
    (void)torn_before_others(-1);
    born_ns = began_ns + INT64_C(3600) * 1000000000;
    written_ns = began_ns; /* of the newest segment, which has no tear */
    struct log_recovery recovery;
    struct error err = {0};
    struct log_writer *writer = open_writer(copy, &recovery, &err);
    assert_non_null(writer);
    assert_true(recovery.last_seq > FEW);
    log_writer_close(writer);
    struct log_check check;
    assert_false(log_verify(copy, NULL, NULL, &check, &err));
    assert_int_equal(err.code, ERROR_CORRUPT);
    assert_int_equal(err.position, FEW + 1);
}

/* Of three segments the one between is not in the copy; they are so old. Returns its first
 * sequence. */
static uint64_t without_the_second(int ago_s)
{
    char name[LOG_NAME_BYTES];
    struct log_writer *writer = open_writer(dir, NULL, NULL);
    append(writer, FEW, 3600);
    uint64_t second = begin_segment(writer, ago_s), third = begin_segment(writer, ago_s);
    append(writer, FEW, ago_s);
    append(writer, FEW, ago_s);
    log_name_segment(1, 1, name);
    copy_piece(name, 0, FILE_MAX);
    log_name_segment(third, 1, name);
    copy_piece(name, 0, FILE_MAX);
    copy_piece("control", 0, CONTROL);
    log_writer_close(writer);
    return second;
}

/* The names were listed, then the log began two segments. */
static void test_a_segment_that_was_begun_meanwhile(void **state)
{
    (void)state;
    ends_at(without_the_second(-1) - 1);
}

/* Retention deleted the first and the second, when the copier had the first only. It is told where;
   without the first the copy is what the log was. */
static void test_a_segment_that_was_deleted_meanwhile(void **state)
{
    (void)state;
    char name[LOG_NAME_BYTES], path[PATH];
    struct log_check check;
    struct error err = {0};
    const uint64_t second = without_the_second(3600);
    (void)snprintf(path, sizeof path, "%s/control", copy);
    assert_int_equal(unlink(path), 0); /* these segments are too young to be damaged with it */
    assert_false(log_verify(copy, NULL, NULL, &check, &err));
    assert_int_equal(err.code, ERROR_CORRUPT);
    assert_int_equal(err.position, second);
    log_name_segment(1, 1, name);
    assert_non_null(strstr(err.where, name));
    (void)snprintf(path, sizeof path, "%s/%s", copy, name);
    assert_int_equal(unlink(path), 0);
    assert_true(log_verify(copy, NULL, NULL, &check, &err));
    assert_true(check.first_seq > second);
    struct log_recovery recovery;
    struct log_writer *writer = open_writer(copy, &recovery, &err);
    assert_non_null(writer);
    assert_int_equal(recovery.last_seq, check.last_seq);
    log_writer_close(writer);
}

/* Whoever follows the copy has nothing until a writer has decided where it ends; then all of that.
 */
static void test_a_reader_waits_for_the_copys_writer(void **state)
{
    (void)state;
    uint64_t last = torn(FEW, 3600, 200, -1);
    struct error err = {0};
    struct log_reader *reader = NULL;
    struct log_view view;
    assert_true(
        log_reader_open(&(struct log_reader_options){.dir = copy, .io = &io}, &reader, &err));
    assert_int_equal(log_reader_next(reader, &view, &err), LOG_READ_CAUGHT_UP);
    assert_int_equal(log_reader_last_seq(reader), 0);
    assert_int_equal(log_reader_durable_seq(reader), 0);
    assert_true(log_reader_waits(reader, &err));
    assert_int_equal(err.code, ERROR_UNOPENED);
    assert_non_null(strstr(err.where, "a copy"));
    struct log_writer *writer = open_writer(copy, NULL, &err);
    assert_non_null(writer);
    append(writer, 1, -60);
    log_reader_wait(reader, 1);
    assert_false(log_reader_waits(reader, &err));
    for (uint64_t seq = 1; seq <= last; seq++) {
        assert_int_equal(log_reader_next(reader, &view, &err), LOG_READ_RECORD);
        assert_int_equal(view.seq, seq);
    }
    assert_int_equal(log_reader_next(reader, &view, &err), LOG_READ_RECORD);
    assert_int_equal(view.seq, log_writer_last_seq(writer));
    assert_int_equal(log_reader_next(reader, &view, &err), LOG_READ_CAUGHT_UP);
    log_reader_close(reader);
    log_writer_close(writer);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(int argc, char **argv)
{
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    const struct CMUnitTest tests[] = {
        TEST(test_a_torn_copy_ends_where_it_was_torn),
        TEST(test_records_just_before_may_be_lacking),
        TEST(test_verify_says_the_same),
        TEST(test_damage_of_old_records_stays_damage),
        TEST(test_an_unknown_birth_excuses_nothing),
        TEST(test_a_copy_of_a_copy),
        TEST(test_the_original_is_never_excused),
        TEST(test_without_its_page_nothing_is_excused),
        TEST(test_what_follows_in_other_segments_is_in_vain),
        TEST(test_but_not_when_it_was_there_before),
        TEST(test_a_segment_that_was_begun_meanwhile),
        TEST(test_a_segment_that_was_deleted_meanwhile),
        TEST(test_a_reader_waits_for_the_copys_writer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
