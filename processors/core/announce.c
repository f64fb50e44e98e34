#include "processors/core/announce.h"

#include <math.h>

#include "processors/core/emit.h"
#include "processors/core/figures.h"

/* ---- chattering ------------------------------------------------------------------------------ */

static int64_t *falls_of(const struct core *core, const struct alert *a)
{
    const struct model *model = &core->model;
    return &model->falls_ms[(size_t)a->at * (size_t)model->venue->settings.chatter_changes];
}

static void fall_note(struct core *core, struct alert *a, int64_t now_ms)
{
    falls_of(core, a)[a->chatter] = now_ms;
    a->chatter = (a->chatter + 1) % (uint32_t)core->model.venue->settings.chatter_changes;
}

/* Of what is kept quiet only the end is said. */
static bool fell(const struct alert_change *c)
{
    return c->event == ALERT_ON_BELOW ||
           (c->event == ALERT_ON_CLEARED && c->from_state != ALERT_CLEARING);
}

bool announce_chatters(const struct core *core, const struct alert *a, int64_t now_ms)
{
    int64_t oldest_ms = falls_of(core, a)[a->chatter];
    return oldest_ms != CORE_NEVER && now_ms - oldest_ms <= core->model.venue->settings.chatter_ms;
}

/* ---- pages ----------------------------------------------------------------------------------- */

/* The venue's own alert of the broker's loss is open: whoever is paged by it knows. */
static bool broker_alert_open(const struct core *core)
{
    const struct model *model = &core->model;
    const struct zone *venue = &model->zones[0];
    for (uint32_t i = 0; i < venue->alert_count; i++) {
        const struct alert *a = &model->alerts[venue->alert_first + i];
        if (model->venue->rules[a->rule].metric == METRIC_BROKER_LOST && a->level >= LEVEL_YELLOW)
            return true;
    }
    return false;
}

bool announce_hushes(const struct core *core, enum health_cause cause)
{
    return cause == CAUSE_BROKER && broker_alert_open(core);
}

/* Whether who is paged of the one hears enough of the other: those who mend lights and networks are
 * not those who guide people. */
static bool speaks_for(const struct core *core, const struct alert *b, const struct alert *a)
{
    const struct venue_rule *rules = core->model.venue->rules;
    return b->level >= a->level &&
           metric_subject(rules[b->rule].metric) == metric_subject(rules[a->rule].metric);
}

/* A red alert of its zone speaks for it. */
static bool under_red(const struct core *core, const struct alert *a)
{
    const struct zone *zone = &core->model.zones[a->zone];
    if (a->level == LEVEL_RED)
        return false;
    for (uint32_t i = 0; i < zone->alert_count; i++) {
        const struct alert *b = &core->model.alerts[zone->alert_first + i];
        if (b->level == LEVEL_RED && speaks_for(core, b, a))
            return true;
    }
    return false;
}

/* Whether another alert of the zone has told people as much already. */
static bool told(const struct core *core, const struct alert *a, const struct alert_change *c)
{
    const struct zone *zone = &core->model.zones[a->zone];
    for (uint32_t i = 0; i < zone->alert_count; i++) {
        const struct alert *b = &core->model.alerts[zone->alert_first + i];
        if (b == a || !speaks_for(core, b, a) || !b->paged)
            continue;
        if (c->event == ALERT_ON_LOST       ? b->state == ALERT_UNKNOWN
            : c->event == ALERT_ON_ESCALATE ? alert_unanswered(b) && b->escalation >= c->escalation
                                            : alert_unanswered(b))
            return true;
    }
    return false;
}

/* The zone's data have been told of as lost just now: a sensor that comes and goes calls nobody
 * each time. Where it stays away, the alert escalates. */
static bool told_of_loss(const struct core *core, const struct alert *a, int64_t at_ms)
{
    const struct zone *zone = &core->model.zones[a->zone];
    for (uint32_t i = 0; i < zone->alert_count; i++) {
        const struct alert *b = &core->model.alerts[zone->alert_first + i];
        if (speaks_for(core, b, a) && b->lost_told_ms != ALERT_NEVER &&
            at_ms - b->lost_told_ms < ANNOUNCE_LOST_AGAIN_MS)
            return true;
    }
    return false;
}

static bool pages(const struct core *core, const struct alert *a, const struct alert_change *c,
                  int64_t at_ms)
{
    if (a->level < LEVEL_YELLOW)
        return false;
    switch (c->event) {
    case ALERT_ON_RAISE:
    case ALERT_ON_ESCALATE:
        break;
    case ALERT_ON_LOST: /* red does not explain it */
        return !a->hushed && !told(core, a, c) && !told_of_loss(core, a, at_ms);
    case ALERT_ON_UNSHELVE:
    case ALERT_ON_EXPIRE:
    case ALERT_ON_HANDOVER:
    case ALERT_ON_RELEASE: /* the red that spoke for it may have been acknowledged */
        if (alert_acked(a) || (a->state != ALERT_UNKNOWN && a->value < a->least))
            return false;
        break;
    default:
        return false;
    }
    return !under_red(core, a) && !told(core, a, c);
}

/* Joins the page group of the zone's other alerts, or begins one. */
static void group_join(const struct core *core, struct alert *a)
{
    const struct zone *zone = &core->model.zones[a->zone];
    if (a->group_ms != ALERT_NEVER || a->level < LEVEL_YELLOW)
        return;
    a->group_ms = a->start_ms;
    for (uint32_t i = 0; i < zone->alert_count; i++) {
        const struct alert *b = &core->model.alerts[zone->alert_first + i];
        if (b != a && alert_open(b) && b->group_ms != ALERT_NEVER)
            a->group_ms = b->group_ms;
    }
}

