#include "ingest/simulate/devices.h"

#include <math.h>
#include <stdlib.h>

#include "ingest/random.h"

#define LEVEL_ERROR_SHARE 0.02
#define LIGHT_FAULT_SHARE 0.004 /* of lights, all day */

struct device {
    uint64_t seq;
    int64_t due_ms;              /* when to look again */
    int64_t last_ms;             /* last message; 0: none yet */
    int64_t dropout_ms;          /* sends nothing before this; 0: works */
    int64_t in_total, out_total; /* running counters */
    int64_t last_value;
    double bias;    /* this sensor's own error, -1 … 1 */
    bool announced; /* a status message said "offline" */
    bool faulty;
};

struct devices {
    struct devices_options options;
    struct device *device; /* [sensor] */
    uint64_t random;
    uint32_t next; /* sensor to begin with, so that all get their turn when the budget is short */
    uint32_t left; /* of the budget */
    bool rush;     /* see devices_rush */
};

static bool emit(struct devices *devices, const struct venue_sensor *sensor, const char *word,
                 const struct text *payload, bool retain)
{
    char topic[DEVICES_TOPIC_BYTES];
    struct text name = text_over(topic, sizeof topic - 1);
    text_add(&name, devices->options.drill ? "drill/" : "crowdtide/");
    text_add_str(&name, devices->options.venue->id);
    text_add_char(&name, '/');
    text_add(&name, word);
    text_add_char(&name, '/');
    text_add_str(&name, sensor->id);
    topic[name.len] = '\0';
    if (devices->left == 0 || payload->overflow ||
        !devices->options.send(devices->options.arg, topic,
                               (struct str){payload->at, (uint32_t)payload->len},
                               retain && !devices->options.drill))
        return false;
    devices->left--;
    return true;
}

static void begin(struct text *payload, struct device *device, int64_t wall_ms)
{
    payload->len = 0;
    text_add(payload, "{\"ts\":");
    text_add_i64(payload, wall_ms);
    text_add(payload, ",\"seq\":");
    text_add_u64(payload, device->seq + 1);
}

static void add_count(struct text *payload, const char *name, int64_t value)
{
    text_add(payload, ",\"");
    text_add(payload, name);
    text_add(payload, "\":");
    text_add_i64(payload, value);
}

/* Closes the object and sends it as the device's next message. */
static bool finish(struct devices *devices, uint32_t s, const char *word, struct text *payload,
                   int64_t wall_ms)
{
    text_add_char(payload, '}');
    if (!emit(devices, &devices->options.venue->sensors[s], word, payload, false))
        return false;
    devices->device[s].seq++;
    devices->device[s].last_ms = wall_ms;
    return true;
}

static bool report_level(struct devices *devices, uint32_t s, struct text *payload, int64_t wall_ms,
                         bool quiet_over)
{
    struct device *device = &devices->device[s];
    const struct venue_sensor *sensor = &devices->options.venue->sensors[s];
    double people = (double)movement_inside(devices->options.movement, sensor->zone);
    int64_t value = llround(people * (1 + LEVEL_ERROR_SHARE * device->bias));
    if (sensor->saturates_at > 0 && value > sensor->saturates_at)
        value = sensor->saturates_at;
    if (device->last_value >= 0 && value > device->last_value + DEVICES_PASSAGES)
        value = device->last_value + DEVICES_PASSAGES;
    if (value < device->last_value - DEVICES_PASSAGES)
        value = device->last_value - DEVICES_PASSAGES;
    if (value == device->last_value && !quiet_over)
        return true;
    begin(payload, device, wall_ms);
    add_count(payload, "occupancy", value);
    if (!finish(devices, s, "crowd", payload, wall_ms))
        return false;
    device->last_value = value;
    return true;
}

/* What the next message says of them. */
static struct movement_passages next_of(const struct movement_passages *passages)
{
    struct movement_passages next = *passages;
    if (next.in > DEVICES_PASSAGES)
        next.in = DEVICES_PASSAGES;
    if (next.out > DEVICES_PASSAGES)
        next.out = DEVICES_PASSAGES;
    return next;
}

static int64_t wrapped(const struct venue_sensor *sensor, int64_t value)
{
    return sensor->wrap > 0 ? value % sensor->wrap : value;
}

static bool report_counter(struct devices *devices, uint32_t s, struct text *payload,
                           int64_t wall_ms, bool quiet_over)
{
    struct device *device = &devices->device[s];
    const struct venue_sensor *sensor = &devices->options.venue->sensors[s];
    struct movement_passages *passages = movement_passages(devices->options.movement, s);
    struct movement_passages taken = next_of(passages);
    if (taken.in == 0 && taken.out == 0 && !quiet_over)
        return true;
    begin(payload, device, wall_ms);
    if (sensor->kind == COUNTER_DELTA) {
        add_count(payload, "in", taken.in);
        add_count(payload, "out", taken.out);
    } else {
        add_count(payload, "in", wrapped(sensor, device->in_total + taken.in));
        add_count(payload, "out", wrapped(sensor, device->out_total + taken.out));
    }
    if (!finish(devices, s, "crowd", payload, wall_ms))
        return false;
    device->in_total += taken.in;
    device->out_total += taken.out;
    passages->in -= taken.in;
    passages->out -= taken.out;
    return true;
}

