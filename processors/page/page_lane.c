#include "processors/page/page_lane.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "processors/page/page_lane_private.h"
#include "schemas/base/report.h"

#define PROGRAM "page"

enum {
    IDLE_SAVE_S = 5, /* the position, while nothing concerns the target */
    LATE_FIRST = 16,
    NAME_BYTES = 64,
};

/* ---- opening -----------------------------------------------------------------------------------
 */

static bool load(struct page_lane *l, struct error *err)
{
    struct error why = {0};
    (void)snprintf(l->path, sizeof l->path, "%s/pages", l->o.state_dir);
    if (mkdir(l->path, 0750) != 0 && errno != EEXIST)
        return error_set(err, ERROR_IO, errno, "%s", l->path);
    (void)snprintf(l->path, sizeof l->path, "%s/pages/" STR_FMT, l->o.state_dir,
                   STR_ARG(l->o.target->id));
    if (page_state_load(l->path, &l->state, &why)) {
        l->first = page_position_none(&l->state->position);
        return true;
    }
    if (why.code != ERROR_NOT_FOUND && why.code != ERROR_CORRUPT) {
        if (err)
            *err = why;
        return false;
    }
    l->figures.forgot = why.code == ERROR_CORRUPT;
    l->first = why.code == ERROR_NOT_FOUND;
    l->state = page_state_new();
    return l->state || error_set(err, ERROR_NO_MEMORY, 0, "page state");
}

static bool is_own(const struct page_lane *l, const struct result_alert *a)
{
    const struct result_alert *own;
    bool here = false;
    for (uint32_t i = 0; (own = l->o.world->own(l->o.world->own_arg, i, l->o.number, &here)); i++) {
        if (str_equal(own->id, a->id))
            return true;
    }
    return false;
}

/* Another log: what is known is of alerts that nobody will end. The pager's own are of no log. */
static void begin_anew(struct page_lane *l)
{
    for (uint32_t i = 0; i < l->state->known_count;) {
        const struct result_alert *a = &l->state->known[i].now->alert;
        if (is_own(l, a)) {
            i++;
            continue;
        }
        page_state_drop(l->state, a->id);
        l->figures.forgot = true;
    }
    l->state->position = (struct page_position){0};
}

bool page_lane_open(const struct page_lane_options *options, struct page_lane **ret,
                    struct error *err)
{
    char name[NAME_BYTES];
    struct page_lane *l = calloc(1, sizeof *l);
    if (!l) {
        options->source.close(options->source.arg);
        return error_set(err, ERROR_NO_MEMORY, 0, "page lane");
    }
    l->o = *options;
    l->span = page_kind_holds(l->o.target->kind) ? PAGE_NOTES_MAX : 1;
    l->pace.seed = l->o.seed | 1;
    l->figures.up = true;
    l->figures.source = "";
    l->before = calloc(3, sizeof *l->before);
    l->message = malloc(sizeof *l->message); /* touched only as far as messages reach */
    (void)snprintf(name, sizeof name, "page-" STR_FMT, STR_ARG(l->o.target->id));
    bool fresh = false;
    bool ok = (l->before && l->message) || error_set(err, ERROR_NO_MEMORY, 0, "page lane");
    if (ok) {
        l->behind = l->before + 1;
        l->late_end = l->before + 2;
    }
    ok = ok && load(l, err) && rejected_open(l->o.state_dir, name, &l->rejected, err) &&
         l->o.source.start(l->o.source.arg, &l->state->position, &fresh, err);
    if (!ok) {
        page_lane_close(l);
        return false;
    }
    if (fresh)
        begin_anew(l);
    *ret = l;
    return true;
}

static void late_clear(struct page_lane *l)
{
    for (uint32_t i = 0; i < l->late_count; i++)
        free(l->late[i].alert);
    l->late_count = 0;
    l->late_ns = 0;
}

