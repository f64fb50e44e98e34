/*
 * simulate: publishes the day of a venue to the broker: movement (movement.h) seen by devices (devices.h), sent over MQTT at QoS 1.
 *
 *     return simulate_run(&(struct simulate_options){.config = &config, .venue = venue, .speed = 60, … .stop = cli_stop()});
 */
#ifndef CROWDTIDE_INGEST_SIMULATE_SIMULATE_H
#define CROWDTIDE_INGEST_SIMULATE_SIMULATE_H

#include "schemas/config/config.h"
#include "schemas/venue/venue.h"

/* A day in nine minutes, the event of the morning 20 s after the start: a first alert within a minute, and time for its levels to clear one by one
   before the next morning. */
#define SIMULATE_SPEED_DEFAULT 60.0
#define SIMULATE_START_DEFAULT_S (9.5 * 3600)
#define SIMULATE_RATE_DEFAULT 1000.0
#define SIMULATE_DROPOUTS_DEFAULT 0.5

struct simulate_options {
    const struct config *config;
    const struct venue *venue;
    double speed;             /* simulated seconds a second */
    double start_s;           /* time of day at the beginning */
    double duration_s;        /* wall time; 0: until stopped */
    double rate_limit;        /* messages/s at most */
    double dropouts_per_hour; /* of one sensor */
    uint32_t people;          /* 0: the movement's default */
    uint32_t main_zone;       /* where the main event is; VENUE_NO_ZONE: by the seed */
    uint64_t seed;
    bool drill;               /* messages of a drill: they never touch the real state */
    bool quiet;               /* no progress lines */
    const volatile int *stop;
};

/* Runs until stopped or for duration_s; prints progress on stderr. At the end everybody leaves the venue and is counted, if that takes no longer than SIMULATE_END_S. Returns the exit code. */
enum { SIMULATE_END_S = 5 };
int simulate_run(const struct simulate_options *options);

#endif
