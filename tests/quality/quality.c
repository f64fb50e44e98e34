/*
 * quality: how good the core's estimates and alerts are, on simulated ground truth with realistic
 * faults.
 *
 *     quality [--seeds N] [--days N] [--sweep] [--faults NAME,…] [--settings FILE] [--jobs N]
 * [--dir DIR] quality --check        what must hold whatever the tuning; seconds, exit 1 when it
 * does not quality --csv FILE [--capacity N] [--settings FILE] [--dir DIR]   counts from elsewhere;
 * see csv.h
 *
 * With --dir, day.csv (one day of every zone), figures.csv, delays.csv and events.txt (each alert
 * gone wrong), or counts.csv, are left there.
 */
#include <getopt.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/quality/check.h"
#include "tests/quality/csv.h"
#include "tests/quality/export.h"
#include "tests/quality/run.h"
#include "tests/quality/table.h"

enum { SEEDS_MAX = 64, DAYS_MAX = 14, JOBS_MAX = 64 };

struct options {
    uint32_t seeds, days, jobs;
    uint32_t faults; /* FAULT_BIT(…): those to run alone */
    bool sweep;      /* every evening */
    bool none, all;  /* runs without any, with all */
    char *settings;
    const char *dir; /* for files of figures; NULL: none */
    const char *csv; /* counts from elsewhere; NULL: the simulation */
    int64_t capacity;
};

/* One run waiting to be made or done. */
struct job {
    struct run_options run;
    struct figures *figures; /* [SITE_VARIANTS] */
};

struct work {
    const struct site *site;
    struct job *job;
    uint32_t jobs;
    atomic_uint next;
};

static void *work_through(void *arg)
{
    struct work *work = arg;
    for (;;) {
        uint32_t i = atomic_fetch_add(&work->next, 1);
        if (i >= work->jobs)
            return NULL;
        run_day(work->site, &work->job[i].run, work->job[i].figures);
    }
}

static void work_do(struct work *work, uint32_t threads)
{
    pthread_t thread[JOBS_MAX];
    for (uint32_t i = 0; i < threads; i++)
        if (pthread_create(&thread[i], NULL, work_through, work) != 0)
            abort();
    for (uint32_t i = 0; i < threads; i++)
        pthread_join(thread[i], NULL);
}

static _Noreturn void usage(const char *why)
{
    fprintf(stderr,
            "quality: %s\n"
            "usage: quality [--seeds N] [--days N] [--sweep] [--faults none,all,NAME…] [--settings "
            "FILE]\n"
            "               [--jobs N] [--dir DIR]\n"
            "       quality --csv FILE [--capacity N] [--settings FILE] [--dir DIR]\n"
            "       quality --check\n",
            why);
    exit(2);
}

static uint32_t number(const char *text, uint32_t most)
{
    char *end;
    unsigned long n = strtoul(text, &end, 10);
    if (*end || n == 0 || n > most)
        usage("a number is out of range");
    return (uint32_t)n;
}

/* Names of faults with '-' for the blanks. */
static void faults_read(struct options *o, char *list)
{
    o->faults = 0;
    o->none = o->all = false;
    for (char *save, *name = strtok_r(list, ",", &save); name; name = strtok_r(NULL, ",", &save)) {
        int found = -1;
        for (int k = 0; k < FAULT_COUNT_OF_KINDS; k++) {
            char text[64];
            snprintf(text, sizeof text, "%s", fault_text[k]);
            for (char *c = text; *c; c++)
                *c = *c == ' ' ? '-' : *c;
            if (strcmp(text, name) == 0)
                found = k;
        }
        if (strcmp(name, "none") == 0)
            o->none = true;
        else if (strcmp(name, "all") == 0)
            o->all = true;
        else if (found >= 0)
            o->faults |= 1u << found;
        else
            usage("no such fault");
    }
}

static char *file_read(const char *path)
{
    char *text = NULL;
    size_t len = 0;
    FILE *from = fopen(path, "r"), *to = open_memstream(&text, &len);
    if (!from || !to)
        usage("the file with settings can't be read");
    for (int c; (c = fgetc(from)) != EOF;)
        fputc(c, to);
    if (fclose(from) != 0 || fclose(to) != 0)
        abort();
    return text;
}

static FILE *trace_open(const struct options *o, const char *name)
{
    char path[4096];
    if (!o->dir)
        return NULL;
    snprintf(path, sizeof path, "%s/%s", o->dir, name);
    FILE *to = fopen(path, "w");
    if (!to)
        usage("the directory can't be written to");
    return to;
}

static int32_t until_s(uint32_t days)
{
    return (int32_t)(days - 1) * TRUTH_DAY_S + TRUTH_END_S;
}

