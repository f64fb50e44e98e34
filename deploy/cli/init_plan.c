/* The rows in which init takes halls and gates, and the ids that it makes of names. */
#include "deploy/cli/init_answers.h"

#include <stdio.h>
#include <strings.h>

#include "schemas/yaml/tree.h"

enum {
    COLUMNS_MAX = 4,
    CAPACITY_MAX = 10000000,
    AREA_MAX_M2 = 10000000,
    SLUG_BYTES_MAX = 32, /* so that "-people" still fits into an id */
};

#define HALL_EXPECTED "a hall is: NAME, APPROVED HEADCOUNT, AREA M2, level | delta | daily | total"
#define GATE_EXPECTED "a gate is: NAME, LANES"

static struct str stripped(struct str s)
{
    while (s.len && (s.at[0] == ' ' || s.at[0] == '\t'))
        s = (struct str){s.at + 1, s.len - 1};
    while (s.len && (s.at[s.len - 1] == ' ' || s.at[s.len - 1] == '\t'))
        s.len--;
    return s;
}

/* The next part of *rest up to the mark, which is taken along. False at the end. */
static bool next_part(struct str *rest, char mark, struct str *ret_part)
{
    if (!rest->at)
        return false;
    const char *end = memchr(rest->at, mark, rest->len);
    uint32_t len = end ? (uint32_t)(end - rest->at) : rest->len;
    *ret_part = stripped((struct str){rest->at, len});
    *rest = end ? (struct str){end + 1, rest->len - len - 1} : (struct str){NULL, 0};
    return true;
}

/* The columns of a row; 0: too many. */
static uint32_t split(struct str row, struct str out[COLUMNS_MAX])
{
    uint32_t count = 0;
    struct str part;
    for (uint32_t i = 0; i < COLUMNS_MAX; i++)
        out[i] = (struct str){"", 0};
    while (next_part(&row, ',', &part)) {
        if (count == COLUMNS_MAX)
            return 0;
        out[count++] = part;
    }
    return count;
}

/* ---- ids of names ------------------------------------------------------------------------------
 */

/* The name in small letters with hyphens, where it is of letters that ids may have; else "". */
static void slug(struct str name, char out[ID_BYTES_MAX + 1])
{
    uint32_t len = 0;
    out[0] = '\0';
    for (uint32_t i = 0; i < name.len && len < SLUG_BYTES_MAX; i++) {
        char c = name.at[i];
        if ((unsigned char)c >= 0x80) {
            out[0] = '\0';
            return;
        }
        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        bool kept = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (kept)
            out[len++] = c;
        else if (len && out[len - 1] != '-')
            out[len++] = '-';
    }
    while (len && out[len - 1] == '-')
        len--;
    out[len] = '\0';
}

static bool hall_id_taken(struct str venue_id, const struct init_plan *plan, const char *id)
{
    if (str_is(venue_id, id))
        return true;
    for (uint32_t i = 0; i < plan->halls; i++)
        if (strcmp(plan->hall[i].id, id) == 0)
            return true;
    return false;
}

/* The halls' own counters are sensors like gates. */
static bool gate_id_taken(const struct init_plan *plan, const char *id)
{
    char counter[INIT_COUNTER_BYTES];
    for (uint32_t i = 0; i < plan->halls; i++)
        if (strcmp(init_hall_counter(&plan->hall[i], counter), id) == 0)
            return true;
    for (uint32_t i = 0; i < plan->gates; i++)
        if (strcmp(plan->gate[i].id, id) == 0)
            return true;
    return false;
}

const char *init_hall_counter(const struct init_hall *hall, char out[INIT_COUNTER_BYTES])
{
    (void)snprintf(out, INIT_COUNTER_BYTES, "%s-people", hall->id);
    return out;
}

/* ---- rows --------------------------------------------------------------------------------------
 */

static bool name_fits(struct str name, const char *expected, char *reason, size_t cap)
{
    if (name.len == 0) {
        (void)snprintf(reason, cap, "the name is missing: %s", expected);
        return false;
    }
    return init_name_valid(name, reason, cap);
}

static bool counter_read(struct str word, enum counter_kind *ret_kind, char *reason, size_t cap)
{
    for (int k = COUNTER_LEVEL; k <= COUNTER_TOTAL; k++) {
        if (word.len == 0 || str_is(word, counter_kind_text((enum counter_kind)k))) {
            *ret_kind = (enum counter_kind)k; /* not said: the first, a level */
            return true;
        }
    }
    (void)snprintf(reason, cap,
                   "\"" STR_FMT "\": how people are counted is one of level (how many are seen), "
                   "delta (in and out since the last message), daily, total",
                   STR_ARG(word));
    return false;
}

