/*
 * venue: the model of a place: zones, the sensors bound to them and the alert rules, read from one
 * YAML file. Immutable once loaded; both ingest (which validates it and writes its source into the
 * readings log) and process (which reads it back from the log) use it.
 *
 *     struct venue *venue;
 *     struct problems problems = {0};
 *     if (!venue_parse(source, &venue, &problems)) …each problem has line, column and reason
 *     venue_zone_find(venue, STR_LIT("hall-1"))
 *
 * Lengths in metres, areas in m², times in seconds or ms as the name says. Zone 0 is always the
 * venue itself (kind venue, no parent).
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
const char *
    sensor_class_text(enum sensor_class class); /* crowd, gate, vehicle_gate, light: the MQTT topic
                                                   word is crowd, gate, gate, light */

enum counter_kind { COUNTER_LEVEL, COUNTER_DELTA, COUNTER_DAILY, COUNTER_TOTAL };
const char *counter_kind_text(enum counter_kind kind);

/* clang-format off */
#define METRICS(M)                                                                                 \
    M(OCCUPANCY, "occupancy", "people")                                                            \
    M(PERCENT_CAPACITY, "percent_capacity", "%")                                                   \
    M(DENSITY, "density", "people/m2")                                                             \
    M(DENSITY_MEAN_60S, "density_mean_60s", "people/m2")                                           \
    M(IN_PER_MIN, "in_per_min", "people/min")                                                      \
    M(FLOW_PERCENT, "flow_percent", "%")         /* in and out by width, of 82 (stairs: 66) people/m/min */ \
    M(GATE_WAIT, "gate_wait_min", "min")         /* the longest of the gates that people of this zone wait at */ \
    M(GATE_LOAD, "gate_load", "")                /* arrivals by service, the worst of those gates */ \
    M(REJECT_PERCENT, "reject_percent", "%")     /* of those asking for entry, the worst of those gates */ \
    M(LIGHTS_FAILED, "lights_failed_percent", "%") /* lights that should burn and are dark or faulty */ \
    M(SUSPECT_SURGE, "suspect_surge", "people")  /* an implausible rise that nothing has confirmed yet */ \
    M(CLOSED_OCCUPANCY, "closed_occupancy", "people") /* people in a zone that is closed */ \
    M(BROKER_LOST, "broker_lost_s", "s")         /* the venue's: how long the broker has been out of reach */ \
    M(BROKER_DROPPED, "broker_dropped", "messages") /* the venue's: messages that the broker says it dropped in the last 10 min */ \
    M(RECOUNT_ZONES, "recount_zones", "zones")   /* the venue's: zones that were unseen for so long that only a count tells how many are in them */
/* clang-format on */
enum metric {
#define METRIC_ENUM(name, text, unit) METRIC_##name,
    METRICS(METRIC_ENUM)
#undef METRIC_ENUM
        METRIC_COUNT
};
const char *metric_text(enum metric metric);
const char *metric_unit(enum metric metric);
/* What a metric is about. Who hears of one thing has not heard of another: lights and the broker are for those who mend, not for those who
   guide people, and how full a place is does not tell that nobody knows how full others are. */
enum metric_subject { SUBJECT_PEOPLE, SUBJECT_EQUIPMENT, SUBJECT_UNCOUNTED, SUBJECT_COUNT };
enum metric_subject metric_subject(enum metric metric);

