/* sim_pages: those who are paged: three webhooks that take, refuse or lose pages, and sender.h over
   them. Keeps every page that was taken, and says what must have been. */
#ifndef CROWDTIDE_TESTS_SIM_SIM_PAGES_H
#define CROWDTIDE_TESTS_SIM_SIM_PAGES_H

#include "tests/sim/sim.h"

enum { SIM_TARGETS = 3, SIM_NEVER_LATE_S = 3600, SIM_ALERT_ID_BYTES = 96 };

/* The last of them takes exercises. */
#define SIM_ROSTER                                                                                 \
    "language: en\n"                                                                               \
    "targets:\n"                                                                                   \
    "  - {id: a, kind: webhook, url: 'http://target/0'}\n"                                         \
    "  - {id: b, kind: webhook, url: 'http://target/1'}\n"                                         \
    "  - {id: d, kind: webhook, url: 'http://target/2', status: Exercise}\n"                       \
    "teams: [{id: all, targets: [a, b, d]}]\n"                                                     \
    "routes: [{team: all, escalate: [all, all, all]}]\n"

struct sim_taken { /* a message that a target has */
    char id[SIM_ALERT_ID_BYTES];
    int64_t n;
    char act[12];
    int pager;   /* which life of the pager sent it */
    bool unsaid; /* and never heard that it was taken */
    bool refused;
    uint64_t durable_seq; /* of the readings, when it was taken */
    char *digest; /* the body of a digest; NULL: it is none */
};

struct sim_pages {
    struct {
        struct sim_taken *taken;
        size_t count, cap;
    } target[SIM_TARGETS];
    int down; /* a target, or -1 */
    uint32_t error_one_in;   /* requests */
    uint32_t refuses_one_in; /* pages, by what they are; 0: none */
};

void sim_pages_down(bool down);

/* Whether everybody has been told what the alerts log has for him by now; `why` names what lacks. */
bool sim_pages_told(char *why, size_t cap);
/* After the end: in order, and nothing twice but what was on its way when the pager died. */
void sim_pages_check(void);

#endif
