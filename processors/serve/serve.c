#include "processors/serve/serve.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "processors/net/web_server.h"
#include "processors/serve/metrics.h"
#include "processors/serve/ping.h"
#include "processors/serve/ready.h"
#include "processors/watch/program_fault.h"
#include "schemas/base/clock.h"
#include "schemas/base/report.h"

#define PROGRAM "serve"

enum { LOOK_MS = 500, EXIT_STOPPED = 0, EXIT_BROKEN = 1, EXIT_CONFIG = 2, TROUBLE_BYTES = 512 };

struct serve {
    const struct serve_options *options;
    struct counters *counters; /* our own */
    pthread_mutex_t lock;      /* guards state and trouble: the server's thread reads them */
    struct watch_state *state;
    struct ping *ping; /* NULL: none; of the main thread, with what follows */
    bool well, ping_failed;
    char trouble[TROUBLE_BYTES]; /* "" none */
};

static int64_t now_ms(void)
{
    return clock_wall_ns() / 1000000;
}

/* With the lock held. */
static void look(struct serve *s, struct watch_figures *figures)
{
    struct error err = {0};
    if (watch_figures_read(s->options->config->state_dir, now_ms(), figures, &err))
        return;
    error_describe(&err, s->trouble, sizeof s->trouble);
}

static void answer_metrics(struct serve *s, const struct web_request *request,
                           struct web_answer *answer)
{
    struct watch_figures figures;
    enum metrics_format format = strstr(request->accept, "application/openmetrics-text")
                                     ? METRICS_OPENMETRICS
                                     : METRICS_PROMETHEUS;
    look(s, &figures);
    answer->content_type = metrics_content_type(format);
    metrics_write(
        &(struct metrics_view){.figures = &figures, .state = s->state, .now_ms = now_ms()}, format,
        &answer->body);
}

static void answer_ready(struct serve *s, struct web_answer *answer)
{
    struct watch_figures figures;
    const struct config *config = s->options->config;
    look(s, &figures);
    const struct ready_view view = {.figures = &figures,
                                    .state = s->state,
                                    .kafka = config->kafka_enabled,
                                    .series = config->series_enabled,
                                    .page = config->page_file[0] != 0,
                                    .lag_records = (uint64_t)config->serve_ready_lag,
                                    .trouble = s->trouble[0] ? s->trouble : NULL,
                                    .now_ms = now_ms()};
    answer->content_type = "application/json";
    if (!ready_write(&view, &answer->body))
        answer->status = 503;
}

/* In the server's thread. */
static void answer(void *context, const struct web_request *request, struct web_answer *answer)
{
    struct serve *s = context;
    counters_add(s->counters, COUNTER_SERVE_REQUESTS, 1);
    pthread_mutex_lock(&s->lock);
    if (strcmp(request->path, "/metrics") == 0) {
        answer_metrics(s, request, answer);
    } else if (strcmp(request->path, "/readyz") == 0) {
        answer_ready(s, answer);
    } else if (strcmp(request->path, "/healthz") == 0) {
        text_add(&answer->body, "ok\n");
    } else {
        answer->status = 404;
        text_add(&answer->body, "There is /metrics, /healthz and /readyz.\n");
    }
    pthread_mutex_unlock(&s->lock);
}

/* ---- the dead-man's switch --------------------------------------------------------------------
 */

static const char *ping_url(const struct config *config)
{
    return config->watch_ping_secret_url[0] ? config->watch_ping_secret_url
                                            : config->watch_ping_url;
}

static bool open_ping(struct serve *s, struct error *err)
{
    const struct config *config = s->options->config;
    s->well = true;
    return !ping_url(config)[0] ||
           ping_new(&(struct ping_options){.url = ping_url(config),
                                           .ca_file = config->watch_ping_ca_file,
                                           .every_s = config->watch_ping_s},
                    &s->ping, err);
}

