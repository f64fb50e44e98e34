#include "processors/page/pager.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "processors/page/page_lane_private.h"

enum {
    STEPS_MAX = 64, /* of one lane in a turn: the others come to theirs */
    ID_BYTES = 256,
    OWN_PATH_BYTES = 4200,
};

struct pager {
    struct pager_options o;
    struct page_world world;
    struct page_lane *lane[PAGING_TARGETS_MAX];
    struct page_lane *idle; /* one that has read all there is; NULL: none has */
    struct page_state *own; /* known[].now: as it is; the rest of a state is not used */
    char own_path[OWN_PATH_BYTES];
};

static bool over(const struct page_known *own)
{
    return page_alert_over(&own->now->alert);
}

/* ---- own alerts --------------------------------------------------------------------------------
 */

/* Who is to hear of it. About a target: all others of its status. */
static uint64_t own_reach(const struct pager *pager, const struct result_alert *a)
{
    const bool exercise = result_is_exercise(RECORD_ALERT, a);
    uint64_t reach = 0;
    if (a->note.len == 0)
        return pager->o.world->reach(pager->o.world->arg, a);
    for (uint32_t i = 0; i < pager->o.target_count; i++) {
        const struct paging_target *target = pager->o.targets[i];
        if (target->exercise == exercise && !str_equal(target->id, a->note))
            reach |= UINT64_C(1) << i;
    }
    return reach;
}

static const struct result_alert *own_of(void *arg, uint32_t i, uint32_t lane, bool *ret_here)
{
    const struct pager *pager = arg;
    if (i >= pager->own->known_count)
        return NULL;
    const struct result_alert *a = &pager->own->known[i].now->alert;
    *ret_here = own_reach(pager, a) >> lane & 1;
    return a;
}

static struct page_known *raised(const struct pager *pager, const char *rule, struct str about)
{
    for (uint32_t i = 0; i < pager->own->known_count; i++) {
        struct page_known *own = &pager->own->known[i];
        if (!over(own) && str_is(own->now->alert.rule, rule) &&
            str_equal(own->now->alert.note, about))
            return own;
    }
    return NULL;
}

bool pager_raised(const struct pager *pager, const char *rule, struct str about)
{
    return raised(pager, rule, about) != NULL;
}

/* An id that no other own alert has: two that begin in one millisecond are told apart. */
static struct str own_id(const struct pager *pager, const struct pager_event *event,
                         int64_t *start_ms, char out[ID_BYTES])
{
    struct text id;
    do {
        id = text_over(out, ID_BYTES);
        text_add(&id, event->exercise ? RESULT_EXERCISE_PREFIX : "");
        text_add_str(&id, pager->o.venue);
        text_add_char(&id, '/');
        text_add_str(&id, pager->o.venue);
        text_add_char(&id, '/');
        text_add(&id, event->rule);
        text_add_char(&id, '/');
        text_add_i64(&id, (*start_ms)++);
    } while (page_state_find(pager->own, (struct str){out, (uint32_t)id.len}));
    (*start_ms)--;
    return (struct str){out, (uint32_t)id.len};
}

bool pager_raise(struct pager *pager, const struct pager_event *event, int64_t now_ms,
                 struct error *err)
{
    char id[ID_BYTES];
    struct result_alert a;
    int64_t start_ms = now_ms;
    if (raised(pager, event->rule, event->about))
        return true;
    if (pager->own->known_count >= PAGER_OWN_MAX)
        return error_set(err, ERROR_TOO_LARGE, 0, "over %d alerts of the pager's own",
                         PAGER_OWN_MAX);
    result_clear(RECORD_ALERT, &a);
    a.id = own_id(pager, event, &start_ms, id);
    a.n = 1;
    a.venue = a.zone = pager->o.venue;
    a.rule = str_of(event->rule);
    a.status = event->exercise ? STR_LIT("Exercise") : STR_LIT("Actual");
    a.state = event->unknown ? STR_LIT("unknown") : STR_LIT("active_unacked");
    a.level = event->unknown ? LEVEL_UNKNOWN : (int8_t)event->level;
    a.last_known_level = event->unknown ? (int8_t)event->level : LEVEL_ABSENT;
    a.start = start_ms;
    a.at = now_ms;
    a.cause = event->cause;
    a.action = event->action;
    a.note = event->about;
    a.page = true;
    return page_state_put(pager->own, &a, 0, a.level, err) &&
           page_state_store(pager->own, pager->own_path, err);
}

bool pager_clear(struct pager *pager, const char *rule, struct str about, int64_t now_ms,
                 struct error *err)
{
    struct page_known *own = raised(pager, rule, about);
    if (!own)
        return true;
    struct result_alert a = own->now->alert;
    a.n = 2;
    a.state = STR_LIT("resolved");
    a.from_level = a.level;
    a.level = LEVEL_NONE;
    a.duration_ms = now_ms - a.start;
    a.at = now_ms;
    a.page = false;
    return page_state_put(pager->own, &a, 0, a.level, err) &&
           page_state_store(pager->own, pager->own_path, err);
}

