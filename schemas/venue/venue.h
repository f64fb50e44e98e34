/*
 * venue: the model of a place: zones, the sensors bound to them and the alert rules, read from one YAML file. Immutable once loaded; both ingest
 * (which validates it and writes its source into the readings log) and process (which reads it back from the log) use it.
 *
 *     struct venue *venue;
 *     struct problems problems = {0};
 *     if (!venue_parse(source, &venue, &problems)) …each problem has line, column and reason
 *     venue_zone_find(venue, STR_LIT("hall-1"))
 *
 * Lengths in metres, areas in m², times in seconds or ms as the name says. Zone 0 is always the venue itself (kind venue, no parent).
 */
#ifndef CROWDTIDE_SCHEMAS_VENUE_VENUE_H
#define CROWDTIDE_SCHEMAS_VENUE_VENUE_H

#include "schemas/base/error.h"
#include "schemas/base/problems.h"
#include "schemas/base/str.h"

/* clang-format off */
#define ZONE_KINDS(K)                                                                              \
    K(VENUE, "venue") K(HALL, "hall") K(CELL, "cell") K(CORRIDOR, "corridor") K(PLAZA, "plaza")    \
    K(STAIRS, "stairs") K(QUEUE, "queue") K(FORUM, "forum") K(ROAD, "road") K(CARPARK, "carpark")
/* clang-format on */
enum zone_kind {
#define ZONE_KIND_ENUM(name, text) ZONE_##name,
    ZONE_KINDS(ZONE_KIND_ENUM)
#undef ZONE_KIND_ENUM
    ZONE_KIND_COUNT
};
const char *zone_kind_text(enum zone_kind kind);

enum sensor_class { SENSOR_CROWD, SENSOR_GATE, SENSOR_VEHICLE_GATE, SENSOR_LIGHT };
const char *sensor_class_text(enum sensor_class class); /* crowd, gate, vehicle_gate, light: the MQTT topic word is crowd, gate, gate, light */

enum counter_kind { COUNTER_LEVEL, COUNTER_DELTA, COUNTER_DAILY, COUNTER_TOTAL };
const char *counter_kind_text(enum counter_kind kind);

/* clang-format off */
#define METRICS(M)                                                                                 \
    M(OCCUPANCY, "occupancy", "people")                                                            \
    M(PERCENT_CAPACITY, "percent_capacity", "%")                                                   \
    M(DENSITY, "density", "people/m2")                                                             \
    M(DENSITY_MEAN_60S, "density_mean_60s", "people/m2")                                           \
    M(IN_PER_MIN, "in_per_min", "people/min")
/* clang-format on */
enum metric {
#define METRIC_ENUM(name, text, unit) METRIC_##name,
    METRICS(METRIC_ENUM)
#undef METRIC_ENUM
    METRIC_COUNT
};
const char *metric_text(enum metric metric);
const char *metric_unit(enum metric metric);

enum {
    VENUE_ZONES_MAX = 65536,
    VENUE_SENSORS_MAX = 262144,
    VENUE_RULES_MAX = 256,
    VENUE_POINTS_MAX = 64, /* of one polygon */
    VENUE_SOURCE_BYTES_MAX = 15 * 1024 * 1024,
    VENUE_DEPTH_MAX = 8, /* zone nesting */
    VENUE_GATE_LANES_MAX = 64,
    VENUE_LEVELS = 4,    /* blue, yellow, orange, red: index level - 1 */
};
#define VENUE_NO_ZONE UINT32_MAX

struct venue_point { double x_m, y_m; };

struct venue_zone {
    struct str id;
    struct str name; /* for people; UTF-8; the id when none is given */
    enum zone_kind kind;
    uint32_t parent; /* index; VENUE_NO_ZONE for the venue */
    double area_m2;  /* given, or the polygon's; 0: unknown, then no density */
    double width_m;  /* corridors and stairs; 0: unknown */
    int64_t capacity; /* approved headcount; 0: none, then no percent_capacity */
    struct venue_point *points; /* polygon on the venue's plan, or NULL */
    uint32_t point_count;
    uint32_t line; /* in the file */
};

