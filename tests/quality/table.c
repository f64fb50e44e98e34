#include "tests/quality/table.h"

#include <math.h>
#include <stdlib.h>

/* One number of one run; NaN: there is none. */
typedef double figure(const struct figures *figures, int group);

static double core_mae(const struct figures *f, int group)
{
    return errors_mean(&f->group[group].core);
}

static double core_rmse(const struct figures *f, int group)
{
    return errors_rms(&f->group[group].core);
}

static double core_p95(const struct figures *f, int group)
{
    return errors_percentile(&f->group[group].core, 95);
}

static double naive_mae(const struct figures *f, int group)
{
    return errors_mean(&f->group[group].naive);
}

static double inside_pct(const struct figures *f, int group)
{
    const struct figures_group *g = &f->group[group];
    return g->known > 0 ? 100 * g->inside / g->known : NAN;
}

static double outside_pct(const struct figures *f, int group)
{
    return 100 - inside_pct(f, group);
}

static double half_width(const struct figures *f, int group)
{
    const struct figures_group *g = &f->group[group];
    return g->known > 0 ? g->half_width / g->known : NAN;
}

static double known_pct(const struct figures *f, int group)
{
    const struct figures_group *g = &f->group[group];
    return g->seconds > 0 ? 100 * g->known / g->seconds : NAN;
}

static double early_per_zone_day(const struct figures *f, int group)
{
    (void)group;
    return f->early / f->zone_days;
}

static double false_per_zone_day(const struct figures *f, int group)
{
    (void)group;
    return f->false_ / f->zone_days;
}

static double calm_pct(const struct figures *f, int group)
{
    (void)group;
    return f->red_s > 0 ? 100 * f->calm_s / f->red_s : NAN;
}

/* Over the seeds; NaN: there is none. Worst is the greatest. */
struct spread {
    double mean, worst;
};

static struct spread spread_of(const struct table_row *row, uint32_t seeds, int variant, int group,
                               figure *of)
{
    double sum = 0, worst = NAN;
    uint32_t n = 0;
    for (uint32_t s = 0; s < seeds; s++) {
        double v = of(&row->figures[s * SITE_VARIANTS + (uint32_t)variant], group);
        if (isnan(v))
            continue;
        sum += v;
        n++;
        worst = !(v <= worst) ? v : worst;
    }
    return (struct spread){n ? sum / n : NAN, worst};
}

static void cell(FILE *to, struct spread v, int digits)
{
    if (isnan(v.mean))
        fputs(" – |", to);
    else
        fprintf(to, " %.*f (%.*f) |", digits, v.mean, digits, v.worst);
}

struct column {
    const char *head;
    int variant;
    figure *of;
    int digits;
};

static void head(FILE *to, const char *first, const struct column *columns, uint32_t count)
{
    fprintf(to, "| %s |", first);
    for (uint32_t c = 0; c < count; c++)
        fprintf(to, " %s |", columns[c].head);
    fputs("\n|---|", to);
    for (uint32_t c = 0; c < count; c++)
        fputs("---|", to);
    fputc('\n', to);
}

static void by_fault(FILE *to, const struct table_row *rows, uint32_t count, uint32_t seeds,
                     int group, const struct column *columns, uint32_t column_count)
{
    head(to, "faults", columns, column_count);
    for (uint32_t r = 0; r < count; r++) {
        fprintf(to, "| %s |", rows[r].name);
        for (uint32_t c = 0; c < column_count; c++) {
            const struct column *column = &columns[c];
            cell(to, spread_of(&rows[r], seeds, column->variant, group, column->of),
                 column->digits);
        }
        fputc('\n', to);
    }
    fputc('\n', to);
}

static const struct column columns_error[] = {
    {"doors", SITE_DOORS, core_mae, 0},
    {"levels", SITE_LEVELS_ONLY, core_mae, 0},
    {"fused", SITE_FUSED, core_mae, 0},
    {"naive doors", SITE_DOORS, naive_mae, 0},
    {"naive levels", SITE_LEVELS_ONLY, naive_mae, 0},
    {"fused, RMSE", SITE_FUSED, core_rmse, 0},
    {"fused, 95 % below", SITE_FUSED, core_p95, 0},
};

static const struct column columns_bound[] = {
    {"doors, outside %", SITE_DOORS, outside_pct, 1},
    {"± people", SITE_DOORS, half_width, 0},
    {"levels, outside %", SITE_LEVELS_ONLY, outside_pct, 1},
    {"± people", SITE_LEVELS_ONLY, half_width, 0},
    {"fused, outside %", SITE_FUSED, outside_pct, 1},
    {"± people", SITE_FUSED, half_width, 0},
    {"fused, known %", SITE_FUSED, known_pct, 1},
};

