/* internal: what the files of this room share while a venue is being read. */
#ifndef CROWDTIDE_SCHEMAS_VENUE_INTERNAL_H
#define CROWDTIDE_SCHEMAS_VENUE_INTERNAL_H

#include "schemas/base/arena.h"
#include "schemas/venue/bundle.h"
#include "schemas/venue/venue.h"
#include "schemas/yaml/tree.h"

enum {
    VENUE_NAME_BYTES_MAX = 200,
    VENUE_ACTION_BYTES_MAX = 400,
    VENUE_SILENCE_MAX_S = 86400,
    VENUE_DWELL_MAX_S = 3600,
    VENUE_CELL_AREA_MAX_M2 =
        100, /* a mean density over more hides a crush (DOMAIN: alert life cycle) */
};

/* Open addressing; a slot holds position + 1, 0 is free. */
/* A slot of an index: all that a search needs, so that it reads no other entry than the one it
 * finds. */
struct venue_slot {
    uint32_t hash;
    uint32_t place; /* position + 1; 0: free */
    struct str id;
};
struct venue_device_slot {
    uint32_t hash;
    uint32_t place; /* position + 1; 0: free */
};
struct venue_index {
    struct venue_slot *zone, *sensor;
    uint32_t zone_mask, sensor_mask;
    /* Of sensors by device and part, and by device alone (the first of each); only where payload
     * maps are. */
    struct venue_device_slot *device, *device_part;
    uint32_t device_mask;
};

/* Values of the file's `defaults:`, or the built-in ones. */
struct venue_defaults {
    int64_t silence_ms[4];  /* by sensor class */
    int64_t interval_ms[4]; /* likewise; 0: unknown */
    bool silence_set[4];    /* the silence time is the file's */
    int64_t dwell_ms[VENUE_LEVELS];
    int64_t escalate_ms[VENUE_LEVELS][VENUE_ESCALATIONS_MAX];
    double clear_margin_pct;
    int64_t clear_ms;
    int64_t min_samples;
};

struct venue_reader {
    struct venue *venue;
    struct arena *arena; /* the venue's */
    struct problems *problems;
    struct venue_defaults defaults;
    const struct bundle *bundle; /* what is read */
    const struct tree_node *root;
    const struct tree_node **zone_node; /* where each was defined */
    const struct tree_node **sensor_node;
    const struct tree_node **rule_node;                /* NULL: built in */
    const struct tree_node *role_list, *operator_list; /* NULL: none */
};

extern const char *const level_words[VENUE_LEVELS]; /* blue … red */
extern const char *const zone_kind_words[ZONE_KIND_COUNT];
extern const char *const metric_words[METRIC_COUNT];
extern const char *const sensor_class_words[4];
extern const char *const counter_kind_words[4];
extern const char *const sensor_service_words[SERVICE_COUNT];

/* Where several may stand, one may stand without brackets. */
static inline uint32_t venue_list_count(const struct tree_node *node)
{
    return node->kind == TREE_LIST ? node->count : 1;
}
static inline const struct tree_node *venue_list_item(const struct tree_node *node, uint32_t i)
{
    return node->kind == TREE_LIST ? node->item[i] : node;
}

/* A copy in the venue's arena; a problem when there is no memory. */
struct str venue_keep(struct venue_reader *r, struct str text);
/* Zeroed memory of the venue; NULL with a problem. */
void *venue_alloc(struct venue_reader *r, size_t count, size_t size);

/* Slots of an index over so many entries: a power of two, at least twice as many, so that a search
 * ends soon. */
uint32_t venue_slots_for(uint32_t count);
/* Builds the index of zones or sensors; a problem for each id that is there twice. */
bool venue_index_zones(struct venue_reader *r);
bool venue_index_sensors(struct venue_reader *r);

/* The zone a scalar names; a problem with the nearest id when there is none. */
bool venue_read_zone_ref(struct venue_reader *r, const struct tree_node *node, const char *name,
                         uint32_t *ret_zone);
/* Seconds with up to three decimals into ms. */
bool venue_read_seconds(struct venue_reader *r, const struct tree_node *node, const char *name,
                        double min_s, double max_s, int64_t *ret_ms);

