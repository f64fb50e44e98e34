/* The payload maps of a venue, and which of its sensors the devices that they speak of are. */
#include <stdio.h>
#include <stdlib.h>

#include "schemas/payload/payload_map.h"
#include "schemas/venue/internal.h"

_Static_assert(BUNDLE_MAPS_MAX == (int)PAYLOAD_MAPS_MAX, "a bundle holds what a venue may have");
_Static_assert(VENUE_DEVICE_BYTES_MAX == (int)PAYLOAD_NAME_BYTES_MAX, "one name, one length");

/* ---- maps ------------------------------------------------------------------------------------ */

/* The filters of `topics`, borrowed from the tree; 0: none, or a mistake. */
static uint32_t topics_take(struct venue_reader *r, const struct tree_node *entry,
                            struct str filters[PAYLOAD_FILTERS_MAX])
{
    const struct tree_node *topics = tree_find(entry, "topics");
    uint32_t count = topics ? venue_list_count(topics) : 0;
    if (count > PAYLOAD_FILTERS_MAX) {
        problems_add(r->problems, topics->line, topics->column, "topics: more than %d",
                     PAYLOAD_FILTERS_MAX);
        return 0;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (!tree_text(venue_list_item(topics, i), "topics", 1, UINT16_MAX, &filters[i],
                       r->problems))
            return 0;
    }
    return count;
}

/* The map, parsed; its mistakes are in its own file. NULL: it has some. */
static struct payload_map *map_parse(struct venue_reader *r, const struct bundle_map *from)
{
    struct payload_map *map = NULL;
    struct problems *own = calloc(1, sizeof *own);
    if (!own) {
        problems_add(r->problems, 1, 1, "out of memory");
        return NULL;
    }
    if (!payload_map_parse(from->text, &map, own))
        map = NULL;
    problems_sort(own);
    problems_file(own, from->path);
    problems_append(r->problems, own);
    free(own);
    return map;
}

static void map_add(struct venue_reader *r, const struct tree_node *entry,
                    const struct bundle_map *from)
{
    struct str filters[PAYLOAD_FILTERS_MAX];
    struct error err = {0};
    uint32_t count = topics_take(r, entry, filters);
    struct payload_map *map = map_parse(r, from);
    if (!map)
        return;
    if (payload_maps_add(r->venue->payloads, map, filters, count, &err))
        return;
    char text[PROBLEM_BYTES];
    problems_add(r->problems, entry->line, entry->column, "map \"" STR_FMT "\": %s",
                 STR_ARG(from->name), error_describe(&err, text, sizeof text));
    payload_map_free(map);
}

static void entry_read(struct venue_reader *r, const struct tree_node *entry,
                       bool used[BUNDLE_MAPS_MAX])
{
    static const char *const keys[] = {"map", "topics"};
    struct str name;
    if (!tree_expect(entry, TREE_MAP, "an entry of payloads", r->problems))
        return;
    tree_keys(entry, "an entry of payloads", keys, sizeof keys / sizeof keys[0], r->problems);
    const struct tree_node *map = tree_find(entry, "map");
    if (!map) {
        problems_add(r->problems, entry->line, entry->column, "map is missing: which one?");
        return;
    }
    if (!tree_text(map, "map", 1, BUNDLE_NAME_BYTES_MAX, &name, r->problems))
        return;
    const struct bundle_map *from = bundle_find(r->bundle, name);
    if (!from) {
        problems_add(r->problems, map->line, map->column,
                     "map \"" STR_FMT "\" was not put into the bundle of this venue",
                     STR_ARG(name));
        return;
    }
    used[from - r->bundle->map] = true;
    map_add(r, entry, from);
}

/* ---- devices --------------------------------------------------------------------------------- */

static uint32_t device_hash(struct str device)
{
    return (uint32_t)str_hash(device);
}

static uint32_t part_hash(struct str device, struct str part)
{
    return (uint32_t)(str_hash(device) * 31 + str_hash(part));
}

/* The slot with the device (and the part, unless it is NULL), or the free one where it belongs. */
static uint32_t slot_of(const struct venue *venue, const struct venue_device_slot *slot,
                        uint32_t hash, struct str device, const struct str *part)
{
    uint32_t mask = venue->index->device_mask, at = hash & mask;
    for (; slot[at].place; at = (at + 1) & mask) {
        const struct venue_device *there = &venue->devices[slot[at].place - 1];
        if (slot[at].hash == hash && str_equal(there->device, device) &&
            (!part || str_equal(there->part, *part)))
            return at;
    }
    return at;
}

static void device_read(struct venue_reader *r, uint32_t s)
{
    struct str text;
    struct venue_device *to = &r->venue->devices[s];
    const struct tree_node *map = r->sensor_node[s];
    *to = (struct venue_device){.device = r->venue->sensors[s].id, .next = UINT32_MAX};
    if (map->kind != TREE_MAP)
        return;
    const struct tree_node *device = tree_find(map, "device"), *part = tree_find(map, "part");
    if (device && tree_text(device, "device", 1, VENUE_DEVICE_BYTES_MAX, &text, r->problems))
        to->device = venue_keep(r, text);
    if (part && tree_text(part, "part", 1, VENUE_DEVICE_BYTES_MAX, &text, r->problems))
        to->part = venue_keep(r, text);
}

