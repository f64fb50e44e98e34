#include "schemas/venue/venue.h"

#include <stdlib.h>

#include "schemas/base/fetch.h"
#include "schemas/payload/payload_map.h"
#include "schemas/venue/internal.h"

/* Zones, sensors, rules and texts of the largest file, with room to spare. */
#define VENUE_ARENA_BYTES_MAX ((size_t)512 * 1024 * 1024)

const char *const level_words[VENUE_LEVELS] = {"blue", "yellow", "orange", "red"};
const char *const zone_kind_words[ZONE_KIND_COUNT] = {
#define ZONE_KIND_WORD(name, text) [ZONE_##name] = text,
    ZONE_KINDS(ZONE_KIND_WORD)
#undef ZONE_KIND_WORD
};
const char *const metric_words[METRIC_COUNT] = {
#define METRIC_WORD(name, text, unit) [METRIC_##name] = text,
    METRICS(METRIC_WORD)
#undef METRIC_WORD
};
const char *const sensor_class_words[4] = {[SENSOR_CROWD] = "crowd",
                                           [SENSOR_GATE] = "gate",
                                           [SENSOR_VEHICLE_GATE] = "vehicle_gate",
                                           [SENSOR_LIGHT] = "light"};
const char *const counter_kind_words[4] = {[COUNTER_LEVEL] = "level",
                                           [COUNTER_DELTA] = "delta",
                                           [COUNTER_DAILY] = "daily",
                                           [COUNTER_TOTAL] = "total"};

const char *const sensor_service_words[SERVICE_COUNT] = {
#define SERVICE_WORD(name, word) word,
    SENSOR_SERVICES(SERVICE_WORD)
#undef SERVICE_WORD
};

const char *zone_kind_text(enum zone_kind kind)
{
    return (unsigned)kind < ZONE_KIND_COUNT ? zone_kind_words[kind] : "unknown";
}

const char *sensor_class_text(enum sensor_class class)
{
    return (unsigned)class < 4 ? sensor_class_words[class] : "unknown";
}

const char *counter_kind_text(enum counter_kind kind)
{
    return (unsigned)kind < 4 ? counter_kind_words[kind] : "unknown";
}

const char *metric_text(enum metric metric)
{
    return (unsigned)metric < METRIC_COUNT ? metric_words[metric] : "unknown";
}

const char *metric_unit(enum metric metric)
{
    static const char *const units[METRIC_COUNT] = {
#define METRIC_UNIT(name, text, unit) [METRIC_##name] = unit,
        METRICS(METRIC_UNIT)
#undef METRIC_UNIT
    };
    return (unsigned)metric < METRIC_COUNT ? units[metric] : "";
}

enum metric_subject metric_subject(enum metric metric)
{
    switch (metric) {
    case METRIC_LIGHTS_FAILED:
    case METRIC_BROKER_LOST:
    case METRIC_BROKER_DROPPED:
        return SUBJECT_EQUIPMENT;
    case METRIC_RECOUNT_ZONES:
        return SUBJECT_UNCOUNTED;
    default:
        return SUBJECT_PEOPLE;
    }
}

const char *sensor_service_text(enum sensor_service service)
{
    return (unsigned)service < SERVICE_COUNT ? sensor_service_words[service] : "unknown";
}

void *venue_alloc(struct venue_reader *r, size_t count, size_t size)
{
    void *at = arena_alloc(r->arena, count, size);
    if (!at)
        problems_add(r->problems, 1, 1, "out of memory");
    return at;
}

struct str venue_keep(struct venue_reader *r, struct str text)
{
    struct str copy = arena_copy(r->arena, text);
    if (!copy.at)
        problems_add(r->problems, 1, 1, "out of memory");
    return copy;
}

uint32_t venue_slots_for(uint32_t count)
{
    uint32_t slots = 8;
    while (slots < 2 * count)
        slots *= 2;
    return slots;
}

/* Zones and sensors both begin with their id; an index sees only that. */
_Static_assert(offsetof(struct venue_zone, id) == 0 && offsetof(struct venue_sensor, id) == 0,
               "ids come first");
