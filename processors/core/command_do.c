#include "processors/core/command_do.h"

#include <string.h>

#include "processors/core/announce.h"
#include "processors/core/command.h"
#include "processors/core/command_drill.h"
#include "processors/core/drill.h"
#include "processors/core/judge.h"
#include "processors/core/sensor.h"
#include "processors/core/zone.h"

enum { MINUTE_MS = 60000, HOUR_MS = 3600000 };

static bool refuse(struct refusal *refusal, const char *why)
{
    return refusal_set(refusal, REFUSAL_REJECTED, why);
}

/* "capacity: at most 30 min" and the like. */
static bool refuse_limit(struct refusal *refusal, const char *what, int64_t limit, const char *unit)
{
    struct text t = refusal_begin(refusal, REFUSAL_REJECTED);
    text_add(&t, what);
    text_add_i64(&t, limit);
    text_add(&t, unit);
    return refusal_end(&t);
}

static struct announce_about about_of(const struct command_job *job)
{
    return (struct announce_about){.operator_id = job->request->operator_id,
                                   .note = job->request->text};
}

/* ---- alerts ---------------------------------------------------------------------------------- */

enum { ALERT_PARTS = 5 };

/* Returns how many there are; 0: more than ALERT_PARTS. */
static uint32_t parts_of(struct str path, struct str part[ALERT_PARTS])
{
    for (uint32_t count = 0; count < ALERT_PARTS;) {
        const char *slash = memchr(path.at, '/', path.len);
        uint32_t len = slash ? (uint32_t)(slash - path.at) : path.len;
        part[count++] = (struct str){path.at, len};
        if (!slash)
            return count;
        path = (struct str){slash + 1, path.len - len - 1};
    }
    return 0;
}

/* ZONE/RULE, or an id: [drill/]VENUE/ZONE/RULE/START, or the same without its start. NULL when
 * there is none. */
static struct alert *alert_named(const struct core *core, struct str path, struct str *ret_start)
{
    const struct venue *venue = core->model.venue;
    struct str part[ALERT_PARTS];
    uint32_t count = parts_of(path, part);
    uint32_t first = count == ALERT_PARTS && str_is(part[0], "drill") ? 1 : 0;
    bool whole = count - first == 4 && part[first + 3].len > 0;
    bool led = (whole || count == 3) && str_equal(part[first], venue->id);
    *ret_start = led && whole ? part[first + 3] : (struct str){0};
    if (!led && count != 2)
        return NULL;
    uint32_t z = venue_zone_find(venue, part[led ? first + 1 : 0]);
    struct str rule = part[led ? first + 2 : 1];
    for (uint32_t i = 0; z != VENUE_NO_ZONE && i < core->model.zones[z].alert_count; i++) {
        struct alert *a = &core->model.alerts[core->model.zones[z].alert_first + i];
        if (str_equal(venue->rules[a->rule].id, rule))
            return a;
    }
    return NULL;
}

/* The open alert that is meant; NULL when refused. */
static struct alert *alert_find(struct core *core, const struct command_job *job,
                                struct refusal *refusal)
{
    struct str start;
    struct alert *a = alert_named(core, job->request->alert, &start);
    if (!a) {
        refuse(refusal, "alert: there is none of that name; ZONE/RULE or its id is the form");
        return NULL;
    }
    job->reply->alert = job->request->alert;
    job->reply->zone = core->model.venue->zones[a->zone].id;
    char digits[24];
    struct text t = text_over(digits, sizeof digits);
    text_add_i64(&t, a->start_ms);
    if (!alert_open(a) || (start.len && !str_equal(start, (struct str){t.at, (uint32_t)t.len}))) {
        refuse(refusal, "alert: it is not open");
        return NULL;
    }
    return a;
}

/* Fires and announces. False when the event means nothing in the alert's state. */
static bool alert_command(struct core *core, const struct command_job *job, struct alert *a,
                          enum alert_event event)
{
    struct announce_about about = about_of(job);
    struct alert_terms terms = alert_terms_of(&core->model.venue->rules[a->rule], core->now_ns);
    struct alert_changes changes = {0};
    alert_fire(a, &terms, event, &changes);
    announce(core, a, &changes, core->now_ns, &about);
    announce_settle(core, a->zone, core->now_ns);
    return changes.count > 0;
}

static bool do_ack(struct core *core, const struct command_job *job, struct refusal *refusal)
{
    struct alert *a = alert_find(core, job, refusal);
    if (!a)
        return false;
    return alert_command(core, job, a, ALERT_ON_ACKNOWLEDGE) ||
           refuse(refusal, "alert: it is acknowledged already");
}

static bool remark(struct core *core, const struct command_job *job, struct alert *a,
                   struct refusal *refusal)
{
    return alert_command(core, job, a, ALERT_ON_REMARK) ||
           refuse(refusal, "alert: nothing can be said of it in its present state");
}

