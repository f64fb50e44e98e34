#include "processors/core/ahead.h"

#include <string.h>

#include "processors/core/border.h"
#include "processors/core/gate.h"
#include "processors/core/judge.h"
#include "processors/core/sensor.h"
#include "schemas/base/fetch.h"

/* Records lie one behind the other: so far behind this one lies what will be announced soon. */
enum { LOG_AHEAD_BYTES = 2048 };

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

/* Place of the record that was announced so many records before the last one. */
static uint32_t place(const struct ahead *a, uint32_t before)
{
    return (a->next + AHEAD_RECORDS - 1 - before) % AHEAD_RECORDS;
}

/* False: nobody knows, or a model has come into force that has fewer. */
static bool sensor_at(const struct core *core, uint32_t stage, uint32_t *ret_sensor)
{
    *ret_sensor = core->ahead.sensor[place(&core->ahead, stage)];
    return core->model.venue && *ret_sensor < core->model.venue->sensor_count;
}

void ahead_record(struct core *core, const struct log_view *record)
{
    struct ahead *a = &core->ahead;
    const struct model *model = &core->model;
    uint32_t s;
    if (!model->venue)
        return;
    fetch(record->body + LOG_AHEAD_BYTES, record->body_len);
    a->next++;
    a->hash[place(a, 0)] = sender_hash(record);
    a->sensor[place(a, 0)] = AHEAD_NO_SENSOR;
    venue_sensor_fetch(model->venue, a->hash[place(a, 0)]);
    uint32_t found = place(a, AHEAD_SENSOR);
    a->sensor[found] = venue_sensor_guess(model->venue, a->hash[found]);
    if (!sensor_at(core, AHEAD_SENSOR, &s))
        return;
    fetch(&model->venue->sensors[s], offsetof(struct venue_sensor, service));
    fetch(&model->sensors[s], offsetof(struct sensor, surge.value));
    fetch(&model->health[s], offsetof(struct health, shown));
    fetch(&model->silent_at_ns[s], sizeof *model->silent_at_ns);
    fetch(&model->crossing_first[s], sizeof *model->crossing_first);
}

static void door_fetch(const struct model *model, uint32_t s)
{
    uint32_t count;
    const struct crossing *crossing = border_of(model, s, &count);
    fetch(crossing, count * sizeof *crossing);
    fetch(&model->missed[s], offsetof(struct missed, until_ms));
}

static bool is_gate(const struct venue_sensor *sensor)
{
    return sensor->class == SENSOR_GATE || sensor->class == SENSOR_VEHICLE_GATE;
}

void ahead_parsed(const struct core *core)
{
    const struct model *model = &core->model;
    uint32_t s;
    if (!sensor_at(core, AHEAD_PLACE, &s))
        return;
    const struct sensor *sensor = &model->sensors[s];
    const struct zone *zone = &model->zones[model->venue->sensors[s].zone];
    int64_t minute = core_now_ms(core) / HISTORY_MINUTE_MS;
    dedup_fetch(&model->dedup, s, &sensor->memory);
    if (sensor_shows_level(&model->venue->sensors[s]))
        fetch(&model->levels[sensor->device], sizeof *model->levels);
    else
        door_fetch(model, s);
    if (is_gate(&model->venue->sensors[s]))
        gate_fetch(&model->gates[sensor->device]);
    fetch(zone, offsetof(struct zone, in));
    fetch(&zone->window, sizeof zone->window);
    fetch(&zone->history.at_ms, sizeof zone->history.at_ms);
    fetch(&zone->history.minute[(uint64_t)minute % HISTORY_MINUTES], sizeof *zone->history.minute);
}

void ahead_said(const struct core *core)
{
    const struct model *model = &core->model;
    uint32_t s;
    if (!sensor_at(core, AHEAD_RULES, &s))
        return;
    judge_fetch(core, model->venue->sensors[s].zone);
    if (is_gate(&model->venue->sensors[s]))
        gate_parts_fetch(&model->gates[model->sensors[s].device]);
}
