/* The section `teams`: who is on shift, and when. */
#include <stdio.h>

#include "processors/page/paging_private.h"

const char *const paging_day_words[PAGING_DAYS] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

/* ---- hours ----------------------------------------------------------------------------------- */

bool paging_hours_hold(const struct paging_hours *hours, uint32_t week_min)
{
    uint32_t day = week_min / PAGING_DAY_MIN, min = week_min % PAGING_DAY_MIN;
    bool today = hours->days >> day & 1u,
         yesterday = hours->days >> (day + PAGING_DAYS - 1) % PAGING_DAYS & 1u;
    if (hours->from_min < hours->to_min)
        return today && min >= hours->from_min && min < hours->to_min;
    return (today && min >= hours->from_min) || (yesterday && min < hours->to_min);
}

/* "mon", or "fri-mon", which goes over the weekend. */
static bool read_days(const struct tree_node *node, uint8_t *days)
{
    struct str text = node->kind == TREE_SCALAR ? node->text : STR_LIT("");
    uint32_t day[2] = {PAGING_DAYS, PAGING_DAYS};
    bool range = text.len == 7 && text.at[3] == '-';
    if (text.len != 3 && !range)
        return false;
    for (uint32_t i = 0; i < PAGING_DAYS; i++) {
        if (memcmp(text.at, paging_day_words[i], 3) == 0)
            day[0] = i;
        if (memcmp(text.at + (range ? 4 : 0), paging_day_words[i], 3) == 0)
            day[1] = i;
    }
    if (day[0] == PAGING_DAYS || day[1] == PAGING_DAYS)
        return false;
    for (uint32_t i = day[0];; i = (i + 1) % PAGING_DAYS) {
        *days |= (uint8_t)(1u << i);
        if (i == day[1])
            return true;
    }
}

/* False with a problem when it is no time of day, or not there. */
static bool read_time(struct paging_reader *r, const struct tree_node *map, const char *key,
                      int32_t max_min, uint16_t *ret_min)
{
    const struct tree_node *node = tree_find(map, key);
    struct str text = node && node->kind == TREE_SCALAR ? node->text : STR_LIT("");
    int32_t min =
        max_min == PAGING_DAY_MIN && str_is(text, "24:00") ? PAGING_DAY_MIN : time_minutes(text);
    if (!node)
        problems_add(r->problems, map->line, map->column, "from and to go together: %s is missing",
                     key);
    else if (min < 0)
        problems_add(r->problems, node->line, node->column,
                     "%s: a local time such as \"07:30\" is expected", key);
    else
        *ret_min = (uint16_t)min;
    return node && min >= 0;
}

void paging_read_hours(struct paging_reader *r, const struct tree_node *map,
                       struct paging_hours *ret_hours)
{
    const struct tree_node *list = tree_find(map, "days");
    *ret_hours = (struct paging_hours){PAGING_EVERY_DAY, 0, PAGING_DAY_MIN};
    if (tree_find(map, "from") || tree_find(map, "to")) {
        (void)read_time(r, map, "from", PAGING_DAY_MIN - 1, &ret_hours->from_min);
        (void)read_time(r, map, "to", PAGING_DAY_MIN, &ret_hours->to_min);
    }
    if (!list)
        return;
    ret_hours->days = 0;
    for (uint32_t i = 0; i < paging_items(list); i++) {
        const struct tree_node *node = paging_item(list, i);
        if (!read_days(node, &ret_hours->days))
            problems_add(r->problems, node->line, node->column,
                         "days: mon, tue, wed, thu, fri, sat, sun, or from one to another such as "
                         "mon-fri");
    }
    if (paging_items(list) == 0)
        problems_add(r->problems, list->line, list->column,
                     "days: the list is empty; leave it out for every day");
}

/* ---- teams ----------------------------------------------------------------------------------- */

static void read_shift_targets(struct paging_reader *r, const struct tree_node *list,
                               uint64_t *targets)
{
    const struct paging *p = r->paging;
    for (uint32_t i = 0; i < paging_items(list); i++) {
        uint32_t at;
        if (paging_read_reference(r, paging_item(list, i), "target", p->target, sizeof *p->target,
                                  p->target_count, &at))
            *targets |= UINT64_C(1) << at;
    }
    if (paging_items(list) == 0)
        problems_add(r->problems, list->line, list->column, "targets: the list is empty");
}

static void read_shift(struct paging_reader *r, const struct tree_node *map,
                       struct paging_shift *shift)
{
    static const char *const keys[] = {"days", "from", "to", "targets"};
    const struct tree_node *list;
    if (!tree_expect(map, TREE_MAP, "a shift", r->problems))
        return;
    tree_keys(map, "a shift", keys, sizeof keys / sizeof keys[0], r->problems);
    paging_read_hours(r, map, &shift->hours);
    if ((list = tree_find(map, "targets")))
        read_shift_targets(r, list, &shift->targets);
    else
        problems_add(r->problems, map->line, map->column, "the shift has no targets");
}

static void read_shifts(struct paging_reader *r, const struct tree_node *list,
                        struct paging_team *team)
{
    if (!tree_expect(list, TREE_LIST, "shifts", r->problems))
        return;
    if (list->count < 1 || list->count > PAGING_SHIFTS_MAX) {
        problems_add(r->problems, list->line, list->column, "shifts: 1 to %d are expected, not %u",
                     PAGING_SHIFTS_MAX, list->count);
        return;
    }
    struct paging_shift *shift = paging_alloc(r, list->count, sizeof *shift);
    for (uint32_t i = 0; shift && i < list->count; i++)
        read_shift(r, list->item[i], &shift[i]);
    team->shift = shift;
    team->shift_count = shift ? list->count : 0;
}

static void read_team(struct paging_reader *r, const struct tree_node *map,
                      struct paging_team *team)
{
    static const char *const keys[] = {"id", "shifts", "targets"};
    const struct paging *p = r->paging;
    team->line = map->line;
    team->column = map->column;
    if (!tree_expect(map, TREE_MAP, "a team", r->problems))
        return;
    tree_keys(map, "a team", keys, sizeof keys / sizeof keys[0], r->problems);
    (void)paging_read_id(r, map, "team", p->team, sizeof *p->team, p->team_count, &team->id);
    const struct tree_node *shifts = tree_find(map, "shifts"), *always = tree_find(map, "targets");
    if (!shifts == !always) {
        problems_add(r->problems, map->line, map->column,
                     "team \"" STR_FMT "\": shifts, or targets that are there at any time, is "
                     "expected",
                     STR_ARG(team->id));
        return;
    }
    if (shifts) {
        read_shifts(r, shifts, team);
        return;
    }
    struct paging_shift *shift = paging_alloc(r, 1, sizeof *shift);
    if (!shift)
        return;
    shift->hours = (struct paging_hours){PAGING_EVERY_DAY, 0, PAGING_DAY_MIN};
    read_shift_targets(r, always, &shift->targets);
    team->shift = shift;
    team->shift_count = 1;
}

void paging_read_teams(struct paging_reader *r, const struct tree_node *root)
{
    struct paging *p = r->paging;
    const struct tree_node *list = paging_section(r, root, "teams", PAGING_TEAMS_MAX);
    if (!list || !(p->team = paging_alloc(r, list->count, sizeof *p->team)))
        return;
    for (; p->team_count < list->count; p->team_count++)
        read_team(r, list->item[p->team_count], &p->team[p->team_count]);
}