/* ---- one alert ------------------------------------------------------------------------------- */

static struct str cause_of(const struct alert *a, const struct alert_change *c)
{
    switch (c->event) {
    case ALERT_ON_RAISE:
        return a->dark ? STR_LIT("dark") : (struct str){0};
    case ALERT_ON_VOUCH:
        return STR_LIT("anchor");
    case ALERT_ON_EXPIRE:
        return STR_LIT("shelf over");
    case ALERT_ON_HANDOVER:
        return STR_LIT("handover");
    case ALERT_ON_RELEASE:
        return c->from_state == ALERT_SUPPRESSED ? STR_LIT("red over") : STR_LIT("page over");
    case ALERT_ON_RETIRE:
        return STR_LIT("gone");
    default:
        break;
    }
    if (c->state == ALERT_UNKNOWN)
        return str_of(health_cause_text((enum health_cause)a->cause));
    return c->state == ALERT_SUPPRESSED ? STR_LIT("red") : (struct str){0};
}

void announce(struct core *core, struct alert *a, const struct alert_changes *changes,
              int64_t at_ns, const struct announce_about *about)
{
    int64_t at_ms = at_ns / CORE_MS_NS;
    for (uint32_t i = 0; i < changes->count; i++) {
        const struct alert_change *c = &changes->change[i];
        struct emit_alert_more more = {.cause = cause_of(a, c)};
        /* What is not reached may be, and what is may not. */
        if (!more.cause.len && core->model.zones[a->zone].adrift && !isnan(a->estimate))
            more.cause = str_of(health_cause_text(CAUSE_RECOUNT));
        if (about) {
            more.operator_id = about->operator_id;
            more.note = about->note;
            more.cause = about->cause.len ? about->cause : more.cause;
        }
        if (c->n == 1)
            figures_begun(core->model.figures, &core->model.venue->settings, at_ms);
        if (fell(c))
            fall_note(core, a, at_ms);
        group_join(core, a);
        more.page = pages(core, a, c, at_ms);
        a->paged = a->paged || more.page;
        if (a->paged && (c->ended || c->event == ALERT_ON_STEP || c->event == ALERT_ON_STEP_ON))
            core->model.zones[a->zone].page_over = true;
        if (more.page && (c->event == ALERT_ON_LOST ||
                          (c->event == ALERT_ON_RELEASE && c->state == ALERT_UNKNOWN)))
            a->lost_told_ms = at_ms;
        more.chattering = announce_chatters(core, a, at_ms);
        emit_alert(core, a, c, &more, at_ns);
    }
}

/* ---- the alerts of a zone -------------------------------------------------------------------- */

struct alert_changes *announce_room(struct core *core)
{
    struct alert_changes *changes = &core->model.batch.changes[core->model.batch.count];
    changes->count = 0;
    return changes;
}

void announce_keep(struct core *core, uint32_t place)
{
    struct announce_batch *batch = &core->model.batch;
    if (batch->changes[batch->count].count)
        batch->alert[batch->count++] = place;
}

bool announce_kept(struct core *core, uint32_t z, int64_t at_ns, const struct announce_about *about)
{
    struct announce_batch *batch = &core->model.batch;
    struct alert *alerts = &core->model.alerts[core->model.zones[z].alert_first];
    bool any = batch->count > 0;
    for (int level = LEVEL_RED; any && level >= LEVEL_NONE; level--) {
        for (uint32_t i = 0; i < batch->count; i++) {
            struct alert *a = &alerts[batch->alert[i]];
            if (a->level == level)
                announce(core, a, &batch->changes[i], at_ns, about);
        }
    }
    batch->count = 0;
    return any;
}

/* ---- red --------------------------------------------------------------------------------------
 */

/* The page that spoke for others is over: of those that are still to be answered, and have paged
 * nobody, the highest speaks now. */
static void page_again(struct core *core, uint32_t z, int64_t at_ns)
{
    static const struct alert_change release = {.event = ALERT_ON_RELEASE};
    const struct zone *zone = &core->model.zones[z];
    for (int level = LEVEL_RED; level >= LEVEL_YELLOW; level--) {
        for (uint32_t i = 0; i < zone->alert_count; i++) {
            struct alert *a = &core->model.alerts[zone->alert_first + i];
            bool waits =
                a->state == ALERT_ACTIVE_UNACKED || (a->state == ALERT_UNKNOWN && !a->hushed);
            if (a->level != level || !waits || a->paged ||
                !pages(core, a, &release, at_ns / CORE_MS_NS))
                continue;
            struct alert_terms terms = alert_terms_of(&core->model.venue->rules[a->rule], at_ns);
            struct alert_changes changes = {0};
            alert_fire(a, &terms, ALERT_ON_RELEASE, &changes);
            announce(core, a, &changes, at_ns, NULL);
        }
    }
}

void announce_settle(struct core *core, uint32_t z, int64_t at_ns)
{
    struct zone *zone = &core->model.zones[z];
    struct alert *alerts = &core->model.alerts[zone->alert_first];
    for (uint32_t i = 0; i < zone->alert_count; i++) {
        struct alert *a = &alerts[i];
        if (!alert_open(a))
            continue;
        bool under = under_red(core, a);
        if (under == (a->state == ALERT_SUPPRESSED))
            continue;
        struct alert_terms terms = alert_terms_of(&core->model.venue->rules[a->rule], at_ns);
        struct alert_changes changes = {0};
        alert_fire(a, &terms, under ? ALERT_ON_SUPPRESS : ALERT_ON_RELEASE, &changes);
        announce(core, a, &changes, at_ns, NULL);
    }
    if (zone->page_over)
        page_again(core, z, at_ns);
    zone->page_over = false;
}
