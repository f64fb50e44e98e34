/*
 * state: everything the core knows, as one struct that its modules share. Nothing here is a pointer
 * into a message; all of it is allocated when a model comes into force and all of it is in the
 * snapshot (save.c).
 */
#ifndef CROWDTIDE_PROCESSORS_CORE_STATE_H
#define CROWDTIDE_PROCESSORS_CORE_STATE_H

#include <stdalign.h>

#include "processors/core/ahead.h"
#include "processors/core/alert.h"
#include "processors/core/command.h"
#include "processors/core/core.h"
#include "processors/core/counter.h"
#include "processors/core/debt.h"
#include "processors/core/dedup.h"
#include "processors/core/drops.h"
#include "processors/core/estimate.h"
#include "processors/core/figures.h"
#include "processors/core/flow.h"
#include "processors/core/health.h"
#include "processors/core/history.h"
#include "processors/core/lane.h"
#include "processors/core/lane_rate.h"
#include "processors/core/missed.h"
#include "processors/core/path.h"
#include "processors/core/surge.h"
#include "processors/core/tally.h"
#include "processors/core/window.h"
#include "schemas/base/array.h"
#include "schemas/json/json.h"
#include "schemas/record/record.h"
#include "schemas/venue/venue.h"

#define CORE_NONE UINT32_MAX /* no zone, gate, light */
#define CORE_NEVER INT64_MIN /* a time before every time */

enum {
    CORE_SECOND_NS = 1000000000,
    CORE_MS_NS = 1000000,
    CORE_LATE_MS_DEFAULT = 60000,
    /* Source times older than this come from a clock that was never set: the time of receipt counts
       instead. */
    CORE_BACKFILL_MS_MAX = 7 * 24 * 3600 * 1000,
    CORE_COVER_MS = 10000, /* how often the zones inside a covered one are one observation of it */
    CORE_HISTORY_MS = 10000, /* how often repaired minutes are said again */
    /* Ticks come every second; a longer pause between records was not observed by anyone. */
    CORE_PAUSE_MS_MAX = 5000,
    /* Zones whose share of fresh sensors is under this are unknown. */
    CORE_QUORUM_PERMILLE = 500,
    /* Half width of the bound of a counter at its limit, or silent in a zone that others still
       know: it may show half of the truth. Its standard deviation, in thousandths of what it shows:
     */
    CORE_BLIND_SIGMA_PERMILLE = 500,
    /* Zones one reading can touch: both sides of a passage up to the root. */
    CORE_TOUCHED_MAX = 2 * (VENUE_DEPTH_MAX + 2),
};

/* What a zone's occupancy rests on. */
enum zone_basis {
    ZONE_BASIS_NONE,  /* nothing: never known */
    ZONE_BASIS_LEVEL, /* level counters bound to it: the sum of their latest values */
    ZONE_BASIS_FLOW,  /* counters and gates on its border: in less out */
    ZONE_BASIS_FUSED, /* both */
    ZONE_BASIS_SUM,   /* its children, which have a basis */
};

/* As last emitted, to tell whether anything changed: compared as bytes, so every member has 8 of
 * them. */
struct zone_shown {
    int64_t occupancy, err, upper, lower, in, out, sensors, fresh, data_ms, level, known, cause;
    int64_t capacity, suspect, flags, rules_unknown;
    int64_t max[WINDOW_LENGTHS];
    int64_t mean_bits[WINDOW_LENGTHS], rate_bits[WINDOW_LENGTHS]; /* of the double */
    double lux;
    int64_t dark;
};
_Static_assert(sizeof(struct zone_shown) == sizeof(int64_t[18 + 3 * WINDOW_LENGTHS]), "no padding");

/* A manual count of a zone that level counters observe: what they show too many, for a while. */
struct zone_anchor {
    int64_t bias_milli, var;
    int64_t at_ms; /* log time; CORE_NEVER: none */
    double share;  /* of it that still counts: falls to 0 over two level_bias_s */
    bool partial; /* sensors were silent then: it says nothing of what they show when they return */
    bool doubted; /* they showed more than their error explains, and no supervisor said so: the
                     bound holds both */
};

/* A door in one zone's border. */
struct crossing {
    uint32_t zone;
    bool outer; /* the zone is on the door's outer side: "in" leaves it */
    struct estimate_drift drift;
    struct estimate_missed missed;
};

