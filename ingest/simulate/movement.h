/*
 * movement: where the people of a simulated venue are. Each person is in one zone or outside; a person moves from zone to zone along the venue's links and is
 * counted by the sensor on the way. Nobody is made or lost: people outside plus people inside is constant, and the gates' counts account for
 * everybody inside.
 *
 *     movement_open(&options, &movement, &err);
 *     movement_step(movement, dt_s);                        simulated seconds
 *     movement_inside(movement, zone)                       people in the zone and the zones in it
 *     counts = movement_passages(movement, sensor)          passages since the owner last took them away
 *     movement_close(movement);
 *
 * The day: doors open at 8:30; arrivals crest from 9 to 11; every hall fills toward a share of its capacity that peaks from 10 to 11 and from 14 to 15; one
 * hall, chosen by the seed (or given), has the main event of the morning and is over its capacity from 9:50 to 10:55, another one in the afternoon from 13:55 to 14:55; from 16 everybody
 * leaves; at 18:30 the next day's morning follows.
 *
 * Links: each pedestrian gate and each in/out counter links its two zones; zones without any such sensor are linked to their parent; what then has no way in is
 * linked to the outside at its queues, or through its parent. Works for any venue; names mean nothing here.
 *
 * Deterministic: the seed and the sequence of steps decide everything. One thread. No I/O, no clock.
 */
#ifndef CROWDTIDE_INGEST_SIMULATE_MOVEMENT_H
#define CROWDTIDE_INGEST_SIMULATE_MOVEMENT_H

#include "schemas/venue/venue.h"

enum {
    MOVEMENT_PEOPLE_DEFAULT = 20000,
    MOVEMENT_PEOPLE_MAX = 1000000,
    MOVEMENT_GOALS_MAX = 256,   /* zones that people want to be in */
    MOVEMENT_OPEN_S = 8 * 3600 + 1800,
    MOVEMENT_CLOSE_S = 18 * 3600 + 1800,
};

struct movement_options {
    const struct venue *venue; /* must outlive the movement */
    uint64_t seed;
    uint32_t people;   /* 0: MOVEMENT_PEOPLE_DEFAULT */
    double start_s;    /* time of day at the beginning, when everybody is still outside */
    uint32_t main_zone; /* zone with the morning's main event; VENUE_NO_ZONE: by the seed */
};

struct movement_passages { /* at one sensor, since movement_open or the last time its owner set it to zero */
    uint32_t in, out;
    uint32_t rejects; /* gates: people refused, who stay outside */
};

struct movement;

/* Errors: NO_MEMORY, INVALID (a venue where nobody can go anywhere). */
bool movement_open(const struct movement_options *options, struct movement **ret_movement,
                   struct error *err);
void movement_close(struct movement *movement); /* NULL is allowed */

/* Moves people for dt_s simulated seconds, in steps of at most MOVEMENT_STEP_S. */
void movement_step(struct movement *movement, double dt_s);
#define MOVEMENT_STEP_S 5.0

/* Everybody who is inside takes one link toward the way out, counted there; returns how many are still inside. Repeated by a simulation that ends, so that the counts it leaves behind say
   that nobody is inside. One link at a time, each reported before the next: no zone's counters ever report more people leaving than they reported entering. */
int64_t movement_leave(struct movement *movement);

/* Seconds since the simulated midnight. */
double movement_time_s(const struct movement *movement);

int64_t movement_inside(const struct movement *movement, uint32_t zone);
int64_t movement_outside(const struct movement *movement);

/* The passages at one sensor; the owner takes counts away by changing them. */
struct movement_passages *movement_passages(struct movement *movement, uint32_t sensor);

/* The zone with the main event. */
uint32_t movement_main_zone(const struct movement *movement);

#endif
