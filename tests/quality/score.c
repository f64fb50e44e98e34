#include "tests/quality/score.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    SAMPLES_S = 10, /* beside the dwell: two samples */
    LEAD_S_MAX = 3600,
    YELLOW = 1, /* index of the level */
    RED = 3,
    UNKNOWN = 16,             /* added to the last level */
    TRUTH_BEGIN_S = 7 * 3600, /* time of day of second 0 */
};
static const int32_t dwell_s[SITE_LEVELS] = {60, 30, 20, 10};
static const double clear_share = 0.9;

struct raise {
    int zone;
    uint32_t at_s;
    int level;
    bool placed; /* the bound of its second is known */
    struct score_seen seen;
};

struct score {
    const struct site *site;
    enum site_variant variant;
    uint32_t seconds, now_s;
    struct score_seen seen[SITE_ZONES_MAX];
    int8_t level[SITE_ZONES_MAX]; /* + UNKNOWN */
    int32_t *people;              /* [second][zone] */
    int8_t *levels;               /* [second][zone] */
    bool *naive_red;              /* [second][zone] */
    struct raise *raise;
    uint32_t raises, raises_cap;
    struct figures figures;
    FILE *list; /* NULL: none */
    const char *label;
};

static void *grid(const struct score *score, size_t size)
{
    void *room = calloc((size_t)score->seconds * SITE_ZONES_MAX, size);
    if (!room)
        abort();
    return room;
}

struct score *score_new(const struct site *site, enum site_variant variant, uint32_t seconds)
{
    struct score *score = calloc(1, sizeof *score);
    if (!score)
        abort();
    score->site = site;
    score->variant = variant;
    score->seconds = seconds;
    score->people = grid(score, sizeof *score->people);
    score->levels = grid(score, sizeof *score->levels);
    score->naive_red = grid(score, sizeof *score->naive_red);
    return score;
}

void score_free(struct score *score)
{
    if (!score)
        return;
    free(score->people);
    free(score->levels);
    free(score->naive_red);
    free(score->raise);
    free(score);
}

/* ---- what the core says -------------------------------------------------------------------- */

static void zone_result(struct score *score, const struct result_zone *r)
{
    int z = site_zone_find(score->site, r->zone.at, r->zone.len);
    if (z == SITE_NONE)
        return;
    struct score_seen *seen = &score->seen[z];
    seen->known = r->known == 1;
    if (r->occupancy == RESULT_ABSENT)
        return;
    seen->any = true;
    seen->open = r->lower_bound == 1;
    seen->occupancy = r->occupancy;
    int64_t err = r->occupancy_err == RESULT_ABSENT ? 0 : r->occupancy_err;
    seen->lower = r->occupancy_lower == RESULT_ABSENT ? r->occupancy - err : r->occupancy_lower;
    seen->upper = r->occupancy_upper == RESULT_ABSENT ? r->occupancy + err : r->occupancy_upper;
    if (r->occupancy < 0 || r->occupancy_lower < 0) /* absent is below zero, too */
        score->figures.negative += r->occupancy < 0 || r->occupancy_lower != RESULT_ABSENT;
}

static void alert_result(struct score *score, const struct result_alert *r)
{
    int z = site_zone_find(score->site, r->zone.at, r->zone.len);
    if (z == SITE_NONE || !str_is(r->status, "Actual"))
        return;
    int before = score->level[z] % UNKNOWN;
    if (r->level == LEVEL_UNKNOWN) {
        score->level[z] = (int8_t)(UNKNOWN + before);
        return;
    }
    score->level[z] = r->level;
    if (r->level <= before || r->level <= YELLOW)
        return;
    if (score->raises == score->raises_cap) {
        score->raises_cap = score->raises_cap ? score->raises_cap * 2 : 64;
        score->raise = realloc(score->raise, score->raises_cap * sizeof *score->raise);
        if (!score->raise)
            abort();
    }
    score->raise[score->raises++] =
        (struct raise){.zone = z, .at_s = score->now_s, .level = r->level - 1};
}

void score_result(struct score *score, unsigned type, const union result_any *result)
{
    if (type == RECORD_ZONE)
        zone_result(score, &result->zone);
    else if (type == RECORD_ALERT)
        alert_result(score, &result->alert);
}

const struct score_seen *score_seen(const struct score *score, int zone)
{
    return &score->seen[zone];
}

int score_level(const struct score *score, int zone)
{
    return score->level[zone] >= UNKNOWN ? -1 : score->level[zone];
}

/* ---- each second --------------------------------------------------------------------------- */

static void error_take(struct score_errors *errors, double error)
{
    double size = error < 0 ? -error : error;
    errors->samples++;
    errors->sum += size;
    errors->squares += size * size;
    errors->bin[size < SCORE_PEOPLE_BINS - 1 ? (size_t)size : SCORE_PEOPLE_BINS - 1]++;
}

