#include "tests/quality/site.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const site_variant_text[SITE_VARIANTS] = {"doors", "levels", "fused"};
const char *const site_group_text[SITE_GROUPS] = {"venue", "halls", "cells", "stages", "others"};

/* ---- what there is ------------------------------------------------------------------------ */

struct zone_options {
    int parent;
    int64_t capacity;
    double area_m2;
    enum site_group group;
    bool cells, cell;
    const double *percent; /* of the capacity, or people/m² where there is an area */
};

/* Levels as the built-in rules have them. */
static const double percent_hall[] = {50, 80, 90, 100};
static const double percent_forum[] = {80, 90, 95, 100};
static const double percent_queue[] = {50, 75, 90, 100};
static const double density_stage[] = {1.1, 2.2, 3.0, 4.0};

/* Prefix, number (0: none), suffix. */
static void name_put(char to[SITE_ID_BYTES], const char *prefix, int number, const char *suffix)
{
    if (number)
        snprintf(to, SITE_ID_BYTES, "%s-%d%s", prefix, number, suffix);
    else
        snprintf(to, SITE_ID_BYTES, "%s%s", prefix, suffix);
}

static int zone_add(struct site *site, const char *kind, const struct zone_options *o,
                    const char *prefix, int number)
{
    assert(site->zones < SITE_ZONES_MAX);
    struct site_zone *zone = &site->zone[site->zones];
    *zone = (struct site_zone){.kind = kind,
                               .parent = o->parent,
                               .capacity = o->capacity,
                               .area_m2 = o->area_m2,
                               .group = o->group,
                               .cells = o->cells,
                               .cell = o->cell};
    name_put(zone->id, prefix, number, "");
    for (int i = 0; o->percent && i < SITE_LEVELS; i++)
        zone->enter[i] =
            o->area_m2 > 0 ? o->percent[i] * o->area_m2 : o->percent[i] * (double)o->capacity / 100;
    return site->zones++;
}

static int area_add(struct site *site, int zone, enum site_use use, int hall, uint32_t room)
{
    assert(site->areas < SITE_AREAS_MAX);
    site->area[site->areas] =
        (struct site_area){.zone = zone, .hall = hall, .use = use, .room = room};
    return site->areas++;
}

static int link_add(struct site *site, int from, int to)
{
    assert(site->links < SITE_LINKS_MAX);
    site->link[site->links] =
        (struct site_link){.from = from, .to = to, .weight = 1, .sensor = SITE_NONE};
    return site->links++;
}

static struct site_sensor *sensor_add(struct site *site, enum site_sense sense, int switch_group)
{
    assert(site->sensors < SITE_SENSORS_MAX);
    struct site_sensor *sensor = &site->sensor[site->sensors++];
    *sensor = (struct site_sensor){.sense = sense,
                                   .outside = SITE_NONE,
                                   .area = SITE_NONE,
                                   .link = SITE_NONE,
                                   .switch_group = switch_group,
                                   .interval_s = 5};
    return sensor;
}

/* A level counter that sees the whole area; the caller names it. */
static struct site_sensor *level_add(struct site *site, int area, int switch_group)
{
    struct site_sensor *sensor = sensor_add(site, SITE_LEVEL, switch_group);
    sensor->area = area;
    sensor->zone = site->area[area].zone;
    return sensor;
}

/* The zone that doors count for: not a cell, which they know nothing of. */
static int counted_zone(const struct site *site, int area)
{
    int zone = site->area[area].zone;
    return zone != SITE_NONE && site->zone[zone].cell ? site->zone[zone].parent : zone;
}

/* A counted link; the caller names its sensor, the newest. */
static struct site_link *door_add(struct site *site, int from, int to, enum site_sense sense,
                                  int switch_group)
{
    int l = link_add(site, from, to);
    site->link[l].sensor = site->sensors;
    struct site_sensor *sensor = sensor_add(site, sense, switch_group);
    sensor->link = l;
    sensor->zone = counted_zone(site, to);
    sensor->outside = counted_zone(site, from);
    return &site->link[l];
}

static void name_newest(struct site *site, const char *prefix, int number, const char *suffix)
{
    name_put(site->sensor[site->sensors - 1].id, prefix, number, suffix);
}