/* What is over, and known to nobody any more, is forgotten. */
static bool forget(struct pager *pager, struct error *err)
{
    bool any = false;
    for (uint32_t i = 0; i < pager->own->known_count;) {
        const struct page_known *own = &pager->own->known[i];
        bool wanted = !over(own);
        for (uint32_t k = 0; k < pager->o.target_count && !wanted; k++)
            wanted = pager->lane[k] && page_lane_knows(pager->lane[k], own->now->alert.id);
        if (wanted) {
            i++;
            continue;
        }
        page_state_drop(pager->own, own->now->alert.id);
        any = true;
    }
    return !any || page_state_store(pager->own, pager->own_path, err);
}

/* ---- trouble of a lane -------------------------------------------------------------------------
 */

static bool set(struct pager *pager, uint32_t i, const char *rule, bool so,
                const struct page_now *now, struct error *err)
{
    const struct paging_target *target = pager->o.targets[i];
    if (so == pager_raised(pager, rule, target->id))
        return true;
    if (!so)
        return pager_clear(pager, rule, target->id, now->wall_ms, err);
    const struct pager_event event = {.rule = rule,
                                      .about = target->id,
                                      .level = LEVEL_ORANGE,
                                      .cause = str_of(page_lane_figures(pager->lane[i])->words),
                                      .exercise = target->exercise};
    return pager_raise(pager, &event, now->wall_ms, err);
}

/* A disk that takes nothing is told by the lanes: what is raised here holds in memory. */
static void watch(struct pager *pager, const struct page_now *now)
{
    struct error ignored = {0};
    for (uint32_t i = 0; i < pager->o.target_count; i++) {
        if (!pager->lane[i])
            continue;
        const struct page_lane_figures *f = page_lane_figures(pager->lane[i]);
        /* After a restart it goes on until something shows that it is over. */
        if (f->trouble || f->proven)
            (void)set(pager, i, PAGER_RULE_UNDELIVERABLE, f->trouble, now, &ignored);
        if (f->refusing || f->rung)
            (void)set(pager, i, PAGER_RULE_REFUSED, f->refusing, now, &ignored);
    }
    (void)forget(pager, &ignored);
}

/* ---- the pager ---------------------------------------------------------------------------------
 */

bool pager_new(const struct pager_options *options, struct pager **ret, struct error *err)
{
    struct error why = {0};
    struct pager *pager = calloc(1, sizeof *pager);
    if (!pager)
        return error_set(err, ERROR_NO_MEMORY, 0, "pager");
    pager->o = *options;
    pager->world = *options->world;
    pager->world.own = own_of;
    pager->world.own_arg = pager;
    (void)snprintf(pager->own_path, sizeof pager->own_path, "%s/pages", options->state_dir);
    if (mkdir(pager->own_path, 0750) != 0 && errno != EEXIST) {
        error_set(err, ERROR_IO, errno, "%s", pager->own_path);
        pager_free(pager);
        return false;
    }
    (void)snprintf(pager->own_path, sizeof pager->own_path, "%s/pages/.own", options->state_dir);
    if (!page_state_load(pager->own_path, &pager->own, &why)) {
        /* Damaged: what is so is raised again as soon as it is noticed. */
        pager->own =
            why.code == ERROR_NOT_FOUND || why.code == ERROR_CORRUPT ? page_state_new() : NULL;
        if (!pager->own) {
            if (err)
                *err = why;
            pager_free(pager);
            return false;
        }
    }
    *ret = pager;
    return true;
}

void pager_free(struct pager *pager)
{
    if (!pager)
        return;
    for (uint32_t i = 0; i < pager->o.target_count; i++)
        page_lane_close(pager->lane[i]);
    page_state_free(pager->own);
    free(pager);
}

bool pager_add(struct pager *pager, uint32_t target, const struct page_source *source,
               struct error *err)
{
    const struct page_lane_options options = {
        .number = target,
        .target = pager->o.targets[target],
        .source = *source,
        .world = &pager->world,
        .state_dir = pager->o.state_dir,
        .venue = pager->o.venue,
        .late_ms = pager->o.late_ms,
        .trouble_ms = pager->o.trouble_ms,
        .hold_ms = pager->o.hold_ms,
        .seed = str_hash(pager->o.targets[target]->id),
    };
    return page_lane_open(&options, &pager->lane[target], err);
}

enum pager_turn pager_turn(struct pager *pager, const struct page_now *now, struct error *err)
{
    bool sends = false;
    pager->idle = NULL;
    for (uint32_t i = 0; i < pager->o.target_count; i++) {
        enum page_lane_turn turn = PAGE_LANE_BUSY;
        for (int step = 0; pager->lane[i] && turn == PAGE_LANE_BUSY && step < STEPS_MAX; step++)
            turn = page_lane_step(pager->lane[i], now, err);
        if (turn == PAGE_LANE_BROKEN)
            return PAGER_BROKEN;
        sends = sends || turn == PAGE_LANE_SENDS || turn == PAGE_LANE_BUSY;
        if (turn == PAGE_LANE_IDLE && pager->lane[i])
            pager->idle = pager->lane[i];
    }
    watch(pager, now);
    return sends ? PAGER_SENDS : PAGER_WAITS;
}

/* The source of a lane that pauses may have news all the time: who waits there does not sleep. */
void pager_wait(struct pager *pager, uint32_t ms)
{
    const struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
    if (pager->idle)
        page_lane_wait(pager->idle, ms);
    else
        (void)nanosleep(&pause, NULL);
}

const struct page_lane_figures *pager_figures(const struct pager *pager, uint32_t target)
{
    return page_lane_figures(pager->lane[target]);
}
