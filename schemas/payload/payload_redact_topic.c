/* What `privacy:` takes out of a topic: the levels, or parts of them, that its filter captures. */
#include "schemas/payload/internal.h"
#include "schemas/payload/payload_redact.h"

static const struct payload_privacy *rule_of(const struct payload_map *map, uint32_t capture)
{
    const struct payload_privacy *found = NULL, *rule;
    for (uint32_t i = 0; (rule = payload_map_privacy(map, i)); i++)
        if (rule->capture == (int32_t)capture && (!found || rule->act == PAYLOAD_DROP))
            found = rule;
    return found;
}

/* What stands in its place. Without slashes, so that the topic keeps its levels. */
static bool value_add(struct text *out, const struct payload_privacy *rule,
                      const struct payload_key *key, struct str value)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t hash[RECORD_KEYED_HASH_BYTES];
    if (rule->act == PAYLOAD_DROP || !key || !payload_keyed_hash(key, value, hash)) {
        text_add_char(out, '-');
        return rule->act == PAYLOAD_DROP;
    }
    for (size_t i = 0; i < sizeof hash; i++) {
        text_add_char(out, digits[hash[i] >> 4]);
        text_add_char(out, digits[hash[i] & 15]);
    }
    return true;
}

/* The captures that rules name, in the order in which they stand in the topic; how many. */
static uint32_t personal_find(const struct payload_map *map, const struct payload_filter *filter,
                              const struct str *capture, uint32_t place[PAYLOAD_CAPTURES_MAX])
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < map->captures.count; i++) {
        if (!(filter->captures >> i & 1) || !rule_of(map, i))
            continue;
        uint32_t at = count++;
        for (; at && capture[place[at - 1]].at > capture[i].at; at--)
            place[at] = place[at - 1];
        place[at] = i;
    }
    return count;
}

enum payload_redact payload_redact_topic(const struct payload_maps *maps,
                                         const struct payload_map *map,
                                         const struct payload_key *key, struct str topic,
                                         struct text *out)
{
    struct str capture[PAYLOAD_CAPTURES_MAX];
    uint32_t place[PAYLOAD_CAPTURES_MAX], at = 0;
    enum payload_redact done = REDACT_DONE;
    const struct payload_filter *filter = payload_maps_match(maps, map, topic, capture);
    uint32_t count = filter ? personal_find(map, filter, capture, place) : 0;
    for (uint32_t i = 0; i < count; i++) {
        struct str value = capture[place[i]];
        uint32_t from = (uint32_t)(value.at - topic.at);
        text_add_bytes(out, topic.at + at, from - at);
        if (!value_add(out, rule_of(map, place[i]), key, value))
            done = key ? REDACT_FAILED : REDACT_KEY;
        at = from + value.len;
    }
    text_add_bytes(out, topic.at + at, topic.len - at);
    return out->overflow ? REDACT_OVERSIZED : done;
}