/* Of the gates that people of a zone wait at, at the last second boundary; NaN: none tells. */
struct gate_worst {
    double wait_min, load, reject_percent;
    double wait_most_min; /* behind all that the queue may hold; wait_min is what raises levels: zone_judged */
};

struct zone {
    alignas(ARRAY_LINE_BYTES) uint8_t basis; /* enum zone_basis */
    uint8_t depth;                           /* the venue: 0 */
    bool vehicles;                           /* counts vehicles: takes no part in sums of people */
    bool known;
    bool shown_once;
    bool closed;     /* nobody should be in it */
    bool evacuation; /* it is being emptied */
    bool unswept;    /* it should have been empty at empty_at, and was not; until somebody counts */
    bool played;     /* a drill's shadow state: the drill has fed it */
    bool adrift;     /* it was unseen for so long that its number tells nothing: zone.h */
    bool page_over;  /* during one step only: an alert of it that paged has ended or fallen */
    uint32_t parent;
    uint32_t alert_first, alert_count;
    uint32_t gate_first, gate_count; /* in zone_gates: that people of it wait at */
    struct gate_worst gate_worst;    /* of them */
    uint32_t queue;                  /* place among the queues; CORE_NONE: no gate's */
    uint32_t lights; /* place of its lights among the light groups; CORE_NONE: it has none */
    uint32_t lit_by; /* the same, of the nearest zone around it that has some */
    uint32_t sensors, fresh; /* that decide its occupancy, below a SUM all of its children's */
    uint32_t silent_unheard; /* of the sensors: those that never gave a value */
    int64_t silence_ms;      /* the longest that one of the sensors may be silent */
    uint32_t in_maintenance; /* beside the sensors: what those would see is missing */
    uint64_t touched;        /* step that touched it last */
    int64_t capacity;        /* in force: the file's, or as a command said since; 0: none */
    int64_t most;            /* people who fit into it; 0: not known, or of vehicles */
    int64_t suspect;         /* people of implausible rises that nothing has confirmed yet */
    int64_t occupancy;       /* best estimate, never below 0 */
    int64_t sigma_milli;     /* its standard deviation, in thousandths of a person */
    struct estimate est; /* FLOW, FUSED; of a SUM what its own border says: shown when flow_sum */
    struct debt debt;    /* of a FLOW, SUM */
    int64_t slot_ms;     /* of its debt */
    struct zone_anchor anchor; /* of a LEVEL, FUSED */
    bool conflict;             /* of a FUSED: level counters and doors can't both be right */
    bool leaky;                /* people come and go uncounted, here or in a zone that it sums */
    bool flow_sum;             /* of a SUM: only doors decide what it sums */
    bool covered;              /* a FUSED whose levels are the zones inside it */
    uint32_t inside_unknown;   /* of them: how many are */
    uint32_t saturated;        /* level counters at their limit, also of the zones that it sums */
    /* Of its own level counters that have a value: sums of what they show and of its errors. */
    int64_t level_sum, level_sigma, level_var;
    int64_t blind_sum; /* shown last by those that are silent now */
    uint32_t blind_count;
    int64_t level_least;                /* shown by those at their limit: at least so many */
    uint32_t level_count;               /* level counters in service */
    uint32_t level_round, level_spoken; /* an observation needs a word of each */
    /* Of the zones inside it that are counted: sums likewise. */
    int64_t inside, inside_sigma, inside_var;
    int64_t data_ms; /* log time of the newest reading it rests on; CORE_NEVER */
    struct flow in, out;
    struct zone_shown shown;
    struct window window;
    struct history history;
};

/* What every message needs comes first, in two cache lines. */
struct sensor {
    alignas(ARRAY_LINE_BYTES) bool heard; /* a live message has come */
    bool fresh;
    bool offline;   /* its last will said so */
    bool has_value; /* level counters: value counts in its zone */
    bool saturated;
    bool blind;             /* level counters: its value is that of one that is silent; derived */
    bool played;            /* a drill's shadow state: the drill has fed it */
    uint8_t service;        /* enum sensor_service */
    uint32_t device;        /* place among gates, lights or levels; CORE_NONE */
    uint32_t level_round;   /* of its zone, when it last spoke */
    int64_t last_ts_ms;     /* source time (clamped) of the newest message applied; CORE_NEVER */
    int64_t last_source_ms; /* the same as the source gave it; RESULT_ABSENT when it did not */
    int64_t last_seq;
    int64_t value;
    int64_t flicker_milli; /* median difference of its messages, one from the next */
    int64_t sigma_milli;   /* its part of the zone's level_sigma */
    struct dedup_memory memory;
    struct surge surge; /* a jump that nothing has confirmed yet */
    struct counter_memory counter;
    int64_t
        service_until_ms; /* log time when maintenance ends by itself; CORE_NEVER: it does not */
};
_Static_assert(offsetof(struct sensor, surge.value) <= 2 * ARRAY_LINE_BYTES, "two cache lines");

