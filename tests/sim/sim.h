/*
 * sim: ingest, process, publish kafka, publish series and page as they are in the binary, run in
 * one process, on one thread, under a seeded scheduler. Everything that they ask of the machine, of
 * the broker, of Kafka, of the store and of those who are paged goes to a simulated one, so that
 * every fault comes at a place and a time that the seed alone decides, and comes again with it.
 *
 * The seams are the linker's: this program is linked with the rooms' own libraries; system calls
 * and threads are wrapped (sim_os.c, sim_thread.c; the list is in CMakeLists.txt), and the
 * functions of mqtt_client.h, command_socket.h, kafka_producer.h, kafka_last.h, kafka_topics.h,
 * http_poster.h and sender.h are given here (sim_broker.c, sim_desk.c, sim_producer.c, sim_store.c,
 * sim_pages.c) in place of those that include Paho, librdkafka and libcurl. The programs' code has no hooks.
 *
 *     file               what
 *     sim.c              programs, tasks (their threads), virtual time: who goes on, crash, end
 *     sim_memory.c       memory of each program, so that a crash gives it back
 *     sim_disk.c         files, names, page cache, and what a power cut leaves of them
 *     sim_os.c           system calls on files
 *     sim_os_names.c     system calls on names and locks
 *     sim_thread.c       threads, locks, clocks, everything else that is asked of the machine
 *     sim_broker.c       MQTT
 *     sim_sensors.c      what the sensors say
 *     sim_desk.c         what operators want
 *     sim_kafka.c        Kafka
 *     sim_producer.c     what programs see of it
 *     sim_store.c        the time-series store
 *     sim_pages.c        those who are paged
 *     sim_alertmanager.c what one of them, an Alertmanager, shows
 *     sim_world.c        one run: which faults, when; programs started again
 *     sim_end.c          how a run ends
 *     sim_copy.c         the state directory restored from a copy
 *     sim_tap.c          what the logs ever held
 *     sim_durable.c      whether the disk holds what programs rely on
 *     sim_check.c        what must be so after every run
 *     sim_check_sinks.c  likewise, in Kafka and in the store
 *     sim_check_pages.c  likewise, what people were told
 *     sim_broken.c       deliberately broken variants, each of which a check must catch
 *
 * A task runs until it waits or comes to an operation; an operation takes time, and the task whose
 * time is least goes on. So all that happens between two operations of a program happens at once.
 */
#ifndef CROWDTIDE_TESTS_SIM_SIM_H
#define CROWDTIDE_TESTS_SIM_SIM_H

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <ucontext.h>

#include "schemas/config/config.h"

#define SIM_STATE "/sim/state"
#define SIM_VENUE "/sim/venue.yaml"
#define SIM_NEVER INT64_MAX

enum sim_program { SIM_INGEST, SIM_PROCESS, SIM_KAFKA, SIM_SERIES, SIM_PAGE, SIM_PROGRAMS };

/* What is done deliberately wrong; sim_broken.c. */
enum sim_broken {
    SIM_SOUND,
    SIM_SKIPPED_FSYNC,
    SIM_CURSOR_EARLY,
    SIM_DROPPED_REPORT,
    SIM_SNAPSHOT_BEFORE_SYNC,
    SIM_REUSED_SEQUENCE,
    SIM_NO_DUPLICATE_FILTER,
    SIM_ACK_BEFORE_APPEND,
    SIM_PUBLISH_BEFORE_DURABLE,
    SIM_TORN_TAIL_TRUSTED,
    SIM_POSITION_APART,
    SIM_PAGE_FAILURE_TAKEN,
    SIM_PAGE_STATE_UNSTORED,
    SIM_PAGE_CURSOR_EARLY,
    SIM_PAGE_BEFORE_DURABLE,
    SIM_BROKEN_COUNT,
};

