/* clang-format off */
/*
 * result: what process says, one struct a result type. One table per type (RESULT_…_FIELDS) gives the C field, the binary body in the results
 * logs, the JSON name and value on Kafka, and the tag or field of the line protocol, so that they cannot disagree.
 *
 *     struct result_zone zone = {…};
 *     len = result_encode(RECORD_ZONE, &origin, &zone, body, cap);        process → bulk log
 *     result_decode(view.type, view.body, view.body_len, &origin, &any);   publishers
 *     result_json(view.type, &any, &text);                                 Kafka value
 *     result_line(view.type, &any, seq, &text);                            InfluxDB line
 *
 * Exercises. What a drill's shadow state says has status Exercise, and must never be taken for what is so, not even by a reader that does not look at
 * the status: its alert ids, its Kafka keys (of `crowdtide.alert-state`, too) begin with "drill/", and in the series it has measurements of its own,
 * drill_zone, drill_alert …. Not a tag: each query ever written against `zone` would have to exclude it, and the one that forgets shows 10,000 people who
 * are not there.
 *
 * Absent values: TEXT with len 0, INT and TIME RESULT_ABSENT, REAL NaN, BOOL < 0, LEVEL LEVEL_ABSENT. Absent values are left out of JSON and
 * line protocol. Adding a field at the end of a table is compatible both ways; anything else is a new type.
 */
#ifndef CROWDTIDE_SCHEMAS_RESULT_RESULT_H
#define CROWDTIDE_SCHEMAS_RESULT_RESULT_H

#include "schemas/base/error.h"
#include "schemas/base/str.h"
#include "schemas/record/record.h"

#define RESULT_ABSENT INT64_MIN
/* So long after it was last proven that all is heard, what was said holds. */
enum { RESULT_VALID_MS = 10000 };
#define RESULT_EXERCISE_PREFIX "drill/"             /* of ids and Kafka keys */
#define RESULT_EXERCISE_MEASUREMENT_PREFIX "drill_" /* of measurements */

/* name, text, number in the series */
#define LEVELS(L)                                                                                  \
    L(NONE, "none", 0) L(BLUE, "blue", 1) L(YELLOW, "yellow", 2) L(ORANGE, "orange", 3)            \
    L(RED, "red", 4) L(UNKNOWN, "unknown", -1)
enum level {
#define LEVEL_ENUM(name, text, number) LEVEL_##name = number,
    LEVELS(LEVEL_ENUM)
#undef LEVEL_ENUM
    LEVEL_ABSENT = -128,
};
const char *level_text(int level); /* "none" …; "" when absent or not a level */
/* False when text is none of them. */
bool level_parse(struct str text, enum level *ret_level);

/* How a field is kept and shown.
   TEXT  struct str    JSON string                 tag or string field
   INT   int64_t       JSON integer                integer field (…i)
   REAL  double        JSON number                 float field
   BOOL  int8_t        JSON true/false             boolean field
   TIME  int64_t ms    JSON RFC 3339 string        integer field
   LEVEL int8_t        JSON level word             integer field 0..4, -1
   JSON  struct str    JSON as it is (object/array) never in the series
   Place in the series: TAG, FIELD, STAMP (the point's time), NONE (Kafka only). */

/* Of what tells how something is, not what happened: until when it can be taken for so. */
#define RESULT_VALIDITY(F)                                                                         \
    F(TIME, valid_until, FIELD, "ms", "it holds until then, by a clock that is right; each later heartbeat of the venue moves that on to its own valid_until, until there is a newer word on the same")

/* F(kind, name, place, unit, description) */
#define RESULT_READING_FIELDS(F)                                                                   \
    F(TEXT, venue, TAG, "", "venue id")                                                            \
    F(TEXT, sensor, TAG, "", "sensor id")                                                          \
    F(TEXT, kind, TAG, "", "crowd_level, crowd_delta, crowd_daily, crowd_total, gate, vehicle_gate, light") \
    F(TEXT, zone, TAG, "", "zone the sensor is bound to")                                          \
    F(TIME, ts, STAMP, "ms", "source time, clamped to receive time; receive time when the source gave none") \
    F(TIME, received, FIELD, "ms", "log time of the message")                                      \
    F(INT, seq, FIELD, "", "the source's own sequence number")                                     \
    F(INT, occupancy, FIELD, "people", "level counters: people seen")                              \
    F(INT, in, FIELD, "people", "as the source counts: passages inward")                           \
    F(INT, out, FIELD, "people", "as the source counts: passages outward")                         \
    F(TEXT, lane, FIELD, "", "gate lane")                                                          \
    F(TEXT, event, FIELD, "", "gate event: pass or reject")                                        \
    F(TEXT, direction, FIELD, "", "in or out")                                                     \
    F(TEXT, reason, FIELD, "", "why entry verification refused")                                   \
    F(INT, rejects, FIELD, "people", "gates: refused since the last report")                       \
    F(INT, lanes_open, FIELD, "lanes", "gates: lanes open")                                        \
    F(TEXT, state, FIELD, "", "gate: open, closed, fault; light: on, off, dim; status: online, offline") \
    F(REAL, lux, FIELD, "lx", "illuminance")                                                       \
    F(REAL, power_w, FIELD, "W", "power drawn")                                                    \
    F(BOOL, fault, FIELD, "", "the device reports a fault")                                        \
    F(BOOL, late, FIELD, "", "source time more than late_s behind")                                \
    F(TEXT, status, NONE, "", "Actual, Exercise or Test") \
    F(BOOL, suspect, FIELD, "", "an implausible jump, which counts when something confirms it; or a total that fell: the next message tells whether it began anew") \
    F(TEXT, service, FIELD, "", "commissioning, maintenance, retired: it does not count; absent: in service")

