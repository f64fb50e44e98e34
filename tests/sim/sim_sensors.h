/* sim_sensors: what the sensors of the simulated venue publish. */
#ifndef CROWDTIDE_TESTS_SIM_SIM_SENSORS_H
#define CROWDTIDE_TESTS_SIM_SIM_SENSORS_H

#include "tests/sim/sim.h"

enum {
    SIM_SENSORS = 8,
    SIM_SENSOR_MUTE = 6 /* says nothing at the end: its zone must be unknown then */
};

/* Publishes what is due. all_well: nothing odd, and only SIM_SENSOR_MUTE is silent. */
void sim_sensors_turn(bool all_silent, bool all_well);

#endif
