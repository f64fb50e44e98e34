#include "tests/quality/run.h"

#include <stdlib.h>
#include <string.h>

#include "tests/quality/naive.h"
#include "tests/support/core_feed.h"

const int64_t run_epoch_ms = INT64_C(1795392000000);

enum {
    MS_PER_S = 1000,
    TRACE_S = 10,
    SWEEP_S = 21 * 3600,
    SCORED_FROM_S = 8 * 3600,
    SCORED_UNTIL_S = 18 * 3600 + 1800
};

struct run {
    const struct site *site;
    const struct run_options *options;
    struct truth *truth;
    struct faults *faults;
    struct naive naive;
    struct core_feed feed[SITE_VARIANTS];
    struct score *score[SITE_VARIANTS];
};

static void begin(struct run *run, const struct site *site, const struct run_options *options)
{
    *run = (struct run){.site = site, .options = options};
    struct faults_options faults = {
        .seed = options->seed, .kinds = options->kinds, .epoch_ms = run_epoch_ms};
    struct site_options venue = {.saturating = options->kinds & FAULT_BIT(SATURATION),
                                 .settings = options->settings};
    uint32_t seconds = (uint32_t)(options->until_s - TRUTH_OPEN_S);
    run->truth = truth_new(site, options->seed);
    run->faults = faults_new(site, &faults);
    naive_init(&run->naive, site);
    for (int v = 0; v < SITE_VARIANTS; v++) {
        char *yaml = site_venue(site, (enum site_variant)v, &venue);
        core_feed_init(&run->feed[v], yaml, run_epoch_ms + TRUTH_OPEN_S * (int64_t)MS_PER_S);
        free(yaml);
        run->feed[v].unhashed = true;
        run->score[v] = score_new(site, (enum site_variant)v, seconds);
    }
}

static void end(struct run *run)
{
    for (int v = 0; v < SITE_VARIANTS; v++) {
        core_feed_free(&run->feed[v]);
        score_free(run->score[v]);
    }
    truth_free(run->truth);
    faults_free(run->faults);
}

static void take(struct run *run, int v)
{
    for (uint32_t i = 0; i < run->feed[v].results.count; i++) {
        unsigned type = run->feed[v].results.result[i].type;
        if (type != RECORD_ZONE && type != RECORD_ALERT)
            continue;
        union result_any any;
        core_feed_result(&run->feed[v], i, &any);
        score_result(run->score[v], type, &any);
    }
}

/* The message as the device writes it. */
static void deliver(struct run *run, const struct faults_message *m)
{
    const struct site_sensor *sensor = &run->site->sensor[m->sensor];
    char topic[64], payload[160], ts[40] = "", seq[40] = "";
    if (m->ts_ms >= 0)
        snprintf(ts, sizeof ts, ",\"ts\":%lld", (long long)m->ts_ms);
    if (m->seq >= 0)
        snprintf(seq, sizeof seq, ",\"seq\":%lld", (long long)m->seq);
    snprintf(topic, sizeof topic, "crowdtide/quality/%s/%s",
             sensor->sense == SITE_GATE ? "gate" : "crowd", sensor->id);
    if (sensor->sense == SITE_LEVEL)
        snprintf(payload, sizeof payload, "{\"occupancy\":%lld%s%s}", (long long)m->in, ts, seq);
    else
        snprintf(payload, sizeof payload, "{\"in\":%lld,\"out\":%lld%s%s}", (long long)m->in,
                 (long long)m->out, ts, seq);
    naive_take(&run->naive, m);
    for (int v = 0; v < SITE_VARIANTS; v++) {
        if (!site_has_sensor(run->site, (enum site_variant)v, m->sensor))
            continue;
        core_feed_publish(&run->feed[v], m->arrive_ms, topic, payload,
                          m->repeat ? RECORD_MQTT_DUP : 0);
        take(run, v);
    }
}

static void tick(struct run *run, int64_t at_ms)
{
    for (int v = 0; v < SITE_VARIANTS; v++) {
        uint8_t body[64 + LOG_READ_PADDING_BYTES] = {0};
        struct record_tick record = {.connected = true, .messages = run->feed[v].seq};
        core_feed_record(&run->feed[v], at_ms, RECORD_TICK, body,
                         record_tick_encode(&record, body, 64));
        take(run, v);
    }
}