enum gate_state { GATE_UNSAID, GATE_OPEN, GATE_CLOSED, GATE_FAULT };
enum gate_queue_basis { GATE_QUEUE_NONE, GATE_QUEUE_COUNTED, GATE_QUEUE_ESTIMATED };
/* At the last second boundary; NaN: not known. gate.h says what they are. */
struct gate_figures {
    double arrivals_per_min, service_per_min, load, queue, wait_s, reject_percent;
    int64_t lanes_open; /* RESULT_ABSENT */
    int64_t basis;      /* enum gate_queue_basis, of queue */
};
struct gate_shown {
    int64_t per_min[2], rejects_per_min, total[2], rejects, state, known, service, lanes;
    struct gate_figures figures;
};
_Static_assert(sizeof(struct gate_shown) == sizeof(int64_t[10 + 8]), "no padding");
/* What each second needs comes first. */
struct gate {
    alignas(ARRAY_LINE_BYTES) uint32_t sensor;
    uint32_t zone;  /* where people wait at it: venue_gate_zone */
    uint32_t queue; /* place among the queues; CORE_NONE: the venue file names none */
    uint8_t state;  /* enum gate_state */
    bool shown_once;
    bool reports;     /* counts came in a report, not one by one, the last time */
    bool parts_moved; /* what lanes and reasons show may have changed since it was said; derived */
    uint32_t lanes_used; /* in the window; derived */
    int64_t
        next_s; /* what was counted changes no sooner, and until then stands still; derived: 0 */
    int64_t lanes_open;  /* as it said; RESULT_ABSENT until then */
    double base_per_min; /* what a lane serves, as the venue file has it */
    int64_t total_in, total_out, total_rejects;
    struct lane_rate rate;
    struct lanes lanes;
    struct reasons reasons;
    struct gate_figures figures;
    double wait_judged_s, wait_most_s; /* behind so many as are judged, as there may be in the queue; made anew each second */
    struct gate_shown shown;
    struct tally tally; /* of the window of arrivals and service */
    struct flow in, out, rejects;
};

/* A zone in which people wait for gates. Made anew at each second boundary. */
struct gate_queue {
    uint32_t zone;
    uint32_t gates;         /* known and in service */
    double service_per_min; /* of all of them */
};

enum light_state { LIGHT_UNSAID, LIGHT_ON, LIGHT_OFF, LIGHT_DIM };
struct light_shown {
    double lux, power_w;
    int64_t state, fault, known, burning_in_daylight, dark_while_on, service;
};
_Static_assert(sizeof(struct light_shown) == sizeof(int64_t[8]), "no padding");
struct light {
    uint32_t sensor;
    uint32_t zone_group,
        group;     /* places among the light groups: its zone's, its own or CORE_NONE */
    uint8_t state; /* enum light_state */
    int8_t fault;  /* -1 until said */
    bool shown_once;
    bool lux_current;                        /* lux was measured in its present state */
    bool burning_in_daylight, dark_while_on; /* at the last second boundary */
    double lux, power_w;                     /* NaN until said */
    int64_t bright_since_ms, dark_since_ms;  /* log time; CORE_NEVER: it is not */
    struct light_shown shown;
};

/* Lights of a zone taken together, at the last second boundary. */
struct light_figures {
    int64_t lights, on, off, faults, unknown, burning_in_daylight, dark_while_on;
    int64_t should_burn, failed;  /* of those that should: dark or broken */
    int64_t measured;             /* those that lux is the mean of */
    double power_w, lux, lux_min; /* NaN: none says */
};
_Static_assert(sizeof(struct light_figures) == sizeof(int64_t[13]), "no padding");
struct light_group {
    uint32_t zone;
    struct str name; /* the venue's; "all": every light of the zone */
    bool dark, shown_once;
    struct light_figures figures, shown;
};

