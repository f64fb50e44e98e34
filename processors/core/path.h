/*
 * path: whether all that the broker has is heard here, and until when, therefore, what is said
 * holds. ingest sends a probe through the broker to itself every second; messages keep their order
 * there, so when one comes back, all that the broker had taken before it was sent has been heard.
 *
 *     path_tick(core, &tick)          what ingest knew a moment ago
 *     path_disconnected(core)
 *     path_valid_until_ms(core)       RESULT_VALID_MS after the moment of which that is known last
 *     path_of(core)                   what it is, in a word
 *
 * Where probes have never come back (the broker's access list may forbid them) and where none are
 * sent, the connection alone tells, as it is known to ingest. Once one has come back, connected
 * without probes is a break.
 *
 * Times said are log time and what the wall clock is ahead of it: what others compare with their
 * own clocks. Part of the state.
 */
#ifndef CROWDTIDE_PROCESSORS_CORE_PATH_H
#define CROWDTIDE_PROCESSORS_CORE_PATH_H

#include <stdbool.h>
#include <stdint.h>

struct core;
struct record_tick;

/* clang-format off */
#define PATH_STATES(P)                                                                             \
    P(WHOLE, "whole")                                                                              \
    P(BROKER, "broker")       /* ingest is not connected with every subscription */                \
    P(SILENT, "silent")       /* it is, and no probe comes back any more */                        \
    P(REFUSED, "refused")     /* it is, and the broker passes no probe on any more */              \
    P(UNPROVEN, "unproven")   /* it is, and none has ever come back */                             \
    P(UNPROBED, "unprobed")   /* it is, and sends none */
/* clang-format on */
enum path_state {
#define PATH_STATE_ENUM(name, text) PATH_##name,
    PATH_STATES(PATH_STATE_ENUM) PATH_STATE_COUNT
#undef PATH_STATE_ENUM
};

struct path {
    int64_t proven_ms; /* log time up to which all was heard; CORE_NEVER */
    int64_t probe_ms;  /* as the last tick said; RESULT_ABSENT: none has come back */
    uint8_t state;     /* enum path_state, but SILENT only by path_of */
    bool probed;       /* probes have come back, and are still sent */
    bool overdue_said; /* at the last second boundary */
    bool turned;       /* that has changed with the one in hand */
};

void path_init(struct path *path);
void path_tick(struct core *core, const struct record_tick *tick);
void path_disconnected(struct core *core);

/* A second boundary: notes whether what stands is to be said again at once. */
void path_second(struct core *core);
/* Nothing holds any more that is said: what tells how something is says so itself, too. */
bool path_overdue(const struct core *core);

int64_t path_valid_until_ms(const struct core *core);
enum path_state path_of(const struct core *core);
const char *path_text(enum path_state state);
/* Connected, as far as that can be told: what ingest does not hear is not there. */
bool path_hears(const struct core *core);
/* Log time since when not: when it was known last that all is heard, where the broker looks
 * connected. */
int64_t path_lost_ms(const struct core *core);

#endif
