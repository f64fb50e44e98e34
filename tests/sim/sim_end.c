/* How a run ends: faults stop, all is well for a while, and everything on its way has to arrive. */
#include <string.h>

#include "schemas/counters/counters.h"
#include "schemas/log/log.h"
#include "tests/sim/sim_broker.h"
#include "tests/sim/sim_check.h"
#include "tests/sim/sim_world.h"

enum {
    WELL_S = 20,
    DRAIN_S_MAX = 120,
    STOP_S_MAX = 30,
    LOOK_MS = 300,
    STEPS_USUAL = 150000,
};
static const int64_t ms_ns = 1000000, s_ns = 1000000000;

static void enter(struct sim_world *w, enum sim_phase phase)
{
    static const char *const names[] = {"faults",       "all is well", "the broker drains",
                                        "ingest stops", "logs drain",  "programs stop",
                                        "over"};
    w->phase = phase;
    w->phase_ns = sim->now_ns;
    sim_trace("phase: %s", names[phase]);
}

static uint64_t last_of(const char *log)
{
    char dir[64];
    struct log_reader *reader = NULL;
    struct error err = {0};
    (void)snprintf(dir, sizeof dir, "%s/%s", SIM_STATE, log);
    if (!log_reader_open(&(struct log_reader_options){.dir = dir}, &reader, &err))
        return UINT64_MAX;
    uint64_t last = log_reader_last_seq(reader);
    log_reader_close(reader);
    return last;
}

/* What a program has dealt with, and what there is. */
static const struct {
    const char *log;
    enum counter seq;
} stations[] = {
    {"readings", COUNTER_PROCESS_INPUT_SEQ}, {"alerts", COUNTER_KAFKA_ALERTS_SEQ},
    {"bulk", COUNTER_KAFKA_BULK_SEQ},        {"alerts", COUNTER_SERIES_ALERTS_SEQ},
    {"bulk", COUNTER_SERIES_BULK_SEQ},
};
enum { STATIONS = sizeof stations / sizeof stations[0] };

static bool drained(char *why, size_t cap)
{
    struct counters *counters = NULL;
    struct error err = {0};
    bool all = counters_open_reader(SIM_STATE, &counters, &err);
    for (int i = 0; all && i < STATIONS; i++) {
        uint64_t done = counters_get(counters, stations[i].seq), last = last_of(stations[i].log);
        all = done == last;
        if (!all)
            (void)snprintf(why, cap, "%s %s: %llu of %llu", stations[i].log,
                           counter_info_of(stations[i].seq)->name, (unsigned long long)done,
                           (unsigned long long)last);
    }
    counters_close(counters);
    return all && sim_check_told(why, cap);
}

static void begin_well(struct sim_world *w)
{
    sim->calm = true;
    sim->cut_at_step = 0;
    for (int p = 0; p < SIM_PROGRAMS; p++)
        sim->process[p].frozen_ns = 0;
    w->faults_ns = sim->now_ns;
    enter(w, SIM_ALL_IS_WELL);
}

/* The next part, when this one is done. */
void sim_end_go_on(struct sim_world *w)
{
    int64_t for_ns = sim->now_ns - w->phase_ns;
    uint64_t steps_max = sim->options.steps_max ? sim->options.steps_max : STEPS_USUAL;
    char why[200] = "";
    switch (w->phase) {
    case SIM_FAULTS_COME:
        if (sim->now_ns >= w->faults_ns || sim->report.steps >= steps_max)
            begin_well(w);
        break;
    case SIM_ALL_IS_WELL:
        if (for_ns > WELL_S * s_ns)
            enter(w, SIM_BROKER_DRAINS);
        break;
    case SIM_BROKER_DRAINS:
        if (for_ns > DRAIN_S_MAX * s_ns)
            sim_fail("ingest does not take what the broker has");
        if (!sim_broker_empty())
            break;
        sim->process[SIM_INGEST].stop = 1;
        enter(w, SIM_INGEST_STOPS);
        break;
    case SIM_INGEST_STOPS:
        if (for_ns > STOP_S_MAX * s_ns)
            sim_fail("ingest does not stop");
        if (!sim->process[SIM_INGEST].running)
            enter(w, SIM_LOGS_DRAIN);
        break;
    case SIM_LOGS_DRAIN:
        if (sim->now_ns < w->look_ns)
            break;
        w->look_ns = sim->now_ns + LOOK_MS * ms_ns;
        if (drained(why, sizeof why)) {
            for (int p = 0; p < SIM_PROGRAMS; p++)
                sim->process[p].stop = 1;
            enter(w, SIM_PROGRAMS_STOP);
        } else if (for_ns > DRAIN_S_MAX * s_ns) {
            sim_fail("does not catch up: %s", why);
        }
        break;
    case SIM_PROGRAMS_STOP:
        if (for_ns > STOP_S_MAX * s_ns)
            sim_fail("programs do not stop");
        if (!sim->process[SIM_PROCESS].running && !sim->process[SIM_KAFKA].running &&
            !sim->process[SIM_SERIES].running && !sim->process[SIM_PAGE].running)
            enter(w, SIM_OVER);
        break;
    case SIM_OVER:
        break;
    }
}
