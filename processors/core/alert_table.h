/*
 * alert_table: the life of an alert as a table [state][event] → {action, next}. Every cell is
 * filled; alert.c has the one function that changes state. Events up to SETTLE come from values,
 * LOST to ESCALATE from data and time, the others from operators' commands, the day and the zone's
 * other alerts.
 */
#ifndef CROWDTIDE_PROCESSORS_CORE_ALERT_TABLE_H
#define CROWDTIDE_PROCESSORS_CORE_ALERT_TABLE_H

/* clang-format off */
#define ALERT_STATES(S)                                                                            \
    S(NORMAL, "normal") S(PENDING, "pending") S(ACTIVE_UNACKED, "active_unacked")                  \
    S(ACTIVE_ACKED, "active_acked") S(CLEARING, "clearing") S(RESOLVED, "resolved")                \
    S(SHELVED, "shelved") S(SUPPRESSED, "suppressed") S(OUT_OF_SERVICE, "out_of_service")          \
    S(UNKNOWN, "unknown")

#define ALERT_EVENTS(E)                                                                            \
    E(ENTER, "enter")             /* some level's threshold is reached; its dwell begins */        \
    E(LEAVE, "leave")             /* below every threshold again before any dwell ended */         \
    E(RAISE, "raise")             /* a level above the present one held for its dwell */           \
    E(BELOW, "below")             /* under the clear margin of the present level */                \
    E(ABOVE, "above")             /* back over the clear margin */                                 \
    E(STEP, "step")               /* clear time passed; the next lower level still holds */        \
    E(STEP_ON, "step_on")         /* clear time passed; under the next lower level's margin too */ \
    E(CLEARED, "cleared")         /* clear time passed at the lowest level */                      \
    E(SETTLE, "settle")           /* resolved has been said */                                     \
    E(LOST, "lost")               /* what it is judged by is not known any more */                 \
    E(CAUSE, "cause")             /* it is still not known, but for another cause */               \
    E(FOUND, "found")             /* there are fresh data again */                                 \
    E(VOUCH, "vouch")             /* a supervisor's count stands in for the data */                \
    E(ESCALATE, "escalate")       /* unacknowledged until the next step was due */                 \
    E(ACKNOWLEDGE, "acknowledge")                                                                  \
    E(SHELVE, "shelve") E(UNSHELVE, "unshelve")                                                    \
    E(EXPIRE, "expire")           /* the shelf's time is over */                                   \
    E(HANDOVER, "handover")       /* another shift takes over: it has shelved nothing */           \
    E(REMARK, "remark")           /* noted, assigned, a step of the plan done */                   \
    E(SUPPRESS, "suppress")       /* red of the same zone says it all */                           \
    E(RELEASE, "release")         /* and does not any more; another's page is over */              \
    E(RETIRE, "retire")           /* its rule or zone is gone */

#define ALERT_ACTIONS(A)                                                                           \
    A(NONE, "none")         /* nothing: the event has no meaning in this state */                  \
    A(MOVE, "move")         /* to the next state; announced when an alert is open */               \
    A(START, "start")       /* the alert begins: id, n = 1 */                                      \
    A(RAISE, "raise")       /* to the higher level, unacknowledged */                              \
    A(LOWER, "lower")       /* one level down */                                                   \
    A(END, "end")           /* resolved, with duration and peak */                                 \
    A(LOSE, "lose")         /* unknown: asks for an acknowledgement of its own */                  \
    A(ACK, "ack")           /* remember and announce the acknowledgement */                        \
    A(ESCALATE, "escalate") /* one step on, announced */
/* clang-format on */

enum alert_state {
#define ALERT_STATE_ENUM(name, text) ALERT_##name,
    ALERT_STATES(ALERT_STATE_ENUM)
#undef ALERT_STATE_ENUM
        ALERT_STATE_COUNT,
    /* Only as `next` in a cell: */
    ALERT_AS_ACKED = ALERT_STATE_COUNT, /* active, acknowledged or not as before */
    ALERT_AS_LEVEL,                     /* as acked when a level is held, else normal */
};

enum alert_event {
#define ALERT_EVENT_ENUM(name, text) ALERT_ON_##name,
    ALERT_EVENTS(ALERT_EVENT_ENUM)
#undef ALERT_EVENT_ENUM
        ALERT_EVENT_COUNT,
};

enum alert_action {
#define ALERT_ACTION_ENUM(name, text) ALERT_DO_##name,
    ALERT_ACTIONS(ALERT_ACTION_ENUM)
#undef ALERT_ACTION_ENUM
        ALERT_ACTION_COUNT,
};

struct alert_cell {
    unsigned char action; /* enum alert_action */
    unsigned char next;   /* enum alert_state */
};

extern const struct alert_cell alert_table[ALERT_STATE_COUNT][ALERT_EVENT_COUNT];

const char *alert_state_text(enum alert_state state);
const char *alert_event_text(enum alert_event event);
const char *alert_action_text(enum alert_action action);

#endif
