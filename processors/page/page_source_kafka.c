/* page_source over crowdtide.alerts: positions are offsets, kept by the target's own file. */
#include <stdlib.h>
#include <time.h>

#include "processors/net/kafka_reader.h"
#include "processors/net/kafka_sizes.h"
#include "processors/page/page_source.h"
#include "schemas/result/result_read.h"

struct kafka_source {
    struct kafka_reader *reader;
    const struct kafka_size *size;
    struct json_parser *json;
    uint32_t partitions;                 /* that are read */
    int64_t offset[PAGE_PARTITIONS_MAX]; /* next to read */
    uint64_t unreadable;
    uint8_t value[PAGE_ALERT_BYTES_MAX + JSON_PADDING_BYTES];
    char scratch[PAGE_ALERT_BYTES_MAX];
};

/* Those that a state knows are read at once, wherever Kafka is. */
static bool start(void *arg, const struct page_position *from, bool *ret_fresh, struct error *err)
{
    struct kafka_source *s = arg;
    *ret_fresh = false;
    memcpy(s->offset, from->offset, from->partitions * sizeof s->offset[0]);
    s->partitions = from->partitions;
    return s->partitions == 0 || kafka_reader_add(s->reader, 0, s->offset, s->partitions, err);
}

/* Partitions that came since begin at their beginning. */
static bool grow(struct kafka_source *s, struct error *err)
{
    const uint32_t first = s->partitions, count = s->size->partitions;
    if (count <= first)
        return true;
    if (count > PAGE_PARTITIONS_MAX)
        return error_set(err, ERROR_CONFIG, 0, "Kafka topic %s: over %d partitions", s->size->topic,
                         PAGE_PARTITIONS_MAX);
    for (uint32_t i = first; i < count; i++)
        s->offset[i] = -1;
    s->partitions = count;
    return kafka_reader_add(s->reader, first, s->offset + first, count - first, err);
}

static bool decode(struct kafka_source *s, struct str value, struct page_item *ret)
{
    union result_any any;
    struct json_document document;
    struct text scratch = text_over(s->scratch, sizeof s->scratch);
    if (value.len == 0 || value.len > PAGE_ALERT_BYTES_MAX)
        return false;
    memcpy(s->value, value.at, value.len);
    if (json_parse_document(s->json, s->value, value.len, &document) != JSON_OK ||
        !result_read(RECORD_ALERT, &document, &scratch, &any, NULL) || any.alert.id.len == 0 ||
        any.alert.at == RESULT_ABSENT)
        return false;
    ret->alert = any.alert;
    ret->at_ms = any.alert.at; /* this machine's clock is the other's, as far as NTP can tell */
    return true;
}

static enum page_read next(void *arg, struct page_item *ret, struct error *err)
{
    struct kafka_source *s = arg;
    struct kafka_reader_message message;
    if (!grow(s, err))
        return PAGE_READ_ERROR;
    while (kafka_reader_next(s->reader, &message)) {
        if (message.partition >= s->partitions)
            continue;
        s->offset[message.partition] = message.offset + 1;
        if (decode(s, message.value, ret))
            return PAGE_READ_ALERT;
        s->unreadable++; /* one record that is none of ours must not silence the rest */
    }
    return PAGE_READ_NONE;
}

static void position(void *arg, struct page_position *ret)
{
    const struct kafka_source *s = arg;
    ret->log = (struct log_position){0};
    ret->lost = s->unreadable;
    ret->partitions = s->partitions;
    memcpy(ret->offset, s->offset, s->partitions * sizeof s->offset[0]);
}

static bool keep(void *arg, const struct page_position *to, struct error *err)
{
    (void)arg;
    (void)to;
    (void)err;
    return true; /* Kafka keeps what it keeps */
}

static bool behind(void *arg)
{
    const struct kafka_source *s = arg;
    return kafka_reader_behind(s->reader);
}

static const char *trouble(void *arg)
{
    const struct kafka_source *s = arg;
    return kafka_reader_trouble(s->reader);
}

static void wait_more(void *arg, uint32_t ms)
{
    (void)arg;
    const struct timespec pause = {.tv_nsec = (long)ms * 1000000};
    (void)nanosleep(&pause, NULL);
}

static void close_source(void *arg)
{
    struct kafka_source *s = arg;
    kafka_reader_free(s->reader);
    json_parser_free(s->json);
    free(s);
}

bool page_source_kafka(const struct kafka_link *link, const struct kafka_size *size,
                       struct page_source *ret, struct error *err)
{
    struct kafka_source *s = calloc(1, sizeof *s);
    if (!s)
        return error_set(err, ERROR_NO_MEMORY, 0, "page source");
    s->size = size;
    s->json = json_parser_new(PAGE_ALERT_BYTES_MAX);
    if (!(s->json || error_set(err, ERROR_NO_MEMORY, 0, "page source")) ||
        !kafka_reader_new(link, size->topic, &s->reader, err)) {
        close_source(s);
        return false;
    }
    *ret = (struct page_source){.start = start,
                                .next = next,
                                .position = position,
                                .keep = keep,
                                .behind = behind,
                                .trouble = trouble,
                                .wait = wait_more,
                                .close = close_source,
                                .arg = s};
    return true;
}