static bool report_person(struct devices *devices, uint32_t s, struct text *payload,
                          int64_t wall_ms, uint32_t *count, const char *event,
                          const char *direction)
{
    const struct venue_sensor *sensor = &devices->options.venue->sensors[s];
    begin(payload, &devices->device[s], wall_ms);
    text_add(payload, ",\"lane\":\"");
    text_add_u64(payload, random_below(&devices->random, sensor->lanes ? sensor->lanes : 1) + 1u);
    text_add(payload, "\",\"event\":\"");
    text_add(payload, event);
    text_add(payload, "\",\"direction\":\"");
    text_add(payload, direction);
    text_add_char(payload, '"');
    if (event[0] == 'r')
        text_add(payload, random_below(&devices->random, 3) ? ",\"reason\":\"not_registered\""
                                                            : ",\"reason\":\"already_used\"");
    if (!finish(devices, s, "gate", payload, wall_ms))
        return false;
    (*count)--;
    return true;
}

static bool report_gate(struct devices *devices, uint32_t s, struct text *payload, int64_t wall_ms,
                        bool quiet_over)
{
    const struct venue_sensor *sensor = &devices->options.venue->sensors[s];
    struct movement_passages *passages = movement_passages(devices->options.movement, s);
    uint32_t events = passages->in + passages->out + passages->rejects;
    if (events > 0 && events <= DEVICES_GATE_PERSONS && !quiet_over) {
        while (passages->rejects) {
            if (!report_person(devices, s, payload, wall_ms, &passages->rejects, "reject", "in"))
                return false;
        }
        while (passages->in) {
            if (!report_person(devices, s, payload, wall_ms, &passages->in, "pass", "in"))
                return false;
        }
        while (passages->out) {
            if (!report_person(devices, s, payload, wall_ms, &passages->out, "pass", "out"))
                return false;
        }
        return true;
    }
    if (events == 0 && !quiet_over)
        return true;
    struct movement_passages taken = next_of(passages);
    double hour = movement_time_s(devices->options.movement) / 3600;
    uint32_t lanes = sensor->lanes ? sensor->lanes : 1;
    bool peak = (hour >= 9 && hour < 11) || hour >= 16;
    begin(payload, &devices->device[s], wall_ms);
    add_count(payload, "in", taken.in);
    add_count(payload, "out", taken.out);
    add_count(payload, "rejects", taken.rejects);
    add_count(payload, "lanes_open", peak ? lanes : (lanes + 1) / 2);
    text_add(payload, ",\"state\":\"open\"");
    if (!finish(devices, s, "gate", payload, wall_ms))
        return false;
    passages->in -= taken.in;
    passages->out -= taken.out;
    passages->rejects -= taken.rejects;
    return true;
}

static bool report_light(struct devices *devices, uint32_t s, struct text *payload, int64_t wall_ms,
                         bool quiet_over)
{
    struct device *device = &devices->device[s];
    double hour = movement_time_s(devices->options.movement) / 3600;
    double sun = sin((hour - 6) / 12 * 3.14159265358979);
    int64_t mode = sun < 0.05 ? 2 : sun < 0.3 ? 1 : 0; /* on, dim, off */
    if (mode == device->last_value && !quiet_over)
        return true;
    double lamp_w = mode == 2 ? 80 : mode == 1 ? 35 : 0.5;
    double lux = (sun > 0 ? 20000 * sun : 0) + (device->faulty ? 0 : lamp_w * 0.5);
    begin(payload, device, wall_ms);
    text_add(payload, ",\"lux\":");
    text_add_f64(payload, round(lux * (1 + 0.05 * device->bias) * 10) / 10);
    text_add(payload, ",\"power_w\":");
    text_add_f64(payload, device->faulty ? 0 : round(lamp_w * (1 + 0.03 * device->bias) * 10) / 10);
    text_add(payload, ",\"state\":\"");
    text_add(payload, mode == 2 ? "on" : mode == 1 ? "dim" : "off");
    text_add(payload, device->faulty ? "\",\"fault\":true" : "\",\"fault\":false");
    if (!finish(devices, s, "light", payload, wall_ms))
        return false;
    device->last_value = mode;
    return true;
}