struct entries {
    const void *first;
    size_t stride;
    uint32_t count;
};

static struct str id_at(const struct entries *entries, uint32_t i)
{
    return *(const struct str *)(const void *)((const char *)entries->first + i * entries->stride);
}

/* The slot with the id, or the free one where it belongs. */
static uint32_t slot_of(const struct venue_slot *slot, uint32_t mask, struct str id, uint32_t hash)
{
    uint32_t at = hash & mask;
    while (slot[at].place && (slot[at].hash != hash || !str_equal(slot[at].id, id)))
        at = (at + 1) & mask;
    return at;
}

static bool index_build(struct venue_reader *r, const struct entries *entries, const char *what,
                        const struct tree_node *const *node, struct venue_slot **ret_slot,
                        uint32_t *ret_mask)
{
    uint32_t mask = venue_slots_for(entries->count) - 1;
    struct venue_slot *slot = venue_alloc(r, (size_t)mask + 1, sizeof *slot);
    if (!slot)
        return false;
    for (uint32_t i = 0; i < entries->count; i++) {
        struct str id = id_at(entries, i);
        if (!id.len)
            continue; /* has its problem already */
        uint32_t hash = (uint32_t)str_hash(id);
        uint32_t at = slot_of(slot, mask, id, hash);
        if (slot[at].place)
            problems_add(r->problems, node[i]->line, node[i]->column,
                         "%s \"" STR_FMT "\" is defined twice; first in line %u", what, STR_ARG(id),
                         node[slot[at].place - 1]->line);
        else
            slot[at] = (struct venue_slot){hash, i + 1, id};
    }
    *ret_slot = slot;
    *ret_mask = mask;
    return true;
}

static struct entries zone_entries(const struct venue *v)
{
    return (struct entries){v->zones, sizeof *v->zones, v->zone_count};
}

static struct entries sensor_entries(const struct venue *v)
{
    return (struct entries){v->sensors, sizeof *v->sensors, v->sensor_count};
}

bool venue_index_zones(struct venue_reader *r)
{
    struct entries entries = zone_entries(r->venue);
    return index_build(r, &entries, "zone", r->zone_node, &r->venue->index->zone,
                       &r->venue->index->zone_mask);
}

bool venue_index_sensors(struct venue_reader *r)
{
    struct entries entries = sensor_entries(r->venue);
    return index_build(r, &entries, "sensor", r->sensor_node, &r->venue->index->sensor,
                       &r->venue->index->sensor_mask);
}

static uint32_t find(const struct venue_slot *slot, uint32_t mask, struct str id, uint32_t hash)
{
    if (!slot || !id.len)
        return UINT32_MAX;
    uint32_t place = slot[slot_of(slot, mask, id, hash)].place;
    return place ? place - 1 : UINT32_MAX;
}

uint32_t venue_zone_find(const struct venue *venue, struct str id)
{
    _Static_assert(VENUE_NO_ZONE == UINT32_MAX, "what find says of none");
    return find(venue->index->zone, venue->index->zone_mask, id, (uint32_t)str_hash(id));
}

uint32_t venue_sensor_find(const struct venue *venue, struct str id)
{
    const struct venue_slot *slot = venue->index->sensor;
    uint32_t hash = (uint32_t)str_hash(id);
    /* Most likely the first slot is the one: its sensor comes from memory while the ids are
     * compared. */
    if (slot && slot[hash & venue->index->sensor_mask].place)
        fetch(&venue->sensors[slot[hash & venue->index->sensor_mask].place - 1],
              sizeof *venue->sensors);
    return find(slot, venue->index->sensor_mask, id, hash);
}

/* The rule's zones rise. */
bool venue_rule_names(const struct venue_rule *rule, uint32_t zone)
{
    uint32_t from = 0, to = rule->zone_count;
    while (from < to) {
        uint32_t middle = from + (to - from) / 2;
        if (rule->zone[middle] == zone)
            return true;
        if (rule->zone[middle] < zone)
            from = middle + 1;
        else
            to = middle;
    }
    return false;
}