/* Why nobody might be told of what happens; nothing: what results say is so, and the pager, where
 * there is one, lives. With the lock held. */
static void ill_why(struct serve *s, struct text *out)
{
    struct watch_figures figures;
    struct validity validity = watch_state_validity(s->state, now_ms());
    look(s, &figures);
    text_add(out, s->trouble);
    if (validity.fault && !out->len)
        validity_explain(&validity, out);
    const char *pager =
        s->options->config->page_file[0] ? program_fault(&figures, PROGRAM_PAGE, now_ms()) : NULL;
    if (pager && !out->len) {
        text_add(out, "page ");
        text_add(out, pager);
    }
}

static bool all_well(struct serve *s)
{
    char why[TROUBLE_BYTES];
    struct text text = text_over(why, sizeof why - 1);
    ill_why(s, &text);
    why[text.len] = '\0';
    bool well = text.len == 0;
    if (well != s->well)
        report(well ? REPORT_INFO : REPORT_WARN, PROGRAM, well ? "pings_resumed" : "pings_paused",
               "text=\"%s\"", why);
    s->well = well;
    return well;
}

static void ping_step(struct serve *s, bool well)
{
    enum ping_turn turn = ping_turn(s->ping, clock_boot_ns() / 1000000, well);
    if (turn == PING_NOTHING)
        return;
    const bool failed = turn == PING_FAILED;
    counters_add(s->counters, failed ? COUNTER_SERVE_PING_FAILURES : COUNTER_SERVE_PINGS, 1);
    if (failed && !s->ping_failed)
        report(REPORT_WARN, PROGRAM, "ping_failed", "text=\"%s\"", ping_problem(s->ping));
    else if (!failed && s->ping_failed)
        report(REPORT_INFO, PROGRAM, "ping_answered", "again=1");
    s->ping_failed = failed;
}

/* Follows the results logs until stopped. */
static void watch(struct serve *s)
{
    while (!__atomic_load_n(s->options->stop, __ATOMIC_RELAXED)) {
        struct error err = {0};
        counters_alive(s->counters);
        pthread_mutex_lock(&s->lock);
        bool ok = watch_state_follow(s->state, &err);
        s->trouble[0] = '\0';
        if (!ok)
            error_describe(&err, s->trouble, sizeof s->trouble);
        bool well = s->ping && all_well(s);
        pthread_mutex_unlock(&s->lock);
        if (s->ping)
            ping_step(s, well);
        ping_wait(s->ping, LOOK_MS);
    }
}

int serve_run(const struct serve_options *options)
{
    struct serve s = {.options = options, .lock = PTHREAD_MUTEX_INITIALIZER};
    struct web_server *server = NULL;
    struct error err = {0};
    const struct web_server_options web = {.listen = options->config->serve_listen,
                                           .answer = answer,
                                           .context = &s,
                                           .answer_bytes_max = METRICS_BYTES_MAX};
    s.state = watch_state_new(options->config->state_dir);
    bool ok = s.state || error_set(&err, ERROR_NO_MEMORY, 0, "start");
    ok = ok && counters_open(options->config->state_dir, PROGRAM_SERVE, &s.counters, &err) &&
         open_ping(&s, &err) && web_server_open(&web, &server, &err);
    if (ok) {
        report(REPORT_INFO, PROGRAM, "started", "listen=%s port=%u", web.listen,
               web_server_port(server));
        watch(&s);
        report(REPORT_INFO, PROGRAM, "stopped", "requests=%llu",
               (unsigned long long)counters_get(s.counters, COUNTER_SERVE_REQUESTS));
    } else {
        report_error(PROGRAM, "stopped", &err);
    }
    web_server_close(server);
    watch_state_free(s.state);
    ping_free(s.ping);
    counters_close(s.counters);
    pthread_mutex_destroy(&s.lock);
    return ok ? EXIT_STOPPED : err.code == ERROR_CONFIG ? EXIT_CONFIG : EXIT_BROKEN;
}
