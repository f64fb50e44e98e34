/* The results against Kafka, each by its ce_id. */
#include <inttypes.h>
#include <stdio.h>

#include "processors/audit/audit_private.h"
#include "processors/net/kafka_last.h"
#include "processors/net/kafka_scan.h"
#include "processors/publish/kafka_position.h"

enum { POSITION_MS = 30000, SCAN_MS = 30000, PARTITIONS_MAX = 1024, TOPIC_BYTES = 64 };

struct sink {
    struct audit *a;
    struct kafka_link link;
    char uuid[LOG_UUID_TEXT_BYTES];
    struct log_position at[OUTPUT_COUNT]; /* as Kafka has it; input_seq 0: none */
    char topic[TOPIC_BYTES];
    uint64_t *judge_from; /* of the topic in hand: inputs before may have been deleted there */
    bool begun[PARTITIONS_MAX];        /* the oldest record of the partition was seen */
    uint64_t from[RECORD_FIGURES + 1]; /* by record type */
};

static bool positions(struct sink *s, struct error *err)
{
    for (int o = 0; o < OUTPUT_COUNT; o++) {
        char key[KAFKA_POSITION_KEY_BYTES], value[KAFKA_POSITION_BYTES];
        const char *log = output_name((enum output)o);
        size_t key_len = kafka_position_key(&s->a->report->log[0].uuid, log, key), len = 0;
        const struct kafka_last_query query = {
            .topic = KAFKA_POSITIONS_TOPIC,
            .key = {key, (uint32_t)key_len},
            .timeout_ms = POSITION_MS,
        };
        struct kafka_position position = {0};
        bool found = false;
        if (!kafka_last(&s->link, &query, value, sizeof value, &found, &len, err) ||
            (found && !kafka_position_read((struct str){value, (uint32_t)len}, &position, err)))
            return false;
        s->at[o] = position.at;
        s->a->report->kafka[o].position_seq = position.at.input_seq;
    }
    return true;
}

static void reject(void *arg, const struct audit_rejection *rejection)
{
    struct sink *s = arg;
    uint64_t ordinal;
    if (audit_places_find(&s->a->places, rejection->input_seq, rejection->index, &ordinal) &&
        audit_places_get(&s->a->places, ordinal) == AUDIT_EXPECTED)
        audit_places_set(&s->a->places, ordinal, AUDIT_REJECTED);
}

/* "…/123/4" behind the readings log's UUID. */
static bool id_read(const struct sink *s, struct str id, bool *ret_ours, uint64_t *ret_seq,
                    uint64_t *ret_index)
{
    char text[128];
    char uuid[LOG_UUID_TEXT_BYTES] = "";
    int end = 0;
    if (id.len == 0 || id.len >= sizeof text)
        return false;
    memcpy(text, id.at, id.len);
    text[id.len] = '\0';
    /* NOLINTNEXTLINE(cert-err34-c): what is too large is no place */
    if (sscanf(text, "%36[0-9a-f-]/%" SCNu64 "/%" SCNu64 "%n", uuid, ret_seq, ret_index, &end) !=
            3 ||
        text[end] != '\0')
        return false;
    *ret_ours = strcmp(uuid, s->uuid) == 0;
    return true;
}

static void note(struct sink *s, const char *what, uint64_t seq, uint64_t index)
{
    audit_note(s->a, &(struct audit_fault){.where = "kafka",
                                           .what = what,
                                           .seq = seq,
                                           .index = (uint32_t)index,
                                           .text = s->topic});
}

static bool visit(void *arg, const struct kafka_scanned *record, struct error *err)
{
    struct sink *s = arg;
    struct audit_report *report = s->a->report;
    uint64_t seq = 0, index = 0, ordinal;
    bool ours = false;
    (void)err;
    if (!id_read(s, record->header, &ours, &seq, &index)) {
        note(s, "unknown", 0, 0);
        return true;
    }
    if (!ours) {
        report->kafka_others++;
        return true;
    }
    if (record->partition < PARTITIONS_MAX && !s->begun[record->partition]) {
        s->begun[record->partition] = true;
        if (record->trimmed && seq > *s->judge_from)
            *s->judge_from = seq;
    }
    bool outside = seq > report->upper_seq || index >= OUTPUTS_OWN_INDEX ||
                   seq < s->a->begin_seq[OUTPUT_ALERTS] || seq < s->a->begin_seq[OUTPUT_BULK];
    enum audit_state state = audit_places_find(&s->a->places, seq, (uint32_t)index, &ordinal)
                                 ? audit_places_get(&s->a->places, ordinal)
                                 : AUDIT_NONE;
    if (state == AUDIT_EXPECTED || state == AUDIT_REJECTED)
        audit_places_set(&s->a->places, ordinal, AUDIT_SEEN);
    else if (state == AUDIT_SEEN)
        note(s, "doubled", seq, index);
    else if (outside || s->a->broken[0] || s->a->broken[1])
        report->kafka_unjudged++;
    else
        note(s, "unknown", seq, index);
    return true;
}

