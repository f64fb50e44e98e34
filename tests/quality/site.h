/*
 * site: the exhibition centre of the simulation: where people can be (areas), what the model calls it
 * (zones), how they get from one to the other (links: doors, gates, open passages) and what counts them
 * (sensors). Fixed; chance is in truth.c (what people do) and faults.c (what sensors make of it).
 *
 *     struct site site;
 *     site_init(&site);
 *     char *yaml = site_venue(&site, SITE_FUSED, options);   the venue file, the caller frees it
 *
 * About 40 zones and 100 sensors: ten halls with three doors to the concourse and one to a neighbour;
 * halls 1 to 5 have two level counters of their own, halls 6 to 10 three cells with one each, of which
 * one is a small place before a stage; a plaza, four gates with their queues, a concourse, a food court
 * and a forum up the stairs.
 */
#ifndef CROWDTIDE_TESTS_QUALITY_SITE_H
#define CROWDTIDE_TESTS_QUALITY_SITE_H

#include <stdbool.h>
#include <stdint.h>

enum {
    SITE_NONE = -1, /* no zone: the world; no sensor: nobody counts there */
    SITE_HALLS = 10,
    SITE_AREAS_MAX = 48,
    SITE_ZONES_MAX = 48,
    SITE_LINKS_MAX = 128,
    SITE_SENSORS_MAX = 128,
    SITE_ID_BYTES = 24,
    SITE_LEVELS = 4, /* blue, yellow, orange, red */
    SITE_OUTSIDE = 0, /* the area that is the world */
};

/* The three ways to instrument the same place. */
enum site_variant { SITE_DOORS, SITE_LEVELS_ONLY, SITE_FUSED, SITE_VARIANTS };
extern const char *const site_variant_text[SITE_VARIANTS];

/* Zones whose figures are put together. */
enum site_group { SITE_VENUE, SITE_HALL, SITE_CELL, SITE_STAGE, SITE_OTHER, SITE_GROUPS };
extern const char *const site_group_text[SITE_GROUPS];

/* What people do in an area. */
enum site_use { SITE_WORLD, SITE_PLAZA, SITE_QUEUE, SITE_WALK, SITE_SHOW, SITE_FRONT, SITE_FOOD, SITE_SEATS };

struct site_zone {
    char id[SITE_ID_BYTES];
    const char *kind;
    int parent; /* SITE_NONE: the venue itself */
    int64_t capacity;
    double area_m2;            /* 0: not given */
    double enter[SITE_LEVELS]; /* people at which each level begins; 0: not judged */
    enum site_group group;
    bool cells; /* its cells leave nothing out */
    bool cell;  /* only level counters know it: not in SITE_DOORS */
};

struct site_area {
    int zone;
    int hall; /* 0 to 9; SITE_NONE */
    enum site_use use;
    uint32_t room; /* people who fit; 0: no bound */
};

struct site_link {
    int from, to; /* areas; "in" leads from → to */
    bool one_way;
    uint32_t weight;      /* how people choose among links side by side */
    uint32_t per_min;     /* gates: people let through in a minute; 0: no bound */
    int sensor;           /* what counts here; SITE_NONE */
};

enum site_sense { SITE_LEVEL, SITE_DELTA, SITE_DAILY, SITE_TOTAL_16, SITE_TOTAL_32, SITE_GATE };

struct site_sensor {
    char id[SITE_ID_BYTES];
    enum site_sense sense;
    int zone, outside; /* SITE_NONE: the world */
    int area;          /* level counters: what they see */
    int link;          /* the others: where they count */
    int switch_group;  /* sensors on one network switch fall out together */
    uint32_t interval_s;
    int64_t saturates_at; /* 0: never */
};

struct site {
    struct site_zone zone[SITE_ZONES_MAX];
    struct site_area area[SITE_AREAS_MAX];
    struct site_link link[SITE_LINKS_MAX];
    struct site_sensor sensor[SITE_SENSORS_MAX];
    int zones, areas, links, sensors;
    int food, forum; /* areas */
};

struct site_options {
    bool saturating;      /* stage counters show 255 at most, and the venue file says so */
    const char *settings; /* lines of the section `settings`, indented; NULL: none */
};

void site_init(struct site *site);
/* Whether a sensor, a zone exists in a variant. */
bool site_has_sensor(const struct site *site, enum site_variant variant, int sensor);
bool site_has_zone(const struct site *site, enum site_variant variant, int zone);
/* The sensor's saturation under these options. */
int64_t site_saturates_at(const struct site_sensor *sensor, const struct site_options *options);
/* The venue file; malloc'ed. The venue's id is "quality". */
char *site_venue(const struct site *site, enum site_variant variant, const struct site_options *options);
/* -1 when there is none. */
int site_zone_find(const struct site *site, const char *id, uint32_t len);

#endif