#define RESULT_ZONE_FIELDS(F)                                                                      \
    F(TEXT, venue, TAG, "", "venue id")                                                            \
    F(TEXT, zone, TAG, "", "zone id")                                                              \
    F(TEXT, kind, TAG, "", "zone kind")                                                            \
    F(TIME, at, STAMP, "ms", "the 1 s boundary of log time these values hold at")                  \
    F(INT, occupancy, FIELD, "people", "people inside, best estimate")                             \
    F(INT, occupancy_err, FIELD, "people", "half width of the estimate's bound")                   \
    F(REAL, density, FIELD, "people/m2", "occupancy by area")                                      \
    F(LEVEL, level, FIELD, "", "the worst alert level of the zone")                                \
    F(TEXT, los, FIELD, "", "Fruin level of service A to F for the zone's kind")                   \
    F(INT, in_per_min, FIELD, "people/min", "entries in the last 60 s")                            \
    F(INT, out_per_min, FIELD, "people/min", "exits in the last 60 s")                             \
    F(REAL, density_mean_10s, FIELD, "people/m2", "time-weighted mean over 10 s")                  \
    F(REAL, density_mean_60s, FIELD, "people/m2", "time-weighted mean over 60 s")                  \
    F(REAL, density_mean_300s, FIELD, "people/m2", "time-weighted mean over 300 s")                \
    F(REAL, density_max_10s, FIELD, "people/m2", "maximum over 10 s")                              \
    F(REAL, density_max_60s, FIELD, "people/m2", "maximum over 60 s")                              \
    F(REAL, density_max_300s, FIELD, "people/m2", "maximum over 300 s")                            \
    F(REAL, percent_capacity, FIELD, "%", "occupancy by approved headcount")                       \
    F(INT, sensors_fresh, FIELD, "sensors", "sensors of the zone that are not silent")             \
    F(INT, sensors, FIELD, "sensors", "sensors of the zone")                                       \
    F(BOOL, known, FIELD, "", "false: the zone's sensors are silent and the values are the last known ones. Zones that no sensor tells about have no results at all") \
    F(TIME, data_at, FIELD, "ms", "log time of the newest reading that these values rest on")      \
    F(TEXT, status, NONE, "", "Actual, Exercise or Test") \
    F(INT, occupancy_upper, FIELD, "people", "upper end of the bound: levels are raised on it; where cause is recount, on the estimate") \
    F(INT, occupancy_lower, FIELD, "people", "lower end of the bound") \
    F(BOOL, lower_bound, FIELD, "", "true: there may be more than occupancy_upper: uncounted doors, a saturated counter, a sensor in maintenance, a silent one where only doors count, or a zone inside that is unknown") \
    F(REAL, percent_capacity_upper, FIELD, "%", "occupancy_upper by capacity") \
    F(INT, capacity, FIELD, "people", "approved headcount in force") \
    F(INT, net_per_min, FIELD, "people/min", "entries less exits in the last 60 s") \
    F(REAL, flow_percent, FIELD, "%", "entries and exits of the last 60 s by width, of 82 people/m/min (stairs: 66)") \
    F(REAL, density_mean_900s, FIELD, "people/m2", "time-weighted mean over 900 s") \
    F(REAL, density_max_900s, FIELD, "people/m2", "maximum over 900 s") \
    F(REAL, density_rate_10s, FIELD, "people/m2/min", "change over 10 s, for each minute of them") \
    F(REAL, density_rate_60s, FIELD, "people/m2/min", "change over 60 s, for each minute of them") \
    F(REAL, density_rate_300s, FIELD, "people/m2/min", "change over 300 s, for each minute of them") \
    F(REAL, density_rate_900s, FIELD, "people/m2/min", "change over 900 s, for each minute of them") \
    F(REAL, occupancy_mean_10s, FIELD, "people", "zones without area: time-weighted mean over 10 s") \
    F(REAL, occupancy_mean_60s, FIELD, "people", "zones without area: time-weighted mean over 60 s") \
    F(REAL, occupancy_mean_300s, FIELD, "people", "zones without area: time-weighted mean over 300 s") \
    F(REAL, occupancy_mean_900s, FIELD, "people", "zones without area: time-weighted mean over 900 s") \
    F(INT, occupancy_max_10s, FIELD, "people", "zones without area: maximum over 10 s") \
    F(INT, occupancy_max_60s, FIELD, "people", "zones without area: maximum over 60 s") \
    F(INT, occupancy_max_300s, FIELD, "people", "zones without area: maximum over 300 s") \
    F(INT, occupancy_max_900s, FIELD, "people", "zones without area: maximum over 900 s") \
    F(REAL, occupancy_rate_10s, FIELD, "people/min", "zones without area: change over 10 s, for each minute of them") \
    F(REAL, occupancy_rate_60s, FIELD, "people/min", "zones without area: change over 60 s, for each minute of them") \
    F(REAL, occupancy_rate_300s, FIELD, "people/min", "zones without area: change over 300 s, for each minute of them") \
    F(REAL, occupancy_rate_900s, FIELD, "people/min", "zones without area: change over 900 s, for each minute of them") \
    F(INT, suspect, FIELD, "people", "implausible rises that nothing has confirmed yet; part of occupancy_upper") \
    F(BOOL, recount, FIELD, "", "the bound is over recount_pct of the capacity, or contradicted: count by hand") \
    F(BOOL, closed, FIELD, "", "the zone is closed: nobody should be in it") \
    F(BOOL, evacuation, FIELD, "", "the zone is being evacuated") \
    F(TEXT, remaining, FIELD, "", "evacuation: how many are still inside, in words; never clear") \
    F(TEXT, basis, FIELD, "", "what occupancy rests on: level, flow, fused, sum") \
    F(TEXT, cause, FIELD, "", "why the zone is unknown: sensors, broker, gap, quorum, service (none of its sensors is in service); recount: its sensors are heard, but it was unseen for so long that only a count by hand tells how many are inside") \
    F(REAL, lux, FIELD, "lx", "mean illuminance of the zone's lights") \
    F(BOOL, dark, FIELD, "", "its lights, or those of the nearest zone around it that has some, measure less than dark_lux") \
    F(INT, rules_unknown, FIELD, "rules", "rules whose data are lost: nothing that tells them is heard. When all that is known would be none the zone's level is unknown then") \
    RESULT_VALIDITY(F)

