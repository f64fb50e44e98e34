/* sim_world: one run: which faults come and when, how programs are started again, and how it ends.
 */
#ifndef CROWDTIDE_TESTS_SIM_SIM_WORLD_H
#define CROWDTIDE_TESTS_SIM_SIM_WORLD_H

#include "tests/sim/sim.h"

/* The run's parts, one after the other. */
enum sim_phase {
    SIM_FAULTS_COME,
    SIM_ALL_IS_WELL, /* nothing fails any more, sensors go on */
    SIM_BROKER_DRAINS,
    SIM_INGEST_STOPS,
    SIM_LOGS_DRAIN, /* everything on its way arrives */
    SIM_PROGRAMS_STOP,
    SIM_OVER,
};

/* What comes by itself, now and then. */
enum sim_event {
    SIM_EVENT_CUT,
    SIM_EVENT_FULL,
    SIM_EVENT_OFFLINE,
    SIM_EVENT_SESSION,
    SIM_EVENT_KAFKA,
    SIM_EVENT_STORE,
    SIM_EVENT_TARGET,
    SIM_EVENT_CLOCK,
    SIM_EVENT_RELOAD,
    SIM_EVENT_UPGRADE,
    SIM_EVENT_STOP,
    SIM_EVENT_FREEZE,
    SIM_EVENT_COPY,
    SIM_EVENT_RESTORE,
    SIM_EVENTS,
};

struct sim_world {
    enum sim_phase phase;
    int64_t phase_ns, faults_ns;
    uint32_t every_s[SIM_EVENTS]; /* on average; 0: never */
    int64_t full_until_ns, offline_until_ns, kafka_until_ns, store_until_ns, target_until_ns;
    int64_t drift_ppm;
    uint32_t venue; /* which of its models is in the file */
    uint32_t upgrades;
    int64_t look_ns;     /* when to look whether the logs have drained */
    int64_t frozen_ns;   /* since when ingest is, or was the last time */
    int64_t unsynced_ns; /* since when nobody syncs the readings, ingest having been killed; 0:
                            somebody does */
};

/* The readings have a writer (again), and what they hold is durable. */
void sim_world_readings_open(void);
/* A sync of the readings failed. */
void sim_world_sync_failed(const char *path);

/* sim_end.c: the next part of the run, when this one is done. */
void sim_end_go_on(struct sim_world *world);

#endif
