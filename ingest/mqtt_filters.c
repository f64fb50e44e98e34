#include "ingest/mqtt_filters.h"

#include "ingest/path_probe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schemas/payload/topic_filter.h"

enum { FILTER_BYTES_MAX = 65535 };

const char *mqtt_filter_fault(const char *filter)
{
    size_t len = strlen(filter);
    if (len == 0 || len > FILTER_BYTES_MAX)
        return "is empty or longer than 65535 bytes";
    if (!utf8_valid((const uint8_t *)filter, len))
        return "is not UTF-8";
    if (strncmp(filter, "$share/", 7) == 0)
        return "is a shared subscription: those break the order of a sensor's messages";
    for (size_t i = 0; i < len; i++) {
        if (filter[i] != '#' && filter[i] != '+')
            continue;
        bool fills = (i == 0 || filter[i - 1] == '/') && (i + 1 == len || filter[i + 1] == '/');
        if (!fills)
            return "has a wildcard that does not fill a whole level";
        if (filter[i] == '#' && i + 1 != len)
            return "has a # that is not at the end";
    }
    return NULL;
}

static void remove_covered(struct mqtt_filters *filters, const char *by)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < filters->count; i++) {
        if (topic_filter_covers(by, filters->filter[i].text))
            free(filters->filter[i].text);
        else
            filters->filter[kept++] = filters->filter[i];
    }
    filters->count = kept;
}

/* A copy, unless one that is there covers it. */
static bool add(struct mqtt_filters *filters, struct str text, bool optional, struct error *err)
{
    char *copy = strndup(text.at, text.len);
    if (!copy)
        return error_set(err, ERROR_NO_MEMORY, 0, "topic filters");
    for (uint32_t i = 0; i < filters->count; i++) {
        if (topic_filter_covers(filters->filter[i].text, copy)) {
            free(copy);
            return true;
        }
    }
    remove_covered(filters, copy);
    struct mqtt_filter *larger =
        realloc(filters->filter, (filters->count + 1u) * sizeof *filters->filter);
    if (!larger) {
        free(copy);
        return error_set(err, ERROR_NO_MEMORY, 0, "topic filters");
    }
    filters->filter = larger;
    filters->filter[filters->count++] = (struct mqtt_filter){copy, optional};
    return true;
}

bool mqtt_filters_from(const struct config *config, struct str venue_id,
                       struct mqtt_filters *ret_filters, struct error *err)
{
    struct mqtt_filters filters = {0};
    char *text = NULL, *save = NULL;
    if (config->mqtt_filters[0])
        text = strdup(config->mqtt_filters);
    else if (asprintf(&text, "crowdtide/" STR_FMT "/#\ndrill/" STR_FMT "/#", STR_ARG(venue_id),
                      STR_ARG(venue_id)) < 0)
        text = NULL;
    bool ok = text || error_set(err, ERROR_NO_MEMORY, 0, "mqtt.filters");
    uint32_t given = 0;
    for (char *at = text ? strtok_r(text, "\n", &save) : NULL; ok && at;
         at = strtok_r(NULL, "\n", &save)) {
        const char *fault = mqtt_filter_fault(at);
        if (given++ == MQTT_FILTERS_OWN_MAX)
            fault = "is one too many: at most 64";
        ok = fault ? error_set(err, ERROR_CONFIG, 0, "mqtt.filters: \"%.200s\" %s", at, fault)
                   : add(&filters, str_of(at), false, err);
    }
    free(text);
    if (!ok) {
        mqtt_filters_free(&filters);
        return false;
    }
    *ret_filters = filters;
    return true;
}

/* Widened together with whatever it overlaps in part. */
static bool add_widened(struct mqtt_filters *filters, struct str text, struct error *err)
{
    char *now = strndup(text.at, text.len);
    for (uint32_t i = 0; now && i < filters->count; i++) {
        const char *there = filters->filter[i].text;
        if (!topic_filter_clashes(there, now) || topic_filter_covers(there, now) ||
            topic_filter_covers(now, there))
            continue;
        char *wider = topic_filter_join(there, now);
        free(now);
        now = wider;
        filters->widened++;
        i = UINT32_MAX; /* it may overlap those before it now: from the first again */
    }
    bool ok = now ? add(filters, str_of(now), false, err)
                  : error_set(err, ERROR_NO_MEMORY, 0, "topic filters");
    free(now);
    return ok;
}

bool mqtt_filters_add_maps(struct mqtt_filters *filters, const struct payload_maps *maps,
                           struct error *err)
{
    for (uint32_t i = 0; i < payload_maps_filter_count(maps); i++) {
        if (!add_widened(filters, payload_maps_filter(maps, i), err))
            return false;
    }
    return true;
}

bool mqtt_filters_add_drops(struct mqtt_filters *filters, struct error *err)
{
    return add(filters, STR_LIT(MQTT_DROPS_TOPIC), true, err);
}

bool mqtt_filters_add_probe(struct mqtt_filters *filters, struct str venue_id,
                            const char *client_id, struct error *err)
{
    char topic[PATH_PROBE_TOPIC_BYTES];
    path_probe_topic_of(venue_id, client_id, topic);
    return add(filters, str_of(topic), true, err);
}

bool mqtt_filters_wanted(const struct config *config, struct str venue_id, const char *client_id,
                         const struct payload_maps *maps, struct mqtt_filters *ret_filters,
                         struct error *err)
{
    struct mqtt_filters filters;
    if (!mqtt_filters_from(config, venue_id, &filters, err))
        return false;
    if (!mqtt_filters_add_maps(&filters, maps, err) ||
        (config->mqtt_watch_drops && !mqtt_filters_add_drops(&filters, err)) ||
        (config->mqtt_probe && !mqtt_filters_add_probe(&filters, venue_id, client_id, err))) {
        mqtt_filters_free(&filters);
        return false;
    }
    *ret_filters = filters;
    return true;
}

void mqtt_filters_free(struct mqtt_filters *filters)
{
    for (uint32_t i = 0; i < filters->count; i++)
        free(filters->filter[i].text);
    free(filters->filter);
    *filters = (struct mqtt_filters){0};
}

bool mqtt_filters_overlap(const struct mqtt_filters *filters, const char **ret_a,
                          const char **ret_b)
{
    for (uint32_t i = 0; i < filters->count; i++) {
        for (uint32_t k = i + 1; k < filters->count; k++) {
            const char *a = filters->filter[i].text, *b = filters->filter[k].text;
            if (!topic_filter_clashes(a, b))
                continue;
            *ret_a = a;
            *ret_b = b;
            return true;
        }
    }
    return false;
}
