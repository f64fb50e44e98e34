/* What no single entry shows: zones against their sensors and parts, rules against the zones they
 * judge, operators against what needs somebody to be there. */
#include <stdio.h>

#include "tests/support/support.h"
#include "tests/support/venue_mistakes.h"

#define V "venue: {id: f}\n"
#define CAM(zone) "sensors: [{id: s, class: crowd, counter: level, zone: " zone "}]\n"
#define NO_RULES "builtin_rules: no\n"
/* A rule over a hall h with a camera, a queue q of 50 m2 and a corridor w without sensors. */
#define RULE(text)                                                                                 \
    V "zones: [{id: h, kind: hall, capacity: 100}, {id: q, kind: queue, area_m2: 50},"             \
      " {id: w, kind: corridor, width_m: 2, area_m2: 9}]\n" CAM("h") "rules:\n- " text "\n"
#define RED(metric, zones, enter)                                                                  \
    RULE("^{id: r, metric: " metric ", " zones ", levels: {red: {enter: " enter ", action: x}}}")
/* One level counter of the given error over a hall of 1,000, judged from `enter` up. */
#define NOISE(mark, error, enter, more)                                                            \
    V "zones: [{id: h, kind: hall, capacity: 1000, area_m2: 100}]\n"                               \
      "sensors: [{id: s, class: crowd, counter: level, zone: h, error: " error "}" more "]\n"      \
      "rules:\n- " mark "{id: r, metric: occupancy, zone: h, levels: {red: {enter: " enter         \
      ", action: x}}}\n"
/* A hall of 1,000 with a cell in it, beside another one that no rule judges. */
#define DOORS(mark, more, sensors)                                                                 \
    V "zones: [" mark "{id: h, kind: hall, capacity: 1000" more "},"                               \
      " {id: c, kind: cell, parent: h}, {id: g, kind: hall}]\nsensors: [" sensors "]\nrules:\n"    \
      "- {id: r, metric: percent_capacity, zone: h, levels: {yellow: {enter: 80, action: x}}}\n"
#define EYE(id, zone) ", {id: " id ", class: crowd, counter: level, zone: " zone "}"
#define STAFF(roles, operators) V "roles: [" roles "]\noperators: " operators "\n"
#define CHIEF "{id: chief, commands: all, supervisor: yes}"
#define TWO "^[{id: a, uid: 1, roles: chief}, {id: b, uid: 2, roles: chief}]"

