/*
 * desk: operators' commands to a core that watches a few halls, and the replies.
 *
 *     struct desk desk;
 *     desk_open(&desk, DESK_VENUE);
 *     struct result_reply reply = desk_give(&desk, DESK_ACK_H1);
 *     desk_says(&reply, true, "", "what was tried");
 *     desk_close(&desk);
 *
 * A command is its members: JSON with ' for ", without the braces. Operator mo, a nonce and the time are added
 * where they lack.
 */
#ifndef CROWDTIDE_TESTS_SUPPORT_DESK_H
#define CROWDTIDE_TESTS_SUPPORT_DESK_H

#include "processors/core/command.h"
#include "processors/core/state.h"
#include "tests/support/core_feed.h"

enum { DESK_LINE_BYTES = 2048, DESK_LI = 1001, DESK_MO = 1002, DESK_BO = 1003 };
#define DESK_BEGIN_MS INT64_C(1795424400000)

#define DESK_HALLS(settings)                                                                       \
    "venue: {id: v}\nbuiltin_rules: no\n"                                                          \
    "settings: {surge_people: 1000000, level_error_pct: 0, level_error_people: 0" settings "}\n"   \
    "rules:\n"                                                                                     \
    "  - {id: full, metric: percent_capacity, kinds: [hall], min_samples: 1, clear_s: 10,\n"       \
    "     levels: {yellow: {enter: 80, dwell_s: 0, action: Meter., plan: [Announce it, Open]},\n"  \
    "              red: {enter: 100, dwell_s: 0, action: Stop.}}}\n"                               \
    "  - {id: many, metric: occupancy, kinds: [hall], min_samples: 1, clear_s: 10,\n"              \
    "     levels: {blue: {enter: 800, dwell_s: 0, action: Watch.}}}\n"                             \
    "  - {id: shut, metric: closed_occupancy, kinds: [hall], min_samples: 1, clear_s: 5,\n"        \
    "     levels: {orange: {enter: 1, dwell_s: 0, action: Lead them out.}}}\n"                     \
    "zones:\n"                                                                                     \
    "  - {id: h1, kind: hall, capacity: 1000}\n"                                                   \
    "  - {id: h2, kind: hall, capacity: 1000}\n"                                                   \
    "  - {id: h3, kind: plaza}\n"                                                                  \
    "  - {id: drill, kind: hall, capacity: 1000}\n"                                                \
    "  - {id: road, kind: road}\n"                                                                 \
    "sensors:\n"                                                                                   \
    "  - {id: a, class: crowd, counter: level, zone: h1, silence_s: 600}\n"                        \
    "  - {id: b, class: crowd, counter: level, zone: h2, silence_s: 600}\n"                        \
    "  - {id: c, class: crowd, counter: level, zone: h3, silence_s: 600}\n"                        \
    "  - {id: d, class: crowd, counter: level, zone: drill, silence_s: 600}\n"

#define DESK_PEOPLE                                                                                \
    "roles:\n"                                                                                     \
    "  - {id: steward, commands: [ack, note, step, anchor]}\n"                                     \
    "  - {id: chief, commands: all, supervisor: yes}\n"                                            \
    "operators:\n"                                                                                 \
    "  - {id: li, uid: 1001, roles: [steward]}\n"                                                  \
    "  - {id: mo, uid: 1002, roles: [chief]}\n"                                                    \
    "  - {id: bo, uid: 1003, roles: [chief]}\n"

#define DESK_VENUE DESK_HALLS("") DESK_PEOPLE

#define DESK_ACK_H1 "'command':'ack','alert':'h1/full'"
#define DESK_NOTE_H1 "'command':'note','alert':'h1/full','text':'x'"
#define DESK_SHELVE_H1 "'command':'shelve','alert':'h1/full','minutes':5,'text':'x'"
#define DESK_START(who) "'command':'drill','state':'start','operator':'" who "'"
#define DESK_WAITS "waits for a second person to start it, for 5 min"

struct desk {
    struct core_feed feed;
    uint32_t nonces;
    const uint32_t *uid; /* NULL: that of the operator */
    char line[DESK_LINE_BYTES];
};

/* h1 has an open yellow and a blue alert, h2 and h3 none, the zone "drill" a red one. */
void desk_open(struct desk *desk, const char *yaml);
void desk_close(struct desk *desk);
void desk_publish(struct desk *desk, const char *topic, int people);

/* The whole command, until the next. */
struct str desk_line(struct desk *desk, const char *members);
struct result_reply desk_give(struct desk *desk, const char *members);
/* Fails the test where what is refused has changed anything but that its nonce is known. */
struct result_reply desk_give_watched(struct desk *desk, const char *members);
/* The only one among the feed's results. */
struct result_reply desk_reply(const struct core_feed *feed);
void desk_says(const struct result_reply *reply, bool ok, const char *reason, const char *what);

#endif
