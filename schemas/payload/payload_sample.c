/* `samples:` of a map: messages, and what they become. */
#include "schemas/payload/internal.h"

#define SAMPLE_RECEIVED_MS INT64_C(1767268800000) /* 2026-01-01T12:00:00Z */
enum { SAMPLE_UTC_OFFSET_S = 8 * 3600, SAMPLE_TEXT_BYTES_MAX = 1024 };

static const char *const keys[] = {"topic",    "payload", "content_type", "received", "utc_offset",
                                   "readings", "nothing", "refused",      "status"};
enum { KEYS = sizeof keys / sizeof keys[0] };

/* A payload may be of many lines. */
static bool payload_of(struct payload_reader *r, const struct tree_node *node, struct str *ret)
{
    return tree_expect(node, TREE_SCALAR, "payload", r->problems) &&
           payload_keep(r, node, node->text, ret);
}

static bool when_read(struct payload_reader *r, const struct tree_node *node,
                      struct payload_sample *sample)
{
    const struct tree_node *received = tree_find(node, "received"),
                           *offset = tree_find(node, "utc_offset");
    struct payload_zone zone;
    struct str text;
    sample->received_ms = SAMPLE_RECEIVED_MS;
    sample->utc_offset_s = SAMPLE_UTC_OFFSET_S;
    if (received && (!payload_text(r, received, "received", 1, 64, &text) ||
                     !time_parse_rfc3339(text, &sample->received_ms))) {
        problems_add(r->problems, received->line, received->column,
                     "received: an RFC 3339 time with offset is expected");
        return false;
    }
    if (offset && (!payload_text(r, offset, "utc_offset", 1, 16, &text) ||
                   !payload_zone_parse(text, &zone) || zone.kind != PAYLOAD_ZONE_FIXED)) {
        problems_add(r->problems, offset->line, offset->column,
                     "utc_offset: UTC or an offset such as +08:00 is expected");
        return false;
    }
    if (offset)
        sample->utc_offset_s = zone.offset_s;
    return true;
}

static bool lines_read(struct payload_reader *r, const struct tree_node *node,
                       struct payload_sample *sample)
{
    uint32_t count = payload_list_count(node);
    struct str *line = payload_alloc(r, count, sizeof *line);
    for (uint32_t i = 0; line && i < count; i++)
        if (!payload_text(r, payload_list_item(node, i), "readings", 1, SAMPLE_TEXT_BYTES_MAX,
                          &line[i]))
            return false;
    sample->reading = line;
    sample->reading_count = line ? count : 0;
    return line;
}

static bool sample_read(struct payload_reader *r, const struct tree_node *node,
                        struct payload_sample *sample)
{
    if (!payload_keys(r, node, "a sample", keys, KEYS))
        return false;
    const struct tree_node *topic = tree_find(node, "topic"), *payload = tree_find(node, "payload"),
                           *type = tree_find(node, "content_type"),
                           *readings = tree_find(node, "readings"),
                           *nothing = tree_find(node, "nothing"),
                           *refused = tree_find(node, "refused"),
                           *status = tree_find(node, "status");
    if (!topic || !payload || !!readings + !!nothing + !!refused + !!status != 1) {
        problems_add(r->problems, node->line, node->column,
                     "a sample has a topic, a payload, and what becomes of it: readings, nothing, "
                     "refused or status");
        return false;
    }
    sample->line = node->line;
    return payload_text(r, topic, "topic", 1, SAMPLE_TEXT_BYTES_MAX, &sample->topic) &&
           payload_of(r, payload, &sample->payload) && when_read(r, node, sample) &&
           (!type || payload_text(r, type, "content_type", 1, READING_TEXT_BYTES_MAX,
                                  &sample->content_type)) &&
           (!readings || lines_read(r, readings, sample)) &&
           (!nothing || tree_bool(nothing, "nothing", &sample->nothing, r->problems)) &&
           (!refused ||
            payload_text(r, refused, "refused", 1, SAMPLE_TEXT_BYTES_MAX, &sample->refused)) &&
           (!status ||
            payload_text(r, status, "status", 1, SAMPLE_TEXT_BYTES_MAX, &sample->status));
}

void payload_read_samples(struct payload_reader *r)
{
    const struct tree_node *list = tree_find(r->root, "samples");
    if (!list || !tree_expect(list, TREE_LIST, "samples", r->problems) ||
        !payload_list_fits(r, list, "samples", PAYLOAD_SAMPLES_MAX))
        return;
    struct payload_sample *sample = payload_alloc(r, list->count, sizeof *sample);
    for (uint32_t i = 0; sample && i < list->count; i++)
        if (sample_read(r, list->item[i], &sample[i]))
            r->map->sample_count = i + 1;
    r->map->sample = sample;
}