static bool hall_read(struct str venue_id, struct str row, struct init_plan *plan, char *reason,
                      size_t cap)
{
    struct str column[COLUMNS_MAX];
    struct init_hall hall = {0};
    uint32_t count = split(row, column);
    if (count < 2) {
        (void)snprintf(reason, cap, "\"" STR_FMT "\": " HALL_EXPECTED, STR_ARG(row));
        return false;
    }
    hall.name = column[0];
    if (!name_fits(hall.name, HALL_EXPECTED, reason, cap))
        return false;
    if (!tree_parse_int(column[1], &hall.capacity) || hall.capacity < 1 ||
        hall.capacity > CAPACITY_MAX) {
        (void)snprintf(reason, cap,
                       "\"" STR_FMT "\": the approved headcount is a whole number, 1 to %d",
                       STR_ARG(column[1]), CAPACITY_MAX);
        return false;
    }
    double area = 0;
    hall.area_m2 = column[2];
    if (hall.area_m2.len &&
        (!tree_parse_number(hall.area_m2, &area) || !(area >= 1 && area <= AREA_MAX_M2))) {
        (void)snprintf(reason, cap, "\"" STR_FMT "\": the area is a number of m2, 1 to %d",
                       STR_ARG(column[2]), AREA_MAX_M2);
        return false;
    }
    if (!counter_read(column[3], &hall.counter, reason, cap))
        return false;
    for (uint32_t i = 0; i < plan->halls; i++)
        if (str_equal(plan->hall[i].name, hall.name)) {
            (void)snprintf(reason, cap, "there are two halls \"" STR_FMT "\"", STR_ARG(hall.name));
            return false;
        }
    slug(hall.name, hall.id);
    for (uint32_t n = plan->halls + 1; !hall.id[0] || hall_id_taken(venue_id, plan, hall.id); n++)
        (void)snprintf(hall.id, sizeof hall.id, "hall-%u", n);
    plan->hall[plan->halls++] = hall;
    return true;
}

static bool gate_read(struct str row, struct init_plan *plan, char *reason, size_t cap)
{
    struct str column[COLUMNS_MAX];
    struct init_gate gate = {0};
    uint32_t count = split(row, column);
    if (count != 2) {
        (void)snprintf(reason, cap, "\"" STR_FMT "\": " GATE_EXPECTED, STR_ARG(row));
        return false;
    }
    gate.name = column[0];
    if (!name_fits(gate.name, GATE_EXPECTED, reason, cap))
        return false;
    if (!tree_parse_int(column[1], &gate.lanes) || gate.lanes < 1 ||
        gate.lanes > VENUE_GATE_LANES_MAX) {
        (void)snprintf(reason, cap, "\"" STR_FMT "\": a gate has 1 to %d lanes", STR_ARG(column[1]),
                       VENUE_GATE_LANES_MAX);
        return false;
    }
    for (uint32_t i = 0; i < plan->gates; i++)
        if (str_equal(plan->gate[i].name, gate.name)) {
            (void)snprintf(reason, cap, "there are two gates \"" STR_FMT "\"", STR_ARG(gate.name));
            return false;
        }
    slug(gate.name, gate.id);
    for (uint32_t n = plan->gates + 1; !gate.id[0] || gate_id_taken(plan, gate.id); n++)
        (void)snprintf(gate.id, sizeof gate.id, "gate-%u", n);
    plan->gate[plan->gates++] = gate;
    return true;
}

static bool too_many(char *reason, size_t cap)
{
    (void)snprintf(reason, cap, "more than %d; write the others into the venue file afterwards",
                   INIT_ROWS_MAX);
    return false;
}

bool init_plan_halls(struct str venue_id, struct str rows, struct init_plan *ret_plan, char *reason,
                     size_t cap)
{
    struct init_plan plan = *ret_plan;
    struct str row;
    plan.halls = 0;
    while (next_part(&rows, ';', &row)) {
        if (row.len == 0)
            continue;
        if (plan.halls == INIT_ROWS_MAX)
            return too_many(reason, cap);
        if (!hall_read(venue_id, row, &plan, reason, cap))
            return false;
    }
    if (plan.halls == 0) {
        (void)snprintf(reason, cap, "at least one is expected; " HALL_EXPECTED);
        return false;
    }
    *ret_plan = plan;
    return true;
}

bool init_plan_gates(struct str rows, struct init_plan *ret_plan, char *reason, size_t cap)
{
    struct init_plan plan = *ret_plan;
    struct str row;
    plan.gates = 0;
    while (next_part(&rows, ';', &row)) {
        if (row.len == 0)
            continue;
        if (plan.gates == INIT_ROWS_MAX)
            return too_many(reason, cap);
        if (!gate_read(row, &plan, reason, cap))
            return false;
    }
    *ret_plan = plan;
    return true;
}

bool init_plan_make(const struct init_answers *answers, struct init_plan *ret_plan, char *reason,
                    size_t cap)
{
    return init_plan_halls(str_of(answers->text[INIT_id]), str_of(answers->text[INIT_halls]),
                           ret_plan, reason, cap) &&
           init_plan_gates(str_of(answers->text[INIT_gates]), ret_plan, reason, cap);
}
