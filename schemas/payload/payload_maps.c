/*
 * The maps of a venue, and the tree of their filters' levels, by which a topic finds its map in
 * about as many looks as it has levels. Literal levels hang on one hash table (node, text) for all
 * nodes; +, captures and patterns are few, and tried one by one. The first map in the list that
 * fits wins, so each node knows the first map below it, and what cannot win is not entered.
 */
#include <stdlib.h>

#include "schemas/payload/internal.h"
#include "schemas/payload/topic_filter.h"

enum { FILTERS_MAX = PAYLOAD_MAPS_MAX * 2 * PAYLOAD_FILTERS_MAX };
#define NO_MAP UINT32_MAX

struct node {
    uint32_t first; /* of the maps below */
    uint32_t here;  /* the map whose filter ends here; NO_MAP */
    uint32_t rest;  /* whose filter has # here */
    uint32_t
        pattern; /* its first child that is no literal, and the next of its parent's; 0: none */
    uint32_t sibling;
    const struct payload_level *level; /* what leads here */
};

struct slot {              /* of the table of literals */
    uint32_t parent, node; /* node 0: free */
    struct str literal;
};

struct listed {
    struct payload_map *map;
    struct payload_filter *filter; /* those of statuses, then those for readings: in tele/+/LWT and
                                      tele/+/+ the first means more */
    uint32_t filter_count;
};

struct payload_maps {
    struct arena *arena;
    struct listed listed[PAYLOAD_MAPS_MAX];
    uint32_t count;
    struct node *node; /* [0] is the root */
    uint32_t node_count, node_cap;
    struct slot *slot;
    uint32_t slot_mask, literal_count;
    struct str *subscribe; /* each once */
    uint32_t subscribe_count;
    struct payload_filter *asked; /* what is subscribed in their place: those that overlap in part
                                     are one that covers both */
    uint32_t asked_count;
};

/* Filters and levels of the largest list, with room to spare. */
#define MAPS_ARENA_BYTES_MAX ((size_t)64 * 1024 * 1024)
enum { SLOTS_FIRST = 64, NODES_FIRST = 64 };

static const struct node node_empty = {.first = NO_MAP, .here = NO_MAP, .rest = NO_MAP};

struct payload_maps *payload_maps_new(void)
{
    struct payload_maps *maps = calloc(1, sizeof *maps);
    if (!maps)
        return NULL;
    maps->arena = arena_new(MAPS_ARENA_BYTES_MAX);
    maps->node = malloc(NODES_FIRST * sizeof *maps->node);
    maps->slot = calloc(SLOTS_FIRST, sizeof *maps->slot);
    maps->subscribe = calloc(FILTERS_MAX, sizeof *maps->subscribe);
    maps->asked = calloc(FILTERS_MAX, sizeof *maps->asked);
    if (!maps->arena || !maps->node || !maps->slot || !maps->subscribe || !maps->asked) {
        payload_maps_free(maps);
        return NULL;
    }
    maps->node_cap = NODES_FIRST;
    maps->node[maps->node_count++] = node_empty;
    maps->slot_mask = SLOTS_FIRST - 1;
    return maps;
}

void payload_maps_free(struct payload_maps *maps)
{
    if (!maps)
        return;
    for (uint32_t i = 0; i < maps->count; i++)
        payload_map_free(maps->listed[i].map);
    arena_free(maps->arena);
    free(maps->node);
    free(maps->slot);
    free(maps->subscribe);
    free(maps->asked);
    free(maps);
}

static uint32_t slot_of(const struct payload_maps *maps, uint32_t parent, struct str literal)
{
    uint32_t at = (uint32_t)(payload_hash(literal) + parent * 0x9e3779b9u) & maps->slot_mask;
    while (maps->slot[at].node &&
           (maps->slot[at].parent != parent || !str_equal(maps->slot[at].literal, literal)))
        at = (at + 1) & maps->slot_mask;
    return at;
}

static bool slots_grow(struct payload_maps *maps)
{
    uint32_t old_count = maps->slot_mask + 1;
    struct slot *old = maps->slot, *grown = calloc((size_t)2 * old_count, sizeof *grown);
    if (!grown)
        return false;
    maps->slot = grown;
    maps->slot_mask = 2 * old_count - 1;
    for (uint32_t i = 0; i < old_count; i++)
        if (old[i].node)
            maps->slot[slot_of(maps, old[i].parent, old[i].literal)] = old[i];
    free(old);
    return true;
}

/* A new node, 0: no memory. */
static uint32_t node_new(struct payload_maps *maps, const struct payload_level *level)
{
    if (maps->node_count == maps->node_cap) {
        uint32_t cap = 2 * maps->node_cap;
        struct node *grown = realloc(maps->node, cap * sizeof *grown);
        if (!grown)
            return 0;
        maps->node = grown;
        maps->node_cap = cap;
    }
    maps->node[maps->node_count] = node_empty;
    maps->node[maps->node_count].level = level;
    return maps->node_count++;
}

