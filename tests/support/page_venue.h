/* page_venue: the venue that rosters are tried on: two halls in a block of their own, of which the first has a room inside, and a plaza. */
#ifndef CROWDTIDE_TESTS_SUPPORT_PAGE_VENUE_H
#define CROWDTIDE_TESTS_SUPPORT_PAGE_VENUE_H

/* `more`: of its first line, as in ", capacity: 20000". */
#define PAGE_VENUE(more)                                                                           \
    "venue: {id: v" more "}\n"                                                                     \
    "builtin_rules: no\n"                                                                          \
    "defaults: {escalate_s: {yellow: [], orange: 180, red: [60, 120]}}\n"                          \
    "rules:\n"                                                                                     \
    "  - {id: full, metric: percent_capacity, kinds: [hall],\n"                                    \
    "     levels: {yellow: {enter: 80, action: Meter.}, red: {enter: 100, action: Stop.}}}\n"      \
    "  - {id: dense, metric: density, kinds: [cell, plaza],\n"                                     \
    "     levels: {blue: {enter: 1, action: Look.}, orange: {enter: 3, action: Batch.}}}\n"        \
    "zones:\n"                                                                                     \
    "  - {id: north, kind: hall, capacity: 20000}\n"                                               \
    "  - {id: h1, kind: hall, capacity: 10000, parent: north}\n"                                   \
    "  - {id: h1.a, kind: cell, area_m2: 20, parent: h1}\n"                                        \
    "  - {id: h2, kind: hall, capacity: 10000, parent: north}\n"                                   \
    "  - {id: plaza, kind: plaza, area_m2: 90}\n"                                                  \
    "sensors:\n"                                                                                   \
    "  - {id: s1, class: crowd, counter: level, zone: h1, interval_s: 5}\n"                        \
    "  - {id: s1a, class: crowd, counter: level, zone: h1.a, interval_s: 5}\n"                     \
    "  - {id: s2, class: crowd, counter: level, zone: h2, interval_s: 5}\n"                        \
    "  - {id: s3, class: crowd, counter: level, zone: plaza, interval_s: 5}\n"

#endif