static void zone_second(struct score *score, int z, int32_t people, const int64_t *naive)
{
    const struct score_seen *seen = &score->seen[z];
    struct figures_group *group = &score->figures.group[score->site->zone[z].group];
    group->seconds++;
    if (naive)
        error_take(&group->naive, (double)(naive[z] - people));
    if (!seen->any || !seen->known)
        return;
    group->known++;
    group->half_width += (double)(seen->upper - seen->lower) / 2;
    group->inside += people >= seen->lower && (seen->open || people <= seen->upper);
    error_take(&group->core, (double)(seen->occupancy - people));
}

void score_second(struct score *score, const int32_t *people, const int64_t *naive, bool counts)
{
    size_t at = (size_t)score->now_s * SITE_ZONES_MAX;
    for (int z = 0; z < score->site->zones && score->now_s < score->seconds; z++) {
        const struct site_zone *zone = &score->site->zone[z];
        score->people[at + (size_t)z] = people[z];
        bool unknown = !score->seen[z].any || !score->seen[z].known;
        score->levels[at + (size_t)z] =
            (int8_t)(score->level[z] % UNKNOWN + (unknown ? UNKNOWN : 0));
        score->naive_red[at + (size_t)z] = naive && (double)naive[z] >= zone->enter[RED];
        if (counts && site_has_zone(score->site, score->variant, z))
            zone_second(score, z, people[z], naive);
    }
    for (uint32_t i = score->raises; i > 0 && !score->raise[i - 1].placed; i--) {
        score->raise[i - 1].placed = true;
        score->raise[i - 1].seen = score->seen[score->raise[i - 1].zone];
    }
    score->now_s++;
}

/* ---- what it comes to ----------------------------------------------------------------------- */

static int32_t people_at(const struct score *score, int z, uint32_t t)
{
    return score->people[(size_t)t * SITE_ZONES_MAX + (size_t)z];
}

static int level_at(const struct score *score, int z, uint32_t t)
{
    return score->levels[(size_t)t * SITE_ZONES_MAX + (size_t)z];
}

void score_list(struct score *score, FILE *to, const char *label)
{
    score->list = to;
    score->label = label;
}

static void list(const struct score *score, const char *what, int z, int l, uint32_t at_s,
                 uint32_t for_s)
{
    static const char *const levels[] = {"blue", "yellow", "orange", "red"};
    uint32_t t = TRUTH_BEGIN_S + at_s;
    if (score->list)
        fprintf(score->list, "%s %s: %s %s %s at %02u:%02u:%02u, %u s; truth %d, level from %.0f\n",
                score->label, site_variant_text[score->variant], what, score->site->zone[z].id,
                levels[l], t / 3600 % 24, t / 60 % 60, t % 60, for_s, people_at(score, z, at_s),
                score->site->zone[z].enter[l]);
}

/* An episode of level index l: due at due_s, over before end_s. */
static void episode(const struct score *score, int z, int l, uint32_t due_s, uint32_t end_s,
                    struct figures *figures)
{
    struct figures_level *level = &figures->level[l];
    uint32_t t = due_s, calm_s = 0;
    level->episodes++;
    for (; t < end_s && level_at(score, z, t) % UNKNOWN <= l; t++)
        calm_s += level_at(score, z, t) < UNKNOWN;
    bool unknown = t - due_s > calm_s;
    level->unknown += unknown;
    if (t == end_s) {
        level->missed++;
        level->missed_unknown += unknown;
        list(score, unknown ? "missed, unknown:" : "missed:", z, l, due_s, end_s - due_s);
    } else if (calm_s > 0) {
        level->delay[calm_s < SCORE_DELAY_BINS ? calm_s : SCORE_DELAY_BINS - 1]++;
        if (calm_s > SCORE_LATE_S)
            list(score, "late:", z, l, due_s, calm_s);
    } else if (!unknown) {
        level->in_time++;
        uint32_t since = due_s;
        while (since > 0 && due_s - since < LEAD_S_MAX &&
               level_at(score, z, since - 1) % UNKNOWN > l)
            since--;
        level->lead_s += due_s - since;
    } else {
        level->delay[0]++;
    }
    double enter = score->site->zone[z].enter[l];
    for (t = due_s; l == RED && t < end_s; t++) {
        if (people_at(score, z, t) < enter)
            continue;
        int shown = level_at(score, z, t);
        figures->red_s++;
        figures->calm_s += shown <= RED;
        figures->calm_unknown_s += shown >= UNKNOWN && shown % UNKNOWN <= RED;
        figures->calm_naive_s += !score->naive_red[(size_t)t * SITE_ZONES_MAX + (size_t)z];
    }
}

