#include "tests/quality/export.h"

#include <stdlib.h>

static FILE *open_in(const char *dir, const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    return fopen(path, "w");
}

static void figures_line(FILE *to, const struct table_row *row, int v, const struct figures *f)
{
    for (int g = 0; g < SITE_GROUPS; g++) {
        const struct figures_group *group = &f->group[g];
        if (group->known <= 0)
            continue;
        fprintf(to, "%s,%s,%s,%g,%g,%g,%g,%g,%g,%g\n", row->name, site_variant_text[v],
                site_group_text[g], errors_mean(&group->core), errors_rms(&group->core),
                errors_percentile(&group->core, 95), errors_mean(&group->naive),
                100 * group->inside / group->known, group->half_width / group->known,
                100 * group->known / group->seconds);
    }
}

static void delays_lines(FILE *to, const struct table_row *row, int v, const struct figures *f)
{
    for (int l = 1; l < SITE_LEVELS; l++) {
        const struct figures_level *level = &f->level[l];
        double found = level->in_time;
        for (int i = 0; i < SCORE_DELAY_BINS; i++) {
            found += level->delay[i];
            if (level->episodes && (level->delay[i] || i == 0))
                fprintf(to, "%s,%s,%d,%d,%g,%u\n", row->name, site_variant_text[v], l + 1, i,
                        found / level->episodes, level->episodes);
        }
    }
}

bool export_write(const char *dir, const struct table_row *rows, uint32_t count, uint32_t seeds)
{
    FILE *figures = open_in(dir, "figures.csv"), *delays = open_in(dir, "delays.csv");
    struct figures *sum = calloc(1, sizeof *sum);
    bool good = figures && delays && sum;
    if (good) {
        fputs("fault,variant,group,mae,rmse,p95,naive_mae,inside_pct,half_width,known_pct\n",
              figures);
        fputs("fault,variant,level,delay_s,found,episodes\n", delays);
    }
    for (uint32_t i = 0; good && i < count * SITE_VARIANTS; i++) {
        const struct table_row *row = &rows[i / SITE_VARIANTS];
        int v = (int)(i % SITE_VARIANTS);
        table_sum(row, seeds, v, sum);
        figures_line(figures, row, v, sum);
        delays_lines(delays, row, v, sum);
    }
    if (figures)
        good = fclose(figures) == 0 && good;
    if (delays)
        good = fclose(delays) == 0 && good;
    free(sum);
    return good;
}