enum {
    VENUE_ZONES_MAX = 65536,
    VENUE_SENSORS_MAX = 262144,
    VENUE_RULES_MAX = 256,
    VENUE_POINTS_MAX = 64, /* of one polygon */
    VENUE_SOURCE_BYTES_MAX = 15 * 1024 * 1024,
    VENUE_DEPTH_MAX = 8, /* zone nesting */
    VENUE_GATE_LANES_MAX = 64,
    VENUE_LEVELS = 4,          /* blue, yellow, orange, red: index level - 1 */
    VENUE_TAGS_MAX = 8,        /* of one zone */
    VENUE_ESCALATIONS_MAX = 3, /* steps of one level */
    VENUE_PLAN_STEPS_MAX = 12, /* of one level */
    VENUE_SHIFTS_MAX = 8,      /* handovers a day */
    VENUE_OPERATORS_MAX = 256,
    VENUE_ROLES_MAX = 32,
    VENUE_DEVICE_BYTES_MAX = 128, /* of what a payload map calls a device or a part */
    /* No more people stand on a square metre. Pilgrims in Mina still moved at 10 locally (A. Johansson
     * and others, From Crowd Dynamics to Crowd Safety, 2008); Fruin calls 7 critical. */
    VENUE_PACKED_PER_M2 = 10,
};
#define VENUE_NO_ZONE UINT32_MAX

/* Settings of the core, from the venue file's section `settings`; each line is a key there. Times
   are written in seconds and kept in ms. S(kind, key, field, default, min, max, description);
   kinds: SECONDS → int64_t ms, COUNT → int64_t, REAL → double, BOOL → bool */
/* clang-format off */
#define VENUE_SETTINGS(S)                                                                          \
    S(SECONDS, bucket_s, bucket_ms, 1, 1, 10, "width of a bucket of the 10 s and 1 min windows; they are exact to it") \
    S(SECONDS, long_bucket_s, long_bucket_ms, 10, 1, 60, "width of a bucket of the 5 and 15 min windows") \
    S(REAL, quorum_pct, quorum_pct, 50, 1, 100, "a zone is unknown when fewer of its sensors are fresh; a proposal") \
    S(REAL, level_error_pct, level_error_pct, 5, 0, 100, "half width of a level counter's bound, of what it shows; acceptance of a counter: 300 hand-counted passages within 5 %") \
    S(COUNT, level_error_people, level_error_people, 2, 0, 10000, "and at least so many people; what its messages differ by, one from the next, comes on top; a proposal") \
    S(REAL, passage_error_pct, passage_error_pct, 4, 0, 100, "half width of a door counter's bound, of the passages it has counted; measured at a real door: 19,597 in, 18,837 out") \
    S(REAL, common_error_pct, common_error_pct, 25, 0, 100, "how far errors of different sensors go the same way; 0: each its own, 100: all alike; a proposal") \
    S(REAL, drift_pct_per_hour, drift_pct_per_hour, 1, 0, 100, "uncertainty that time adds to people only doors have counted; a proposal") \
    S(SECONDS, level_bias_s, level_bias_ms, 7200, 10, 86400, "how long a manual count corrects level counters: less and less, until twice this; a proposal") \
    S(REAL, recount_pct, recount_pct, 10, 0.1, 100, "a bound over this share of the capacity asks for a recount") \
    S(COUNT, surge_people, surge_people, 100, 1, 1000000, "a jump of one counter is implausible from so many people …") \
    S(REAL, surge_per_s, surge_per_s, 20, 0.1, 10000, "… and so many more for each second since its last message; 20/s is 15 m of door at Fruin's 82 people/m/min") \
    S(SECONDS, broker_grace_s, broker_grace_ms, 10, 1, 300, "a broker out of reach for so long explains the silence of its sensors") \
    S(COUNT, flood_alerts, flood_alerts, 10, 1, 1000, "more new alerts than this in flood_s are a flood (ISA-18.2)") \
    S(SECONDS, flood_s, flood_ms, 600, 60, 3600, "see flood_alerts") \
    S(COUNT, chatter_changes, chatter_changes, 3, 2, 100, "so many raise and clear pairs in chatter_s are chattering (ISA-18.2)") \
    S(SECONDS, chatter_s, chatter_ms, 60, 10, 3600, "see chatter_changes") \
    S(SECONDS, stale_s, stale_ms, 86400, 3600, 604800, "an alert open for longer is stale (ISA-18.2)") \
    S(SECONDS, shelve_max_s, shelve_max_ms, 1800, 60, 1800, "a shelf ends by itself after this") \
    S(SECONDS, command_expiry_s, command_expiry_ms, 30, 5, 300, "a command older than this is refused") \
    S(SECONDS, drill_max_s, drill_max_ms, 14400, 60, 14400, "a drill ends by itself after this") \
    S(BOOL, drill_needs_start, drill_needs_start, 0, 0, 1, "drill input counts only while two people have started a drill; otherwise it always feeds the shadow state") \
    S(BOOL, drill_two_accounts, drill_two_accounts, 1, 0, 1, "the two who start a drill have two user ids, not only two names; no: one account can start it alone, for trials") \
    S(SECONDS, maintenance_max_s, maintenance_max_ms, 28800, 60, 28800, "a sensor's maintenance ends by itself after this") \
    S(REAL, dark_lux, dark_lux, 5, 0.01, 1000, "a zone whose lights measure less is dark; a proposal") \
    S(BOOL, dark_crowded, dark_crowded, 1, 0, 1, "in a dark zone densities raise one level earlier") \
    S(REAL, daylight_lux, daylight_lux, 1000, 1, 100000, "a lamp that burns in more light than this burns in daylight; a proposal") \
    S(REAL, dim_pct, dim_pct, 50, 1, 100, "a lamp that is on with less than this share of its scene's lux is dark while on; a proposal") \
    S(SECONDS, light_dwell_s, light_dwell_ms, 60, 0, 3600, "daylight and dark-while-on are said after this") \
    S(SECONDS, gate_window_s, gate_window_ms, 300, 60, 900, "arrivals and service of a gate are measured over this") \
    S(REAL, lane_rate_per_min, lane_rate_per_min, 11, 0.1, 120, "people a lane serves until it has been measured: a turnstile about 11/min; screening 10, ticket only 20") \
    S(REAL, vehicle_lane_rate_per_min, vehicle_lane_rate_per_min, 4, 0.1, 120, "vehicles a lane serves until it has been measured; a proposal")
