#include "schemas/venue/internal.h"

enum { DRILL_STARTERS = 2 /* two people start a drill */ };

static uint32_t how_many_may(const struct venue *v, enum venue_command command)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < v->operator_count; i++)
        count += venue_operator_may(v, i, command);
    return count;
}

/* How many user ids the operators who may do that have. */
static uint32_t how_many_accounts_may(const struct venue *v, enum venue_command command)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < v->operator_count; i++) {
        uint32_t k = 0;
        while (k < i &&
               !(v->operators[k].uid == v->operators[i].uid && venue_operator_may(v, k, command)))
            k++;
        count += k == i && venue_operator_may(v, i, command);
    }
    return count;
}

static void check_each(struct venue_reader *r)
{
    const struct venue *v = r->venue;
    uint32_t had = 0;
    for (uint32_t i = 0; i < v->operator_count; i++) {
        const struct venue_operator *who = &v->operators[i];
        const struct tree_node *at = r->operator_list->item[i];
        had |= who->roles;
        if (who->roles == 0)
            problems_warn(r->problems, at->line, at->column,
                          "operator \"" STR_FMT "\" has no role and may do nothing",
                          STR_ARG(who->id));
    }
    for (uint32_t i = 0; i < v->role_count; i++) {
        const struct venue_role *role = &v->roles[i];
        const struct tree_node *at = r->role_list->item[i];
        if (!(had >> i & 1u))
            problems_warn(r->problems, at->line, at->column,
                          "role \"" STR_FMT "\": no operator has it", STR_ARG(role->id));
        if (role->supervisor && !(role->commands >> VENUE_COMMAND_ANCHOR & 1u))
            problems_warn(r->problems, at->line, at->column,
                          "role \"" STR_FMT "\" supervises but may not anchor; a supervisor's "
                          "anchor is what ends an alert whose data are lost",
                          STR_ARG(role->id));
    }
}

/* What needs somebody to be there. The place is the section. */
static void check_together(struct venue_reader *r, const struct tree_node *at)
{
    const struct venue *v = r->venue;
    uint32_t starters = how_many_may(v, VENUE_COMMAND_DRILL), supervisors = 0;
    uint32_t accounts = how_many_accounts_may(v, VENUE_COMMAND_DRILL);
    for (uint32_t i = 0; i < v->operator_count; i++)
        supervisors +=
            venue_operator_supervises(v, i) && venue_operator_may(v, i, VENUE_COMMAND_ANCHOR);
    if (how_many_may(v, VENUE_COMMAND_ACK) == 0)
        problems_warn(r->problems, at->line, at->column,
                      "operators: nobody may acknowledge, so every alert escalates to its end");
    if (supervisors == 0)
        problems_warn(r->problems, at->line, at->column,
                      "operators: nobody supervises (a role with supervisor: yes), so an alert "
                      "whose data are lost ends only when they come back");
    if (starters < DRILL_STARTERS && (starters > 0 || v->settings.drill_needs_start))
        problems_warn(r->problems, at->line, at->column,
                      "operators: a drill is started by two, but only %u may", starters);
    else if (v->settings.drill_two_accounts && starters > 0 && accounts < DRILL_STARTERS)
        problems_warn(r->problems, at->line, at->column,
                      "operators: a drill is started by two people, but all %u who may have one "
                      "user id, so nobody can (drill_two_accounts: no is for trials)",
                      starters);
}

void venue_warn_unattended(const struct venue *venue, struct problems *problems)
{
    if (venue->operator_count)
        return;
    problems_warn(problems, 0, 0,
                  "operators: none; whoever is crowdtide's user or root may give every command, "
                  "under any name; nobody may start a drill, or end by a count what is latched "
                  "unknown");
}

void venue_validate_operators(struct venue_reader *r)
{
    const struct venue *v = r->venue;
    const struct tree_node *shifts = tree_find(r->root, "shifts");
    check_each(r);
    if (v->operator_count)
        check_together(r, r->operator_list);
    else if (v->settings.drill_needs_start) {
        const struct tree_node *at = tree_find(tree_find(r->root, "settings"), "drill_needs_start");
        problems_warn(r->problems, at->line, at->column,
                      "drill_needs_start: there are no operators to start a drill");
    }
    if (!v->settings.drill_two_accounts) {
        const struct tree_node *at =
            tree_find(tree_find(r->root, "settings"), "drill_two_accounts");
        problems_warn(r->problems, at->line, at->column,
                      "drill_two_accounts: no: one account may start a drill alone, under two "
                      "names; for trials only");
    }
    if (v->shift_count && how_many_may(v, VENUE_COMMAND_SHELVE) == 0)
        problems_warn(r->problems, shifts->line, shifts->column,
                      "shifts: a handover ends what is shelved, but no operator may shelve");
}
