#include "processors/core/reading.h"

#include "schemas/json/json_fault.h"
#include "schemas/payload/member.h"

static const struct str words_status[] = {{"online", 6}, {"offline", 7}, {0}};

static bool status_read(struct str payload, struct result_reading *into, struct refusal *refusal)
{
    for (const struct str *word = words_status; word->len; word++) {
        if (str_equal(*word, payload)) {
            into->state = *word;
            return true;
        }
    }
    if (!utf8_valid((const uint8_t *)payload.at, payload.len))
        return refusal_set(refusal, REFUSAL_UTF8, "status: not UTF-8");
    return refusal_set(refusal, REFUSAL_MALFORMED, "status: neither online nor offline");
}

static bool refuse_json(enum json_status status, size_t members, struct str payload,
                        struct refusal *refusal)
{
    static const enum refusal_reason reasons[] = {
        [JSON_MALFORMED] = REFUSAL_MALFORMED,          [JSON_UTF8] = REFUSAL_UTF8,
        [JSON_DUPLICATE_KEY] = REFUSAL_DUPLICATE_KEY,  [JSON_NOT_OBJECT] = REFUSAL_WRONG_TYPE,
        [JSON_TOO_MANY_FIELDS] = REFUSAL_OUT_OF_RANGE, [JSON_TOO_LARGE] = REFUSAL_OVERSIZED,
        [JSON_NO_MEMORY] = REFUSAL_OVERSIZED,
    };
    struct text t = refusal_begin(refusal, reasons[status]);
    text_add(&t, "payload: ");
    text_add(&t, json_status_text(status));
    if (members) {
        text_add(&t, ", after member ");
        text_add_u64(&t, members);
    }
    json_fault_add(&t, status, (const uint8_t *)payload.at, payload.len);
    return refusal_end(&t);
}

bool reading_parse(struct json_parser *parser, enum topic_class class,
                   const struct venue_sensor *sensor, struct str payload,
                   struct result_reading *into, struct refusal *refusal)
{
    if (class == TOPIC_STATUS)
        return status_read(payload, into, refusal);
    struct json_field fields[READING_MEMBERS_MAX];
    size_t count;
    enum json_status status = json_parse_flat(parser, (const uint8_t *)payload.at, payload.len,
                                              fields, READING_MEMBERS_MAX, &count);
    if (status != JSON_OK)
        return refuse_json(status, count, payload, refusal);
    const struct members members = members_of(sensor->class, sensor->kind);
    for (size_t f = 0; f < count; f++) {
        const struct member *member = member_find(members, fields[f].key);
        if (member && !member_read(member, &fields[f], into, refusal))
            return false;
    }
    return members_complete(sensor->class, sensor->kind, into, refusal);
}
