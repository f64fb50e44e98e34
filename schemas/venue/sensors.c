#include <math.h>
#include <stdlib.h>

#include "schemas/venue/internal.h"

static const char *const sensor_keys[] = {
    "id",        "name",      "class",     "counter",    "zone",
    "outside",   "silence_s", "wrap",      "interval_s", "saturates_at",
    "lanes",     "error",     "error_pct", "service",    "entry_verification",
    "scene_lux", "dim_lux",   "group",     "queue",      "lane_rate_per_min",
    "device",    "part"};

enum { SATURATES_MAX = 100000000, ERROR_MAX = 1000000 };
#define LANE_RATE_MIN 0.1 /* as the setting of the same name */
#define LANE_RATE_MAX 120
#define LUX_MIN 0.01
#define LUX_MAX 200000 /* the sun gives half as much */

/* The value of a key that only some sensors may have: when `allowed` is false its presence is a
 * problem. */
static const struct tree_node *find_if(struct venue_reader *r, const struct tree_node *map,
                                       const char *key, bool allowed, const char *only)
{
    const struct tree_node *node = tree_find(map, key);
    if (node && !allowed) {
        problems_add(r->problems, node->line, node->column, "%s is only for %s", key, only);
        return NULL;
    }
    return node;
}

static void read_counter(struct venue_reader *r, const struct tree_node *map,
                         struct venue_sensor *sensor)
{
    const struct tree_node *node;
    uint32_t kind;
    int64_t wrap;
    bool crowd = sensor->class == SENSOR_CROWD;
    sensor->kind = sensor->class == SENSOR_LIGHT ? COUNTER_LEVEL : COUNTER_DELTA;
    node = find_if(r, map, "counter", crowd, "sensors of class crowd; gates count events");
    if (crowd && !node && !tree_find(map, "counter"))
        problems_add(r->problems, map->line, map->column,
                     "sensor \"" STR_FMT "\": counter is missing: level, delta, daily or total",
                     STR_ARG(sensor->id));
    if (node && tree_choice(node, "counter", counter_kind_words, 4, &kind, r->problems))
        sensor->kind = (enum counter_kind)kind;
    bool level = crowd && sensor->kind == COUNTER_LEVEL;
    bool running = crowd && (sensor->kind == COUNTER_DAILY || sensor->kind == COUNTER_TOTAL);
    node = find_if(r, map, "wrap", running, "counters of kind daily or total");
    if (node && tree_int(node, "wrap", 0, INT64_C(4294967296), &wrap, r->problems)) {
        if (wrap == 0 || wrap == 65536 || wrap == INT64_C(4294967296))
            sensor->wrap = wrap;
        else
            problems_add(r->problems, node->line, node->column,
                         "wrap: 65536, 4294967296 or 0 (does not wrap) is expected");
    }
    node = find_if(r, map, "saturates_at", level, "counters of kind level");
    if (node)
        (void)tree_int(node, "saturates_at", 1, SATURATES_MAX, &sensor->saturates_at, r->problems);
}

static void read_place(struct venue_reader *r, const struct tree_node *map,
                       struct venue_sensor *sensor)
{
    const struct tree_node *node = tree_find(map, "zone");
    sensor->outside = VENUE_NO_ZONE;
    if (!node)
        problems_add(r->problems, map->line, map->column, "sensor \"" STR_FMT "\" has no zone",
                     STR_ARG(sensor->id));
    else if (!venue_read_zone_ref(r, node, "zone", &sensor->zone))
        return;
    bool passage = sensor->class != SENSOR_LIGHT &&
                   !(sensor->class == SENSOR_CROWD && sensor->kind == COUNTER_LEVEL);
    node = find_if(r, map, "outside", passage, "gates and counters of kind delta, daily or total");
    if (!node)
        return;
    if (venue_read_zone_ref(r, node, "outside", &sensor->outside) &&
        sensor->outside == sensor->zone)
        problems_add(r->problems, node->line, node->column,
                     "zone and outside are the same: nobody would ever be counted");
}

