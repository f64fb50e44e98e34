/* What must be in Kafka and in the store after a run: every result of the logs, once and in order,
   or as one point. */
#include <stdlib.h>
#include <string.h>

#include "processors/process/outputs.h"
#include "processors/publish/kafka_message.h"
#include "tests/sim/sim_check.h"
#include "tests/sim/sim_disk.h"
#include "tests/sim/sim_kafka.h"
#include "tests/sim/sim_store.h"

enum { LINE_BYTES = 64 * 1024 };

/* ---- Kafka: what readers with read_committed see is each result once, in order ---- */

struct seen {
    size_t at; /* in the records */
    int id;
};

/* Whether the record's result comes from an input that the readings have. */
static bool has_input(const struct sim_record *r)
{
    const char *slash = strchr(r->ce_id, '/');
    uint64_t seq = slash ? strtoull(slash + 1, NULL, 10) : 0;
    const struct sim_tap *tap = &sim->tap[SIM_READINGS];
    size_t low = 0, high = tap->count;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (tap->views[mid].seq < seq)
            low = mid + 1;
        else
            high = mid;
    }
    return low < tap->count && tap->views[low].seq == seq;
}

/* What was published between the copy and its restoring is passed over. */
static const struct sim_record *next_record(struct seen *seen)
{
    const struct sim_kafka *k = sim->kafka;
    while (seen->at < k->count) {
        const struct sim_record *r = &k->records[seen->at++];
        if (r->id == seen->id && r->fate == SIM_COMMITTED &&
            strcmp(k->topics[r->topic], "crowdtide.positions") != 0 &&
            (!sim->restored || has_input(r)))
            return r;
    }
    return NULL;
}

/* Whether a result that was refused has left its trace. */
static bool was_rejected(const char *sink, const struct log_view *view)
{
    char path[SIM_PATH_BYTES], want[96];
    struct result_origin origin = result_origin_decode(view->body);
    (void)snprintf(path, sizeof path, SIM_STATE "/rejected/%s.jsonl", sink);
    (void)snprintf(want, sizeof want, "\"input_seq\":%llu,\"input_index\":%u,",
                   (unsigned long long)origin.input_seq, origin.index);
    int file = sim_disk_find(path);
    if (file < 0)
        return false;
    const struct sim_file *f = &sim->disk->files[file];
    return memmem(f->now, f->len, want, strlen(want)) != NULL;
}

/* Whether the sink has written down that a disk cap took the result. */
static bool was_lost(const char *sink, uint64_t seq)
{
    static const char first[] = "\"first_result_seq\":", last[] = "\"last_result_seq\":";
    char path[SIM_PATH_BYTES];
    (void)snprintf(path, sizeof path, SIM_STATE "/rejected/%s.lost.jsonl", sink);
    int file = sim_disk_find(path);
    const struct sim_file *f = file < 0 ? NULL : &sim->disk->files[file];
    const char *at = f ? (const char *)f->now : NULL, *end = f ? at + f->len : NULL;
    while (at && (at = memmem(at, (size_t)(end - at), first, sizeof first - 1))) {
        uint64_t from = strtoull(at + sizeof first - 1, NULL, 10);
        at = memmem(at, (size_t)(end - at), last, sizeof last - 1);
        if (at && from <= seq && seq <= strtoull(at + sizeof last - 1, NULL, 10))
            return true;
    }
    return false;
}

/* Deleted on a full disk before it was sent: that has a name. */
static void check_lost(const char *sink, const struct log_view *view)
{
    if (sim->report.faults[SIM_FAULT_CUT] || sim->report.faults[SIM_FAULT_EIO] || sim->restored ||
        sim->unwritten || was_lost(sink, view->seq))
        return;
    sim_fail("%s: result %llu was deleted before it was sent, and nobody says so", sink,
             (unsigned long long)view->seq);
}

static void check_rejected(const char *sink, const struct log_view *view)
{
    /* The trace is not synced: the power may take it, and a crash in the middle of its line. */
    if (sim->report.faults[SIM_FAULT_CUT] || sim->report.faults[SIM_FAULT_EIO] || sim->restored ||
        was_rejected(sink, view))
        return;
    sim_fail("%s: result %llu was refused, and no trace of it is left", sink,
             (unsigned long long)view->seq);
}

/* forced: the result may be missing, deleted on a full disk. */
static void check_record(struct seen *seen, struct kafka_producer *producer,
                         const struct kafka_message *m, const struct feed_item *item, bool forced,
                         const char *sink)
{
    struct error err = {0};
    const size_t began = seen->at;
    const struct sim_record *r = next_record(seen);
    unsigned long long seq = item->origin.input_seq;
    unsigned index = item->origin.index;
    bool same = r &&
                kafka_producer_topic(producer, sim->kafka->topics[r->topic], &err) == m->topic &&
                r->key_len == m->key.len && memcmp(r->key, m->key.at, m->key.len) == 0 &&
                r->value_len == m->value.len && memcmp(r->value, m->value.at, m->value.len) == 0;
    /* Of a record that a failing disk takes while it is read only a trace is left. */
    bool taken = sim->report.faults[SIM_FAULT_EIO] && was_rejected(sink, &item->view);
    if (!same && forced)
        check_lost(sink, &item->view);
    if (!same && (forced || taken))
        seen->at = began;
    else if (!r)
        sim_fail("Kafka: result %llu/%u is missing", seq, index);
    else if (!same)
        sim_fail("Kafka: %s is there where result %llu/%u is wanted", r->ce_id, seq, index);
    else if (r->durable_seq < seq)
        sim_fail("Kafka: %s was committed when only %llu was durable", r->ce_id,
                 (unsigned long long)r->durable_seq);
}

