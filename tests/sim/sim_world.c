#include "tests/sim/sim_world.h"

#include <stdlib.h>
#include <string.h>

#include "ingest/ingest.h"
#include "processors/page/page.h"
#include "processors/process/process.h"
#include "processors/publish/publish.h"
#include "tests/sim/sim_broker.h"
#include "tests/sim/sim_copy.h"
#include "tests/sim/sim_desk.h"
#include "tests/sim/sim_disk.h"
#include "tests/sim/sim_kafka.h"
#include "tests/sim/sim_pages.h"
#include "tests/sim/sim_sensors.h"
#include "tests/sim/sim_store.h"

enum {
    TURN_MS = 5,
    FAULTS_S_MIN = 15,
    FAULTS_S_SPAN = 30,
    RESTART_MS_MIN = 50,
    RESTART_MS_SPAN = 900,
    RESTART_MS_MAX = 4000,
    SEGMENT_BYTES = 64 * 1024,
    /* What a sync by the timer may take beyond its 50 ms, in this simulation. */
    SYNC_MS_MAX = 250,
    SETTLED_S = 5, /* an end with an error so soon after the last fault may come of it */
    FAILURES_MAX = 12,
    FREEZE_S_MAX = 20,
};
static const int64_t ms_ns = 1000000, s_ns = 1000000000;

#define VENUE(capacity, more)                                                                      \
    "venue: {id: v, capacity: 3000}\n"                                                             \
    "builtin_rules: no\n"                                                                          \
    "rules:\n"                                                                                     \
    "  - {id: full, metric: percent_capacity, kinds: [hall], clear_s: 5, min_samples: 1,\n"        \
    "     levels: {blue: {enter: 50, dwell_s: 3, action: Watch.},\n"                               \
    "              yellow: {enter: 80, dwell_s: 2, escalate_s: [6, 12], action: Meter.},\n"        \
    "              red: {enter: 100, dwell_s: 0, action: Stop.}}}\n"                               \
    "zones:\n"                                                                                     \
    "  - {id: h1, kind: hall, capacity: " capacity "}\n"                                           \
    "  - {id: h2, kind: hall, capacity: 90}\n"                                                     \
    "  - {id: h3, kind: hall, capacity: 100}\n"                                                    \
    "  - {id: plaza, kind: plaza, area_m2: 90}\n"                                                  \
    "sensors:\n"                                                                                   \
    "  - {id: s0, class: crowd, counter: level, zone: h1, silence_s: 5}\n"                         \
    "  - {id: s1, class: crowd, counter: level, zone: h2, silence_s: 5}\n"                         \
    "  - {id: s2, class: crowd, counter: delta, zone: h1, outside: h2, silence_s: 5}\n"            \
    "  - {id: s3, class: crowd, counter: delta, zone: plaza, outside: h2, silence_s: 5}\n"         \
    "  - {id: s4, class: gate, zone: plaza, lanes: 3, silence_s: 8}\n"                             \
    "  - {id: s5, class: light, zone: plaza, silence_s: 10}\n"                                     \
    "  - {id: s6, class: crowd, counter: level, zone: h3, silence_s: 5}\n" more

static const char *const venues[] = {
    VENUE("100", ""),
    VENUE("60", ""),
    VENUE("140", "  - {id: s9, class: crowd, counter: level, zone: h1, silence_s: 5}\n"),
};
enum { VENUES = sizeof venues / sizeof venues[0] };

/* ---- programs ---- */

/* The core under another version's name: its results are the same, but another era. */
static struct process_core other_core;
static const char *const core_names[] = {CORE_VERSION, "sim-next", "sim-later"};

static void *ingest_main(void *arg)
{
    (void)arg;
    struct sim_process *p = &sim->process[SIM_INGEST];
    sim_exit(ingest_run(
        &(struct ingest_options){.config = &sim->config, .stop = &p->stop, .reload = &p->reload}));
}