void venue_sensor_fetch(const struct venue *venue, uint32_t hash)
{
    if (venue->index->sensor)
        fetch(&venue->index->sensor[hash & venue->index->sensor_mask], sizeof(struct venue_slot));
}

uint32_t venue_sensor_guess(const struct venue *venue, uint32_t hash)
{
    const struct venue_slot *slot = venue->index->sensor;
    if (!slot)
        return UINT32_MAX;
    uint32_t at = hash & venue->index->sensor_mask;
    while (slot[at].place && slot[at].hash != hash)
        at = (at + 1) & venue->index->sensor_mask;
    fetch(slot[at].id.at, 1);
    return slot[at].place - 1;
}

bool venue_rule_matches(const struct venue *venue, const struct venue_rule *rule, uint32_t zone)
{
    const struct venue_zone *z = &venue->zones[zone];
    if (rule->kinds >> z->kind & 1u)
        return true;
    if (venue_rule_names(rule, zone))
        return true;
    for (uint32_t i = 0; i < rule->tag_count; i++) {
        for (uint32_t k = 0; k < z->tag_count; k++) {
            if (str_equal(rule->tag[i], z->tag[k]))
                return true;
        }
    }
    return false;
}

static void read_all(struct venue_reader *r, const struct tree_node *root)
{
    static const char *const keys[] = {"venue",     "settings", "defaults",      "zones",
                                       "sensors",   "rules",    "builtin_rules", "roles",
                                       "operators", "shifts",   "payloads"};
    if (!tree_expect(root, TREE_MAP, "the venue file", r->problems))
        return;
    tree_keys(root, "the venue file", keys, sizeof keys / sizeof keys[0], r->problems);
    r->root = root;
    venue_read_head(r, root);
    venue_read_settings(r, root);
    venue_read_defaults(r, root);
    venue_read_zones(r, root);
    venue_read_sensors(r, root);
    venue_read_payloads(r, root);
    venue_read_rules(r, root);
    venue_read_operators(r, root);
    /* Conclusions from a model with holes would only confuse. */
    if (problems_refuse(r->problems))
        return;
    venue_pace(r->venue);
    venue_validate(r);
}

bool venue_parse(struct str source, struct venue **ret_venue, struct problems *problems)
{
    struct problems own = {0};
    struct bundle bundle;
    struct tree *tree = NULL;
    struct venue *venue = calloc(1, sizeof *venue);
    struct arena *arena = arena_new(VENUE_ARENA_BYTES_MAX);
    struct venue_reader reader = {
        .venue = venue, .arena = arena, .bundle = &bundle, .problems = &own};
    if (venue && arena) {
        venue->arena = arena;
        venue->index = arena_alloc(arena, 1, sizeof *venue->index);
        venue->hash = str_hash(source);
        venue->settings = venue_settings_default();
    }
    if (!venue || !arena || !venue->index)
        problems_add(&own, 1, 1, "out of memory");
    else if (source.len > VENUE_SOURCE_BYTES_MAX)
        problems_add(&own, 1, 1, "the file is longer than %d bytes", VENUE_SOURCE_BYTES_MAX);
    else if (bundle_split(source, &bundle, &own) && tree_parse(bundle.venue, NULL, &tree, &own))
        read_all(&reader, tree_root(tree));
    tree_free(tree);
    bool ok = !problems_refuse(&own);
    problems_sort(&own);
    problems_append(problems, &own);
    free(reader.zone_node);
    free(reader.sensor_node);
    free(reader.rule_node);
    if (!ok) {
        payload_maps_free(venue ? venue->payloads : NULL);
        arena_free(arena);
        free(venue);
        return false;
    }
    *ret_venue = venue;
    return true;
}

void venue_free(struct venue *venue)
{
    if (!venue)
        return;
    payload_maps_free(venue->payloads);
    arena_free(venue->arena);
    free(venue);
}