/* Counted for the table of tests/long/sim. */
#define SIM_FAULTS(F)                                                                              \
    F(CRASH, "crash")                                                                              \
    F(CUT, "power cut")                                                                            \
    F(EIO, "EIO")                                                                                  \
    F(FULL, "disk full")                                                                           \
    F(SHORT, "short transfer")                                                                     \
    F(EINTR, "EINTR")                                                                              \
    F(OFFLINE, "broker gone")                                                                      \
    F(SESSION, "session lost")                                                                     \
    F(AGAIN, "redelivered")                                                                        \
    F(SENSOR, "odd message")                                                                       \
    F(KAFKA, "Kafka error")                                                                        \
    F(KAFKA_DOWN, "Kafka gone")                                                                    \
    F(FENCED, "fenced")                                                                            \
    F(STORE, "store refuses")                                                                      \
    F(STORE_DOWN, "store gone")                                                                    \
    F(PAGE, "page refused")                                                                        \
    F(TARGET_DOWN, "target gone")                                                                  \
    F(STEPPED, "clock stepped")                                                                    \
    F(RELOAD, "venue reload")                                                                      \
    F(UPGRADE, "upgrade")                                                                          \
    F(STOP, "orderly restart")                                                                     \
    F(FROZEN, "frozen for a while")                                                                \
    F(REFUSED, "result refused")                                                                   \
    F(RESTORED, "copy restored")                                                                   \
    F(ROT, "bit rot")

enum sim_fault {
#define SIM_FAULT_ENUM(name, text) SIM_FAULT_##name,
    SIM_FAULTS(SIM_FAULT_ENUM)
#undef SIM_FAULT_ENUM
        SIM_FAULT_COUNT
};
const char *sim_fault_name(enum sim_fault fault);

struct sim_options {
    uint64_t seed;
    uint64_t steps_max; /* of the part with faults; 0: the usual */
    int trace;          /* 1: what happens; 2: every operation, too */
    enum sim_broken broken;
    uint8_t filler; /* what stands in stacks and in memory that malloc gives; 0: what happens to */
};

struct sim_report { /* of one run */
    bool ok;
    char why[700]; /* first failure */
    uint64_t steps, messages, results, pages;
    uint64_t course; /* hash of all that was done, and when: the same whenever the seed runs */
    uint64_t faults[SIM_FAULT_COUNT];
};

/* One run from a seed to its checks. */
void sim_run(const struct sim_options *options, struct sim_report *ret);

/* ---- for the parts ---- */

enum { SIM_TASKS_MAX = 48, SIM_TASK_STACK_BYTES = 1024 * 1024 };

struct sim_task {
    jmp_buf at;
    ucontext_t entry;
    void *stack;
    void *(*fn)(void *arg);
    void *arg;
    int64_t wake_ns;
    const void *waits_on;
    enum sim_program program;
    bool used, started, ended;
};

struct sim_process { /* a program */
    bool running;
    int stop, reload;
    uint32_t core;     /* which of the core's versions process runs */
    int64_t frozen_ns; /* until then it does not run: as by SIGSTOP */
    int64_t start_ns;  /* when it starts again */
    uint32_t failures; /* ends with an error since it last ran for a while */
    int64_t began_ns;
    char last_error[400];
    int pid;
};

struct sim;
extern struct sim *sim; /* the world that runs; wrapped functions have no argument to find it by */

struct sim {
    struct sim_options options;
    struct sim_report report;
    uint64_t random;
    jmp_buf scheduler;
    struct sim_task tasks[SIM_TASKS_MAX];
    struct sim_task *task; /* that runs; NULL: the world itself */
    struct sim_process process[SIM_PROGRAMS];
    struct config config;
    int64_t now_ns;       /* true time since the run began */
    int64_t boot_at_ns;   /* when the machine last started */
    int64_t wall_off_ns;  /* of its clock, beside the true time */
    int64_t world_ns;     /* when sim_world_turn is due */
    uint64_t cut_at_step; /* power cut at this operation; 0: none */
    bool cut_now;
    bool cuts; /* the power may go */
    bool calm; /* no faults any more */
    int die;   /* the operation under way is the last one of its program */
    /* One in so many operations; 0: never. */
    uint32_t crash_one_in, eio_one_in, short_one_in, eintr_one_in;
    struct sim_disk *disk;
    struct sim_tap *tap;
    struct sim_copy *copy;
    uint64_t durable_seq; /* sim_durable_seq, when it was last asked */
    bool rots;   /* the next power cut leaves one bit of the disk wrong */
    bool rotten; /* it has; from then on it is enough that corruption is named */
    bool named;
    bool unwritten; /* a publisher said that a loss could not be written down */
    bool restored; /* from a copy: what was published meanwhile comes from no input any more */
    struct sim_broker *broker;
    struct sim_desk *desk;
    struct sim_kafka *kafka;
    struct sim_store *store;
    struct sim_pages *pages;
    struct sim_sensors *sensors;
    struct sim_world *world;
};

