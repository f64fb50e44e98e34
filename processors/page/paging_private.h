/* paging_private: what the files of paging share: its members, and the reader of the file. */
#ifndef CROWDTIDE_PROCESSORS_PAGE_PAGING_PRIVATE_H
#define CROWDTIDE_PROCESSORS_PAGE_PAGING_PRIVATE_H

#include "processors/page/paging.h"
#include "schemas/base/arena.h"
#include "schemas/yaml/tree.h"

enum {
    PAGING_DAYS = 7,
    PAGING_DAY_MIN = 24 * 60,
    PAGING_EVERY_DAY = (1 << PAGING_DAYS) - 1,
    PAGING_LEVELS = (1 << LEVEL_YELLOW) | (1 << LEVEL_ORANGE) | (1 << LEVEL_RED),
    PAGING_ACTUAL_BIT = 1 << PAGING_ACTUAL,
    PAGING_EXERCISE_BIT = 1 << PAGING_EXERCISE,
    PAGING_ROUTE_WORDS = PAGING_ROUTES_MAX / 64,
};

/* On each of these days from from_min until to_min, minutes after local midnight; where to_min is
   not after from_min, until that time of the next day. */
struct paging_hours {
    uint8_t days; /* bit 0: Monday */
    uint16_t from_min, to_min;
};
bool paging_hours_hold(const struct paging_hours *hours, uint32_t week_min);
extern const char *const paging_day_words[PAGING_DAYS]; /* mon … sun */

struct paging_name { /* as written in the file, and where */
    struct str id;
    uint32_t line, column;
};
struct paging_names {
    const struct paging_name *name;
    uint32_t count; /* 0: any will do */
};

struct paging_shift {
    struct paging_hours hours;
    uint64_t targets;
};

struct paging_team {
    struct str id;
    const struct paging_shift *shift;
    uint32_t shift_count;
    uint32_t line, column;
};

struct paging_route {
    struct paging_names venues, zones, rules;
    uint32_t kinds;   /* bit (1 << zone_kind); 0: any */
    uint8_t levels;   /* bit (1 << level) */
    uint8_t statuses; /* bit (1 << paging_status) of Actual and Exercise */
    struct paging_hours hours;
    bool also;                                 /* the routes after it are asked as well */
    uint32_t team[1 + PAGING_ESCALATIONS_MAX]; /* [0]: at once; [k]: at step k of escalation */
    uint32_t team_count;
    uint32_t line, column;
};

struct paging {
    struct arena *arena; /* everything lives in it */
    struct paging_target *target;
    struct paging_team *team;
    struct paging_route *route;
    uint32_t target_count, team_count, route_count;
};

struct paging_reader {
    struct paging *paging;
    struct problems *problems;
    const char *path; /* of the file; NULL: secrets are not read */
    enum paging_language language;
};

/* Zeroed memory of the paging; a copy of a text in it, with a NUL. NULL (at NULL): with a problem.
 */
void *paging_alloc(struct paging_reader *r, size_t count, size_t size);
struct str paging_keep(struct paging_reader *r, struct str text);
/* The list of a section, of 1 to max entries; NULL, with a problem unless it is not there. */
const struct tree_node *paging_section(struct paging_reader *r, const struct tree_node *root,
                                       const char *key, uint32_t max);
/* The id of an entry, which no other of `count` has: they lie `stride` bytes apart and begin with
 * it. */
bool paging_read_id(struct paging_reader *r, const struct tree_node *map, const char *what,
                    const void *entries, size_t stride, uint32_t count, struct str *ret_id);
/* The place, among such entries, of the one that a node names; a problem with the nearest one. */
bool paging_read_reference(struct paging_reader *r, const struct tree_node *node, const char *what,
                           const void *entries, size_t stride, uint32_t count, uint32_t *ret_at);
/* `days`, `from` and `to` of a map; what is not there means always. */
void paging_read_hours(struct paging_reader *r, const struct tree_node *map,
                       struct paging_hours *ret_hours);
/* Where several may stand, one may stand without brackets. */
static inline uint32_t paging_items(const struct tree_node *node)
{
    return node->kind == TREE_LIST ? node->count : 1;
}
static inline const struct tree_node *paging_item(const struct tree_node *node, uint32_t i)
{
    return node->kind == TREE_LIST ? node->item[i] : node;
}

void paging_read_targets(struct paging_reader *r, const struct tree_node *root);
void paging_read_teams(struct paging_reader *r, const struct tree_node *root);
void paging_read_routes(struct paging_reader *r, const struct tree_node *root);

extern const char *const paging_language_words[3];
extern const char *const paging_status_words[2];
extern const char *const paging_level_words[3]; /* of LEVEL_YELLOW + i */

/* ---- who is reached -------------------------------------------------------------------------- */

/* Each part of a route's match by itself; time of day apart. */
bool paging_route_venue(const struct paging_route *route, struct str venue);
/* zone: index in the venue; VENUE_NO_ZONE: it has none such, and only the id can be compared. */
bool paging_route_zone(const struct paging_route *route, const struct venue *venue, uint32_t zone,
                       struct str zone_id);
bool paging_route_rule(const struct paging_route *route, struct str rule);

struct paging_routes { /* a set: bit i % 64 of word i / 64 */
    uint64_t word[PAGING_ROUTE_WORDS];
};

/* Those of the routes' teams of a step, both statuses: the routes of the set in the file's order,
   until one that holds at that minute has no `also`. off_shift: whoever is in a team at some time.
   asked: gets the routes that were looked at; may be NULL. */
uint64_t paging_walk(const struct paging *paging, const struct paging_routes *routes,
                     uint32_t week_min, uint32_t step, bool off_shift,
                     struct paging_routes *asked);
static inline bool paging_routes_has(const struct paging_routes *routes, uint32_t i)
{
    return routes->word[i / 64] >> i % 64 & 1u;
}
static inline void paging_routes_add(struct paging_routes *routes, uint32_t i)
{
    routes->word[i / 64] |= UINT64_C(1) << i % 64;
}

#endif