static void read_times(struct venue_reader *r, const struct tree_node *map,
                       struct venue_sensor *sensor)
{
    const struct tree_node *silence = tree_find(map, "silence_s"),
                           *interval = tree_find(map, "interval_s");
    sensor->silence_ms = r->defaults.silence_ms[sensor->class];
    sensor->interval_ms = r->defaults.interval_ms[sensor->class];
    sensor->silence_set = silence || r->defaults.silence_set[sensor->class];
    if (silence)
        (void)venue_read_seconds(r, silence, "silence_s", 1, VENUE_SILENCE_MAX_S,
                                 &sensor->silence_ms);
    if (interval)
        (void)venue_read_seconds(r, interval, "interval_s", 0.01, VENUE_SILENCE_MAX_S,
                                 &sensor->interval_ms);
    if (sensor->interval_ms >= sensor->silence_ms) {
        const struct tree_node *at = interval ? interval : silence ? silence : map;
        problems_add(r->problems, at->line, at->column,
                     "interval_s must be shorter than silence_s (%lld s), or the sensor is silent "
                     "between any two messages",
                     (long long)(sensor->silence_ms / 1000));
    }
}

/* How far its number may be off. Vehicles and lights count no people. */
static void read_error(struct venue_reader *r, const struct tree_node *map,
                       struct venue_sensor *sensor)
{
    bool level = sensor->class == SENSOR_CROWD && sensor->kind == COUNTER_LEVEL;
    bool people = sensor->class == SENSOR_CROWD || sensor->class == SENSOR_GATE;
    const struct tree_node *error = find_if(r, map, "error", level, "counters of kind level");
    const struct tree_node *pct =
        find_if(r, map, "error_pct", people, "sensors of class crowd or gate");
    if (error && pct) {
        problems_add(r->problems, pct->line, pct->column,
                     "error (people) and error_pct: one of them is expected, not both");
        return;
    }
    if (error)
        (void)tree_int(error, "error", 0, ERROR_MAX, &sensor->error, r->problems);
    if (pct)
        (void)tree_number(pct, "error_pct", 0, 100, &sensor->error_pct, r->problems);
}

/* Roads and car parks count vehicles, all other zones people. */
static void read_queue(struct venue_reader *r, const struct tree_node *map,
                       struct venue_sensor *sensor, bool gate)
{
    const struct tree_node *node = find_if(r, map, "queue", gate, "gates");
    if (!node || !venue_read_zone_ref(r, node, "queue", &sensor->queue))
        return;
    enum zone_kind kind = r->venue->zones[sensor->queue].kind;
    bool vehicles = kind == ZONE_ROAD || kind == ZONE_CARPARK;
    if (sensor->queue == sensor->zone)
        problems_add(r->problems, node->line, node->column,
                     "queue and zone are the same, but people who have passed the gate do not wait "
                     "for it any more");
    else if (vehicles != (sensor->class == SENSOR_VEHICLE_GATE))
        problems_add(r->problems, node->line, node->column,
                     "queue: vehicles wait on a road or in a car park, people in any other zone");
}

static void read_gate(struct venue_reader *r, const struct tree_node *map,
                      struct venue_sensor *sensor)
{
    bool gate = sensor->class == SENSOR_GATE || sensor->class == SENSOR_VEHICLE_GATE;
    int64_t lanes = 0;
    const struct tree_node *node = find_if(r, map, "lanes", gate, "gates");
    if (node && tree_int(node, "lanes", 1, VENUE_GATE_LANES_MAX, &lanes, r->problems))
        sensor->lanes = (uint32_t)lanes;
    node = find_if(r, map, "entry_verification", gate, "gates");
    if (node)
        (void)tree_bool(node, "entry_verification", &sensor->verifies, r->problems);
    node = find_if(r, map, "lane_rate_per_min", gate, "gates");
    if (node)
        (void)tree_number(node, "lane_rate_per_min", LANE_RATE_MIN, LANE_RATE_MAX,
                          &sensor->lane_rate_per_min, r->problems);
    read_queue(r, map, sensor, gate);
}