static void *process_main(void *arg)
{
    (void)arg;
    struct sim_process *p = &sim->process[SIM_PROCESS];
    other_core = *process_core_real();
    other_core.version = core_names[p->core % 3];
    sim_exit(process_run(&(struct process_options){.config = &sim->config,
                                                   .stop = &p->stop,
                                                   .core = &other_core,
                                                   .segment_bytes = SEGMENT_BYTES}));
}

static void *kafka_main(void *arg)
{
    (void)arg;
    sim_exit(publish_kafka_run(
        &(struct publish_options){.config = &sim->config, .stop = &sim->process[SIM_KAFKA].stop}));
}

static void *series_main(void *arg)
{
    (void)arg;
    sim_exit(publish_series_run(
        &(struct publish_options){.config = &sim->config, .stop = &sim->process[SIM_SERIES].stop}));
}

/* The files that it goes by its command reads, before it runs. */
static void *page_main(void *arg)
{
    (void)arg;
    static const int no_reload;
    struct problems *problems = calloc(1, sizeof *problems);
    struct venue *venue = NULL;
    struct paging *paging = NULL;
    if (!problems || !venue_parse(str_of(venues[sim->world->venue]), &venue, problems))
        abort();
    if (!paging_parse(str_of(SIM_ROSTER), SIM_VENUE, &paging, problems)) { /* its secret */
        (void)snprintf(sim->process[SIM_PAGE].last_error, sizeof sim->process[0].last_error, "%s",
                       problems->problem[0].text);
        sim_exit(1);
    }
    if (!paging_fit(paging, venue, problems))
        abort();
    sim_exit(page_run(&(struct page_options){.config = &sim->config,
                                             .venue = venue,
                                             .paging = paging,
                                             .stop = &sim->process[SIM_PAGE].stop,
                                             .reload = &no_reload}));
}

static void start_due(void)
{
    static void *(*const mains[SIM_PROGRAMS])(void *) = {ingest_main, process_main, kafka_main,
                                                         series_main, page_main};
    for (int p = 0; p < SIM_PROGRAMS; p++) {
        struct sim_process *process = &sim->process[p];
        if (!process->running && sim->now_ns >= process->start_ns)
            sim_start((enum sim_program)p, mains[p], NULL);
    }
}

static void start_later(enum sim_program program)
{
    struct sim_process *p = &sim->process[program];
    int64_t ms = RESTART_MS_MIN + (int64_t)sim_random(RESTART_MS_SPAN);
    for (uint32_t i = 1; i < p->failures && ms < RESTART_MS_MAX; i++)
        ms *= 2;
    bool stops = sim->world->phase > SIM_BROKER_DRAINS &&
                 (program == SIM_INGEST || sim->world->phase > SIM_LOGS_DRAIN);
    p->start_ns = stops ? SIM_NEVER : sim->now_ns + ms * ms_ns;
}

void sim_world_died(enum sim_program program)
{
    if (program == SIM_INGEST && !sim->world->unsynced_ns)
        sim->world->unsynced_ns = sim->now_ns;
    start_later(program);
}

/* Whether an end with an error has a cause that the world gave. */
static bool excused(enum sim_program program)
{
    const struct sim_world *w = sim->world;
    if (w->phase != SIM_FAULTS_COME && sim->now_ns > w->faults_ns + SETTLED_S * s_ns)
        return false;
    if (sim->restored || (program == SIM_KAFKA && sim->report.faults[SIM_FAULT_FENCED]))
        return true;
    return sim->report.faults[SIM_FAULT_EIO] || sim->report.faults[SIM_FAULT_FULL];
}

