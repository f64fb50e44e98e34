#include <stdlib.h>

#include "schemas/base/suggest.h"
#include "schemas/venue/internal.h"

enum {
    AREA_MAX_M2 = 100000000,
    LENGTH_MAX_M = 100000,
    CAPACITY_MAX = 100000000,
    EMPTY_BOUND = 10, /* guards, cleaners */
    EMPTY_BOUND_MAX = 1000,
};

static const char *const zone_keys[] = {
    "id",          "name",     "kind",     "parent",     "area_m2",
    "width_m",     "capacity", "polygon",  "tags",       "uncounted_doors",
    "cells_cover", "closed",   "empty_at", "empty_bound"};

bool venue_read_zone_ref(struct venue_reader *r, const struct tree_node *node, const char *name,
                         uint32_t *ret_zone)
{
    struct str id;
    if (!tree_id(node, name, &id, r->problems))
        return false;
    uint32_t zone = venue_zone_find(r->venue, id);
    if (zone != VENUE_NO_ZONE) {
        *ret_zone = zone;
        return true;
    }
    uint32_t limit = suggest_limit(id), best = limit + 1;
    struct str near = {0};
    bool listed = r->problems->count < PROBLEMS_MAX; /* beyond, nobody would read it */
    for (uint32_t i = 0; listed && i < r->venue->zone_count; i++) {
        uint32_t distance = suggest_distance(id, r->venue->zones[i].id, limit);
        if (distance < best) {
            best = distance;
            near = r->venue->zones[i].id;
        }
    }
    problems_add(r->problems, node->line, node->column,
                 "%s: there is no zone \"" STR_FMT "\"%s" STR_FMT "%s", name, STR_ARG(id),
                 near.len ? "; did you mean \"" : "", STR_ARG(near), near.len ? "\"?" : "");
    return false;
}

static bool read_point(struct venue_reader *r, const struct tree_node *node,
                       struct venue_point *ret_point)
{
    if (!tree_expect(node, TREE_LIST, "a point of the polygon", r->problems))
        return false;
    if (node->count != 2) {
        problems_add(r->problems, node->line, node->column,
                     "a point of the polygon is [x, y], two numbers in metres");
        return false;
    }
    bool x =
        tree_number(node->item[0], "x", -LENGTH_MAX_M, LENGTH_MAX_M, &ret_point->x_m, r->problems);
    bool y =
        tree_number(node->item[1], "y", -LENGTH_MAX_M, LENGTH_MAX_M, &ret_point->y_m, r->problems);
    return x && y;
}

static void read_polygon(struct venue_reader *r, const struct tree_node *node,
                         struct venue_zone *zone)
{
    if (!tree_expect(node, TREE_LIST, "polygon", r->problems))
        return;
    if (node->count < 3 || node->count > VENUE_POINTS_MAX) {
        problems_add(r->problems, node->line, node->column,
                     "polygon: %u points, but 3 to %d are expected", node->count, VENUE_POINTS_MAX);
        return;
    }
    zone->points = venue_alloc(r, node->count, sizeof *zone->points);
    if (!zone->points)
        return;
    for (uint32_t i = 0; i < node->count; i++)
        if (!read_point(r, node->item[i], &zone->points[i]))
            return;
    zone->point_count = node->count;
    double area = polygon_area_m2(zone->points, node->count);
    if (!(area > 0) || polygon_crosses_itself(zone->points, node->count)) {
        problems_add(r->problems, node->line, node->column,
                     "polygon: its edges touch or cross, or it has no area");
        return;
    }
    if (zone->area_m2 > 0 && (area < zone->area_m2 * 0.9 || area > zone->area_m2 * 1.1))
        problems_warn(r->problems, node->line, node->column,
                      "area_m2 is %.10g, but the polygon has %.1f m2; the given area is used",
                      zone->area_m2, area);
    if (!(zone->area_m2 > 0))
        zone->area_m2 = area;
}

void venue_read_tags(struct venue_reader *r, const struct tree_node *node,
                     struct str tag[VENUE_TAGS_MAX], uint32_t *ret_count)
{
    uint32_t count = venue_list_count(node), kept = 0;
    if (count == 0 || count > VENUE_TAGS_MAX) {
        problems_add(r->problems, node->line, node->column,
                     "tags: %u of them, but 1 to %d are expected", count, VENUE_TAGS_MAX);
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        const struct tree_node *item = venue_list_item(node, i);
        struct str id;
        if (!tree_id(item, "tags", &id, r->problems))
            continue;
        for (uint32_t k = 0; k < kept; k++) {
            if (str_equal(tag[k], id))
                problems_add(r->problems, item->line, item->column,
                             "tags: \"" STR_FMT "\" is there twice", STR_ARG(id));
        }
        tag[kept++] = venue_keep(r, id);
    }
    *ret_count = kept;
}