/* clang-format on */
struct venue_settings {
#define VENUE_SETTING_C_SECONDS int64_t
#define VENUE_SETTING_C_COUNT int64_t
#define VENUE_SETTING_C_REAL double
#define VENUE_SETTING_C_BOOL bool
#define VENUE_SETTING_FIELD(kind, key, field, ...) VENUE_SETTING_C_##kind field;
    VENUE_SETTINGS(VENUE_SETTING_FIELD)
#undef VENUE_SETTING_FIELD
};
/* The same as a table, for the reader and for documentation. */
enum venue_setting_kind {
    VENUE_SETTING_SECONDS,
    VENUE_SETTING_COUNT,
    VENUE_SETTING_REAL,
    VENUE_SETTING_BOOL
};
struct venue_setting {
    enum venue_setting_kind kind;
    const char *key;
    size_t offset;          /* in struct venue_settings */
    double value, min, max; /* value: the default; as they are written in the file */
    const char *description;
};
const struct venue_setting *venue_setting_table(uint32_t *ret_count);
/* Every setting at its default. */
struct venue_settings venue_settings_default(void);

struct venue_point {
    double x_m, y_m;
};

struct venue_zone {
    struct str id;
    struct str name; /* for people; UTF-8; the id when none is given */
    enum zone_kind kind;
    uint32_t parent;            /* index; VENUE_NO_ZONE for the venue */
    double area_m2;             /* given, or the polygon's; 0: unknown, then no density */
    double width_m;             /* corridors and stairs; 0: unknown */
    int64_t capacity;           /* approved headcount; 0: none, then no percent_capacity */
    struct venue_point *points; /* polygon on the venue's plan, or NULL */
    uint32_t point_count;
    bool uncounted_doors; /* people can come and go uncounted: the number is a lower bound */
    bool cells_cover;     /* the zones inside it leave nothing out: their sum observes it */
    bool closed;          /* nobody should be in it; commands change this during the day */
    int32_t empty_min; /* each day it is swept, empty then: minutes after local midnight; -1: nobody
                          says so */
    int64_t empty_bound;            /* but for at most so many people */
    struct str tag[VENUE_TAGS_MAX]; /* rules may name them */
    uint32_t tag_count;
    uint32_t line; /* in the file */
    /* Derived, from the sensors that are not retired: how long the slowest may take to report
     * again, at interval_s, else at silence_s; 0: there is none. */
    int64_t people_ms;   /* of crowd sensors and gates on either side of it, or of a zone inside it;
                            of a road or car park: vehicle gates */
    int64_t passages_ms; /* of those of them that count passages */
    int64_t gates_ms;    /* of the gates that are judged here: venue_gate_zone */
    int64_t verifies_ms; /* of those of them that verify entry */
    int64_t lights_ms;   /* of its lights */
    bool counted;        /* has a crowd sensor or gate of its own, on either side */
};