static void read_light(struct venue_reader *r, const struct tree_node *map,
                       struct venue_sensor *sensor)
{
    bool light = sensor->class == SENSOR_LIGHT;
    struct str text;
    const struct tree_node *node = find_if(r, map, "scene_lux", light, "lights");
    if (node)
        (void)tree_number(node, "scene_lux", LUX_MIN, LUX_MAX, &sensor->scene_lux, r->problems);
    node = find_if(r, map, "dim_lux", light, "lights");
    if (node && tree_number(node, "dim_lux", LUX_MIN, LUX_MAX, &sensor->dim_lux, r->problems) &&
        sensor->dim_lux >= sensor->scene_lux)
        problems_add(r->problems, node->line, node->column,
                     "dim_lux: %.10g is not less than scene_lux, %.10g", sensor->dim_lux,
                     sensor->scene_lux);
    node = find_if(r, map, "group", light, "lights");
    if (node && tree_id(node, "group", &text, r->problems))
        sensor->group = venue_keep(r, text);
}

static void read_sensor(struct venue_reader *r, const struct tree_node *map,
                        struct venue_sensor *sensor)
{
    const struct tree_node *node;
    struct str text;
    uint32_t class = SENSOR_CROWD, service;
    sensor->line = map->line;
    sensor->error = -1;
    sensor->error_pct = sensor->lane_rate_per_min = (double)NAN;
    sensor->scene_lux = sensor->dim_lux = (double)NAN;
    sensor->queue = VENUE_NO_ZONE;
    if (!tree_expect(map, TREE_MAP, "a sensor", r->problems))
        return;
    tree_keys(map, "a sensor", sensor_keys, sizeof sensor_keys / sizeof sensor_keys[0],
              r->problems);
    if ((node = tree_find(map, "id")) == NULL)
        problems_add(r->problems, map->line, map->column, "the sensor's id is missing");
    else if (tree_id(node, "id", &text, r->problems))
        sensor->id = venue_keep(r, text);
    sensor->name = sensor->id;
    if ((node = tree_find(map, "name")) &&
        tree_text(node, "name", 1, VENUE_NAME_BYTES_MAX, &text, r->problems))
        sensor->name = venue_keep(r, text);
    if ((node = tree_find(map, "class")) == NULL) {
        problems_add(r->problems, map->line, map->column,
                     "sensor \"" STR_FMT "\": class is missing: crowd, gate, vehicle_gate or light",
                     STR_ARG(sensor->id));
        return;
    }
    if (!tree_choice(node, "class", sensor_class_words, 4, &class, r->problems))
        return;
    sensor->class = (enum sensor_class) class;
    read_counter(r, map, sensor);
    read_place(r, map, sensor);
    read_times(r, map, sensor);
    read_error(r, map, sensor);
    read_gate(r, map, sensor);
    read_light(r, map, sensor);
    if ((node = tree_find(map, "service")) &&
        tree_choice(node, "service", sensor_service_words, SERVICE_COUNT, &service, r->problems))
        sensor->service = (enum sensor_service)service;
}

void venue_read_sensors(struct venue_reader *r, const struct tree_node *root)
{
    struct venue *v = r->venue;
    const struct tree_node *list = tree_find(root, "sensors");
    if (list && !tree_expect(list, TREE_LIST, "sensors", r->problems))
        list = NULL;
    uint32_t count = list ? list->count : 0;
    if (count > VENUE_SENSORS_MAX) {
        problems_add(r->problems, list->line, list->column, "sensors: more than %d",
                     VENUE_SENSORS_MAX);
        return;
    }
    v->sensors = venue_alloc(r, count, sizeof *v->sensors);
    r->sensor_node = calloc((size_t)count + 1, sizeof(struct tree_node *));
    if (!v->sensors || !r->sensor_node) {
        problems_add(r->problems, 1, 1, "out of memory");
        return;
    }
    v->sensor_count = count;
    for (uint32_t i = 0; i < count; i++) {
        r->sensor_node[i] = list->item[i];
        read_sensor(r, list->item[i], &v->sensors[i]);
    }
    (void)venue_index_sensors(r);
}