/* Counters of every kind, spread over the doors. */
static enum site_sense door_sense(int n)
{
    static const enum site_sense kinds[] = {SITE_TOTAL_16, SITE_DELTA, SITE_TOTAL_32, SITE_DAILY};
    return kinds[n % 4];
}

enum { SWITCH_ENTRANCE = SITE_HALLS, SWITCH_CENTRE };

/* Two halves, or two cells and the place before a stage. */
static void hall_parts(struct site *site, int h, int zone, bool divided, int ret_part[3])
{
    static const char *const zones[] = {"hall-north", "hall-south", "stage"};
    static const char *const cameras[] = {"-north", "-south", "-stage"};
    struct zone_options cell = {.parent = zone, .group = SITE_CELL, .cell = true};
    struct zone_options stage = {
        .parent = zone, .area_m2 = 80, .group = SITE_STAGE, .cell = true, .percent = density_stage};
    int parts = divided ? 3 : 2;
    for (int p = 0; p < parts; p++) {
        bool front = p == 2;
        int in = divided ? zone_add(site, front ? "corridor" : "cell", front ? &stage : &cell,
                                    zones[p], h + 1)
                         : zone;
        ret_part[p] = area_add(site, in, front ? SITE_FRONT : SITE_SHOW, h, front ? 250 : 0);
        level_add(site, ret_part[p], h)->saturates_at = front ? 255 : 0;
        name_newest(site, "hall", h + 1, cameras[p]);
    }
    link_add(site, ret_part[0], ret_part[1]);
    for (int p = 0; divided && p < 2; p++)
        link_add(site, ret_part[p], ret_part[2]);
}

static void halls_add(struct site *site, const int concourse[2])
{
    static const char *const doors[] = {"-door-a", "-door-b", "-door-c"};
    int neighbour = SITE_NONE;
    for (int h = 0; h < SITE_HALLS; h++) {
        bool divided = h >= SITE_HALLS / 2;
        struct zone_options hall = {
            .capacity = 3600, .group = SITE_HALL, .cells = divided, .percent = percent_hall};
        int zone = zone_add(site, "hall", &hall, "hall", h + 1), part[3];
        hall_parts(site, h, zone, divided, part);
        for (int d = 0; d < 3; d++) { /* the first door is the popular one */
            int at = concourse[d == 2 ? !(h % 2) : h % 2];
            door_add(site, at, part[d % 2], door_sense(h * 3 + d), h)->weight = d == 0 ? 3 : 1;
            name_newest(site, "hall", h + 1, doors[d]);
        }
        if (h % 2) {
            door_add(site, neighbour, part[1], door_sense(h), h);
            name_newest(site, "passage-to-hall", h + 1, "");
        }
        neighbour = part[1];
    }
}

static void entrance_add(struct site *site, const int plaza[2], const int concourse[2])
{
    static const char *const streets[] = {"metro", "bus", "street-east", "street-west"};
    for (int i = 0; i < 4; i++) {
        door_add(site, SITE_OUTSIDE, plaza[i / 2], door_sense(i + 1), SWITCH_ENTRANCE)->weight =
            i == 0 ? 3 : 1;
        name_newest(site, streets[i], 0, "");
    }
    for (int g = 0; g < 4; g++) {
        struct zone_options queue = {
            .capacity = 600, .group = SITE_OTHER, .percent = percent_queue};
        int zone = zone_add(site, "queue", &queue, "queue", g + 1);
        int area = area_add(site, zone, SITE_QUEUE, SITE_NONE, 0);
        level_add(site, area, SWITCH_ENTRANCE);
        name_newest(site, "queue", g + 1, "-camera");
        door_add(site, plaza[g / 2], area, SITE_DELTA, SWITCH_ENTRANCE)->one_way = true;
        name_newest(site, "queue", g + 1, "-mouth");
        struct site_link *gate = door_add(site, area, concourse[g / 2], SITE_GATE, SWITCH_ENTRANCE);
        gate->one_way = true;
        gate->per_min = 7 * 11; /* seven lanes, 11 people a minute each */
        name_newest(site, "gate", g + 1, "");
    }
    for (int e = 0; e < 3; e++) {
        door_add(site, concourse[e % 2], plaza[e % 2], door_sense(e), SWITCH_ENTRANCE)->one_way =
            true;
        name_newest(site, "exit", e + 1, "");
    }
}

