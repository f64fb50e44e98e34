/*
 * links: the ways between the zones of a venue, for the simulator: who is next to whom, which sensor counts the passage, how far it is to each goal. Read-only once
 * made. How links come about is told in movement.h.
 */
#ifndef CROWDTIDE_INGEST_SIMULATE_LINKS_H
#define CROWDTIDE_INGEST_SIMULATE_LINKS_H

#include "schemas/venue/venue.h"

#define LINK_UNCOUNTED UINT32_MAX

struct link {
    uint32_t to;     /* node */
    uint32_t sensor; /* index, or LINK_UNCOUNTED */
    bool inward;     /* this way is the sensor's "in" */
};

/* Nodes are zones; the last node is the outside. Goal 0 is the outside (leaving), the others are zones that people want to be in. */
struct links {
    uint32_t node_count;
    uint32_t outside;   /* node */
    uint32_t *first;    /* [node]: its links are link[first[node]] … link[first[node + 1] - 1] */
    struct link *link;
    uint32_t goal_count;
    uint32_t *goal_node; /* [goal] */
    double *area_m2;     /* [node]: 1 when unknown */
    uint8_t *distance;   /* [goal × node_count + node]: passages to the goal; LINKS_NO_WAY */
    double entry_lanes;  /* of all gates to the outside together */
};
enum { LINKS_NO_WAY = 255 };

/* Errors: NO_MEMORY, INVALID (no zone can be reached from the outside). */
bool links_open(const struct venue *venue, uint32_t goals_max, struct links **ret_links,
                struct error *err);
void links_close(struct links *links); /* NULL is allowed */

/* One of the links from node that lead nearer to the goal, each as likely; NULL when there is none (there, or no way). */
const struct link *links_toward(const struct links *links, uint32_t goal, uint32_t node,
                                uint64_t *random);
/* A step that stays inside the goal: to one of its parts, a large one more likely than a small one, or back from a part to it. NULL: no parts. */
const struct link *links_stroll(const struct links *links, uint32_t goal, uint32_t node,
                                uint64_t *random);

#endif
