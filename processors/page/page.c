#include "processors/page/page.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "processors/net/kafka_sizes.h"
#include "processors/page/page_beat_kafka.h"
#include "processors/page/page_blind.h"
#include "processors/page/page_post.h"
#include "processors/page/pager.h"
#include "processors/publish/pace.h"
#include "schemas/base/clock.h"
#include "schemas/base/report.h"
#include "schemas/counters/counters.h"

#define PROGRAM "page"
#define CURSOR_PREFIX "alerts.page-"

enum {
    EXIT_STOPPED = 0,
    EXIT_BROKEN = 1,
    EXIT_CONFIG = 2,
    ANSWER_WAIT_MS = 10, /* while something is on its way: also how late an alert is noticed then */
    NEWS_WAIT_MS = 50,
    LAST_ANSWERS_MS = 3000, /* for what is on its way once asked to stop */
    ALIVE_EVERY_NS = 500000000,
    PATH_BYTES = 4200,
};

enum { SIZE_ALERTS, SIZE_BEATS, SIZE_COUNT };

struct page {
    const struct page_options *options;
    struct counters *counters;
    struct page_post *post;
    struct pager *pager;
    struct page_blind *blind;
    const struct paging_target *target[PAGING_TARGETS_MAX];
    uint32_t target_count;
    struct page_lane_figures seen[PAGING_TARGETS_MAX]; /* as counted last */
    struct notice blind_notice, kafka_notice, source_notice;
    struct kafka_size size[SIZE_COUNT]; /* of the topics that are read */
    struct kafka_sizes *sizes;          /* NULL: the alerts log is read */
    int64_t alive_ns;
};

static bool stopping(const struct page *p)
{
    return __atomic_load_n(p->options->stop, __ATOMIC_RELAXED) ||
           __atomic_load_n(p->options->reload, __ATOMIC_RELAXED);
}

/* ---- counters ----------------------------------------------------------------------------------
 */

static void count(struct page *p)
{
    char quoted[512];
    uint64_t trouble = 0, waiting_ms = 0;
    for (uint32_t i = 0; i < p->target_count; i++) {
        const struct page_lane_figures *f = pager_figures(p->pager, i);
        struct page_lane_figures *seen = &p->seen[i];
        counters_add(p->counters, COUNTER_PAGE_RUNG, f->rung - seen->rung);
        counters_add(p->counters, COUNTER_PAGE_TOLD, f->told - seen->told);
        counters_add(p->counters, COUNTER_PAGE_RETRIED, f->retried - seen->retried);
        counters_add(p->counters, COUNTER_PAGE_REFUSED, f->refused - seen->refused);
        counters_add(p->counters, COUNTER_PAGE_DIGESTS, f->digests - seen->digests);
        counters_add(p->counters, COUNTER_PAGE_LOST, f->lost - seen->lost);
        if (f->lost_met > seen->lost_met)
            report(REPORT_ERROR, PROGRAM, "lost", "target=" STR_FMT " records=%llu",
                   STR_ARG(p->target[i]->id), (unsigned long long)(f->lost_met - seen->lost_met));
        if (f->trouble && !seen->trouble)
            report(REPORT_ERROR, PROGRAM, "undeliverable", "target=" STR_FMT " waiting_ms=%lld",
                   STR_ARG(p->target[i]->id), (long long)f->waiting_ms);
        if (f->forgot && !seen->forgot)
            report(REPORT_ERROR, PROGRAM, "forgot",
                   "target=" STR_FMT " why=\"its state is damaged, or of another log: ends of "
                   "alerts that it was told of may be missing\"",
                   STR_ARG(p->target[i]->id));
        trouble += f->trouble;
        if ((uint64_t)f->waiting_ms > waiting_ms)
            waiting_ms = (uint64_t)f->waiting_ms;
        if (f->source[0] && notice_due(&p->source_notice, f->source)) {
            (void)report_quote(f->source, quoted, sizeof quoted);
            if (p->options->kafka)
                report(REPORT_ERROR, PROGRAM, "source", "error=\"%s\"", quoted);
            else
                report(REPORT_INFO, PROGRAM, "waiting", "for=\"%s\"", quoted);
        }
        *seen = *f;
    }
    counters_set(p->counters, COUNTER_PAGE_TARGETS, p->target_count);
    counters_set(p->counters, COUNTER_PAGE_UNDELIVERABLE, trouble);
    counters_set(p->counters, COUNTER_PAGE_OLDEST_WAITING_NS, waiting_ms * 1000000);
}