static int measure(const struct site *site, const struct options *o)
{
    struct table_row rows[FAULT_COUNT_OF_KINDS + 2];
    uint32_t count = 0;
    if (o->none)
        rows[count++] = (struct table_row){.name = "none", .kinds = FAULTS_NONE};
    for (int k = 0; k < FAULT_COUNT_OF_KINDS; k++)
        if (o->faults & (1u << k))
            rows[count++] = (struct table_row){.name = fault_text[k], .kinds = 1u << k};
    if (o->all)
        rows[count++] = (struct table_row){.name = "all together", .kinds = FAULTS_ALL};
    struct work work = {.site = site, .jobs = count * o->seeds};
    work.job = calloc(work.jobs, sizeof *work.job);
    FILE *trace = trace_open(o, "day.csv"), *list = trace_open(o, "events.txt");
    for (uint32_t i = 0; i < work.jobs; i++) {
        static char label[FAULT_COUNT_OF_KINDS + 2][SEEDS_MAX][48];
        uint32_t r = i / o->seeds, seed = i % o->seeds;
        if (seed == 0)
            rows[r].figures = calloc((size_t)o->seeds * SITE_VARIANTS, sizeof *rows[r].figures);
        if (!work.job || !rows[r].figures)
            abort();
        work.job[i].figures = rows[r].figures + (size_t)seed * SITE_VARIANTS;
        snprintf(label[r][seed], sizeof label[r][seed], "%s, seed %u,", rows[r].name, seed + 1);
        work.job[i].run = (struct run_options){.list = list,
                                               .label = label[r][seed],
                                               .seed = seed + 1,
                                               .kinds = rows[r].kinds,
                                               .until_s = until_s(o->days),
                                               .sweep = o->sweep,
                                               .settings = o->settings,
                                               .trace = seed == 0 && r + 1 == count ? trace : NULL};
    }
    work_do(&work, o->jobs < work.jobs ? o->jobs : work.jobs);
    printf("%u seed%s, %u day%s each, %d zones, %d sensors, crowdtide %s\n\n", o->seeds,
           o->seeds == 1 ? "" : "s", o->days, o->days == 1 ? "" : "s", site->zones, site->sensors,
           CROWDTIDE_VERSION);
    table_print(stdout, rows, count, o->seeds);
    bool written = !o->dir || export_write(o->dir, rows, count, o->seeds);
    if (trace)
        written = fclose(trace) == 0 && written;
    if (list)
        written = fclose(list) == 0 && written;
    for (uint32_t r = 0; r < count; r++)
        free(rows[r].figures);
    free(work.job);
    if (!written)
        fprintf(stderr, "quality: the files in %s can't be written\n", o->dir);
    return !written;
}

static int counts(const struct options *o)
{
    FILE *trace = trace_open(o, "counts.csv");
    int status = csv_run(&(struct csv_options){
        .path = o->csv, .capacity = o->capacity, .settings = o->settings, .trace = trace});
    if (trace && fclose(trace) != 0)
        status = 1;
    return status;
}

int main(int argc, char **argv)
{
    static const struct option longs[] = {
        {"seeds", required_argument, NULL, 's'},
        {"days", required_argument, NULL, 'd'},
        {"faults", required_argument, NULL, 'f'},
        {"settings", required_argument, NULL, 'S'},
        {"jobs", required_argument, NULL, 'j'},
        {"dir", required_argument, NULL, 'D'},
        {"capacity", required_argument, NULL, 'p'},
        {"sweep", no_argument, NULL, 'w'},
        {"check", no_argument, NULL, 'c'},
        {"csv", required_argument, NULL, 'C'},
        {0},
    };
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    struct options o = {.seeds = 3,
                        .days = 1,
                        .jobs = cores > 0 && cores < JOBS_MAX ? (uint32_t)cores : 1,
                        .faults = FAULTS_ALL,
                        .none = true,
                        .all = true};
    struct site site;
    site_init(&site);
    for (int c; (c = getopt_long(argc, argv, "", longs, NULL)) != -1;) {
        switch (c) {
        case 's':
            o.seeds = number(optarg, SEEDS_MAX);
            break;
        case 'd':
            o.days = number(optarg, DAYS_MAX);
            break;
        case 'j':
            o.jobs = number(optarg, JOBS_MAX);
            break;
        case 'f':
            faults_read(&o, optarg);
            break;
        case 'S':
            o.settings = file_read(optarg);
            break;
        case 'D':
            o.dir = optarg;
            break;
        case 'p':
            o.capacity = number(optarg, 1000000);
            break;
        case 'C':
            o.csv = optarg;
            break;
        case 'w':
            o.sweep = true;
            break;
        case 'c':
            return check_floors(&site) ? 0 : 1;
        default:
            usage("unknown option");
        }
    }
    if (optind < argc)
        usage("too many arguments");
    int status = o.csv ? counts(&o) : measure(&site, &o);
    free(o.settings);
    return status;
}
