#include "tests/quality/csv.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/quality/csv_read.h"
#include "tests/support/core_feed.h"

enum { MS_PER_S = 1000, SILENCE_GAPS = 3, SILENCE_MS_MIN = 30000, SILENCE_MS_MAX = 86400000 };

struct place { /* what is known of one zone */
    bool any, known;
    int64_t occupancy, lower, upper, naive, most;
    int level;
    int64_t in, out, seconds, known_s;
    double half_width;
    int64_t truths, inside;
    double error, size, square, naive_size;
    uint32_t raised;
};

struct csv_run {
    const struct csv_options *options;
    struct csv_file *file;
    struct place *place; /* by zone */
    int64_t *level_last; /* by sensor: for the naive sum */
    struct core_feed feed;
};

static char *venue_make(const struct csv_run *run)
{
    static const char *const levels[] = {"blue", "yellow", "orange", "red"};
    static const int enter[] = {50, 80, 90, 100};
    char *yaml = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&yaml, &len);
    if (!to)
        abort();
    fputs("venue: {id: csv, time_zone: UTC}\n", to);
    if (run->options->settings)
        fprintf(to, "settings:\n%s", run->options->settings);
    fputs("zones:\n", to);
    for (uint32_t z = 0; z < run->file->zones; z++) {
        fprintf(to, "  - {id: %s, kind: hall", run->file->zone[z]);
        if (run->options->capacity)
            fprintf(to, ", capacity: %lld", (long long)run->options->capacity);
        fputs("}\n", to);
    }
    fputs("sensors:\n", to);
    for (uint32_t s = 0; s < run->file->sensors; s++) {
        const struct csv_sensor *sensor = &run->file->sensor[s];
        int64_t silence_ms = sensor->gap_ms * SILENCE_GAPS;
        silence_ms = silence_ms < SILENCE_MS_MIN ? SILENCE_MS_MIN : silence_ms;
        silence_ms = silence_ms > SILENCE_MS_MAX ? SILENCE_MS_MAX : silence_ms;
        fprintf(to, "  - {id: %s, class: crowd, counter: %s, zone: %s, silence_s: %lld}\n",
                sensor->id, sensor->level ? "level" : "delta", run->file->zone[sensor->zone],
                (long long)(silence_ms / MS_PER_S));
    }
    fputs(run->options->capacity ? "rules:\n  - id: capacity\n    metric: percent_capacity\n"
                                   "    kinds: [hall]\n    levels:\n"
                                 : "rules: []\n",
          to);
    for (int i = 0; run->options->capacity && i < 4; i++)
        fprintf(to, "      %s: {enter: %d, action: \"Look.\"}\n", levels[i], enter[i]);
    if (fclose(to) != 0)
        abort();
    return yaml;
}

static struct place *place_of(struct csv_run *run, struct str zone)
{
    for (uint32_t z = 0; z < run->file->zones; z++)
        if (str_is(zone, run->file->zone[z]))
            return &run->place[z];
    return NULL;
}

static int64_t or_else(int64_t v, int64_t other)
{
    return v == RESULT_ABSENT ? other : v;
}

static void seen(void *arg, unsigned type, const union result_any *result)
{
    struct csv_run *run = arg;
    struct place *place = type == RECORD_ZONE    ? place_of(run, result->zone.zone)
                          : type == RECORD_ALERT ? place_of(run, result->alert.zone)
                                                 : NULL;
    if (!place)
        return;
    if (type == RECORD_ALERT) {
        place->raised +=
            result->alert.level > result->alert.from_level && result->alert.level >= LEVEL_YELLOW;
        place->level = result->alert.level < 0 ? -1 : result->alert.level;
        return;
    }
    const struct result_zone *r = &result->zone;
    place->known = r->known == 1;
    if (r->occupancy == RESULT_ABSENT)
        return;
    int64_t err = or_else(r->occupancy_err, 0);
    place->any = true;
    place->occupancy = r->occupancy;
    place->lower = or_else(r->occupancy_lower, r->occupancy - err);
    place->upper = or_else(r->occupancy_upper, r->occupancy + err);
    place->most = r->occupancy > place->most ? r->occupancy : place->most;
}

static void ticks_until(struct csv_run *run, int64_t t_ms)
{
    for (int64_t t = (run->feed.t_ms / MS_PER_S + 1) * MS_PER_S; t <= t_ms; t += MS_PER_S) {
        uint8_t body[64 + LOG_READ_PADDING_BYTES] = {0};
        struct record_tick tick = {.connected = true, .messages = run->feed.seq};
        core_feed_record(&run->feed, t, RECORD_TICK, body, record_tick_encode(&tick, body, 64));
        for (uint32_t z = 0; z < run->file->zones; z++) {
            struct place *place = &run->place[z];
            bool known = place->any && place->known;
            place->seconds++;
            place->known_s += known;
            place->half_width += known ? (double)(place->upper - place->lower) / 2 : 0;
        }
    }
}

static int64_t or_zero(int64_t v)
{
    return v == CSV_ABSENT ? 0 : v;
}