static void alive(struct page *p, int64_t boot_ns)
{
    if (boot_ns - p->alive_ns < ALIVE_EVERY_NS)
        return;
    counters_alive(p->counters);
    p->alive_ns = boot_ns;
}

/* ---- opening -----------------------------------------------------------------------------------
 */

static bool named(const struct page *p, const char *id)
{
    return paging_target_find(p->options->paging, str_of(id)) != UINT32_MAX;
}

/* Removes dir/{prefix}{target} for each target that the roster does not name. */
static void remove_strangers(const struct page *p, const char *folder, const char *prefix)
{
    char dir[PATH_BYTES], path[PATH_BYTES + 512];
    (void)snprintf(dir, sizeof dir, "%s/%s", p->options->config->state_dir, folder);
    DIR *all = opendir(dir);
    if (!all)
        return;
    for (struct dirent *entry; (entry = readdir(all));) {
        const char *name = entry->d_name;
        if (strncmp(name, prefix, strlen(prefix)) != 0 || name[0] == '.' ||
            named(p, name + strlen(prefix)))
            continue;
        (void)snprintf(path, sizeof path, "%s/%s", dir, name);
        if (unlink(path) == 0)
            report(REPORT_WARN, PROGRAM, "forgotten", "path=\"%s\" why=\"no target of that id\"",
                   path);
    }
    (void)closedir(all);
}

static struct kafka_link link_of(const struct config *config)
{
    return (struct kafka_link){.brokers = config->kafka_brokers,
                               .options = config->kafka_options,
                               .sasl_password = config->kafka_sasl_password,
                               .client_id = "crowdtide-page"};
}

static bool open_source(const struct page *p, uint32_t i, struct page_source *ret,
                        struct error *err)
{
    const struct config *config = p->options->config;
    const struct kafka_link link = link_of(config);
    return p->options->kafka ? page_source_kafka(&link, &p->size[SIZE_ALERTS], ret, err)
                             : page_source_log(config->state_dir, p->target[i]->id, ret, err);
}

static bool open_lane(struct page *p, uint32_t i, struct error *err)
{
    struct page_source source;
    return open_source(p, i, &source, err) && pager_add(p->pager, i, &source, err);
}

static bool open_all(struct page *p, struct error *err)
{
    const struct config *config = p->options->config;
    const struct page_post_options post = {.venue = p->options->venue,
                                           .paging = p->options->paging,
                                           .timeout_s = (uint32_t)config->page_timeout_s};
    if (!counters_open(config->state_dir, PROGRAM_PAGE, &p->counters, err))
        return false;
    counters_set(p->counters, COUNTER_PAGE_HOLES, p->options->holes);
    remove_strangers(p, "cursors", CURSOR_PREFIX);
    remove_strangers(p, "pages", "");
    if (!page_post_new(&post, &p->post, err))
        return false;
    const struct pager_options pager = {.state_dir = config->state_dir,
                                        .venue = p->options->venue->id,
                                        .targets = p->target,
                                        .target_count = p->target_count,
                                        .world = page_post_world(p->post),
                                        .late_ms = config->page_late_s * 1000,
                                        .trouble_ms = config->page_late_s * 1000,
                                        .hold_ms = config->page_hold_s * 1000};
    if (!pager_new(&pager, &p->pager, err))
        return false;
    const struct kafka_link link = link_of(config);
    if (p->options->kafka && !kafka_sizes_new(&link, p->size, SIZE_COUNT, &p->sizes, err))
        return false;
    for (uint32_t i = 0; i < p->target_count; i++) {
        if (!open_lane(p, i, err))
            return false;
    }
    const struct page_blind_options blind = {.state_dir = config->state_dir,
                                             .kafka = p->options->kafka ? &link : NULL,
                                             .size = &p->size[SIZE_BEATS],
                                             .sizes = p->sizes,
                                             .venue = p->options->venue->id,
                                             .pager = p->pager,
                                             .blind_s = config->watch_blind_s,
                                             .wall_ms = clock_wall_ns() / 1000000,
                                             .boot_ms = clock_boot_ns() / 1000000};
    return page_blind_new(&blind, &p->blind, err);
}