uint64_t sim_random(uint64_t below); /* 0 when below is 0 */
static inline bool sim_one_in(uint64_t n)
{
    return n && sim_random(n) == 0;
}
void sim_count(enum sim_fault fault);
/* Bytes that left a program: part of the run's course. */
void sim_course(const void *bytes, size_t n);
void sim_trace(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The run has failed; the first reason is kept. */
void sim_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---- programs and tasks (sim.c) ---- */

extern const char *const sim_program_names[SIM_PROGRAMS];
void sim_start(enum sim_program program, void *(*fn)(void *arg), void *arg);
/* Everything of the program is gone: as by kill -9. Returns, unless it is the caller's own. */
void sim_kill(enum sim_program program);
_Noreturn void sim_exit(int code);         /* of the running task's program */
void sim_task_free(struct sim_task *task); /* its stack */
struct sim_task *sim_task_new(enum sim_program program, void *(*fn)(void *arg), void *arg);
void sim_sleep(int64_t ns);
/* Until somebody wakes `on`, at most ns. */
void sim_wait(const void *on, int64_t ns);
void sim_wake(const void *on);
/* Runs tasks and the world until it says that it is over. */
void sim_loop(struct sim *s);

/* An operation, before its effect: takes its time, and decides what becomes of it. */
enum sim_fate { SIM_GO, SIM_PART, SIM_ERROR };
enum sim_kind {
    SIM_READ = 1,
    SIM_WRITE = 2,
    SIM_SPACE = 4,
    SIM_SYNC = 8,
    SIM_NET = 16,
    SIM_PLAIN = 32,
    SIM_BYTES = 64 /* may move fewer than asked */
};
/* SIM_ERROR: *ret_errno. name: for the trace. */
enum sim_fate sim_begin(unsigned kind, const char *name, int *ret_errno);
/* Something was handed on: perhaps the power goes within so many operations. */
void sim_cut_soon(uint32_t one_in, uint32_t steps);
/* After its effect: where it dies if that was decided. */
void sim_end(void);

/* ---- memory (sim_memory.c) ---- */
void sim_memory_clear(enum sim_program program);
/* The world's own, whoever runs. Abort when there is none. */
void *sim_keep(size_t n);
void *sim_keep_more(void *old, size_t n);
void sim_keep_free(void *p);

/* ---- the parts' lives ---- */
void sim_disk_new(struct sim *s);
void sim_disk_free(struct sim *s);
void sim_disk_power_cut(void);
/* The program is gone: its descriptors, locks and mappings, too. */
void sim_disk_forget(enum sim_program program);
void sim_disk_full(bool full);
void sim_disk_put(const char *path, const char *text); /* a file that is there, durable */

void sim_copy_new(struct sim *s);
void sim_copy_free(struct sim *s);
void sim_tap_new(struct sim *s);
void sim_tap_free(struct sim *s);
void sim_desk_new(struct sim *s);
void sim_desk_free(struct sim *s);
void sim_broker_new(struct sim *s);
void sim_broker_free(struct sim *s);
void sim_sensors_new(struct sim *s);
void sim_sensors_free(struct sim *s);
void sim_kafka_new(struct sim *s);
void sim_kafka_free(struct sim *s);
void sim_store_new(struct sim *s);
void sim_store_free(struct sim *s);
void sim_pages_new(struct sim *s);
void sim_pages_free(struct sim *s);

/* sim_world.c */
void sim_world_turn(void);
bool sim_world_over(void);
void sim_world_ended(enum sim_program program, int code); /* by itself */
void sim_world_died(enum sim_program program);
void sim_world_power_cut(void);

/* sim_check.c: after the end. */
void sim_check(void);

#endif
