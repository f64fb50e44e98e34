/* sim_store: a time-series store that answers as real ones do, well or not, and http_poster.h over
   it. It keeps each point by its identity: measurement, tags and time. */
#ifndef CROWDTIDE_TESTS_SIM_SIM_STORE_H
#define CROWDTIDE_TESTS_SIM_SIM_STORE_H

#include "tests/sim/sim.h"

struct sim_point {
    char *identity, *fields;
    uint64_t hash;
    uint32_t written; /* how often */
    uint64_t durable_seq; /* of the readings, the first time */
    /* For sim_check: some result says so; and the last one that does says something else. */
    bool expected, stale;
};

struct sim_store {
    struct sim_point *points;
    size_t count, cap;
    uint32_t *table; /* open addressing; index + 1 */
    size_t slots;
    bool down, no_database;
    uint32_t error_one_in;   /* requests */
    uint32_t refuses_one_in; /* lines, by what they are; 0: none */
};

/* Whether it refuses the line for what it is. */
bool sim_store_refuses(const char *line, size_t len);
void sim_store_down(bool down);
/* The point of a line: its identity (measurement, tags, time) and fields. NULL: not there. */
struct sim_point *sim_store_find(const char *line, size_t len);
/* Whether the point holds just the line's fields. */
bool sim_store_same(const struct sim_point *point, const char *line, size_t len);

#endif
