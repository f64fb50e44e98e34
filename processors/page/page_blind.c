#include "processors/page/page_blind.h"

#include <stdio.h>
#include <stdlib.h>

#include "processors/page/page_beat_kafka.h"
#include "processors/watch/beat.h"
#include "processors/watch/blind.h"

enum { WORDS_BYTES = 256, PATH_BYTES = 4200 };

struct page_blind {
    char state_dir[PATH_BYTES];
    struct pager *pager;
    struct beat *beat;           /* this machine's, or … */
    struct page_beat_kafka *far; /* … another's, by Kafka */
    const struct kafka_sizes *sizes;
    struct blind blind;
    int64_t next_ms;
};

bool page_blind_new(const struct page_blind_options *options, struct page_blind **ret,
                    struct error *err)
{
    struct page_blind *watch = calloc(1, sizeof *watch);
    if (watch && options->kafka) {
        if (!page_beat_kafka_new(options->kafka, options->size, options->venue, &watch->far, err)) {
            page_blind_free(watch);
            return false;
        }
    } else if (watch) {
        watch->beat = beat_open(options->state_dir);
    }
    if (!watch || (!watch->beat && !watch->far)) {
        page_blind_free(watch);
        return error_set(err, ERROR_NO_MEMORY, 0, "watch over the heartbeats");
    }
    (void)snprintf(watch->state_dir, sizeof watch->state_dir, "%s", options->state_dir);
    watch->pager = options->pager;
    watch->sizes = options->sizes;
    blind_start(&watch->blind, options->blind_s * 1000, options->wall_ms, options->boot_ms);
    if (pager_raised(watch->pager, PAGING_RULE_BLIND, (struct str){0}))
        blind_resume(&watch->blind);
    *ret = watch;
    return true;
}

void page_blind_free(struct page_blind *watch)
{
    if (!watch)
        return;
    beat_close(watch->beat);
    page_beat_kafka_free(watch->far);
    free(watch);
}

static bool raise_it(struct page_blind *watch, const struct blind_look *look, struct error *err)
{
    char words[WORDS_BYTES];
    struct text text = text_over(words, sizeof words);
    if (watch->sizes && kafka_sizes_away(watch->sizes))
        text_add(&text, "Kafka is away: ");
    blind_explain(&watch->blind, look, &text);
    const struct pager_event event = {.rule = PAGING_RULE_BLIND,
                                      .level = LEVEL_RED,
                                      .unknown = true,
                                      .cause = {words, (uint32_t)text.len}};
    return pager_raise(watch->pager, &event, look->wall_ms, err);
}

bool page_blind_turn(struct page_blind *watch, int64_t wall_ms, int64_t boot_ms, struct error *err)
{
    struct watch_figures figures;
    struct error ignored = {0};
    if (boot_ms < watch->next_ms)
        return true;
    watch->next_ms = boot_ms + PAGE_BLIND_EVERY_MS;
    bool ok = watch->far ? page_beat_kafka_follow(watch->far, err) : beat_follow(watch->beat, err);
    struct blind_look look = {.wall_ms = wall_ms,
                              .boot_ms = boot_ms,
                              .beat = watch->far ? page_beat_kafka_newest(watch->far)
                                                 : beat_newest(watch->beat)};
    if (!watch->far && watch_figures_read(watch->state_dir, wall_ms, &figures, &ignored) &&
        figures.present)
        look.figures = &figures;
    switch (blind_step(&watch->blind, &look)) {
    case BLIND_BEGINS:
        return raise_it(watch, &look, err) && ok;
    case BLIND_ENDS:
        return pager_clear(watch->pager, PAGING_RULE_BLIND, (struct str){0}, wall_ms, err) && ok;
    case BLIND_SAME:
        break;
    }
    return ok;
}
