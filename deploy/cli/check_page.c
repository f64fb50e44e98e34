#include "deploy/cli/check_page.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "deploy/cli/cli.h"
#include "schemas/base/clock.h"
#include "schemas/base/suggest.h"
#include "schemas/yaml/tree.h"

enum { WORDS_BYTES = 4096, MS_NS = 1000000, MINUTES_A_DAY = 24 * 60 };

static const char *const day_names[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};

/* ---- the roster ------------------------------------------------------------------------------ */

void check_page_open(struct check *check)
{
    if (!check->config.page_file[0] ||
        !paging_load(check->config.page_file, &check->paging, &check->page_problems))
        return;
    if (check->venue)
        (void)paging_fit(check->paging, check->venue, &check->page_problems);
}

/* The minute of the venue's week now, or UTC's when this machine does not know the venue's zone. */
static uint32_t minute_now(const struct venue *venue)
{
    struct time_zone *zone = malloc(sizeof *zone);
    uint32_t min = 0;
    if (zone && (time_zone_load(NULL, venue->time_zone, zone, NULL) ||
                 time_zone_load(NULL, STR_LIT("UTC"), zone, NULL)))
        min = paging_local_min(zone, clock_wall_ns() / MS_NS);
    free(zone);
    return min;
}

static void print_minute(uint32_t min)
{
    (void)printf("%s %02u:%02u", day_names[min / MINUTES_A_DAY], min / 60 % 24, min % 60);
}

static void print_targets(const struct paging *paging, uint64_t targets)
{
    char words[WORDS_BYTES];
    struct text out = text_over(words, sizeof words);
    paging_targets_explain(paging, targets, &out);
    (void)printf("%.*s", (int)out.len, words);
}

typedef void explainer(const struct paging *, uint32_t, struct text *);

static void print_words(const struct paging *paging, explainer *explain, uint32_t i)
{
    char words[WORDS_BYTES];
    struct text out = text_over(words, sizeof words);
    explain(paging, i, &out);
    (void)printf("%.*s", (int)out.len, words);
}

void check_page_print(const struct check *check)
{
    const struct paging *p = check->paging;
    if (!check->venue)
        return;
    if (!check->config.page_file[0])
        (void)printf("paging: nobody is paged for anything: the setting page.file is empty\n");
    if (!p)
        return;
    uint32_t now = minute_now(check->venue);
    (void)printf("paging (%s): the first route that takes an alert decides; it is ",
                 check->config.page_file);
    print_minute(now);
    (void)printf(" there\n");
    for (uint32_t i = 0; i < paging_route_count(p); i++) {
        (void)printf("  line %-4u ", paging_route_line(p, i));
        print_words(p, paging_route_explain, i);
        (void)printf("\n");
    }
    (void)printf("  teams\n");
    for (uint32_t i = 0; i < paging_team_count(p); i++) {
        (void)printf("    ");
        print_words(p, paging_team_explain, i);
        (void)printf("; now ");
        print_targets(p, paging_team_on_shift(p, i, now));
        (void)printf("\n");
    }
    (void)printf("  targets\n");
    for (uint32_t i = 0; i < paging_target_count(p); i++) {
        (void)printf("    ");
        print_words(p, paging_target_explain, i);
        (void)printf("\n");
    }
}

static void json_words(const char *before, const char *key, struct str value)
{
    char bytes[2 * WORDS_BYTES];
    struct text out = text_over(bytes, sizeof bytes);
    text_add_json(&out, value);
    (void)printf("%s\"%s\":%.*s", before, key, (int)out.len, bytes);
}

static void json_explained(const struct paging *paging, explainer *explain, uint32_t i)
{
    char words[WORDS_BYTES];
    struct text out = text_over(words, sizeof words);
    explain(paging, i, &out);
    json_words(",", "explanation", (struct str){words, (uint32_t)out.len});
}

/* ["a","b"] */
static void json_targets(const char *key, const struct paging *paging, uint64_t targets)
{
    (void)printf(",\"%s\":[", key);
    for (uint32_t i = 0, any = 0; i < paging_target_count(paging); i++) {
        struct str id = paging_target(paging, i)->id;
        if (targets >> i & 1u)
            (void)printf("%s\"" STR_FMT "\"", any++ ? "," : "", STR_ARG(id));
    }
    (void)printf("]");
}

