/* sim_pages: those who are paged: three webhooks and an Alertmanager that take, refuse or lose
   pages, and sender.h over them. Keeps every page that was taken. */
#ifndef CROWDTIDE_TESTS_SIM_SIM_PAGES_H
#define CROWDTIDE_TESTS_SIM_SIM_PAGES_H

#include "tests/sim/sim.h"

enum { SIM_SIGNED, SIM_PLAIN_HOOK, SIM_DRILL_HOOK, SIM_WEBHOOKS, SIM_ALERTMANAGER = SIM_WEBHOOKS };
enum { SIM_TARGETS = SIM_ALERTMANAGER + 1, SIM_NEVER_LATE_S = 3600, SIM_ALERT_ID_BYTES = 96 };

#define SIM_SECRET "not to be guessed"
#define SIM_SECRET_FILE "/sim/hook.secret"

#define SIM_ROSTER                                                                                 \
    "language: en\n"                                                                               \
    "targets:\n"                                                                                   \
    "  - {id: a, kind: webhook, url: 'http://target/0', secret_file: hook.secret}\n"              \
    "  - {id: b, kind: webhook, url: 'http://target/1'}\n"                                         \
    "  - {id: d, kind: webhook, url: 'http://target/2', status: Exercise}\n"                       \
    "  - {id: m, kind: alertmanager, url: 'http://target/3'}\n"                                    \
    "teams: [{id: all, targets: [a, b, d, m]}]\n"                                                  \
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

struct sim_target {
    struct sim_taken *taken; /* of a webhook */
    size_t count, cap;
    uint64_t said_yes, said_no; /* answers that the pager has heard */
    int asked_to_wait;          /* which life of the pager, last */
    int64_t not_before_ns;
};

struct sim_pages {
    struct sim_target target[SIM_TARGETS];
    struct sim_alertmanager *alertmanager;
    int down; /* a target, or -1 */
    uint32_t error_one_in;   /* requests */
    uint32_t refuses_one_in; /* pages, by what they are; 0: none */
};

void sim_pages_down(bool down);

#endif