#define RESULT_GATE_FIELDS(F)                                                                      \
    F(TEXT, venue, TAG, "", "venue id")                                                            \
    F(TEXT, gate, TAG, "", "sensor id of the gate")                                                \
    F(TEXT, direction, TAG, "", "in or out")                                                       \
    F(TEXT, zone, FIELD, "", "zone inside the gate")                                               \
    F(TIME, at, STAMP, "ms", "the 1 s boundary of log time")                                       \
    F(INT, per_min, FIELD, "people/min", "passages in the last 60 s; vehicles/min at vehicle gates") \
    F(INT, total, FIELD, "people", "passages since process first saw the gate")                    \
    F(INT, rejects_per_min, FIELD, "people/min", "verification rejects in the last 60 s")          \
    F(INT, rejects_total, FIELD, "people", "verification rejects since process first saw the gate") \
    F(INT, lanes_open, FIELD, "lanes", "lanes open: as the gate says (none when it is closed), else those used in gate_window_s, else those it has") \
    F(TEXT, state, FIELD, "", "open, closed, fault, offline")                                      \
    F(BOOL, vehicle, FIELD, "", "a vehicle gate")                                                  \
    F(BOOL, known, FIELD, "", "false: the gate is silent")                                         \
    F(TEXT, status, NONE, "", "Actual, Exercise or Test") \
    F(REAL, arrivals_per_min, FIELD, "people/min", "arrivals at the gate, over gate_window_s: let in, refused, and by what its counted queue grew; without a counted queue at least so many") \
    F(REAL, service_per_min, FIELD, "people/min", "what its open lanes can serve, as learnt; absent when it is closed") \
    F(REAL, load, FIELD, "", "arrivals by service, at most 10; 10 as well when people are counted before gates that serve nobody") \
    F(INT, queue, FIELD, "people", "waiting at the gate") \
    F(REAL, wait_s, FIELD, "s", "time a newcomer waits: queue by service") \
    F(TEXT, queue_basis, FIELD, "", "counted: by the sensors of the queue's zone; estimated: as chance makes it, from arrivals and service. Neither when an uncounted gate serves 95 % of what it can or more: people wait, how many cannot be told") \
    F(REAL, reject_percent, FIELD, "%", "refused, of all that asked for entry, over gate_window_s; absent below 10 that asked") \
    F(INT, lanes, FIELD, "lanes", "lanes it has") \
    F(BOOL, fault, FIELD, "", "the gate reports a fault") \
    F(TEXT, service, FIELD, "", "service state of the gate's sensor") \
    RESULT_VALIDITY(F)