static void row_feed(struct csv_run *run, const struct csv_row *row)
{
    char topic[64 + CSV_ID_BYTES], payload[128];
    const struct csv_sensor *sensor = &run->file->sensor[row->sensor];
    struct place *place = &run->place[row->zone];
    int64_t in = or_zero(row->in), out = or_zero(row->out);
    if (row->occupancy == CSV_ABSENT && row->in == CSV_ABSENT && row->out == CSV_ABSENT)
        return; /* truth alone */
    if (sensor->level) {
        snprintf(payload, sizeof payload, "{\"occupancy\":%lld,\"ts\":%lld}",
                 (long long)row->occupancy, (long long)row->t_ms);
        place->naive += row->occupancy - run->level_last[row->sensor];
        run->level_last[row->sensor] = row->occupancy;
    } else {
        snprintf(payload, sizeof payload, "{\"in\":%lld,\"out\":%lld,\"ts\":%lld}", (long long)in,
                 (long long)out, (long long)row->t_ms);
        place->naive += in - out;
        place->in += in;
        place->out += out;
    }
    snprintf(topic, sizeof topic, "crowdtide/csv/crowd/%s", sensor->id);
    core_feed_publish(&run->feed, row->t_ms, topic, payload, 0);
}

static void row_judge(struct csv_run *run, const struct csv_row *row)
{
    struct place *place = &run->place[row->zone];
    if (row->truth != CSV_ABSENT && place->any) {
        double error = (double)(place->occupancy - row->truth);
        double naive = (double)(place->naive - row->truth);
        place->truths++;
        place->inside += row->truth >= place->lower && row->truth <= place->upper;
        place->error += error;
        place->size += fabs(error);
        place->square += error * error;
        place->naive_size += fabs(naive);
    }
    if (!run->options->trace || !place->any)
        return;
    char truth[24] = "";
    if (row->truth != CSV_ABSENT)
        snprintf(truth, sizeof truth, "%lld", (long long)row->truth);
    fprintf(run->options->trace, "%lld,%s,%s,%lld,%lld,%lld,%d,%d,%lld\n",
            (long long)row->t_ms / MS_PER_S, run->file->zone[row->zone], truth,
            (long long)place->occupancy, (long long)place->lower, (long long)place->upper,
            place->level, place->known, (long long)place->naive);
}

static void report(const struct csv_run *run)
{
    printf(
        "| zone | in | out | in − out, %% of both | estimate at most | at the end | ± people, mean "
        "| known %% | alerts | truths | MAE | bias | RMSE | outside %% | naive MAE |\n"
        "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|\n");
    for (uint32_t z = 0; z < run->file->zones; z++) {
        const struct place *p = &run->place[z];
        double both = (double)(p->in + p->out), n = (double)p->truths;
        printf("| %s | %lld | %lld | %.2f | %lld | %lld | %.0f | %.1f | %u | %lld |",
               run->file->zone[z], (long long)p->in, (long long)p->out,
               both > 0 ? 100 * (double)(p->in - p->out) / both : 0, (long long)p->most,
               (long long)p->occupancy, p->known_s ? p->half_width / (double)p->known_s : 0,
               p->seconds ? 100 * (double)p->known_s / (double)p->seconds : 0, p->raised,
               (long long)p->truths);
        if (p->truths)
            printf(" %.1f | %.1f | %.1f | %.1f | %.1f |\n", p->size / n, p->error / n,
                   sqrt(p->square / n), 100 - 100 * (double)p->inside / n, p->naive_size / n);
        else
            puts(" – | – | – | – | – |");
    }
}

int csv_run(const struct csv_options *options)
{
    struct csv_run run = {.options = options, .file = malloc(sizeof *run.file)};
    if (!run.file)
        abort();
    if (!csv_read(options->path, run.file)) {
        csv_free(run.file);
        free(run.file);
        return 1;
    }
    run.place = calloc(run.file->zones, sizeof *run.place);
    run.level_last = calloc(run.file->sensors, sizeof *run.level_last);
    if (!run.place || !run.level_last)
        abort();
    char *yaml = venue_make(&run);
    const struct csv_row *row = run.file->row, *end = row + run.file->rows;
    core_feed_init(&run.feed, yaml, row->t_ms - MS_PER_S);
    run.feed.seen = seen;
    run.feed.arg = &run;
    if (options->trace)
        fputs("time,zone,truth,estimate,lower,upper,level,known,naive\n", options->trace);
    /* Lines of one second are judged together, after the second's end. */
    for (const struct csv_row *next = row; row < end; row = next) {
        int64_t second_ms = (row->t_ms / MS_PER_S + 1) * MS_PER_S;
        ticks_until(&run, row->t_ms);
        for (; next < end && next->t_ms < second_ms; next++)
            row_feed(&run, next);
        ticks_until(&run, second_ms);
        for (const struct csv_row *r = row; r < next; r++)
            row_judge(&run, r);
    }
    report(&run);
    core_feed_free(&run.feed);
    csv_free(run.file);
    free(run.file);
    free(run.place);
    free(run.level_last);
    free(yaml);
    return 0;
}