static bool do_assign(struct core *core, const struct command_job *job, struct refusal *refusal)
{
    struct alert *a = alert_find(core, job, refusal);
    struct str to = job->request->to;
    if (!a)
        return false;
    if (!id_valid(to) || (core->model.venue->operator_count &&
                          venue_operator_find(core->model.venue, to) == UINT32_MAX))
        return refuse(refusal, "to: no operator of the venue file");
    memset(a->care.assigned, 0, sizeof a->care.assigned);
    memcpy(a->care.assigned, to.at, to.len);
    return remark(core, job, a, refusal);
}

static bool do_note(struct core *core, const struct command_job *job, struct refusal *refusal)
{
    struct alert *a = alert_find(core, job, refusal);
    return a && remark(core, job, a, refusal);
}

static bool do_step(struct core *core, const struct command_job *job, struct refusal *refusal)
{
    struct alert *a = alert_find(core, job, refusal);
    if (!a)
        return false;
    uint32_t level = (uint32_t)a->level - 1, step = (uint32_t)job->request->step - 1;
    uint32_t count = core->model.venue->rules[a->rule].plan_count[level];
    if (step >= count)
        return refuse_limit(refusal, "step: the plan of the alert's level has so many: ", count,
                            "");
    if (a->care.done[level] >> step & 1u)
        return refuse(refusal, "step: it is done already");
    a->care.done[level] |= (uint16_t)(1u << step);
    a->care.done_by[level][step] =
        job->operator_at < ALERT_NOBODY ? (uint16_t)job->operator_at : ALERT_NOBODY;
    return remark(core, job, a, refusal);
}

static bool do_shelve(struct core *core, const struct command_job *job, struct refusal *refusal)
{
    struct alert *a = alert_find(core, job, refusal);
    int64_t most_ms = core->model.venue->settings.shelve_max_ms;
    int64_t for_ms = job->request->minutes * MINUTE_MS;
    if (!a)
        return false;
    if (a->level == LEVEL_RED)
        return refuse(refusal, "alert: red can't be shelved");
    if (for_ms > most_ms)
        return refuse_limit(refusal, "minutes: a shelf lasts at most ", most_ms / MINUTE_MS,
                            " min");
    if (a->state == ALERT_SHELVED)
        return refuse(refusal, "alert: it is shelved already");
    if (a->state == ALERT_UNKNOWN || a->state == ALERT_SUPPRESSED)
        return refuse(refusal, a->state == ALERT_UNKNOWN
                                   ? "alert: it is unknown, and what is unknown can't be shelved"
                                   : "alert: it is suppressed, red of its zone says it all");
    a->shelved_ms = core_now_ms(core) + for_ms;
    return alert_command(core, job, a, ALERT_ON_SHELVE) ||
           refuse(refusal, "alert: it can't be shelved in its present state");
}

static bool do_unshelve(struct core *core, const struct command_job *job, struct refusal *refusal)
{
    struct alert *a = alert_find(core, job, refusal);
    return a && (alert_command(core, job, a, ALERT_ON_UNSHELVE) ||
                 refuse(refusal, "alert: it is not shelved"));
}

/* ---- zones ----------------------------------------------------------------------------------- */

static bool zone_find(const struct core *core, const struct command_job *job, uint32_t *ret_zone,
                      struct refusal *refusal)
{
    *ret_zone = venue_zone_find(core->model.venue, job->request->zone);
    if (*ret_zone == VENUE_NO_ZONE)
        return refuse(refusal, "zone: the venue has none of that name");
    job->reply->zone = core->model.venue->zones[*ret_zone].id;
    return true;
}

/* A drill that is told something of a zone plays it, and what was touched with it. */
static void zone_play(struct core *core, uint32_t z)
{
    if (!core->exercise)
        return;
    drill_zone(core, z);
    drill_touched(core);
}

/* What follows from a command about a zone is seen at once: its last reading is the first sample of
 * what is in force now. */
static void zone_judge(struct core *core, uint32_t z)
{
    zone_play(core, z);
    judge_zone(core, z, core->now_ns, core_now_ms(core), true);
    for (uint32_t i = 0; i < core->touched_count; i++) {
        if (core->touched[i] != z)
            judge_zone(core, core->touched[i], core->now_ns, core_now_ms(core), true);
    }
}

static bool do_anchor(struct core *core, const struct command_job *job, struct refusal *refusal)
{
    uint32_t z;
    int64_t bound = job->request->bound == RESULT_ABSENT ? 0 : job->request->bound;
    struct announce_about about = about_of(job);
    if (!zone_find(core, job, &z, refusal))
        return false;
    if (core->model.zones[z].basis == ZONE_BASIS_NONE)
        return refuse(refusal,
                      "zone: no sensor counts people there, so nothing goes on from a count");
    struct zone_count count = {job->request->people, bound, job->supervisor};
    zone_anchor(core, z, &count);
    if (core->model.zones[z].known) {
        zone_judge(core, z);
        if (core->model.zones[z].anchor.doubted)
            text_add(job->reason,
                     "its level counters show more, which a supervisor's count settles: "
                     "levels are raised on what they show");
        return true;
    }
    zone_play(core, z);
    if (job->supervisor) {
        judge_vouch(core, z, &about);
        text_add(job->reason, "its sensors are still silent");
    } else {
        text_add(job->reason, "the zone stays unknown: a supervisor's count ends that");
    }
    return true;
}