#define RESULT_LIGHT_FIELDS(F)                                                                     \
    F(TEXT, venue, TAG, "", "venue id")                                                            \
    F(TEXT, zone, TAG, "", "zone the light stands in")                                             \
    F(TEXT, light, TAG, "", "sensor id")                                                           \
    F(TIME, at, STAMP, "ms", "the 1 s boundary of log time")                                       \
    F(REAL, lux, FIELD, "lx", "illuminance")                                                       \
    F(REAL, power_w, FIELD, "W", "power drawn")                                                    \
    F(TEXT, state, FIELD, "", "on, off, dim, offline")                                             \
    F(BOOL, fault, FIELD, "", "the device reports a fault")                                        \
    F(BOOL, known, FIELD, "", "false: the light is silent")                                        \
    F(TEXT, status, NONE, "", "Actual, Exercise or Test") \
    F(TEXT, group, FIELD, "", "its group") \
    F(REAL, scene_lux, FIELD, "lx", "what it should give in its present state") \
    F(REAL, scene_percent, FIELD, "%", "lux by scene_lux") \
    F(BOOL, burning_in_daylight, FIELD, "", "on or dim in more than daylight_lux") \
    F(BOOL, dark_while_on, FIELD, "", "on or dim with less than dim_pct of its scene") \
    F(TEXT, service, FIELD, "", "service state of the light's sensor") \
    RESULT_VALIDITY(F)

#define RESULT_ALERT_FIELDS(F)                                                                     \
    F(TEXT, id, NONE, "", "venue/zone/rule/start_ms, of an exercise drill/venue/zone/rule/start_ms: one id for the alert's life") \
    F(INT, n, FIELD, "", "number of the announcement, from 1: transitions, steps of escalation, notes, assignments and steps of the plan; a repeat has the same n") \
    F(TEXT, venue, TAG, "", "venue id")                                                            \
    F(TEXT, zone, TAG, "", "zone id")                                                              \
    F(TEXT, rule, TAG, "", "rule id")                                                              \
    F(TEXT, status, FIELD, "", "Actual, Exercise or Test")                                         \
    F(TEXT, state, FIELD, "", "alert state after the transition")                                  \
    F(TEXT, from_state, NONE, "", "alert state before")                                            \
    F(LEVEL, level, FIELD, "", "level after")                                                      \
    F(LEVEL, from_level, NONE, "", "level before")                                                 \
    F(REAL, value, FIELD, "", "the metric that decided, in `unit`")                                \
    F(TEXT, unit, NONE, "", "unit of value and threshold; of a ratio 1")                                         \
    F(REAL, threshold, NONE, "", "the threshold crossed")                                          \
    F(TIME, start, NONE, "ms", "source time (clamped) of the activating record")                   \
    F(TIME, at, STAMP, "ms", "log time of the transition")                                         \
    F(INT, input_seq, NONE, "", "readings-log sequence that caused it")                            \
    F(INT, input_index, NONE, "", "result index within that input")                                \
    F(TEXT, metric, NONE, "", "what is measured: percent_capacity, density …")                     \
    F(TEXT, action, NONE, "", "what staff should do at this level")                                \
    F(INT, duration_ms, NONE, "ms", "resolved: since start")                                       \
    F(REAL, peak, NONE, "", "highest value since start")                                           \
    F(LEVEL, last_known_level, NONE, "", "unknown: the level before data was lost") \
    F(REAL, estimate, FIELD, "", "the best estimate beside value, which is the upper end of its bound") \
    F(INT, ack_delay_ms, NONE, "ms", "resolved: from start to the first acknowledgement; absent: never acknowledged") \
    F(TEXT, operator, NONE, "", "who caused the transition by command") \
    F(TEXT, note, NONE, "", "what the operator wrote") \
    F(TEXT, assigned, NONE, "", "who looks after it") \
    F(INT, escalation, FIELD, "", "steps of escalation so far; a step repeats state and level with an n of its own") \
    F(JSON, plan, NONE, "", "the plan's steps at this level: [{step, text, done, by}]") \
    F(TEXT, cause, NONE, "", "why unknown (announced again when it changes), suppressed or resolved, when not by its value") \
    F(BOOL, late, NONE, "", "raised by late data that lift the present") \
    F(BOOL, page, NONE, "", "this transition pages") \
    F(TEXT, page_group, NONE, "", "one page for all rules of a zone: venue/zone and the start, ms, of the alert that began it") \
    F(BOOL, chattering, NONE, "", "raised and cleared too often") \
    F(TIME, until, NONE, "ms", "shelved: until then") \
    RESULT_VALIDITY(F) \
    F(INT, capacity, NONE, "people", "of rules on percent_capacity: the approved headcount in force, of which value and threshold are percents")

#define RESULT_REPLY_FIELDS(F)                                                                     \
    F(TEXT, venue, NONE, "", "venue id")                                                           \
    F(TEXT, operator_id, NONE, "", "who gave the command")                                         \
    F(TEXT, command, NONE, "", "what was asked")                                                   \
    F(TEXT, nonce, NONE, "", "the command's nonce")                                                \
    F(BOOL, ok, NONE, "", "done")                                                                  \
    F(TEXT, reason, NONE, "", "why not")                                                           \
    F(TIME, at, NONE, "ms", "log time")                                                            \
    F(TEXT, zone, NONE, "", "the zone it was about")                                               \
    F(TEXT, alert, NONE, "", "the alert it was about")                                             \
    F(TEXT, sensor, NONE, "", "the sensor it was about")                                           \
    F(TEXT, status, NONE, "", "Actual or Exercise")                                                \
    F(INT, input_seq, NONE, "", "readings-log sequence of the command")