void page_lane_close(struct page_lane *l)
{
    if (!l)
        return;
    page_lane_about_clear(l);
    late_clear(l);
    l->o.source.close(l->o.source.arg);
    rejected_close(l->rejected);
    page_state_free(l->state);
    free(l->late);
    free(l->next);
    free(l->before);
    free(l->message);
    free(l);
}

bool page_lane_knows(const struct page_lane *lane, struct str id)
{
    for (uint32_t i = 0; i < lane->about_count; i++) {
        if (str_equal(lane->about[i]->alert.id, id))
            return true;
    }
    return page_state_find(lane->state, id) != NULL;
}

const struct page_lane_figures *page_lane_figures(const struct page_lane *lane)
{
    return &lane->figures;
}

void page_lane_wait(struct page_lane *lane, uint32_t ms)
{
    lane->o.source.wait(lane->o.source.arg, ms);
}

bool page_alert_over(const struct result_alert *alert)
{
    return str_is(alert->state, "resolved");
}

/* ---- what is on the disk -----------------------------------------------------------------------
 */

/* A state that can't be stored is kept and tried again: to stop would page everything since anew,
   each time the program is started again. */
void page_lane_save(struct page_lane *l, const struct page_now *now)
{
    char text[512], quoted[512];
    struct error why = {0};
    l->saved_ns = now->boot_ns;
    bool ok = page_state_store(l->state, l->path, &why) &&
              l->o.source.keep(l->o.source.arg, &l->state->position, &why);
    l->unsaved = !ok;
    if (ok)
        l->figures.lost = l->state->position.lost;
    l->first = l->first && (!ok || page_position_none(&l->state->position) ||
                            l->o.source.behind(l->o.source.arg));
    if (!ok && notice_due(&l->save_notice, error_describe(&why, text, sizeof text)))
        report(REPORT_ERROR, PROGRAM, "unsaved", "target=" STR_FMT " error=\"%s\"",
               STR_ARG(l->o.target->id), report_quote(text, quoted, sizeof quoted));
}

/* Nothing concerns the target: retention may go on all the same. The cursor alone does where there
   is one: page_source_log begins at the later of the two. */
void page_lane_save_position(struct page_lane *l, const struct page_now *now)
{
    if (now->boot_ns - l->saved_ns < (int64_t)IDLE_SAVE_S * 1000000000)
        return;
    l->o.source.position(l->o.source.arg, &l->state->position);
    if (l->first || l->state->position.partitions) {
        page_lane_save(l, now);
    } else {
        l->saved_ns = now->boot_ns;
        if (l->o.source.keep(l->o.source.arg, &l->state->position, NULL))
            l->figures.lost = l->state->position.lost;
    }
}

/* ---- what concerns the target ------------------------------------------------------------------
 */

struct page_late *page_lane_late(const struct page_lane *l, struct str id)
{
    for (uint32_t i = 0; i < l->late_count; i++) {
        if (str_equal(l->late[i].alert->alert.id, id))
            return &l->late[i];
    }
    return NULL;
}

/* A PagerDuty incident that only a digest told of does not exist: an update would make it. */
static bool takes_updates(const struct page_lane *l, const struct page_known *known)
{
    return page_kind_updates(l->o.target->kind) &&
           !(known->flags & PAGE_KNOWN_BY_DIGEST && l->o.target->kind == PAGING_PAGERDUTY);
}

/* Nothing that the target was told of, or is about to be, speaks for it: not what it knows of the
   alert itself either. */
static bool unheard(const struct page_lane *l, const struct result_alert *a)
{
    const struct page_world *world = l->o.world;
    if (!paging_quiet(a))
        return false;
    for (uint32_t i = 0; i < l->state->known_count; i++)
        if (world->speaks(world->arg, &l->state->known[i].now->alert, a))
            return false;
    for (uint32_t i = 0; i < l->late_count; i++)
        if (l->late[i].rings && world->speaks(world->arg, &l->late[i].alert->alert, a))
            return false;
    return true;
}

