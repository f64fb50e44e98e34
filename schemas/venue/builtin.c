#include <math.h>
#include <string.h>

#include "schemas/venue/internal.h"

/*
 * The rules of a venue file that has none. Each can be replaced by a rule of the same id in the
 * file.
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
 *  - Flow in percent of the most that passes safely (Green Guide, Fruin: 82 people a metre and
 * minute on the level, 66 on stairs): 60, 80, 90, 100, a proposal. Beyond the maximum people jam.
 *  - Gates: waits of 5, 10, 20, 30 min and arrivals by service of 0.85, 1.0, 1.2, 1.5 over five
 * minutes: proposals. Above 1.0 the queue grows without end; at 1.5 the wait grows by
 * half an hour each hour.
 *  - Rejects 5, 15, 40 %: a proposal. A reject takes a lane for several times as long as a pass; at
 * 40 % verification itself fails. No red: what it does to people, wait and density of the queue
 * say. Long dwells, since a few refusals in a quiet minute are a large share.
 *  - Lights that should burn and do not: 10, 20, 40 %, a proposal; no red, since dark and crowded
 * together raise the densities one level earlier.
 *  - A surge that nothing confirms: yellow from the first person of it, at once. The count may be
 * right, and then it is the beginning of something.
 *  - People in a closed zone: yellow from 3 (a patrol walks in pairs), orange from 20: a proposal.
 * They are for zones that were swept and anchored at "empty now" when they were closed; what a door
 * counter has drifted by before, shows as people there until then.
 *  - Broker out of reach: yellow at 10 s, orange at 60 s, when most sensors would count as silent:
 * the venue is blind. Proposals.
 *  - Messages that the broker dropped: yellow from the first, since a passage that is not counted
 * is missing until the next anchor; orange from 1,000 in 10 min, when counts can't be trusted.
 * Proposals.
 *  - Zones that only a count by hand can tell of, after they were unseen for long: yellow from the
 * first, orange from 5, when more must be counted than a few stewards can do at once. Proposals.
 * One alert for all of them: their levels say unknown.
 *
 * Dwell and clear times are the file's defaults, else builtin_defaults in defaults.c,
 * where the table has none of its own.
 */
struct builtin {
    const char *id;
    enum metric metric;
    uint32_t kinds;
    bool optional; /* zones without what the metric needs are simply not judged by it */
    double enter[VENUE_LEVELS]; /* 0: no such level */
    const char *action[VENUE_LEVELS];
    const int16_t *dwell_s; /* by level; NULL: as usual */
    bool brief;             /* clears after BRIEF_CLEAR_S: a fact that is over when it is over */
};

enum { BRIEF_CLEAR_S = 10 };
static const int16_t at_once[VENUE_LEVELS] = {0, 0, 0, 0};
static const int16_t patient[VENUE_LEVELS] = {300, 180, 120, 60};

#define KIND(name) (1u << ZONE_##name)
#define EVERY_KIND ((1u << ZONE_KIND_COUNT) - 1)

