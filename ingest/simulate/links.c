#include "ingest/simulate/links.h"

#include <stdlib.h>
#include <string.h>

#include "ingest/random.h"

enum { LANES_UNKNOWN = 4 };

/* One way that people can take, in both directions. */
struct way {
    uint32_t a, b; /* a: the sensor's inside */
    uint32_t sensor;
};

struct builder {
    const struct venue *venue;
    uint32_t outside;
    struct way *way;
    uint32_t way_count;
    uint32_t *group; /* [node]: union-find */
    bool *counted;   /* [node]: some sensor counts passages here */
};

static uint32_t group_of(struct builder *b, uint32_t node)
{
    while (b->group[node] != node) {
        b->group[node] = b->group[b->group[node]];
        node = b->group[node];
    }
    return node;
}

static bool reachable(struct builder *b, uint32_t node)
{
    return group_of(b, node) == group_of(b, b->outside);
}

static void add_way(struct builder *b, uint32_t inside, uint32_t outside, uint32_t sensor)
{
    b->way[b->way_count++] = (struct way){inside, outside, sensor};
    b->group[group_of(b, inside)] = group_of(b, outside);
}

static bool people_pass(const struct venue_sensor *sensor)
{
    return sensor->class == SENSOR_GATE ||
           (sensor->class == SENSOR_CROWD && sensor->kind != COUNTER_LEVEL);
}

static uint32_t far_side(const struct builder *b, const struct venue_sensor *sensor)
{
    return sensor->outside == VENUE_NO_ZONE ? b->outside : sensor->outside;
}

static void find_ways(struct builder *b)
{
    const struct venue *venue = b->venue;
    for (uint32_t s = 0; s < venue->sensor_count; s++) {
        const struct venue_sensor *sensor = &venue->sensors[s];
        if (!people_pass(sensor) || sensor->zone == far_side(b, sensor))
            continue;
        add_way(b, sensor->zone, far_side(b, sensor), s);
        b->counted[sensor->zone] = b->counted[far_side(b, sensor)] = true;
    }
    for (uint32_t z = 1; z < venue->zone_count; z++) {
        if (!b->counted[z])
            add_way(b, z, venue->zones[z].parent, LINK_UNCOUNTED);
    }
    /* A queue before a gate is open to the street. */
    for (uint32_t z = 0; z < venue->zone_count; z++) {
        if (venue->zones[z].kind == ZONE_QUEUE && b->counted[z] && !reachable(b, z))
            add_way(b, z, b->outside, LINK_UNCOUNTED);
    }
    for (uint32_t z = 1; z < venue->zone_count; z++) {
        if (!reachable(b, z) && group_of(b, z) != group_of(b, venue->zones[z].parent))
            add_way(b, z, venue->zones[z].parent, LINK_UNCOUNTED);
    }
    if (!reachable(b, 0))
        add_way(b, 0, b->outside, LINK_UNCOUNTED);
}

static void fill_links(const struct builder *b, struct links *links)
{
    for (uint32_t w = 0; w < b->way_count; w++) {
        links->first[b->way[w].a + 1]++;
        links->first[b->way[w].b + 1]++;
    }
    for (uint32_t n = 0; n < links->node_count; n++)
        links->first[n + 1] += links->first[n];
    uint32_t *at = b->group; /* no longer needed for groups */
    memcpy(at, links->first, links->node_count * sizeof *at);
    for (uint32_t w = 0; w < b->way_count; w++) {
        const struct way *way = &b->way[w];
        links->link[at[way->a]++] = (struct link){way->b, way->sensor, false};
        links->link[at[way->b]++] = (struct link){way->a, way->sensor, true};
    }
}

static bool attracts(const struct venue *venue, uint32_t zone, bool any_hall)
{
    enum zone_kind kind = venue->zones[zone].kind;
    if (any_hall)
        return kind == ZONE_HALL || kind == ZONE_FORUM || kind == ZONE_PLAZA;
    return zone > 0 && kind != ZONE_CELL; /* a venue without halls: everywhere */
}

static void find_goals(const struct venue *venue, uint32_t goals_max, struct links *links)
{
    bool any_hall = false;
    for (uint32_t z = 0; z < venue->zone_count; z++)
        any_hall |= venue->zones[z].kind == ZONE_HALL || venue->zones[z].kind == ZONE_FORUM;
    links->goal_node[links->goal_count++] = links->outside;
    for (uint32_t z = 0; z < venue->zone_count && links->goal_count < goals_max; z++) {
        if (attracts(venue, z, any_hall))
            links->goal_node[links->goal_count++] = z;
    }
    if (links->goal_count == 1)
        links->goal_node[links->goal_count++] = 0;
}