static const struct venue_mistake mistakes[] = {
    /* zones */
    {V "zones:\n- ^{id: h, kind: hall, capacity: 9}\n" NO_RULES, VENUE_WARNED,
     "it will have no figures"},
    {V "zones:\n- ^{id: h, kind: hall, capacity: 9}\n"
       "sensors: [{id: s, class: gate, zone: h, service: commissioning}]\n",
     VENUE_WARNED, "zone \"h\": none of its sensors is in service"},
    {V "zones:\n- ^{id: h, kind: hall, capacity: 9}\n"
       "sensors: [{id: s, class: gate, zone: h, service: retired}]\n",
     VENUE_WARNED, "none of its sensors is in service"},
    {V "zones:\n- {id: h, kind: hall, capacity: 9, closed: ^yes}\n" CAM("h") NO_RULES, VENUE_WARNED,
     "zone \"h\" is closed, but no rule of metric closed_occupancy judges it"},
    {V "zones:\n- {id: h, kind: hall, cells_cover: ^yes}\n" CAM("h") NO_RULES, VENUE_REFUSED,
     "there is no zone inside \"h\""},
    {V "zones:\n- {id: h, kind: hall, area_m2: 200, cells_cover: ^yes}\n"
       "- {id: c, kind: cell, parent: h, area_m2: 90}\n"
       "- {id: d, kind: cell, parent: h, area_m2: 89}\n" CAM("h") NO_RULES,
     VENUE_WARNED, "the zones inside \"h\" have only 179 of its 200 m2"},
    {V "zones:\n- {id: h, kind: hall, area_m2: 9}\n- ^{id: c, kind: cell, parent: h, area_m2: "
       "10}\n" CAM("h") NO_RULES,
     VENUE_WARNED, "more than \"h\""},
    {V "zones:\n- ^{id: h, kind: hall, capacity: 101, area_m2: 10}\n" CAM("h") NO_RULES,
     VENUE_WARNED, "zone \"h\": its capacity of 101 does not fit on 10 m2"},
    /* sensors */
    {V "zones: [{id: h, kind: hall}, {id: q, kind: queue}]\n"
       "sensors: [{id: s, class: gate, zone: h, queue: ^q}]\n" NO_RULES,
     VENUE_WARNED, "queue: zone \"q\" has no level counter"},
    {V "zones: [{id: h, kind: hall, capacity: 100}]\n"
       "sensors: [{id: s, class: crowd, counter: level, zone: h, error: ^11}]\n" NO_RULES,
     VENUE_WARNED, "error: 11 people are over 10 % of the capacity of \"h\" (recount_pct)"},
    {V "settings: {recount_pct: 5}\nzones: [{id: h, kind: hall, capacity: 100}]\n"
       "sensors: [{id: s, class: crowd, counter: level, zone: h, error: ^6}]\n" NO_RULES,
     VENUE_WARNED, "over 5 %"},
    /* rules that can't judge */
    {RED("flow_percent", "zone: h", "90"), VENUE_REFUSED, "\"h\" (line 2) has no width_m"},
    {RED("flow_percent", "zone: w", "90"), VENUE_REFUSED, "has no counter of passages"},
    {RED("in_per_min", "zone: h", "90"), VENUE_REFUSED, "has no counter of passages"},
    /* A door between two zones is none of the zone around both. */
    {V "zones: [{id: h, kind: hall}, {id: g, kind: hall}]\n"
       "sensors: [{id: d, class: crowd, counter: delta, zone: h, outside: g}]\n"
       "rules:\n- ^{id: r, metric: in_per_min, zone: f, levels: {red: {enter: 9, action: x}}}\n",
     VENUE_REFUSED, "has no counter of passages"},
    {RED("gate_wait_min", "zones: [q]", "90"), VENUE_REFUSED, "has no gate"},
    {RED("gate_load", "zone: q", "1"), VENUE_REFUSED, "has no gate"},
    {RED("reject_percent", "zone: q", "1"), VENUE_REFUSED, "no gate with entry_verification"},
    {RED("lights_failed_percent", "zone: h", "1"), VENUE_REFUSED, "has no lights"},
    {RED("suspect_surge", "zone: f", "1"), VENUE_REFUSED, "has no counter of its own"},
    {RED("closed_occupancy", "zone: q", "1"), VENUE_REFUSED, "has no crowd sensor and no gate"},
    {RED("broker_lost_s", "zone: h", "1"), VENUE_REFUSED, "has nothing to do with the broker"},
    {RED("broker_dropped", "zone: h", "1"), VENUE_REFUSED, "has nothing to do with the broker"},
    {RED("recount_zones", "zone: h", "1"), VENUE_REFUSED, "has no zones to count"},
    {RED("percent_capacity", "kinds: queue", "90"), VENUE_REFUSED, "has no capacity"},
    {RED("lights_failed_percent", "kinds: hall", "1"), VENUE_WARNED, "applies to no zone"},
    {RULE("{id: r, metric: occupancy, tags: ^[est], levels: {red: {enter: 9, action: x}}}"),
     VENUE_REFUSED, "tags: no zone is tagged \"est\""},
    {V "zones: [{id: h, kind: hall, tags: [east, west]}]\n" CAM(
         "h") "rules:\n- {id: r, metric: occupancy, tags: ^[west, esat], levels: {red: {enter: 9, "
              "action: "
              "x}}}\n",
     VENUE_REFUSED, "no zone is tagged \"esat\"; did you mean \"east\"?"},
    /* levels that never fire … */
    {RED("occupancy", "zone: q", "9"), VENUE_WARNED,
     "red can never fire in zone \"q\" (line 2): nothing counts people there"},
    {RED("occupancy", "kinds: corridor", "9"), VENUE_WARNED,
     "in zone \"w\" (line 2): nothing counts people there"},
    {RED("density", "zone: q", "3"), VENUE_WARNED, "in zone \"q\" (line 2): nothing counts"},
    {RED("percent_capacity", "zone: h", "301"), VENUE_WARNED, "no place holds so much more"},
    {V "zones: [{id: h, kind: hall, width_m: 2}]\n"
       "sensors: [{id: s, class: gate, zone: h, entry_verification: yes}]\nrules:\n"
       "- ^{id: r, metric: reject_percent, zone: h, levels: {red: {enter: 101, action: x}}}\n",
     VENUE_WARNED, "red can never fire in zone \"h\" (line 2): more than all of them cannot be"},
    {V
     "zones: [{id: h, kind: hall, width_m: 2}]\nsensors: [{id: s, class: gate, zone: h}]\nrules:\n"
     "- ^{id: r, metric: flow_percent, zone: h, levels: {red: {enter: 246, action: x}}}\n",
     VENUE_WARNED, "no crowd has been seen to flow so fast"},
    {V
     "zones: [{id: h, kind: hall, width_m: 2}]\nsensors: [{id: s, class: gate, zone: h}]\nrules:\n"
     "- ^{id: r, metric: in_per_min, zone: h, levels: {red: {enter: 401, action: x}}}\n",
     VENUE_WARNED, "do not pass through its width"},
    /* … always, or never end */
    {NOISE("^", "60", "60", ""), VENUE_WARNED,
     "red always fires in zone \"h\" (line 2): the error of its counters alone reaches it"},
    {NOISE("^", "60", "66", ""), VENUE_WARNED, "red never clears"},
    {NOISE("^", "60", "84", ", {id: t, class: crowd, counter: level, zone: h, error: 60}"),
     VENUE_WARNED, "red always fires"},
    /* a queue is open to the side: its doors do not make the level counter surer */
    {V "zones: [{id: q, kind: queue, area_m2: 90}]\n"
       "sensors: [{id: s, class: crowd, counter: level, zone: q, error: 60},"
       " {id: t, class: crowd, counter: delta, zone: q}]\nrules:\n"
       "- ^{id: r, metric: occupancy, zone: q, levels: {red: {enter: 60, action: x}}}\n",
     VENUE_WARNED, "red always fires"},
    /* Doors alone: 80 % of 1,000 people are ± 4 % of 20,000 passages … */
    {DOORS("^", "", "{id: s, class: gate, zone: h, lanes: 2}"), VENUE_WARNED,
     "zone \"h\" is counted by doors only, whose errors add up: after 20000 passages (15 h with "
     "full "
     "lanes) they alone raise rule \"r\""},
    {DOORS("^", "", "{id: s, class: gate, zone: h}"), VENUE_WARNED,
     "or say when it is swept (empty_at)"},
    /* … four doors that err independently make twice as many … */
    {DOORS("^", "",
           "{id: s, class: gate, zone: h}, {id: t, class: gate, zone: h},"
           " {id: u, class: gate, zone: h, outside: g},"
           " {id: v, class: gate, zone: g, outside: h, lane_rate_per_min: 27.5}"),
     VENUE_WARNED, "after 40000 passages (11 h with"},
    {DOORS("^", ", empty_at: \"03:00\"", "{id: s, class: gate, zone: h, lanes: 8, error_pct: 8}"),
     VENUE_WARNED, "after 10000 passages (1.9 h with full lanes)"},
    {DOORS("^", ", uncounted_doors: yes, cells_cover: yes",
           "{id: s, class: gate, zone: h}, {id: t, class: crowd, counter: level, zone: c}"),
     VENUE_WARNED, "is counted by doors only"},
    /* … also where the doors are those of the zones inside it */
    {DOORS("^", "", "{id: s, class: gate, zone: c}"), VENUE_WARNED,
     "zone \"h\" is counted by doors"},
    /* operators */
    {STAFF(CHIEF,
           "[{id: a, uid: 1, roles: chief}, {id: b, uid: 2, roles: chief}, ^{id: c, uid: 3}]"),
     VENUE_WARNED, "operator \"c\" has no role and may do nothing"},
    {STAFF(CHIEF ", ^{id: spare, commands: ack}",
           "[{id: a, uid: 1, roles: chief}, {id: b, uid: 2, roles: chief}]"),
     VENUE_WARNED, "role \"spare\": no operator has it"},
    {STAFF("^{id: chief, commands: [ack, note], supervisor: yes}",
           "[{id: a, uid: 1, roles: chief}]"),
     VENUE_WARNED, "supervises but may not anchor"},
    {STAFF("{id: chief, commands: [note, anchor], supervisor: yes}", TWO), VENUE_WARNED,
     "nobody may acknowledge"},
    {STAFF("{id: chief, commands: all}", TWO), VENUE_WARNED, "nobody supervises"},
    {STAFF(CHIEF, "^[{id: a, uid: 1, roles: chief}]"), VENUE_WARNED,
     "a drill is started by two, but only 1 may"},
    {STAFF(CHIEF ", {id: duty, commands: ack}",
           "^[{id: a, uid: 1, roles: chief}, {id: b, uid: 1, roles: chief}, {id: c, uid: 2, "
           "roles: duty}]"),
     VENUE_WARNED, "all 2 who may have one user id, so nobody can"},
    {STAFF(CHIEF,
           "[{id: a, uid: 1, roles: chief}, {id: b, uid: 2, roles: chief}]") "settings: "
                                                                             "{drill_two_accounts: "
                                                                             "^no}\n",
     VENUE_WARNED, "one account may start a drill alone"},
    {"venue: {id: f}\nsettings: {drill_needs_start: ^yes}\n", VENUE_WARNED,
     "there are no operators to start a drill"},
    {"venue: {id: f}\nshifts: ^[07:00]\n", VENUE_WARNED, "no operator may shelve"},
};

