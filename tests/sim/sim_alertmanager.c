#include "tests/sim/sim_alertmanager.h"

#include <string.h>
#include <time.h>

#include "tests/sim/sim_pages.h"

enum {
    MS_PER_S = 1000,
    NS_PER_MS = 1000000,
    HELD_MS_MIN = 300000, /* what ends later is to be held: it is for 10 min */
    AHEAD_MS_MAX = 61000, /* a step of the clock since the pager looked at it */
};

struct held { /* an alert's identity is its labels, of which the level is one */
    char id[SIM_ALERT_ID_BYTES], level[16];
    bool holds;
};

struct sim_alertmanager {
    struct held *at;
    size_t count, cap;
};

struct sim_alertmanager *sim_alertmanager_new(void)
{
    return sim_keep(sizeof(struct sim_alertmanager));
}

void sim_alertmanager_free(struct sim_alertmanager *m)
{
    sim_keep_free(m->at);
    sim_keep_free(m);
}

static struct held *find(struct sim_alertmanager *m, struct str id, struct str level)
{
    struct held *h = m->at;
    for (size_t i = 0; h && i < m->count; i++, h++)
        if (str_is(id, h->id) && str_is(level, h->level))
            return h;
    if (m->count == m->cap) {
        m->cap = m->cap ? m->cap * 2 : 64;
        m->at = sim_keep_more(m->at, m->cap * sizeof *m->at);
    }
    h = m->at + m->count++;
    (void)snprintf(h->id, sizeof h->id, STR_FMT, STR_ARG(id));
    (void)snprintf(h->level, sizeof h->level, STR_FMT, STR_ARG(level));
    return h;
}

/* The text behind `name` from *at on, up to the quote that ends it; *at is behind it then. */
static struct str text_behind(const char **at, const char *end, const char *name)
{
    const char *from = memmem(*at, (size_t)(end - *at), name, strlen(name));
    const char *to =
        from ? memchr(from + strlen(name), '"', (size_t)(end - from) - strlen(name)) : NULL;
    if (!to)
        return STR_LIT("");
    from += strlen(name);
    *at = to;
    return (struct str){from, (uint32_t)(to - from)};
}

static int64_t wall_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * MS_PER_S + now.tv_nsec / NS_PER_MS;
}

void sim_alertmanager_take(struct sim_alertmanager *m, const char *body, size_t len)
{
    const char *at = body, *end = body + len;
    const int64_t now_ms = wall_ms();
    struct str level;
    while ((level = text_behind(&at, end, "\"level\":\"")).len) {
        struct str id = text_behind(&at, end, "\"crowdtide_id\":\"");
        struct str starts = text_behind(&at, end, "\"startsAt\":\"");
        struct str ends = text_behind(&at, end, "\"endsAt\":\"");
        int64_t starts_ms = 0, ends_ms = 0;
        if (!id.len || !time_parse_rfc3339(starts, &starts_ms) ||
            !time_parse_rfc3339(ends, &ends_ms) || ends_ms < starts_ms) {
            sim_fail("the Alertmanager can't read %.*s", (int)len, body);
            return;
        }
        bool holds = ends_ms > now_ms + HELD_MS_MIN;
        if (!holds && ends_ms > now_ms + AHEAD_MS_MAX)
            sim_fail("the Alertmanager keeps " STR_FMT " for another %lld ms", STR_ARG(id),
                     (long long)(ends_ms - now_ms));
        find(m, id, level)->holds = holds;
        sim_trace("the Alertmanager %s " STR_FMT " at " STR_FMT, holds ? "holds" : "ends",
                  STR_ARG(id), STR_ARG(level));
    }
}

bool sim_alertmanager_holds(const struct sim_alertmanager *m, struct str id, const char *level)
{
    for (size_t i = 0; m->at && i < m->count; i++)
        if (m->at[i].holds && str_is(id, m->at[i].id) &&
            (!level || strcmp(level, m->at[i].level) == 0))
            return true;
    return false;
}