void check_page_print_json(const struct check *check)
{
    const struct paging *p = check->paging;
    if (!p || !check->venue)
        return;
    uint32_t now = minute_now(check->venue);
    (void)printf(",\"paging\":{\"targets\":[");
    for (uint32_t i = 0; i < paging_target_count(p); i++) {
        const struct paging_target *t = paging_target(p, i);
        json_words(i ? ",{" : "{", "id", t->id);
        (void)printf(",\"kind\":\"%s\",\"status\":\"%s\",\"language\":\"%s\"}",
                     paging_kind_text(t->kind), t->exercise ? "Exercise" : "Actual",
                     paging_language_text(t->language));
    }
    (void)printf("],\"teams\":[");
    for (uint32_t i = 0; i < paging_team_count(p); i++) {
        json_words(i ? ",{" : "{", "id", paging_team_id(p, i));
        json_explained(p, paging_team_explain, i);
        json_targets("now", p, paging_team_on_shift(p, i, now));
        (void)printf("}");
    }
    (void)printf("],\"routes\":[");
    for (uint32_t i = 0; i < paging_route_count(p); i++) {
        (void)printf("%s{\"line\":%u", i ? "," : "", paging_route_line(p, i));
        json_explained(p, paging_route_explain, i);
        (void)printf("}");
    }
    (void)printf("]}");
}

/* ---- who would be paged ---------------------------------------------------------------------- */

struct question {
    const struct check *check;
    uint32_t zone, level; /* level: 0 blue … 3 red */
    uint32_t week_min;
    int64_t escalation; /* -1: every step */
    bool json;
    uint32_t answers;
};