static void emptied(void *arg, int32_t partition)
{
    struct sink *s = arg;
    (void)partition;
    *s->judge_from = UINT64_MAX;
}

static bool scan(struct sink *s, struct error *err)
{
    struct kafka_scan *scan = NULL;
    bool ok = kafka_scan_open(&s->link, &scan, err);
    for (unsigned type = 0; ok && type <= RECORD_FIGURES && !audit_stopping(s->a); type++) {
        const struct result_type *t = result_type_of(type);
        if (!t || !t->topic_suffix[0])
            continue;
        (void)snprintf(s->topic, sizeof s->topic, "crowdtide.%s", t->topic_suffix);
        memset(s->begun, 0, sizeof s->begun);
        s->judge_from = &s->from[type];
        const struct kafka_scan_query query = {
            .topic = s->topic,
            .header = "ce_id",
            .timeout_ms = SCAN_MS,
            .visit = visit,
            .emptied = emptied,
            .arg = s,
            .stop = s->a->options->stop,
        };
        ok = kafka_scan_topic(scan, &query, err);
    }
    kafka_scan_close(scan);
    return ok;
}

static void judge(struct sink *s, const struct audit_item *item)
{
    const struct result_type *t = result_type_of(item->view.type);
    struct audit_sink *books = &s->a->report->kafka[item->output];
    const struct log_position *at = &s->at[item->output];
    const struct result_origin reached = {at->input_seq, at->input_epoch, at->index};
    uint64_t ordinal;
    if (!t || !t->topic_suffix[0] ||
        !audit_places_find(&s->a->places, item->origin.input_seq, item->origin.index, &ordinal))
        return;
    enum audit_state state = audit_places_get(&s->a->places, ordinal);
    books->found += state == AUDIT_SEEN;
    books->rejected += state == AUDIT_REJECTED;
    books->judged += state == AUDIT_SEEN || state == AUDIT_REJECTED;
    if (state != AUDIT_EXPECTED)
        return;
    if (at->input_seq == 0 || audit_origin_before(&reached, &item->origin)) {
        books->pending++;
    } else if (item->origin.input_seq < s->from[item->view.type]) {
        books->expired++;
    } else {
        books->judged++;
        books->missing++;
        (void)snprintf(s->topic, sizeof s->topic, "crowdtide.%s", t->topic_suffix);
        note(s, "missing", item->origin.input_seq, item->origin.index);
    }
}

bool audit_kafka(struct audit *a, struct error *err)
{
    const struct config *config = a->options->config;
    struct sink s = {.a = a,
                     .link = {.brokers = config->kafka_brokers,
                              .options = config->kafka_options,
                              .sasl_password = config->kafka_sasl_password}};
    struct audit_walk walk;
    const struct audit_item *item;
    log_uuid_text(&a->report->log[0].uuid, s.uuid);
    /* The positions first: what they cover is there when the topics' ends are asked for. */
    if (!positions(&s, err) || !audit_losses(a, "kafka", OUTPUT_ALERTS, err) ||
        !audit_losses(a, "kafka", OUTPUT_BULK, err) ||
        !audit_rejections(config->state_dir, "kafka-alerts", reject, &s, err) ||
        !audit_rejections(config->state_dir, "kafka-bulk", reject, &s, err) || !scan(&s, err) ||
        !audit_walk_open(a, &walk, err))
        return false;
    while (!audit_stopping(a) && (item = audit_walk_next(&walk, err)))
        judge(&s, item);
    audit_walk_close(&walk);
    return err->code == ERROR_NONE;
}