static void each_mistake_is_named_at_its_place(void **state)
{
    (void)state;
    venue_mistakes_check(mistakes, sizeof mistakes / sizeof mistakes[0]);
}

/* One step beside each mistake there is nothing to say. */
static void what_is_well_is_not_complained_of(void **state)
{
    (void)state;
    static const char *const sources[] = {
        V "zones: [{id: h, kind: hall, capacity: 9, closed: yes}]\n" CAM("h"),
        V "zones: [{id: h, kind: hall, capacity: 9}]\nsensors: [{id: s, class: gate, zone: h},"
          " {id: t, class: gate, zone: h, service: maintenance}]\n" NO_RULES,
        V "zones: [{id: h, kind: hall, capacity: 9, area_m2: 100, cells_cover: yes},"
          " {id: c, kind: cell, parent: h, area_m2: 90}]\n" CAM("c"),
        V "zones: [{id: h, kind: hall, capacity: 9}, {id: q, kind: queue, area_m2: 90},"
          " {id: c, kind: queue, parent: q, area_m2: 90}]\nsensors: [{id: s, class: gate, zone: h,"
          " queue: q}, {id: t, class: crowd, counter: level, zone: c}]\n" NO_RULES,
        V "zones: [{id: h, kind: hall, capacity: 100}]\n"
          "sensors: [{id: s, class: crowd, counter: level, zone: h, error: 10}]\n",
        NOISE("", "60", "67", ""),
        NOISE("", "60", "60", ", {id: t, class: crowd, counter: delta, zone: h}"),
        NOISE("", "60", "95", ", {id: t, class: crowd, counter: level, zone: h, error: 60}"),
        NOISE("", "60", "67",
              ", {id: t, class: crowd, counter: level, zone: h, error: 60, service: retired}"),
        /* swept in time, seen by cells or by a camera of its own; not judged by the bound */
        DOORS("", ", empty_at: \"03:00\"",
              "{id: s, class: gate, zone: h, lanes: 2}" EYE("c", "c") EYE("g", "g")),
        DOORS("", ", cells_cover: yes",
              "{id: s, class: gate, zone: h}" EYE("c", "c") EYE("g", "g")),
        DOORS("", "", "{id: s, class: gate, zone: h}" EYE("h", "h") EYE("c", "c") EYE("g", "g")),
        DOORS("", "", "{id: s, class: gate, zone: h, error_pct: 0}" EYE("c", "c") EYE("g", "g")),
        V "zones: [{id: h, kind: hall, capacity: 9}]\n"
          "sensors: [{id: s, class: gate, zone: h}]\nrules:\n"
          "- {id: r, metric: occupancy, zone: h, levels: {blue: {enter: 9, action: x}}}\n"
          "- {id: c, metric: closed_occupancy, zone: h, levels: {red: {enter: 9, action: x}}}\n",
        /* a door between two halls is none of the venue's */
        "venue: {id: f, capacity: 9}\nzones: [{id: h, kind: hall}, {id: g, kind: hall}]\n"
        "sensors: [{id: s, class: gate, zone: h, outside: g}]\nrules:\n"
        "- {id: r, metric: percent_capacity, zone: f, levels: {red: {enter: 99, action: x}}}\n",
        V "zones: [{id: p, kind: carpark}]\nsensors: [{id: s, class: vehicle_gate, zone: p}" EYE(
            "f", "f") "]\n"
                      "rules:\n- {id: r, metric: occupancy, zone: p, levels: {red: {enter: 9, "
                      "action: x}}}\n",
        V "roles: [" CHIEF "]\n"
          "operators: [{id: a, uid: 1, roles: chief}, {id: b, uid: 2, roles: chief},"
          " {id: c, uid: 1, roles: chief}]\n"
          "settings: {drill_needs_start: yes, drill_two_accounts: yes}\n"
          "shifts: [07:00]\n" CAM("f"),
    };
    for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++)
        venue_free(venue_mistakes_none(sources[i], false));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_mistake_is_named_at_its_place),
        cmocka_unit_test(what_is_well_is_not_complained_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
