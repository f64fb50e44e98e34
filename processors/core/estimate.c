#include "processors/core/estimate.h"

#include <math.h>

/* Of a part: two to the 18th of them, as many as a venue has sensors, stay within int64. */
#define PART_VAR_MAX (INT64_MAX >> 18)
#define SIGMA_MAX_MILLI INT64_C(30000000000)
enum { MINUTES_PER_HOUR = 60 };

static int64_t rounded(double v, int64_t max)
{
    if (!(v < (double)max))
        return max;
    if (!(v > -(double)max))
        return -max;
    return (int64_t)(v >= 0 ? v + 0.5 : v - 0.5);
}

static int64_t var_of(double v)
{
    return v > 0 ? rounded(v, ESTIMATE_VAR_MAX) : 0;
}

int64_t estimate_var(int64_t sigma_milli)
{
    return var_of((double)sigma_milli * (double)sigma_milli / 1000);
}

int64_t estimate_part_var(int64_t sigma_milli)
{
    int64_t var = estimate_var(sigma_milli);
    return var < PART_VAR_MAX ? var : PART_VAR_MAX;
}

int64_t estimate_sigma(int64_t var)
{
    double root = sqrt((double)var * 1000);
    int64_t sigma = (int64_t)root;
    return (double)sigma < root ? sigma + 1 : sigma;
}

int64_t estimate_sum_sigma(int64_t sum_sigma_milli, int64_t sum_var, double common_pct)
{
    double common = common_pct / 100;
    double together = (double)sum_sigma_milli * (double)sum_sigma_milli / 1000;
    return estimate_sigma(var_of((1 - common) * (double)sum_var + common * together));
}

struct estimate estimate_begin(int64_t x_milli, int64_t sigma_milli)
{
    return (struct estimate){
        .x_milli = x_milli, .var = estimate_var(sigma_milli), .level_ms = ESTIMATE_NEVER, .era = 1};
}

void estimate_doubt(struct estimate *e, int64_t sigma_milli)
{
    e->var = var_of((double)e->var + (double)estimate_var(sigma_milli));
}

void estimate_passage(struct estimate *e, struct estimate_drift *drift, int64_t passages,
                      double error_pct)
{
    double before = drift->era == e->era ? (double)drift->sigma_milli : 0;
    double after = before + (double)passages * error_pct * 10 / ESTIMATE_SIGMAS;
    /* Besides the share that is the same for all, whether this one was missed is chance. */
    double chance = (double)passages * error_pct * 10;
    e->var = var_of((double)e->var + (after * after - before * before) / 1000 + chance);
    drift->sigma_milli = rounded(after, SIGMA_MAX_MILLI);
    drift->era = e->era;
}

static int64_t missed_sigma(const struct estimate_missed *m)
{
    return (m->milli[0] > m->milli[1] ? m->milli[0] : m->milli[1]) / ESTIMATE_SIGMAS;
}

void estimate_missed(struct estimate *e, struct estimate_missed *missed, const int64_t by_milli[2])
{
    if (missed->era != e->era)
        *missed = (struct estimate_missed){.era = e->era};
    double before = (double)missed_sigma(missed);
    for (int d = 0; d < 2; d++) {
        int64_t sum = missed->milli[d] + by_milli[d];
        missed->milli[d] = sum < 0 ? 0 : sum < SIGMA_MAX_MILLI ? sum : SIGMA_MAX_MILLI;
    }
    double after = (double)missed_sigma(missed);
    e->var = var_of((double)e->var + (after * after - before * before) / 1000);
}

void estimate_missed_leave(struct estimate *e, const struct estimate_missed *missed)
{
    double sigma = missed->era == e->era ? (double)missed_sigma(missed) : 0;
    e->var = var_of((double)e->var - sigma * sigma / 1000);
}

static void begin_anew(struct estimate *e, int64_t x_milli, int64_t var, int64_t origin_var)
{
    e->x_milli = x_milli;
    e->var = var;
    e->origin_var = origin_var;
    e->off_milli = 0;
    e->begun = true;
    e->era++;
}

static bool in_conflict(const struct estimate *e, int64_t level_var)
{
    double off = (double)e->off_milli;
    return off * off / 1000 >
           ESTIMATE_GATE * ESTIMATE_GATE * ((double)e->var + (double)level_var + 1);
}

/* Noise goes, movement stays. */
static int64_t smoothed(int64_t old, int64_t seen, const struct estimate_level *level,
                        int64_t since_ms)
{
    double share = (double)since_ms / (double)(since_ms + ESTIMATE_SMOOTH_MS);
    int64_t off = old + rounded((double)(seen - old) * share, ESTIMATE_X_MAX_MILLI);
    int64_t lag =
        ESTIMATE_SIGMAS * estimate_sigma(var_of((double)level->var * ESTIMATE_NOISE_SHARE));
    off = off > seen + lag ? seen + lag : off;
    return off < seen - lag ? seen - lag : off;
}

void estimate_level(struct estimate *e, const struct estimate_level *level)
{
    int64_t seen = level->z_milli - e->x_milli;
    bool first = e->level_ms == ESTIMATE_NEVER;
    int64_t since_ms = first ? 0 : level->now_ms - e->level_ms;
    e->level_ms = level->now_ms;
    if (!e->begun) { /* doors say what changed, the first level where it began */
        begin_anew(e, level->z_milli, level->var, level->var);
        return;
    }
    e->off_milli = first ? seen : smoothed(e->off_milli, seen, level, since_ms);
    if ((double)level->var * ESTIMATE_BETTER < (double)e->var && !in_conflict(e, level->var))
        begin_anew(e, level->z_milli, level->var, level->var);
}

struct estimate_fused estimate_fuse(const struct estimate *e, int64_t level_var)
{
    struct estimate_fused f = {e->x_milli, e->var, false};
    double var = (double)e->var, other = (double)level_var, off = (double)e->off_milli;
    if (e->level_ms == ESTIMATE_NEVER)
        return f;
    if (in_conflict(e, level_var)) {
        int64_t half = (e->off_milli < 0 ? -e->off_milli : e->off_milli) / ESTIMATE_SIGMAS;
        f.x_milli += e->off_milli;
        f.var = estimate_var(estimate_sigma(level_var) + half);
        f.conflict = true;
        return f;
    }
    double gain = var + other > 0 ? var / (var + other) : 1;
    double spread = var + other > 0 ? off * off / 1000 / (var + other) : 0;
    int64_t least = e->origin_var < level_var ? e->origin_var : level_var;
    f.x_milli += rounded(gain * off, ESTIMATE_X_MAX_MILLI);
    f.var = var_of(gain * other * (spread > 1 ? spread : 1));
    f.var = f.var > least ? f.var : least;
    return f;
}

void estimate_level_lost(struct estimate *e, int64_t level_var)
{
    struct estimate_fused f = estimate_fuse(e, level_var);
    begin_anew(e, f.x_milli, f.var, 0);
    e->level_ms = ESTIMATE_NEVER;
}

void estimate_anchor(struct estimate *e, int64_t x_milli, int64_t sigma_milli)
{
    begin_anew(e, x_milli, estimate_var(sigma_milli), 0);
}

void estimate_age(struct estimate *e, double pct_per_hour)
{
    double people = (double)e->x_milli / 1000 * pct_per_hour / 100;
    double per_hour = people > 1 ? people * people : 1;
    if (pct_per_hour > 0)
        e->var = var_of((double)e->var + per_hour * 1000 / MINUTES_PER_HOUR);
}