struct venue_sensor {
    struct str id;
    struct str name;
    enum sensor_class class;
    enum counter_kind kind; /* crowd sensors; gates count events as delta */
    uint32_t zone;          /* level counters and lights: where it looks; in/out counters and gates: the zone inside ("in" leads there) */
    uint32_t outside;       /* in/out counters and gates: the zone on the other side; VENUE_NO_ZONE: outside the venue */
    int64_t silence_ms;     /* no message for this long: silent */
    int64_t interval_ms;    /* how often it reports; 0: unknown. For detection times and the simulator; silence is judged by silence_ms alone */
    int64_t wrap;           /* counter kinds total and daily: 65536, 4294967296 or 0 (does not wrap) */
    int64_t saturates_at;   /* level counters: this value means "at least"; 0: never */
    uint32_t lanes;         /* gates; 0: not known */
    bool verifies;          /* gates: entry verification, so that rejects are to be expected */
    uint32_t line;
};

struct venue_rule {
    struct str id;
    enum metric metric;
    uint32_t kinds;                    /* bit (1 << zone_kind): applies to zones of these kinds; 0: only `zone` */
    uint32_t zone;                     /* applies to this zone only; VENUE_NO_ZONE: by kinds */
    double enter[VENUE_LEVELS];        /* thresholds, rising; NaN: the rule has no such level */
    int64_t dwell_ms[VENUE_LEVELS];    /* continuously at or above the level for this long */
    double clear_margin_pct;           /* falls below enter·(1 − pct/100) … */
    int64_t clear_ms;                  /* … for this long, then one level down */
    uint32_t min_samples;              /* at least this many samples at or above, besides the dwell */
    struct str action[VENUE_LEVELS];   /* what staff do; every level of a rule has one */
    uint32_t line;
};

struct venue {
    struct str id;
    struct str name;
    struct str time_zone; /* IANA name; daily counters reset at its midnight */
    struct venue_zone *zones;
    uint32_t zone_count;
    struct venue_sensor *sensors;
    uint32_t sensor_count;
    struct venue_rule *rules;
    uint32_t rule_count;
    uint64_t hash;  /* str_hash of the source */
    struct venue_index *index; /* private: ids to positions */
    void *arena;    /* private: everything above lives in it */
};

/* Parses and validates YAML. Every problem is listed with line, column and reason. Returns false (no venue) when there is one that is not a warning.
   Deterministic: no clock, no environment, no file access. */
bool venue_parse(struct str source, struct venue **ret_venue, struct problems *problems);
void venue_free(struct venue *venue); /* NULL is allowed */

/* Index or VENUE_NO_ZONE; O(1). */
uint32_t venue_zone_find(const struct venue *venue, struct str id);
/* Index or UINT32_MAX; O(1). */
uint32_t venue_sensor_find(const struct venue *venue, struct str id);
/* True when the rule applies to the zone: its kind or id fits, and the zone has what the metric needs (an area for densities, a capacity for percent_capacity). */
bool venue_rule_applies(const struct venue *venue, const struct venue_rule *rule, uint32_t zone);

/* The rule in a sentence, for `check`: metric, zones, thresholds, dwell, clear, detection time. */
void venue_rule_explain(const struct venue *venue, const struct venue_rule *rule, struct text *out);

/* The longest time from a zone's crossing of the level's threshold (0 blue … 3 red) to the alert, over all zones of the rule, as long as its sensors are not silent: one
   interval until a sample shows it, the dwell or the further samples, one tick. A sensor without interval_s counts with silence_s. Transport is not included.
   -1: no such level, or the rule applies to no zone with sensors. */
int64_t venue_rule_detection_ms(const struct venue *venue, const struct venue_rule *rule, uint32_t level);

#endif