/* "Empty now", an operator's anchor for each zone. One that is refused is a mistake of this
 * program. */
static void sweep(struct run *run, int v, int64_t at_ms)
{
    for (int z = 0; z < run->site->zones; z++) {
        char text[256];
        union result_any any;
        if (!site_has_zone(run->site, (enum site_variant)v, z))
            continue;
        snprintf(text, sizeof text,
                 "{\"command\":\"anchor\",\"operator\":\"guard\",\"nonce\":\"sweep-%lld-%d\","
                 "\"issued\":%lld,\"zone\":\"%s\",\"people\":0}",
                 (long long)at_ms, z, (long long)at_ms, run->site->zone[z].id);
        uint8_t body[RECORD_COMMAND_FIXED_BYTES + sizeof text + LOG_READ_PADDING_BYTES] = {0};
        struct record_command record = {.by = RECORD_COMMAND_LOCAL, .text = str_of(text)};
        core_feed_record(&run->feed[v], at_ms, RECORD_COMMAND, body,
                         record_command_encode(&record, body, sizeof body));
        if (!core_feed_last(&run->feed[v], RECORD_REPLY, &any) || any.reply.ok != 1) {
            fprintf(stderr, "quality: the sweep is refused: " STR_FMT "\n",
                    STR_ARG(any.reply.reason));
            abort();
        }
        take(run, v);
    }
}

static void trace(const struct run *run, const int32_t *people)
{
    const int64_t *naive[SITE_VARIANTS] = {run->naive.doors, run->naive.levels, NULL};
    for (int z = 0; z < run->site->zones; z++) {
        for (int v = 0; v < SITE_VARIANTS; v++) {
            const struct score_seen *seen = score_seen(run->score[v], z);
            if (!site_has_zone(run->site, (enum site_variant)v, z) || !seen->any)
                continue;
            fprintf(run->options->trace, "%d,%s,%s,%d,%lld,%lld,%lld,%d,%d,%g,", run->truth->now_s,
                    run->site->zone[z].id, site_variant_text[v], people[z],
                    (long long)seen->occupancy, (long long)seen->lower, (long long)seen->upper,
                    score_level(run->score[v], z), seen->known, run->site->zone[z].enter[3]);
            if (naive[v])
                fprintf(run->options->trace, "%lld", (long long)naive[v][z]);
            fputc('\n', run->options->trace);
        }
    }
}

static void second(struct run *run)
{
    const int64_t *naive[SITE_VARIANTS] = {run->naive.doors, run->naive.levels, NULL};
    int32_t people[SITE_ZONES_MAX];
    struct faults_message message;
    truth_step(run->truth);
    faults_second(run->faults, run->truth);
    int64_t end_ms = run_epoch_ms + ((int64_t)run->truth->now_s + 1) * MS_PER_S;
    while (faults_next(run->faults, end_ms, &message))
        deliver(run, &message);
    tick(run, end_ms);
    for (int v = 0; v < SITE_VARIANTS && run->options->sweep; v++)
        if (run->truth->now_s % TRUTH_DAY_S == SWEEP_S)
            sweep(run, v, end_ms);
    truth_zones(run->truth, people);
    int32_t time_s = run->truth->now_s % TRUTH_DAY_S;
    bool scored = time_s >= SCORED_FROM_S && time_s < SCORED_UNTIL_S;
    for (int v = 0; v < SITE_VARIANTS; v++)
        score_second(run->score[v], people, naive[v], scored);
    if (run->options->trace && run->truth->now_s % TRACE_S == 0)
        trace(run, people);
}

void run_day(const struct site *site, const struct run_options *options,
             struct figures figures[SITE_VARIANTS])
{
    struct run run;
    begin(&run, site, options);
    if (options->trace)
        fputs("second,zone,variant,truth,estimate,lower,upper,level,known,red,naive\n",
              options->trace);
    while (run.truth->now_s + 1 < options->until_s)
        second(&run);
    double days = (double)(options->until_s - TRUTH_OPEN_S) / (TRUTH_END_S - TRUTH_OPEN_S);
    days = days > 1 ? (double)options->until_s / TRUTH_DAY_S + 1 : days;
    for (int v = 0; v < SITE_VARIANTS; v++) {
        score_list(run.score[v], options->list, options->label);
        score_end(run.score[v], days, &figures[v]);
    }
    end(&run);
}
