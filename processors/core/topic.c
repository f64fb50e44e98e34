#include "processors/core/topic.h"

#include <string.h>

static const struct str roots[] = {{"crowdtide", 9}, {"drill", 5}};
static const struct str classes[] = {{"crowd", 5}, {"gate", 4}, {"light", 5}, {"status", 6}};

const char *topic_class_text(enum topic_class class)
{
    return classes[class].at;
}

/* The level before the next slash; *rest is what follows it. False when there is no slash. */
static bool level_take(struct str *rest, struct str *ret_level)
{
    const char *slash = rest->len ? memchr(rest->at, '/', rest->len) : NULL;
    if (!slash)
        return false;
    uint32_t len = (uint32_t)(slash - rest->at);
    *ret_level = (struct str){rest->at, len};
    *rest = (struct str){slash + 1, rest->len - len - 1};
    return true;
}

static bool find(struct str s, const struct str *in, int count, int *ret)
{
    for (int i = 0; i < count; i++) {
        if (str_equal(s, in[i])) {
            *ret = i;
            return true;
        }
    }
    return false;
}

bool topic_parse(struct str text, struct str venue, struct topic *ret, struct refusal *refusal)
{
    struct str rest = text, root, id, class;
    int root_at, class_at;
    if (!level_take(&rest, &root) || !find(root, roots, 2, &root_at))
        return refusal_set(refusal, REFUSAL_UNKNOWN_TOPIC,
                           "topic level 1 is neither crowdtide nor drill");
    if (!level_take(&rest, &id) || !str_equal(id, venue))
        return refusal_set(refusal, REFUSAL_UNKNOWN_TOPIC, "topic level 2 is not this venue");
    if (!level_take(&rest, &class) || !find(class, classes, 4, &class_at))
        return refusal_set(refusal, REFUSAL_UNKNOWN_TOPIC,
                           "topic level 3 is none of crowd, gate, light and status");
    if (rest.len == 0 || memchr(rest.at, '/', rest.len))
        return refusal_set(refusal, REFUSAL_UNKNOWN_TOPIC,
                           "topic has not four levels: root/venue/class/sensor");
    *ret =
        (struct topic){.drill = root_at == 1, .class = (enum topic_class)class_at, .sensor = rest};
    return true;
}

bool topic_fits(enum sensor_class sensor, enum topic_class topic)
{
    switch (topic) {
    case TOPIC_CROWD:
        return sensor == SENSOR_CROWD;
    case TOPIC_GATE:
        return sensor == SENSOR_GATE || sensor == SENSOR_VEHICLE_GATE;
    case TOPIC_LIGHT:
        return sensor == SENSOR_LIGHT;
    case TOPIC_STATUS:
        return true;
    }
    return false;
}