void sim_check_kafka(enum sim_log log)
{
    char suffix[32];
    struct seen seen = {.id = -1};
    struct kafka_producer *producer = NULL;
    struct kafka_messages messages = {0};
    struct error err = {0};
    (void)snprintf(suffix, sizeof suffix, "-kafka-%s", sim_log_names[log]);
    for (int i = 0; i < sim->kafka->id_count; i++)
        if (strstr(sim->kafka->ids[i].name, suffix))
            seen.id = i;
    bool ok = kafka_producer_new(&(struct kafka_producer_options){.transactional_id = "check"},
                                 &producer, &err) &&
              kafka_messages_init(&messages, &sim->tap[SIM_READINGS].uuid, &err) &&
              kafka_messages_topics(&messages, producer, &err);
    for (size_t i = 0; ok && i < sim->tap[log].count && sim->report.ok; i++) {
        struct kafka_message message[KAFKA_MESSAGES_A_RESULT];
        const struct log_view *view = &sim->tap[log].views[i];
        const struct feed_item item = {*view, result_origin_decode(view->body)};
        int n = kafka_messages_of(&messages, &item, message, &err);
        char ce_id[SIM_CE_ID_BYTES];
        (void)snprintf(ce_id, sizeof ce_id, "%s/%llu/%u", messages.uuid,
                       (unsigned long long)item.origin.input_seq, item.origin.index);
        const bool forced = view->seq < sim->tap[log].forced_seq;
        if (n > 0 && sim_kafka_refuses(ce_id)) {
            if (!forced)
                check_rejected(log == SIM_ALERTS ? "kafka-alerts" : "kafka-bulk", view);
            n = 0;
        }
        for (int m = 0; m < n && sim->report.ok; m++)
            check_record(&seen, producer, &message[m], &item, forced,
                         log == SIM_ALERTS ? "kafka-alerts" : "kafka-bulk");
    }
    const struct sim_record *more = sim->report.ok ? next_record(&seen) : NULL;
    if (more)
        sim_fail("Kafka: %s is there once too often", more->ce_id);
    for (int i = 0; i < sim->kafka->id_count; i++)
        if (sim->kafka->ids[i].open)
            sim_fail("Kafka: a transaction is open in the end");
    kafka_messages_free(&messages);
    kafka_producer_free(producer);
}

/* ---- the store: every result's point, and no other ---- */

/* Of these a later one may take the place of an earlier: late data repair history, and the first
   tick after a restart may fall into the millisecond of the last one before it, when the wall clock
   was set back meanwhile. */
static bool revised(unsigned type)
{
    return type == RECORD_HISTORY || type == RECORD_HEARTBEAT;
}

/* Whether the store had the point before its result's input was durable. What a copy does not know
   may have come to the same point before. */
static bool too_early(const struct sim_point *point, unsigned type, uint64_t input_seq)
{
    return point->durable_seq < input_seq && !revised(type) && !sim->restored;
}

static void check_line(const struct log_view *view, char *line, bool forced)
{
    struct result_origin origin;
    union result_any any;
    struct error err = {0};
    struct text text = text_over(line, LINE_BYTES);
    const struct result_type *type = result_type_of(view->type);
    if (!type || !type->measurement[0] ||
        !result_decode(view->type, view->body, view->body_len, &origin, &any, &err))
        return;
    result_line(view->type, &any, origin.input_seq, &text);
    if (text.len == 0)
        return;
    if (sim_store_refuses(line, text.len - 1)) {
        if (!forced)
            check_rejected(output_of(view->type) == OUTPUT_ALERTS ? "series-alerts" : "series-bulk",
                           view);
        return;
    }
    struct sim_point *point = sim_store_find(line, text.len - 1);
    if (!point && forced) {
        check_lost(output_of(view->type) == OUTPUT_ALERTS ? "series-alerts" : "series-bulk", view);
        return;
    }
    if (!point)
        sim_fail("store: no point of result %llu/%u", (unsigned long long)origin.input_seq,
                 origin.index);
    else if (point->expected && !revised(view->type))
        sim_fail("store: two results at one point: %.*s", (int)text.len - 1, line);
    else if (too_early(point, view->type, origin.input_seq))
        sim_fail("store: result %llu/%u was taken when only %llu was durable",
                 (unsigned long long)origin.input_seq, origin.index,
                 (unsigned long long)point->durable_seq);
    else
        point->stale = !sim_store_same(point, line, text.len - 1);
    if (point)
        point->expected = true;
}

void sim_check_store(void)
{
    char *line = sim_keep(LINE_BYTES);
    for (int log = SIM_ALERTS; log < SIM_LOGS; log++) {
        for (size_t i = 0; i < sim->tap[log].count && sim->report.ok; i++)
            check_line(&sim->tap[log].views[i], line,
                       sim->tap[log].views[i].seq < sim->tap[log].forced_seq);
    }
    for (size_t i = 0; i < sim->store->count && sim->report.ok; i++)
        if (!sim->store->points[i].expected && !sim->restored)
            sim_fail("store: %s comes from no result", sim->store->points[i].identity);
        else if (sim->store->points[i].stale && !sim->restored)
            sim_fail("store: %s has other fields than its result: %s",
                     sim->store->points[i].identity, sim->store->points[i].fields);
    sim_keep_free(line);
}