/* What the alerts of one zone have to say, until all of them have been judged: announce.h. */
struct announce_batch {
    struct alert_changes *changes; /* room for each of a zone's */
    uint32_t *alert;               /* whose they are: place among the zone's */
    uint32_t count;
};

struct model { /* what a venue model brings into being; replaced as a whole */
    struct venue *venue;
    char *source;
    uint32_t source_len;
    struct zone *zones;
    struct sensor *sensors;
    int64_t *silent_at_ns;   /* per sensor: falls silent then; INT64_MAX while it is silent */
    struct health *health;   /* per sensor */
    int64_t service_next_ms; /* log time when the next maintenance ends by itself; INT64_MAX */
    struct missed *missed;   /* per sensor; of those that count passages */
    uint64_t *health_due;    /* a bit per sensor: to be said at the next boundary */
    bool health_lost_said;   /* they have been said under a lost broker */
    struct dedup dedup;
    struct window_store windows; /* memory of the zones' */
    struct crossing *crossings;  /* of sensor 0, sensor 1, … (border.h) */
    uint32_t *crossing_first;
    struct history_levels *levels; /* of each level counter */
    struct gate *gates;
    struct lane *lanes; /* rooms of the gates */
    struct reason *reasons;
    struct gate_queue *queues;
    uint32_t *zone_gates; /* gates of zone 0, zone 1, … */
    struct light *lights;
    struct light_group *light_groups;
    struct alert *alerts; /* of zone 0, zone 1, … */
    int64_t *falls_ms;    /* settings.chatter_changes a alert: when it last fell; CORE_NEVER */
    struct announce_batch batch; /* during one step only */
    struct figures *figures;
    uint32_t adrift_count; /* of the zones */
    uint32_t level_count, gate_count, queue_count, light_count, light_group_count, alert_count;
};

/* The two who started a drill: two ids and " and ". */
enum { DRILL_BY_BYTES = 2 * ID_BYTES_MAX + 5 };

struct drill {
    bool running;
    bool announced;   /* started by command */
    bool ending;      /* during one step only: its alerts are being resolved */
    int64_t until_ms; /* log time when it ends by itself */
    char by[DRILL_BY_BYTES];
    uint32_t by_len;
    /* The shadow state, over the real state's venue; while core->exercise is set, the real state.
     */
    struct model aside;
    uint32_t touched[CORE_TOUCHED_MAX], touched_count; /* core's, of that state */
};

/* What the real state and a drill's shadow state must not share belongs in struct model. */
struct core {
    struct model model; /* venue NULL: no model yet */
    struct json_parser *json;
    struct payload_decoder *decoder; /* NULL until a venue names payload maps; scratch, like json */
    int64_t late_ms;
    struct drill drill;
    struct command_memory commands;
    bool exercise; /* `model` is the shadow state of a drill for the moment: drill.h */

    bool started;
    int64_t now_ns; /* log time of the record in hand */
    int64_t second; /* last boundary dealt with, s since 1970 */
    uint64_t step;  /* records taken; marks touched zones */
    bool connected;
    struct health_ears ears;
    struct path path;
    struct drops drops; /* messages that the broker dropped */
    int64_t clock_offset_ns;
    int32_t
        utc_offset_s;  /* of the venue's time zone, as the last tick said; RECORD_NO_UTC_OFFSET */
    uint64_t messages; /* as the last tick said */
    struct core_books books;

    struct ahead ahead; /* only a hint: in no snapshot */

    /* During one step only. */
    struct core_results *results;
    struct result_origin origin;
    bool no_memory;
    int64_t second_before; /* the boundary before the one in hand */
    bool late;             /* the message in hand is: what it raises is said to be late */
    bool stored; /* the reading in hand was kept back by its device: no sign of life, and not the
                    present */
    uint32_t touched[CORE_TOUCHED_MAX];
    uint32_t touched_count;
    char *scratch;                       /* dead letters: topic and payload as text */
    struct result_reading reading_clear; /* every field absent */
};

/* Status of what is said now: the real state is Actual, the shadow state of a drill Exercise. */
static inline struct str core_status(const struct core *core)
{
    return core->exercise ? STR_LIT("Exercise") : STR_LIT("Actual");
}

static inline int64_t core_now_ms(const struct core *core)
{
    return core->now_ns / CORE_MS_NS;
}

#endif