static bool mistake(const char *what, const char *text, const char *near)
{
    (void)fprintf(stderr, "crowdtide check --page: %s \"%s\"%s%s%s\n", what, text,
                  near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
    return false;
}

static bool zone_of(const struct venue *venue, const char *text, uint32_t *ret_zone)
{
    uint32_t zone = venue_zone_find(venue, str_of(text));
    const char **words = zone == VENUE_NO_ZONE ? calloc(venue->zone_count, sizeof *words) : NULL;
    for (uint32_t i = 0; words && i < venue->zone_count; i++)
        words[i] = venue->zones[i].id.at;
    const char *near = words ? suggest_word(str_of(text), words, venue->zone_count) : NULL;
    free(words);
    if (zone == VENUE_NO_ZONE)
        return mistake("the venue has no zone", text, near);
    *ret_zone = zone;
    return true;
}

/* "2026-05-16T03:00" by the venue's clocks, or any RFC 3339 time. */
static bool minute_at(const struct venue *venue, const char *text, uint32_t *ret_min)
{
    char whole[64];
    bool offset = false, known;
    int64_t ms = 0;
    struct time_zone *zone = malloc(sizeof *zone);
    (void)snprintf(whole, sizeof whole, "%s%s", text, str_of(text).len == 16 ? ":00" : "");
    if (!zone || !time_parse_civil(str_of(whole), &offset, &ms)) {
        free(zone);
        return mistake("--at wants a local time such as 2026-05-16T03:00, not", text, NULL);
    }
    /* What is said without an offset is local already. */
    known = time_zone_load(NULL, offset ? venue->time_zone : STR_LIT("UTC"), zone, NULL);
    if (known)
        *ret_min = paging_local_min(zone, ms);
    free(zone);
    return known || mistake("this machine does not know the time zone",
                            venue->time_zone.len ? venue->time_zone.at : "", NULL);
}

static bool question_of(const struct check *check, const struct check_page *asked,
                        struct question *ret)
{
    static const char *const levels[] = {"yellow", "orange", "red"};
    *ret = (struct question){.check = check, .escalation = -1, .json = asked->json};
    if (!zone_of(check->venue, asked->zone, &ret->zone))
        return false;
    while (ret->level < 3 && !str_is(str_of(asked->level), levels[ret->level]))
        ret->level++;
    if (ret->level == 3)
        return mistake("yellow, orange or red page, not", asked->level,
                       suggest_word(str_of(asked->level), levels, 3));
    ret->level++;
    if (asked->escalation && (!tree_parse_int(str_of(asked->escalation), &ret->escalation) ||
                              ret->escalation < 0 || ret->escalation > VENUE_ESCALATIONS_MAX))
        return mistake("--escalation wants a step from 0 to 3, not", asked->escalation, NULL);
    ret->week_min = minute_now(check->venue);
    return !asked->at || minute_at(check->venue, asked->at, &ret->week_min);
}

static uint64_t reach(const struct question *q, struct str rule, uint32_t step)
{
    const struct venue *venue = q->check->venue;
    const struct paging *p = q->check->paging;
    struct paging_event event = {
        venue->id, venue->zones[q->zone].id, rule, (int)q->level + 1, PAGING_ACTUAL, step};
    uint64_t targets = paging_reach(p, venue, &event, q->week_min);
    event.status = PAGING_EXERCISE;
    return targets | paging_reach(p, venue, &event, q->week_min);
}

/* One rule: a line a step. escalate_ms: of the level; NULL: it does not escalate. */
static void answer(struct question *q, struct str rule, const int64_t *escalate_ms)
{
    const struct paging *p = q->check->paging;
    uint32_t steps = 0, any = 0;
    while (escalate_ms && steps < VENUE_ESCALATIONS_MAX && escalate_ms[steps])
        steps++;
    if (q->json) {
        json_words(q->answers++ ? ",{" : "{", "rule", rule);
        (void)printf(",\"steps\":[");
    } else {
        q->answers++;
        (void)printf("  " STR_FMT "\n", STR_ARG(rule));
    }
    for (uint32_t k = 0; k <= steps; k++) {
        int64_t after_ms = k ? escalate_ms[k - 1] : 0;
        if (q->escalation >= 0 && q->escalation != k)
            continue;
        if (q->json) {
            (void)printf("%s{\"escalation\":%u,\"after_s\":%" PRId64, any++ ? "," : "", k,
                         after_ms / 1000);
            json_targets("targets", p, reach(q, rule, k));
            (void)printf("}");
            continue;
        }
        if (k)
            (void)printf("    after %" PRId64 " s, nobody having acknowledged: ", after_ms / 1000);
        else
            (void)printf("    at once: ");
        print_targets(p, reach(q, rule, k));
        (void)printf("\n");
    }
    (void)printf("%s", q->json ? "]}" : "");
}

static void answer_rules(struct question *q, const char *rule)
{
    const struct venue *venue = q->check->venue;
    for (uint32_t i = 0; i < venue->rule_count; i++) {
        const struct venue_rule *r = &venue->rules[i];
        if ((!rule || str_is(r->id, rule)) && !isnan(r->enter[q->level]) &&
            venue_rule_applies(venue, r, q->zone))
            answer(q, r->id, r->escalate_ms[q->level]);
    }
    if (q->zone == 0 && q->level == VENUE_LEVELS - 1 &&
        (!rule || str_is(str_of(rule), PAGING_RULE_BLIND)))
        answer(q, STR_LIT(PAGING_RULE_BLIND), NULL);
}

int check_page(const struct check *check, const struct check_page *asked)
{
    struct question q;
    if (!question_of(check, asked, &q))
        return EXIT_USAGE;
    const struct venue_zone *zone = &check->venue->zones[q.zone];
    if (q.json) {
        json_words("{", "zone", zone->id);
        (void)printf(",\"level\":\"%s\",\"at\":\"%s %02u:%02u\",\"pages\":[", asked->level,
                     day_names[q.week_min / MINUTES_A_DAY], q.week_min / 60 % 24, q.week_min % 60);
    } else {
        (void)printf("zone " STR_FMT " (" STR_FMT "), %s, ", STR_ARG(zone->id), STR_ARG(zone->name),
                     asked->level);
        print_minute(q.week_min);
        (void)printf(" local time\n");
    }
    answer_rules(&q, asked->rule);
    if (q.json)
        (void)printf("]}\n");
    if (q.answers)
        return EXIT_OK;
    (void)fprintf(stderr, "crowdtide check --page: no rule%s%s of zone " STR_FMT " has level %s\n",
                  asked->rule ? " " : "", asked->rule ? asked->rule : "", STR_ARG(zone->id),
                  asked->level);
    return EXIT_USAGE;
}
