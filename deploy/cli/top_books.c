#include "deploy/cli/top_paint.h"

uint64_t books_sum(const struct account *account)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < ACCOUNT_PARTS; i++)
        sum += account->part[i].value;
    return sum;
}

static uint64_t figure(const struct top_figures *now, enum counter counter)
{
    return now->value[counter];
}

static struct account messages_account(const struct top_figures *now)
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

uint32_t books_accounts(const struct top_figures *now, struct account out[ACCOUNTS_MAX])
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

void books_draw(struct screen *s)
{
    struct account account[ACCOUNTS_MAX];
    uint32_t n = books_accounts(s->view->now, account);
    char text[SCREEN_NUMBER_BYTES];
    screen_put(s, BOLD, "BOOKS");
    screen_end(s);
    for (uint32_t i = 0; i < n; i++) {
        const struct account *a = &account[i];
        uint64_t sum = books_sum(a);
        screen_put(s, PLAIN, "%s", a->name);
        screen_to(s, 16);
        if (sum == a->total)
            screen_put(s, GOOD, "balanced  ");
        else
            screen_put(s, YELLOW, "off by %s%s  ", sum > a->total ? "+" : "-",
                       screen_grouped(sum > a->total ? sum - a->total : a->total - sum, text));
        screen_put(s, PLAIN, "%s %s =", screen_grouped(a->total, text), a->left);
        for (size_t p = 0; p < ACCOUNT_PARTS && a->part[p].name; p++)
            screen_put(s, a->part[p].bad && a->part[p].value ? YELLOW : PLAIN, "%s %s %s",
                       p ? " +" : "", screen_grouped(a->part[p].value, text), a->part[p].name);
        screen_end(s);
    }
}
