#include "tests/quality/check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/quality/run.h"

enum { CHECK_UNTIL_S = 11 * 3600, CHECK_SEED = 1 };

struct floors {
    bool good;
};

static void limit(struct floors *floors, const char *what, double value, bool holds, const char *is,
                  double bound)
{
    printf("%-6s %-52s %10.2f %s %.2f\n", holds ? "ok" : "FAILED", what, value, is, bound);
    floors->good &= holds;
}

static void at_most(struct floors *floors, const char *what, double value, double most)
{
    limit(floors, what, value, value <= most, "<=", most);
}

static void at_least(struct floors *floors, const char *what, double value, double least)
{
    limit(floors, what, value, value >= least, ">=", least);
}

static double mae(const struct figures *figures, enum site_group group)
{
    return errors_mean(&figures->group[group].core);
}

static double inside_pct(const struct figures *figures)
{
    const struct figures_group *halls = &figures->group[SITE_HALL];
    return halls->known > 0 ? 100 * halls->inside / halls->known : NAN;
}

/* Of the episodes of yellow and above: shown already when they were due. */
static double ahead_pct(const struct figures *figures)
{
    double episodes = 0, in_time = 0;
    for (int l = 1; l < SITE_LEVELS; l++) {
        episodes += figures->level[l].episodes;
        in_time += figures->level[l].in_time;
    }
    return episodes > 0 ? 100 * in_time / episodes : NAN;
}

static double calm_pct(const struct figures *figures)
{
    return figures->red_s > 0 ? 100 * figures->calm_s / figures->red_s : NAN;
}

static void morning(const struct site *site, uint32_t kinds, struct figures figures[SITE_VARIANTS])
{
    struct run_options run = {.seed = CHECK_SEED, .kinds = kinds, .until_s = CHECK_UNTIL_S};
    run_day(site, &run, figures);
}

bool check_floors(const struct site *site)
{
    struct floors floors = {.good = true};
    struct figures *clean = calloc(SITE_VARIANTS, sizeof *clean);
    struct figures *faulty = calloc(SITE_VARIANTS, sizeof *faulty);
    if (!clean || !faulty)
        abort();
    morning(site, FAULTS_NONE, clean);
    morning(site, FAULTS_ALL, faulty);
    for (int v = 0; v < SITE_VARIANTS; v++) {
        printf("%s\n", site_variant_text[v]);
        at_most(&floors, "results below zero", clean[v].negative + faulty[v].negative, 0);
        at_most(&floors, "without faults: error of halls, people", mae(&clean[v], SITE_HALL), 10);
        at_least(&floors, "without faults: halls inside the bound, %", inside_pct(&clean[v]), 99);
        at_least(&floors, "without faults: red episodes", clean[v].level[3].episodes, 1);
        at_most(&floors, "without faults: red missed", clean[v].level[3].missed, 0);
        at_least(&floors, "without faults: alerts shown when due, %", ahead_pct(&clean[v]), 90);
        at_most(&floors, "without faults: false alarms", clean[v].false_, 0);
        if (v == SITE_DOORS) /* doors alone may be wrong without a way to know */
            continue;
        at_least(&floors, "all faults: red episodes", faulty[v].level[3].episodes, 1);
        at_most(&floors, "all faults: red missed", faulty[v].level[3].missed, 0);
        at_most(&floors, "all faults: red with less shown, % of its time", calm_pct(&faulty[v]), 2);
        at_least(&floors, "all faults: halls inside the bound, %", inside_pct(&faulty[v]), 90);
    }
    double best =
        fmin(mae(&faulty[SITE_DOORS], SITE_HALL), mae(&faulty[SITE_LEVELS_ONLY], SITE_HALL));
    at_most(&floors, "all faults: error of halls, beside the better alone",
            mae(&faulty[SITE_FUSED], SITE_HALL), best);
    free(clean);
    free(faulty);
    return floors.good;
}