#define RESULT_HEARTBEAT_FIELDS(F)                                                                 \
    F(TEXT, instance, TAG, "", "venue id of the instance")                                         \
    F(TIME, at, STAMP, "ms", "log time of the tick")                                               \
    F(TIME, valid_until, FIELD, "ms", "after this, by a clock that is right, the absence of a newer heartbeat means unknown: 10 s after the last moment of which it is known that all that the broker had was heard") \
    F(BOOL, connected, FIELD, "", "ingest is connected to the broker and subscribed")              \
    F(INT, messages, FIELD, "messages", "MQTT messages in the log since ingest started")           \
    F(INT, decoded, FIELD, "messages", "books: messages decoded since the state began")            \
    F(INT, duplicate, FIELD, "messages", "books: duplicates")                                      \
    F(INT, quarantined, FIELD, "messages", "books: dead letters")                                  \
    F(INT, ignored_retained, FIELD, "messages", "books: retained messages that may not count")     \
    F(INT, received, FIELD, "messages", "books: messages read from the log")                       \
    F(INT, results, FIELD, "results", "results since the state began")                             \
    F(INT, alerts_active, FIELD, "alerts", "alerts above none now")                                \
    F(INT, zones_unknown, FIELD, "zones", "zones without fresh data now, of those that have sensors: as many as zone results say known=false")                          \
    F(INT, clock_offset_ms, FIELD, "ms", "wall clock minus log time")                              \
    F(INT, input_seq, FIELD, "", "readings-log sequence of the tick") \
    F(BOOL, drill, FIELD, "", "a drill is running") \
    F(TIME, drill_until, FIELD, "ms", "it ends by itself then") \
    F(TEXT, drill_by, NONE, "", "the two who started it") \
    F(INT, broker_lost_s, FIELD, "s", "how long the broker has been out of reach, or has given nothing although it is connected") \
    F(INT, unbound_readings, FIELD, "readings", "of devices that no sensor is bound to, in messages of payload maps where others were, or where the map expects it") \
    F(INT, no_reading, FIELD, "messages", "of the decoded: understood by a payload map, and saying nothing") \
    F(INT, broker_dropped, FIELD, "messages", "that the broker says it dropped in the last 10 min, of all its clients; absent: it does not say") \
    F(TEXT, path, FIELD, "", "from the broker to here: whole; broker (not connected with every subscription); silent (connected, but no probe comes back); refused (the broker passes no probe on any more); unproven (no probe has ever come back: only the connection tells); unprobed (none are sent)") \
    F(INT, probe_ms, FIELD, "ms", "since the newest probe was sent that came back through the broker; absent: none has since ingest started")

#define RESULT_DEADLETTER_FIELDS(F)                                                                \
    F(TEXT, venue, NONE, "", "venue id")                                                           \
    F(TEXT, reason, NONE, "", "malformed, utf8, duplicate_key, wrong_type, out_of_range, unknown_sensor, unknown_topic, oversized, poison, rejected") \
    F(TEXT, detail, NONE, "", "where and why, for a person")                                       \
    F(INT, input_seq, NONE, "", "readings-log sequence")                                           \
    F(TEXT, topic, NONE, "", "MQTT topic; bytes that are not UTF-8 replaced by U+FFFD")            \
    F(TEXT, payload_base64, NONE, "", "the payload, or its beginning when truncated; absent when it was empty")              \
    F(INT, payload_bytes, NONE, "B", "length of the whole payload")                                \
    F(BOOL, truncated, NONE, "", "payload_base64 holds only the beginning")                        \
    F(TIME, at, NONE, "ms", "log time") \
    F(TEXT, payload_hash, NONE, "", "personal topics: keyed hash of the payload as it was received, in place of its bytes")

#define RESULT_LANE_FIELDS(F)                                                                      \
    F(TEXT, venue, TAG, "", "venue id")                                                            \
    F(TEXT, gate, TAG, "", "sensor id of the gate")                                                \
    F(TEXT, lane, TAG, "", "lane, as the gate names it; other: the lanes beyond the first 64, and names of over 47 bytes")                                           \
    F(TEXT, direction, TAG, "", "in or out")                                                       \
    F(TIME, at, STAMP, "ms", "the 1 s boundary of log time")                                       \
    F(INT, per_min, FIELD, "people/min", "passages in the last 60 s")                              \
    F(INT, total, FIELD, "people", "passages since process first saw the lane")                    \
    F(INT, rejects_total, FIELD, "people", "verification rejects likewise")                        \
    F(TEXT, status, NONE, "", "Actual, Exercise or Test") \
    RESULT_VALIDITY(F)