void sim_world_ended(enum sim_program program, int code)
{
    struct sim_process *p = &sim->process[program];
    const char *name = sim_program_names[program];
    if (sim->now_ns - p->began_ns > 10 * s_ns)
        p->failures = 0;
    if (code == 0) {
        if (!p->stop)
            sim_fail("%s ended without being asked", name);
        p->failures = 0;
    } else {
        p->failures++;
        /* A disk that fails may drop what was published and is not durable; and the control page of
           a copy may speak of what the copy lacks until its writer has come; that writer, ingest,
           takes every copy, if only the clock tells when it was begun. */
        bool reads_copy =
            sim->restored && (program != SIM_INGEST || sim->report.faults[SIM_FAULT_STEPPED]);
        if (strstr(p->last_error, "code=CORRUPT") && !sim->rotten && !reads_copy &&
            !sim->report.faults[SIM_FAULT_EIO])
            sim_fail("%s says that something is corrupt: %s", name, p->last_error);
        else if (!excused(program))
            sim_fail("%s ended with %d for no reason: %s", name, code, p->last_error);
        else if (p->failures > FAILURES_MAX)
            sim_fail("%s does not come up again: %s", name, p->last_error);
    }
    start_later(program);
}

/* The timer that syncs what was acknowledged is ingest's, so the time for which it was dead or
   frozen counts.
 */
void sim_world_power_cut(void)
{
    if (sim->rots && !sim->rotten)
        sim_disk_rot();
    int64_t since_ns = sim->world->unsynced_ns ? sim->world->unsynced_ns : sim->now_ns;
    if (sim->now_ns < sim->process[SIM_INGEST].frozen_ns + SYNC_MS_MAX * ms_ns &&
        sim->world->frozen_ns < since_ns)
        since_ns = sim->world->frozen_ns;
    if (strcmp(sim->config.log_sync, "timer") == 0)
        sim_broker_forgive(sim->now_ns - since_ns + SYNC_MS_MAX * ms_ns);
}

void sim_world_readings_open(void)
{
    sim->world->unsynced_ns = 0;
}

void sim_world_sync_failed(const char *path)
{
    if (strstr(path, "/readings/") && strcmp(sim->config.log_sync, "timer") == 0)
        sim_broker_forgive(SYNC_MS_MAX * ms_ns);
}

/* ---- faults ---- */

static int64_t soon(int64_t span_s)
{
    return sim->now_ns + (int64_t)sim_random((uint64_t)(span_s * s_ns));
}

static void happens(struct sim_world *w, enum sim_event event)
{
    enum sim_program program = (enum sim_program)sim_random(SIM_PROGRAMS);
    switch (event) {
    case SIM_EVENT_CUT:
        if (!sim->cut_at_step)
            sim->cut_at_step = sim->report.steps + 1 + sim_random(2000);
        break;
    case SIM_EVENT_FULL:
        sim_count(SIM_FAULT_FULL);
        sim_disk_full(true);
        w->full_until_ns = soon(4);
        break;
    case SIM_EVENT_OFFLINE:
        sim_count(SIM_FAULT_OFFLINE);
        sim_broker_offline(true);
        w->offline_until_ns = soon(12);
        break;
    case SIM_EVENT_SESSION:
        sim_count(SIM_FAULT_SESSION);
        sim_broker_lose_session();
        break;
    case SIM_EVENT_KAFKA:
        sim_count(SIM_FAULT_KAFKA_DOWN);
        sim_kafka_down(true);
        w->kafka_until_ns = soon(15);
        break;
    case SIM_EVENT_STORE:
        sim_count(SIM_FAULT_STORE_DOWN);
        sim_store_down(true);
        w->store_until_ns = soon(15);
        break;
    case SIM_EVENT_TARGET:
        sim_count(SIM_FAULT_TARGET_DOWN);
        sim_pages_down(true);
        w->target_until_ns = soon(15);
        break;
    case SIM_EVENT_CLOCK:
        sim_count(SIM_FAULT_STEPPED);
        sim->wall_off_ns += (int64_t)sim_random(120 * 1000) * ms_ns - 60 * s_ns;
        break;
    case SIM_EVENT_RELOAD:
        sim_count(SIM_FAULT_RELOAD);
        w->venue = (w->venue + 1 + (uint32_t)sim_random(VENUES - 1)) % VENUES;
        sim_disk_put(SIM_VENUE, venues[w->venue]);
        sim->process[SIM_INGEST].reload = 1;
        break;
    case SIM_EVENT_UPGRADE:
        sim_count(SIM_FAULT_UPGRADE);
        sim->process[SIM_PROCESS].core++;
        sim->process[SIM_PROCESS].stop = 1;
        break;
    case SIM_EVENT_STOP:
        if (!sim->process[program].running)
            break;
        sim_count(SIM_FAULT_STOP);
        sim->process[program].stop = 1;
        break;
    case SIM_EVENT_FREEZE:
        if (!sim->process[program].running)
            break;
        sim_count(SIM_FAULT_FROZEN);
        if (program == SIM_INGEST && sim->now_ns > sim->process[program].frozen_ns)
            w->frozen_ns = sim->now_ns;
        sim->process[program].frozen_ns = soon(FREEZE_S_MAX);
        break;
    case SIM_EVENT_COPY:
        sim_copy_begin();
        break;
    case SIM_EVENT_RESTORE:
        if (sim_copy_restore())
            sim_count(SIM_FAULT_RESTORED);
        break;
    case SIM_EVENTS:
        break;
    }
}