/* When it is swept. */
static void read_empty(struct venue_reader *r, const struct tree_node *map, struct venue_zone *zone)
{
    const struct tree_node *node = tree_find(map, "empty_at"),
                           *bound = tree_find(map, "empty_bound");
    struct str text;
    zone->empty_min = -1;
    zone->empty_bound = EMPTY_BOUND;
    if (node && tree_text(node, "empty_at", 0, VENUE_NAME_BYTES_MAX, &text, r->problems)) {
        zone->empty_min = time_minutes(text);
        if (zone->empty_min < 0)
            problems_add(r->problems, node->line, node->column,
                         "empty_at: a local time such as \"03:00\" is expected");
    }
    if (bound && !node)
        problems_add(r->problems, bound->line, bound->column,
                     "empty_bound is only for zones with empty_at");
    else if (bound)
        (void)tree_int(bound, "empty_bound", 0, EMPTY_BOUND_MAX, &zone->empty_bound, r->problems);
}

/* What zones and the venue itself share. */
static void read_measures(struct venue_reader *r, const struct tree_node *map,
                          struct venue_zone *zone)
{
    const struct tree_node *node;
    struct str text;
    zone->line = map->line;
    if ((node = tree_find(map, "id")) == NULL)
        problems_add(r->problems, map->line, map->column, "the id is missing");
    else if (tree_id(node, "id", &text, r->problems))
        zone->id = venue_keep(r, text);
    zone->name = zone->id;
    if ((node = tree_find(map, "name")) &&
        tree_text(node, "name", 1, VENUE_NAME_BYTES_MAX, &text, r->problems))
        zone->name = venue_keep(r, text);
    if ((node = tree_find(map, "area_m2")))
        (void)tree_number(node, "area_m2", 0.01, AREA_MAX_M2, &zone->area_m2, r->problems);
    if ((node = tree_find(map, "width_m")))
        (void)tree_number(node, "width_m", 0.01, LENGTH_MAX_M, &zone->width_m, r->problems);
    if ((node = tree_find(map, "capacity")))
        (void)tree_int(node, "capacity", 1, CAPACITY_MAX, &zone->capacity, r->problems);
    if ((node = tree_find(map, "polygon")))
        read_polygon(r, node, zone);
    if ((node = tree_find(map, "tags")))
        venue_read_tags(r, node, zone->tag, &zone->tag_count);
    if ((node = tree_find(map, "uncounted_doors")))
        (void)tree_bool(node, "uncounted_doors", &zone->uncounted_doors, r->problems);
    if ((node = tree_find(map, "cells_cover")))
        (void)tree_bool(node, "cells_cover", &zone->cells_cover, r->problems);
    if ((node = tree_find(map, "closed")))
        (void)tree_bool(node, "closed", &zone->closed, r->problems);
    read_empty(r, map, zone);
}

/* IANA names: Area/Place, UTC, Etc/GMT+8. Whether the name exists only the machine knows; `check`
 * looks there. */
static bool time_zone_shaped(struct str s)
{
    if (s.len == 0 || s.len > 64 || s.at[0] == '/' || s.at[0] == '.')
        return false;
    for (uint32_t i = 0; i < s.len; i++) {
        char c = s.at[i];
        bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (!letter && c != '/' && c != '_' && c != '-' && c != '+')
            return false;
    }
    return true;
}