#define RESULT_REJECT_FIELDS(F)                                                                    \
    F(TEXT, venue, TAG, "", "venue id")                                                            \
    F(TEXT, gate, TAG, "", "sensor id of the gate")                                                \
    F(TEXT, reason, TAG, "", "why entry was refused, as the gate says; other: the reasons beyond the first 16, and those of over 47 bytes") \
    F(TIME, at, STAMP, "ms", "the 1 s boundary of log time")                                       \
    F(INT, per_min, FIELD, "people/min", "rejects in the last 60 s")                               \
    F(INT, total, FIELD, "people", "rejects since process first saw the reason")                   \
    F(TEXT, status, NONE, "", "Actual, Exercise or Test") \
    RESULT_VALIDITY(F)

#define RESULT_LIGHT_GROUP_FIELDS(F)                                                               \
    F(TEXT, venue, TAG, "", "venue id")                                                            \
    F(TEXT, zone, TAG, "", "zone id")                                                              \
    F(TEXT, group, TAG, "", "group; all: every light of the zone")                                 \
    F(TIME, at, STAMP, "ms", "the 1 s boundary of log time")                                       \
    F(INT, lights, FIELD, "lights", "lights in it")                                                \
    F(INT, on, FIELD, "lights", "on, dim ones included")                                           \
    F(INT, off, FIELD, "lights", "off")                                                            \
    F(INT, faults, FIELD, "lights", "with a fault, offline ones included")                         \
    F(INT, unknown, FIELD, "lights", "silent, or never heard of")                                  \
    F(INT, burning_in_daylight, FIELD, "lights", "see light")                                      \
    F(INT, dark_while_on, FIELD, "lights", "see light")                                            \
    F(REAL, power_w, FIELD, "W", "sum of what they draw")                                          \
    F(REAL, lux, FIELD, "lx", "mean of what they measure")                                         \
    F(REAL, lux_min, FIELD, "lx", "the least that one of them measures")                           \
    F(TEXT, status, NONE, "", "Actual, Exercise or Test") \
    RESULT_VALIDITY(F)

#define RESULT_SENSOR_FIELDS(F)                                                                    \
    F(TEXT, venue, TAG, "", "venue id")                                                            \
    F(TEXT, sensor, TAG, "", "sensor id")                                                          \
    F(TEXT, zone, TAG, "", "zone it is bound to")                                                  \
    F(TIME, at, STAMP, "ms", "the 1 s boundary of log time")                                       \
    F(TEXT, kind, FIELD, "", "as in reading")                                                      \
    F(TEXT, health, FIELD, "", "fresh, silent, offline, unheard, unreached (the broker is out of reach)") \
    F(TEXT, service, FIELD, "", "in_service, commissioning, maintenance, retired")                 \
    F(TIME, service_until, FIELD, "ms", "maintenance ends by itself then")                         \
    F(TIME, heard_at, FIELD, "ms", "log time of its last message")                                 \
    F(INT, silence_ms, FIELD, "ms", "without a message for so long it is silent: as set, or by its period") \
    F(INT, period_ms, FIELD, "ms", "observed: from one message to the next")                       \
    F(INT, clock_offset_ms, FIELD, "ms", "its clock behind ours, the least seen in 5 to 10 min; below 0: ahead") \
    F(INT, suspect, FIELD, "people", "an implausible jump not confirmed yet")                      \
    F(BOOL, saturated, FIELD, "", "shows its limit: at least so many")                             \
    F(INT, resets, FIELD, "", "how often it began anew")                                           \
    F(INT, out_of_order, FIELD, "messages", "messages older than the one before")                  \
    F(TEXT, status, NONE, "", "Actual, Exercise or Test") \
    F(INT, clock_correction_ms, FIELD, "ms", "added to the times it gives, for its clock is steadily off; absent: they are taken as they are") \
    RESULT_VALIDITY(F)

#define RESULT_HISTORY_FIELDS(F)                                                                   \
    F(TEXT, venue, TAG, "", "venue id")                                                            \
    F(TEXT, zone, TAG, "", "zone id")                                                              \
    F(TIME, at, STAMP, "ms", "begin of the minute; said once it is over, and again when late data repair it") \
    F(REAL, occupancy_mean, FIELD, "people", "mean of the minute, late data included")             \
    F(INT, in, FIELD, "people", "entries in the minute, late data included")                       \
    F(INT, out, FIELD, "people", "exits in the minute, late data included")                        \
    F(INT, known_ms, FIELD, "ms", "how much of the minute the zone was known")                     \
    F(INT, revision, FIELD, "", "0: as first said; the highest counts")                            \
    F(TEXT, status, NONE, "", "Actual, Exercise or Test")