/* Tags of a zone or a rule, in order; copies. */
void venue_read_tags(struct venue_reader *r, const struct tree_node *node,
                     struct str tag[VENUE_TAGS_MAX], uint32_t *ret_count);
/* What `defaults` and each rule may say: the way down, and when a level that nobody acknowledges
 * goes on to the next person. Untouched: what is not there, or wrong. */
void venue_read_clearing(struct venue_reader *r, const struct tree_node *map, double *ret_margin,
                         int64_t *ret_clear_ms, int64_t *ret_samples);
void venue_read_escalation(struct venue_reader *r, const struct tree_node *node, uint32_t level,
                           int64_t ret_ms[VENUE_ESCALATIONS_MAX]);
/* The levels of a rule, whose dwell and escalation times are the defaults already. */
void venue_read_levels(struct venue_reader *r, const struct tree_node *map,
                       struct venue_rule *rule);

/* The sections of the file. root is a map. Each lists its problems. */
void venue_read_head(struct venue_reader *r, const struct tree_node *root);
void venue_read_zones(struct venue_reader *r, const struct tree_node *root);
void venue_read_defaults(struct venue_reader *r, const struct tree_node *root);
void venue_read_sensors(struct venue_reader *r, const struct tree_node *root);
void venue_read_rules(struct venue_reader *r, const struct tree_node *root);
void venue_read_settings(struct venue_reader *r, const struct tree_node *root);
void venue_read_operators(struct venue_reader *r,
                          const struct tree_node *root); /* roles, operators, shifts */

/* After the sensors: the maps of the bundle, and which sensor their devices are. */
void venue_read_payloads(struct venue_reader *r, const struct tree_node *root);

/* The rules used when a file has none, or asks for them. */
uint32_t venue_builtin_count(void);
bool venue_builtin_rule(struct venue_reader *r, uint32_t i, struct venue_rule *ret_rule);
/* True when a zone without what the rule's metric needs is simply not judged by it. */
bool venue_builtin_optional(struct str id);

/* Fills what venue.h calls derived. Zones and sensors are without mistakes. */
void venue_pace(struct venue *venue);

/* What is known of a zone when its sensors and the zones inside it are looked at together. */
/* Of a zone's area, that zones which leave nothing out have at least. */
#define COVERING_SHARE 0.9
struct venue_cover {
    bool unbounded;       /* a counter of its own that does not saturate */
    bool passages;        /* a counter of passages or a gate of its own */
    bool levels;          /* a level counter of its own */
    int64_t saturated_at; /* people its own level counters can show at most, when !unbounded */
    double error_squares; /* of its own level counters' errors in people: were they independent, the
                             root of their sum would be the zone's */
    uint32_t parts;       /* zones directly inside it */
    double parts_m2;      /* their area together; NaN: not known */
};
struct venue_coverage {
    bool *sensed;   /* [zone] a crowd sensor or gate in it or in a zone inside it … */
    bool *served;   /* … that is in service */
    bool *levelled; /* a level counter */
    bool *celled;   /* a zone of at most VENUE_CELL_AREA_MAX_M2 inside it */
    struct venue_cover *zone;
};

/* What no single entry shows: coverage, thresholds against the zones they apply to, who may do
 * what. */
void venue_validate(struct venue_reader *r);
void venue_validate_rules(struct venue_reader *r, const struct venue_coverage *c);
void venue_validate_drift(struct venue_reader *r,
                          const struct venue_coverage *c); /* zones that only doors count */
void venue_validate_operators(struct venue_reader *r);

/* The people in the zone at a rule's value; NaN when the metric does not say. */
double venue_people_at(const struct venue_zone *zone, enum metric metric, double value);
/* Doors and level counters of such a zone say the same, so that the core weighs them against each
 * other: its border is known to be counted. */
bool venue_border_counted(const struct venue_zone *zone);
/* Kind, id or tag fits, whether or not the metric is possible there. And: it is named by its id. */
bool venue_rule_matches(const struct venue *venue, const struct venue_rule *rule, uint32_t zone);
bool venue_rule_names(const struct venue_rule *rule, uint32_t zone);

/* Area of a simple polygon in m², whatever its direction; and whether two of its edges cross or
 * touch. */
double polygon_area_m2(const struct venue_point *points, uint32_t count);
bool polygon_crosses_itself(const struct venue_point *points, uint32_t count);

#endif
