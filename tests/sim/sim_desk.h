/* sim_desk: operators who give commands through command_socket.h, and repeat those that nobody
   answered. Keeps what was answered, and with which sequence. */
#ifndef CROWDTIDE_TESTS_SIM_SIM_DESK_H
#define CROWDTIDE_TESTS_SIM_SIM_DESK_H

#include "tests/sim/sim.h"

enum { SIM_COMMANDS_MAX = 256, SIM_COMMAND_BYTES = 256 };

struct sim_command {
    char line[SIM_COMMAND_BYTES];
    uint64_t seq; /* as the answer said; 0: none yet */
    int64_t answered_ns;
};

struct sim_desk {
    struct sim_command commands[SIM_COMMANDS_MAX];
    uint32_t count, next; /* next: the first without an answer */
};

/* Somebody gives a command, perhaps. */
void sim_desk_turn(void);
bool sim_desk_waits(void);

#endif