#define RESULT_FIGURES_FIELDS(F)                                                                   \
    F(TEXT, venue, TAG, "", "venue id")                                                            \
    F(TIME, at, STAMP, "ms", "the 1 s boundary of log time")                                       \
    F(INT, alerts_new, FIELD, "alerts", "alerts begun in the last flood_s")                        \
    F(BOOL, flood, FIELD, "", "more of them than flood_alerts")                                    \
    F(INT, alerts_day, FIELD, "alerts", "alerts begun in the last 24 h")                           \
    F(INT, unacknowledged, FIELD, "alerts", "open, yellow or above, not acknowledged")             \
    F(INT, open, FIELD, "alerts", "open now")                                                      \
    F(INT, shelved, FIELD, "alerts", "shelved now")                                                \
    F(INT, unknown, FIELD, "alerts", "open and without data now")                                  \
    F(INT, stale, FIELD, "alerts", "open for longer than stale_s")                                 \
    F(INT, chattering, FIELD, "alerts", "raised and cleared too often")                            \
    F(TEXT, status, NONE, "", "Actual, Exercise or Test") \
    RESULT_VALIDITY(F)

#define RESULT_SKIPPED_FIELDS(F)                                                                   \
    F(INT, input_seq, NONE, "", "the input left out")                                              \
    F(INT, crashes, NONE, "", "how often process crashed on it")                                   \
    F(TIME, at, NONE, "ms", "log time of the input")

#define RESULT_ERA_FIELDS(F)                                                                       \
    F(TEXT, core_version, NONE, "", "version of the core in force from here on")                   \
    F(TEXT, model_hash, NONE, "", "hash of the venue model, 16 hex digits")                        \
    F(TIME, at, NONE, "ms", "log time")

/* What the key of a Kafka value is made of: one field, or two with a '/' between them. Of an exercise it stands behind RESULT_EXERCISE_PREFIX, which an alert's
   id has already. */
#define RESULT_KEYS(ONE, TWO)                                                                      \
    ONE(ALERT, alert, id) ONE(REPLY, reply, operator_id) ONE(HEARTBEAT, heartbeat, instance)       \
    ONE(DEADLETTER, deadletter, topic) ONE(FIGURES, figures, venue)                                \
    TWO(READING, reading, venue, sensor) TWO(ZONE, zone, venue, zone)                              \
    TWO(GATE, gate, venue, gate) TWO(LIGHT, light, venue, light) TWO(LANE, lane, venue, gate)      \
    TWO(REJECT, reject, venue, gate) TWO(LIGHT_GROUP, light_group, venue, zone)                    \
    TWO(SENSOR, sensor, venue, sensor) TWO(HISTORY, history, venue, zone)

/* Types of whose results there may be several in one millisecond: see result_line. */
#define RESULT_SEVERAL_PER_MS(T) T(READING) T(ALERT)

/* Types that say whether they are of an exercise, in a field `status`. */
#define RESULT_STATUS_TYPES(T)                                                                     \
    T(READING, reading) T(ZONE, zone) T(GATE, gate) T(LIGHT, light) T(LANE, lane)                  \
    T(REJECT, reject) T(LIGHT_GROUP, light_group) T(SENSOR, sensor) T(HISTORY, history)            \
    T(ALERT, alert) T(REPLY, reply) T(FIGURES, figures)

/* Types that tell how something is, in force until a newer one: they say until when they hold, in a field `valid_until`. */
#define RESULT_VALIDITY_TYPES(T)                                                                   \
    T(ZONE, zone) T(GATE, gate) T(LIGHT, light) T(LANE, lane) T(REJECT, reject)                    \
    T(LIGHT_GROUP, light_group) T(SENSOR, sensor) T(ALERT, alert) T(FIGURES, figures)              \
    T(HEARTBEAT, heartbeat)

/* type, struct, line-protocol measurement ("" : not in the series), Kafka topic suffix ("": not on Kafka) */
#define RESULT_TYPES(T)                                                                            \
    T(READING, reading, "reading", "readings")                                                     \
    T(ZONE, zone, "zone", "zones")                                                                 \
    T(GATE, gate, "gate", "gates")                                                                 \
    T(LIGHT, light, "light", "lights")                                                             \
    T(LANE, lane, "lane", "lanes")                                                                 \
    T(REJECT, reject, "reject", "rejects")                                                         \
    T(LIGHT_GROUP, light_group, "light_group", "light-groups")                                     \
    T(SENSOR, sensor, "sensor", "sensors")                                                         \
    T(HISTORY, history, "history", "history")                                                      \
    T(ALERT, alert, "alert", "alerts")                                                             \
    T(REPLY, reply, "", "replies")                                                                 \
    T(HEARTBEAT, heartbeat, "heartbeat", "heartbeat")                                              \
    T(DEADLETTER, deadletter, "", "deadletter")                                                    \
    T(FIGURES, figures, "alarm_figures", "alarm-figures")                                          \
    T(SKIPPED, skipped, "", "")                                                                    \
    T(ERA, era, "", "")

#define RESULT_C_TEXT struct str
#define RESULT_C_JSON struct str
#define RESULT_C_INT int64_t
#define RESULT_C_TIME int64_t
#define RESULT_C_REAL double
#define RESULT_C_BOOL int8_t
#define RESULT_C_LEVEL int8_t
#define RESULT_MEMBER(kind, name, place, unit, description) RESULT_C_##kind name;

