/*
 * A log's files filled with damage of every size: nothing that reads them may crash, hang or hand
 * out what was not written. (What recovery must keep is in faults_test.c and damage_test.c.)
 * CROWDTIDE_FUZZ_ROUNDS=n: more rounds.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "schemas/log/log.h"
#include "schemas/log/log_format.h"
#include "tests/support/support.h"

enum { FILES_MAX = 16, RECORDS = 120, ROUNDS = 150 };

struct kept {
    char path[560];
    uint8_t *bytes;
    size_t len;
};

static char root[256], dir[300];
static struct kept files[FILES_MAX];
static int file_count;
static uint64_t random_state = 1;

static uint64_t draw(uint64_t below)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (random_state >> 33) % below;
}

static bool open_writer(struct log_writer **writer)
{
    struct log_writer_options options = {
        .dir = dir, .segment_bytes = LOG_SEGMENT_BYTES_MIN, .sync = LOG_SYNC_MANUAL};
    return log_writer_open(&options, writer, NULL, NULL);
}

static uint32_t fill(uint8_t *body, uint64_t uid)
{
    uint32_t len = 8 + (uint32_t)(uid * 677 % 2400);
    for (uint32_t i = 0; i < len; i++)
        body[i] = (uint8_t)(uid * 31 + i);
    memcpy(body, &uid, sizeof uid);
    return len;
}

static void keep_files(void)
{
    DIR *listing = opendir(dir);
    const struct dirent *entry;
    assert_non_null(listing);
    while ((entry = readdir(listing))) {
        if (entry->d_name[0] == '.')
            continue;
        assert_true(file_count < FILES_MAX);
        struct kept *file = &files[file_count++];
        struct stat st = {0};
        (void)snprintf(file->path, sizeof file->path, "%s/%s", dir, entry->d_name);
        int fd = open(file->path, O_RDONLY | O_CLOEXEC);
        assert_true(fd >= 0 && fstat(fd, &st) == 0);
        file->len = (size_t)st.st_size;
        file->bytes = malloc(file->len + 1);
        assert_non_null(file->bytes);
        assert_int_equal(read(fd, file->bytes, file->len), file->len);
        (void)close(fd);
    }
    (void)closedir(listing);
}

/* Puts the files back, damaged. */
static void damage(void)
{
    char command[400];
    (void)snprintf(command, sizeof command, "rm -rf '%s'", dir);
    assert_int_equal(system(command), 0);
    assert_int_equal(mkdir(dir, 0755), 0);
    for (int i = 0; i < file_count; i++) {
        struct kept *file = &files[i];
        if (draw(12) == 0)
            continue; /* gone */
        int fd = open(file->path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
        assert_true(fd >= 0);
        assert_int_equal(write(fd, file->bytes, file->len), file->len);
        for (uint64_t hits = draw(4); hits > 0 && file->len; hits--) {
            uint8_t noise[512];
            size_t n = (size_t)1 << draw(10);
            uint64_t at = draw(2) ? draw(file->len) : draw(file->len < 600 ? file->len : 600);
            bool zeros = draw(3) == 0;
            for (size_t k = 0; k < n; k++)
                noise[k] = zeros ? 0 : (uint8_t)draw(256);
            n = n < file->len - at ? n : file->len - at;
            assert_int_equal(pwrite(fd, noise, n, (off_t)at), n);
        }
        if (draw(10) == 0)
            assert_int_equal(ftruncate(fd, (off_t)draw(file->len + 1)), 0);
        (void)close(fd);
    }
}

static void read_all(bool offline)
{
    const struct log_reader_options options = {
        .dir = dir, .verify_crc = true, .ignore_published = offline};
    struct log_reader *reader = NULL;
    struct error err = {0};
    struct log_view view;
    if (!log_reader_open(&options, &reader, &err)) {
        assert_int_not_equal(err.code, ERROR_NONE);
        return;
    }
    uint64_t prev = 0, n = 0;
    enum log_read got;
    while ((got = log_reader_next(reader, &view, &err)) == LOG_READ_RECORD) {
        uint8_t body[4096];
        uint64_t uid = 0;
        assert_true(view.seq > prev);
        assert_true(++n < (uint64_t)10 * RECORDS);
        prev = view.seq;
        assert_true(view.body_len >= 8);
        memcpy(&uid, view.body, 8);
        assert_int_equal(view.body_len, fill(body, uid));
        assert_memory_equal(view.body, body, view.body_len);
    }
    if (got == LOG_READ_ERROR)
        assert_int_not_equal(err.code, ERROR_NONE);
    log_reader_close(reader);
}

static void test_damaged_files(void **state)
{
    (void)state;
    support_temp_dir(root, sizeof root);
    (void)snprintf(dir, sizeof dir, "%s/log", root);
    uint64_t uid = 0;
    uint8_t body[4096];
    for (int session = 0; session < 3; session++) {
        struct log_writer *writer = NULL;
        assert_true(open_writer(&writer));
        for (int i = 0; i < RECORDS / 3; i++) {
            struct log_record record = {.type = 1, .body = body};
            record.body_len = fill(body, ++uid);
            assert_true(log_writer_append(writer, &record, NULL, NULL));
            if (i % 10 == 0)
                assert_true(log_writer_sync(writer, NULL));
        }
        assert_true(session < 2 || log_writer_prepare(writer, NULL));
        log_writer_close(writer);
    }
    keep_files();
    const char *text = getenv("CROWDTIDE_FUZZ_ROUNDS");
    uint64_t rounds = text ? strtoull(text, NULL, 10) : ROUNDS, opened = 0;
    for (uint64_t round = 1; round <= rounds; round++) {
        random_state = round;
        damage();
        read_all(true);
        read_all(false);
        struct log_check check;
        (void)log_verify(dir, NULL, NULL, &check, NULL);
        struct log_writer *writer = NULL;
        if (open_writer(&writer)) {
            opened++;
            struct log_record record = {.type = 1, .body = body};
            record.body_len = fill(body, 1000);
            (void)log_writer_append(writer, &record, NULL, NULL);
            read_all(false);
            log_writer_close(writer);
        }
    }
    print_message("%llu of %llu damaged logs could be written again\n", (unsigned long long)opened,
                  (unsigned long long)rounds);
    assert_true(opened > 0 && opened < rounds);
    for (int i = 0; i < file_count; i++)
        free(files[i].bytes);
    support_remove_tree(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_damaged_files),
    };
    struct stat st;
    if (!getenv("TMPDIR") && stat("/dev/shm", &st) == 0)
        (void)setenv("TMPDIR", "/dev/shm", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