static void episodes(const struct score *score, int z, int l, struct figures *figures)
{
    double enter = score->site->zone[z].enter[l];
    uint32_t above_s = 0, due_s = 0; /* due_s: of the episode that goes on */
    for (uint32_t t = 0; t < score->now_s; t++) {
        double people = people_at(score, z, t);
        above_s = people >= enter ? above_s + 1 : 0;
        if (due_s && people < enter * clear_share) {
            episode(score, z, l, due_s, t, figures);
            due_s = 0;
        } else if (!due_s && above_s > (uint32_t)(dwell_s[l] + SAMPLES_S)) {
            due_s = t - SAMPLES_S;
        }
    }
    if (due_s)
        episode(score, z, l, due_s, score->now_s, figures);
}

static void raises(const struct score *score, struct figures *figures)
{
    for (uint32_t i = 0; i < score->raises; i++) {
        const struct raise *raise = &score->raise[i];
        uint32_t from = raise->at_s > SCORE_NEAR_S ? raise->at_s - SCORE_NEAR_S : 0;
        int32_t most = 0;
        for (uint32_t t = from; t < score->now_s && t <= raise->at_s + SCORE_NEAR_S; t++)
            if (people_at(score, raise->zone, t) > most)
                most = people_at(score, raise->zone, t);
        int32_t people = people_at(score, raise->zone, raise->at_s);
        double enter = score->site->zone[raise->zone].enter[raise->level];
        figures->alerts++;
        if (most >= enter)
            continue;
        if (people >= raise->seen.lower && people <= raise->seen.upper) {
            figures->early++;
            figures->early_at += people / enter;
            list(score, "early:", raise->zone, raise->level, raise->at_s, 0);
        } else {
            figures->false_++;
            list(score, "false:", raise->zone, raise->level, raise->at_s, 0);
        }
    }
}

void score_end(struct score *score, double days, struct figures *figures)
{
    for (int z = 0; z < score->site->zones; z++) {
        if (score->site->zone[z].enter[RED] <= 0 || !site_has_zone(score->site, score->variant, z))
            continue;
        score->figures.zone_days += days;
        for (int l = 0; l < SITE_LEVELS; l++)
            episodes(score, z, l, &score->figures);
    }
    raises(score, &score->figures);
    figures_add(figures, &score->figures);
}

/* ---- figures -------------------------------------------------------------------------------- */

static void errors_add(struct score_errors *to, const struct score_errors *from)
{
    to->samples += from->samples;
    to->sum += from->sum;
    to->squares += from->squares;
    for (int i = 0; i < SCORE_PEOPLE_BINS; i++)
        to->bin[i] += from->bin[i];
}

void figures_add(struct figures *to, const struct figures *from)
{
    for (int g = 0; g < SITE_GROUPS; g++) {
        errors_add(&to->group[g].core, &from->group[g].core);
        errors_add(&to->group[g].naive, &from->group[g].naive);
        to->group[g].seconds += from->group[g].seconds;
        to->group[g].known += from->group[g].known;
        to->group[g].inside += from->group[g].inside;
        to->group[g].half_width += from->group[g].half_width;
    }
    for (int l = 0; l < SITE_LEVELS; l++) {
        to->level[l].episodes += from->level[l].episodes;
        to->level[l].missed += from->level[l].missed;
        to->level[l].unknown += from->level[l].unknown;
        to->level[l].missed_unknown += from->level[l].missed_unknown;
        to->level[l].in_time += from->level[l].in_time;
        to->level[l].lead_s += from->level[l].lead_s;
        for (int i = 0; i < SCORE_DELAY_BINS; i++)
            to->level[l].delay[i] += from->level[l].delay[i];
    }
    to->zone_days += from->zone_days;
    to->alerts += from->alerts;
    to->early += from->early;
    to->false_ += from->false_;
    to->early_at += from->early_at;
    to->red_s += from->red_s;
    to->calm_s += from->calm_s;
    to->calm_unknown_s += from->calm_unknown_s;
    to->calm_naive_s += from->calm_naive_s;
    to->negative += from->negative;
}

double errors_mean(const struct score_errors *errors)
{
    return errors->samples > 0 ? errors->sum / errors->samples : NAN;
}

double errors_rms(const struct score_errors *errors)
{
    return errors->samples > 0 ? sqrt(errors->squares / errors->samples) : NAN;
}

double errors_percentile(const struct score_errors *errors, double percent)
{
    double below = 0;
    for (int i = 0; i < SCORE_PEOPLE_BINS && errors->samples > 0; i++) {
        below += errors->bin[i];
        if (below >= errors->samples * percent / 100)
            return i;
    }
    return NAN;
}

double figures_delay(const struct figures *figures, int lowest, double percent)
{
    double found = 0, below = 0;
    for (int l = lowest; l < SITE_LEVELS; l++)
        found += figures->level[l].episodes - figures->level[l].missed;
    for (int i = 0; i < SCORE_DELAY_BINS && found > 0; i++) {
        for (int l = lowest; l < SITE_LEVELS; l++)
            below += figures->level[l].delay[i] + (i ? 0 : figures->level[l].in_time);
        if (below >= found * percent / 100)
            return i;
    }
    return -1;
}