/* True while the sensor sends nothing. */
static bool dropped_out(struct devices *devices, uint32_t s, struct text *payload, int64_t wall_ms)
{
    struct device *device = &devices->device[s];
    const struct venue_sensor *sensor = &devices->options.venue->sensors[s];
    if (device->dropout_ms == 0) {
        if (devices->rush)
            return false;
        double chance = devices->options.dropouts_per_hour * DEVICES_PERIOD_MS / 3600000.0;
        if (random_unit(&devices->random) >= chance)
            return false;
        device->dropout_ms =
            wall_ms + DEVICES_DROPOUT_MIN_MS +
            random_below(&devices->random, DEVICES_DROPOUT_MAX_MS - DEVICES_DROPOUT_MIN_MS);
        if (random_below(&devices->random, 2) == 0) {
            payload->len = 0;
            text_add(payload, "offline");
            device->announced = emit(devices, sensor, "status", payload, true);
        }
        return true;
    }
    if (wall_ms < device->dropout_ms && !devices->rush)
        return true;
    if (device->announced) {
        payload->len = 0;
        text_add(payload, "online");
        if (!emit(devices, sensor, "status", payload, true))
            return true; /* it is back when it has said so */
    }
    device->announced = false;
    device->dropout_ms = 0;
    return false;
}

static bool report_sensor(struct devices *devices, uint32_t s, int64_t wall_ms)
{
    char buffer[DEVICES_PAYLOAD_BYTES];
    struct text payload = text_over(buffer, sizeof buffer);
    struct device *device = &devices->device[s];
    const struct venue_sensor *sensor = &devices->options.venue->sensors[s];
    if (dropped_out(devices, s, &payload, wall_ms))
        return true;
    int64_t quiet_ms = sensor->interval_ms > 0 ? sensor->interval_ms : DEVICES_QUIET_MS;
    if (sensor->silence_ms > 0 && sensor->silence_ms / 3 < quiet_ms)
        quiet_ms = sensor->silence_ms / 3;
    bool quiet_over = wall_ms - device->last_ms >= quiet_ms && !devices->rush;
    switch (sensor->class) {
    case SENSOR_CROWD:
        return sensor->kind == COUNTER_LEVEL
                   ? report_level(devices, s, &payload, wall_ms, quiet_over)
                   : report_counter(devices, s, &payload, wall_ms, quiet_over);
    case SENSOR_GATE:
    case SENSOR_VEHICLE_GATE:
        return report_gate(devices, s, &payload, wall_ms, quiet_over);
    case SENSOR_LIGHT:
        return report_light(devices, s, &payload, wall_ms, quiet_over);
    }
    return true;
}

bool devices_open(const struct devices_options *options, struct devices **ret_devices,
                  struct error *err)
{
    struct devices *devices = calloc(1, sizeof *devices);
    uint32_t count = options->venue->sensor_count;
    if (devices)
        devices->device = calloc(count + 1u, sizeof *devices->device);
    if (!devices || !devices->device) {
        devices_close(devices);
        return error_set(err, ERROR_NO_MEMORY, 0, "%u simulated sensors", count);
    }
    devices->options = *options;
    devices->random = options->seed;
    for (uint32_t s = 0; s < count; s++) {
        struct device *device = &devices->device[s];
        device->bias = random_unit(&devices->random) * 2 - 1;
        device->last_value = -1;
        device->faulty = random_unit(&devices->random) < LIGHT_FAULT_SHARE;
    }
    *ret_devices = devices;
    return true;
}

void devices_close(struct devices *devices)
{
    if (!devices)
        return;
    free(devices->device);
    free(devices);
}

void devices_rush(struct devices *devices)
{
    devices->rush = true;
}

static bool due(const struct devices *devices, uint32_t s, int64_t wall_ms)
{
    const struct movement_passages *passages = movement_passages(devices->options.movement, s);
    const struct venue_sensor *sensor = &devices->options.venue->sensors[s];
    if (sensor->class == SENSOR_CROWD && sensor->kind == COUNTER_LEVEL &&
        llabs(movement_inside(devices->options.movement, sensor->zone) -
              devices->device[s].last_value) >= DEVICES_PASSAGES)
        return true;
    return devices->rush || devices->device[s].due_ms <= wall_ms ||
           passages->in + passages->out >= DEVICES_PASSAGES;
}

uint32_t devices_report(struct devices *devices, int64_t wall_ms, uint32_t budget)
{
    uint32_t count = devices->options.venue->sensor_count;
    devices->left = budget;
    for (uint32_t i = 0; i < count && devices->left > 0; i++) {
        uint32_t s = devices->next;
        struct device *device = &devices->device[s];
        if (due(devices, s, wall_ms)) {
            if (!report_sensor(devices, s, wall_ms))
                break; /* the same one first next time */
            /* Spread over the period, so that sensors do not report in step. */
            device->due_ms =
                wall_ms + (device->due_ms ? DEVICES_PERIOD_MS : s % DEVICES_PERIOD_MS + 1);
        }
        devices->next = (s + 1) % count;
    }
    return budget - devices->left;
}