static void past(int64_t *until_ns, void (*end)(bool))
{
    if (*until_ns && (sim->now_ns >= *until_ns || sim->calm)) {
        end(false);
        *until_ns = 0;
    }
}

static void faults(struct sim_world *w)
{
    past(&w->full_until_ns, sim_disk_full);
    past(&w->offline_until_ns, sim_broker_offline);
    past(&w->kafka_until_ns, sim_kafka_down);
    past(&w->store_until_ns, sim_store_down);
    past(&w->target_until_ns, sim_pages_down);
    sim->wall_off_ns += w->drift_ppm * TURN_MS; /* ppm of a ms are ns */
    for (int e = 0; !sim->calm && e < SIM_EVENTS; e++)
        if (sim_one_in((uint64_t)w->every_s[e] * 1000 / TURN_MS))
            happens(w, (enum sim_event)e);
}

/* Each run has some of the faults, at rates of its own: what many faults hide, few may show. */
static void choose(struct sim *s)
{
    static const uint32_t rates[] = {0, 0, 20000, 5000, 1500, 500};
    struct sim_world *w = s->world;
    s->crash_one_in = rates[sim_random(6)];
    s->eio_one_in = sim_random(4) ? 0 : 3000 + (uint32_t)sim_random(30000);
    s->short_one_in = sim_random(3) ? 0 : 30 + (uint32_t)sim_random(300);
    s->eintr_one_in = sim_random(3) ? 0 : 30 + (uint32_t)sim_random(300);
    s->broker->break_one_in = sim_random(2) ? 0 : 10 + (uint32_t)sim_random(200);
    s->kafka->error_one_in = sim_random(2) ? 0 : 4 + (uint32_t)sim_random(60);
    s->store->error_one_in = sim_random(2) ? 0 : 2 + (uint32_t)sim_random(20);
    s->pages->error_one_in = sim_random(2) ? 0 : 2 + (uint32_t)sim_random(20);
    for (int e = 0; e < SIM_EVENTS; e++)
        w->every_s[e] = sim_random(3) ? 0 : 4 + (uint32_t)sim_random(30);
    if (sim_random(4))
        w->every_s[SIM_EVENT_COPY] = 0;
    w->every_s[SIM_EVENT_RESTORE] = w->every_s[SIM_EVENT_COPY];
    if (w->every_s[SIM_EVENT_CUT]) {
        s->cuts = true;
        s->rots = sim_random(8) == 0;
    }
    s->kafka->refuses_one_in = sim_random(3) ? 0 : 40 + (uint32_t)sim_random(200);
    s->store->refuses_one_in = sim_random(3) ? 0 : 40 + (uint32_t)sim_random(200);
    s->pages->refuses_one_in = sim_random(3) ? 0 : 10 + (uint32_t)sim_random(50);
    w->drift_ppm = sim_random(2) ? 0 : (int64_t)sim_random(2000) - 1000;
}