struct payload_maps; /* schemas/payload/payload_map.h */

/* Only sensors in service affect levels. */
/* clang-format off */
#define SENSOR_SERVICES(S)                                                                         \
    S(IN, "in_service") S(COMMISSIONING, "commissioning") S(MAINTENANCE, "maintenance") S(RETIRED, "retired")
/* clang-format on */
enum sensor_service {
#define SENSOR_SERVICE_ENUM(name, text) SERVICE_##name,
    SENSOR_SERVICES(SENSOR_SERVICE_ENUM)
#undef SENSOR_SERVICE_ENUM
        SERVICE_COUNT
};
const char *sensor_service_text(enum sensor_service service);

struct venue_sensor {
    struct str id;
    struct str name;
    enum sensor_class class;
    enum counter_kind kind; /* crowd sensors; gates count events as delta */
    uint32_t zone; /* level counters and lights: where it looks; in/out counters and gates: the zone
                      inside ("in" leads there) */
    uint32_t outside;    /* in/out counters and gates: the zone on the other side; VENUE_NO_ZONE:
                            outside the venue */
    int64_t silence_ms;  /* no message for this long: silent */
    int64_t interval_ms; /* how often it reports; 0: unknown. For detection times and the simulator;
                            silence is judged by silence_ms alone */
    int64_t wrap;        /* counter kinds total and daily: 65536, 4294967296 or 0 (does not wrap) */
    int64_t saturates_at; /* level counters: this value means "at least"; 0: never */
    uint32_t lanes;       /* gates; 0: not known */
    bool verifies;        /* gates: entry verification, so that rejects are to be expected */
    bool silence_set; /* silence_ms was given for it or its class; else its observed period counts
                         too */
    double error_pct; /* half width of its bound, of what it shows (level) or has counted; NaN: the
                         settings' */
    int64_t error;    /* level counters: the same in people; -1: error_pct counts */
    enum sensor_service service; /* as the file has it; commands change it during the day */
    double lane_rate_per_min; /* gates: what one lane serves; NaN: the settings', then measured */
    uint32_t queue;   /* gates: the zone where people wait for it; VENUE_NO_ZONE: not counted, so
                         estimated */
    double scene_lux; /* lights: what should be measured when on; NaN: not known */
    double dim_lux;   /* lights: the same when dimmed; NaN: not known */
    struct str group; /* lights: figures are summed by zone and group; len 0: none */
    uint32_t line;
};

/* What payload maps call a sensor. Apart from it, so that messages of crowdtide's own topics need
 * not carry it through the cache. */
struct venue_device {
    struct str device, part; /* the sensor's id when the file does not say, and len 0 */
    uint32_t next; /* the next sensor of the same device; UINT32_MAX: there is no further one */
};