/* The child of a node for one level, made when it is not there. + and whole captures of any name
 * share theirs; each pattern has its own. 0: no memory. */
static uint32_t child_of(struct payload_maps *maps, uint32_t parent,
                         const struct payload_level *level)
{
    if (level->kind == LEVEL_LITERAL) {
        if (2 * maps->literal_count > maps->slot_mask && !slots_grow(maps))
            return 0;
        uint32_t at = slot_of(maps, parent, level->literal);
        if (maps->slot[at].node)
            return maps->slot[at].node;
        uint32_t node = node_new(maps, level);
        if (node) {
            maps->slot[at] = (struct slot){parent, node, level->literal};
            maps->literal_count++;
        }
        return node;
    }
    uint32_t last = 0;
    for (uint32_t i = maps->node[parent].pattern; i; last = i, i = maps->node[i].sibling)
        if (level->kind != LEVEL_PATTERN && maps->node[i].level->kind == level->kind)
            return i;
    uint32_t node = node_new(maps, level);
    if (node && last)
        maps->node[last].sibling = node;
    else if (node)
        maps->node[parent].pattern = node;
    return node;
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static bool index_add(struct payload_maps *maps, const struct payload_filter *filter, uint32_t map)
{
    uint32_t at = 0;
    maps->node[0].first = least(maps->node[0].first, map);
    for (uint32_t i = 0; i < filter->level_count; i++) {
        at = child_of(maps, at, &filter->level[i]);
        if (!at)
            return false;
        maps->node[at].first = least(maps->node[at].first, map);
    }
    uint32_t *end = filter->rest ? &maps->node[at].rest : &maps->node[at].here;
    *end = least(*end, map);
    return true;
}

/* As ingest subscribes it (mqtt_filters): widened together with whatever it overlaps in part. */
static bool asked_add(struct payload_maps *maps, struct str filter)
{
    struct payload_captures none = {0};
    struct payload_filter parsed;
    const char *reason;
    uint32_t kept = 0;
    char *now = strndup(filter.at, filter.len);
    for (uint32_t i = 0; now && i < maps->asked_count; i++) {
        const char *there = maps->asked[i].text.at;
        if (topic_filter_covers(there, now)) {
            free(now);
            return true;
        }
        if (!topic_filter_clashes(there, now) || topic_filter_covers(now, there))
            continue;
        char *wider = topic_filter_join(there, now);
        free(now);
        now = wider;
        i = UINT32_MAX; /* it may overlap those before it now: from the first again */
    }
    bool ok = now && payload_filter_parse(maps->arena, str_of(now), &none, true, &parsed, &reason);
    for (uint32_t i = 0; ok && i < maps->asked_count; i++)
        if (!topic_filter_covers(now, maps->asked[i].text.at))
            maps->asked[kept++] = maps->asked[i];
    free(now);
    if (ok) {
        maps->asked[kept] = parsed;
        maps->asked_count = kept + 1;
    }
    return ok;
}

bool payload_maps_beside(struct payload_maps *maps, const char *filter)
{
    for (uint32_t i = 0; i < maps->asked_count; i++) {
        const char *there = maps->asked[i].text.at;
        if (!topic_filter_clashes(there, filter) || topic_filter_covers(there, filter) ||
            topic_filter_covers(filter, there))
            continue;
        char *wider = topic_filter_join(there, filter);
        bool ok = wider && asked_add(maps, str_of(wider));
        free(wider);
        if (!ok)
            return false;
        i = UINT32_MAX; /* it stands elsewhere now, and may clash with this one in part again */
    }
    return true;
}

static bool subscribe_add(struct payload_maps *maps, struct str filter)
{
    for (uint32_t i = 0; i < maps->subscribe_count; i++)
        if (str_equal(maps->subscribe[i], filter))
            return true;
    maps->subscribe[maps->subscribe_count++] = filter;
    return asked_add(maps, filter);
}

/* The map's filters as the list has them: `filters`, or its own, and those of its statuses. */
static bool filters_make(struct payload_maps *maps, const struct payload_map *map,
                         const struct str *filters, uint32_t count, struct listed *listed,
                         struct error *err)
{
    struct payload_captures captures = map->captures;
    uint32_t own = map->own_count, statuses = map->filter_count - own;
    if (count > PAYLOAD_FILTERS_MAX)
        return error_set(err, ERROR_TOO_LARGE, 0, "a map has at most %d topic filters",
                         PAYLOAD_FILTERS_MAX);
    uint32_t readings = count ? count : own;
    struct payload_filter *to = arena_alloc(maps->arena, (size_t)readings + statuses, sizeof *to);
    if (!to)
        return error_set(err, ERROR_NO_MEMORY, 0, "topic filters");
    for (uint32_t i = 0; i < readings; i++) {
        const char *reason = NULL;
        if (count == 0) {
            to[statuses + i] = map->filter[i];
            continue;
        }
        if (!payload_filter_parse(maps->arena, filters[i], &captures, true, &to[statuses + i],
                                  &reason)) {
            error_set(err, ERROR_INVALID, 0, "topic filter \"" STR_FMT "\": %s",
                      STR_ARG(filters[i]), reason);
            err->position = i;
            return false;
        }
        uint32_t lacks = map->captures_needed & ~to[statuses + i].captures;
        if (lacks) {
            struct str name = captures.name[__builtin_ctz(lacks)];
            error_set(err, ERROR_INVALID, 0,
                      "topic filter \"" STR_FMT "\" does not capture {" STR_FMT
                      "}, which the map uses",
                      STR_ARG(filters[i]), STR_ARG(name));
            err->position = i;
            return false;
        }
    }
    for (uint32_t i = 0; i < statuses; i++)
        to[i] = map->filter[own + i];
    listed->filter = to;
    listed->filter_count = readings + statuses;
    return true;
}

bool payload_maps_add(struct payload_maps *maps, struct payload_map *map, const struct str *filters,
                      uint32_t filter_count, struct error *err)
{
    struct error unwanted;
    err = err ? err : &unwanted;
    struct listed *listed = &maps->listed[maps->count];
    if (maps->count == PAYLOAD_MAPS_MAX)
        return error_set(err, ERROR_TOO_LARGE, 0, "a venue has at most %d payload maps",
                         PAYLOAD_MAPS_MAX);
    if (!filters_make(maps, map, filters, filter_count, listed, err))
        return false;
    for (uint32_t i = 0; i < listed->filter_count; i++) {
        if (!index_add(maps, &listed->filter[i], maps->count) ||
            !subscribe_add(maps, listed->filter[i].subscribe))
            return error_set(err, ERROR_NO_MEMORY, 0, "topic filters");
    }
    listed->map = map;
    map->place = maps->count;
    maps->count++;
    return true;
}

uint32_t payload_maps_count(const struct payload_maps *maps)
{
    return maps ? maps->count : 0;
}

const struct payload_map *payload_maps_at(const struct payload_maps *maps, uint32_t i)
{
    return maps->listed[i].map;
}

uint32_t payload_maps_filter_count(const struct payload_maps *maps)
{
    return maps ? maps->subscribe_count : 0;
}

struct str payload_maps_filter(const struct payload_maps *maps, uint32_t i)
{
    return maps->subscribe[i];
}

struct search {
    const struct payload_maps *maps;
    struct str topic;
    uint32_t best;
};

/* Looks below a node at the level that begins at `at`; at > len: the topic has ended. No deeper
 * than filters are. */
static void search(struct search *s, uint32_t at_node, uint32_t at)
{
    const struct node *node = &s->maps->node[at_node];
    bool hidden = at == 0 && s->topic.at[0] == '$'; /* from everything but literals */
    if (node->first >= s->best)
        return;
    if (!hidden)
        s->best = least(s->best, node->rest);
    if (at > s->topic.len) {
        s->best = least(s->best, node->here);
        return;
    }
    const char *slash = memchr(s->topic.at + at, '/', s->topic.len - at);
    uint32_t end = slash ? (uint32_t)(slash - s->topic.at) : s->topic.len;
    struct str text = {s->topic.at + at, end - at};
    uint32_t literal = s->maps->slot[slot_of(s->maps, at_node, text)].node;
    if (literal)
        search(s, literal, end + 1);
    struct str unwanted[PAYLOAD_CAPTURES_MAX];
    for (uint32_t i = hidden ? 0 : node->pattern; i; i = s->maps->node[i].sibling)
        if (s->maps->node[i].first < s->best &&
            payload_level_match(s->maps->node[i].level, text, unwanted))
            search(s, i, end + 1);
}

const struct payload_map *payload_maps_find(const struct payload_maps *maps, struct str topic)
{
    if (!maps || topic.len == 0)
        return NULL;
    struct search s = {maps, topic, NO_MAP};
    search(&s, 0, 0);
    return s.best == NO_MAP ? NULL : maps->listed[s.best].map;
}

const struct payload_filter *payload_maps_match(const struct payload_maps *maps,
                                                const struct payload_map *map, struct str topic,
                                                struct str ret_capture[PAYLOAD_CAPTURES_MAX])
{
    const struct listed *listed = &maps->listed[map->place];
    return payload_filters_match(listed->filter, listed->filter_count, topic, ret_capture);
}

bool payload_maps_widened(const struct payload_maps *maps, struct str topic)
{
    struct str unwanted[PAYLOAD_CAPTURES_MAX];
    for (uint32_t i = 0; maps && i < maps->asked_count; i++)
        if (payload_filter_match(&maps->asked[i], topic, unwanted))
            return true;
    return false;
}
