#include <string.h>

#include "schemas/venue/internal.h"

/*
 * The rules of a venue file that has none. Each threshold can be replaced by a rule of the same id
 * in the file.
 *
 * Where the numbers come from:
 *  - Percent of the approved headcount. Yellow 80, orange 90, red 100 and entry stops at red:
 * Chinese practice for scenic areas, and LB/T 034, which asks for announcement, report and plan at
 * 80 %. Blue 50: a proposal. A large space is judged by heads because its mean density hides a
 * crush.
 *  - Moving crowds (aisles, corridors, cells), people/m²: 1.1 and 2.2 are the bounds of Fruin's
 * walkway levels D and E; flow peaks at 2 to 3 (Still), so 3.0 is where more people mean less
 * movement; 4.0 leaves a margin below 5, where Still puts danger.
 *  - Standing crowds (plazas), people/m²: 2.0 to 4.7 (the Green Guide's bound for standing areas),
 * below 5.
 *  - Stairs, people/m²: Fruin's stair levels C to E: 0.7, 1.5, 2.0, 2.7. A fall on stairs takes
 * others along.
 *  - Queues, people/m²: Fruin's queue levels C (1.1), D (1.5) and E (3.3), then 4.0.
 *  - Queue holding areas 50, 75, 90, 100 % and forums 80, 90, 95, 100 % of the seats: proposals.
 * Dwell and clear times are the file's defaults, else builtin_defaults in defaults.c.
 */
struct builtin {
    const char *id;
    enum metric metric;
    uint32_t kinds;
    bool optional; /* zones without what the metric needs are simply not judged by it */
    double enter[VENUE_LEVELS];
    const char *action[VENUE_LEVELS];
};

#define KIND(name) (1u << ZONE_##name)

static const struct builtin builtins[] = {
    {"venue-capacity",
     METRIC_PERCENT_CAPACITY,
     KIND(VENUE),
     true,
     {50, 80, 90, 100},
     {"Brief the staff; show the level on the displays.",
      "Announce; meter the entry at all gates; report to the authorities; start the plan.",
      "Release visitors in batches; divert those on their way; open the holding areas.",
      "Stop entry, exit only; call command and police; carry out the plan."}},
    {"hall-capacity",
     METRIC_PERCENT_CAPACITY,
     KIND(HALL),
     false,
     {50, 80, 90, 100},
     {"Brief the hall's staff; show the level on the displays.",
      "Announce; meter entry at the hall's doors; report; suggest other halls.",
      "Release visitors in batches; one-way loop; hold arrivals in the holding areas.",
      "Stop entry to the hall, exit only; call command and police; start the plan."}},
    {"forum-capacity",
     METRIC_PERCENT_CAPACITY,
     KIND(FORUM),
     false,
     {80, 90, 95, 100},
     {"Brief the ushers; point to the free seats.",
      "Announce that seats run out; prepare the overflow room.",
      "Admit only what leaves; open the overflow room.",
      "Close the doors to entry; keep the aisles and exits free; report to command."}},
    {"aisle-density",
     METRIC_DENSITY,
     KIND(CELL) | KIND(CORRIDOR),
     false,
     {1.1, 2.2, 3.0, 4.0},
     {"Send a steward to look; keep the aisle free of stops.",
      "Ask exhibitors to end attractions here; send stewards; open side aisles.",
      "One-way in the aisle; divert at both ends; stop the attraction.",
      "Close the aisle to entry; let people out at both ends; call command and police."}},
    {"plaza-density",
     METRIC_DENSITY,
     KIND(PLAZA),
     false,
     {2.0, 3.0, 4.0, 4.7},
     {"Brief the staff; keep the crossings free.",
      "Announce; open more lanes at the gates; lead arrivals to other entrances.",
      "Batch release towards the gates; holding areas; divert from the station.",
      "Stop arrivals; lead people out; call command and police; start the plan."}},
    {"stairs-density",
     METRIC_DENSITY,
     KIND(STAIRS),
     false,
     {0.7, 1.5, 2.0, 2.7},
     {"Send a steward; keep the landings free.",
      "Separate the directions; stop the escalator that feeds the stairs.",
      "One direction only; hold people before the stairs.",
      "Close the stairs to entry; clear from below; call command and police."}},
    {"queue-density",
     METRIC_DENSITY,
     KIND(QUEUE),
     false,
     {1.1, 1.5, 3.3, 4.0},
     {"Brief the gate's staff; check that the lanes work.",
      "Open more lanes; announce the waiting time.",
      "Hold arrivals before the queue; lead them to other gates.",
      "Stop arrivals; open the barriers to the side; call command and police."}},
    {"queue-capacity",
     METRIC_PERCENT_CAPACITY,
     KIND(QUEUE),
     true,
     {50, 75, 90, 100},
     {"Brief the gate's staff; prepare the next holding area.",
      "Open more lanes; open the next holding area.",
      "Lead arrivals to other gates; batch release.",
      "Close the queue to arrivals; call command and police."}},
};

enum { BUILTIN_COUNT = sizeof builtins / sizeof builtins[0] };

uint32_t venue_builtin_count(void)
{
    return BUILTIN_COUNT;
}

bool venue_builtin_optional(struct str id)
{
    for (uint32_t i = 0; i < BUILTIN_COUNT; i++)
        if (str_is(id, builtins[i].id))
            return builtins[i].optional;
    return false;
}

bool venue_builtin_rule(struct venue_reader *r, uint32_t i, struct venue_rule *ret_rule)
{
    const struct builtin *from = &builtins[i];
    struct venue_rule rule = {.id = venue_keep(r, str_of(from->id)),
                              .metric = from->metric,
                              .kinds = from->kinds,
                              .clear_margin_pct = r->defaults.clear_margin_pct,
                              .clear_ms = r->defaults.clear_ms,
                              .min_samples = (uint32_t)r->defaults.min_samples};
    memcpy(rule.escalate_ms, r->defaults.escalate_ms, sizeof rule.escalate_ms);
    for (uint32_t level = 0; level < VENUE_LEVELS; level++) {
        rule.enter[level] = from->enter[level];
        rule.dwell_ms[level] = r->defaults.dwell_ms[level];
        rule.action[level] = venue_keep(r, str_of(from->action[level]));
        if (!rule.action[level].at)
            return false;
    }
    *ret_rule = rule;
    return rule.id.at != NULL;
}
