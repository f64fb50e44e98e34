#include "processors/watch/watch_figures.h"

#include <string.h>

bool watch_figures_read(const char *state_dir, int64_t now_ms, struct watch_figures *ret,
                        struct error *err)
{
    struct counters *counters = NULL;
    memset(ret, 0, sizeof *ret);
    ret->at_ms = now_ms;
    if (!counters_open_reader(state_dir, &counters, err))
        return err->code == ERROR_NOT_FOUND;
    for (int c = 0; c < COUNTER_COUNT; c++)
        ret->value[c] = counters_get(counters, (enum counter)c);
    for (int p = 0; p < PROGRAM_COUNT; p++)
        ret->program[p] = counters_program(counters, (enum program)p);
    ret->present = true;
    counters_close(counters);
    return true;
}

uint64_t account_sum(const struct account *account)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < ACCOUNT_PARTS; i++)
        sum += account->part[i].value;
    return sum;
}

static uint64_t figure(const struct watch_figures *now, enum counter counter)
{
    return now->value[counter];
}

static struct account messages_account(const struct watch_figures *now)
{
    uint64_t read = figure(now, COUNTER_PROCESS_RECEIVED),
             in = figure(now, COUNTER_INGEST_MESSAGES);
    return (struct account){
        .name = "messages",
        .left = "received",
        .total = in > read ? in : read, /* the state may be older than the counters */
        .part = {{"decoded", figure(now, COUNTER_PROCESS_DECODED), false},
                 {"duplicate", figure(now, COUNTER_PROCESS_DUPLICATE), false},
                 {"quarantined", figure(now, COUNTER_PROCESS_QUARANTINED), true},
                 {"ignored_retained", figure(now, COUNTER_PROCESS_IGNORED_RETAINED), false},
                 {"pending", in > read ? in - read : 0, false}},
    };
}

/* All from the publisher's own counters, which it sets together: those of process are from another
   moment. */
#define SINK_ACCOUNT(now, title, SINK, LOG)                                                        \
    (struct account)                                                                               \
    {                                                                                              \
        .name = (title), .left = "results",                                                        \
        .total =                                                                                   \
            figure(now, COUNTER_##SINK##_##LOG##_SEQ) + figure(now, COUNTER_##SINK##_##LOG##_LAG), \
        .part = {                                                                                  \
            {"delivered", figure(now, COUNTER_##SINK##_##LOG##_DELIVERED), false},                 \
            {"rejected", figure(now, COUNTER_##SINK##_##LOG##_REJECTED), true},                    \
            {"skipped", figure(now, COUNTER_##SINK##_##LOG##_SKIPPED), false},                     \
            {"lost", figure(now, COUNTER_##SINK##_##LOG##_LOST), true},                            \
            {"uncounted", figure(now, COUNTER_##SINK##_##LOG##_UNCOUNTED), false},                 \
            {"pending", figure(now, COUNTER_##SINK##_##LOG##_LAG), false}                          \
        }                                                                                          \
    }

uint32_t watch_books(const struct watch_figures *now, struct account out[ACCOUNTS_MAX])
{
    uint32_t n = 0;
    out[n++] = messages_account(now);
    if (now->program[PROGRAM_KAFKA].pid) {
        out[n++] = SINK_ACCOUNT(now, "kafka alerts", KAFKA, ALERTS);
        out[n++] = SINK_ACCOUNT(now, "kafka bulk", KAFKA, BULK);
    }
    if (now->program[PROGRAM_SERIES].pid) {
        out[n++] = SINK_ACCOUNT(now, "series alerts", SERIES, ALERTS);
        out[n++] = SINK_ACCOUNT(now, "series bulk", SERIES, BULK);
    }
    return n;
}