static bool do_capacity(struct core *core, const struct command_job *job, struct refusal *refusal)
{
    uint32_t z;
    if (job->request->people < 1)
        return refuse(refusal, "people: a capacity is at least 1; close the zone instead");
    if (!zone_find(core, job, &z, refusal))
        return false;
    if (core->model.venue->zones[z].capacity == 0)
        return refuse(refusal, "zone: it has no capacity in the venue file, so no rule judges it");
    core->model.zones[z].capacity = job->request->people;
    zone_judge(core, z);
    return true;
}

static bool closed_set(struct core *core, const struct command_job *job, bool closed,
                       struct refusal *refusal)
{
    uint32_t z;
    if (!zone_find(core, job, &z, refusal))
        return false;
    if (core->model.zones[z].closed == closed)
        return refuse(refusal, closed ? "zone: it is closed already" : "zone: it is open already");
    core->model.zones[z].closed = closed;
    zone_judge(core, z);
    if (closed && core->model.zones[z].basis == ZONE_BASIS_NONE)
        text_add(job->reason, "no sensor counts people there: nobody can say who is still in it");
    return true;
}

static bool do_close(struct core *core, const struct command_job *job, struct refusal *refusal)
{
    return closed_set(core, job, true, refusal);
}

static bool do_open(struct core *core, const struct command_job *job, struct refusal *refusal)
{
    return closed_set(core, job, false, refusal);
}

static bool do_evacuation(struct core *core, const struct command_job *job, struct refusal *refusal)
{
    uint32_t z;
    bool on = str_is(job->request->state, "on");
    if (!on && !str_is(job->request->state, "off"))
        return refuse(refusal, "state: on or off");
    if (!zone_find(core, job, &z, refusal))
        return false;
    if (core->model.zones[z].evacuation == on)
        return refuse(refusal, on ? "zone: it is being evacuated already"
                                  : "zone: it is not being evacuated");
    core->model.zones[z].evacuation = on;
    zone_play(core, z);
    if (on && core->model.zones[z].basis == ZONE_BASIS_NONE)
        text_add(job->reason, "no sensor counts people there: nobody can say how many remain");
    return true;
}

/* ---- sensors --------------------------------------------------------------------------------- */

static bool service_of(struct str word, enum sensor_service *ret)
{
    for (int i = 0; i < SERVICE_COUNT; i++) {
        if (str_is(word, sensor_service_text((enum sensor_service)i))) {
            *ret = (enum sensor_service)i;
            return true;
        }
    }
    return false;
}

static bool do_service(struct core *core, const struct command_job *job, struct refusal *refusal)
{
    enum sensor_service service;
    int64_t most_ms = core->model.venue->settings.maintenance_max_ms, until_ms = CORE_NEVER;
    uint32_t s = venue_sensor_find(core->model.venue, job->request->sensor);
    if (s == UINT32_MAX)
        return refuse(refusal, "sensor: the venue has none of that name");
    job->reply->sensor = core->model.venue->sensors[s].id;
    if (!service_of(job->request->state, &service))
        return refuse(refusal, "state: in_service, commissioning, maintenance or retired");
    if (service == SERVICE_MAINTENANCE) {
        int64_t for_ms =
            job->request->hours == RESULT_ABSENT ? most_ms : job->request->hours * HOUR_MS;
        if (for_ms > most_ms)
            return refuse_limit(refusal, "hours: maintenance lasts at most ", most_ms / HOUR_MS,
                                " h");
        until_ms = core_now_ms(core) + for_ms;
    } else if (job->request->hours != RESULT_ABSENT) {
        return refuse(refusal, "hours: only maintenance ends by itself");
    }
    if (core->exercise)
        drill_sensor(core, s);
    sensor_service_set(core, s, service, until_ms);
    return true;
}

bool command_do(struct core *core, const struct command_job *job, struct refusal *refusal)
{
    static bool (*const ways[VENUE_COMMAND_COUNT])(struct core *, const struct command_job *,
                                                   struct refusal *) = {
        [VENUE_COMMAND_ACK] = do_ack,
        [VENUE_COMMAND_ASSIGN] = do_assign,
        [VENUE_COMMAND_NOTE] = do_note,
        [VENUE_COMMAND_SHELVE] = do_shelve,
        [VENUE_COMMAND_UNSHELVE] = do_unshelve,
        [VENUE_COMMAND_ANCHOR] = do_anchor,
        [VENUE_COMMAND_SERVICE] = do_service,
        [VENUE_COMMAND_CAPACITY] = do_capacity,
        [VENUE_COMMAND_CLOSE] = do_close,
        [VENUE_COMMAND_OPEN] = do_open,
        [VENUE_COMMAND_EVACUATION] = do_evacuation,
        [VENUE_COMMAND_DRILL] = command_drill,
        [VENUE_COMMAND_STEP] = do_step,
    };
    return ways[job->request->command](core, job, refusal);
}
