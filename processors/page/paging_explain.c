/* A roster in words, for people who check it. */
#include "processors/page/paging_private.h"

static void add_list(struct text *out, const char *word, const char **before)
{
    text_add(out, *before);
    text_add(out, word);
    *before = ", ";
}

void paging_targets_explain(const struct paging *paging, uint64_t targets, struct text *out)
{
    if (targets == 0)
        text_add(out, "nobody");
    for (uint32_t i = 0, any = 0; i < paging->target_count; i++) {
        if (!(targets >> i & 1u))
            continue;
        text_add(out, any++ ? ", " : "");
        text_add_str(out, paging->target[i].id);
        if (paging->target[i].exercise)
            text_add(out, " (Exercise)");
    }
}

static void add_time(struct text *out, uint32_t min)
{
    const char digits[] = {(char)('0' + min / 600), (char)('0' + min / 60 % 10), ':',
                           (char)('0' + min % 60 / 10), (char)('0' + min % 10)};
    text_add_bytes(out, digits, sizeof digits);
}

/* "mon-fri, sun 20:00–08:00"; nothing when it is always. */
static void add_hours(struct text *out, const struct paging_hours *hours)
{
    const char *before = "";
    bool all_day = hours->from_min == 0 && hours->to_min == PAGING_DAY_MIN;
    for (uint32_t i = 0; hours->days != PAGING_EVERY_DAY && i < PAGING_DAYS; i++) {
        uint32_t last = i;
        if (!(hours->days >> i & 1u))
            continue;
        while (last + 1 < PAGING_DAYS && hours->days >> (last + 1) & 1u)
            last++;
        add_list(out, paging_day_words[i], &before);
        if (last > i) {
            text_add(out, "-");
            text_add(out, paging_day_words[last]);
        }
        i = last;
    }
    if (all_day) {
        text_add(out, hours->days == PAGING_EVERY_DAY ? "always" : "");
        return;
    }
    text_add(out, before[0] ? " " : "");
    add_time(out, hours->from_min);
    text_add(out, "–");
    add_time(out, hours->to_min);
}

void paging_target_explain(const struct paging *paging, uint32_t target, struct text *out)
{
    const struct paging_target *t = &paging->target[target];
    text_add_str(out, t->id);
    text_add(out, ": ");
    text_add(out, paging_kind_text(t->kind));
    text_add(out, t->language == PAGING_BOTH ? ", in both languages"
                  : t->language == PAGING_ZH ? ", in Chinese"
                                             : ", in English");
    text_add(out, t->exercise ? ", Exercise only" : "");
}

void paging_team_explain(const struct paging *paging, uint32_t team, struct text *out)
{
    const struct paging_team *t = &paging->team[team];
    text_add_str(out, t->id);
    text_add(out, ": ");
    for (uint32_t i = 0; i < t->shift_count; i++) {
        text_add(out, i ? "; " : "");
        add_hours(out, &t->shift[i].hours);
        text_add(out, " ");
        paging_targets_explain(paging, t->shift[i].targets, out);
    }
}

static void add_names(struct text *out, const char *what, const struct paging_names *names)
{
    for (uint32_t i = 0; i < names->count; i++) {
        text_add(out, i ? ", " : what);
        text_add_str(out, names->name[i].id);
    }
    if (names->count)
        text_add(out, "; ");
}

void paging_route_explain(const struct paging *paging, uint32_t route, struct text *out)
{
    const struct paging_route *r = &paging->route[route];
    const char *before = "kinds ";
    add_names(out, "venues ", &r->venues);
    add_names(out, "zones ", &r->zones);
    for (uint32_t i = 0; i < ZONE_KIND_COUNT; i++)
        if (r->kinds >> i & 1u)
            add_list(out, zone_kind_text((enum zone_kind)i), &before);
    text_add(out, r->kinds ? "; " : "");
    add_names(out, "rules ", &r->rules);
    before = "";
    for (uint32_t level = LEVEL_YELLOW; level <= LEVEL_RED; level++)
        if (r->levels >> level & 1u)
            add_list(out, level_text((int)level), &before);
    if (r->statuses == PAGING_ACTUAL_BIT || r->statuses == PAGING_EXERCISE_BIT)
        text_add(out, r->statuses == PAGING_ACTUAL_BIT ? "; Actual only" : "; Exercise only");
    text_add(out, "; ");
    add_hours(out, &r->hours);
    text_add(out, " → ");
    for (uint32_t k = 0; k < r->team_count; k++) {
        text_add(out, k == 0 ? "" : k == 1 ? ", unacknowledged → " : " → ");
        text_add_str(out, paging->team[r->team[k]].id);
    }
    text_add(out, r->also ? "; the routes below it are asked as well" : "");
}

struct str paging_team_id(const struct paging *paging, uint32_t team)
{
    return paging->team[team].id;
}

uint32_t paging_route_line(const struct paging *paging, uint32_t route)
{
    return paging->route[route].line;
}