/* Breadth first from the goal. Nobody walks through the outside to get somewhere. */
static void measure(struct links *links, uint32_t goal, uint32_t *queue)
{
    uint8_t *distance = links->distance + (size_t)goal * links->node_count;
    memset(distance, LINKS_NO_WAY, links->node_count);
    uint32_t head = 0, tail = 0;
    queue[tail++] = links->goal_node[goal];
    distance[links->goal_node[goal]] = 0;
    while (head < tail) {
        uint32_t node = queue[head++];
        if (distance[node] >= LINKS_NO_WAY - 1 || (node == links->outside && goal != 0))
            continue;
        for (uint32_t i = links->first[node]; i < links->first[node + 1]; i++) {
            uint32_t to = links->link[i].to;
            if (distance[to] == LINKS_NO_WAY) {
                distance[to] = (uint8_t)(distance[node] + 1);
                queue[tail++] = to;
            }
        }
    }
}

static void count_lanes(const struct venue *venue, struct links *links)
{
    for (uint32_t s = 0; s < venue->sensor_count; s++) {
        const struct venue_sensor *sensor = &venue->sensors[s];
        if (sensor->class == SENSOR_GATE)
            links->entry_lanes += sensor->lanes ? sensor->lanes : LANES_UNKNOWN;
    }
    if (links->entry_lanes == 0)
        links->entry_lanes = VENUE_GATE_LANES_MAX;
}

bool links_open(const struct venue *venue, uint32_t goals_max, struct links **ret_links,
                struct error *err)
{
    uint32_t nodes = venue->zone_count + 1;
    size_t ways_max = venue->sensor_count + (size_t)3 * nodes;
    struct builder b = {.venue = venue, .outside = venue->zone_count};
    struct links *links = calloc(1, sizeof *links);
    b.way = calloc(ways_max, sizeof *b.way);
    b.group = calloc(nodes, sizeof *b.group);
    b.counted = calloc(nodes, sizeof *b.counted);
    bool ok = links && b.way && b.group && b.counted;
    if (ok) {
        links->node_count = nodes;
        links->outside = b.outside;
        links->first = calloc(nodes + 1u, sizeof *links->first);
        links->goal_node = calloc(goals_max + 1u, sizeof *links->goal_node);
        links->area_m2 = calloc(nodes, sizeof *links->area_m2);
        for (uint32_t n = 0; n < nodes; n++)
            b.group[n] = n;
        find_ways(&b);
        links->link = calloc(2u * (size_t)b.way_count + 1, sizeof *links->link);
        ok = links->first && links->goal_node && links->area_m2 && links->link;
    }
    if (ok) {
        fill_links(&b, links);
        for (uint32_t n = 0; n < nodes; n++)
            links->area_m2[n] =
                n < venue->zone_count && venue->zones[n].area_m2 > 0 ? venue->zones[n].area_m2 : 1;
        find_goals(venue, goals_max, links);
        links->distance = calloc((size_t)links->goal_count * nodes, 1);
        ok = links->distance != NULL;
    }
    bool somewhere = false;
    for (uint32_t g = 0; ok && g < links->goal_count; g++) {
        measure(links, g, b.group);
        somewhere |= g > 0 && links->distance[(size_t)g * nodes + links->outside] != LINKS_NO_WAY;
    }
    free(b.way);
    free(b.group);
    free(b.counted);
    if (!ok || !somewhere) {
        links_close(links);
        return ok ? error_set(err, ERROR_INVALID, 0, "no zone can be reached from the outside")
                  : error_set(err, ERROR_NO_MEMORY, 0, "links of %u zones", nodes);
    }
    count_lanes(venue, links);
    *ret_links = links;
    return true;
}

void links_close(struct links *links)
{
    if (!links)
        return;
    free(links->first);
    free(links->link);
    free(links->goal_node);
    free(links->area_m2);
    free(links->distance);
    free(links);
}

const struct link *links_toward(const struct links *links, uint32_t goal, uint32_t node,
                                uint64_t *random)
{
    const uint8_t *distance = links->distance + (size_t)goal * links->node_count;
    const struct link *chosen = NULL;
    uint32_t seen = 0;
    if (distance[node] == 0 || distance[node] == LINKS_NO_WAY)
        return NULL;
    for (uint32_t i = links->first[node]; i < links->first[node + 1]; i++) {
        const struct link *link = &links->link[i];
        if (distance[link->to] < distance[node] && random_below(random, ++seen) == 0)
            chosen = link;
    }
    return chosen;
}

const struct link *links_stroll(const struct links *links, uint32_t goal, uint32_t node,
                                uint64_t *random)
{
    uint32_t home = links->goal_node[goal];
    const struct link *chosen = NULL;
    double sum = 0;
    for (uint32_t i = links->first[node]; i < links->first[node + 1]; i++) {
        const struct link *link = &links->link[i];
        bool dead_end = links->first[link->to + 1] - links->first[link->to] == 1;
        bool within = node == home ? link->to != links->outside && dead_end : link->to == home;
        if (!within || link->sensor != LINK_UNCOUNTED)
            continue;
        sum += links->area_m2[link->to];
        if (random_unit(random) * sum < links->area_m2[link->to])
            chosen = link;
    }
    return chosen;
}
