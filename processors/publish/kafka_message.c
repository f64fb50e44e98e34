#include "processors/publish/kafka_message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "processors/publish/kafka_position.h"

enum {
    BYTES_AT_START = 64 * 1024,
    BYTES_MAX = 128 * 1024 * 1024, /* a result of LOG_BODY_BYTES_MAX with every byte escaped */
    NAME_BYTES = 64,
};

#define ALERT_STATE_TOPIC "crowdtide.alert-state"

/* Topic and event type of each record type that has one. */
static const struct {
    unsigned type;
    const char *topic;
    struct str event;
} rows[] = {
#define EVENT_OF(suffix)                                                                           \
    {                                                                                              \
        "crowdtide." suffix ".v1", sizeof("crowdtide." suffix ".v1") - 1                           \
    }
#define ROW(TYPE, name, measurement, suffix) {RECORD_##TYPE, "crowdtide." suffix, EVENT_OF(suffix)},
    RESULT_TYPES(ROW)
#undef ROW
#undef EVENT_OF
};
enum { ROW_COUNT = sizeof rows / sizeof rows[0] };

static bool row_has_topic(size_t i)
{
    return result_type_of(rows[i].type)->topic_suffix[0] != '\0';
}

static struct str event_of(unsigned type)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (rows[i].type == type)
            return rows[i].event;
    }
    return (struct str){NULL, 0};
}

void kafka_topic_plans(int partitions, struct kafka_topic_plan ret[KAFKA_TOPIC_COUNT])
{
    size_t n = 0;
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (row_has_topic(i))
            ret[n++] = (struct kafka_topic_plan){.name = rows[i].topic, .partitions = partitions};
    }
    ret[n++] = (struct kafka_topic_plan){
        .name = ALERT_STATE_TOPIC, .partitions = partitions, .compacted = true};
    ret[n] = (struct kafka_topic_plan){
        .name = KAFKA_POSITIONS_TOPIC, .partitions = 1, .compacted = true, .small_segments = true};
}

bool kafka_messages_init(struct kafka_messages *m, const struct log_uuid *readings,
                         struct error *err)
{
    *m = (struct kafka_messages){.cap = BYTES_AT_START};
    m->bytes = malloc(m->cap);
    if (!m->bytes)
        return error_set(err, ERROR_NO_MEMORY, 0, "Kafka messages");
    log_uuid_text(readings, m->uuid);
    return true;
}

void kafka_messages_free(struct kafka_messages *m)
{
    free(m->bytes);
    m->bytes = NULL;
}

bool kafka_messages_topics(struct kafka_messages *m, struct kafka_producer *producer,
                           struct error *err)
{
    for (size_t i = 0; i < KAFKA_TYPES_MAX; i++)
        m->topic[i] = -1;
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (!row_has_topic(i))
            continue;
        int handle = kafka_producer_topic(producer, rows[i].topic, err);
        if (handle < 0)
            return false;
        m->topic[rows[i].type] = handle;
    }
    m->alert_state = kafka_producer_topic(producer, ALERT_STATE_TOPIC, err);
    m->positions = kafka_producer_topic(producer, KAFKA_POSITIONS_TOPIC, err);
    return m->alert_state >= 0 && m->positions >= 0;
}

/* Marks where a text began; the str is made once the buffer no longer moves. */
static struct str since(const struct text *text, size_t began)
{
    return (struct str){text->at + began, (uint32_t)(text->len - began)};
}

static void add_header(struct kafka_message *message, const char *name, struct str value)
{
    message->header[message->header_count++] = (struct kafka_header){name, value};
}

static void add_headers(struct kafka_messages *m, const struct feed_item *item,
                        const union result_any *any, struct kafka_message *message,
                        struct text *text)
{
    size_t began = text->len;
    text_add_bytes(text, m->uuid, LOG_UUID_TEXT_BYTES - 1);
    text_add_char(text, '/');
    text_add_u64(text, item->origin.input_seq);
    text_add_char(text, '/');
    text_add_u64(text, item->origin.index);
    add_header(message, "ce_id", since(text, began));
    began = text->len;
    text_add(text, "/crowdtide/");
    text_add_str(text, result_venue(item->view.type, any));
    add_header(message, "ce_source", since(text, began));
    add_header(message, "ce_type", event_of(item->view.type));
    began = text->len;
    text_add_time_ms(text, item->view.log_ns / 1000000);
    add_header(message, "ce_time", since(text, began));
    add_header(message, "ce_specversion", STR_LIT("1.0"));
}

/* Fills the messages into the buffer as it is. False when it is too small. */
static bool fill(struct kafka_messages *m, const struct feed_item *item,
                 const union result_any *any, struct kafka_message out[KAFKA_MESSAGES_A_RESULT],
                 int *ret_count)
{
    struct text text = text_over(m->bytes, m->cap);
    out[0].topic = m->topic[item->view.type];
    out[0].header_count = 0;
    out[0].essential = false;
    result_json(item->view.type, any, &text);
    out[0].value = since(&text, 0);
    size_t began = text.len;
    result_key(item->view.type, any, &text);
    out[0].key = since(&text, began);
    add_headers(m, item, any, &out[0], &text);
    *ret_count = 1;
    if (item->view.type == RECORD_ALERT) {
        out[1] = out[0];
        out[1].topic = m->alert_state;
        began = text.len;
        if (result_is_exercise(RECORD_ALERT, any))
            text_add(&text, RESULT_EXERCISE_PREFIX);
        text_add_str(&text, any->alert.venue);
        text_add_char(&text, '/');
        text_add_str(&text, any->alert.zone);
        text_add_char(&text, '/');
        text_add_str(&text, any->alert.rule);
        out[1].key = since(&text, began);
        *ret_count = 2;
    }
    return !text.overflow;
}

int kafka_messages_of(struct kafka_messages *m, const struct feed_item *item,
                      struct kafka_message out[KAFKA_MESSAGES_A_RESULT], struct error *err)
{
    union result_any any;
    struct result_origin origin;
    int count = 0;
    if (item->view.type >= KAFKA_TYPES_MAX || m->topic[item->view.type] < 0)
        return 0;
    if (!result_decode(item->view.type, item->view.body, item->view.body_len, &origin, &any, err))
        return -1;
    while (!fill(m, item, &any, out, &count)) {
        size_t cap = m->cap * 2;
        char *larger = cap <= BYTES_MAX ? realloc(m->bytes, cap) : NULL;
        if (!larger) {
            error_set(err, ERROR_NO_MEMORY, 0, "a Kafka message over %zu bytes", m->cap);
            return -1;
        }
        m->bytes = larger;
        m->cap = cap;
    }
    return count;
}