void sim_world_turn(void)
{
    struct sim_world *w = sim->world;
    sim->world_ns = sim->now_ns + TURN_MS * ms_ns;
    faults(w);
    sim_sensors_turn(w->phase > SIM_ALL_IS_WELL, w->phase == SIM_ALL_IS_WELL);
    sim_kafka_turn();
    sim_desk_turn();
    sim_copy_turn();
    start_due();
    sim_end_go_on(w);
}

bool sim_world_over(void)
{
    return sim->world->phase == SIM_OVER || !sim->report.ok;
}

/* ---- life ---- */

static void configure(struct sim *s)
{
    struct problems *problems = calloc(1, sizeof *problems);
    if (!problems || setenv("CROWDTIDE_STATE", SIM_STATE, 1) != 0 ||
        !config_load(NULL, &s->config, problems))
        abort();
    free(problems);
    free(s->config.venue_file);
    s->config.venue_file = strdup(SIM_VENUE);
    s->config.snapshot_s = 1 + (int64_t)sim_random(8);
    if (sim_random(3) == 0) {
        free(s->config.log_sync);
        s->config.log_sync = strdup("every");
    }
    s->config.kafka_bulk_ms = 100 + (int64_t)sim_random(900);
    s->config.series_batch_ms = 100 + (int64_t)sim_random(900);
    s->config.series_batch_points = 20 + (int64_t)sim_random(400);
    s->config.page_timeout_s = 1 + (int64_t)sim_random(5);
    s->config.page_late_s = sim_random(3) ? SIM_NEVER_LATE_S : 2 + (int64_t)sim_random(20);
    if (!s->config.venue_file || !s->config.log_sync)
        abort();
}

void sim_run(const struct sim_options *options, struct sim_report *ret)
{
    struct sim *s = sim_keep(sizeof *s);
    s->options = *options;
    s->report.ok = true;
    s->random = options->seed * UINT64_C(0x9e3779b97f4a7c15) + UINT64_C(0x1234567);
    s->world = sim_keep(sizeof *s->world);
    sim = s;
    for (int i = 0; i < 16; i++)
        (void)sim_random(0);
    configure(s);
    sim_disk_new(s);
    sim_tap_new(s);
    sim_copy_new(s);
    sim_broker_new(s);
    sim_desk_new(s);
    sim_sensors_new(s);
    sim_kafka_new(s);
    sim_store_new(s);
    sim_pages_new(s);
    sim_disk_put(SIM_VENUE, venues[0]);
    sim_disk_put(SIM_SECRET_FILE, SIM_SECRET "\n");
    choose(s);
    s->world->faults_ns = (FAULTS_S_MIN + (int64_t)sim_random(FAULTS_S_SPAN)) * s_ns;
    for (int p = 0; p < SIM_PROGRAMS; p++)
        s->process[p].start_ns = (int64_t)sim_random((uint64_t)s_ns);
    sim_loop(s);
    for (int p = 0; p < SIM_PROGRAMS; p++)
        sim_kill((enum sim_program)p);
    if (s->report.ok)
        sim_check();
    /* Corruption that is named, and a publisher that refuses an older state, want a hand. The last
       record of all, if it rots, looks torn: then only who had published of it can tell. */
    if ((s->rotten && s->named) ||
        ((s->restored || s->rotten) && strstr(s->report.why, "code=MISMATCH")))
        s->report.ok = true;
    *ret = s->report;
    sim_pages_free(s);
    sim_store_free(s);
    sim_kafka_free(s);
    sim_sensors_free(s);
    sim_desk_free(s);
    sim_broker_free(s);
    sim_copy_free(s);
    sim_tap_free(s);
    sim_disk_free(s);
    config_free(&s->config);
    sim = NULL;
    for (int i = 0; i < SIM_TASKS_MAX; i++)
        sim_task_free(&s->tasks[i]);
    sim_keep_free(s->world);
    sim_keep_free(s);
}