static const struct column columns_group[] = {
    {"doors, MAE", SITE_DOORS, core_mae, 0},         {"outside %", SITE_DOORS, outside_pct, 1},
    {"± people", SITE_DOORS, half_width, 0},         {"levels, MAE", SITE_LEVELS_ONLY, core_mae, 0},
    {"outside %", SITE_LEVELS_ONLY, outside_pct, 1}, {"± people", SITE_LEVELS_ONLY, half_width, 0},
    {"fused, MAE", SITE_FUSED, core_mae, 0},         {"outside %", SITE_FUSED, outside_pct, 1},
    {"± people", SITE_FUSED, half_width, 0},
};

static void by_group(FILE *to, const struct table_row *row, uint32_t seeds)
{
    uint32_t count = sizeof columns_group / sizeof columns_group[0];
    head(to, "zones", columns_group, count);
    for (int g = 0; g < SITE_GROUPS; g++) {
        fprintf(to, "| %s |", site_group_text[g]);
        for (uint32_t c = 0; c < count; c++) {
            const struct column *column = &columns_group[c];
            cell(to, spread_of(row, seeds, column->variant, g, column->of), column->digits);
        }
        fputc('\n', to);
    }
    fputc('\n', to);
}

void table_sum(const struct table_row *row, uint32_t seeds, int variant, struct figures *sum)
{
    *sum = (struct figures){0};
    for (uint32_t s = 0; s < seeds; s++)
        figures_add(sum, &row->figures[s * SITE_VARIANTS + (uint32_t)variant]);
}

static void percent(FILE *to, double part, double whole)
{
    if (whole > 0)
        fprintf(to, " %.1f |", 100 * part / whole);
    else
        fputs(" – |", to);
}

static void alerts_line(FILE *to, const struct table_row *row, uint32_t seeds, int variant,
                        struct figures *sum)
{
    uint32_t episodes = 0, missed = 0, unknown = 0, due_unknown = 0, in_time = 0;
    double lead_s = 0;
    table_sum(row, seeds, variant, sum);
    for (int l = 1; l < SITE_LEVELS; l++) {
        episodes += sum->level[l].episodes;
        missed += sum->level[l].missed;
        unknown += sum->level[l].missed_unknown;
        due_unknown += sum->level[l].unknown;
        in_time += sum->level[l].in_time;
        lead_s += sum->level[l].lead_s;
    }
    const struct figures_level *red = &sum->level[3];
    fprintf(to, "| %s | %s | %u (%u) | %u (%u) | %u | %u |", row->name, site_variant_text[variant],
            episodes, due_unknown, missed, unknown, red->episodes, red->missed);
    percent(to, in_time, episodes);
    if (in_time)
        fprintf(to, " %.0f |", lead_s / in_time / 60);
    else
        fputs(" – |", to);
    fprintf(to, " %.0f | %.0f | %.0f |", figures_delay(sum, 1, 50), figures_delay(sum, 1, 95),
            figures_delay(sum, 1, 100));
    cell(to, spread_of(row, seeds, variant, 0, early_per_zone_day), 2);
    cell(to, spread_of(row, seeds, variant, 0, false_per_zone_day), 2);
    cell(to, spread_of(row, seeds, variant, 0, calm_pct), 1);
    percent(to, sum->calm_unknown_s, sum->red_s);
    if (variant == SITE_FUSED)
        fputs(" – |\n", to);
    else {
        percent(to, sum->calm_naive_s, sum->red_s);
        fputc('\n', to);
    }
}

static void alerts(FILE *to, const struct table_row *rows, uint32_t count, uint32_t seeds)
{
    struct figures *sum = calloc(1, sizeof *sum);
    if (!sum)
        abort();
    fputs("| faults | sensors | episodes (due while unknown) | missed (unknown) | red | red missed "
          "| ahead % | lead, "
          "min "
          "| delay s, median | 95 % | worst | early /zone/day | false /zone/day | calm % of red "
          "| red while unknown % | naive calm % |\n"
          "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|\n",
          to);
    for (uint32_t r = 0; r < count; r++)
        for (int v = 0; v < SITE_VARIANTS; v++)
            alerts_line(to, &rows[r], seeds, v, sum);
    fputc('\n', to);
    free(sum);
}

void table_print(FILE *to, const struct table_row *rows, uint32_t count, uint32_t seeds)
{
    fputs("Each cell: mean over the seeds, in brackets the worst seed.\n\n"
          "### Occupancy of halls: mean absolute error, people\n\n",
          to);
    by_fault(to, rows, count, seeds, SITE_HALL, columns_error,
             sizeof columns_error / sizeof columns_error[0]);
    fputs("### Bound of halls: share of time with the truth outside it, and its half width\n\n",
          to);
    by_fault(to, rows, count, seeds, SITE_HALL, columns_bound,
             sizeof columns_bound / sizeof columns_bound[0]);
    fprintf(to, "### All zones, %s\n\n", rows[count - 1].name);
    by_group(to, &rows[count - 1], seeds);
    fputs("### Alerts, yellow and above, all zones; sums over the seeds\n\n", to);
    alerts(to, rows, count, seeds);
}