static const struct builtin builtins[] = {
    {.id = "venue-capacity",
     .metric = METRIC_PERCENT_CAPACITY,
     .kinds = KIND(VENUE),
     .optional = true,
     .enter = {50, 80, 90, 100},
     .action =
         {"Brief the staff; show the level on the displays.",
          "Announce; meter the entry at all gates; report to the authorities; start the plan.",
          "Release visitors in batches; divert those on their way; open the holding areas.",
          "Stop entry, exit only; call command and police; carry out the plan."}},
    {.id = "hall-capacity",
     .metric = METRIC_PERCENT_CAPACITY,
     .kinds = KIND(HALL),
     .enter = {50, 80, 90, 100},
     .action = {"Brief the hall's staff; show the level on the displays.",
                "Announce; meter entry at the hall's doors; report; suggest other halls.",
                "Release visitors in batches; one-way loop; hold arrivals in the holding areas.",
                "Stop entry to the hall, exit only; call command and police; start the plan."}},
    {.id = "forum-capacity",
     .metric = METRIC_PERCENT_CAPACITY,
     .kinds = KIND(FORUM),
     .enter = {80, 90, 95, 100},
     .action = {"Brief the ushers; point to the free seats.",
                "Announce that seats run out; prepare the overflow room.",
                "Admit only what leaves; open the overflow room.",
                "Close the doors to entry; keep the aisles and exits free; report to command."}},
    {.id = "aisle-density",
     .metric = METRIC_DENSITY,
     .kinds = KIND(CELL) | KIND(CORRIDOR),
     .enter = {1.1, 2.2, 3.0, 4.0},
     .action = {"Send a steward to look; keep the aisle free of stops.",
                "Ask exhibitors to end attractions here; send stewards; open side aisles.",
                "One-way in the aisle; divert at both ends; stop the attraction.",
                "Close the aisle to entry; let people out at both ends; call command and police."}},
    {.id = "plaza-density",
     .metric = METRIC_DENSITY,
     .kinds = KIND(PLAZA),
     .enter = {2.0, 3.0, 4.0, 4.7},
     .action = {"Brief the staff; keep the crossings free.",
                "Announce; open more lanes at the gates; lead arrivals to other entrances.",
                "Batch release towards the gates; holding areas; divert from the station.",
                "Stop arrivals; lead people out; call command and police; start the plan."}},
    {.id = "stairs-density",
     .metric = METRIC_DENSITY,
     .kinds = KIND(STAIRS),
     .enter = {0.7, 1.5, 2.0, 2.7},
     .action = {"Send a steward; keep the landings free.",
                "Separate the directions; stop the escalator that feeds the stairs.",
                "One direction only; hold people before the stairs.",
                "Close the stairs to entry; clear from below; call command and police."}},
    {.id = "queue-density",
     .metric = METRIC_DENSITY,
     .kinds = KIND(QUEUE),
     .enter = {1.1, 1.5, 3.3, 4.0},
     .action = {"Brief the gate's staff; check that the lanes work.",
                "Open more lanes; announce the waiting time.",
                "Hold arrivals before the queue; lead them to other gates.",
                "Stop arrivals; open the barriers to the side; call command and police."}},
    {.id = "queue-capacity",
     .metric = METRIC_PERCENT_CAPACITY,
     .kinds = KIND(QUEUE),
     .optional = true,
     .enter = {50, 75, 90, 100},
     .action = {"Brief the gate's staff; prepare the next holding area.",
                "Open more lanes; open the next holding area.",
                "Lead arrivals to other gates; batch release.",
                "Close the queue to arrivals; call command and police."}},
    {.id = "flow",
     .metric = METRIC_FLOW_PERCENT,
     .kinds = KIND(CORRIDOR) | KIND(STAIRS),
     .optional = true,
     .enter = {60, 80, 90, 100},
     .action = {"Send a steward; keep the way free of stops.",
                "Meter the way in; separate the directions; open another way.",
                "One direction only; hold people before it.",
                "Stop entry to it; clear it at the far end first; call command."}},
    {.id = "gate-wait",
     .metric = METRIC_GATE_WAIT,
     .kinds = EVERY_KIND,
     .optional = true,
     .enter = {5, 10, 20, 30},
     .action = {"Check that every lane works; call the reserve staff.",
                "Open more lanes; announce the waiting time and the other gates.",
                "Open the holding areas; divert arrivals to other gates; simplify verification.",
                "Stop arrivals at this gate; open the barriers to the side if the queue presses; "
                "call command and police."}},
    {.id = "gate-load",
     .metric = METRIC_GATE_LOAD,
     .kinds = EVERY_KIND,
     .optional = true,
     .enter = {0.85, 1.0, 1.2, 1.5},
     .action = {"Prepare further lanes.", "Open further lanes: the queue grows.",
                "Open all lanes; lead arrivals to other gates.",
                "Batch release on the way to the gate; open the holding areas; call command."}},
    {.id = "gate-rejects",
     .metric = METRIC_REJECT_PERCENT,
     .kinds = EVERY_KIND,
     .optional = true,
     .enter = {5, 15, 40, 0},
     .action = {"Look at the reasons; put a steward with a reader beside the lanes.",
                "Lead those refused to a help desk off the lanes; tell the ticket office.",
                "Verification fails: switch to checking by hand; call its operator.", NULL},
     .dwell_s = patient},
    {.id = "lights-failed",
     .metric = METRIC_LIGHTS_FAILED,
     .kinds = EVERY_KIND,
     .optional = true,
     .enter = {10, 20, 40, 0},
     .action = {"Order the repair.", "Send an electrician before dark; bring portable lights.",
                "Light or close the dark part; stewards with lamps at steps and crossings.", NULL}},
    {.id = "suspect-surge",
     .metric = METRIC_SUSPECT_SURGE,
     .kinds = EVERY_KIND,
     .optional = true,
     .enter = {0, 1, 0, 0},
     .action = {NULL,
                "Look there at once, by camera or steward: a counter jumped and nothing confirms "
                "it yet.",
                NULL, NULL},
     .dwell_s = at_once,
     .brief = true},
    {.id = "closed-zone",
     .metric = METRIC_CLOSED_OCCUPANCY,
     .kinds = EVERY_KIND,
     .optional = true,
     .enter = {0, 3, 20, 0},
     .action = {NULL, "Send a steward: people are where nobody should be; close the way in.",
                "Lead them out; find the open way; report to command.", NULL}},
    {.id = "broker-lost",
     .metric = METRIC_BROKER_LOST,
     .kinds = KIND(VENUE),
     .optional = true,
     .enter = {0, 10, 60, 0},
     .action = {NULL, "Call the technician: no sensor is heard; watch by camera.",
                "The venue is blind: stewards count and report by radio; meter the entry.", NULL},
     .dwell_s = at_once,
     .brief = true},
    {.id = "broker-dropped",
     .metric = METRIC_BROKER_DROPPED,
     .kinds = KIND(VENUE),
     .optional = true,
     .enter = {0, 1, 1000, 0},
     .action =
         {NULL,
          "Call the technician: the broker drops messages, so counters of passages may show too "
          "few; raise its queue limits.",
          "Count by hand where it matters and anchor the zones: the counts are wrong.", NULL},
     .dwell_s = at_once,
     .brief = true},
    {.id = "recount",
     .metric = METRIC_RECOUNT_ZONES,
     .kinds = KIND(VENUE),
     .optional = true,
     .enter = {0, 1, 5, 0},
     .action = {NULL,
                "Look into the zones marked recount by camera or steward, count them and anchor "
                "them: nobody was watching for too long.",
                "Nobody knows how full the venue is: meter the entry; look into the zones marked "
                "recount, the fullest first, count and anchor them.",
                NULL},
     .brief = true},
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
                              .clear_ms = from->brief ? BRIEF_CLEAR_S * 1000 : r->defaults.clear_ms,
                              .min_samples = (uint32_t)r->defaults.min_samples};
    memcpy(rule.escalate_ms, r->defaults.escalate_ms, sizeof rule.escalate_ms);
    for (uint32_t level = 0; level < VENUE_LEVELS; level++) {
        rule.dwell_ms[level] =
            from->dwell_s ? from->dwell_s[level] * 1000 : r->defaults.dwell_ms[level];
        rule.enter[level] = from->action[level] ? from->enter[level] : (double)NAN;
        if (!from->action[level])
            continue;
        rule.action[level] = venue_keep(r, str_of(from->action[level]));
        if (!rule.action[level].at)
            return false;
    }
    *ret_rule = rule;
    return rule.id.at != NULL;
}