void venue_read_head(struct venue_reader *r, const struct tree_node *root)
{
    static const char *const keys[] = {"id",          "name",    "time_zone", "capacity",
                                       "area_m2",     "polygon", "tags",      "uncounted_doors",
                                       "cells_cover", "closed",  "empty_at",  "empty_bound"};
    struct venue *v = r->venue;
    const struct tree_node *map = tree_find(root, "venue"), *list = tree_find(root, "zones");
    uint32_t count = list && list->kind == TREE_LIST ? list->count : 0;
    v->time_zone = STR_LIT("UTC");
    if (count >= VENUE_ZONES_MAX) {
        problems_add(r->problems, list->line, list->column, "zones: more than %d",
                     VENUE_ZONES_MAX - 1);
        count = 0;
    }
    v->zones = venue_alloc(r, (size_t)count + 1, sizeof *v->zones);
    r->zone_node = calloc((size_t)count + 1, sizeof(struct tree_node *));
    if (!v->zones || !r->zone_node) {
        problems_add(r->problems, 1, 1, "out of memory");
        return;
    }
    v->zone_count = 1;
    v->zones[0] = (struct venue_zone){
        .kind = ZONE_VENUE, .parent = VENUE_NO_ZONE, .empty_min = -1, .line = 1};
    r->zone_node[0] = root;
    if (!map) {
        problems_add(r->problems, 1, 1, "the section \"venue\" with the venue's id is missing");
        return;
    }
    if (!tree_expect(map, TREE_MAP, "venue", r->problems))
        return;
    r->zone_node[0] = map;
    tree_keys(map, "the section venue", keys, sizeof keys / sizeof keys[0], r->problems);
    read_measures(r, map, &v->zones[0]);
    v->id = v->zones[0].id;
    v->name = v->zones[0].name;
    const struct tree_node *node = tree_find(map, "time_zone");
    struct str text;
    if (node && tree_text(node, "time_zone", 1, 64, &text, r->problems)) {
        if (time_zone_shaped(text))
            v->time_zone = venue_keep(r, text);
        else
            problems_add(r->problems, node->line, node->column,
                         "time_zone: an IANA name such as Asia/Shanghai or UTC is expected");
    }
}

static void read_zone(struct venue_reader *r, const struct tree_node *map, struct venue_zone *zone)
{
    const struct tree_node *node;
    uint32_t kind;
    zone->line = map->line;
    zone->kind = ZONE_CELL;
    if (!tree_expect(map, TREE_MAP, "a zone", r->problems))
        return;
    tree_keys(map, "a zone", zone_keys, sizeof zone_keys / sizeof zone_keys[0], r->problems);
    read_measures(r, map, zone);
    if ((node = tree_find(map, "kind")) == NULL)
        problems_add(r->problems, map->line, map->column, "zone \"" STR_FMT "\" has no kind",
                     STR_ARG(zone->id));
    else if (tree_choice(node, "kind", zone_kind_words + 1, ZONE_KIND_COUNT - 1, &kind,
                         r->problems))
        zone->kind = (enum zone_kind)(kind + 1); /* "venue" is the section venue's alone */
}

/* Refuses parents in a circle or too deep: every way up must end at the venue within
 * VENUE_DEPTH_MAX steps. */
static void check_nesting(struct venue_reader *r)
{
    const struct venue *v = r->venue;
    for (uint32_t i = 1; i < v->zone_count; i++) {
        uint32_t depth = 0, at = i;
        while (at != 0 && depth <= VENUE_DEPTH_MAX) {
            at = v->zones[at].parent;
            depth++;
            if (at == i)
                break;
        }
        if (at == i)
            problems_add(r->problems, r->zone_node[i]->line, r->zone_node[i]->column,
                         "zone \"" STR_FMT "\" is inside itself; follow its parents",
                         STR_ARG(v->zones[i].id));
        else if (depth > VENUE_DEPTH_MAX)
            problems_add(r->problems, r->zone_node[i]->line, r->zone_node[i]->column,
                         "zone \"" STR_FMT "\" is nested deeper than %d zones, or in a circle",
                         STR_ARG(v->zones[i].id), VENUE_DEPTH_MAX);
    }
}

void venue_read_zones(struct venue_reader *r, const struct tree_node *root)
{
    struct venue *v = r->venue;
    const struct tree_node *list = tree_find(root, "zones");
    if (v->zone_count == 0 || (list && list->count >= VENUE_ZONES_MAX))
        return;
    if (list && !tree_expect(list, TREE_LIST, "zones", r->problems))
        list = NULL;
    for (uint32_t i = 0; list && i < list->count; i++) {
        r->zone_node[v->zone_count] = list->item[i];
        read_zone(r, list->item[i], &v->zones[v->zone_count++]);
    }
    if (!venue_index_zones(r))
        return;
    for (uint32_t i = 1; i < v->zone_count; i++) {
        const struct tree_node *node = tree_find(r->zone_node[i], "parent");
        v->zones[i].parent = 0;
        if (node)
            (void)venue_read_zone_ref(r, node, "parent", &v->zones[i].parent);
    }
    check_nesting(r);
}