static void centre_add(struct site *site, const int concourse[2])
{
    struct zone_options food = {.capacity = 3000, .group = SITE_OTHER, .percent = percent_hall};
    struct zone_options stairs = {.group = SITE_OTHER};
    struct zone_options forum = {.capacity = 900, .group = SITE_OTHER, .percent = percent_forum};
    int court = zone_add(site, "plaza", &food, "food-court", 0);
    int up = zone_add(site, "stairs", &stairs, "stairs", 0);
    int seats = zone_add(site, "forum", &forum, "forum", 0);
    int steps = area_add(site, up, SITE_WALK, SITE_NONE, 0);
    site->food = area_add(site, court, SITE_FOOD, SITE_NONE, 0);
    site->forum = area_add(site, seats, SITE_SEATS, SITE_NONE, 750);
    level_add(site, site->food, SWITCH_CENTRE);
    name_newest(site, "food-camera", 0, "");
    level_add(site, steps, SWITCH_CENTRE);
    name_newest(site, "stairs-camera", 0, "");
    level_add(site, site->forum, SWITCH_CENTRE);
    name_newest(site, "forum-camera", 0, "");
    static const enum site_sense senses[] = {SITE_TOTAL_16, SITE_DAILY, SITE_TOTAL_16, SITE_DELTA};
    for (int d = 0; d < 2; d++) {
        door_add(site, concourse[d], site->food, senses[d], SWITCH_CENTRE);
        name_newest(site, "food-door", d + 1, "");
        door_add(site, steps, site->forum, senses[2 + d], SWITCH_CENTRE);
        name_newest(site, "forum-door", d + 1, "");
    }
    door_add(site, concourse[1], steps, SITE_TOTAL_32, SWITCH_CENTRE);
    name_newest(site, "stairs-foot", 0, "");
}

void site_init(struct site *site)
{
    *site = (struct site){0};
    struct zone_options venue = {
        .parent = SITE_NONE, .capacity = 36000, .group = SITE_VENUE, .percent = percent_hall};
    struct zone_options open = {.group = SITE_OTHER};
    zone_add(site, "venue", &venue, "quality", 0);
    area_add(site, SITE_NONE, SITE_WORLD, SITE_NONE, 0);
    int plaza_zone = zone_add(site, "plaza", &open, "plaza", 0);
    int concourse_zone = zone_add(site, "corridor", &open, "concourse", 0);
    int plaza[2], concourse[2];
    for (int i = 0; i < 2; i++) {
        plaza[i] = area_add(site, plaza_zone, SITE_PLAZA, SITE_NONE, 0);
        concourse[i] = area_add(site, concourse_zone, SITE_WALK, SITE_NONE, 0);
        level_add(site, plaza[i], SWITCH_ENTRANCE);
        name_newest(site, "plaza-camera", i + 1, "");
        level_add(site, concourse[i], SWITCH_CENTRE);
        name_newest(site, "concourse-camera", i + 1, "");
    }
    link_add(site, plaza[0], plaza[1]);
    link_add(site, concourse[0], concourse[1]);
    entrance_add(site, plaza, concourse);
    halls_add(site, concourse);
    centre_add(site, concourse);
}

bool site_has_sensor(const struct site *site, enum site_variant variant, int sensor)
{
    bool level = site->sensor[sensor].sense == SITE_LEVEL;
    return variant == SITE_FUSED || level == (variant == SITE_LEVELS_ONLY);
}

bool site_has_zone(const struct site *site, enum site_variant variant, int zone)
{
    return variant != SITE_DOORS || !site->zone[zone].cell;
}

int64_t site_saturates_at(const struct site_sensor *sensor, const struct site_options *options)
{
    return options->saturating ? sensor->saturates_at : 0;
}

int site_zone_find(const struct site *site, const char *id, uint32_t len)
{
    for (int z = 0; z < site->zones; z++)
        if (strlen(site->zone[z].id) == len && memcmp(site->zone[z].id, id, len) == 0)
            return z;
    return SITE_NONE;
}