struct venue_rule {
    struct str id;
    enum metric metric;
    /* Applies to zones whose kind, id or tag is named; at least one of the three is. */
    uint32_t kinds;       /* bit (1 << zone_kind); 0: none */
    const uint32_t *zone; /* indices, rising; NULL: none */
    uint32_t zone_count;
    struct str tag[VENUE_TAGS_MAX];
    uint32_t tag_count;
    double enter[VENUE_LEVELS];     /* thresholds, rising; NaN: the rule has no such level */
    int64_t dwell_ms[VENUE_LEVELS]; /* continuously at or above the level for this long */
    double clear_margin_pct;        /* falls below enter·(1 − pct/100) … */
    int64_t clear_ms;               /* … for this long, then one level down */
    uint32_t min_samples; /* at least this many samples at or above, besides the dwell; what holds
                             for a zone and level: venue_rule_samples */
    struct str action[VENUE_LEVELS]; /* what staff do; every level of a rule has one */
    int64_t escalate_ms[VENUE_LEVELS][VENUE_ESCALATIONS_MAX]; /* unacknowledged for so long: step 1,
                                                                 2, …; 0: no further step */
    const struct str *plan[VENUE_LEVELS]; /* the contingency plan's steps; NULL: none */
    uint32_t plan_count[VENUE_LEVELS];
    uint32_t line;
};

/* What an operator may do. The words are those of `crowdtide command`. */
/* clang-format off */
#define VENUE_COMMANDS(C)                                                                          \
    C(ACK, "ack") C(ASSIGN, "assign") C(NOTE, "note") C(SHELVE, "shelve") C(UNSHELVE, "unshelve")  \
    C(ANCHOR, "anchor") C(SERVICE, "service") C(CAPACITY, "capacity") C(CLOSE, "close")            \
    C(OPEN, "open") C(EVACUATION, "evacuation") C(DRILL, "drill") C(STEP, "step")
/* clang-format on */
enum venue_command {
#define VENUE_COMMAND_ENUM(name, text) VENUE_COMMAND_##name,
    VENUE_COMMANDS(VENUE_COMMAND_ENUM)
#undef VENUE_COMMAND_ENUM
        VENUE_COMMAND_COUNT
};
const char *venue_command_text(enum venue_command command);

struct venue_role {
    struct str id;
    uint32_t commands; /* bit (1 << venue_command) */
    bool supervisor;   /* its anchors may end a latched unknown */
};

struct venue_operator {
    struct str id;
    struct str name;
    uint32_t uid;   /* user id on this machine; the kernel tells who asks */
    uint32_t roles; /* bit (1 << index) */
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
    struct venue_settings settings;
    struct venue_role *roles;
    uint32_t role_count;
    struct venue_operator *operators;
    uint32_t operator_count;
    int32_t shift_min[VENUE_SHIFTS_MAX]; /* handovers: minutes after local midnight, rising */
    uint32_t shift_count;
    struct venue_device *devices;  /* of each sensor; NULL without payloads */
    struct payload_maps *payloads; /* what messages of other topics than crowdtide's own mean, in
                                      the file's order; NULL: no such message is read */
    uint64_t hash;                 /* str_hash of the source, maps included */
    struct venue_index *index;     /* private: ids to positions */
    void *arena;                   /* private: everything above lives in it */
};

/* Parses and validates a bundle (bundle.h): the venue file and the payload maps it names. Every
   problem is listed with line, column and reason, those of a map with its file. Returns false (no
   venue) when there is one that is not a warning. Deterministic: no clock, no environment, no file
   access. */
bool venue_parse(struct str source, struct venue **ret_venue, struct problems *problems);
void venue_free(struct venue *venue); /* NULL is allowed */

/* Index or VENUE_NO_ZONE; O(1). */
uint32_t venue_zone_find(const struct venue *venue, struct str id);
/* Index or UINT32_MAX; O(1). */
uint32_t venue_sensor_find(const struct venue *venue, struct str id);
/* The sensor that payload maps call so; UINT32_MAX: none. O(1). */
uint32_t venue_device_find(const struct venue *venue, struct str device, struct str part);
/* The first sensor of the device, whatever its part; the others follow by venue->devices[].next.
 * O(1). */
uint32_t venue_device_first(const struct venue *venue, struct str device);
/* The topic as payload maps know it: as it is, or what follows drill/{venue}/raw/, which is the
 * same message of a drill. False: it is one of crowdtide's own, and never a map's. */
bool venue_raw_topic(const struct venue *venue, struct str topic, struct str *ret_topic,
                     bool *ret_drill);
