/*
 * machine: state directories with readings, and process with the toy core running on them as a
 * child. For tests that stop, kill and restart process and compare what it leaves.
 *
 *     MACHINE_TEST(a_test)                      in the table: a fresh directory for each test
 *     const char *a = machine_at("a");
 *     machine_append(a, 0, 1000);               readings
 *     machine_run(a)                            process, to the end of the readings; its exit code
 *     machine_assert_same(a, b);
 *
 * The same seed for each test; one test at a time. A tool that fails fails the test.
 */
#ifndef CROWDTIDE_TESTS_SUPPORT_MACHINE_H
#define CROWDTIDE_TESTS_SUPPORT_MACHINE_H

#include "tests/support/support.h"

#include <sys/types.h>

#include "processors/process/process.h"
#include "schemas/counters/counters.h"
#include "schemas/log/log.h"

enum { MACHINE_SEGMENT = LOG_SEGMENT_BYTES_MIN, MACHINE_DIR_BYTES = 4096 };

#define MACHINE_TEST(name) cmocka_unit_test_setup_teardown(name, machine_setup, machine_teardown)
int machine_setup(void **state);
int machine_teardown(void **state);

/* The test's directory; process's stderr goes to the file `stderr` there. */
const char *machine_root(void);
/* Paths {a}/{b} and {root}/{name}; freed at the end of the test. */
const char *machine_path(const char *a, const char *b);
const char *machine_at(const char *name);
uint32_t machine_draw(uint32_t below);
void machine_sleep_us(uint32_t us);
void machine_shell(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---- readings ---- */

/* The readings log of a state directory, which is made if missing; nothing is synced by itself. */
struct log_writer *machine_readings(const char *state);
/* Records from..to-1: a model now and then, a tick every 50th, else messages of random length. */
void machine_write(struct log_writer *writer, uint64_t from, uint64_t to);
/* The same with opening and closing. */
void machine_append(const char *state, uint64_t from, uint64_t to);
/* One message, the i-th record. */
void machine_append_one(const char *state, const char *body, uint64_t i);
/* A state directory with the same readings, in place of any that it has; and a copy of a whole one.
   The readings are as if they had always stood there: nobody need open them before process. */
void machine_copy_readings(const char *from, const char *to);
void machine_copy(const char *from, const char *to);

/* ---- process ---- */

struct machine_run {
    const char *state;
    const struct process_core *core;     /* NULL: toy-1 */
    bool live;                           /* not only to the end of the readings */
    uint32_t snapshot_wait_ms;           /* 0: as process does by itself */
    void (*tune)(struct config *config); /* NULL: the defaults, with a snapshot a second */
};

/* end: its exit code, or 1000 + the signal that ended it. */
pid_t machine_begin(const struct machine_run *run);
int machine_end(pid_t pid);
int machine_run(const char *state);

/* Whether process wrote this (a grep pattern) to stderr so far. */
bool machine_said(const char *what);
uint64_t machine_counter(const char *state, enum counter counter);
/* Waits some seconds for it, then fails. */
void machine_await(const char *state, enum counter which, uint64_t value);

/* ---- results ---- */

/* At the oldest record. */
struct log_reader *machine_log(const char *state, const char *name);
uint32_t machine_count(const char *state, const char *name, unsigned type);
/* Both results logs say the same: type, flags, log time and body, whatever their own sequences are.
   Returns the number of results. */
uint64_t machine_assert_same(const char *a, const char *b);

#endif