/* ---- the loop ----------------------------------------------------------------------------------
 */

/* Whether Kafka is there, and what it has. */
static void ask_kafka(struct page *p, const struct page_now *now)
{
    char text[512], quoted[512];
    struct error why = {0};
    if (!p->sizes)
        return;
    const enum kafka_sizes_answer answer =
        kafka_sizes_follow(p->sizes, now->boot_ns / 1000000, &why);
    const bool away = answer == KAFKA_SIZES_AWAY;
    if (answer == KAFKA_SIZES_KNOWN && notice_clear(&p->kafka_notice))
        report(REPORT_INFO, PROGRAM, "kafka_back", "alerts_partitions=%u heartbeat_partitions=%u",
               p->size[SIZE_ALERTS].partitions, p->size[SIZE_BEATS].partitions);
    if ((away || answer == KAFKA_SIZES_MISSING) &&
        notice_due(&p->kafka_notice, error_describe(&why, text, sizeof text)))
        report(away ? REPORT_ERROR : REPORT_WARN, PROGRAM, away ? "kafka_away" : "waiting",
               "error=\"%s\"", report_quote(text, quoted, sizeof quoted));
    counters_set(p->counters, COUNTER_PAGE_KAFKA_AWAY, kafka_sizes_away(p->sizes));
}

/* Whether the venue can be seen at all. */
static void watch(struct page *p, const struct page_now *now)
{
    char text[512], quoted[512];
    struct error why = {0};
    if (page_blind_turn(p->blind, now->wall_ms, now->boot_ns / 1000000, &why) ||
        !notice_due(&p->blind_notice, error_describe(&why, text, sizeof text)))
        return;
    if (why.code == ERROR_UNOPENED)
        report(REPORT_INFO, PROGRAM, "waiting", "for=\"%s\"", why.where);
    else
        report(REPORT_ERROR, PROGRAM, "watch", "error=\"%s\"",
               report_quote(text, quoted, sizeof quoted));
}

static int loop(struct page *p)
{
    struct error err = {0};
    int64_t stop_ns = 0;
    for (;;) {
        const struct page_now now = {.wall_ms = clock_wall_ns() / 1000000,
                                     .boot_ns = clock_boot_ns(),
                                     .stopping = stopping(p)};
        alive(p, now.boot_ns);
        ask_kafka(p, &now);
        watch(p, &now);
        enum pager_turn turn = pager_turn(p->pager, &now, &err);
        count(p);
        if (turn == PAGER_BROKEN) {
            report_error(PROGRAM, "stopped", &err);
            return err.code == ERROR_CONFIG ? EXIT_CONFIG : EXIT_BROKEN;
        }
        if (now.stopping && stop_ns == 0)
            stop_ns = now.boot_ns + (int64_t)LAST_ANSWERS_MS * 1000000;
        if (now.stopping && (turn == PAGER_WAITS || now.boot_ns > stop_ns))
            return EXIT_STOPPED;
        if (turn == PAGER_SENDS)
            page_post_wait(p->post, ANSWER_WAIT_MS);
        else
            pager_wait(p->pager, NEWS_WAIT_MS);
    }
}

int page_run(const struct page_options *options)
{
    struct page p = {.options = options,
                     .target_count = paging_target_count(options->paging),
                     .size = {[SIZE_ALERTS] = {.topic = PAGE_ALERTS_TOPIC},
                              [SIZE_BEATS] = {.topic = PAGE_BEAT_TOPIC}}};
    struct error err = {0};
    int code = EXIT_STOPPED;
    for (uint32_t i = 0; i < p.target_count; i++)
        p.target[i] = paging_target(options->paging, i);
    if (!open_all(&p, &err)) {
        report_error(PROGRAM, "stopped", &err);
        code = err.code == ERROR_CONFIG ? EXIT_CONFIG : EXIT_BROKEN;
    } else {
        report(REPORT_INFO, PROGRAM, "started", "targets=%u", p.target_count);
        code = loop(&p);
    }
    page_blind_free(p.blind);
    pager_free(p.pager);
    kafka_sizes_free(p.sizes);
    page_post_free(p.post);
    counters_close(p.counters);
    if (code == EXIT_STOPPED && !__atomic_load_n(options->stop, __ATOMIC_RELAXED))
        return PAGE_RELOAD;
    return code;
}