/* For who looks up many: memory may begin to fetch what a search for an id of this str_hash (its
   low half) reads; and where that search would most likely end, UINT32_MAX when not there. Hints:
   the id is not compared. */
void venue_sensor_fetch(const struct venue *venue, uint32_t hash);
uint32_t venue_sensor_guess(const struct venue *venue, uint32_t hash);
/* The zone whose rules judge the gate's wait, load and rejects: where people wait for it when the
 * file says so (queue), else its own. */
uint32_t venue_gate_zone(const struct venue_sensor *gate);

/* True when the rule judges the zone: its kind, id or a tag fits, and the zone has what the metric
   needs: a capacity for percent_capacity; an area for densities; a width and counters of passages
   for flow_percent; counters of passages for in_per_min; gates judged there (venue_gate_zone) for
   gate_wait_min and gate_load, with entry verification for reject_percent; lights for
   lights_failed_percent; a counter or gate of its own for suspect_surge (so that one jump is one
   alert, not one for every zone around); people counted in it or in a zone inside for
   closed_occupancy; and broker_lost_s, broker_dropped and recount_zones are the venue's alone.
   Retired sensors do not count. O(rule's tags and log of its zones). */
bool venue_rule_applies(const struct venue *venue, const struct venue_rule *rule, uint32_t zone);

/* How many samples at or above the level (0 blue … 3 red) the zone must have shown, besides the
   dwell, before it is raised. O(1); fixed as long as the model is in force. The rule's min_samples,
   but
    - 1 for red when the zone's slowest sensor reports more rarely than the dwell lasts (one without
   interval_s: than it may be silent): the second sample would come when it is late. A faster sensor
   loses nothing by it: its samples below the threshold end the dwell.
    - 0 for metrics that are no count of people at one moment (gates, lights, suspect_surge,
   broker_lost_s, broker_dropped, recount_zones): they are made of many messages or of none, time alone decides,
      and they are judged at every tick. */
uint32_t venue_rule_samples(const struct venue *venue, const struct venue_rule *rule, uint32_t zone,
                            uint32_t level);

/* Index or UINT32_MAX. By id, and by user id with that id (len 0: the first of that user). */
uint32_t venue_operator_find(const struct venue *venue, struct str id);
uint32_t venue_operator_of_uid(const struct venue *venue, uint32_t uid, struct str id);
bool venue_operator_may(const struct venue *venue, uint32_t operator_at,
                        enum venue_command command);
bool venue_operator_supervises(const struct venue *venue, uint32_t operator_at);
/* Adds a warning when the file names no operators, and so nothing tells people apart. Not a part of
   venue_parse: it is for those who put a venue to work. */
void venue_warn_unattended(const struct venue *venue, struct problems *problems);
/* Warns of sensors bound to a device whose payload map makes another kind of reading of that part,
 * or says another wrap or saturates_at. */
void venue_warn_bindings(const struct venue *venue, struct problems *problems);

/* The rule in a sentence, for `check`: metric, zones by kind, tag and name with their count, each
   level with threshold, dwell, detection time, escalation and steps of its plan; what it is
   measured over, samples and the way down. The operator in one: roles and what they allow. */
void venue_rule_explain(const struct venue *venue, const struct venue_rule *rule, struct text *out);
void venue_operator_explain(const struct venue *venue, uint32_t operator_at, struct text *out);

/* The longest time from a zone's crossing of the level's threshold (0 blue … 3 red) to the alert,
   over all zones of the rule, as long as its sensors are not silent: one interval until a sample
   shows it, the dwell or the further samples (venue_rule_samples), one tick. A sensor without
   interval_s counts with silence_s. Transport is not included. -1: no such level, or the rule
   applies to no zone with sensors. */
int64_t venue_rule_detection_ms(const struct venue *venue, const struct venue_rule *rule,
                                uint32_t level);
/* What the rule's metric is measured over: it crosses a threshold up to that much later than the
 * crowd does; 0: it is of the moment. */
int64_t venue_rule_window_ms(const struct venue *venue, const struct venue_rule *rule);

#endif
