#include "processors/core/ahead.h"

#include <string.h>

#include "processors/core/border.h"
#include "processors/core/judge.h"
#include "processors/core/state.h"

enum { CACHE_LINE_BYTES = 64, STEP = AHEAD_RECORDS / 4 };

static void fetch(const void *from, size_t bytes)
{
    for (size_t at = 0; at < bytes; at += CACHE_LINE_BYTES)
        __builtin_prefetch((const char *)from + at);
}

/* The last part of the topic; whatever stands there. */
static uint32_t sender_hash(const struct log_view *record)
{
    struct record_mqtt mqtt;
    if (record->type != RECORD_MQTT ||
        !record_mqtt_decode(record->body, record->body_len, &mqtt, NULL))
        return 0;
    const char *slash = mqtt.topic.len ? memrchr(mqtt.topic.at, '/', mqtt.topic.len) : NULL;
    if (!slash)
        return 0;
    uint32_t from = (uint32_t)(slash + 1 - mqtt.topic.at);
    return (uint32_t)str_hash((struct str){slash + 1, mqtt.topic.len - from});
}

static void sensor_fetch(const struct model *model, uint32_t s)
{
    fetch(&model->venue->sensors[s], sizeof model->venue->sensors[s]);
    fetch(&model->sensors[s], sizeof model->sensors[s]);
    fetch(&model->health[s], sizeof model->health[s]);
    __builtin_prefetch(&model->silent_at_ns[s]);
    dedup_fetch(&model->dedup, s);
}

static void place_fetch(const struct model *model, uint32_t s, uint64_t minute)
{
    const struct venue_sensor *sensor = &model->venue->sensors[s];
    const struct zone *zone = &model->zones[sensor->zone];
    uint32_t doors;
    if (sensor->class == SENSOR_CROWD && sensor->kind == COUNTER_LEVEL)
        __builtin_prefetch(&model->levels[model->sensors[s].device]);
    else
        __builtin_prefetch(border_of(model, s, &doors));
    fetch(zone, offsetof(struct zone, in));
    fetch(&zone->window, sizeof zone->window);
    __builtin_prefetch(&zone->history.at_ms);
    __builtin_prefetch(&zone->history.minute[minute % HISTORY_MINUTES]);
    if (model->venue->sensors[s].outside != VENUE_NO_ZONE)
        fetch(&model->zones[sensor->outside], offsetof(struct zone, in));
}

void ahead_record(struct core *core, const struct log_view *record)
{
    struct ahead *a = &core->ahead;
    const struct model *model = &core->model;
    if (!model->venue)
        return;
    uint32_t now = a->next++ % AHEAD_RECORDS;
    a->hash[now] = sender_hash(record);
    a->sensor[now] = AHEAD_NO_SENSOR;
    venue_sensor_fetch(model->venue, a->hash[now]);
    uint32_t first = (now + AHEAD_RECORDS - STEP) % AHEAD_RECORDS;
    a->sensor[first] = venue_sensor_guess(model->venue, a->hash[first]);
    if (a->sensor[first] < model->venue->sensor_count)
        sensor_fetch(model, a->sensor[first]);
    uint32_t second = a->sensor[(now + AHEAD_RECORDS - 2 * STEP) % AHEAD_RECORDS];
    if (second < model->venue->sensor_count)
        place_fetch(model, second, (uint64_t)(core_now_ms(core) / HISTORY_MINUTE_MS));
    uint32_t third = a->sensor[(now + AHEAD_RECORDS - 3 * STEP) % AHEAD_RECORDS];
    if (third < model->venue->sensor_count)
        judge_fetch(core, model->venue->sensors[third].zone);
}