static void device_index(struct venue_reader *r, uint32_t s)
{
    struct venue *v = r->venue;
    struct venue_device *it = &v->devices[s];
    uint32_t hash = part_hash(it->device, it->part);
    struct venue_device_slot *slot =
        &v->index->device_part[slot_of(v, v->index->device_part, hash, it->device, &it->part)];
    if (slot->place) {
        const struct venue_sensor *sensor = &v->sensors[s], *later = &v->sensors[slot->place - 1];
        problems_add(r->problems, later->line, 1,
                     "sensors \"" STR_FMT "\" (line %u) and \"" STR_FMT
                     "\" are the same part \"" STR_FMT "\" of device \"" STR_FMT "\"",
                     STR_ARG(sensor->id), sensor->line, STR_ARG(later->id), STR_ARG(it->part),
                     STR_ARG(it->device));
        return;
    }
    *slot = (struct venue_device_slot){hash, s + 1};
    hash = device_hash(it->device);
    slot = &v->index->device[slot_of(v, v->index->device, hash, it->device, NULL)];
    it->next = slot->place ? slot->place - 1 : UINT32_MAX;
    *slot = (struct venue_device_slot){hash, s + 1};
}

/* From the last to the first, so that a device's sensors follow one another as in the file. */
static void devices_index(struct venue_reader *r)
{
    struct venue *v = r->venue;
    uint32_t slots = venue_slots_for(v->sensor_count);
    v->devices = venue_alloc(r, v->sensor_count, sizeof *v->devices);
    v->index->device = venue_alloc(r, slots, sizeof *v->index->device);
    v->index->device_part = venue_alloc(r, slots, sizeof *v->index->device_part);
    v->index->device_mask = slots - 1;
    if (!v->devices || !v->index->device || !v->index->device_part)
        return;
    for (uint32_t s = v->sensor_count; s-- > 0;) {
        device_read(r, s);
        if (v->sensors[s].id.len) /* else it has its problem already */
            device_index(r, s);
    }
}

/* A sensor that says what no map will ask for. */
static void devices_warn(struct venue_reader *r)
{
    for (uint32_t s = 0; s < r->venue->sensor_count; s++) {
        const struct tree_node *map = r->sensor_node[s];
        if (map->kind != TREE_MAP || !(tree_find(map, "device") || tree_find(map, "part")))
            continue;
        problems_warn(r->problems, map->line, map->column,
                      "device and part are what payload maps call a sensor, but payloads names no "
                      "map");
        return;
    }
}

uint32_t venue_device_find(const struct venue *venue, struct str device, struct str part)
{
    const struct venue_device_slot *slot = venue->index->device_part;
    if (!slot)
        return UINT32_MAX;
    slot += slot_of(venue, slot, part_hash(device, part), device, &part);
    return slot->place ? slot->place - 1 : UINT32_MAX;
}

uint32_t venue_device_first(const struct venue *venue, struct str device)
{
    const struct venue_device_slot *slot = venue->index->device;
    if (!slot)
        return UINT32_MAX;
    slot += slot_of(venue, slot, device_hash(device), device, NULL);
    return slot->place ? slot->place - 1 : UINT32_MAX;
}

/* ingest subscribes crowdtide's own topics, too: what overlaps them is wider than the maps say. */
static bool own_topics_beside(struct venue_reader *r)
{
    static const char *const first[] = {"crowdtide", "drill"};
    char filter[ID_BYTES_MAX + 16];
    for (uint32_t i = 0; i < 2; i++) {
        (void)snprintf(filter, sizeof filter, "%s/" STR_FMT "/#", first[i], STR_ARG(r->venue->id));
        if (!payload_maps_beside(r->venue->payloads, filter))
            return false;
    }
    return true;
}

void venue_read_payloads(struct venue_reader *r, const struct tree_node *root)
{
    bool used[BUNDLE_MAPS_MAX] = {false};
    const struct tree_node *list = tree_find(root, "payloads");
    if (list && !tree_expect(list, TREE_LIST, "payloads", r->problems))
        return;
    uint32_t count = list ? list->count : 0;
    if (count > PAYLOAD_MAPS_MAX) {
        problems_add(r->problems, list->line, list->column, "payloads: more than %d maps",
                     PAYLOAD_MAPS_MAX);
        return;
    }
    if (count == 0) {
        devices_warn(r);
    } else {
        r->venue->payloads = payload_maps_new();
        if (!r->venue->payloads) {
            problems_add(r->problems, 1, 1, "out of memory");
            return;
        }
        devices_index(r);
    }
    for (uint32_t i = 0; i < count; i++)
        entry_read(r, list->item[i], used);
    if (count && !own_topics_beside(r))
        problems_add(r->problems, 1, 1, "out of memory");
    for (uint32_t i = 0; i < r->bundle->map_count; i++) {
        if (!used[i])
            problems_add(r->problems, 1, 1, "payload map \"" STR_FMT "\" is named nowhere",
                         STR_ARG(r->bundle->map[i].name));
    }
}

/* ---- topics ---------------------------------------------------------------------------------- */

static bool begins_with(struct str s, struct str with)
{
    return s.len >= with.len && memcmp(s.at, with.at, with.len) == 0;
}

/* What follows drill/{venue}/raw/; false: it is none of those. */
static bool drill_topic(struct str topic, struct str venue, struct str *ret)
{
    const struct str parts[] = {STR_LIT("drill/"), venue, STR_LIT("/raw/")};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (!begins_with(topic, parts[i]))
            return false;
        topic = (struct str){topic.at + parts[i].len, topic.len - parts[i].len};
    }
    *ret = topic;
    return topic.len > 0;
}

bool venue_raw_topic(const struct venue *venue, struct str topic, struct str *ret_topic,
                     bool *ret_drill)
{
    struct str raw = topic;
    bool drill = drill_topic(topic, venue->id, &raw);
    if (!drill &&
        (begins_with(topic, STR_LIT("crowdtide/")) || begins_with(topic, STR_LIT("drill/"))))
        return false;
    *ret_topic = raw;
    *ret_drill = drill;
    return true;
}
