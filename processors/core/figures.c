#include "processors/core/figures.h"

#include <string.h>

#include "processors/core/announce.h"
#include "processors/core/emit.h"

enum { SECONDS_PER_MINUTE = 60 };

static uint32_t *in_second(struct figures *f, int64_t second)
{
    return &f->in_second[second % FIGURES_SECONDS];
}

static uint32_t *in_minute(struct figures *f, int64_t minute)
{
    return &f->in_minute[minute % FIGURES_MINUTES];
}

void figures_start(struct figures *f, int64_t second)
{
    *f = (struct figures){.second = second};
}

/* A bucket leaves its sum when the window's length has passed, and is emptied when its place in the
 * ring comes round. */
void figures_to(struct figures *f, const struct venue_settings *settings, int64_t second)
{
    int64_t flood_s = settings->flood_ms / 1000;
    if (second - f->second >= FIGURES_MINUTES * SECONDS_PER_MINUTE) { /* a day unseen */
        memset(f->in_second, 0, sizeof f->in_second);
        memset(f->in_minute, 0, sizeof f->in_minute);
        f->begun = f->begun_day = 0;
        f->second = second;
    }
    while (f->second < second) {
        int64_t minute_before = f->second / SECONDS_PER_MINUTE;
        f->second++;
        f->begun -= *in_second(f, f->second + FIGURES_SECONDS - flood_s);
        *in_second(f, f->second) = 0;
        if (f->second / SECONDS_PER_MINUTE != minute_before) {
            uint32_t *minute = in_minute(f, f->second / SECONDS_PER_MINUTE);
            f->begun_day -= *minute;
            *minute = 0;
        }
    }
}

void figures_begun(struct figures *f, const struct venue_settings *settings, int64_t at_ms)
{
    figures_to(f, settings, at_ms / 1000);
    ++*in_second(f, f->second);
    ++*in_minute(f, f->second / SECONDS_PER_MINUTE);
    f->begun++;
    f->begun_day++;
}

void figures_derive(struct figures *f, const struct venue_settings *settings)
{
    f->begun = f->begun_day = 0;
    for (int64_t s = 0; s < settings->flood_ms / 1000; s++)
        f->begun += *in_second(f, f->second + FIGURES_SECONDS - s);
    for (int i = 0; i < FIGURES_MINUTES; i++)
        f->begun_day += f->in_minute[i];
}

static struct figures_shown look(const struct core *core, int64_t at_ms)
{
    const struct model *model = &core->model;
    const struct venue_settings *settings = &model->venue->settings;
    struct figures_shown now = {
        .begun = model->figures->begun,
        .begun_day = model->figures->begun_day,
        .flood = model->figures->begun > settings->flood_alerts,
    };
    for (uint32_t i = 0; i < model->alert_count; i++) {
        const struct alert *a = &model->alerts[i];
        now.chattering += announce_chatters(core, a, at_ms);
        if (!alert_open(a))
            continue;
        now.open++;
        now.unacknowledged += alert_unanswered(a);
        now.shelved += a->state == ALERT_SHELVED;
        now.unknown += a->state == ALERT_UNKNOWN;
        now.stale += at_ms - a->start_ms > settings->stale_ms;
    }
    return now;
}

void figures_emit(struct core *core, int64_t at_ms)
{
    struct figures *f = core->model.figures;
    figures_to(f, &core->model.venue->settings, at_ms / 1000);
    struct figures_shown now = look(core, at_ms);
    if (f->shown_once && emit_same(&now, &f->shown, sizeof now) &&
        !emit_again(core, 0, EMIT_AGAIN_S))
        return;
    f->shown_once = true;
    f->shown = now;
    struct result_figures result;
    result_clear(RECORD_FIGURES, &result);
    result.venue = core->model.venue->id;
    result.at = at_ms;
    result.alerts_new = now.begun;
    result.flood = (int8_t)now.flood;
    result.alerts_day = now.begun_day;
    result.unacknowledged = now.unacknowledged;
    result.open = now.open;
    result.shelved = now.shelved;
    result.unknown = now.unknown;
    result.stale = now.stale;
    result.chattering = now.chattering;
    result.status = core_status(core);
    emit(core, RECORD_FIGURES, &result);
}
