#include "processors/publish/kafka_position.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "schemas/base/clock.h"
#include "schemas/json/json.h"

enum { POSITION_FIELDS_MAX = 32 };

size_t kafka_position_key(const struct log_uuid *readings, const char *log,
                          char out[KAFKA_POSITION_KEY_BYTES])
{
    char uuid[LOG_UUID_TEXT_BYTES];
    struct text key = text_over(out, KAFKA_POSITION_KEY_BYTES);
    log_uuid_text(readings, uuid);
    text_add(&key, uuid);
    text_add(&key, "/kafka/");
    text_add(&key, log);
    return key.len;
}

static void add_number(struct text *out, const char *name, uint64_t value)
{
    text_add(out, ",\"");
    text_add(out, name);
    text_add(out, "\":");
    text_add_u64(out, value);
}

void kafka_position_write(const struct kafka_position *from, struct text *out)
{
    char uuid[LOG_UUID_TEXT_BYTES];
    log_uuid_text(&from->readings, uuid);
    text_add(out, "{\"readings_log\":\"");
    text_add(out, uuid);
    text_add_char(out, '"');
    add_number(out, "epoch", from->at.input_epoch);
    add_number(out, "input_seq", from->at.input_seq);
    add_number(out, "index", from->at.index);
    log_uuid_text(&from->at.log, uuid);
    text_add(out, ",\"results_log\":\"");
    text_add(out, uuid);
    text_add_char(out, '"');
    add_number(out, "results_epoch", from->at.epoch);
    add_number(out, "results_seq", from->at.seq);
    add_number(out, "delivered", from->delivered);
    add_number(out, "rejected", from->rejected);
    add_number(out, "skipped", from->skipped);
    text_add(out, ",\"instance\":\"");
    text_add(out, from->instance);
    text_add(out, "\"}");
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool uuid_read(struct str s, struct log_uuid *ret)
{
    size_t n = 0;
    if (s.len != LOG_UUID_TEXT_BYTES - 1)
        return false;
    for (uint32_t i = 0; i + 1 < s.len; i++) {
        if (i == 8 || i == 13 || i == 18 || i == 23) {
            if (s.at[i] != '-')
                return false;
            continue;
        }
        int high = hex_digit(s.at[i]), low = hex_digit(s.at[i + 1]);
        if (high < 0 || low < 0 || n >= sizeof ret->bytes)
            return false;
        ret->bytes[n++] = (uint8_t)(high << 4 | low);
        i++;
    }
    return n == sizeof ret->bytes;
}

static const struct json_field *find(const struct json_field *fields, size_t count, const char *key,
                                     enum json_kind kind)
{
    for (size_t i = 0; i < count; i++) {
        if (str_is(fields[i].key, key))
            return fields[i].kind == kind ? &fields[i] : NULL;
    }
    return NULL;
}

static bool number_read(const struct json_field *fields, size_t count, const char *key,
                        uint64_t max, uint64_t *ret)
{
    const struct json_field *field = find(fields, count, key, JSON_INT);
    if (!field || field->integer < 0 || (uint64_t)field->integer > max)
        return false;
    *ret = (uint64_t)field->integer;
    return true;
}

static bool fields_read(const struct json_field *fields, size_t count, struct kafka_position *ret)
{
    const struct json_field *readings = find(fields, count, "readings_log", JSON_STRING);
    const struct json_field *results = find(fields, count, "results_log", JSON_STRING);
    const struct json_field *instance = find(fields, count, "instance", JSON_STRING);
    uint64_t epoch = 0, index = 0, results_epoch = 0;
    if (!readings || !results || !instance || instance->text.len != sizeof ret->instance - 1 ||
        !uuid_read(readings->text, &ret->readings) || !uuid_read(results->text, &ret->at.log) ||
        !number_read(fields, count, "epoch", UINT32_MAX, &epoch) ||
        !number_read(fields, count, "input_seq", INT64_MAX, &ret->at.input_seq) ||
        !number_read(fields, count, "index", UINT32_MAX, &index) ||
        !number_read(fields, count, "results_epoch", UINT32_MAX, &results_epoch) ||
        !number_read(fields, count, "results_seq", INT64_MAX, &ret->at.seq) ||
        !number_read(fields, count, "delivered", INT64_MAX, &ret->delivered) ||
        !number_read(fields, count, "rejected", INT64_MAX, &ret->rejected) ||
        !number_read(fields, count, "skipped", INT64_MAX, &ret->skipped))
        return false;
    ret->at.input_epoch = (uint32_t)epoch;
    ret->at.index = (uint32_t)index;
    ret->at.epoch = (uint32_t)results_epoch;
    memcpy(ret->instance, instance->text.at, sizeof ret->instance - 1);
    ret->instance[sizeof ret->instance - 1] = '\0';
    return true;
}

bool kafka_position_read(struct str value, struct kafka_position *ret, struct error *err)
{
    uint8_t bytes[KAFKA_POSITION_BYTES + JSON_PADDING_BYTES] = {0};
    struct json_field fields[POSITION_FIELDS_MAX];
    struct kafka_position position = {0};
    size_t count = 0;
    bool ok = false;
    if (value.len <= KAFKA_POSITION_BYTES) {
        struct json_parser *parser = json_parser_new(KAFKA_POSITION_BYTES);
        if (!parser)
            return error_set(err, ERROR_NO_MEMORY, 0, "position in Kafka");
        memcpy(bytes, value.at, value.len);
        ok = json_parse_flat(parser, bytes, value.len, fields, POSITION_FIELDS_MAX, &count) ==
                 JSON_OK &&
             fields_read(fields, count, &position);
        json_parser_free(parser);
    }
    if (!ok)
        return error_set(err, ERROR_MALFORMED, 0, "the position in Kafka: %.*s",
                         (int)(value.len < 200 ? value.len : 200), value.at);
    *ret = position;
    return true;
}

void kafka_instance_name(char out[KAFKA_INSTANCE_BYTES])
{
    uint64_t word = 0;
    if (getrandom(&word, sizeof word, 0) != (ssize_t)sizeof word)
        word = (uint64_t)clock_boot_ns() ^ (uint64_t)clock_wall_ns();
    (void)snprintf(out, KAFKA_INSTANCE_BYTES, "%016llx", (unsigned long long)word);
}
