#include "processors/page/page_beat_kafka.h"

#include <stdlib.h>
#include <string.h>

#include "processors/net/kafka_reader.h"
#include "schemas/result/result_read.h"

enum { VALUE_BYTES = 8192, BODY_BYTES = 1024 };

struct page_beat_kafka {
    struct kafka_reader *reader;
    const struct kafka_size *size;
    uint32_t partitions; /* that are read */
    struct json_parser *json;
    struct str venue;
    uint8_t value[VALUE_BYTES + JSON_PADDING_BYTES];
    char scratch[VALUE_BYTES];
    uint8_t body[BODY_BYTES]; /* the texts of `newest` lie in it */
    union result_any newest;
    bool any;
};

bool page_beat_kafka_new(const struct kafka_link *link, const struct kafka_size *size,
                         struct str venue, struct page_beat_kafka **ret, struct error *err)
{
    struct page_beat_kafka *beat = calloc(1, sizeof *beat);
    if (beat)
        beat->json = json_parser_new(VALUE_BYTES);
    if (!beat || !beat->json) {
        page_beat_kafka_free(beat);
        return error_set(err, ERROR_NO_MEMORY, 0, "watch over the heartbeats");
    }
    beat->venue = venue;
    beat->size = size;
    if (!kafka_reader_new(link, size->topic, &beat->reader, err)) {
        page_beat_kafka_free(beat);
        return false;
    }
    *ret = beat;
    return true;
}

void page_beat_kafka_free(struct page_beat_kafka *beat)
{
    if (!beat)
        return;
    kafka_reader_free(beat->reader);
    json_parser_free(beat->json);
    free(beat);
}

/* What is none of our heartbeats is passed over. */
static void take(struct page_beat_kafka *beat, struct str value)
{
    union result_any any;
    struct json_document document;
    struct result_origin origin = {0};
    uint8_t body[BODY_BYTES];
    struct text scratch = text_over(beat->scratch, sizeof beat->scratch);
    if (value.len == 0 || value.len > VALUE_BYTES)
        return;
    memcpy(beat->value, value.at, value.len);
    if (json_parse_document(beat->json, beat->value, value.len, &document) != JSON_OK ||
        !result_read(RECORD_HEARTBEAT, &document, &scratch, &any, NULL) ||
        !str_equal(any.heartbeat.instance, beat->venue))
        return;
    uint32_t len = result_encode(RECORD_HEARTBEAT, &origin, &any.heartbeat, body, sizeof body);
    if (len == 0 || len > sizeof body)
        return;
    memcpy(beat->body, body, len);
    beat->any = result_decode(RECORD_HEARTBEAT, beat->body, len, &origin, &beat->newest, NULL);
}

bool page_beat_kafka_follow(struct page_beat_kafka *beat, struct error *err)
{
    struct kafka_reader_message message;
    const uint32_t count = beat->size->partitions;
    if (count > beat->partitions) {
        if (!kafka_reader_add(beat->reader, beat->partitions, NULL, count - beat->partitions, err))
            return false;
        beat->partitions = count;
    }
    while (kafka_reader_next(beat->reader, &message))
        take(beat, message.value);
    const char *trouble = kafka_reader_trouble(beat->reader);
    return !trouble[0] || error_set(err, ERROR_NETWORK, 0, "%s", trouble);
}

const struct result_heartbeat *page_beat_kafka_newest(const struct page_beat_kafka *beat)
{
    return beat->any ? &beat->newest.heartbeat : NULL;
}