struct result_reading { RESULT_READING_FIELDS(RESULT_MEMBER) };
struct result_zone { RESULT_ZONE_FIELDS(RESULT_MEMBER) };
struct result_gate { RESULT_GATE_FIELDS(RESULT_MEMBER) };
struct result_light { RESULT_LIGHT_FIELDS(RESULT_MEMBER) };
struct result_alert { RESULT_ALERT_FIELDS(RESULT_MEMBER) };
struct result_reply { RESULT_REPLY_FIELDS(RESULT_MEMBER) };
struct result_heartbeat { RESULT_HEARTBEAT_FIELDS(RESULT_MEMBER) };
struct result_deadletter { RESULT_DEADLETTER_FIELDS(RESULT_MEMBER) };
struct result_lane { RESULT_LANE_FIELDS(RESULT_MEMBER) };
struct result_reject { RESULT_REJECT_FIELDS(RESULT_MEMBER) };
struct result_light_group { RESULT_LIGHT_GROUP_FIELDS(RESULT_MEMBER) };
struct result_sensor { RESULT_SENSOR_FIELDS(RESULT_MEMBER) };
struct result_history { RESULT_HISTORY_FIELDS(RESULT_MEMBER) };
struct result_figures { RESULT_FIGURES_FIELDS(RESULT_MEMBER) };
struct result_skipped { RESULT_SKIPPED_FIELDS(RESULT_MEMBER) };
struct result_era { RESULT_ERA_FIELDS(RESULT_MEMBER) };

union result_any {
#define RESULT_UNION(TYPE, name, measurement, topic) struct result_##name name;
    RESULT_TYPES(RESULT_UNION)
#undef RESULT_UNION
};

enum result_kind { RESULT_TEXT, RESULT_JSON, RESULT_INT, RESULT_TIME, RESULT_REAL, RESULT_BOOL, RESULT_LEVEL };
enum result_place { RESULT_TAG, RESULT_FIELD, RESULT_STAMP, RESULT_NONE };

struct result_field {
    const char *name; /* JSON, tag and field name */
    uint8_t name_len;
    uint16_t offset;  /* in the C struct */
    uint8_t kind;     /* enum result_kind */
    uint8_t place;    /* enum result_place */
    const char *unit;
    const char *description;
};

struct result_type {
    unsigned type; /* enum record_type */
    const char *measurement;
    const char *topic_suffix;
    const struct result_field *fields;
    uint32_t field_count;
    uint32_t struct_bytes;
};

/* NULL for a record type that is no result. */
const struct result_type *result_type_of(unsigned type);

/* Sets every field to its absent value. `into` is the struct of that type. */
void result_clear(unsigned type, void *into);

/* The body in the results logs; its offset table stands in result.c. Values that are not of their kind (a REAL that is not finite, a level
   that is none) are kept as absent. Returns the length, 0 when it does not fit in cap. */
uint32_t result_encode(unsigned type, const struct result_origin *origin, const void *from, uint8_t *out, size_t cap);

/* TEXT fields borrow from body. A body with fewer fields (an older writer) leaves the rest absent; more fields are skipped. MALFORMED otherwise,
   and nothing is written. */
bool result_decode(unsigned type, const uint8_t *body, uint32_t len, struct result_origin *ret_origin,
                   union result_any *ret, struct error *err);

/* One JSON object, present fields only, in table order. On overflow text.overflow is set. Non-finite REAL counts as absent; bytes that are
   not UTF-8 become U+FFFD, so the object is always valid JSON. */
void result_json(unsigned type, const void *from, struct text *out);

/* One line of line protocol with its newline. Timestamp in ns = STAMP·10⁶ + (input_seq mod 10⁶; of an alert n mod 10⁶) for RESULT_SEVERAL_PER_MS,
   STAMP·10⁶ for the others, which come once a second. A repeat is the same point. Nothing is added for types without a
   measurement, without a STAMP within the stores' range, or without any field present. Exercises go to a measurement of their own. Stores differ about backslashes in tag values and know no escape
   for control characters: in tag values both become '_', in string fields control characters become ' '. */
void result_line(unsigned type, const void *from, uint64_t input_seq, struct text *out);
/* What that adds to STAMP·10⁶: what tells the points of one millisecond apart [ns]. */
int64_t result_line_below_ms(unsigned type, const void *from, uint64_t input_seq);

/* Kafka key by RESULT_KEYS; empty for types that have none. */
void result_key(unsigned type, const void *from, struct text *out);

/* The status of a result, where its type has one; else NULL. */
struct str *result_status(unsigned type, void *of);
bool result_is_exercise(unsigned type, const void *from);

/* Until when a result holds, ms, where its type says so; else NULL. */
int64_t *result_valid_until(unsigned type, void *of);

/* The venue a result belongs to (heartbeat: its instance); len 0 when absent. Borrowed from the struct. */
struct str result_venue(unsigned type, const void *from);

#endif