static bool concerns(const struct page_lane *l, const struct result_alert *a,
                     enum page_act *ret_act)
{
    const struct page_known *known = page_state_find(l->state, a->id);
    const struct page_late *late = page_lane_late(l, a->id);
    if (result_is_exercise(RECORD_ALERT, a) != l->o.target->exercise ||
        (known && page_alert_said(&known->now->alert, a)))
        return false;
    *ret_act = PAGE_END;
    if (page_alert_over(a))
        return known || late;
    *ret_act = PAGE_RING;
    if ((a->page > 0 || unheard(l, a)) && l->o.world->reach(l->o.world->arg, a) >> l->o.number & 1)
        return true;
    *ret_act = PAGE_UPDATE;
    return late || (known && takes_updates(l, known));
}

bool page_lane_read(struct page_lane *l, struct error *err)
{
    struct page_item item;
    const struct page_source *source = &l->o.source;
    enum page_read got;
    if (l->next)
        return true;
    source->position(source->arg, l->before);
    while ((got = source->next(source->arg, &item, err)) == PAGE_READ_ALERT ||
           got == PAGE_READ_FRESH) {
        if (got == PAGE_READ_FRESH) {
            begin_anew(l);
        } else if (concerns(l, &item.alert, &l->next_act)) {
            l->next = page_alert_copy(&item.alert);
            l->next_at_ms = item.at_ms;
            source->position(source->arg, l->behind);
            l->figures.lost_met = l->behind->lost;
            return l->next || error_set(err, ERROR_NO_MEMORY, 0, "alert");
        }
        source->position(source->arg, l->before);
    }
    source->position(source->arg, l->before);
    l->figures.lost_met = l->before->lost;
    l->figures.source = source->trouble(source->arg);
    return got != PAGE_READ_ERROR;
}

/* ---- what is late ------------------------------------------------------------------------------
 */

static bool late_add(struct page_lane *l, struct error *err)
{
    struct page_late *late = page_lane_late(l, l->next->alert.id);
    if (!late) {
        if (l->late_count == l->late_cap) {
            uint32_t cap = l->late_cap ? l->late_cap * 2 : LATE_FIRST;
            struct page_late *more = realloc(l->late, cap * sizeof *more);
            if (!more)
                return error_set(err, ERROR_NO_MEMORY, 0, "late alerts");
            l->late = more;
            l->late_cap = cap;
        }
        if (l->late_count == 0)
            l->late_at_ms = l->next_at_ms;
        late = &l->late[l->late_count++];
        *late = (struct page_late){0};
    }
    free(late->alert);
    late->alert = l->next;
    late->rings = late->rings || l->next_act == PAGE_RING;
    l->next = NULL;
    *l->late_end = *l->behind;
    return true;
}

bool page_lane_late_collect(struct page_lane *l, int64_t now_ms, struct error *err)
{
    while (l->next && now_ms - l->next_at_ms > l->o.late_ms) {
        if (!late_add(l, err) || !page_lane_read(l, err))
            return false;
    }
    return true;
}

bool page_lane_late_settle(struct page_lane *l, struct error *err)
{
    const enum paging_kind kind = l->o.target->kind;
    for (uint32_t i = 0; i < l->late_count; i++) {
        const struct page_late *late = &l->late[i];
        const struct result_alert *a = &late->alert->alert;
        const struct page_known *known = page_state_find(l->state, a->id);
        int said = known ? known->said_level : LEVEL_ABSENT;
        uint32_t flags = known ? known->flags : (uint32_t)PAGE_KNOWN_BY_DIGEST;
        bool over = page_alert_over(a);
        if (page_kind_holds(kind))
            flags = PAGE_KNOWN_OWED; /* no digest tells it */
        else if (known && (over || takes_updates(l, known)))
            flags |= PAGE_KNOWN_OWED;
        if (over && !(known && page_kind_updates(kind)))
            page_state_drop(l->state, a->id);
        else if ((known || late->rings) && !page_state_put(l->state, a, flags, said, err))
            return false;
    }
    l->state->position = *l->late_end;
    late_clear(l);
    return true;
}
